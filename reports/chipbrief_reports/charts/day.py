"""Demand over the hours of a day, with the level that is provisioned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chipbrief_reports.charts.theme import (
    AXIS_WORDS,
    FOCUS_COLOURS,
    INK,
    MUTED,
    TIP,
    finished,
    inline,
    tip,
    unless_another,
)
from chipbrief_reports.wording import number, percent

__all__ = ["day_chart"]


def day_chart(
    hours: Sequence[float], levels: Sequence[tuple[str, float]], *, axis: str, source: str = ""
) -> dict[str, Any]:
    """Steps from midnight to midnight, and horizontal lines named at their end.

    Args:
        hours: demand of each of the 24 hours.
        levels: (name, value) of each line, the last of them drawn solid.
        axis: title of the axis, with its unit.
        source: where the demand comes from.
    """
    import altair as alt

    last, most = levels[-1]
    data = [_hour(hour, value, f"{number(value)} {axis}", source) for hour, value in enumerate(hours)]
    lines = [
        {
            "who": name,
            "value": value,
            "label": name,
            "hour": 24,
            "solid": i == len(levels) - 1,
            "tip": tip(
                name,
                value=f"{number(value)} {axis}" + ("" if name == last else f", {percent(value / most)} of {last}"),
                source=source,
            ),
        }
        for i, (name, value) in enumerate(levels)
    ]
    top = max([*hours, *(value for _, value in levels)]) * 1.2
    x = alt.X(
        "hour:Q",
        title=None,
        scale=alt.Scale(domain=[0, 24], nice=False),
        axis=alt.Axis(values=list(range(0, 25, 3)), grid=False, format="02d"),
    )
    y = alt.Y(
        "value:Q",
        title=None,
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(tickCount=4, labelExpr=AXIS_WORDS),
    )
    bars = (
        alt.Chart(inline(data))
        .mark_rect(color=FOCUS_COLOURS[2])
        .encode(x=x, x2="until:Q", y=y, y2=alt.datum(0), opacity=unless_another(0.28), tooltip=TIP)
    )
    rules = [
        alt.Chart(inline([line]))
        .mark_rule(color=INK, strokeWidth=1.6 if line["solid"] else 1.0, strokeDash=[1, 0] if line["solid"] else [3, 3])
        .encode(y=y, opacity=unless_another(), tooltip=TIP)
        for line in lines
    ]
    names = [
        alt.Chart(inline([line]))
        .mark_text(align="right", dy=-6 if line["solid"] else 8, dx=-2, color=MUTED, fontSize=9)
        .encode(x=x, y=y, text="label:N", opacity=unless_another())
        for line in lines
    ]
    ends = (  # unseen: a rule is thin to point at, and the keyboard steps from mark to mark
        alt.Chart(inline(lines)).mark_point(size=90, filled=True, opacity=0).encode(x=x, y=y, tooltip=TIP)
    )
    return finished(alt.layer(bars, *rules, *names, ends), 86)


def _hour(hour: int, value: float, words: str, source: str) -> dict[str, Any]:
    name = f"{hour:02d} to {hour + 1:02d} h"
    told = tip(f"{name}, UTC", value=words, source=source)
    return {"who": name, "hour": hour, "until": hour + 1, "value": value, "tip": told}
