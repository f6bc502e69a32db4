"""Rows that whole replicas obey and fractions break: they lift the bound of a large program (F11)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipbrief.fleet.formulate import Indices, Model
from chipbrief.fleet.problem import Problem
from chipbrief.physics import Array

__all__ = ["add_cuts"]

LEAST_SHARE, LEAST_FRACTION, LEAST_VIOLATION = 0.5, 0.02, 0.01
MOST_WORTH = 1e4  # replicas of one deployment that stand for one of another, beyond which a row is badly scaled


def add_cuts(model: Model, problem: Problem, values: Array) -> int:
    """Add the mixed-integer rounding rows that a relaxed solution breaks; returns how many.

    Some classes of a model take N replicas of a deployment A together, with fraction f. A replica of another
    deployment r stands for at most a_r of A: the largest of their ratios of loads. What is not routed to the
    deployments counted, N_c v_c, must make up for f before one replica of A less is enough (F11):

        sum over r of (floor(a_r) + min(frac(a_r)/f, 1)) y_r >= ceil(N) - sum over c of N_c v_c / f

    It is written for A alone, and for all deployments of the model.
    """
    seen = _Seen.of(model, problem, values)
    rows: list[_Row] = []
    for base in range(len(problem.replicas)):
        alike = [r for r, other in enumerate(problem.replicas) if other.model == problem.replicas[base].model]
        for s in range(len(problem.slices)):
            for month in np.flatnonzero(seen.replicas[base] > LEAST_FRACTION):
                for some in _sets(seen, base, int(month)):
                    for counted in ([base], alike):
                        if row := _row(seen, counted, some, s, int(month)):
                            rows.append(row)
    _add(model, rows)
    return len(rows)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A relaxed solution: points of each replica by class, their loads by month, shares routed, and replicas."""

    points: list[dict[str, int]]
    loads: Array  # (points, slices, months)
    routed: Array  # (points, months)
    replicas: Array  # (replicas, months)
    carried: dict[str, Array]

    @classmethod
    def of(cls, model: Model, problem: Problem, values: Array) -> _Seen:
        points: list[dict[str, int]] = [{} for _ in problem.replicas]
        for i, p in enumerate(problem.points):
            points[p.replica][p.class_id] = i
        columns = model.columns
        whole = (1.0,) * problem.months
        return cls(
            points=points,
            loads=np.array([p.loads for p in problem.points])[:, :, np.newaxis] * np.array(problem.growth),
            routed=values[columns["share_own"]] + values[columns["share_rent"]],
            replicas=values[columns["own"]] + values[columns["rent"]],
            carried={c: np.array(problem.carried.get(c, whole)) for c in problem.classes},
        )


@dataclass(frozen=True, slots=True)
class _Row:
    month: int
    lower: float
    replicas: list[tuple[int, float]]
    points: list[tuple[int, float]]


def _sets(seen: _Seen, base: int, t: int) -> list[dict[str, int]]:
    """Classes to take together: those that are there for the most part, all that are there, and each alone."""
    there = {c: i for c, i in seen.points[base].items() if seen.routed[i, t] > LEAST_FRACTION}
    most = {c: i for c, i in there.items() if seen.routed[i, t] > LEAST_SHARE}
    found = [most, there, *({c: i} for c, i in there.items())]
    return [some for n, some in enumerate(found) if some and some not in found[:n]]


def _row(seen: _Seen, counted: list[int], some: dict[str, int], s: int, t: int) -> _Row | None:
    """The row of some classes on one deployment in a month, or None where the solution keeps it."""
    loads = {c: float(seen.loads[i, s, t]) for c, i in some.items()}
    total = sum(loads[c] * float(seen.carried[c][t]) for c in some)
    fraction = total - np.floor(total)
    if not LEAST_FRACTION < fraction < 1.0 - LEAST_FRACTION / 10.0:
        return None
    replicas, points, reached = [], [], 0.0
    for r in counted:
        shared = [c for c in some if c in seen.points[r]]
        if not shared:
            continue
        worth = max(loads[c] / max(float(seen.loads[seen.points[r][c], s, t]), 1e-12) for c in shared)
        if worth > MOST_WORTH:
            return None
        rounded = np.floor(worth) + min((worth - np.floor(worth)) / fraction, 1.0)
        replicas.append((r, float(rounded)))
        reached += rounded * seen.replicas[r, t]
        for c in shared:
            i = seen.points[r][c]
            points.append((i, -loads[c] / fraction))
            reached -= loads[c] / fraction * seen.routed[i, t]
    lower = float(np.ceil(total) - total / fraction)
    return _Row(t, lower, replicas, points) if reached < lower - LEAST_VIOLATION else None


def _add(model: Model, rows: list[_Row]) -> None:
    if not rows:
        return
    numbers = model.add_rows(f"cuts_{len(model.row_lower)}", (len(rows),), lower=[row.lower for row in rows])
    for blocks, kept in ((("own", "rent"), "replicas"), (("share_own", "share_rent"), "points")):
        entries = [(n, i, row.month, v) for n, row in zip(numbers, rows, strict=True) for i, v in getattr(row, kept)]
        if entries:
            at, index, month, value = (np.array(part) for part in zip(*entries, strict=True))
            for name in blocks:
                columns: Indices = model.columns[name]
                model.put(at, columns[index, month], value)
