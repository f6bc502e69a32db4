"""One look for all charts: the page's fonts, colour for the systems in focus only, shapes that survive greyscale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = [
    "AXIS_WORDS",
    "CHOSEN",
    "FOCUS_COLOURS",
    "GREY",
    "HALF",
    "INK",
    "LETTER",
    "MUTED",
    "SHAPES",
    "TIP",
    "WIDTH",
    "apart",
    "colour_of",
    "finished",
    "inline",
    "log_axis",
    "movable",
    "shape_of",
    "tip",
    "unless_another",
]

FOCUS_COLOURS = ("#C8501E", "#2E7D4F", "#2160A8")
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "triangle-left")
GREY = "#8A93A0"
INK = "#1B2430"
MUTED = "#5B6675"
RULE = "#E3E6EA"
WIDTH = 602  # CSS pixels of the text block of an A4 page
HALF = 284  # of one of two columns
CHOSEN = "chosen"  # the signal that names what a reader points at, empty on paper; rows say in `who` what they are
TIP = "tip:N"  # the field that holds a mark's words
LETTER = 5.4  # pixels of a letter of a label, about
_LARGE = {"1e12": "trillion", "1e9": "billion", "1e6": "million"}
_NAMED = "".join(
    f"datum.value >= {size} ? format(datum.value / {size}, '~g') + ' {name}' : " for size, name in _LARGE.items()
)
_WHOLE = "datum.value >= 1e3 ? replace(format(datum.value, ',.0f'), ',', '\u202f') : "
AXIS_WORDS = _NAMED + _WHOLE + "datum.label"  # as chipbrief_reports.wording writes numbers


def colour_of(index: int | None) -> str:
    """Colour of a system by its place in the focus list; grey for the field."""
    return FOCUS_COLOURS[index] if index is not None and index < len(FOCUS_COLOURS) else GREY


def shape_of(index: int | None) -> str:
    """Mark of a system by its place in the focus list, distinct without colour."""
    return SHAPES[(index if index is not None else len(SHAPES) - 1) % len(SHAPES)]


def inline(values: Iterable[Mapping[str, Any]], name: str = "") -> Any:
    """Data that stands inside the specification; named where the page may put other rows in its place."""
    import altair as alt

    named = {"name": name} if name else {}
    return alt.Data(values=list(values), **named)  # type: ignore[no-untyped-call] # altair leaves this class untyped


def apart(values: Sequence[float], least: float) -> list[float]:
    """Positive values moved until neighbours are a factor apart, in their order and as little as that takes.

    Those that are too close stand evenly around their middle.

    Args:
        values: places on a logarithmic axis, in any order.
        least: factor between neighbours, above 1.
    """
    gap, groups = math.log(least), list[tuple[float, list[int]]]()  # middle and members, from below
    for index in sorted(range(len(values)), key=lambda i: values[i]):
        middle, members = math.log(values[index]), [index]
        while groups and middle - groups[-1][0] < gap * (len(groups[-1][1]) + len(members)) / 2.0:
            below, others = groups.pop()
            middle = (below * len(others) + middle * len(members)) / (len(others) + len(members))
            members = [*others, *members]
        groups.append((middle, members))
    moved = list(values)
    for middle, members in groups:
        for place, index in enumerate(members):
            if len(members) > 1:
                moved[index] = math.exp(middle + gap * (place - (len(members) - 1) / 2.0))
    return moved


def tip(title: str, *, value: str, span: str = "", source: str = "") -> dict[str, str]:
    """What a mark says when it is pointed at; what there is nothing to say of is left out."""
    words = {"title": title, "Value": value, "Range": span, "Source": source}
    return {key: word for key, word in words.items() if word}


def unless_another(opacity: float = 1.0) -> Any:
    """Opacity of a mark: its own, or faint while a reader points at another one."""
    import altair as alt

    mine = f"{CHOSEN} === '' || datum.who === {CHOSEN}"
    return alt.condition(mine, alt.value(opacity), alt.value(opacity / 5.0))


def movable(axis: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """A logarithmic axis whose ends and ticks the page may move, and the signals that hold them."""
    import altair as alt

    scale, marks = axis["scale"].to_dict(), axis["axis"].to_dict()
    low, high = scale.pop("domain")
    values = {"axis_low": low, "axis_high": high, "axis_ticks": marks.pop("values")}
    ends = [alt.ExprRef("axis_low"), alt.ExprRef("axis_high")]
    moved = {
        "scale": alt.Scale(domain=ends, **scale),
        "axis": alt.Axis(values=alt.ExprRef("axis_ticks"), **marks),
    }
    return {**axis, **moved}, [alt.param(name=name, value=value) for name, value in values.items()]


def log_axis(
    values: Iterable[float],
    *,
    grid: bool = True,
    title: str = "",
    room: float = 1.25,
    decades: bool = False,
    until: float = math.inf,
) -> dict[str, Any]:
    """Arguments of a logarithmic position channel: ticks at 1, 2 and 5, and `room` above the largest value.

    Ticks at 1 alone over more than four decades, or where `decades` asks for it; none above `until`.
    """
    import altair as alt

    found = [v for v in values if v > 0]
    low, high = min(found) / 1.25, max(found) * room
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = [m * 10.0**d for d in powers for m in (1, 2, 5)]
    if sum(low <= t <= high for t in steps) < 2:  # one tick is a place, two are a scale
        low, high = max(t for t in steps if t <= low), min(t for t in steps if t >= high)
    ticks = [t for t in steps if low <= t <= min(high, until)]
    tens = [t for t in ticks if f"{t:.0e}"[0] == "1"]
    ticks = tens if high / low > 1e4 or (decades and len(tens) > 1) else ticks
    words = f"{_NAMED}{_WHOLE}format(datum.value, '~g')"
    return {
        "scale": alt.Scale(type="log", domain=[low, high], nice=False),
        "axis": alt.Axis(values=ticks, grid=grid, labelExpr=words, labelOverlap=True),
        "title": title,
    }


def finished(chart: Any, height: int, signals: Iterable[Any] = (), *, width: int = WIDTH) -> dict[str, Any]:
    """Set size [px] and look, add what the page may move, and return the specification as plain data."""
    import altair as alt

    sized = chart.add_params(alt.param(name=CHOSEN, value=""), *signals).properties(
        width=width, height=height, autosize={"type": "fit", "contains": "padding"}, padding=4, background="transparent"
    )
    styled = (
        sized.configure(font="Inter")
        .configure_view(stroke=None)
        .configure_axis(
            labelFont="Inter",
            titleFont="Inter",
            labelFontSize=10,
            titleFontSize=10,
            titleFontWeight="normal",
            labelColor=MUTED,
            titleColor=MUTED,
            gridColor=RULE,
            domain=False,
            ticks=False,
            labelPadding=6,
        )
        .configure_text(font="Inter", fontSize=10, color=INK)
        .configure_legend(labelFont="Inter", labelFontSize=10, titleFont="Inter", labelColor=MUTED, title=None)
    )
    spec: dict[str, Any] = styled.to_dict()
    return spec
