"""The same program with fewer offers open: only bounds change, so that a plan of one is a point of the other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chipbrief.fleet.formulate import Model
from chipbrief.fleet.problem import Problem
from chipbrief.physics import Array

__all__ = ["Mask", "best_by_class", "carrying", "closed_classes", "leading", "narrowed", "of_vendor", "rounded_up"]

Mask = npt.NDArray[np.bool_]
LEAST_SHARE = 1e-6


def narrowed(model: Model, problem: Problem, points: Mask, tokens: Mask | None = None) -> Model:
    """Close every other point, the replicas and systems that none of them stands on, and other tokens.

    Args:
        model: the program.
        problem: what it was written from.
        points: points that stay open, shape (points,).
        tokens: tokens that stay open, shape (tokens,); all by default.
    """
    upper = model.upper.copy()
    replicas = np.zeros(len(problem.replicas), dtype=bool)
    for i in np.flatnonzero(points):
        replicas[problem.points[i].replica] = True
    used = {name for i in np.flatnonzero(replicas) for name in problem.replicas[i].chips}
    systems = np.array([s.id in used for s in problem.systems], dtype=bool)
    lanes = np.array([systems[i] for i, _ in model.lanes], dtype=bool)
    closed = {
        "share_own": ~points,
        "share_rent": ~points,
        "own": ~replicas,
        "rent": ~replicas,
        "buy": ~systems,
        "sign": ~lanes,
    }
    if tokens is not None:
        closed["tokens"] = ~tokens
    for name, rows in closed.items():
        upper[model.columns[name][rows]] = 0.0
    return replace(model, upper=upper)


def closed_classes(model: Model, problem: Problem, classes: Collection[str]) -> Model:
    """Leave some classes out: nothing of them is routed anywhere."""
    upper, lower, row_upper = model.upper.copy(), model.row_lower.copy(), model.row_upper.copy()
    out = np.array([c in classes for c in problem.classes], dtype=bool)
    lower[model.rows["demand"][out]] = row_upper[model.rows["demand"][out]] = 0.0
    points = np.array([p.class_id in classes for p in problem.points], dtype=bool)
    tokens = np.array([offer.class_id in classes for offer in problem.tokens], dtype=bool)
    for name, rows in (("share_own", points), ("share_rent", points), ("tokens", tokens)):
        upper[model.columns[name][rows]] = 0.0
    return replace(model, upper=upper, row_lower=lower, row_upper=row_upper)


def of_vendor(problem: Problem, vendor: str) -> tuple[Mask, Mask]:
    """Points that stand on one vendor's systems alone, and tokens that it serves."""
    mine = {s.id for s in problem.systems if s.vendor == vendor}
    points = [mine.issuperset(problem.replicas[p.replica].chips) for p in problem.points]
    tokens = [offer.vendor == vendor for offer in problem.tokens]
    return np.array(points, dtype=bool), np.array(tokens, dtype=bool)


def carrying(model: Model, values: Array) -> Mask:
    """Points that a solution routes anything to; none without a solution."""
    shape = model.columns["share_own"]
    if not len(values):
        return np.zeros(len(shape), dtype=bool)
    routed = np.maximum(values[shape], values[model.columns["share_rent"]])
    found: Mask = routed.max(axis=1, initial=0.0) > LEAST_SHARE
    return found


def rounded_up(model: Model, values: Array) -> Model:
    """The program with replicas fixed at those of a relaxed solution, rounded up: only systems and rent are left."""
    lower, upper = model.lower.copy(), model.upper.copy()
    for name in ("own", "rent"):
        columns = model.columns[name]
        lower[columns] = upper[columns] = np.minimum(np.ceil(values[columns] - LEAST_SHARE), upper[columns])
    return replace(model, lower=lower, upper=upper)


def leading(model: Model, problem: Problem, values: Array) -> Mask:
    """The point of each class that carries most of it in each month, but no class by tokens alone."""
    own, rent = (values[model.columns[name]] for name in ("share_own", "share_rent"))
    routed = own + rent
    found = np.zeros(len(problem.points), dtype=bool)
    names = np.array([p.class_id for p in problem.points])
    for name in problem.classes:
        mine = np.flatnonzero(names == name)
        if len(mine):
            found[mine[routed[mine].argmax(axis=0)]] = True
    return found


def best_by_class(model: Model, problem: Problem, duals: Array, count: int) -> Mask:
    """The points of each class on which the whole class would cost least more than the relaxation does."""
    found = np.zeros(len(problem.points), dtype=bool)
    if not len(problem.points):
        return found
    more = np.minimum(*(_dear(model, duals, name) for name in ("share_own", "share_rent")))
    names = np.array([p.class_id for p in problem.points])
    for name in problem.classes:
        mine = np.flatnonzero(names == name)
        found[mine[np.argsort(more[mine], kind="stable")[:count]]] = True
    return found


def _dear(model: Model, duals: Array, name: str) -> Array:
    """Reduced costs of the whole of a class over all months; infinite where the lane is closed."""
    columns = model.columns[name]
    total: Array = np.where(model.upper[columns].max(axis=1) > 0.0, duals[columns].sum(axis=1), np.inf)
    return total
