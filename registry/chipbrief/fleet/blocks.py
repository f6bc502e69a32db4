"""A higher bound of a large program: each model in each month with whole replicas, at the prices of the relaxation."""

from __future__ import annotations

import numpy as np

from chipbrief.fleet.formulate import Indices, Model
from chipbrief.fleet.highs import Clock, Limits, Solution, solve
from chipbrief.fleet.matrix import Matrix
from chipbrief.fleet.problem import Problem
from chipbrief.fleet.relaxation import Relaxation
from chipbrief.fleet.select import Mask
from chipbrief.physics import Array

__all__ = ["lifted"]

CHECKS = 400  # of the solver for one block
GAP = 1e-3  # of a block
LEAST = 1e-3  # of what is wanting: blocks whose excess is less are left as they are


def lifted(relaxation: Relaxation, problem: Problem, best: Solution, limits: Limits, clock: Clock) -> float:
    """A bound over all points, as high as the wanted gap asks for or as the time allows.

    Rows that blocks have in common are left to their prices (Lagrange); each block then costs at least what it does
    with whole replicas, and nothing less than in the relaxation: what that adds lifts the bound. A replica whose
    reduced cost alone lifts it to where it is wanted need not be looked at. Blocks in which the plan costs most above
    the relaxation come first: none can add more than that.
    """
    wanted = best.cost * (1.0 - limits.gap)
    bound = relaxation.cost
    excess = relaxation.excess(best.values)
    for block in np.argsort(-excess, kind="stable"):
        if bound >= wanted or clock.up or excess[block] < LEAST * (wanted - relaxation.cost):
            break
        bound += _added(relaxation, problem, int(block), wanted - bound, limits, clock)
    return max(min(bound, wanted), relaxation.cost)


def _open(relaxation: Relaxation, problem: Problem, most: float) -> Mask:
    """Columns that a plan below the wanted bound may have above 0: of replicas those of lower reduced costs."""
    model = relaxation.model
    found: Mask = model.upper > 0.0
    points = [p.replica for p in problem.points]
    for lane in ("own", "rent"):
        replicas, shares = model.columns[lane], model.columns[f"share_{lane}"]
        found[replicas] &= relaxation.duals[replicas] < most
        if points:
            found[shares] &= found[replicas][points]
    return found


def _added(relaxation: Relaxation, problem: Problem, block: int, most: float, limits: Limits, clock: Clock) -> float:
    """What whole replicas add to the cost of one block; plans that cost more than `most` above are left out."""
    model, matrix = relaxation.model, relaxation.matrix
    columns = np.flatnonzero((relaxation.blocks == block) & _open(relaxation, problem, most))
    rows = np.flatnonzero(relaxation.row_blocks == block)
    alone, coefficients = _alone(model, matrix, relaxation.priced, columns, rows)
    tight = Limits(gap=GAP, seconds=clock.left(), seed=limits.seed)
    found = solve(alone, tight, matrix=coefficients, checks=CHECKS, for_bound=True)
    return max(found.bound - float(relaxation.floors[block]), 0.0) if np.isfinite(found.bound) else 0.0


def _alone(model: Model, matrix: Matrix, cost: Array, columns: Indices, rows: Indices) -> tuple[Model, Matrix]:
    """Some columns and rows as a program of their own."""
    starts, row, values = matrix.of_columns(columns)
    place = np.full(matrix.row_count, -1)
    place[rows] = np.arange(len(rows))
    kept = place[row] >= 0
    column = np.repeat(np.arange(len(columns)), np.diff(starts))[kept]
    first = np.searchsorted(column, np.arange(len(columns) + 1))
    alone = Model(
        cost=cost[columns],
        lower=model.lower[columns],
        upper=model.upper[columns],
        integer=model.integer[columns],
        row_lower=model.row_lower[rows],
        row_upper=model.row_upper[rows],
    )
    return alone, Matrix(first, place[row][kept], column, values[kept], len(rows))
