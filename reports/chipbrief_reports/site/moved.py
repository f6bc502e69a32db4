"""The history of a series as a document: a section a system, with charts of what moved and a table of the values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import groupby

from chipbrief_reports.briefing.document import (
    Block,
    Briefing,
    Bullets,
    Cell,
    Chart,
    Column,
    Columns,
    Paragraph,
    Row,
    Section,
    Table,
    text,
)
from chipbrief_reports.changes import Value
from chipbrief_reports.charts import HALF, HistoryLine, HistoryPoint, MethodMark, history_chart
from chipbrief_reports.charts.theme import WIDTH
from chipbrief_reports.site.history import History, Moment, Place, place_of
from chipbrief_reports.site.shelves import whole_day
from chipbrief_reports.wording import LANE_NAMES, THIN, a_range, count, money, number, percent

__all__ = ["MOST_CHARTS", "history_document"]

MOST_CHARTS = 60  # of a page, which then takes a browser some seconds
MOST_RULES = 40  # changes of method that are drawn, the newest
MOST_TOLD = 12  # changes of method that are told, the newest
SHOWN = 3  # newest editions that have a column of their own
TOLD = 0.02  # change from which on a chart's title tells it
MEASURES: Mapping[str, tuple[str, str]] = {
    "usd_month": ("cost of a month", "USD"),
    "usd_mtok": ("price of a million tokens", "USD"),
    "tok_s_user": ("speed of one user", "tok/s"),
    "tok_s_system": ("output of a system", "tok/s"),
    "ttft_p95_s": ("95th percentile of TTFT", "s"),
    "tpot_p95_s": ("95th percentile of TPOT", "s"),
    "e2e_p95_s": ("95th percentile of a whole request", "s"),
    "joules_per_token": ("energy of an output token", "J"),
    "systems": ("systems", ""),
    "capex_usd": ("capex", "USD"),
}
DRAWN = ("usd_mtok", "tok_s_user")  # of each class
MANY = 45  # editions: of more than that a chart shows a choice
THINNED = (
    "where more of them fall on a few pixels than can be told apart, the charts show the lowest and the highest value; "
    "history.csv has all."
)
GONE, MINUS = "\u2013", "\u2212"
UNCHANGED = ", unchanged"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over the editions: its id, what it stands for, its words, and its values by moment."""

    key: str
    place: Place
    unit: str
    label: str
    values: tuple[tuple[Moment, Value], ...]


def history_document(history: History, charts: int = MOST_CHARTS) -> Briefing:
    """Put the document together.

    Args:
        history: with at least one printed edition.
        charts: most charts to draw.
    """
    return _Author(history, charts).document()


class _Author:
    def __init__(self, history: History, charts: int) -> None:
        self._history = history
        self._left = charts
        self._figures = {figure.key: figure for figure in _figures(history)}
        self._systems = list(history.systems)
        changed = [moment for moment in history.printed if moment.method]
        self._marks = [MethodMark(m.at, "; ".join(m.method)) for m in changed[-MOST_RULES:]]

    def document(self) -> Briefing:
        history = self._history
        first, last = history.moments[0], history.moments[-1]
        span = f"{whole_day(first.at)} to {whole_day(last.at)}" if last is not first else whole_day(first.at)
        sections = [self._mix(), *(self._system(system) for system in self._systems), self._method()]
        return Briefing(
            title=f"How the figures moved: {history.title}",
            subtitle=f"{count(len(history.printed), 'edition')}, {span}",
            organisation="",
            as_of=last.at.date().isoformat(),
            language="en",
            sections=tuple(section for section in sections if section.blocks),
            notes=(),
            systems=tuple(history.systems.items()),
            version=version("chipbrief"),
        )

    # -- sections ----------------------------------------------------------------------------------------------

    def _mix(self) -> Section:
        """Every class by its cheapest offer."""
        mine = [figure for figure in self._figures.values() if not figure.place.system]
        charts = [
            self._chart(f"mix-{figure.place.measure}", "", figure.place.measure, [(figure, figure.label)], None, HALF)
            for figure in mine
            if figure.place.measure in MEASURES
        ]
        lede = Paragraph(text(self._lede(mine)), tone="lede")
        many = len(self._history.moments) > MANY
        small = (
            [Paragraph(text(f"{count(len(self._history.moments), 'edition')}: {THINNED}"), tone="small")]
            if many
            else []
        )
        table = [self._table("mix-values", "Every class by its cheapest offer", mine)] if mine else []
        return Section("mix", "Mix", "Every class by its cheapest offer", (lede, *small, *_in_pairs(charts), *table))

    def _lede(self, mine: Sequence[Figure]) -> str:
        history = self._history
        month = next((f for f in mine if f.place.measure == "usd_month"), None)
        points = _line(month, "", None, history.moments).points if month else ()
        if not points:
            return f"{count(len(history.printed), 'edition')} with figures; no offer carried every class."
        first, last = points[0], points[-1]
        words = f"A month costs {last.words.removesuffix(UNCHANGED)}"
        if last.at != first.at:
            words += f", {_moved(first, last)}"
        late = (
            "" if last.at == history.moments[-1].at else f"; that was on {whole_day(last.at)}, the last that was told"
        )
        return f"{words}{late}."

    def _system(self, system: str) -> Section:
        """One system: its month, then class by class its price and speed, then every value."""
        index = self._systems.index(system)
        mine = [figure for figure in self._figures.values() if figure.place.system == system]
        name = self._history.systems[system]
        months = [f for f in mine if not f.place.class_id and f.place.measure == "usd_month"]
        blocks: list[Block] = []
        wanted = sum(1 for _ in self._pairs(mine)) + bool(months)
        if wanted <= self._left:
            month = self._chart(f"s{index}-month", "", "usd_month", _by_lane(months), index, WIDTH)
            blocks += [month] if month else []
            blocks += _in_pairs([self._chart(*asked, index, HALF) for asked in self._named(mine, index)])
        else:
            words = (
                "Its charts are left out, since a page of so many takes a browser too long; history.csv has its values."
            )
            blocks.append(Paragraph(text(words), tone="small"))
        if mine:
            blocks.append(self._table(f"s{index}-values", f"{name}: every figure", mine))
        return Section(f"s{index}", name, self._title(name, mine, _by_lane(months)), tuple(blocks))

    def _title(self, name: str, mine: Sequence[Figure], months: Sequence[tuple[Figure, str]]) -> str:
        """How a system's month moved, or that it is not compared any more."""
        last = self._history.printed[-1]
        if mine and not any(moment is last for figure in mine for moment, _ in figure.values):
            return f"{name}, no longer compared"
        lines = [_line(figure, words, None, self._history.moments) for figure, words in months]
        lines = [line for line in lines if line.points]
        return f"{name}: a month {_finding(lines)}" if lines else name

    def _pairs(self, mine: Sequence[Figure]) -> Iterator[tuple[str, str, list[Figure]]]:
        """What is drawn class by class: the class, the measure and its figures."""
        for class_id in self._history.classes:
            for measure in DRAWN:
                found = [f for f in mine if f.place.class_id == class_id and f.place.measure == measure]
                if found:
                    yield class_id, measure, found

    def _named(self, mine: Sequence[Figure], index: int) -> Iterator[tuple[str, str, str, list[tuple[Figure, str]]]]:
        order = list(self._history.classes)
        for class_id, measure, found in self._pairs(mine):
            place = f"s{index}-c{order.index(class_id)}-{measure.replace('_', '-')}"
            named = _by_lane(found) if found[0].place.lane else [(found[0], MEASURES[measure][0])]
            yield place, self._history.classes[class_id], measure, named

    def _method(self) -> Section:
        """Where figures before and after are not the same arithmetic."""
        changed = [moment for moment in reversed(self._history.printed) if moment.method]
        items = [text(f"{whole_day(m.at)}: {'; '.join(m.method[:6])}{_more(len(m.method) - 6)}") for m in changed]
        if not changed:
            words = "No edition was made by another method than the one before: every movement is one of fact."
            return Section("method", "Method", "The method did not change", (Paragraph(text(words), tone="plain"),))
        words = (
            "Where a dashed rule stands in a chart, versions of chipbrief, of a plugin or of the metrics changed, or "
            "the draws; a figure that moves there may have moved for that alone."
        )
        if len(changed) > MOST_RULES:
            words += f" The charts mark the newest {MOST_RULES}."
        shown = Bullets(f"The newest {MOST_TOLD}" if len(changed) > MOST_TOLD else "When", tuple(items[:MOST_TOLD]))
        title = f"The method changed in {count(len(changed), 'edition')}"
        return Section("method", "Method", title, (Paragraph(text(words), tone="plain"), shown))

    # -- charts ------------------------------------------------------------------------------------------------

    def _chart(
        self,
        name: str,
        owner: str,
        measure: str,
        found: Sequence[tuple[Figure, str]],
        system: int | None,
        width: int,
    ) -> Chart | None:
        """A chart of a measure, a line a figure; None where nothing of it can be drawn or no more may be."""
        lines = [_line(figure, words, system, self._history.moments) for figure, words in found]
        lines = [line for line in lines if line.points]
        if not lines or self._left <= 0:
            return None
        self._left -= 1
        lanes = any(figure.place.lane for figure, _ in found)
        words, unit = MEASURES[measure]
        what = f"{owner}, {words}" if owner else f"{words[:1].upper()}{words[1:]}"
        height = 190 if width == HALF else 230
        return Chart(
            id=name,
            title=f"{what}: {_now(lines) if width == WIDTH else _finding(lines)}",
            subtitle=f"{unit}, logarithmic; band: 80 % interval",
            spec=history_chart(
                lines if lanes else [_labelled(lines[0])], y=unit, marks=self._marks, height=height, width=width
            ),
            alternative=_alternative(what, lines),
        )

    # -- tables ------------------------------------------------------------------------------------------------

    def _table(self, name: str, title: str, figures: Sequence[Figure]) -> Table:
        """Every figure: in the first edition and the newest, its lowest and highest, and how far it moved."""
        printed = self._history.printed
        shown = list(dict.fromkeys([printed[0].slot, *(moment.slot for moment in printed[-SHOWN:])]))
        heads = {moment.slot: moment for moment in printed if moment.slot in shown}
        columns = (
            Column("Figure", align="left", width=3.2),
            *(Column(_short(m), "method changed" if m.method else "") for m in heads.values()),
            Column("All editions", "lowest to highest", width=1.4),
            Column("Change", "first to last"),
        )
        order = list(MEASURES)
        ranked = sorted(figures, key=lambda f: order.index(f.place.measure) if f.place.measure in order else len(order))
        rows = [
            _row(figure, list(heads), group=i == 0 and n > 0)
            for n, (_, group) in enumerate(groupby(ranked, key=lambda f: f.place.measure))
            for i, figure in enumerate(group)
        ]
        subtitle = f"with its 80 % interval; {count(len(printed), 'edition')} in all, every one in history.csv"
        return Table(name, title, subtitle, columns, tuple(rows), dense=True)


def _figures(history: History) -> Iterator[Figure]:
    found: dict[str, list[tuple[Moment, Value]]] = {key: [] for key in history.keys()}  # noqa: SIM118 - no mapping
    for moment in history.moments:
        for key, value in moment.values.items():
            found[key].append((moment, value))
    for key, values in found.items():
        newest = values[-1][1]
        place = place_of(key, newest)
        if place:
            yield Figure(key, place, newest.unit, newest.label, tuple(values))


def _by_lane(figures: Sequence[Figure]) -> list[tuple[Figure, str]]:
    """Each with its lane's name; lanes in their usual order."""
    order = list(LANE_NAMES)
    known = sorted(figures, key=lambda f: order.index(f.place.lane) if f.place.lane in order else len(order))
    return [(figure, _lane(figure.place.lane)) for figure in known]


def _lane(lane: str) -> str:
    found: Mapping[str, str] = LANE_NAMES
    return found.get(lane, lane)


def _line(figure: Figure, words: str, system: int | None, moments: Sequence[Moment]) -> HistoryLine:
    """A line with a new run after each edition that lacks the figure; what a logarithm cannot take is left out."""
    at = {moment.slot: value for moment, value in figure.values if min(value.value, value.low, value.high) > 0}
    runs = [
        tuple(_point(moment, at[moment.slot]) for moment in group)
        for there, group in groupby(moments, key=lambda moment: moment.slot in at)
        if there
    ]
    return HistoryLine(words, system, tuple(runs))


def _labelled(line: HistoryLine) -> HistoryLine:
    """A line that stands alone says at its end what it is now."""
    return replace(line, label=line.points[-1].words.removesuffix(UNCHANGED))


def _point(moment: Moment, value: Value) -> HistoryPoint:
    words = _amount(value.value, value.unit) + ("" if moment.printed else UNCHANGED)
    return HistoryPoint(moment.at, value.value, value.low, value.high, words, _span(value))


def _span(value: Value) -> str:
    return a_range(value.low, value.high, 3) if value.low < value.high else ""


def _amount(value: float, unit: str) -> str:
    return money(value, 3) if unit == "USD" else f"{number(value, 3)} {unit}".rstrip()


def _moved(before: HistoryPoint, after: HistoryPoint) -> str:
    """`up 12 % since 3 March 2026`, `2.3 times what it was on 3 March 2026`."""
    ratio, day = after.value / before.value, whole_day(before.at)
    if abs(ratio - 1.0) < TOLD:
        return f"within {percent(TOLD)} of what it was on {day}"
    if ratio >= 2.0:
        return f"at {number(ratio)} times what it was on {day}"
    return f"{'up' if ratio > 1.0 else 'down'} {percent(abs(ratio - 1.0))} since {day}"


def _finding(lines: Sequence[HistoryLine]) -> str:
    """What a chart shows: the line that moved most, or what is there where there is one edition."""
    ends = [(line, line.points[0], line.points[-1]) for line in lines]
    line, first, last = max(ends, key=lambda end: max(end[2].value / end[1].value, end[1].value / end[2].value))
    named = len(lines) > 1
    if all(start.at == end.at for _, start, end in ends):
        return _now(lines)
    if named and abs(last.value / first.value - 1.0) < TOLD:
        return f"all {_moved(first, last)}"
    return f"{line.name} {_moved(first, last)}" if named else _moved(first, last)


def _now(lines: Sequence[HistoryLine]) -> str:
    """Where every line stands."""
    ends = [(line.name, line.points[-1].words.removesuffix(UNCHANGED)) for line in lines]
    return "; ".join(f"{name} {words}" if len(ends) > 1 else words for name, words in ends)


def _alternative(what: str, lines: Sequence[HistoryLine]) -> str:
    said = [
        f"{line.name}, {line.points[0].words} on {whole_day(line.points[0].at)}"
        + (f", {line.points[-1].words} on {whole_day(line.points[-1].at)}" if len(line.points) > 1 else "")
        for line in lines
    ]
    return f"Line chart over the editions. {what}: {'; '.join(said)}."


def _in_pairs(charts: Sequence[Chart | None]) -> list[Block]:
    """Charts two and two side by side."""
    drawn = [chart for chart in charts if chart]
    return [Columns((left,), tuple(drawn[i + 1 : i + 2])) for i, left in enumerate(drawn) if i % 2 == 0]


def _row(figure: Figure, slots: Sequence[str], *, group: bool) -> Row:
    by_slot = {moment.slot: value for moment, value in figure.values}
    values = [value.value for _, value in figure.values]
    first, last = values[0], values[-1]
    change = last / first - 1.0 if first else 0.0
    moved = f"{'+' if change > 0 else MINUS}{percent(abs(change))}" if round(abs(change), 4) else "0"
    label = figure.label[:1].upper() + figure.label[1:]
    cells = (
        Cell(text(f"{label}{f' [{figure.unit}]' if figure.unit else ''}")),
        *(_cell(by_slot.get(slot)) for slot in slots),
        Cell(text(a_range(min(values), max(values), 3).replace("\u2013", f"{THIN}\u2013{THIN}"))),
        Cell(text(moved if first else GONE)),
    )
    return Row(cells, group=group)


def _cell(value: Value | None) -> Cell:
    if value is None:
        return Cell(text(GONE), absent=True)
    return Cell(text(number(value.value, 3)), second=_span(value))


def _short(moment: Moment) -> str:
    return f"{moment.at.day} {moment.at:%b %Y}"


def _more(rest: int) -> str:
    return f"; {rest} more" if rest > 0 else ""
