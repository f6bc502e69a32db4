"""What each class costs in every lane, and what the price of a token is made of."""

from __future__ import annotations

from chipbrief.evaluate import LaneCost, Outcome
from chipbrief.finance import Finance
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import Block, Cell, Chart, Column, Paragraph, Row, Section, Table, Text, text
from chipbrief_reports.briefing.sections.live_costs import live_costs, offer_key, source_line
from chipbrief_reports.briefing.sections.stack import stack
from chipbrief_reports.briefing.sections.years import years_table
from chipbrief_reports.charts import DotRow, dot_strip
from chipbrief_reports.wording import LANE_NAMES, joined, midsentence, money, number, price

__all__ = ["anchors_table", "cost"]

SHOWN = 4  # offers a class in the table; all of them are drawn, and in data/costs.csv


def cost(desk: Desk) -> Section:
    """Own, rent and buy by the token, side by side."""
    offered = any(desk.results.offers(c.id) for c in desk.mix.classes)
    plan = desk.plan.plan if desk.plan else None
    years = [years_table(desk, plan)] if plan else []
    blocks: list[Block] = [Paragraph(text("Latency says of each system why it does not serve a class.")), *years]
    if offered:
        blocks = [_offers(desk), *live_costs(desk), *stack(desk), *years, _prices(desk)]
    return Section(
        "cost", "Cost", _title(desk) if offered else "Nothing is offered that keeps the service levels", tuple(blocks)
    )


def _title(desk: Desk) -> str:
    bought = [midsentence(desk.label(c.id)) for c in desk.mix.classes if _cheapest_lane(desk, c.id) == "api"]
    priced = [c.id for c in desk.mix.classes if any(o.lane("api") for o in desk.outcomes(c.id))]
    if not priced:
        return "Owned against rented: no price by the token is published for these models"
    if not bought:
        names = joined([midsentence(desk.label(name)) for name in priced])
        return f"Hardware is cheaper than tokens for {names}"
    if len(bought) == len(desk.mix.classes):
        return "Tokens are cheaper than hardware for every class"
    return f"Tokens are cheaper than hardware for {joined(bought)}"


def _cheapest_lane(desk: Desk, class_id: str) -> str:
    offers = desk.results.offers(class_id)
    return offers[0][1].lane if offers else ""


def _offers(desk: Desk) -> Chart:
    fills = {"own": "hollow", "api": "crossed"}
    rows = [
        DotRow(
            wanted.label,
            c.usd_month.value,
            desk.dot(o.hardware),
            "",
            c.usd_month.low,
            c.usd_month.high,
            fills.get(c.lane, "solid"),  # type: ignore[arg-type] # one of the three fills
            desk.offer_name(o.hardware, c),
            source_line(desk, c, o.hardware),
            offer_key(wanted.id, o.hardware, c.lane),
            lane=o.hardware,
        )
        for wanted in desk.mix.classes
        for o, c in sorted(desk.results.offers(wanted.id), key=lambda offer: desk.dot(offer[0].hardware))
    ]
    ratios = [
        (dearest / offers[0][1].usd_mtok.value, wanted.label)
        for wanted in desk.mix.classes
        if (offers := desk.results.offers(wanted.id)) and (dearest := offers[-1][1].usd_mtok.value)
    ]
    ratio, label = max(ratios, default=(1.0, ""))
    named = ", ".join(f"{desk.name(h)} {c}" for h, c in zip(desk.focus, ("orange", "green", "blue"), strict=False))
    return Chart(
        "offers",
        f"Between the cheapest and the dearest offer for {midsentence(label)} lies a factor of {number(ratio)}",
        f"$ a month, logarithmic; owned hollow, rented solid, by the token crossed; {named}",
        dot_strip(rows, axis="$ a month", row_height=32),
        "Dot strip of monthly cost by class and offer. "
        + " ".join(
            f"{w.label}: from {money(f[0][1].usd_month.value)} to {money(f[-1][1].usd_month.value)}."
            for w in desk.mix.classes
            if (f := desk.results.offers(w.id))
        ),
    )


def anchors_table(desk: Desk) -> Table:
    """Our owned hour beside an outside estimate."""
    columns = (
        Column("System", "", "left", 1.6),
        Column("This briefing", "$/chip-hour, owned"),
        Column("Outside estimate", "$/chip-hour, owned"),
        Column("Rented, 3 years", "$/chip-hour"),
        Column("Rented on demand", "$/chip-hour"),
    )
    finance = Finance.from_terms(desk.results.terms)
    rows = []
    for hardware in desk.results.systems:
        p = hardware.profile
        own = sum(float(x.usd_per_hour) for x in hardware.cost.lines("own", finance, 1.0)) / p.chips
        rows.append(
            Row(
                (
                    Cell(text(desk.name(p.id), desk.notes.cite("C1", [f"{p.id}:price.system"])), dot=desk.dot(p.id)),
                    cell(number(own)),
                    _quoted(desk, p.id, "price.owned_hour_anchor"),
                    _quoted(desk, p.id, "price.rent.three_years"),
                    _quoted(desk, p.id, "price.rent.on_demand"),
                )
            )
        )
    return Table(
        "anchors",
        "Our owned hour beside outside prices",
        "Hyperscalers own below these defaults; see the ranges in Evidence",
        columns,
        tuple(rows),
    )


def _quoted(desk: Desk, hardware: str, path: str) -> Cell:
    found = desk.results.figures().get(f"{hardware}:{path}")
    if found is None:
        return absent("none published")
    figure = found[0]
    span = f"{number(figure.lowest, 3)}–{number(figure.highest, 3)}" if figure.ranged else ""
    return cell(number(figure.value, 3), span, desk.notes.cite("", [f"{hardware}:{path}"]))


def _prices(desk: Desk) -> Table:
    columns = (
        Column("Class", "", "left", 1.7),
        Column("Offer", "", "left", 2.2),
        Column("Month", "$", width=1.3),
        Column("All tokens", "$/Mtok", width=1.2),
        Column("Input", "$/Mtok", width=0.9),
        Column("Cached", "$/Mtok", width=0.9),
        Column("Output", "$/Mtok", width=0.9),
    )
    rows = []
    for wanted in desk.mix.classes:
        offers = desk.results.offers(wanted.id)
        rows += [
            _price_row(desk, o, c, wanted.label if i == 0 else "", best=i == 0)
            for i, (o, c) in enumerate(offers[:SHOWN])
        ]
    return Table(
        "prices",
        "The cheapest offers that keep the service level",
        "By the month and by class of token, delivered and not at capacity; the rest is in data/costs.csv",
        columns,
        tuple(rows),
        _convention(desk),
        dense=True,
    )


def _convention(desk: Desk) -> Text:
    return text(
        "How hardware cost divides between input and output is a convention: by the chip-seconds of prefill and decode",
        desk.notes.say(
            "C2: prefill's share of the replica's time is charged to input tokens, what attention to cached tokens adds "
            "to cached ones, the rest to output. Keeping prefixes in memory is not charged."
        ),
        f". {LANE_NAMES['api'].capitalize()} the list price holds.",
    )


def _price_row(desk: Desk, o: Outcome, c: LaneCost, label: str, *, best: bool) -> Row:
    return Row(
        (
            Cell(text(label)),
            Cell(text(desk.offer_name(o.hardware, c), desk.cost_note(o.hardware, c)), dot=desk.dot(o.hardware)),
            desk.spread(c.usd_month, best=best),
            desk.spread(c.usd_mtok),
            *[
                cell(price(v)) if v is not None else absent("")
                for v in (c.usd_mtok_input, c.usd_mtok_cached, c.usd_mtok_output)
            ],
        ),
        group=best,
    )
