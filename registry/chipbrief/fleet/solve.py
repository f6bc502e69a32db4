"""HiGHS on a model: one thread, a seed, a gap and a limit of time, and a plan to start from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chipbrief.fleet.cuts import add_cuts
from chipbrief.fleet.formulate import Model
from chipbrief.fleet.problem import Problem
from chipbrief.fleet.select import best_by_class, carrying, leading, narrowed, rounded_up
from chipbrief.physics import Array

if TYPE_CHECKING:
    import highspy

__all__ = ["Limits", "Solution", "optimise", "solve"]

Status = Literal["within gap", "time is up", "infeasible"]
SMALL = 1500  # whole columns up to which the whole program is solved at once
CUT_ROUNDS = 3
ROUNDS = ((0, 1.0, 0.4), (1, 0.4, 0.5))  # further points of each class, share of the gap, share of the time left


@dataclass(frozen=True, slots=True)
class Limits:
    """When the solver may stop: relative gap between plan and bound, seconds; and its seed."""

    gap: float = 0.01
    seconds: float = 30.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Solution:
    """A feasible point with the bound that no plan beats; without values where there is none.

    `duals` are the reduced costs of a relaxed solution.
    """

    status: Status
    values: Array
    cost: float
    bound: float
    duals: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def found(self) -> bool:
        """Whether there is a feasible point."""
        return len(self.values) > 0

    @property
    def gap(self) -> float:
        """How far above the bound the cost is, of the cost."""
        return max(self.cost - self.bound, 0.0) / abs(self.cost) if self.cost else 0.0


_NONE = Solution("infeasible", np.zeros(0), np.inf, np.inf)


def solve(model: Model, limits: Limits, start: Array | None = None, *, relaxed: bool = False) -> Solution:
    """Minimise; never dearer than `start`, a feasible point.

    Args:
        model: the program.
        limits: when to stop.
        start: a feasible point to begin with.
        relaxed: without whole numbers, for a bound and for shares to choose by.
    """
    import highspy

    class Quiet(highspy.Highs):  # its banner comes before anyone could turn the output off, and on file descriptor 1
        def enableCallbacks(self) -> None:  # noqa: N802 - the name is highspy's
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()  # type: ignore[no-untyped-call] # highspy has no types here

    highs = Quiet()  # type: ignore[no-untyped-call] # nor here
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", limits.seed)
    highs.setOptionValue("mip_rel_gap", limits.gap)
    highs.setOptionValue("time_limit", limits.seconds)
    highs.passModel(_program(model, relaxed))
    if start is not None and not relaxed:
        given = highspy.HighsSolution()
        given.col_value = start.tolist()
        highs.setSolution(given)
    highs.run()
    return _read(highs, model, start, relaxed)


def _read(highs: highspy.Highs, model: Model, start: Array | None, relaxed: bool) -> Solution:
    import highspy

    status, info = highs.getModelStatus(), highs.getInfo()
    impossible = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
    if status in impossible and start is None:
        return _NONE
    whole = not relaxed and bool(model.integer.any())
    has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    solution = highs.getSolution()
    found = np.array(solution.col_value, dtype=float) if has_point else np.zeros(0)
    if whole and len(found):
        found = np.where(model.integer, np.round(found), found)
    if start is not None and (not len(found) or model.cost @ start < model.cost @ found):
        found = start
    cost = float(model.cost @ found) if len(found) else np.inf
    bound = float(info.mip_dual_bound) if whole else cost
    optimal = status == highspy.HighsModelStatus.kOptimal
    return Solution(
        status="within gap" if optimal else "time is up",
        values=found,
        cost=cost,
        bound=min(bound, cost),
        duals=np.array(solution.col_dual, dtype=float) if relaxed else np.zeros(0),
    )


def _program(model: Model, relaxed: bool) -> Any:
    import highspy

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(model.cost), len(model.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, model.lower, model.upper
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    starts, rows, values = model.matrix()
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = starts.astype(np.int32)
    lp.a_matrix_.index_ = rows.astype(np.int32)
    lp.a_matrix_.value_ = values
    if not relaxed:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in model.integer]
    return lp


# -- large programs -------------------------------------------------------------------------------------------


def optimise(
    model: Model, problem: Problem, limits: Limits, start: Array | None = None, *, thorough: bool = True
) -> Solution:
    """Minimise a program of any size.

    A small one is solved as it stands. Of a large one the relaxation gives a bound over all points, which cuts lift,
    and with its reduced costs the few points of each class that are worth whole numbers: the plan is sought among
    those, then among more, then among all, until it is within the gap of the bound or the time is up. The gap that is
    told is always that to a bound over all points.

    Args:
        model: the program.
        problem: what it was written from.
        limits: when to stop.
        start: a feasible point to begin with.
        thorough: whether to go on among all points once the plan is within the gap among the few.
    """
    began = monotonic()

    def left(share: float = 1.0) -> float:
        return max(limits.seconds - (monotonic() - began), 0.5) * share

    if int((model.integer & (model.upper > 0.0)).sum()) <= SMALL:
        return solve(model, limits, start)
    model, relaxation = _relaxed(model, problem, limits)
    if not relaxation.found:
        return _NONE if start is None else solve(model, limits, start)
    best = Solution("time is up", np.zeros(0) if start is None else start, np.inf, relaxation.cost)
    if start is not None:
        best = replace(best, cost=float(model.cost @ start))
    best = _better(best, _first(model, problem, limits, relaxation))
    for further, of_gap, share in ROUNDS:
        wanted = carrying(model, relaxation.values) | carrying(model, best.values)
        few = narrowed(model, problem, wanted | best_by_class(model, problem, relaxation.duals, further))
        tighter = replace(limits, gap=limits.gap * of_gap, seconds=left(share))
        found = solve(few, tighter, best.values if best.found else None)
        best = _better(best, found)
        if best.gap <= limits.gap:
            return replace(best, status="within gap")
        if best.found and found.status == "within gap" and not thorough:
            return best
    last = solve(model, replace(limits, seconds=left(0.8)), best.values if best.found else None)
    return replace(last, bound=min(max(last.bound, relaxation.cost), last.cost)) if last.found else last


def _relaxed(model: Model, problem: Problem, limits: Limits) -> tuple[Model, Solution]:
    """The program with its cuts, and its relaxation."""
    model = replace(model, rows=dict(model.rows), entries=list(model.entries))
    found = solve(model, limits, relaxed=True)
    for _ in range(CUT_ROUNDS):
        if not found.found or not add_cuts(model, problem, found.values):
            break
        found = solve(model, limits, relaxed=True)
    return model, found


def _better(best: Solution, found: Solution) -> Solution:
    return replace(best, values=found.values, cost=found.cost) if found.cost < best.cost else best


def _first(model: Model, problem: Problem, limits: Limits, relaxation: Solution) -> Solution:
    """A plan in a moment: one point a class and month, replicas rounded up."""
    few = narrowed(model, problem, leading(model, problem, relaxation.values))
    again = solve(few, limits, relaxed=True)
    if not again.found:
        return _NONE
    return solve(rounded_up(few, again.values), replace(limits, seconds=limits.seconds / 10.0))
