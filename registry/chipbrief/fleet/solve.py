"""The cheapest plan of a program of any size: a small one as it stands, a large one in steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chipbrief.fleet.blocks import lifted
from chipbrief.fleet.by_model import improved, one_by_one
from chipbrief.fleet.formulate import Model
from chipbrief.fleet.highs import NONE, Clock, Limits, Solution, solve
from chipbrief.fleet.problem import Problem
from chipbrief.fleet.relaxation import Relaxation, relax
from chipbrief.fleet.select import best_by_class, carrying, leading, narrowed, rounded_up
from chipbrief.physics import Array

__all__ = ["Limits", "Solution", "optimise", "solve"]

TINY = 100  # whole columns up to which a program is solved as it stands
SMALL = 500  # whole columns up to which all models are chosen at once
FURTHER = 1  # points of each class that a plan may have beside those of the relaxation
CHECKS = 1500  # of the solver among the few points
LEAST_TIME = 0.1  # of the seconds, below which no stage is begun


def optimise(
    model: Model, problem: Problem, limits: Limits, start: Array | None = None, *, thorough: bool = True
) -> Solution:
    """Minimise a program of any size.

    A tiny one is solved as it stands, a small one from its relaxation, see `_at_once`. Of a large one the
    relaxation with its cuts gives a bound over all points, and with its reduced costs the few points of each class
    that are worth whole numbers. Among those a plan is made, one model after the other. Then the bound is lifted
    with whole replicas in each month, the plan is improved among the few points, and at last all points are looked
    at. The search ends once the plan is within the gap of the bound, or when the time is up. The gap that is told
    is always that to a bound over all points.

    Args:
        model: the program.
        problem: what it was written from.
        limits: when to stop.
        start: a feasible point to begin with.
        thorough: whether to go on among all points, and with the bound, where the few give no plan within the gap.
    """
    whole = int((model.integer & (model.upper > 0.0)).sum())
    if whole <= TINY or (whole <= SMALL and start is not None):
        return solve(model, limits, start)
    clock = Clock(limits.seconds)
    if whole <= SMALL:
        return _at_once(model, problem, limits, clock)
    relaxation = relax(model, problem, limits)
    if relaxation is None:
        return NONE if start is None else solve(model, limits, start)
    search = _Search(problem, relaxation, limits, clock)
    search.begin(start)
    stages = (search.by_model, search.lift, search.again, search.among_few, search.among_all)
    for stage in stages if thorough else (search.by_model, search.again, search.among_few):
        stage()
        if search.done:
            break
    return search.best


def _at_once(model: Model, problem: Problem, limits: Limits, clock: Clock) -> Solution:
    """A small program: to half the gap among the few points that its relaxation finds worth whole numbers.

    The search begins with the relaxation's replicas rounded up. Where the plan is not within the gap of a bound over
    all points, it goes on among them all.
    """
    relaxation = relax(model, problem, limits)
    if relaxation is None:
        return NONE
    lifted_model, matrix, values = relaxation.model, relaxation.matrix, relaxation.values
    begun = solve(rounded_up(lifted_model, values), limits, matrix=matrix)
    worth = carrying(lifted_model, values) | best_by_class(lifted_model, problem, relaxation.duals, FURTHER)
    few = narrowed(lifted_model, problem, worth)
    tight = replace(limits, gap=limits.gap / 2.0, seconds=clock.left(0.6))
    found = solve(few, tight, begun.values if begun.found else None, matrix=matrix)
    bound = relaxation.cost
    if found.found and np.array_equal(few.upper, lifted_model.upper):  # no point was left out
        bound = max(bound, found.bound)
    best = replace(found, bound=min(bound, found.cost))
    if best.found and best.gap <= limits.gap:
        return replace(best, status="within gap")
    rest = replace(limits, seconds=clock.left())
    again = solve(lifted_model, rest, found.values if found.found else None, matrix=matrix)
    return replace(again, bound=min(max(again.bound, bound), again.cost)) if again.found else again


class _Search:
    """A plan and a bound, which the stages bring together."""

    def __init__(self, problem: Problem, relaxation: Relaxation, limits: Limits, clock: Clock) -> None:
        self.problem, self.relaxation, self.limits, self.clock = problem, relaxation, limits, clock
        self.model = relaxation.model
        self.best = Solution("time is up", np.zeros(0), np.inf, relaxation.cost)

    @property
    def done(self) -> bool:
        """Whether the plan is within the gap, or too little time is left."""
        return self.best.status == "within gap" or self.clock.left() < LEAST_TIME * self.limits.seconds

    def begin(self, start: Array | None) -> None:
        """The given plan, or a plan in a moment: one point a class and month, replicas rounded up."""
        if start is not None:
            self._take(replace(self.best, values=start, cost=float(self.model.cost @ start)))
        few = narrowed(self.model, self.problem, leading(self.model, self.problem, self.relaxation.values))
        matrix = self.relaxation.matrix
        again = solve(few, self._left(), relaxed=True, matrix=matrix)
        if again.found:
            self._take(solve(rounded_up(few, again.values), self._left(0.1), matrix=matrix))

    def by_model(self) -> None:
        """One model after the other, from the relaxation."""
        self._take(one_by_one(self._few(), self.problem, self.relaxation, self.limits, self.clock))

    def again(self) -> None:
        """One model after the other, from the plan."""
        if self.best.found:
            self._take(improved(self.best, self._few(), self.problem, self.relaxation, self.limits, self.clock))

    def among_few(self) -> None:
        """All models at once among the few points."""
        start = self.best.values if self.best.found else None
        matrix = self.relaxation.matrix
        self._take(solve(self._few(), self._left(0.6), start, matrix=matrix, checks=CHECKS))

    def lift(self) -> None:
        """A higher bound."""
        if self.best.found:
            self.best = replace(
                self.best, bound=lifted(self.relaxation, self.problem, self.best, self._left(), self.clock)
            )
            self._take(self.best)

    def among_all(self) -> None:
        """All points at once for the rest of the time."""
        start = self.best.values if self.best.found else None
        found = solve(self.model, self._left(), start, matrix=self.relaxation.matrix)
        if found.status == "infeasible":
            self.best = found
            return
        self.best = replace(self.best, bound=min(max(self.best.bound, found.bound), found.cost, self.best.cost))
        self._take(found)

    def _take(self, found: Solution) -> None:
        """Keep what is cheaper; the bound is that over all points in any case."""
        if found.cost <= self.best.cost and found.found:
            self.best = replace(self.best, values=found.values, cost=found.cost)
        if self.best.found and self.best.gap <= self.limits.gap + 1e-12:
            self.best = replace(self.best, status="within gap")

    def _few(self) -> Model:
        wanted = carrying(self.model, self.relaxation.values) | carrying(self.model, self.best.values)
        more = best_by_class(self.model, self.problem, self.relaxation.duals, FURTHER)
        return narrowed(self.model, self.problem, wanted | more)

    def _left(self, share: float = 1.0) -> Limits:
        return replace(self.limits, seconds=self.clock.left(share))
