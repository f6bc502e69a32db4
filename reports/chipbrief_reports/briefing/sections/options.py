"""The ways to carry the whole mix, side by side."""

from __future__ import annotations

import numpy as np

from chipbrief.evaluate import Interval, LaneCost, VendorFleet
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import Cell, Column, Ref, Row, Table, text
from chipbrief_reports.wording import THIN, number, percent, whole

__all__ = ["best_whole", "lane_of", "leg_name", "options", "shown"]

OPTIONS = 5  # rows that are filled up with further lanes of the same systems
BESIDE_NEWS = 4  # rows where page 1 tells what changed too
MOST_OPTIONS = 9  # rows that page 1 has room for; the rest stands in Cost

_COLUMNS = (
    Column("Option", "", "left", 2.2),
    Column("Classes", "carried", width=0.8),
    Column("Cost", "$/month", width=1.75),
    Column("Price", "$/Mtok", width=1.2),
    Column("Systems", "", width=0.9),
    Column("Power", "MW", width=0.8),
    Column("Capex", "$ million", width=1.1),
    Column("Confidence", "cheapest in", width=1.2),
)


def options(desk: Desk) -> Table:
    """Every way to carry the mix, the most classes first, then the cheapest."""
    single = best_whole(desk)
    mixed = len(desk.route.legs) > 1 or not single
    rows = [*([_route_row(desk)] if mixed else []), *(_fleet_row(desk, fleet) for fleet in shown(desk))]
    title = "No single option carries every class"
    if single and not mixed:
        title = _title_of_one(desk, single)
    elif single:
        ratio = single.usd_month.value / desk.route.usd_month.value
        title = (
            f"One vendor for everything costs {number(ratio)} times as much at best"
            if ratio >= 1.05
            else f"{leg_name(desk, single)} alone costs no more than a mixed route"
        )
    return Table(
        "options",
        title,
        "The cheapest ways to carry the mix at its peak; ranges are 80 % intervals; every lane of every system stands in Cost",
        _COLUMNS,
        tuple(rows),
        text(
            "Owned systems are whole and pooled over the classes; chips are rented by the hour; power is IT power times PUE",
            desk.notes.cite("", ["finance:pue"]),
            ".",
        ),
    )


def _title_of_one(desk: Desk, single: VendorFleet) -> str:
    """One offer for every class; it is chosen by the draws, and may not be the cheapest at the inputs' values."""
    [leg] = desk.route.legs
    if (leg.hardware, leg.lane) == (single.hardware, single.lane):
        return f"{leg_name(desk, single)}, carries everything for least"
    carries = next(fleet for fleet in desk.fleets if is_route(desk, fleet))
    dearer = float(np.mean(single.draws > carries.draws))
    return f"{leg_name(desk, single)}, is cheaper at the inputs' values but dearer in {percent(dearer)} of the draws"


def shown(desk: Desk) -> list[VendorFleet]:
    """The first options in their order, the best of each system in focus and of the services among them.

    A second offer of a system waits until every other one has a row; what page 1 has no room for stands in Cost.
    """
    first = {fleet.hardware: fleet for fleet in reversed(desk.fleets)}
    services = [fleet for fleet in desk.fleets if fleet.lane == "api"][:1]
    chosen = [fleet for fleet in desk.fleets if is_route(desk, fleet)]
    kept = [*chosen, *(first[name] for name in desk.focus if name in first), *services]
    others = [fleet for fleet in desk.fleets if first[fleet.hardware] is fleet]
    most, filled = (MOST_OPTIONS, OPTIONS) if desk.changes is None else (BESIDE_NEWS, BESIDE_NEWS)
    for fleet in (*others, *(desk.fleets if len(first) < OPTIONS else ())):
        limit = most if first[fleet.hardware] is fleet else filled
        if len(kept) < limit and not any(fleet is shown for shown in kept):
            kept.append(fleet)
    return [fleet for fleet in desk.fleets if any(fleet is shown for shown in kept)]


def is_route(desk: Desk, fleet: VendorFleet) -> bool:
    """Whether a fleet is all of what is recommended."""
    legs = desk.route.legs
    return len(legs) == 1 and (legs[0].hardware, legs[0].lane) == (fleet.hardware, fleet.lane)


def _route_row(desk: Desk) -> Row:
    route, pue = desk.route, desk.results.terms.pue.value
    served = len(desk.mix.classes) - len(route.unserved)
    systems = sum(leg.systems.value for leg in route.legs if leg.lane == "own")
    return Row(
        (
            Cell(text("Cheapest for each class", *_leg_notes(desk)), best=True),
            cell(f"{served} of {len(desk.mix.classes)}"),
            desk.spread(route.usd_month, desk.range_note, best=True),
            desk.spread(route.usd_mtok, best=True),
            cell(whole(systems)) if systems else absent(""),
            cell(number(route.power_w.value * pue / 1e6)) if route.power_w.value else absent(""),
            _millions(desk, route.capex_usd) if route.capex_usd.value else absent(""),
            _confidence(desk, "route", ""),
        )
    )


def _leg_notes(desk: Desk) -> list[str | Ref]:
    """The notes of the legs' prices, a thin space apart."""
    notes: list[str | Ref] = []
    for leg in desk.route.legs:
        notes += [THIN, desk.cost_note(*lane_of(desk, leg))]
    return notes[1:]


def _fleet_row(desk: Desk, fleet: VendorFleet) -> Row:
    hardware, cost = lane_of(desk, fleet)
    pue = desk.results.terms.pue.value
    owned, best = fleet.lane == "own", is_route(desk, fleet)
    return Row(
        (
            Cell(text(leg_name(desk, fleet), desk.cost_note(hardware, cost)), dot=desk.dot(hardware), best=best),
            cell(f"{len(fleet.served)} of {len(desk.mix.classes)}"),
            desk.spread(fleet.usd_month, best=best),
            desk.spread(fleet.usd_mtok, best=best),
            desk.counted(fleet.systems) if owned else _chips(fleet),
            cell(number(fleet.power_w.value * pue / 1e6)) if owned else absent(""),
            _millions(desk, fleet.capex_usd) if owned else absent(""),
            _confidence(desk, f"fleet.{fleet.hardware}.{fleet.lane}", desk.basis(hardware, fleet.lane)),
        )
    )


def _confidence(desk: Desk, option: str, basis: str) -> Cell:
    """Share of the draws in which an option costs least, of those that carry the whole mix, and what it rests on."""
    share = desk.cheapest_options.get(option)
    if share is None:
        return absent(basis)
    return cell("<1 %" if 0 < share < 0.01 else f"{number(share * 100)} %", basis)


def _chips(fleet: VendorFleet) -> Cell:
    return cell(whole(fleet.chips.value), "chips") if fleet.chips.value else absent("")


def _millions(desk: Desk, value: Interval) -> Cell:
    scaled = Interval(value.value / 1e6, value.low / 1e6, value.high / 1e6)
    return cell(number(scaled.value), desk.span(scaled))


def leg_name(desk: Desk, leg: VendorFleet) -> str:
    """An option as a reader calls it."""
    outcome = next(o for o in desk.results.outcomes if o.hardware == leg.hardware and o.lane(leg.lane))
    offered = outcome.lane(leg.lane)
    assert offered is not None
    return desk.offer_name(leg.hardware, offered)


def best_whole(desk: Desk) -> VendorFleet | None:
    """The cheapest single option that carries every class."""
    whole = [fleet for fleet in desk.fleets if len(fleet.served) == len(desk.mix.classes)]
    return min(whole, key=lambda fleet: fleet.usd_month.value, default=None)


def lane_of(desk: Desk, fleet: VendorFleet) -> tuple[str, LaneCost]:
    """The system of an option and the price of one of its classes, for citing."""
    outcome = next(o for o in desk.results.outcomes if o.hardware == fleet.hardware and o.class_id in fleet.served)
    found = outcome.lane(fleet.lane)
    assert found is not None
    return fleet.hardware, found
