"""Dot strips: one line a row, one mark a system, on a common scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chipbrief_reports.charts.theme import (
    INK,
    MUTED,
    TIP,
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


@dataclass(frozen=True, slots=True)
class DotRow:
    """One mark: its line, its value with an optional range, the system it belongs to and its label.

    `fill` tells its kind of evidence: measured solid, modelled hollow, claimed crossed. `name`, `words` (the value with
    its unit) and `source` are what it says when it is pointed at; `key` is by what the page finds it when it moves.
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


def dot_strip(rows: Sequence[DotRow], *, axis: str, row_height: int = 34) -> dict[str, Any]:
    """Marks on one logarithmic axis, a line for each `line` in the order given; ranges as bars, labels beside them.

    Args:
        rows: the marks.
        axis: title of the axis, with its unit.
        row_height: pixels a line.
    """
    import altair as alt

    lines = list(dict.fromkeys(row.line for row in rows))
    data = [_record(row, offset, axis) for row, offset in _offsets(rows)]
    values = [v for record in data for v in (record["low"], record["high"])]
    reach = log_axis(values, title=axis, room=_room(values) if any(row.label for row in rows) else 1.25)
    signals: list[Any] = []
    if any(row.key for row in rows):
        reach, signals = movable(reach)
    y = alt.Y(
        "line:N",
        sort=lines,
        title=None,
        axis=alt.Axis(labelColor=INK, labelFontWeight=600, labelLimit=170, grid=False, labelPadding=10),
    )
    spread = alt.YOffset("offset:Q", scale=alt.Scale(domain=[-1, 1], range=[3, row_height - 3]))
    base = alt.Chart(inline(data, "marks")).encode(y=y, yOffset=spread, opacity=unless_another())
    colour = alt.Color("colour:N", scale=None)
    rules = base.mark_rule(strokeWidth=1.4).encode(
        x=alt.X("low:Q", **reach), x2="high:Q", color=colour, opacity=unless_another(0.5), tooltip=TIP
    )
    labels = base.mark_text(align="left", dx=8, color=MUTED, fontSize=9).encode(
        x=alt.X("high:Q", **reach), text="label:N"
    )
    x = alt.X("value:Q", **reach)
    layers = [rules, _marks(base, x, hollow=True), _marks(base, x, hollow=False), labels]
    return finished(alt.layer(*layers), row_height * len(lines) + 46, signals)


def _room(values: Sequence[float]) -> float:
    """Factor above the largest value that leaves a sixth of the axis to the label behind it."""
    return float(1.25 * (max(values) / min(values)) ** 0.19)


def _offsets(rows: Sequence[DotRow]) -> list[tuple[DotRow, float]]:
    """Spread the systems of a line a little, so that equal values stay apart."""
    systems = sorted({row.system for row in rows})
    step = 1.5 / max(len(systems) - 1, 1)
    return [(row, -0.75 + step * systems.index(row.system) if len(systems) > 1 else 0.0) for row in rows]


def _record(row: DotRow, offset: float, axis: str) -> dict[str, Any]:
    moved = {"key": row.key} if row.key else {}
    return {
        **moved,
        "line": row.line,
        "who": row.name or str(row.system),
        "tip": _tip(row, axis),
        "value": row.value,
        "low": row.value if row.low is None else row.low,
        "high": row.value if row.high is None else row.high,
        "colour": colour_of(row.system),
        "shape": "cross" if row.fill == "crossed" else shape_of(row.system),
        "hollow": row.fill == "hollow",
        "label": row.label,
        "offset": offset,
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
