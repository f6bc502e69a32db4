"""The 80 % range of a plan's cost: every class's own cost as its figures, prices and the model's error range."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipbrief.evaluate import Interval, Results
from chipbrief.evaluate.lanes import interval
from chipbrief.fleet.plan import Month, Plan
from chipbrief.physics import Array

__all__ = ["cost_range"]

_Key = tuple[str, str, str]  # class, hardware, lane


def cost_range(results: Results, plan: Plan) -> Interval:
    """What the plan may cost once it is sized by what the systems do and priced by what they cost.

    Each system's cost is split over the classes by the chips that they take, and each part is moved by the draws of
    its class there; classes share the draws of a system. The ends of token prices are added end to end.
    """
    parts: dict[_Key, float] = {}
    for month in plan.months:
        for key, usd in _split(plan, month).items():
            parts[key] = parts.get(key, 0.0) + usd
    draws: Array = np.zeros(results.samples)
    for (class_id, hardware, lane), usd in parts.items():
        draws = draws + usd * _ratio(results, class_id, hardware, lane)
    tokens = plan.lines["api"]
    low, high = (_tokens(plan, end) for end in ("low", "high"))
    spread = interval(plan.usd - tokens, draws)
    return Interval(plan.usd, min(spread.low + low, plan.usd), max(spread.high + high, plan.usd))


def _split(plan: Plan, month: Month) -> Mapping[_Key, float]:
    """Cost of a month of each system by class and lane; what no class is routed to stays with the system."""
    found: dict[_Key, float] = {}
    chips = {(r.hardware, r.text): r.chips for r in plan.problem.replicas}
    for fleet in month.fleets:
        for lane, usd in (("own", fleet.usd["own"] + fleet.usd["energy"]), ("rent", fleet.usd["rent"])):
            weights: dict[_Key, float] = {}
            for route in month.routes:
                on = chips.get((route.hardware, route.text), {})
                if route.lane == lane and fleet.system in on:
                    key = (route.class_id, route.hardware, lane)
                    weights[key] = weights.get(key, 0.0) + route.chips * on[fleet.system] / sum(on.values())
            total = sum(weights.values())
            for key, weight in weights.items():
                found[key] = found.get(key, 0.0) + usd * (weight / total if total else 1.0 / len(weights))
            if not weights and usd:
                found["", fleet.system, lane] = found.get(("", fleet.system, lane), 0.0) + usd
    return found


def _ratio(results: Results, class_id: str, hardware: str, lane: str) -> Array:
    """Draws of a class's cost on a system over its value; of the first rental lane where it is rented."""
    one = np.ones(results.samples)
    if not class_id:
        return one
    outcome = results.outcome(class_id, hardware)
    names = [c.lane for c in outcome.lanes if (c.lane == "own") == (lane == "own") and c.lane in outcome.draws]
    if not names:
        return one
    cost = outcome.lane(names[0])
    assert cost is not None
    ratio: Array = np.broadcast_to(outcome.draws[names[0]] / cost.usd_month.value, one.shape)
    return ratio


def _tokens(plan: Plan, end: str) -> float:
    """Tokens of the plan at one end of their prices' ranges [USD]."""
    offers = {(o.class_id, o.hardware): o for o in plan.problem.tokens}
    usd = 0.0
    for t, month in enumerate(plan.months):
        falling = plan.problem.growth[t] * (1.0 - plan.problem.api_price_fall) ** (t / 12.0)
        for route in month.routes:
            if route.lane == "api":
                usd += getattr(offers[route.class_id, route.hardware], end) * falling * route.share
    return usd
