"""Speed against cost: the frontier of each system, named at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chipbrief_reports.charts.theme import (
    INK,
    MUTED,
    TIP,
    colour_of,
    finished,
    inline,
    log_axis,
    shape_of,
    tip,
    unless_another,
)
from chipbrief_reports.wording import number

__all__ = ["FrontierLine", "frontier_chart"]


@dataclass(frozen=True, slots=True)
class FrontierLine:
    """One system: points (tok/s/user, USD/Mtok) from slow to fast, and the chosen one."""

    name: str
    system: int
    points: tuple[tuple[float, float], ...]
    chosen: tuple[float, float] | None


def frontier_chart(lines: Sequence[FrontierLine], *, x: str, y: str, limit: float | None) -> dict[str, Any]:
    """Log-log lines of modelled points, the chosen ones marked, with the slowest speed that the SLO allows.

    Args:
        lines: one a system.
        x: title of the speed axis.
        y: title of the cost axis.
        limit: speed of the service level [tok/s/user].
    """
    import altair as alt

    data = [_record(line, place, x, y) | {"order": i} for line in lines for i, place in enumerate(line.points)]
    ends = [_record(line, line.points[-1], x, y) for line in lines if line.points]
    chosen = [_record(line, line.chosen, x, y) | {"shape": shape_of(line.system)} for line in lines if line.chosen]
    reach = log_axis([px for line in lines for px, _ in line.points] + ([limit] if limit else []), title=x, grid=False)
    axis_x = alt.X("x:Q", **reach)
    axis_y = alt.Y("y:Q", **log_axis([py for line in lines for _, py in line.points], title=y))
    colour = alt.Color("colour:N", scale=None)
    curve = (
        alt.Chart()
        .mark_line(strokeWidth=2)
        .encode(x=axis_x, y=axis_y, color=colour, detail="who:N", order="order:Q", opacity=unless_another())
    )
    places = (  # unseen: a line as a whole is one mark, and has no value to tell
        alt.Chart().mark_point(size=110, filled=True, opacity=0).encode(x=axis_x, y=axis_y, tooltip=TIP)
    )
    names = (
        alt.Chart(inline(ends))
        .mark_text(align="right", dx=-4, dy=-9, fontWeight=600)
        .encode(x=axis_x, y=axis_y, text="who:N", color=colour, opacity=unless_another())
    )
    points = (
        alt.Chart(inline(chosen))
        .mark_point(size=90, strokeWidth=2, fill="white")
        .encode(
            x=axis_x,
            y=axis_y,
            stroke=alt.Stroke("colour:N", scale=None),
            shape=alt.Shape("shape:N", scale=None),
            opacity=unless_another(),
            tooltip=TIP,
        )
    )
    layers = [alt.layer(curve, places, data=inline(data)), points, names] + ([_limit(limit, axis_x)] if limit else [])
    return finished(alt.layer(*layers), 240)


def _record(line: FrontierLine, place: tuple[float, float], x: str, y: str) -> dict[str, Any]:
    words = f"{number(place[1])} {y} at {number(place[0])} {x}"
    at = {"x": place[0], "y": place[1]}
    return {"who": line.name, "colour": colour_of(line.system), **at, "tip": tip(line.name, value=words)}


def _limit(limit: float, axis: Any) -> Any:
    import altair as alt

    data = inline([{"x": limit, "label": "service level"}])
    rule = alt.Chart(data).mark_rule(strokeDash=[3, 3], color=INK).encode(x=axis)
    label = (
        alt.Chart(data)
        .mark_text(align="left", dx=4, dy=8, color=MUTED, fontStyle="italic")
        .encode(x=axis, y=alt.value(0), text="label:N")
    )
    return alt.layer(rule, label)
