"""HiGHS on a model: one thread, a seed, a gap, and limits of processor time and of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chipbrief.fleet.formulate import Indices, Model
from chipbrief.fleet.matrix import Matrix
from chipbrief.physics import Array

if TYPE_CHECKING:
    import highspy

__all__ = ["Clock", "Limits", "LinearProgram", "Solution", "solve"]

Status = Literal["within gap", "time is up", "infeasible"]
TOLERANCE = 1e-5  # of a row whose columns are all fixed
WALL = 10.0  # seconds on the wall to one of processor time, beyond which a run is stopped in any case

NO_HEURISTICS = {"mip_heuristic_effort": 0.0} | {
    f"mip_heuristic_run_{name}": False for name in ("feasibility_jump", "rins", "rens", "root_reduced_cost")
}  # an older HiGHS does not know them all and leaves those out


@dataclass(frozen=True, slots=True)
class Limits:
    """When the solver may stop: relative gap between plan and bound, seconds of processor time; and its seed."""

    gap: float = 0.01
    seconds: float = 30.0
    seed: int = 1


class Clock:
    """Processor time of this thread against a limit, so that other programs on the machine change no plan."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.began = thread_time()

    def left(self, share: float = 1.0) -> float:
        """A share of the seconds that are left, and never less than half a second."""
        return max(self.seconds - (thread_time() - self.began), 0.5) * share

    @property
    def up(self) -> bool:
        """Whether the time is up."""
        return thread_time() - self.began >= self.seconds


@dataclass(frozen=True, slots=True)
class Solution:
    """A feasible point with the bound that no plan beats; without values where there is none."""

    status: Status
    values: Array
    cost: float
    bound: float

    @property
    def found(self) -> bool:
        """Whether there is a feasible point."""
        return len(self.values) > 0

    @property
    def gap(self) -> float:
        """How far above the bound the cost is, of the cost."""
        return max(self.cost - self.bound, 0.0) / abs(self.cost) if self.cost else 0.0


NONE = Solution("infeasible", np.zeros(0), np.inf, np.inf)


def solve(
    model: Model,
    limits: Limits,
    start: Array | None = None,
    *,
    relaxed: bool = False,
    matrix: Matrix | None = None,
    checks: int | None = None,
    for_bound: bool = False,
) -> Solution:
    """Minimise; never dearer than `start`, a feasible point.

    Args:
        model: the program; columns that its bounds fix are left out of what HiGHS sees.
        limits: when to stop.
        start: a feasible point to begin with.
        relaxed: without whole numbers, for a bound.
        matrix: the program's coefficients, where they are at hand.
        checks: how often the solver may ask whether to go on: a limit that does not depend on the clock.
        for_bound: no time for finding points, where only the bound is asked for.
    """
    program = _Program(model, matrix or Matrix.of(model))
    if not program.possible:
        return NONE if start is None else Solution("within gap", start, float(model.cost @ start), -np.inf)
    highs = _highs(limits)
    for name, value in NO_HEURISTICS.items() if for_bound else ():
        highs.setOptionValue(name, value)
    highs.passModel(program.given(relaxed))
    if start is not None and not relaxed:
        import highspy

        given = highspy.HighsSolution()
        given.col_value = start[program.free].tolist()
        highs.setSolution(given)
    if not relaxed:
        highs.cbMipInterrupt += _watch(Clock(limits.seconds), checks)
    highs.run()
    return _read(highs, program, start, relaxed)


def _highs(limits: Limits) -> Any:
    import highspy

    class Quiet(highspy.Highs):  # its banner comes before anyone could turn the output off, and on file descriptor 1
        def enableCallbacks(self) -> None:  # noqa: N802 - the name is highspy's
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()  # type: ignore[no-untyped-call] # highspy has no types here

    highs = Quiet()  # type: ignore[no-untyped-call] # nor here
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", limits.seed)
    highs.setOptionValue("mip_rel_gap", limits.gap)
    highs.setOptionValue("time_limit", limits.seconds * WALL)
    return highs


def _watch(clock: Clock, checks: int | None) -> Callable[[Any], None]:
    """Stops a run when its time is up or it has asked often enough."""
    asked = 0

    def ask(event: Any) -> None:
        nonlocal asked
        asked += 1
        if clock.up or (checks is not None and asked >= checks):
            event.interrupt()

    return ask


class _Program:
    """A model without the columns that its bounds fix, and without the rows that are then empty."""

    def __init__(self, model: Model, matrix: Matrix) -> None:
        self.model = model
        free = model.upper > model.lower
        self.free = np.flatnonzero(free)
        self.whole = np.flatnonzero(free & model.integer)
        self.fixed = np.where(free, 0.0, model.lower)
        self.starts, rows, self.values = matrix.of_columns(self.free)
        used = np.bincount(rows, minlength=matrix.row_count) > 0
        self.used = np.flatnonzero(used)
        self.rows = np.cumsum(used)[rows] - 1
        reached = matrix.by_row(self.fixed)
        self.lower, self.upper = model.row_lower - reached, model.row_upper - reached
        slack = TOLERANCE * (1.0 + np.abs(reached[~used]))
        self.possible = bool((self.lower[~used] <= slack).all() and (self.upper[~used] >= -slack).all())

    def given(self, relaxed: bool) -> Any:
        """The program in HiGHS' own words."""
        import highspy

        model, free = self.model, self.free
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(free), len(self.used)
        lp.offset_ = float(model.cost @ self.fixed)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost[free], model.lower[free], model.upper[free]
        lp.row_lower_, lp.row_upper_ = self.lower[self.used], self.upper[self.used]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = self.starts.astype(np.int32)
        lp.a_matrix_.index_ = self.rows.astype(np.int32)
        lp.a_matrix_.value_ = self.values
        if not relaxed:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[int(whole)] for whole in model.integer[free]]
        return lp

    def point(self, values: list[float]) -> Array:
        """A solution with the fixed columns in their places."""
        found = self.fixed.copy()
        found[self.free] = values
        return found


def _read(highs: highspy.Highs, program: _Program, start: Array | None, relaxed: bool) -> Solution:
    import highspy

    model = program.model
    status, info = highs.getModelStatus(), highs.getInfo()
    impossible = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
    if status in impossible and start is None:
        return NONE
    whole = not relaxed and len(program.whole) > 0
    has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if not len(program.free):
        has_point = True
    found = program.point(list(highs.getSolution().col_value)) if has_point else np.zeros(0)
    if whole and len(found):
        found[program.whole] = np.round(found[program.whole])
    if start is not None and (not len(found) or model.cost @ start < model.cost @ found):
        found = start
    cost = float(model.cost @ found) if len(found) else np.inf
    optimal = status == highspy.HighsModelStatus.kOptimal or not len(program.free)
    bound = float(info.mip_dual_bound) if whole else (cost if optimal else -np.inf)
    return Solution("within gap" if optimal else "time is up", found, cost, min(bound, cost))


class LinearProgram:
    """The relaxation of a model, to which rows are added: it is solved again from where it was."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model, self.program = model, _Program(model, Matrix.of(model))
        self.highs = _highs(limits)
        self.highs.passModel(self.program.given(relaxed=True))
        self.row_numbers = list(self.program.used)
        self.rows, self.parts = len(model.row_lower), len(model.entries)

    def run(self) -> tuple[Array, Array] | None:
        """Values of the columns and prices of the rows; None where there is no solution."""
        import highspy

        self.highs.run()
        if not self.program.possible or self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self.highs.getSolution()
        prices = np.zeros(len(self.model.row_lower))
        prices[self.row_numbers] = solution.row_dual
        return self.program.point(solution.col_value), prices

    def add(self) -> None:
        """Add the rows that the model has been given since."""
        news, self.parts = self.model.entries[self.parts :], len(self.model.entries)
        r, c, v = (np.concatenate(part) for part in zip(*news, strict=True))
        position = np.full(len(self.model.cost), -1)
        position[self.program.free] = np.arange(len(self.program.free))
        kept = position[c] >= 0
        r, c, v = r[kept], position[c[kept]], v[kept]
        order = np.argsort(r, kind="stable")
        numbers: Indices = np.arange(self.rows, len(self.model.row_lower))
        starts = np.searchsorted(r[order], numbers)
        self.highs.addRows(
            len(numbers),
            self.model.row_lower[numbers],
            self.model.row_upper[numbers],
            len(order),
            starts.astype(np.int32),
            c[order].astype(np.int32),
            v[order],
        )
        self.row_numbers += list(numbers)
        self.rows = len(self.model.row_lower)
