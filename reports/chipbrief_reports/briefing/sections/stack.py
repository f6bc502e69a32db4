"""What a million tokens of the mix costs by line, in every way that page 1 compares, idle as lines of its own (C2, C3).

A line is what its systems cost at work; what they cost while they wait for the peak is idle, and so are the chips of
whole systems that no replica uses. All of it adds up to the price of the option.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chipbrief.evaluate import Footprint, Part, VendorFleet
from chipbrief.finance import HOURS_PER_MONTH, LANES, Finance, Lane
from chipbrief_reports.briefing.desk import Desk
from chipbrief_reports.briefing.document import Chart, Text, text
from chipbrief_reports.briefing.sections.options import leg_name, shown
from chipbrief_reports.charts import Bar, stacked_bars
from chipbrief_reports.wording import joined, money, number, percent, price

__all__ = ["CHIPS", "HOURS", "ROUTE", "TOKENS", "StackOption", "bar_key", "stack", "stack_options"]

ROUTE = "route"
HOURS, CHIPS, TOKENS = "idle_hours", "idle_chips", "tokens"
LABELS = {HOURS: "Idle, below the peak", CHIPS: "Idle, unused chips", TOKENS: "Tokens at list price"}
FURTHEST = 8.0  # times the cheapest: dearer options would press the others to nothing


@dataclass(frozen=True, slots=True)
class Replicas:
    """The replicas of a class: hours of all of them in a month, their mean load, and what one stands on."""

    lane: Lane
    hours: float
    load: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class StackOption:
    """One bar: its id and name, million tokens a month, price, and what it is reckoned from.

    `idle_usd` is a month of the chips that no replica uses, `idle_hours` the hours of each system that they stand for;
    `tokens_usd` a month of tokens at list price.
    """

    id: str
    name: str
    mtok: float
    usd_mtok: float
    replicas: tuple[Replicas, ...]
    idle_hours: tuple[tuple[Part, float], ...]
    tokens_usd: float


def stack_options(desk: Desk) -> list[StackOption]:
    """The route and what it is compared with, but for what costs many times as much as the cheapest."""
    single = [_option(desk, f"{f.hardware}/{f.lane}", _name(desk, f), [f], f.usd_mtok.value) for f in _compared(desk)]
    if len(desk.route.legs) > 1:
        single.insert(0, _option(desk, ROUTE, "Cheapest for each", desk.route.legs, desk.route.usd_mtok.value))
    cheapest = min((option.usd_mtok for option in single), default=0.0)
    return [option for option in single if option.usd_mtok <= FURTHEST * cheapest]


def _compared(desk: Desk) -> list[VendorFleet]:
    """The options of page 1, and every system in focus owned: buying stands beside renting and tokens."""
    first = shown(desk)
    return [
        fleet
        for fleet in desk.fleets
        if any(fleet is other for other in first) or (fleet.lane == "own" and fleet.hardware in desk.focus)
    ]


def _name(desk: Desk, fleet: VendorFleet) -> str:
    missing = len(fleet.unserved)
    return leg_name(desk, fleet) + (f" ({len(fleet.served)} of {len(fleet.served) + missing})" if missing else "")


def _option(desk: Desk, name: str, label: str, legs: Sequence[VendorFleet], usd_mtok: float) -> StackOption:
    month = sum(leg.usd_month.value for leg in legs)
    return StackOption(
        id=name,
        name=label,
        mtok=month / usd_mtok,
        usd_mtok=usd_mtok,
        replicas=tuple(r for leg in legs if leg.lane != "api" for r in _replicas(desk, leg)),
        idle_hours=tuple(pair for leg in legs if leg.lane == "own" for pair in _idle(desk, leg)),
        tokens_usd=sum(leg.usd_month.value for leg in legs if leg.lane == "api"),
    )


def _replicas(desk: Desk, leg: VendorFleet) -> Iterator[Replicas]:
    system, lane = desk.system(leg.hardware), next(lane for lane in LANES if lane == leg.lane)
    for class_id in leg.served:
        o = desk.results.outcome(class_id, leg.hardware)
        assert o.deployment is not None
        hours, load = o["replicas"].value * HOURS_PER_MONTH, o["utilisation"].value
        yield Replicas(lane, hours, load, Footprint.of(system, o.deployment).parts)


def _idle(desk: Desk, leg: VendorFleet) -> Iterator[tuple[Part, float]]:
    """Hours in a month of each sort of system that no replica uses, as whole systems are bought."""
    for system in desk.system(leg.hardware).systems:
        used = sum(
            r.hours / HOURS_PER_MONTH * p.systems
            for r in _replicas(desk, leg)
            for p in r.parts
            if p.hardware.id == system.id
        )
        part = next(p for r in _replicas(desk, leg) for p in r.parts if p.hardware.id == system.id)
        yield part, (leg.by_system[system.id] - used) * HOURS_PER_MONTH


def bar_key(option: str, line: str) -> str:
    """By what the page finds a line of an option again."""
    return f"{option}|{line}"


# -- lines ----------------------------------------------------------------------------------------------------


def stack_lines(option: StackOption, finance: Finance) -> dict[str, tuple[str, str, float]]:
    """(label, equation, USD/Mtok) of an option by line: those at work first, idle last."""
    usd: dict[str, tuple[str, str, float]] = {}

    def add(line: str, label: str, equation: str, month: float) -> None:
        before = usd.get(line, (label, equation, 0.0))
        usd[line] = (*before[:2], before[2] + month / option.mtok)

    waiting = 0.0
    for replicas in option.replicas:
        for part in replicas.parts:
            hours, cost = replicas.hours * part.systems, part.hardware.cost
            for line in cost.lines(replicas.lane, finance, 1.0):
                add(line.id, line.label, line.equation, hours * replicas.load * float(line.usd_per_hour))
                waiting -= hours * replicas.load * float(line.usd_per_hour)
            waiting += sum(hours * float(x.usd_per_hour) for x in cost.lines(replicas.lane, finance, replicas.load))
    if option.tokens_usd:
        add(TOKENS, LABELS[TOKENS], "C4", option.tokens_usd)
    if option.replicas:
        add(HOURS, LABELS[HOURS], "C3", waiting)
    for part, hours in option.idle_hours:
        at_rest = sum(float(x.usd_per_hour) for x in part.hardware.cost.lines("own", finance, 0.0))
        add(CHIPS, LABELS[CHIPS], "C3", hours * at_rest)
    return usd


def stack(desk: Desk) -> list[Chart]:
    """The chart; nothing where nothing is offered."""
    options = stack_options(desk)
    if not options:
        return []
    finance = Finance.from_terms(desk.results.terms)
    found = {option.id: stack_lines(option, finance) for option in options}
    labels = {line: label for lines in found.values() for line, (label, _, _) in lines.items()}
    order = sorted(labels, key=lambda line: (line in (HOURS, CHIPS), line == TOKENS, line == "rent"))
    bars = [
        Bar(option.name, labels[line], usd, equation, bar_key(option.id, line))
        for line in order
        for option in options
        if line in found[option.id] and any(lines.get(line, ("", "", 0.0))[2] > 0 for lines in found.values())
        for _, equation, usd in [found[option.id][line]]
    ]
    return [
        Chart(
            "stack",
            _finding(options, found),
            "$/Mtok of all tokens by line; idle is what the peak asks for and the mean load does not use, at its cost at rest",
            stacked_bars(
                bars,
                axis="$/Mtok",
                totals={option.name: f"${price(option.usd_mtok)}" for option in options},
                idle=[LABELS[HOURS], LABELS[CHIPS]],
            ),
            "Stacked bars of the price of a million tokens. "
            + " ".join(_told(option, found[option.id]) for option in options),
            _caption(desk, options),
        )
    ]


def _caption(desk: Desk, options: Sequence[StackOption]) -> Text:
    terms = [f"finance:{name}" for name in desk.results.terms.names()]
    drawn = {option.id for option in options}
    left = [fleet for fleet in _compared(desk) if f"{fleet.hardware}/{fleet.lane}" not in drawn]
    dear = joined([f"{leg_name(desk, fleet)}, at {money(fleet.usd_mtok.value)}" for fleet in left])
    rest = f" Not drawn: {dear}." if left else ""
    return text(
        "C1 to C4", desk.notes.cite("C1", terms), f". Lines at zero (software, staff by default) are left out.{rest}"
    )


def _told(option: StackOption, lines: dict[str, tuple[str, str, float]]) -> str:
    parts = ", ".join(f"{label.lower()} {number(usd)}" for label, _, usd in lines.values() if usd > 0)
    return f"{option.name}, {number(option.usd_mtok)}: {parts}."


def _finding(options: Sequence[StackOption], found: dict[str, dict[str, tuple[str, str, float]]]) -> str:
    """How much of the cheapest option on hardware is paid for chips at rest."""
    on_hardware = [option for option in options if option.replicas and option.id != ROUTE]
    if not on_hardware:
        return "By the token nothing stands idle"
    first = min(on_hardware, key=lambda option: option.usd_mtok)
    idle = sum(found[first.id].get(line, ("", "", 0.0))[2] for line in (HOURS, CHIPS))
    return f"{percent(idle / first.usd_mtok)} of the price of {first.name}, is paid for chips that wait for work"
