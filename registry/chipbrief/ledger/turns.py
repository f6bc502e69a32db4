"""Where the answer turns: the price, and the volume, at which another offer is as cheap; and what the route saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chipbrief.evaluate import LaneCost, Outcome, Results, Route, VendorFleet
from chipbrief.finance import HOURS_PER_MONTH, CostLine, Finance
from chipbrief.ledger.entry import Entry

__all__ = ["saving", "turns"]

PRICE = "system_price_usd"


def turns(results: Results, class_id: str) -> Iterator[Entry]:
    """Of a class: `...own.turning_price_usd` of every system that meets its levels, `...turning_volume` against tokens.

    A price stands against the class's first offer, a volume against that offer where it is an API.
    """
    offers = results.offers(class_id)
    if not offers:
        return
    leader, first = offers[0]
    target = f"{class_id}.{leader.hardware}.{first.lane}.usd_month"
    for outcome in results.of_class(class_id):
        if outcome.status == "meets" and outcome.lane("own") and outcome is not leader:
            yield from _price(results, outcome, target, first.usd_month.value)
    hardware = next(((o, c) for o, c in offers if c.lane != "api"), None)
    if first.lane == "api" and hardware:
        yield from _volume(*hardware, target, first.usd_month.value)


def _price(results: Results, outcome: Outcome, target: str, target_usd: float) -> Iterator[Entry]:
    """The price of a system at which owning it costs as much: cost lines are proportional to it or free of it (C1)."""
    hardware, owned, prefix = results.system(outcome.hardware), outcome.lane("own"), _prefix(outcome)
    assert owned is not None
    today, months = float(hardware.profile.price.system.value), f"{{2}} * {HOURS_PER_MONTH!r}"
    lines = hardware.cost.lines("own", Finance.from_terms(results.terms), outcome["utilisation"].value)
    priced = [line for line in lines if line.driven_by(PRICE)]
    capital = _usd_month(outcome, hardware.id, hardware.profile.chips, priced)
    rest = owned.usd_month.value - capital
    if capital <= 0 or target_usd <= rest:
        return
    total = f"({' + '.join(f'{{{i + 3}}}' for i in range(len(priced)))}) * {months}"
    yield Entry(
        id=f"{prefix}.own.turning_price_usd",
        label=f"price of a {hardware.id} at which owning it costs {outcome.class_id} as much as the first offer",
        value=today * (target_usd - rest) / capital,
        unit="USD",
        equations=("C1",),
        formula=f"{today!r} * ({{0}} - {{1}} + {total}) / ({total})",
        inputs=(
            target,
            f"{prefix}.own.usd_month",
            f"{prefix}.replicas",
            *(f"{prefix}.own.usd_h.{hardware.id}.{line.id}" for line in priced),
        ),
        figures=(hardware.profile.figure_id("price.system"),),
    )


def _usd_month(outcome: Outcome, system: str, chips: int, lines: Sequence[CostLine]) -> float:
    """A month of some lines for the chips that a class takes of a system [USD]."""
    assert outcome.deployment is not None
    share = outcome["replicas"].value * outcome.deployment.chips_of(system) / chips
    return sum(float(line.usd_per_hour) for line in lines) * share * HOURS_PER_MONTH


def _volume(outcome: Outcome, cost: LaneCost, target: str, api_usd: float) -> Iterator[Entry]:
    """Multiple of today's volume at which the chips cost as much as the tokens; nothing beyond their capacity."""
    multiple = cost.usd_month.value / api_usd
    if multiple * outcome["utilisation"].value > 1.0:
        return
    yield Entry(
        id=f"{_prefix(outcome)}.{cost.lane}.turning_volume",
        label=f"times today's volume of {outcome.class_id} at which its chips cost as much as tokens",
        value=multiple,
        formula="{0} / {1}",
        inputs=(f"{_prefix(outcome)}.{cost.lane}.usd_month", target),
    )


def _prefix(outcome: Outcome) -> str:
    return f"{outcome.class_id}.{outcome.hardware}"


def saving(results: Results, fleets: Sequence[VendorFleet], route: Route) -> Iterator[Entry]:
    """What the cheapest route costs less than the cheapest single option for everything: `route.saving_share`."""
    whole = [fleet for fleet in fleets if len(fleet.served) == len(results.mix.classes)]
    if not whole or route.unserved:
        return
    best = min(whole, key=lambda fleet: fleet.usd_month.value)
    yield Entry(
        id="route.saving_share",
        label=f"what the route costs less than {best.hardware}, {best.lane.replace('_', ' ')}, for everything",
        value=1.0 - route.usd_month.value / best.usd_month.value,
        formula="1 - {0} / {1}",
        inputs=("route.usd_month", f"fleet.{best.hardware}.{best.lane}.usd_month"),
    )
