"""The relaxation of a large program with its cuts, and what each model costs in each month at its prices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chipbrief.fleet.cuts import add_cuts
from chipbrief.fleet.formulate import Indices, Model
from chipbrief.fleet.highs import Limits, LinearProgram
from chipbrief.fleet.matrix import Matrix
from chipbrief.fleet.problem import Problem
from chipbrief.physics import Array

__all__ = ["Relaxation", "relax"]

CUT_ROUNDS = 4
FLEET = -1


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A relaxed solution, and its program by blocks.

    A block is one model in one month: its replicas, shares and tokens. Systems, contracts and spares belong to none.
    Rows that more than one block has a part in have a price; what the blocks cost at these prices, and no less than
    that, adds up to the cost of the relaxation.

    Attributes:
        model: the program with its cuts.
        matrix: its coefficients.
        values: the relaxed solution.
        cost: of it: a bound over all points [USD].
        duals: reduced costs of the columns.
        blocks: block of each column, model x months + month; -1 for the fleet.
        row_blocks: block of each row; -1 for those that have a price.
        priced: cost of each column at these prices.
        floors: cost of each block.
    """

    model: Model
    matrix: Matrix
    values: Array
    cost: float
    duals: Array
    blocks: Indices
    row_blocks: Indices
    priced: Array
    floors: Array

    def excess(self, values: Array) -> Array:
        """What each block of a plan costs more than in the relaxation, at the prices of the relaxation."""
        return self.by_block(values) - self.floors

    def by_block(self, values: Array) -> Array:
        """What each block of a plan costs at the prices of the relaxation."""
        mine = self.blocks != FLEET
        found: Array = np.bincount(self.blocks[mine], (self.priced * values)[mine], minlength=len(self.floors)).astype(
            float
        )
        return found


def relax(model: Model, problem: Problem, limits: Limits) -> Relaxation | None:
    """Solve the relaxation and lift it with rows F11; None where even it has no solution."""
    model = replace(model, rows=dict(model.rows), entries=list(model.entries))
    program = LinearProgram(model, limits)
    solved = program.run()
    for _ in range(CUT_ROUNDS):
        if solved is None or not add_cuts(model, problem, solved[0]):
            break
        program.add()
        solved = program.run()
    return None if solved is None else _by_block(model, problem, *solved)


def _by_block(model: Model, problem: Problem, values: Array, prices: Array) -> Relaxation:
    matrix = Matrix.of(model)
    blocks = _blocks(model, problem)
    row_blocks = _row_blocks(matrix, blocks)
    found = Relaxation(
        model=model,
        matrix=matrix,
        values=values,
        cost=float(model.cost @ values),
        duals=model.cost - matrix.by_column(prices),
        blocks=blocks,
        row_blocks=row_blocks,
        priced=model.cost - matrix.by_column(np.where(row_blocks == FLEET, prices, 0.0)),
        floors=np.zeros(int(blocks.max(initial=FLEET)) + 1),
    )
    return replace(found, floors=found.by_block(values))


def _blocks(model: Model, problem: Problem) -> Indices:
    """The block of each column; classes without a replica's model are their own."""
    numbers: dict[str, int] = {}
    of_replica = [numbers.setdefault(f"model {r.model}", len(numbers)) for r in problem.replicas]
    of_class = {p.class_id: of_replica[p.replica] for p in problem.points}
    tokens = [of_class.get(t.class_id, -1) for t in problem.tokens]
    tokens = [
        n if n >= 0 else numbers.setdefault(f"class {t.class_id}", len(numbers))
        for n, t in zip(tokens, problem.tokens, strict=True)
    ]
    points = [of_replica[p.replica] for p in problem.points]
    blocks = np.full(len(model.cost), FLEET)
    for name, mine in (
        ("own", of_replica),
        ("rent", of_replica),
        ("share_own", points),
        ("share_rent", points),
        ("tokens", tokens),
    ):
        if mine:
            blocks[model.columns[name]] = np.array(mine)[:, np.newaxis] * problem.months + np.arange(problem.months)
    return blocks


def _row_blocks(matrix: Matrix, blocks: Indices) -> Indices:
    """The block of each row, where all of its columns are of that block."""
    least, most = np.full(matrix.row_count, len(blocks)), np.full(matrix.row_count, FLEET)
    np.minimum.at(least, matrix.rows, blocks[matrix.columns])
    np.maximum.at(most, matrix.rows, blocks[matrix.columns])
    return np.where(least == most, most, FLEET)
