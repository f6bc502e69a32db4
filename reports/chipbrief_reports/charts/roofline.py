"""The roofline: what bandwidth and compute allow at an arithmetic intensity, and where each system works below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chipbrief_reports.charts.theme import (
    MUTED,
    TIP,
    WIDTH,
    apart,
    colour_of,
    finished,
    inline,
    log_axis,
    shape_of,
    tip,
    unless_another,
)
from chipbrief_reports.wording import number, percent

__all__ = ["RoofLine", "RoofPoint", "roofline_chart"]

MARGIN = 3.0  # factor of the intensities beyond the outermost ridge or point
LINE = 13.0  # pixels from one line of words to the next
LETTER = 5.2  # pixels of a letter of a label


@dataclass(frozen=True, slots=True)
class RoofPoint:
    """Where a phase works: its name, FLOP/byte, TFLOP/s, and where that comes from."""

    phase: str
    intensity: float
    tflop_s: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class RoofLine:
    """One system: bandwidth [TB/s] and peak [TFLOP/s], their ranges in words, their source, and its points."""

    name: str
    system: int
    tb_s: float
    peak_tflop_s: float
    points: tuple[RoofPoint, ...] = ()
    span: str = ""
    source: str = ""

    @property
    def ridge(self) -> float:
        """Intensity at which bandwidth and peak allow the same [FLOP/byte]."""
        return self.peak_tflop_s / self.tb_s

    def at(self, intensity: float) -> float:
        """What the roof allows at an intensity [TFLOP/s]."""
        return min(intensity * self.tb_s, self.peak_tflop_s)


def roofline_chart(lines: Sequence[RoofLine], *, x: str, y: str, height: int = 200) -> dict[str, Any]:
    """Log-log roofs, each named at its end, its ridge dotted, its points hung from it by a dashed line.

    Args:
        lines: one a system.
        x: title of the intensities.
        y: title of the operations a second.
        height: pixels.
    """
    import altair as alt

    found = [at for line in lines for at in (line.ridge, *(point.intensity for point in line.points))]
    low, high = min(found) / MARGIN, max(found) * MARGIN
    roofs = [_corner(line, at, y, i) for line in lines for i, at in enumerate((low, line.ridge, high))]
    points = [_point(line, point, y) for line in lines for point in line.points]
    span = [record["y"] for record in (*roofs, *points)]
    a_line = (1.25**2 * max(span) / min(span)) ** (LINE / (height - 46))  # the axis leaves a margin at both ends
    ends = _moved([_corner(line, high, y, 2) for line in lines], a_line)
    share = (8.0 + 6.4 * max(len(line.name) for line in lines)) / (WIDTH - 50)  # left to the names at the lines' ends
    room = (high / low) ** (share / (1.0 - share))
    axis_x = alt.X("x:Q", **log_axis([low * 1.25, high], title=x, grid=False, room=room))
    axis_y = alt.Y("y:Q", **log_axis(span, title=y, decades=True))
    colour = alt.Color("colour:N", scale=None)
    base = {"x": axis_x, "y": axis_y, "color": colour, "opacity": unless_another()}
    curve = alt.Chart(inline(roofs)).mark_line(strokeWidth=2).encode(**base, detail="who:N", order="order:Q")
    ridges = alt.Chart(inline([r for r in roofs if r["order"] == 1])).mark_point(filled=True, size=26, shape="circle")
    hung = alt.Chart(inline(points)).mark_rule(strokeWidth=1, strokeDash=[2, 3]).encode(**base, y2="roof:Q")
    names = alt.Chart(inline(ends)).mark_text(align="left", dx=5, fontWeight=600).encode(**base, text="who:N")
    letter = (high * room / low) ** (LETTER / (WIDTH - 50))
    labels = [p | {"left": _stands_left(p, lines, letter, a_line, high)} for p in _moved(points, a_line)]
    told = [
        alt.Chart(inline([p for p in labels if p["left"] == left]))
        .mark_text(align="right" if left else "left", dx=-9 if left else 9, fontSize=9, color=MUTED)
        .encode(x=axis_x, y=axis_y, text="label:N", opacity=unless_another())
        for left in (False, True)
    ]
    marks = (
        alt.Chart(inline(points))
        .mark_point(size=64, strokeWidth=1.8, fill="white")
        .encode(
            x=axis_x,
            y=axis_y,
            stroke=alt.Stroke("colour:N", scale=None),
            shape=alt.Shape("shape:N", scale=None),
            opacity=unless_another(),
            tooltip=TIP,
        )
    )
    return finished(alt.layer(curve, hung, ridges.encode(**base, tooltip=TIP), marks, names, *told), height)


def _corner(line: RoofLine, at: float, unit: str, order: int) -> dict[str, Any]:
    """A place on a roof; the ridge, its second, is what the whole roof is told at."""
    words = (
        f"{number(line.peak_tflop_s)} {unit} from {number(line.ridge)} FLOP a byte on, {number(line.tb_s)} TB/s below"
    )
    told = tip(f"{line.name}: ridge of its roof", value=words, span=line.span, source=line.source)
    return {"who": line.name, "colour": colour_of(line.system), "x": at, "y": line.at(at), "order": order, "tip": told}


def _point(line: RoofLine, point: RoofPoint, unit: str) -> dict[str, Any]:
    roof = line.at(point.intensity)
    share = percent(point.tflop_s / roof)
    words = f"{number(point.tflop_s)} {unit} at {number(point.intensity)} FLOP a byte, {share} of its roof there"
    return {
        "who": line.name,
        "colour": colour_of(line.system),
        "shape": shape_of(line.system),
        "x": point.intensity,
        "y": point.tflop_s,
        "roof": roof,
        "label": f"{line.name} {point.phase}, {share}",
        "tip": tip(f"{line.name}: {point.phase}", value=words, source=point.source),
    }


def _moved(records: Sequence[dict[str, Any]], a_line: float) -> list[dict[str, Any]]:
    """The places of words: as the records, but no two less than a line above one another."""
    places = apart([record["y"] for record in records], a_line)
    return [record | {"y": place} for record, place in zip(records, places, strict=True)]


def _stands_left(point: dict[str, Any], lines: Sequence[RoofLine], letter: float, a_line: float, end: float) -> bool:
    """Whether a label is better off left of its mark: a roof, or the names at the end, are in its way on the right."""
    width = letter ** (len(point["label"]) + 2)

    def in_the_way(low: float, high: float) -> bool:
        half = a_line**0.5
        return high > end or any(
            line.at(low) < point["y"] * half and line.at(high) > point["y"] / half for line in lines
        )

    at = point["x"]
    return in_the_way(at, at * width) and not in_the_way(at / width, at)
