"""How figures moved from edition to edition: lines over time with their 80 % bands, named at their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from chipbrief_reports.charts.theme import (
    INK,
    MUTED,
    WIDTH,
    apart,
    colour_of,
    finished,
    log_axis,
    shape_of,
    tip,
    unless_another,
)

__all__ = ["HistoryLine", "HistoryPoint", "MethodMark", "history_chart", "thinned"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LINE = 12.0  # pixels from one line of words to the next
LETTER = 6.2  # pixels of a letter of a name
MARGIN = 60.0  # pixels beside the plot
TICK = 68.0  # pixels that the words of a tick take
A_POINT = 3.5  # pixels: points nearer than this to one another are not told apart
A_DOT = 20.0  # pixels: points that have so much room are drawn as marks
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [3, 1, 1, 1])
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHOLE = 2 * DAY
STEPS = (  # of days and hours: how far apart ticks are, and how they are written
    (HOUR, "%-d %b, %H:%M"),
    (3 * HOUR, "%-d %b, %H:%M"),
    (6 * HOUR, "%-d %b, %H:%M"),
    (DAY, "%-d %b %Y"),
    (2 * DAY, "%-d %b %Y"),
    (7 * DAY, "%-d %b %Y"),
    (14 * DAY, "%-d %b %Y"),
)
MONTHS = ((1, "%b %Y"), (3, "%b %Y"), (6, "%b %Y"), (12, "%Y"), (24, "%Y"), (60, "%Y"), (120, "%Y"), (1200, "%Y"))


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """A figure in one edition: its slot, value and interval, all above zero; `words` are value and unit."""

    at: datetime
    value: float
    low: float
    high: float
    words: str
    span: str = ""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One figure over the editions, in order; a new run begins where editions have none.

    `name` is unique in a chart; `label` is what stands at the line's end, else its name.
    """

    name: str
    system: int | None
    runs: tuple[tuple[HistoryPoint, ...], ...]
    label: str = ""

    @property
    def points(self) -> tuple[HistoryPoint, ...]:
        """All of them."""
        return tuple(point for run in self.runs for point in run)


@dataclass(frozen=True, slots=True)
class MethodMark:
    """An edition whose method is another than that of the one before: its slot, and what is different."""

    at: datetime
    words: str


def thinned(points: Sequence[HistoryPoint], most: int) -> list[HistoryPoint]:
    """At most so many points: the first, the last, and the lowest and highest of every stretch between.

    What a line shows of a thousand points on three hundred pixels is its envelope, and that stays.

    Args:
        points: of one run, in order.
        most: how many may stay, 4 or more.
    """
    if len(points) <= most:
        return list(points)
    inner, stretches = points[1:-1], (most - 2) // 2
    ends = [round(i * len(inner) / stretches) for i in range(stretches + 1)]
    kept = [points[0]]
    for start, end in pairwise(ends):
        among = range(start, end)
        chosen = {pick(among, key=lambda i: inner[i].value) for pick in (min, max)}
        kept += [inner[i] for i in sorted(chosen)]
    return [*kept, points[-1]]


def history_chart(
    lines: Sequence[HistoryLine], *, y: str, marks: Sequence[MethodMark] = (), height: int = 200, width: int = WIDTH
) -> dict[str, Any]:
    """Lines on a logarithmic scale over time in UTC, their intervals as bands, and changes of method as rules.

    Lines differ by their dashes and marks, which survive greyscale; colour says the system, ink the whole mix.

    Args:
        lines: the figures, at least one of them with a point.
        y: title of the axis, with its unit.
        marks: where the method changed.
        height: pixels.
        width: pixels.
    """
    times = sorted({point.at for line in lines for point in line.points} | {mark.at for mark in marks})
    data = [record for index, line in enumerate(lines) for record in _records(line, index, width)]
    reach = log_axis([record[name] for record in data for name in ("low", "value", "high")], title=y, room=1.15)
    rows = {
        "points": data,
        "alone": [record for record in data if record["alone"] and record["low"] < record["high"]],
        "marks": [_mark(mark) for mark in marks],
        "ends": _ends(lines, data, reach["scale"].domain, height),
    }
    axis = {name: part if isinstance(part, str) else part.to_dict() for name, part in reach.items()}
    layers = _layers(_time_axis(times[0], times[-1], lines, width), axis, 0.15 if len(lines) < 3 else 0.08)
    drawn = [layer for name, found in layers.items() if rows[name] for layer in found]
    return _frame(height, width) | {"layer": drawn, "datasets": rows}


@cache
def _frame(height: int, width: int) -> dict[str, Any]:
    """What all charts of a size share.

    Layers are written out below, for altair checks each of its objects many times over: a page has dozens of charts.
    """
    import altair as alt

    return finished(alt.layer(alt.Chart(alt.NamedData("points")).mark_point()), height, width=width)


def _layers(time: Mapping[str, Any], axis: Mapping[str, Any], tint: float) -> dict[str, list[dict[str, Any]]]:
    """The layers by the name of their rows, the lowest first; bands that lie on one another with a lighter tint."""
    x = {"field": "at", "type": "quantitative", **time}
    y, low = ({"field": name, "type": "quantitative", **axis} for name in ("value", "low"))
    until = {"x": x, "y": low, "y2": {"field": "high"}, "color": _as_is("colour")}
    runs = [{"field": name, "type": "nominal"} for name in ("who", "run")]
    tip_words = {"field": "tip", "type": "nominal"}
    line = {"x": x, "y": y, "detail": runs, "color": _as_is("colour"), "strokeDash": _as_is("dash")}
    dots = {"x": x, "y": y, "color": _as_is("colour"), "shape": _as_is("shape"), "size": _as_is("size", "quantitative")}
    return {
        "marks": [
            _layer("marks", {"type": "rule", "color": MUTED, "strokeDash": [2, 3], "strokeWidth": 1}, {"x": x}),
            _layer(
                "marks",
                {"type": "point", "shape": "triangle-down", "size": 44, "filled": True, "color": MUTED, "opacity": 1},
                {"x": x, "y": {"value": 3}, "tooltip": tip_words},
            ),
        ],
        "points": [
            _layer("points", {"type": "area"}, {**until, "detail": runs, "opacity": unless_another(tint)}),
            _layer("points", {"type": "line", "strokeWidth": 1.8}, {**line, "opacity": unless_another()}),
            _layer(
                "points",
                {"type": "point", "filled": True},
                {**dots, "opacity": _unless_unseen(), "tooltip": tip_words},
            ),
        ],
        "alone": [_layer("alone", {"type": "rule", "strokeWidth": 1.4}, {**until, "opacity": unless_another(0.5)})],
        "ends": [
            _layer(
                "ends",
                {"type": "text", "align": "left", "dx": 7, "fontWeight": 600},
                {
                    "x": x,
                    "y": y,
                    "color": _as_is("colour"),
                    "opacity": unless_another(),
                    "text": {"field": "label", "type": "nominal"},
                },
            )
        ],
    }


def _layer(rows: str, mark: Mapping[str, Any], encoding: Mapping[str, Any]) -> dict[str, Any]:
    return {"data": {"name": rows}, "mark": mark, "encoding": encoding}


def _unless_unseen() -> dict[str, Any]:
    """Opacity of the points: none of those that are there only to be pointed at."""
    mine: dict[str, Any] = unless_another()
    return mine | {"condition": [{"test": "datum.seen === 0", "value": 0}, mine["condition"]]}


def _as_is(name: str, kind: str = "nominal") -> dict[str, Any]:
    """A channel whose rows hold what is drawn."""
    return {"field": name, "type": kind, "scale": None, "legend": None}


def _records(line: HistoryLine, index: int, width: int) -> Iterator[dict[str, Any]]:
    """The rows of a line: as many as its pixels can show, each run with its share."""
    total = len(line.points)
    most = max(8, round((width - MARGIN) / A_POINT))
    colour = INK if line.system is None else colour_of(line.system)
    for number, run in enumerate(line.runs):
        share = most if total <= most else max(4, most * len(run) // total)
        for point in thinned(run, share):
            alone = len(run) == 1
            shown = alone or total <= (width - MARGIN) / A_DOT
            yield {
                "who": line.name,
                "run": number,
                "colour": colour,
                "dash": DASHES[index % len(DASHES)],
                "shape": shape_of(index),
                "at": _milliseconds(point.at),
                "value": point.value,
                "low": point.low,
                "high": point.high,
                "alone": alone,
                "size": 26 if shown else 60,
                "seen": 1 if shown else 0,  # unseen ones are there to be pointed at
                "tip": tip(f"{line.name}, {_day(point.at)}", value=point.words, span=point.span),
            }


def _milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def _day(at: datetime) -> str:
    """`23 November 2026, 06:00 UTC`."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def _mark(mark: MethodMark) -> dict[str, Any]:
    return {"at": _milliseconds(mark.at), "who": "", "tip": tip(_day(mark.at), value=mark.words)}


def _ends(
    lines: Sequence[HistoryLine], data: Sequence[dict[str, Any]], reach: tuple[float, float], height: int
) -> list[dict[str, Any]]:
    """The names, each where its line ends, a line's height apart where they would touch."""
    last = {record["who"]: record for record in data}
    named = [line for line in lines if line.name in last]
    a_line = (reach[1] / reach[0]) ** (LINE / (height - 40.0))
    places = apart([last[line.name]["value"] for line in named], a_line)
    return [
        {name: last[line.name][name] for name in ("who", "colour", "at")}
        | {"label": line.label or line.name, "value": y}
        for line, y in zip(named, places, strict=True)
    ]


# -- time -----------------------------------------------------------------------------------------------------


def _time_axis(first: datetime, last: datetime, lines: Sequence[HistoryLine], width: int) -> dict[str, Any]:
    """A position channel for time as numbers, with room for the lines' names behind the last edition."""
    span = max(last - first, DAY)
    start = first - span * 0.02 if last > first else first - span / 2
    until = last if last > first else last + span / 2
    plot = width - MARGIN
    share = min(0.5, (12.0 + LETTER * max(len(line.label or line.name) for line in lines)) / plot)
    end = until + (until - start) * (share / (1.0 - share))
    ticks, words = _ticks(first, last, max(2, int(plot * (1.0 - share) / TICK)))
    return {
        "scale": {"type": "linear", "domain": [_milliseconds(start), _milliseconds(end)], "nice": False, "zero": False},
        "axis": {
            "values": [_milliseconds(tick) for tick in ticks],
            "labelExpr": f"utcFormat(datum.value, '{words}')",
            "grid": False,
            "labelOverlap": True,
        },
        "title": None,
    }


def _ticks(first: datetime, last: datetime, most: int) -> tuple[list[datetime], str]:
    """Round moments between two, not more than `most` but for the ends, and how they are written."""
    for step, words in STEPS:
        if (last - first) / step <= most:
            start = first if step > WHOLE else EPOCH + -(-(first - EPOCH) // step) * step  # weeks begin at the first
            found = [start + n * step for n in range(most + 1) if start + n * step <= last]
            return (found, words) if found else ([first], words)
    for months, words in MONTHS:
        found = _months(first, last, months)
        if len(found) <= most:
            return (found, words) if len(found) > 1 else ([first, last], "%b %Y")
    return [first, last], "%Y"


def _months(first: datetime, last: datetime, step: int) -> list[datetime]:
    """The first days of every so manieth month."""
    start = -(-(first.year * 12 + first.month - 1 + (first > _month_of(first))) // step) * step
    end = last.year * 12 + last.month - 1
    return [datetime(n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in range(start, end + 1, step)]


def _month_of(at: datetime) -> datetime:
    return datetime(at.year, at.month, 1, tzinfo=UTC)
