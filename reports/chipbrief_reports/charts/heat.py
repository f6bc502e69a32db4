"""The winner map: one cell a pair of lengths, in the colour of the system that is cheapest there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chipbrief_reports.charts.theme import CHOSEN, INK, MUTED, TIP, colour_of, finished, inline, tip

__all__ = ["MapCell", "winner_map_chart"]

TINT = 0.22  # of the system's colour, so that the name stays readable on it


@dataclass(frozen=True, slots=True)
class MapCell:
    """One cell: its column and row in words, what wins there, and the system that it belongs to; None for nothing.

    `name` and `words` are the winner in full and its price with the unit, said when the cell is pointed at.
    """

    column: str
    row: str
    label: str
    system: int | None
    today: bool = False
    name: str = ""
    words: str = ""
    source: str = ""


def winner_map_chart(cells: Sequence[MapCell], *, x: str, y: str, row_height: int = 26) -> dict[str, Any]:
    """A grid of cells, rows and columns in the order given; today's cell is framed.

    Args:
        cells: row by row.
        x: title of the columns, with its unit.
        y: title of the rows, with its unit.
        row_height: pixels a row.
    """
    import altair as alt

    columns, rows = (list(dict.fromkeys(getattr(cell, name) for cell in cells)) for name in ("column", "row"))
    data = [
        {
            "who": cell.name or cell.label,
            "tip": _tip(cell, x, y),
            "column": cell.column,
            "row": cell.row,
            "label": cell.label,
            "colour": "#F1F3F5" if cell.system is None else colour_of(cell.system),
            "tint": 1.0 if cell.system is None else TINT,
        }
        for cell in cells
    ]
    at_x = alt.X("column:O", sort=columns, title=x, axis=alt.Axis(labelAngle=0, grid=False, orient="bottom"))
    at_y = alt.Y("row:O", sort=rows[::-1], title=y, axis=alt.Axis(grid=False, labelColor=MUTED))
    base = alt.Chart(inline(data)).encode(x=at_x, y=at_y)
    fill = base.mark_rect(stroke="white", strokeWidth=1.5).encode(
        color=alt.Color("colour:N", scale=None),
        opacity=alt.condition(
            f"{CHOSEN} === '' || datum.who === {CHOSEN}", alt.Opacity("tint:Q", scale=None), alt.value(TINT / 4.0)
        ),
        tooltip=TIP,
    )
    names = base.mark_text(fontSize=9, color=INK).encode(text="label:N")
    today = [record for record, cell in zip(data, cells, strict=True) if cell.today]
    frame = (
        alt.Chart(inline(today))
        .mark_rect(filled=False, fillOpacity=0, stroke=INK, strokeWidth=1.8)
        .encode(x=at_x, y=at_y)
    )
    return finished(alt.layer(fill, names, frame), row_height * len(rows) + 50)


def _tip(cell: MapCell, x: str, y: str) -> dict[str, str]:
    today = " (today)" if cell.today else ""
    place = f"{y.split(',')[0]} {cell.row}, {x.split(',')[0]} {cell.column} tokens{today}".capitalize()
    return tip(place, value=f"{cell.name or cell.label}{f', {cell.words}' if cell.words else ''}", source=cell.source)
