"""Whole fleets and the cheapest route: sums over classes, idle chips, systems, price and watts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from chipbrief.evaluate import Interval, Results, Route, VendorFleet
from chipbrief.finance import HOURS_PER_MONTH, Finance, hourly_usd
from chipbrief.ledger.entry import Entry
from chipbrief.sensitivity.ranking import cheapest_shares

__all__ = ["cheapest_options", "fleet", "route", "shares"]


def fleet(results: Results, of: VendorFleet, root: str = "fleet") -> Iterator[Entry]:
    """The lines of one system and lane for the classes that it carries; ids are `fleet.system.lane.metric`."""
    prefix = f"{root}.{of.hardware}.{of.lane}"
    what = f"{of.hardware}, {of.lane.replace('_', ' ')}, for {', '.join(of.served)}"
    idle = _idle(results, of, prefix) if of.lane == "own" else None
    if idle:
        yield idle
    classes = [f"{c}.{of.hardware}.{of.lane}.usd_month" for c in of.served]
    parts = [*classes, *([idle.id] if idle else [])]
    yield _sum(f"{prefix}.usd_month", f"a month of {what}", of.usd_month, "USD/month", parts)
    tokens = [f"{c}.{of.hardware}.mtok_month" for c in of.served]
    below = " + ".join(f"{{{i + 1}}}" for i in range(len(tokens)))
    yield Entry(
        id=f"{prefix}.usd_mtok",
        label=f"price of all tokens, {what}",
        value=of.usd_mtok.value,
        unit="USD/Mtok",
        span=of.usd_mtok,
        equations=("C2",),
        formula=f"{{0}} / ({below})",
        inputs=(f"{prefix}.usd_month", *tokens),
    )
    if of.lane != "api":
        yield from _systems(results, of, prefix, what)


def shares(results: Results, fleets: Sequence[VendorFleet], found: Route) -> Iterator[Entry]:
    """In what share of the draws each way to carry the whole mix costs least; ids end in `cheapest_share`."""
    told = cheapest_options(results, fleets, found)
    months = tuple(f"{name}.usd_month" for name in told)
    for name, share in told.items():
        yield Entry(
            id=f"{name}.cheapest_share",
            label=f"share of {results.samples} draws (seed {results.seed}) in which {name} costs least of {len(told)}",
            value=share,
            inputs=months,
        )


def cheapest_options(results: Results, fleets: Sequence[VendorFleet], found: Route) -> dict[str, float]:
    """Share of the draws in which each way to carry the whole mix costs least, by `fleet.system.lane` or `route`."""
    whole = [fleet for fleet in fleets if len(fleet.served) == len(results.mix.classes)]
    options = {f"fleet.{fleet.hardware}.{fleet.lane}": fleet.draws for fleet in whole}
    if not found.unserved and len(found.legs) > 1:
        options["route"] = found.draws
    if not options:
        return {}
    drawn = np.array([np.broadcast_to(draws, (results.samples,)) for draws in options.values()])
    return dict(zip(options, map(float, cheapest_shares(drawn)[0]), strict=True))


def _idle(results: Results, of: VendorFleet, prefix: str) -> Entry:
    """Chips that no replica uses, at what an idle hour of their system costs."""
    finance, sorts = Finance.from_terms(results.terms), results.system(of.hardware).systems
    lines = [line for system in sorts for line in system.cost.lines("own", finance, 0.0)]
    chips = tuple(f"{c}.{of.hardware}.chips" for c in of.served)
    used = " + ".join(f"{{{i + 1}}}" for i in range(len(chips)))
    hour = float(hourly_usd(lines))
    return Entry(
        id=f"{prefix}.idle_usd_month",
        label=f"chips of whole {of.hardware} systems that no replica uses, by an idle system's hour",
        value=of.idle_usd_month,
        unit="USD/month",
        equations=("C3", "C1"),
        formula=f"({{0}} - ({used}) / {sorts[0].profile.chips}) * {hour!r} * {HOURS_PER_MONTH!r}"
        if len(sorts) == 1
        else "",
        inputs=(f"{prefix}.systems", *chips),
        figures=tuple(dict.fromkeys(figure for line in lines for figure in line.figures)),
    )


def _systems(results: Results, of: VendorFleet, prefix: str, what: str) -> Iterator[Entry]:
    chips = tuple(f"{c}.{of.hardware}.chips" for c in of.served)
    one = len(of.by_system) == 1
    mine = results.system(of.hardware)
    total = " + ".join(f"{{{i}}}" for i in range(len(chips)))
    yield Entry(
        id=f"{prefix}.chips",
        label=f"chips that replicas use, {what}",
        value=of.chips.value,
        span=of.chips,
        equations=("C3",),
        formula=total,
        inputs=chips,
    )
    yield Entry(
        id=f"{prefix}.systems",
        label=f"whole systems, {what}",
        value=of.systems.value,
        span=of.systems,
        equations=("C3",),
        formula=f"ceil(({total}) / {mine.profile.chips})" if one else "",
        inputs=chips,
        figures=(mine.profile.figure_id("system.chips"),),
    )
    if of.lane != "own":
        return
    price, watts = mine.profile.price.system.value, float(mine.cost.power_w(1.0))
    yield Entry(
        id=f"{prefix}.capex_usd",
        label=f"price of the systems, {what}",
        value=of.capex_usd.value,
        unit="USD",
        span=of.capex_usd,
        formula=f"{{0}} * {price!r}" if one else "",
        inputs=(f"{prefix}.systems",),
        figures=tuple(s.profile.figure_id("price.system") for s in mine.systems),
    )
    yield Entry(
        id=f"{prefix}.power_w",
        label=f"IT power at full load, {what}",
        value=of.power_w.value,
        unit="W",
        span=of.power_w,
        equations=("E9",),
        formula=f"{{0}} * {watts!r}" if one else "",
        inputs=(f"{prefix}.systems",),
        figures=tuple(s.profile.figure_id("power.system") for s in mine.systems),
    )


def route(results: Results, of: Route) -> Iterator[Entry]:
    """The lines of every class by its cheapest offer; ids are `route.metric` and `route.system.lane.metric`."""
    for leg in of.legs:
        yield from fleet(results, leg, "route")
    legs = [f"route.{leg.hardware}.{leg.lane}" for leg in of.legs]
    owned = [f"route.{leg.hardware}.own" for leg in of.legs if leg.lane == "own"]
    yield _sum(
        "route.usd_month",
        "a month, every class by its cheapest offer" if legs else "no class has an offer",
        of.usd_month,
        "USD/month",
        [f"{n}.usd_month" for n in legs],
    )
    yield _sum("route.capex_usd", "price of the systems to buy", of.capex_usd, "USD", [f"{n}.capex_usd" for n in owned])
    yield _sum("route.power_w", "IT power of the systems to own", of.power_w, "W", [f"{n}.power_w" for n in owned])
    tokens = [f"{c}.{leg.hardware}.mtok_month" for leg in of.legs for c in leg.served]
    below = " + ".join(f"{{{i + 1}}}" for i in range(len(tokens)))
    if tokens:
        yield Entry(
            id="route.usd_mtok",
            label="price of all tokens, every class by its cheapest offer",
            value=of.usd_mtok.value,
            unit="USD/Mtok",
            span=of.usd_mtok,
            equations=("C2",),
            formula=f"{{0}} / ({below})",
            inputs=("route.usd_month", *tokens),
        )


def _sum(name: str, label: str, value: Interval, unit: str, parts: list[str]) -> Entry:
    return Entry(
        id=name,
        label=label,
        value=value.value,
        unit=unit,
        span=value,
        equations=("C3",) if name.endswith("usd_month") else (),
        formula=" + ".join(f"{{{i}}}" for i in range(len(parts))) or "0",
        inputs=tuple(parts),
    )
