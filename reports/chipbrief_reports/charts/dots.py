"""Dot strips: one line a row, one mark a system, on a common scale."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chipbrief.config import UNSEEN
from chipbrief_reports.charts.theme import (
    INK,
    LETTER,
    MUTED,
    TIP,
    WIDTH,
    colour_of,
    finished,
    inline,
    log_axis,
    movable,
    shape_of,
    tip,
    unless_another,
)
from chipbrief_reports.wording import a_range, number

__all__ = ["DotRow", "dot_strip"]

Fill = Literal["solid", "hollow", "crossed"]
LANE = 10.2  # pixels from one lane to the next: a line of words
BARE_LANE = 9.0  # without words
GAP = 3.5  # pixels between the lanes of two lines
GUTTER = 150  # pixels left of the axis, about


@dataclass(frozen=True, slots=True)
class DotRow:
    """One mark: its line, its value with an optional range, the system it belongs to and its label.

    `fill` tells its kind of evidence: measured solid, modelled hollow, claimed crossed. Marks of one `lane` of a line
    lie beside one another, others below; it is the system's place where it is not given. `name`, `words` (the value
    with its unit) and `source` are what it says when it is pointed at; by `key` the page finds it when it moves.
    """

    line: str
    value: float
    system: int
    label: str = ""
    low: float | None = None
    high: float | None = None
    fill: Fill = "solid"
    name: str = ""
    source: str = ""
    key: str = ""
    words: str = ""
    lane: str = ""

    @property
    def reach(self) -> tuple[float, float]:
        """The ends of its range; its value where it has none."""
        return (self.value if self.low is None else self.low, self.value if self.high is None else self.high)


def dot_strip(rows: Sequence[DotRow], *, axis: str, row_height: int = 34, title: str = "") -> dict[str, Any]:
    """Marks on one logarithmic axis, a line for each `line` in the order given; ranges as bars, labels beside them.

    Args:
        rows: the marks.
        axis: unit of the values, for what a mark says.
        row_height: pixels a line; one whose lanes take more is higher.
        title: of the axis; none where the chart's own title says it.
    """
    import altair as alt

    places, middles, height = _places(rows, row_height)
    labelled = any(row.label for row in rows)
    values = [end for row in rows for end in row.reach]
    reach = log_axis(values, title=title, room=_room(values, rows) if labelled else 1.25)
    low, high = reach["scale"].domain
    ends = _label_ends(rows, places, math.log(high / low) / (WIDTH - GUTTER))
    data = [_record(row, place, end, axis) for row, place, end in zip(rows, places, ends, strict=True)]
    signals: list[Any] = []
    if any(row.key for row in rows):
        reach, signals = movable(reach)
    names = json.dumps([UNSEEN.sub("\ufffd", name) for name in middles.values()])
    y = alt.Y(
        "place:Q",
        title=None,
        scale=alt.Scale(domain=[height, 0], nice=False, zero=False),
        axis=alt.Axis(
            values=list(middles),
            labelExpr=f"{names}[indexof({list(middles)}, datum.value)]",
            labelColor=INK,
            labelFontWeight=600,
            labelLimit=170,
            labelOverlap=False,
            grid=False,
            labelPadding=10,
        ),
    )
    base = alt.Chart(inline(data, "marks")).encode(y=y, opacity=unless_another())
    colour = alt.Color("colour:N", scale=None)
    rules = base.mark_rule(strokeWidth=1.4).encode(
        x=alt.X("low:Q", **reach), x2="high:Q", color=colour, opacity=unless_another(0.5), tooltip=TIP
    )
    x = alt.X("value:Q", **reach)
    layers = [rules, _marks(base, x, hollow=True), _marks(base, x, hollow=False)]
    if labelled:
        layers.append(
            base.mark_text(align="left", dx=8, color=MUTED, fontSize=9).encode(
                x=alt.X("end:Q", **reach), text="label:N"
            )
        )
    return finished(alt.layer(*layers), round(height) + (46 if title else 30), signals)


def _room(values: Sequence[float], rows: Sequence[DotRow]) -> float:
    """Factor above the largest value that leaves room to the longest label behind it."""
    longest = max(len(row.label) for row in rows)
    share = min(0.4, (longest * LETTER + 14.0) / (WIDTH - GUTTER))
    return float(1.1 * (1.4 * max(values) / min(values)) ** (share / (1.0 - share)))


def _places(rows: Sequence[DotRow], least: float) -> tuple[list[float], dict[float, str], float]:
    """Pixels from the top: of every mark, of every line's name, and of all of it.

    A line is as high as its lanes take, so that what is written in them stays legible.
    """
    lanes: dict[str, dict[str, int]] = {}
    for row in rows:
        mine = lanes.setdefault(row.line, {})
        mine.setdefault(_lane(row), len(mine))
    step = LANE if any(row.label for row in rows) else BARE_LANE
    middles, tops, top = dict[float, str](), dict[str, float](), 0.0
    for line, mine in lanes.items():
        height = max(float(least), step * len(mine) + GAP)
        tops[line] = top + (height - step * (len(mine) - 1)) / 2.0
        middles[top + height / 2.0] = line
        top += height
    return [tops[row.line] + step * lanes[row.line][_lane(row)] for row in rows], middles, top


def _lane(row: DotRow) -> str:
    return row.lane or str(row.system)


def _label_ends(rows: Sequence[DotRow], places: Sequence[float], a_pixel: float) -> list[float]:
    """Behind which value each label stands: its own range's end, or that of a mark that would lie under it."""
    ends = [row.reach[1] for row in rows]
    for index, row in enumerate(rows):
        if not row.label:
            continue
        beside = sorted((other.reach for other, place in zip(rows, places, strict=True) if place == places[index]))
        width = math.exp(a_pixel * (len(row.label) * (LETTER - 0.8) + 8.0))
        for low, high in beside:
            if low < ends[index] * width and high > ends[index]:
                ends[index] = high
    return ends


def _record(row: DotRow, place: float, end: float, axis: str) -> dict[str, Any]:
    moved = {"key": row.key} if row.key else {}
    low, high = row.reach
    return {
        **moved,
        "line": row.line,
        "who": row.name or str(row.system),
        "tip": _tip(row, axis),
        "value": row.value,
        "low": low,
        "high": high,
        "end": end,
        "colour": colour_of(row.system),
        "shape": "cross" if row.fill == "crossed" else shape_of(row.system),
        "hollow": row.fill == "hollow",
        "label": row.label,
        "place": place,
    }


def _tip(row: DotRow, axis: str) -> dict[str, str]:
    span = (
        f"{a_range(row.low, row.high)} {axis}"
        if row.low is not None and row.high is not None and row.low < row.high
        else ""
    )
    title = f"{row.line}: {row.name}" if row.name else row.line
    return tip(title, value=row.words or f"{number(row.value)} {axis}", span=span, source=row.source)


def _marks(base: Any, x: Any, *, hollow: bool) -> Any:
    import altair as alt

    colour = alt.Color("colour:N", scale=None)
    shape = alt.Shape("shape:N", scale=None)
    chosen = base.transform_filter(alt.datum.hollow == hollow)
    if hollow:
        return chosen.mark_point(size=54, strokeWidth=1.6, fill="white").encode(
            x=x, shape=shape, stroke=alt.Stroke("colour:N", scale=None), tooltip=TIP
        )
    return chosen.mark_point(size=54, filled=True).encode(x=x, shape=shape, color=colour, tooltip=TIP)
