"""The plan over its months: what to own, rent and buy by the token, when, and what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chipbrief.fleet import Alternative, Case, Destination, FleetReport, Month, Plan, destinations
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import (
    Block,
    Bullets,
    Cell,
    Chart,
    Column,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    plain,
    text,
)
from chipbrief_reports.briefing.sections.replicas import fleets_table, replicas_table
from chipbrief_reports.charts import capacity_steps
from chipbrief_reports.wording import count, joined, midsentence, millions, money, number, percent, seconds, whole

__all__ = ["capacity"]

LEAST_SHARE = 0.005  # of a class, below which a route is a remainder
LANES = {"own": "owned", "rent": "rented", "api": "tokens"}
NUMBER = r"\d+(?:\.\d+)?(?:e[-+]?\d+)?"
NEARBY = rf"(?:(?<=^)|(?<= own )|(?<= rent )|(?<= api )){NUMBER}"
OWN_PRICE = re.compile(rf"({NUMBER}) USD/Mtok")
UNITS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
TIME = re.compile(rf"({NUMBER}) (ms|s|min|h)\b")


def capacity(desk: Desk) -> Section:
    """The fleet by quarter, which class goes where, and the fleets that it was chosen over."""
    report = desk.plan
    blocks: list[Block] = []
    if report and report.plan:
        blocks += [
            *_timeline(desk, report.plan),
            _quarters(desk, report),
            _routes(desk, report.plan),
            _beside(desk, report),
        ]
        if said := _cases(desk, report):
            blocks.append(Bullets("If it goes otherwise", said))
    elif report:
        blocks.append(Paragraph(text(*(f"{line}. " for line in (*report.unserved.values(), *report.missing)))))
    else:
        blocks += [replicas_table(desk), fleets_table(desk)]
    return Section("capacity", "Capacity plan", _title(desk), tuple(blocks))


# -- the headline ---------------------------------------------------------------------------------------------


def _title(desk: Desk) -> str:
    plan = desk.plan.plan if desk.plan else None
    if plan is None:
        return "No fleet carries this mix" if desk.plan else "What carries each class"
    deeds = [part for part in (_bought(desk, plan), _rented(desk, plan), _tokens(desk, plan)) if part]
    words = "; ".join(deeds) or "Nothing to do"
    return words[0].upper() + words[1:]


def _bought(desk: Desk, plan: Plan) -> str:
    total: dict[str, int] = {}
    for month in plan.months:
        for fleet in month.fleets:
            total[fleet.system] = total.get(fleet.system, 0) + fleet.bought
    named = [desk.several(name, units) for name, units in total.items() if units]
    return f"buy {joined(named)} by {plan.months[-1].month}" if named else ""


def _rented(desk: Desk, plan: Plan) -> str:
    last = plan.months[-1]
    named = [f"{whole(chips)} {desk.chip(f.system)}" for f in last.fleets if (chips := sum(f.rented_chips.values()))]
    return f"rent {joined(named)} by {last.month}" if named else ""


def _tokens(desk: Desk, plan: Plan) -> str:
    bought = [
        c.id for c in desk.mix.classes if sum(s for (_, lane), s in plan.share(c.id).items() if lane == "api") > 0.5
    ]
    if bought and len(bought) == len(plan.problem.classes):
        return "buy every token"
    return f"buy tokens for {joined([midsentence(desk.label(name)) for name in bought])}" if bought else ""


# -- by month -------------------------------------------------------------------------------------------------


def _timeline(desk: Desk, plan: Plan) -> list[Block]:
    """Chips of each system and lane by month; nothing where all is bought by the token."""
    series: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for month in plan.months:
        for fleet in month.fleets:
            chips = {
                "own": float(fleet.live * desk.part(fleet.system).profile.chips),
                "rent": sum(fleet.rented_chips.values()),
            }
            for lane, number_ in chips.items():
                if number_ > 0:
                    series.setdefault((fleet.system, lane), []).append((month.month, number_))
    if not series:
        return []
    named = [
        (f"{_sold(desk, system, lane)}, {LANES[lane]}", desk.dot(system), points)
        for (system, lane), points in series.items()
    ]
    ends = [f"{name} from {whole(points[0][1])} to {whole(points[-1][1])} chips" for name, _, points in named]
    growth = plan.problem.growth[-1]
    return [
        Chart(
            "timeline",
            f"Demand grows to {number(growth)} times today's in {count(len(plan.months), 'month')}"
            if growth != 1.0
            else f"The same demand for {count(len(plan.months), 'month')}",
            "Chips owned and under contract by month, logarithmic",
            capacity_steps(named, axis="chips", height=96),
            f"Stepped lines of chips by month: {'; '.join(ends)}.",
        )
    ]


def _quarters(desk: Desk, report: FleetReport) -> Table:
    plan = report.plan
    assert plan is not None
    columns = (
        Column("Months", "", "left", 1.7),
        Column("Cost", "$", width=1.0),
        Column("Capex", "$", width=1.0),
        Column("Owned", "systems at the end", "left", 1.7),
        Column("Rented", "chips at the end", "left", 1.5),
        Column("Power", "MW", width=0.8),
        Column("Racks", "", width=0.7),
        Column("Used", "of chips", width=0.8),
        Column("Tokens", "$", width=0.9),
    )
    step = 3 if len(plan.months) <= 36 else 12
    rows = [_quarter(desk, plan.months[first : first + step]) for first in range(0, len(plan.months), step)]
    usd = report.usd
    span = f", 80 % interval {millions(usd.low)} to {millions(usd.high)}" if usd and usd.low < usd.high else ""
    return Table(
        "quarters",
        f"{millions(plan.usd)} over {count(len(plan.months), 'month')}{span}",
        "Whole systems; capex of what goes live; power is utility power of what is owned; used is mean load over what is there at the end",
        *_filled(columns, rows),
        _gap(desk, plan),
        dense=True,
    )


def _filled(columns: Sequence[Column], rows: Sequence[Row]) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """A table without the columns that hold nothing in any row."""
    empty = ("", "–")
    kept = [i for i, _ in enumerate(columns) if any(plain(row.cells[i].content) not in empty for row in rows)]
    return tuple(columns[i] for i in kept), tuple(replace(row, cells=tuple(row.cells[i] for i in kept)) for row in rows)


def _quarter(desk: Desk, months: tuple[Month, ...]) -> Row:
    last = months[-1]
    owned = [desk.several(f.system, f.live) for f in last.fleets if f.live]
    rented = [f"{whole(chips)} {desk.chip(f.system)}" for f in last.fleets if (chips := sum(f.rented_chips.values()))]
    used = [percent(f.utilisation if f.live else f.rented_utilisation) for f in last.fleets]
    capex, tokens = sum(m.capex_usd for m in months), sum(m.usd["api"] for m in months)
    return Row(
        (
            Cell(text(months[0].month if len(months) == 1 else f"{months[0].month} to {last.month}")),
            cell(money(sum(m.usd_total for m in months))),
            cell(money(capex)) if capex else absent(""),
            Cell(text(joined(owned) or "–"), absent=not owned),
            Cell(text(joined(rented) or "–"), absent=not rented),
            cell(number(last.power_w / 1e6)) if last.power_w else absent(""),
            cell(whole(last.racks)) if last.racks else absent(""),
            cell(joined(used)) if used else absent(""),
            cell(money(tokens)) if tokens else absent(""),
        )
    )


def _gap(desk: Desk, plan: Plan) -> Text:
    words = (
        f"No plan of the same offers is cheaper by more than {percent(plan.gap)}"
        if plan.gap >= 5e-4
        else "No plan of the same offers is cheaper"
    )
    note = desk.notes.say(
        "Whole systems and replicas in each month, classes of one model on one deployment sharing replicas, peaks of "
        "all classes at once unless the mix gives their hours; capital is charged by C1's monthly payments (docs/plan.md)."
    )
    return text(words, note, ".")


# -- which class goes where -----------------------------------------------------------------------------------


def _routes(desk: Desk, plan: Plan) -> Table:
    columns = (
        Column("Class", "", "left", 1.6),
        Column("Goes to", "", "left", 1.5),
        Column("Share", "", width=0.6),
        Column("Reaches", "", "left", 2.3),
        Column("Why", "$/Mtok with no chip idle", "left", 3.0),
    )
    found = [d for d in destinations(plan) if d.share > LEAST_SHARE]
    return Table(
        "routes",
        _route_finding(desk, found),
        "Shares over all months",
        columns,
        tuple(_route(desk, d, first=i == 0 or found[i - 1].class_id != d.class_id) for i, d in enumerate(found)),
        _unlike_page_one(desk, found),
        dense=True,
    )


def _unlike_page_one(desk: Desk, found: list[Destination]) -> Text:
    """Why some classes go elsewhere than on page 1, where each is priced alone and as of today."""
    first: dict[str, Destination] = {}
    for d in found:
        if d.class_id not in first or d.share > first[d.class_id].share:
            first[d.class_id] = d
    chosen = {name: leg for leg in desk.route.legs for name in leg.served}
    moved = [
        midsentence(desk.label(name))
        for name, d in first.items()
        if name in chosen and (chosen[name].hardware, _bare(chosen[name].lane)) != (d.hardware, _bare(d.lane))
    ]
    if not moved:
        return ()
    goes = "goes" if len(moved) == 1 else "go"
    return text(
        f"{joined(moved)[:1].upper()}{joined(moved)[1:]} {goes} elsewhere than in Decision, which prices each class by "
        "itself at today's load: here classes share replicas, and the demand is that of all months."
    )


def _bare(lane: str) -> str:
    """A lane without its term."""
    return lane.partition("_")[0]


def _route_finding(desk: Desk, found: list[Destination]) -> str:
    names = list(dict.fromkeys(_sold(desk, d.hardware, d.lane) for d in found if d.lane != "api"))
    if not names:
        return "No class needs hardware of its own"
    if len(names) == 1 and all(d.lane != "api" for d in found):
        return f"{names[0]} carries every class"
    return "Which class goes where, and why"


def _sold(desk: Desk, hardware: str, lane: str) -> str:
    """What is bought in a lane: a system to own, chips to rent."""
    return desk.name(hardware) if lane == "own" else desk.chip(hardware)


def _named(desk: Desk, why: str) -> str:
    """A reason with what is bought in place of ids, two significant figures (three where two are alike), and no unit."""
    prices = [float(found) for found in re.findall(NEARBY, why)]
    digits = 3 if len({number(price) for price in prices}) < len(prices) else 2
    words = OWN_PRICE.sub(lambda found: number(float(found[1]), digits), why)
    for hardware in desk.results.systems:
        for lane, said in LANES.items():
            price = re.compile(rf"(?<!\S){re.escape(hardware.id)} {lane} ({NUMBER})")
            who = f"{_sold(desk, hardware.id, lane)} {said}"
            words = price.sub(lambda found, who=who: f"{who} {number(float(found[1]), digits)}", words)  # type: ignore[misc] # bound at once
    return words


def _reached(words: str) -> str:
    """`TTFT p95 96.6 ms, 74 tok/s a user` with two significant figures."""
    return TIME.sub(lambda found: seconds(float(found[1]) * UNITS[found[2]]), words)


def _route(desk: Desk, d: Destination, *, first: bool) -> Row:
    who = _sold(desk, d.hardware, d.lane)
    where = f"{d.text}, {LANES['api']}" if d.lane == "api" else f"{who}, {LANES[d.lane]}"
    return Row(
        (
            Cell(text(desk.label(d.class_id) if first else "")),
            Cell(text(where), dot=desk.dot(d.hardware)),
            cell(percent(d.share)),
            Cell(text("–" if d.lane == "api" else _reached(d.text))),
            Cell(text(_named(desk, d.why))),
        ),
        group=first,
    )


# -- beside it ------------------------------------------------------------------------------------------------


def _beside(desk: Desk, report: FleetReport) -> Table:
    columns = (
        Column("Fleet", "", "left", 1.4),
        Column("Cost", "$ over the months"),
        Column("Against the mix", "$"),
        Column("Capex", "$"),
        Column("Power", "MW", width=0.8),
        Column("Leaves out", "", "left", 2.0),
    )
    best = report.best_vendor
    saving = report.saving_usd(best) if best else None
    title = "No single vendor carries all of it"
    if best and best.plan and saving is not None:
        share = saving / best.plan.usd if best.plan.usd else 0.0
        title = (
            f"A mixed fleet saves {percent(share)} against {best.name} alone"
            if share >= 0.01
            else f"{best.name} alone costs nearly the same"
        )
    return Table(
        "beside",
        title,
        "Each vendor alone in all lanes, and every token bought",
        *_filled(columns, [_other(desk, report, a) for a in report.alternatives]),
        dense=True,
    )


def _other(desk: Desk, report: FleetReport, other: Alternative) -> Row:
    plan, saving = other.plan, report.saving_usd(other)
    left = joined([midsentence(desk.label(c)) for c in other.unserved])
    return Row(
        (
            Cell(text(other.name)),
            cell(millions(plan.usd)) if plan else absent("does not fit the caps" if not left else ""),
            cell(f"+{millions(saving)}") if saving is not None and saving > 0 else absent(""),
            cell(millions(plan.capex_usd)) if plan and plan.capex_usd else absent(""),
            cell(number(plan.power_w / 1e6)) if plan and plan.power_w else absent(""),
            Cell(text(left)),
        )
    )


def _cases(desk: Desk, report: FleetReport) -> tuple[Text, ...]:
    named = (
        ("Tranches delayed", report.delay, report.delay_usd),
        ("Tranches at their low end", report.low, None),
        ("Tranches at their high end", report.high, None),
    )
    found = [text(f"{name}: {_case(desk, case, more)}.") for name, case, more in named if case]
    found += [text(f"{line}.") for line in (*report.missing, *report.unserved.values())]
    if report.more_power is not None and report.plan:
        worth = report.megawatt_usd
        said = f"{millions(worth)} over the months" if worth and worth > 0 else "nothing"
        found.append(text(f"One more MW under the cap, solved again: worth {said}."))
    return tuple(found)


def _case(desk: Desk, case: Case, more_usd: float | None) -> str:
    if case.plan is None:
        return f"no fleet; {'; '.join(case.missing)}"
    last = case.plan.months[-1]
    owned = [desk.several(f.system, f.live) for f in last.fleets if f.live]
    carried = case.plan.problem.carried_share()
    parts = [millions(case.plan.usd)]
    if more_usd is not None:
        parts[0] += f", {millions(more_usd)} more"
    if carried < 0.9995:
        parts[0] += f", for {percent(carried)} of the tokens"
    if owned:
        parts.append(f"{joined(owned)} at the end")
    return "; ".join([*parts, *case.missing])
