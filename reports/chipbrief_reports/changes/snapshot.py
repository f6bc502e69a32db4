"""The facts of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from chipbrief.evaluate import (
    Interval,
    LaneCost,
    Outcome,
    OutcomeMetric,
    Results,
    VendorFleet,
    cheapest_route,
    vendor_fleets,
)
from chipbrief_reports.changes.facts import Facts, Given, Value
from chipbrief_reports.wording import LANE_NAMES, THIN, exact

__all__ = ["facts_of"]

SPEEDS: Mapping[OutcomeMetric, tuple[str, str]] = {
    "ttft_p95_s": ("95th percentile of TTFT", "s"),
    "tpot_p95_s": ("95th percentile of TPOT", "s"),
    "e2e_p95_s": ("95th percentile of a whole request", "s"),
    "tok_s_user": ("speed of one user", "tok/s"),
    "tok_s_system": ("output of a system", "tok/s"),
    "joules_per_token": ("energy of an output token", "J"),
}
READER = "user"  # the source of what a mix sets itself
COST, PRICE = ("cost of a month", "USD"), ("price of a million tokens", "USD")


def facts_of(results: Results, *, title: str, method: Mapping[str, str]) -> Facts:
    """Everything a later edition may be held against."""
    route, inputs = cheapest_route(results), dict(_inputs(results))
    offers = {c.id: results.offers(c.id) for c in results.mix.classes}
    legs = {c.id: route.leg_of(c.id) for c in results.mix.classes}
    return Facts(
        title=title,
        as_of=results.as_of,
        values=dict(_finite(_values(results))),
        answers={name: f"{leg.hardware}.{leg.lane}" if leg else "" for name, leg in legs.items()},
        rankings={name: tuple(f"{o.hardware}.{cost.lane}" for o, cost in found) for name, found in offers.items()},
        refused={_pair(o): o.reason for o in results.outcomes if o.status != "meets"},
        names=_names(results),
        systems={h.id: h.profile.name for h in results.systems},
        inputs=inputs,
        workload=_workload(results, inputs),
        method=dict(method),
    )


def _pair(outcome: Outcome) -> str:
    return f"{outcome.class_id}.{outcome.hardware}"


def _names(results: Results) -> dict[str, str]:
    """What ids are called."""
    found = {c.id: c.label for c in results.mix.classes}
    for o in results.outcomes:
        found[_pair(o)] = f"{results.wanted(o.class_id).label} on {_system(results, o.hardware)}"
        found |= {f"{o.hardware}.{cost.lane}": _offer(results, o, cost) for cost in o.lanes}
    return found


def _system(results: Results, hardware: str) -> str:
    return results.system(hardware).profile.system.name


def _offer(results: Results, outcome: Outcome, cost: LaneCost) -> str:
    """`DGX B200, owned`, or `Acme Cloud, by the token`."""
    who = cost.note if cost.lane == "api" else _system(results, outcome.hardware)
    return f"{who}, {LANE_NAMES[cost.lane]}"


def _carrier(results: Results, leg: VendorFleet) -> str:
    outcome = next(o for o in results.outcomes if o.hardware == leg.hardware and o.class_id in leg.served)
    cost = outcome.lane(leg.lane)
    assert cost is not None
    return _offer(results, outcome, cost)


# -- values ---------------------------------------------------------------------------------------------------


def _values(results: Results) -> Iterator[tuple[str, Value]]:
    """Results by the ids of the ledger."""
    for outcome in results.outcomes:
        yield from _of_outcome(results, outcome)
    for fleet in vendor_fleets(results):
        yield from _of_fleet(results, fleet)
    route = cheapest_route(results)
    if route.legs:
        yield "route.usd_month", _value((f"{COST[0]}, every class by its cheapest offer", "USD"), route.usd_month)
        yield "route.usd_mtok", _value((f"{PRICE[0]}, every class by its cheapest offer", "USD"), route.usd_mtok)


def _of_outcome(results: Results, outcome: Outcome) -> Iterator[tuple[str, Value]]:
    place = f"{outcome.class_id}.{outcome.hardware}"
    label = results.wanted(outcome.class_id).label
    for metric, (words, unit) in SPEEDS.items():
        if metric in outcome.metrics:
            said = f"{words}, {label} on {_system(results, outcome.hardware)}"
            yield f"{place}.{metric}", _value((said, unit), outcome[metric], outcome.hardware)
    for cost in outcome.lanes:
        said = f"{PRICE[0]}, {label}, {_offer(results, outcome, cost)}"
        yield f"{place}.{cost.lane}.usd_mtok", _value((said, PRICE[1]), cost.usd_mtok, outcome.hardware)


def _of_fleet(results: Results, fleet: VendorFleet) -> Iterator[tuple[str, Value]]:
    place = f"fleet.{fleet.hardware}.{fleet.lane}"
    who = _carrier(results, fleet)
    served = f"{len(fleet.served)} of {len(results.mix.classes)} classes"
    yield f"{place}.usd_month", _value((f"{COST[0]}, {who}, {served}", "USD"), fleet.usd_month, fleet.hardware)
    if fleet.lane == "own":
        found = (("systems", "systems", "", fleet.systems), ("capex_usd", "capex", "USD", fleet.capex_usd))
        for name, words, unit, value in found:
            yield f"{place}.{name}", _value((f"{words}, {who}, {served}", unit), value, fleet.hardware)


def _value(said: tuple[str, str], value: Interval, system: str = "") -> Value:
    return Value(said[0], value.value, value.low, value.high, said[1], system)


def _finite(found: Iterator[tuple[str, Value]]) -> Iterator[tuple[str, Value]]:
    """What cannot be written as a number is not a fact."""
    return ((key, v) for key, v in found if all(map(math.isfinite, (v.value, v.low, v.high))))


# -- inputs ---------------------------------------------------------------------------------------------------


def _inputs(results: Results) -> Iterator[tuple[str, Given]]:
    for name, (figure, source) in results.figures().items():
        span = f"{figure.text(figure.lowest)} to {figure.text(figure.highest)}" if figure.ranged else ""
        dated = "" if figure.source == READER else str(figure.date)  # that is the day of each edition
        yield name, Given(figure.text(), span, figure.value, figure.kind, dated, source.title, source.locator)


def _workload(results: Results, inputs: Mapping[str, Given]) -> dict[str, str]:
    """The mix without what is told elsewhere: the systems, and terms of finance that are inputs."""
    mix = dict(_flat(results.mix.model_dump(mode="json", by_alias=True, exclude={"hardware"})))
    return {path: said for path, said in mix.items() if path.replace(".", ":", 1) not in inputs}


def _flat(data: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Every value of nested data by its path; classes by their ids, so that a new one does not move the others."""
    if isinstance(data, Mapping):
        for key, inner in data.items():
            yield from _flat(inner, f"{at}.{key}".lstrip("."))
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            key = inner["id"] if isinstance(inner, Mapping) and "id" in inner else index
            yield from _flat(inner, f"{at}[{key}]")
    elif data is not None:
        yield at, exact(data).replace(THIN, ",") if isinstance(data, float) else str(data)
