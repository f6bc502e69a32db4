"""Speed against cost: the frontier of each system, named at its end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chipbrief_reports.charts.theme import (
    INK,
    LETTER,
    MUTED,
    TIP,
    WIDTH,
    apart,
    colour_of,
    finished,
    inline,
    log_axis,
    movable,
    shape_of,
    tip,
    unless_another,
)
from chipbrief_reports.wording import number

__all__ = ["FrontierLine", "frontier_chart"]


HEIGHT = 240
LINE = 12.0  # pixels from one line of words to the next
PLOT = WIDTH - 60.0  # pixels of the axis, about


@dataclass(frozen=True, slots=True)
class FrontierLine:
    """One system: points (tok/s/user, USD/Mtok) from slow to fast, and the chosen one.

    `live` and `chosen_live` are what the page reckons the costs of the points from when its sliders move.
    """

    name: str
    system: int
    points: tuple[tuple[float, float], ...]
    chosen: tuple[float, float] | None
    live: tuple[Mapping[str, Any], ...] = ()
    chosen_live: Mapping[str, Any] = field(default_factory=dict)


def frontier_chart(lines: Sequence[FrontierLine], *, x: str, y: str, limit: float | None) -> dict[str, Any]:
    """Log-log lines of modelled points, the chosen ones marked, with the slowest speed that the SLO allows.

    Args:
        lines: one a system.
        x: title of the speed axis.
        y: title of the cost axis.
        limit: speed of the service level [tok/s/user].
    """
    import altair as alt

    data = [
        {**_record(line, place, x, y), "order": i, **live}
        for line in lines
        for i, (place, live) in enumerate(zip(line.points, line.live or ({},) * len(line.points), strict=True))
    ]
    chosen = [
        {**_record(line, line.chosen, x, y), "shape": shape_of(line.system), **line.chosen_live}
        for line in lines
        if line.chosen
    ]
    reach = log_axis([px for line in lines for px, _ in line.points] + ([limit] if limit else []), title=x, grid=False)
    costs = [py for line in lines for _, py in line.points]
    a_line = (1.25**2 * max(costs) / min(costs)) ** (LINE / (HEIGHT - 46))
    ends = _named([[r for r in data if r["who"] == line.name][-1] for line in lines if line.points], reach, a_line)
    upright, signals = (
        log_axis(costs, title=y, room=max(1.25, *(end["y"] / max(costs) for end in ends)) * a_line),
        list[Any](),
    )
    if any(line.live for line in lines):
        upright, signals = movable(upright)
    axis_x, axis_y = alt.X("x:Q", **reach), alt.Y("y:Q", **upright)
    colour = alt.Color("colour:N", scale=None)
    curve = (
        alt.Chart()
        .mark_line(strokeWidth=2)
        .encode(x=axis_x, y=axis_y, color=colour, detail="who:N", order="order:Q", opacity=unless_another())
    )
    places = (  # unseen: a line as a whole is one mark, and has no value to tell
        alt.Chart().mark_point(size=110, filled=True, opacity=0).encode(x=axis_x, y=axis_y, tooltip=TIP)
    )
    words: dict[str, Any] = {"align": "right", "dx": -4, "dy": -9, "fontWeight": 600}
    told = alt.Chart().encode(x=axis_x, y=axis_y, text="who:N", opacity=unless_another())
    names = alt.layer(  # on white, for lines run below them
        told.mark_text(**words, stroke="white", strokeWidth=3, strokeJoin="round"),
        told.mark_text(**words).encode(color=colour),
        data=inline(ends, "ends"),
    )
    points = (
        alt.Chart(inline(chosen, "chosen_points"))
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
    drawn = alt.layer(curve, places, data=inline(data, "places"))
    return finished(alt.layer(drawn, points, names, *([_limit(limit, axis_x)] if limit else [])), HEIGHT, signals)


def _named(ends: Sequence[dict[str, Any]], reach: Mapping[str, Any], a_line: float) -> list[dict[str, Any]]:
    """The places of the names: at the lines' ends, but those that would touch stand a line above one another.

    `lift` is how far a name stands from its line's end, as a factor of the costs.
    """
    low, high = reach["scale"].domain
    a_pixel = math.log(high / low) / PLOT

    def left(end: Mapping[str, Any]) -> float:
        return math.log(end["x"]) - a_pixel * (len(end["who"]) * (LETTER + 1.2) + 8.0)

    groups: list[list[dict[str, Any]]] = []
    for end in sorted(ends, key=left):
        if groups and left(end) < max(math.log(other["x"]) for other in groups[-1]):
            groups[-1].append(end)
        else:
            groups.append([end])
    return [
        end | {"y": place, "lift": place / end["y"]}
        for group in groups
        for end, place in zip(group, apart([end["y"] for end in group], a_line), strict=True)
    ]


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
