"""Plans of a large program, one model of its mix after the other: few whole numbers at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chipbrief.fleet.formulate import Model
from chipbrief.fleet.highs import NONE, Clock, Limits, Solution, solve
from chipbrief.fleet.problem import Problem
from chipbrief.fleet.relaxation import FLEET, Relaxation
from chipbrief.fleet.select import Mask, rounded_up
from chipbrief.physics import Array

__all__ = ["improved", "one_by_one"]

COARSE = 3  # models that are chosen together, since what they leave idle of large systems decides
CHECKS, CHECKS_AGAIN = 400, 60  # of the solver for one model, from the relaxation and from a plan: up to some seconds
TIME_SHARE, TIME_SHARE_FLEET = 0.5, 0.15  # of the time that is left, for a step at most
LEAST_TIME = 0.3  # of the seconds, below which models still to come are only rounded up
FAILURES = 3  # models in a row that gain nothing, after which there is no further improvement
GAP_SHARE = 0.04  # of the gap that is wanted, for each model
LEAST_GAIN = 0.02  # of the gap that is wanted, below which a model is not tried again


@dataclass(frozen=True, slots=True)
class _Search:
    """What the steps have in common: a program of few points, and whose column is whose."""

    few: Model
    relaxation: Relaxation
    owners: Mask  # (models, columns)
    replicas: Mask
    limits: Limits
    clock: Clock

    @classmethod
    def of(cls, few: Model, problem: Problem, relaxation: Relaxation, limits: Limits, clock: Clock) -> _Search:
        owner = np.where(relaxation.blocks == FLEET, FLEET, relaxation.blocks // problem.months)
        replicas = np.zeros(len(few.cost), dtype=bool)
        for name in ("own", "rent"):
            replicas[few.columns[name]] = True
        owners = owner == np.arange(owner.max(initial=FLEET) + 1)[:, np.newaxis]
        return cls(few, relaxation, owners, replicas, limits, clock)

    def step(
        self, which: list[int], values: Array, start: Array | None = None, *, same_fleet: bool = False
    ) -> Solution:
        """Some models' part of a plan anew, beside those of all others as they are."""
        held: Mask = np.logical_and(self.owners.any(axis=0), ~self.owners[which].any(axis=0))
        if same_fleet:
            held |= self.few.integer & ~self.replicas
        return self.run(_held(self.few, held, values), start)

    def run(self, model: Model, start: Array | None = None) -> Solution:
        """A program to within a small gap, or as near as a fixed amount of work comes."""
        checks = CHECKS if start is None else CHECKS_AGAIN
        return solve(model, self._tight(TIME_SHARE), start, matrix=self.relaxation.matrix, checks=checks)

    def fleet(self) -> Solution:
        """Whole systems under replicas that are not whole."""
        model = replace(self.few, integer=self.few.integer & ~self.replicas)
        tight = self._tight(TIME_SHARE_FLEET)
        return solve(model, tight, matrix=self.relaxation.matrix, checks=CHECKS)

    def rounded(self, values: Array) -> Solution:
        """A plan from what is left of the time: replicas that are not whole yet are rounded up."""
        return solve(rounded_up(self.few, values), self._tight(1.0), matrix=self.relaxation.matrix, checks=CHECKS_AGAIN)

    def _tight(self, time: float) -> Limits:
        return replace(self.limits, gap=self.limits.gap * GAP_SHARE, seconds=self.clock.left(time))


def _held(model: Model, held: Mask, values: Array) -> Model:
    at = np.clip(values, model.lower, model.upper)
    return replace(model, lower=np.where(held, at, model.lower), upper=np.where(held, at, model.upper))


def one_by_one(few: Model, problem: Problem, relaxation: Relaxation, limits: Limits, clock: Clock) -> Solution:
    """A plan from the relaxation: whole systems first, then whole replicas of one model after the other.

    Those that are still to come count as the relaxation has them. The coarsest come first and together, since fine
    ones fill what they leave idle.
    """
    search = _Search.of(few, problem, relaxation, limits, clock)
    found = search.fleet()
    if not found.found:
        return NONE
    order = _coarse_first(problem)
    for which in [order[:COARSE], *([k] for k in order[COARSE:])] if order else []:
        again = search.step(which, found.values, same_fleet=True)
        if not again.found:
            again = search.step(which, found.values)
        if not again.found or clock.left() < LEAST_TIME * limits.seconds:
            return search.rounded(again.values if again.found else found.values)
        found = again
    return replace(found, bound=-np.inf)  # of its last step alone


def _coarse_first(problem: Problem) -> list[int]:
    """Models by the size of their largest replica; those that are only bought by the token have nothing whole."""
    sizes: dict[str, int] = {}
    for r in problem.replicas:
        sizes[r.model] = max(sizes.get(r.model, 0), sum(r.chips.values()))
    numbers = {name: i for i, name in enumerate(sizes)}
    return [numbers[name] for name in sorted(sizes, key=lambda name: (-sizes[name], name))]


def improved(
    best: Solution, few: Model, problem: Problem, relaxation: Relaxation, limits: Limits, clock: Clock
) -> Solution:
    """A plan with one model after the other chosen anew, first those that cost most above the relaxation.

    Args:
        best: the plan.
        few: the program that is open to it.
        problem: what the program was written from.
        relaxation: of it.
        limits: the gap that is wanted, and the seed.
        clock: the time that is left.
    """
    search = _Search.of(few, problem, relaxation, limits, clock)
    enough = best.bound / (1.0 - limits.gap)
    tried: set[int] = set()
    while best.cost > enough and len(tried) < FAILURES and not clock.up:
        excess = relaxation.excess(best.values).reshape(-1, problem.months).sum(axis=1)
        which = next((int(k) for k in np.argsort(-excess, kind="stable") if k not in tried), None)
        if which is None:
            break
        found = search.step([which], best.values, best.values)
        gain = best.cost - found.cost
        tried = set() if gain > LEAST_GAIN * limits.gap * best.cost else tried | {which}
        if gain > 0.0:
            best = replace(best, values=found.values, cost=found.cost)
    return best
