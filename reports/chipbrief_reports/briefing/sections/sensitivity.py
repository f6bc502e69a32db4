"""How sure the answer for the leading class is: who else is cheapest, what moves the price, and where it turns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from chipbrief.evaluate import TornadoBar
from chipbrief.figures import Figure
from chipbrief.sensitivity import (
    AxisLine,
    BreakEven,
    LengthsChosen,
    Offer,
    RankedOffer,
    WinnerMap,
    chosen_again_lines,
    leading_tornado,
    model_bands,
    ranking,
    straight_lines,
    winner_map,
)
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import (
    Block,
    Cell,
    Chart,
    Column,
    Paragraph,
    Ref,
    Row,
    Section,
    Table,
    text,
)
from chipbrief_reports.charts import MapCell, tornado_chart, winner_map_chart
from chipbrief_reports.spoken import spoken
from chipbrief_reports.wording import LANE_NAMES, midsentence, money, number, percent, printed, tokens

__all__ = ["sensitivity"]

BARS, OFFERS, MOST, TURNS = 7, 2, 8, 7
RARE = 0.01
MAPPED = (0.25, 0.5, 1.0, 2.0, 4.0)  # of today's lengths


def sensitivity(desk: Desk) -> Section:
    """Ranking, tornado, winner map and break-evens of the leading class."""
    ranked = ranking(desk.results, desk.leading)
    label = midsentence(desk.label(desk.leading))
    if ranked.leader is None:
        nothing = Paragraph(text(f"No system keeps the service levels of {label}: see Latency for the reasons."))
        return Section("sensitivity", "Sensitivity", f"Nothing serves {label}", (nothing,))
    leader = ranked.leader
    bars = [bar for bar in leading_tornado(desk.results, desk.leading, leader.offer) if bar.swing > 0][:BARS]
    blocks: list[Block] = [_ranking(desk, ranked.offers)]
    if bars:
        blocks.append(_tornado(desk, leader, bars))
    lengths = LengthsChosen(desk.results, desk.leading)
    blocks += [_map(desk, winner_map(desk.results, desk.leading, MAPPED, lengths)), _turns(desk, lengths)]
    return Section("sensitivity", "Sensitivity", _title(desk, leader, len(ranked.offers)), tuple(blocks))


def _title(desk: Desk, leader: RankedOffer, offers: int) -> str:
    label = midsentence(desk.label(desk.leading))
    who = _offer(desk, leader.offer)
    if offers == 1:
        return f"{who}, is the only offer for {label}"
    share = leader.cheapest_share
    return f"{who}, is cheapest in {'every draw' if share == 1.0 else f'{_share(share)} of the draws'}"


def _offer(desk: Desk, offer: Offer) -> str:
    outcome = desk.results.outcome(desk.leading, offer.hardware)
    cost = outcome.lane(offer.lane)
    return desk.offer_name(offer.hardware, cost) if cost else f"{desk.chip(offer.hardware)}, {LANE_NAMES[offer.lane]}"


def _share(share: float) -> str:
    """`91 %`; what is neither all nor nothing is not rounded to either."""
    if 0.995 <= share < 1.0:
        return "more than 99 %"
    return "less than 1 %" if 0 < share < RARE else percent(share)


# -- who else -------------------------------------------------------------------------------------------------


def _ranking(desk: Desk, offers: Sequence[RankedOffer]) -> Table:
    columns = (
        Column("Offer", "", "left", 2.6),
        Column("Price", "$/Mtok", width=1.6),
        Column("Month", "$", width=1.6),
        Column("Cheapest in", "of the draws", width=1.2),
    )
    shown = [o for i, o in enumerate(offers) if i < OFFERS or o.cheapest_share >= RARE][:MOST]
    rows = [
        Row(
            (
                Cell(text(_offer(desk, o.offer), _cost_note(desk, o.offer)), dot=desk.dot(o.offer.hardware)),
                desk.spread(o.usd_mtok, best=i == 0),
                desk.spread(o.usd_month),
                cell(_share(o.cheapest_share)),
            )
        )
        for i, o in enumerate(shown)
    ]
    return Table(
        "ranking",
        "Offers by the median of the draws",
        f"{desk.label(desk.leading)}; a draw moves every input within its range and the model by its own error",
        columns,
        tuple(rows),
        dense=True,
    )


def _cost_note(desk: Desk, offer: Offer) -> Ref:
    cost = desk.results.outcome(desk.leading, offer.hardware).lane(offer.lane)
    assert cost is not None
    return desk.cost_note(offer.hardware, cost)


# -- what moves it --------------------------------------------------------------------------------------------


def _tornado(desk: Desk, leader: RankedOffer, bars: Sequence[TornadoBar]) -> Chart:
    figures = desk.results.figures()
    bands = model_bands(desk.results, desk.leading, leader.offer)
    base = leader.usd_mtok.value
    rows = []
    for bar in bars:
        ends = _ends(figures[bar.figure][0]) if bar.figure in figures else _band(bands[bar.figure])
        rows.append((_of_whom(desk, leader.offer.hardware, bar.figure), bar.low, bar.high, ends))
    cited = [bar.figure for bar in bars[:3] if bar.figure in figures]
    return Chart(
        "tornado",
        f"{_capital(spoken(bars[0].figure))} swings the price by {percent(bars[0].swing / base)} of its value",
        f"$/Mtok of {_offer(desk, leader.offer)}, one input at a time between the ends of its range; today {number(base)}",
        tornado_chart(rows, base=base, axis="$/Mtok"),
        "Tornado. " + " ".join(f"{name}: {number(low)} to {number(high)}." for name, low, high, _ in rows),
        text(
            "Deployment and load are held, replicas counted again",
            *([desk.notes.cite("", cited)] if cited else []),
            ".",
        ),
    )


def _ends(figure: Figure) -> str:
    return printed(f"{figure.text(figure.lowest)} – {figure.text(figure.highest)}")


def _band(ends: tuple[float, float]) -> str:
    return f"× {ends[0]:.2g} – × {ends[1]:.2g}"


def _of_whom(desk: Desk, hardware: str, figure: str) -> str:
    """A Figure in plain words, and whose it is where it is the partner's."""
    partner = desk.system(hardware).profile.partner
    whose = f", {partner.chip}" if partner and figure.startswith(f"{partner.id}:") else ""
    return spoken(figure) + whose


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# -- where another wins ---------------------------------------------------------------------------------------


def _map(desk: Desk, found: WinnerMap) -> Chart:
    middle = len(found.inputs) // 2
    cells = [
        _cell(desk, found, i, j, today=i == j == middle)
        for i in range(len(found.inputs))
        for j in range(len(found.outputs))
    ]
    shares = [(sum(c.winner == offer for row in found.cells for c in row), offer) for offer in found.winners]
    total = len(found.inputs) * len(found.outputs)
    told = "; ".join(f"{_offer(desk, offer)} in {count_} of {total}" for count_, offer in shares) or "nobody"
    only = len(found.winners) == 1 and shares[0][0] == total
    empty = any(c.winner is None for row in found.cells for c in row)
    return Chart(
        "winner-map",
        f"{_offer(desk, found.winners[0])}, wins at every length"
        if only
        else f"Who wins where prompts and answers are longer or shorter: {len(found.winners)} offers share the map",
        "The cheapest offer by mean prompt and mean answer, a quarter to four times today's; today framed"
        + (", a dash where none keeps the levels or the context ends" if empty else ""),
        winner_map_chart(cells, x="answer, mean tokens", y="prompt, mean tokens", row_height=18),
        f"Map of the cheapest offer by length of prompt and answer: {told}.",
    )


def _cell(desk: Desk, found: WinnerMap, i: int, j: int, *, today: bool) -> MapCell:
    winner, usd = found.cells[i][j].winner, found.cells[i][j].usd_mtok
    column, row = tokens(found.outputs[j]), tokens(found.inputs[i])
    if winner is None or usd is None:
        return MapCell(column, row, "–", None, today, "no offer keeps the levels, or the context ends")
    words = f"{number(usd)} $/Mtok at the inputs' values"
    source = f"chosen again at these lengths by {desk.model_words(winner.hardware)}"
    return MapCell(
        column, row, _short(desk, winner), desk.dot(winner.hardware), today, _offer(desk, winner), words, source
    )


def _short(desk: Desk, offer: Offer) -> str:
    lane = {"own": "own", "api": "api"}.get(offer.lane, "rent")
    cost = desk.results.outcome(desk.leading, offer.hardware).lane(offer.lane)
    if lane == "api" and cost:
        return f"{cost.note} tokens"
    who = desk.name(offer.hardware) if lane == "own" else desk.chip(offer.hardware)
    return f"{who.removesuffix(' v1')} {lane}"


# -- at which value -------------------------------------------------------------------------------------------


def _turns(desk: Desk, lengths: LengthsChosen) -> Table:
    columns = (
        Column("Input", "", "left", 2.7),
        Column("Today", "", width=0.9),
        Column("Turns at", "", width=0.9),
        Column("Cheapest below", "", "left", 1.7),
        Column("Cheapest above", "", "left", 1.7),
        Column("", "", "left", 1.3),
    )
    lines = [*chosen_again_lines(desk.results, desk.leading, lengths), *straight_lines(desk.results, desk.leading)]
    found = [(line, change) for line in lines for change in line.changes if not _between_rents(change)]
    near = sorted(found, key=lambda pair: abs(math.log(pair[1].value / pair[0].today)))[:TURNS]
    rows = tuple(_turn(desk, line, change) for line, change in found if any(change is kept for _, kept in near))
    if not rows:
        rows = (Row((Cell(text("None")), *(absent("") for _ in columns[1:]))),)
    return Table(
        "break-evens",
        "Where the cheapest offer changes"
        if found
        else "No input alone turns the answer within 1/8 to 8 times its value",
        "The nearest to today; lengths and volume with every deployment chosen again, prices with the plan held",
        columns,
        rows,
        dense=True,
    )


def _between_rents(change: BreakEven) -> bool:
    """Whether one rental contract takes the place of another of the same system: that says nothing new."""
    offers = (change.before, change.after)
    rented = all(offer and offer.lane.startswith("rent") for offer in offers)
    return bool(rented and change.before and change.after and change.before.hardware == change.after.hardware)


def _turn(desk: Desk, line: AxisLine, change: BreakEven) -> Row:
    figure = desk.results.figures().get(line.figure or "")
    inside = bool(figure and figure[0].ranged and figure[0].lowest <= change.value <= figure[0].highest)
    note = "inside its range" if inside else "a limit binds" if change.by_levels else ""
    say = _SAYING[line.axis]
    return Row(
        (
            Cell(text(_axis(desk, line), *([desk.notes.cite("", [line.figure])] if line.figure else []))),
            cell(say(line.today)),
            cell(say(change.value)),
            Cell(text(_offer(desk, change.before) if change.before else "none")),
            Cell(text(_offer(desk, change.after) if change.after else "none")),
            Cell(text(note)),
        )
    )


_SAYING: Mapping[str, Callable[[float], str]] = {
    "output_tokens": tokens,
    "requests_per_day": tokens,
    "concurrent_users": lambda value: number(value, 3),
    "utilisation": percent,
    "usd_per_kwh": lambda value: f"${number(value, 3)}",
    "system_price_usd": lambda value: money(value, 3),
    "rent_usd_chip_hour": lambda value: f"${number(value, 3)}",
    "api_usd_mtok": lambda value: f"${number(value, 3)}",
}


def _axis(desk: Desk, line: AxisLine) -> str:
    shared = {
        "output_tokens": "Answer, mean tokens",
        "requests_per_day": "Requests a day",
        "concurrent_users": "Users at once",
        "utilisation": "Utilisation, bare price",
        "usd_per_kwh": "Electricity, a kWh",
    }
    if line.of is None:
        return shared[line.axis]
    if line.axis == "system_price_usd":
        return f"Price of a {desk.name(line.of.hardware)}"
    if line.axis == "api_usd_mtok":
        return f"{_offer(desk, line.of)}, $/Mtok"
    return f"{_offer(desk, line.of)}, $/chip-hour"
