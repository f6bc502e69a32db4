"""Beside the mixed fleet: that of each single vendor, and tokens alone, by the same equations with fewer offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipbrief.fleet.formulate import Model
from chipbrief.fleet.plan import Plan, read_out
from chipbrief.fleet.problem import Problem
from chipbrief.fleet.select import Mask, closed_classes, narrowed, of_vendor
from chipbrief.fleet.solve import Limits, optimise

__all__ = ["API_ONLY", "Alternative", "api_only", "best_complete", "single_vendor"]

API_ONLY = "API only"


@dataclass(frozen=True, slots=True)
class Alternative:
    """A fleet with fewer offers.

    Attributes:
        name: the vendor, or `API only`.
        plan: the fleet; None where it carries no class, or where caps leave none.
        unserved: classes that it leaves out, with the reason.
    """

    name: str
    plan: Plan | None
    unserved: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether it carries all that the mixed fleet does."""
        return self.plan is not None and not self.unserved


def single_vendor(problem: Problem, model: Model, vendor: str, limits: Limits) -> Alternative:
    """All systems of one vendor in all lanes, and the tokens that are served on them."""
    points, tokens = of_vendor(problem, vendor)
    mine = {s.id for s in problem.systems if s.vendor == vendor}

    def why(class_id: str) -> str:
        reasons = problem.reasons.get(class_id, {})
        return "; ".join(f"{name}: {said}" for name, said in reasons.items() if name in mine) or "no offer"

    return _with(problem, model, vendor, points, tokens, limits, {c: why(c) for c in problem.classes})


def api_only(problem: Problem, model: Model, limits: Limits) -> Alternative:
    """Every token bought."""
    none, every = np.zeros(len(problem.points), dtype=bool), np.ones(len(problem.tokens), dtype=bool)
    reasons = dict.fromkeys(problem.classes, "no API that keeps its service levels publishes a price")
    return _with(problem, model, API_ONLY, none, every, limits, reasons)


def _with(
    problem: Problem,
    model: Model,
    name: str,
    points: Mask,
    tokens: Mask,
    limits: Limits,
    reasons: Mapping[str, str],
) -> Alternative:
    served = {p.class_id for p, open_ in zip(problem.points, points, strict=True) if open_}
    served |= {offer.class_id for offer, open_ in zip(problem.tokens, tokens, strict=True) if open_}
    unserved = {c: reasons[c] for c in problem.classes if c not in served}
    if not served:
        return Alternative(name, None, unserved)
    fewer = closed_classes(narrowed(model, problem, points, tokens), problem, unserved)
    found = optimise(fewer, problem, limits, thorough=False)
    return Alternative(name, read_out(problem, fewer, found) if found.found else None, unserved)


def best_complete(alternatives: tuple[Alternative, ...]) -> Alternative | None:
    """The cheapest one that leaves no class out."""
    complete = [a for a in alternatives if a.complete]
    return min(complete, key=lambda a: (a.plan.usd if a.plan else np.inf, a.name), default=None)
