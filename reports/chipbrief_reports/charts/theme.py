"""One look for all charts: the page's fonts, colour for the systems in focus only, shapes that survive greyscale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = [
    "FOCUS_COLOURS",
    "GREY",
    "INK",
    "MUTED",
    "SHAPES",
    "WIDTH",
    "colour_of",
    "finished",
    "inline",
    "log_axis",
    "shape_of",
]

FOCUS_COLOURS = ("#C8501E", "#2E7D4F", "#2160A8")
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "triangle-left")
GREY = "#8A93A0"
INK = "#1B2430"
MUTED = "#5B6675"
RULE = "#E3E6EA"
WIDTH = 602  # CSS pixels of the text block of an A4 page


def colour_of(index: int | None) -> str:
    """Colour of a system by its place in the focus list; grey for the field."""
    return FOCUS_COLOURS[index] if index is not None and index < len(FOCUS_COLOURS) else GREY


def shape_of(index: int | None) -> str:
    """Mark of a system by its place in the focus list, distinct without colour."""
    return SHAPES[(index if index is not None else len(SHAPES) - 1) % len(SHAPES)]


def inline(values: Iterable[Mapping[str, Any]]) -> Any:
    """Data that stands inside the specification."""
    import altair as alt

    return alt.Data(values=list(values))  # type: ignore[no-untyped-call] # altair leaves this class untyped


def log_axis(values: Iterable[float], *, grid: bool = True, title: str = "", room: float = 1.25) -> dict[str, Any]:
    """Arguments of a logarithmic position channel: ticks at 1, 2 and 5, and `room` above the largest value."""
    import altair as alt

    found = [v for v in values if v > 0]
    low, high = min(found) / 1.25, max(found) * room
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = [m * 10.0**d for d in decades for m in (1, 2, 5)]
    if sum(low <= t <= high for t in steps) < 2:  # one tick is a place, two are a scale
        low, high = max(t for t in steps if t <= low), min(t for t in steps if t >= high)
    wide = high / low > 1e4
    ticks = [t for t in steps if low <= t <= high and (not wide or f"{t:.0e}"[0] == "1")]
    words = "datum.value >= 1e4 ? format(datum.value, '~s') : format(datum.value, '~g')"
    return {
        "scale": alt.Scale(type="log", domain=[low, high], nice=False),
        "axis": alt.Axis(values=ticks, grid=grid, labelExpr=words, labelOverlap=True),
        "title": title,
    }


def finished(chart: Any, height: int) -> dict[str, Any]:
    """Set size and look, and return the specification as plain data."""
    sized = chart.properties(
        width=WIDTH, height=height, autosize={"type": "fit", "contains": "padding"}, padding=4, background="transparent"
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
