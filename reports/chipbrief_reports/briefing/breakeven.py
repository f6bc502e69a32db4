"""Where the answer turns: the price, and the volume, at which another offer is as cheap."""

from __future__ import annotations

from chipbrief.evaluate import LaneCost, Outcome, Results
from chipbrief.finance import HOURS_PER_MONTH, Finance

__all__ = ["breakeven_price_usd", "breakeven_volume"]


def breakeven_price_usd(results: Results, outcome: Outcome, target_usd_month: float) -> float | None:
    """Price of a system at which owning it for a class costs a given sum a month; None below zero.

    Cost lines are proportional to the price or free of it, so the sum is a straight line in it (C1).
    """
    owned = outcome.lane("own")
    if owned is None or not outcome.metrics:
        return None
    hardware = results.system(outcome.hardware)
    load = outcome["utilisation"].value
    assert outcome.deployment is not None
    mine = outcome.deployment.chips_of(hardware.id) / outcome.deployment.chips
    share = outcome["chips"].value * mine / hardware.profile.chips
    lines = hardware.cost.lines("own", Finance.from_terms(results.terms), load)
    with_price = [line for line in lines if any(d.name == "system_price_usd" for d in line.drivers)]
    capital = sum(float(line.usd_per_hour) for line in with_price) * share * HOURS_PER_MONTH
    rest = owned.usd_month.value - capital
    if capital <= 0 or target_usd_month <= rest:
        return None
    return float(hardware.profile.price.system.value) * (target_usd_month - rest) / capital


def breakeven_volume(outcome: Outcome, hardware_cost: LaneCost, api_usd_month: float) -> float | None:
    """Multiple of today's volume at which the chips of a class cost as much as its tokens from an API.

    The chips are kept as they are, so the multiple must fit their capacity; None where it does not.
    """
    multiple = hardware_cost.usd_month.value / api_usd_month
    return multiple if multiple * outcome["utilisation"].value <= 1.0 else None
