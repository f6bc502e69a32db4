"""Bars: stacked cost lines, the tornado, and capacity in steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chipbrief_reports.charts.theme import (
    AXIS_WORDS,
    INK,
    MUTED,
    TIP,
    colour_of,
    finished,
    inline,
    log_axis,
    tip,
    unless_another,
)
from chipbrief_reports.wording import number, percent, whole

__all__ = ["Bar", "capacity_steps", "stacked_bars", "tornado_chart"]

STACK = ("#1F3A5F", "#4C6A92", "#7F97B2", "#C8501E", "#E0A458", "#2F5D62", "#7B6C9B", "#A58B6F", "#5B4636")
IDLE = ("#C3CAD2", "#E0E4E9")  # what works has colour
LEGEND = 3  # parts in a row
ROOM = 1.13  # of the longest bar, for its total; the page leaves as much


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a stacked bar; `key` is by what the page finds it again when it moves."""

    row: str
    part: str
    value: float
    source: str = ""
    key: str = ""


def stacked_bars(
    bars: Sequence[Bar], *, axis: str, totals: Mapping[str, str], idle: Sequence[str] = ()
) -> dict[str, Any]:
    """Horizontal stacks, the parts in the order given, each total printed at its bar's end.

    Args:
        bars: the pieces.
        axis: title of the axis, with its unit.
        totals: text at the end of each row, in the order of the rows.
        idle: parts that are drawn in grey.
    """
    import altair as alt

    rows = list(dict.fromkeys([*totals, *(b.row for b in bars)]))
    parts = list(dict.fromkeys(b.part for b in bars))
    sums = {row: sum(b.value for b in bars if b.row == row) for row in rows}
    data = [_piece(b, parts.index(b.part), sums[b.row], axis) for b in bars]
    ends = [{"row": row, "value": sums[row], "label": totals.get(row, "")} for row in rows]
    y = alt.Y("row:N", sort=rows, title=None, axis=alt.Axis(labelColor=INK, labelFontWeight=600, labelLimit=170))
    colour = alt.Color(
        "part:N",
        sort=parts,
        scale=alt.Scale(domain=parts, range=_colours(parts, idle)),
        legend=alt.Legend(
            orient="top",
            direction="horizontal",
            symbolType="square",
            columns=LEGEND,
            labelLimit=200,
            symbolStrokeWidth=0,
        ),
    )
    reach = alt.Scale(domainMax=alt.ExprRef("reach"))  # the page moves it with the pieces, and leaves the totals room
    stack = (
        alt.Chart(inline(data, "pieces"))
        .mark_bar(height=15)
        .encode(
            x=alt.X("value:Q", stack="zero", scale=reach, title=axis, axis=alt.Axis(tickCount=6, labelExpr=AXIS_WORDS)),
            y=y,
            color=colour,
            order="order:Q",
            opacity=unless_another(),
            tooltip=TIP,
        )
    )
    labels = (
        alt.Chart(inline(ends, "ends"))
        .mark_text(align="left", dx=6, fontWeight=600)
        .encode(x="value:Q", y=y, text="label:N")
    )
    height = 26 * len(rows) + 16 * -(-len(parts) // LEGEND) + 46
    return finished(alt.layer(stack, labels), height, [alt.param(name="reach", value=max(sums.values()) * ROOM)])


def _colours(parts: Sequence[str], idle: Sequence[str]) -> list[str]:
    """A colour for every part, and a grey for what is idle."""
    working = [part for part in parts if part not in idle]
    found = {part: STACK[i % len(STACK)] for i, part in enumerate(working)}
    found |= {part: IDLE[i % len(IDLE)] for i, part in enumerate(idle)}
    return [found[part] for part in parts]


def _piece(bar: Bar, order: int, total: float, axis: str) -> dict[str, Any]:
    words = f"{number(bar.value)} {axis}" + (f", {percent(bar.value / total)} of it" if total > 0 else "")
    moved = {"key": bar.key} if bar.key else {}
    told = tip(f"{bar.row}: {bar.part.lower()}", value=words, source=bar.source)
    return {**moved, "row": bar.row, "part": bar.part, "who": bar.part, "value": bar.value, "order": order, "tip": told}


def tornado_chart(rows: Sequence[tuple[str, float, float, str]], *, base: float, axis: str) -> dict[str, Any]:
    """What each input does alone between the ends of its range.

    Args:
        rows: (name, result at the low end, result at the high end, range in words), largest swing first.
        base: the result with every input at its value.
        axis: title of the axis, with its unit.
    """
    import altair as alt

    names = [row[0] for row in rows]
    data = [
        {
            "who": name,
            "from": base,
            "to": end,
            "side": side,
            "tip": tip(
                name, value=f"{number(end)} {axis} at the {side} end, {number(base)} {axis} at its value", span=span
            ),
        }
        for name, low, high, span in rows
        for side, end in (("low", low), ("high", high))
    ]
    words = [{"who": name, "value": max(low, high, base), "label": span} for name, low, high, span in rows]
    y = alt.Y("who:N", sort=names, title=None, axis=alt.Axis(labelColor=INK, labelLimit=260))
    ends = [base, *(end for _, low, high, _ in rows for end in (low, high))]
    room = (max(ends) - min(ends)) * 0.42  # for the range in words behind the longest bar
    domain = [min(ends), max(ends) + room]
    x = alt.X(
        "from:Q",
        title=axis,
        scale=alt.Scale(zero=False, nice=False, domain=domain),
        axis=alt.Axis(tickCount=6, labelExpr=AXIS_WORDS),
    )
    colour = alt.Color(
        "side:N",
        scale=alt.Scale(domain=["low", "high"], range=["#7F97B2", "#C8501E"]),
        legend=alt.Legend(orient="top", labelExpr="datum.label == 'low' ? 'input at its low end' : 'at its high end'"),
    )
    bars = (
        alt.Chart(inline(data))
        .mark_bar(height=12)
        .encode(x=x, x2="to:Q", y=y, color=colour, opacity=unless_another(), tooltip=TIP)
    )
    spans = (
        alt.Chart(inline(words))
        .mark_text(align="left", dx=6, color=MUTED, fontSize=9)
        .encode(x="value:Q", y=y, text="label:N", opacity=unless_another())
    )
    rule = alt.Chart(inline([{"x": base}])).mark_rule(color=INK).encode(x="x:Q")
    return finished(alt.layer(bars, spans, rule), 24 * len(rows) + 80)


def capacity_steps(
    series: Sequence[tuple[str, int, Sequence[tuple[str, float]]]], *, axis: str, height: int = 170
) -> dict[str, Any]:
    """Units over time, one stepped line a system, named at its end.

    Args:
        series: (name, system index, [(month such as 2026-12, units)]).
        axis: title of the axis, with its unit.
        height: pixels.
    """
    import altair as alt

    data = [
        {
            "who": name,
            "colour": colour_of(system),
            "month": month,
            "units": units,
            "tip": tip(f"{name}: {month}", value=f"{whole(units)} {axis}"),
        }
        for name, system, points in series
        for month, units in points
    ]
    ends = [
        {"who": name, "colour": colour_of(system), "month": points[-1][0], "units": points[-1][1]}
        for name, system, points in series
    ]
    months = list(dict.fromkeys(month for _, _, points in series for month, _ in points))
    counts = [units for _, _, points in series for _, units in points]
    x = alt.X("month:O", sort=months, title=None, axis=alt.Axis(labelAngle=0, grid=False, labelOverlap=True))
    y = alt.Y("units:Q", **log_axis(counts, title=axis))
    colour = alt.Color("colour:N", scale=None)
    line = (
        alt.Chart(inline(data))
        .mark_line(interpolate="step-after", strokeWidth=2, point={"size": 30, "filled": True})
        .encode(x=x, y=y, color=colour, detail="who:N", opacity=unless_another(), tooltip=TIP)
    )
    names = (
        alt.Chart(inline(ends))
        .mark_text(align="right", dy=-10, fontWeight=600)
        .encode(x=x, y=y, text="who:N", color=colour, opacity=unless_another())
    )
    return finished(alt.layer(line, names), height)
