"""Demand over the hours of a day, with the level that is provisioned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chipbrief_reports.charts.theme import FOCUS_COLOURS, INK, MUTED, finished, inline

__all__ = ["day_chart"]


def day_chart(hours: Sequence[float], levels: Sequence[tuple[str, float]], *, axis: str) -> dict[str, Any]:
    """Steps from midnight to midnight, and horizontal lines named at their end.

    Args:
        hours: demand of each of the 24 hours.
        levels: (name, value) of each line, the last of them drawn solid.
        axis: title of the axis, with its unit.
    """
    import altair as alt

    data = [{"hour": hour, "until": hour + 1, "value": value} for hour, value in enumerate(hours)]
    lines = [
        {"value": value, "label": name, "hour": 24, "solid": i == len(levels) - 1}
        for i, (name, value) in enumerate(levels)
    ]
    top = max([*hours, *(value for _, value in levels)]) * 1.2
    x = alt.X(
        "hour:Q",
        title="hour, UTC",
        scale=alt.Scale(domain=[0, 24], nice=False),
        axis=alt.Axis(values=list(range(0, 25, 3)), grid=False, format="02d"),
    )
    y = alt.Y("value:Q", title=axis, scale=alt.Scale(domain=[0, top], nice=False), axis=alt.Axis(tickCount=4))
    bars = (
        alt.Chart(inline(data))
        .mark_rect(color=FOCUS_COLOURS[2], opacity=0.28)
        .encode(x=x, x2="until:Q", y=y, y2=alt.datum(0))
    )
    rules = [
        alt.Chart(inline([line]))
        .mark_rule(color=INK, strokeWidth=1.6 if line["solid"] else 1.0, strokeDash=[1, 0] if line["solid"] else [3, 3])
        .encode(y=y)
        for line in lines
    ]
    names = [
        alt.Chart(inline([line]))
        .mark_text(align="right", dy=-6 if line["solid"] else 8, dx=-2, color=MUTED, fontSize=9)
        .encode(x=x, y=y, text="label:N")
        for line in lines
    ]
    return finished(alt.layer(bars, *rules, *names), 104)
