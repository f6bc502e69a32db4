"""A system among the field: one line a figure, its own mark in colour, the others grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chipbrief_reports.charts.theme import GREY, INK, MUTED, TIP, colour_of, finished, inline, tip, unless_another

__all__ = ["FieldMark", "FieldRow", "field_chart"]


@dataclass(frozen=True, slots=True)
class FieldMark:
    """A system on a line: its name, its figure as a number and in words, the figure's range, its source and date."""

    name: str
    value: float
    words: str
    span: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One figure: name with unit, the system's own mark, those of the field, rank in words."""

    name: str
    mine: FieldMark
    others: tuple[FieldMark, ...]
    rank: str


def field_chart(rows: Sequence[FieldRow], *, system: int, row_height: int = 30) -> dict[str, Any]:
    """Lines on a logarithmic scale each, from the least to the most of the field.

    Args:
        rows: the figures, in order.
        system: the system's place in the focus list.
        row_height: pixels a line.
    """
    import altair as alt

    names = [row.name for row in rows]
    others = [
        _record(row, mark, place) for row in rows for mark, place in zip(row.others, _places(row)[1:], strict=True)
    ]
    own = [_record(row, row.mine, _places(row)[0]) | {"label": row.mine.words, "rank": row.rank} for row in rows]
    x = alt.X("place:Q", scale=alt.Scale(domain=[-0.02, 1.25], nice=False), axis=None)
    y = alt.Y(
        "name:N", sort=names, title=None, axis=alt.Axis(labelColor=INK, labelLimit=220, grid=False, labelPadding=10)
    )
    line = (
        alt.Chart(inline([{"name": n, "place": 0.0, "to": 1.0} for n in names]))
        .mark_rule(color="#D5DAE0", strokeWidth=1)
        .encode(x=x, x2="to:Q", y=y)
    )
    field = (
        alt.Chart(inline(others))
        .mark_point(color=GREY, filled=True, size=30)
        .encode(x=x, y=y, opacity=unless_another(0.55), tooltip=TIP)
    )
    mine = alt.Chart(inline(own))
    marks = mine.mark_point(color=colour_of(system), filled=True, size=95).encode(
        x=x, y=y, opacity=unless_another(), tooltip=TIP
    )
    labels = mine.mark_text(dy=-11, fontWeight=600, fontSize=9, color=colour_of(system)).encode(
        x=x, y=y, text="label:N"
    )
    ranks = mine.mark_text(align="right", fontSize=9, color=MUTED).encode(x=alt.XDatum(1.25), y=y, text="rank:N")
    return finished(alt.layer(line, field, marks, labels, ranks), row_height * len(rows) + 16)


def _record(row: FieldRow, mark: FieldMark, place: float) -> dict[str, Any]:
    figure, _, unit = row.name.rpartition(", ")
    rank = f", rank {row.rank}" if mark is row.mine else ""
    words = f"{mark.words} {unit}".replace("$ thousand", "thousand $") + rank
    span = f"{mark.span} {unit}".replace("$ thousand", "thousand $") if mark.span else ""
    told = tip(f"{mark.name}: {figure[:1].lower()}{figure[1:]}", value=words, span=span, source=mark.source)
    return {"who": mark.name, "name": row.name, "place": place, "tip": told}


def _places(row: FieldRow) -> list[float]:
    """Places between 0 and 1, the system's own first."""
    logs = [math.log10(mark.value) for mark in (row.mine, *row.others)]
    low, high = min(logs), max(logs)
    return [(log - low) / (high - low) if high > low else 0.5 for log in logs]
