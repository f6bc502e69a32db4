"""Time to an answer against its length: a line a system, and the lengths from which on another one is ahead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from chipbrief_reports.charts.theme import (
    INK,
    TIP,
    WIDTH,
    apart,
    colour_of,
    finished,
    inline,
    log_axis,
    tip,
    unless_another,
)
from chipbrief_reports.wording import number, seconds, whole

__all__ = ["Crossover", "LengthLine", "crossovers", "leads", "length_chart"]

LINE = 12.0  # pixels from one line of words to the next
FIRSTS = (1, 2, 3, 5, 7)  # of every decade, the lengths that are drawn and told


@dataclass(frozen=True, slots=True)
class LengthLine:
    """One system: seconds to the first token, and to each further one; where they come from."""

    name: str
    system: int
    first_s: float
    each_s: float
    source: str = ""

    def time_s(self, tokens: float) -> float:
        """Seconds to an answer of some tokens: TTFT + TPOT (tokens - 1)."""
        return self.first_s + self.each_s * (tokens - 1.0)


@dataclass(frozen=True, slots=True)
class Crossover:
    """Two lines meet at `tokens`; from the whole length `first` on `ahead` is the faster of the two."""

    ahead: LengthLine
    behind: LengthLine
    tokens: float
    first: int


def crossovers(lines: Sequence[LengthLine], longest: int) -> list[Crossover]:
    """Where two lines meet between one token and the longest answer, the shortest first.

    a + b (n - 1) = c + d (n - 1) at n = 1 + (a - c)/(d - b), reckoned in fractions: the first whole length beyond it
    is exact.

    Args:
        lines: one a system.
        longest: length of the longest answer [tokens].
    """
    found = []
    for one, other in combinations(lines, 2):
        ahead, behind = sorted((one, other), key=lambda line: line.each_s)
        later = Fraction(ahead.first_s) - Fraction(behind.first_s)
        slower = Fraction(behind.each_s) - Fraction(ahead.each_s)
        if later <= 0 or slower == 0:
            continue
        at = 1 + later / slower
        if at < longest:
            found.append(Crossover(ahead, behind, float(at), math.floor(at) + 1))
    return sorted(found, key=lambda crossing: crossing.tokens)


def leads(lines: Sequence[LengthLine], longest: int) -> list[tuple[int, LengthLine]]:
    """Who is the fastest, and from which length on [tokens]; the first from 1 on."""
    if not lines:
        return []
    first = min(lines, key=lambda line: (line.first_s, line.each_s))
    found = [(1, first)]
    for crossing in crossovers(lines, longest):
        if crossing.behind is found[-1][1]:
            found = [pair for pair in found if pair[0] < crossing.first] + [(crossing.first, crossing.ahead)]
    return found


def length_chart(
    lines: Sequence[LengthLine], *, longest: int, x: str = "", y: str = "", height: int = 200, width: int = WIDTH
) -> dict[str, Any]:
    """Log-log lines named at their end, with a dot where two of them meet.

    Args:
        lines: one a system.
        longest: length of the longest answer [tokens].
        x: title of the lengths, none where the chart's own title says it.
        y: title of the times, as for the lengths.
        height: pixels.
        width: pixels.
    """
    import altair as alt

    decades = range(math.ceil(math.log10(longest)))
    lengths = [*(n for d in decades for first in FIRSTS if (n := first * 10**d) < longest), longest]
    data = [_record(line, n) for line in lines for n in lengths]
    dots = [_dot(crossing) for crossing in crossovers(lines, longest)]
    low, high = (pick(record["y"] for record in data) for pick in (min, max))
    a_line = (high / low) ** (LINE / (height - 30))
    low /= a_line ** (len(dots) and len(dots) + 0.5)
    room = _room(lines, longest, width)
    axis_x = alt.X("x:Q", **log_axis([1.25, longest], title=x, grid=False, room=room, until=longest))
    axis_y = alt.Y("y:Q", **log_axis([low, high], title=y, room=1.1, decades=True))
    base = {"x": axis_x, "y": axis_y, "opacity": unless_another()}
    colour = alt.Color("colour:N", scale=None)
    curve = alt.Chart().mark_line(strokeWidth=2).encode(**base, color=colour, detail="who:N", order="x:Q")
    places = alt.Chart().mark_point(size=80, filled=True, opacity=0).encode(x=axis_x, y=axis_y, tooltip=TIP)
    ends = _named([record for record in data if record["x"] == longest], a_line)
    names = alt.Chart(inline(ends)).mark_text(align="left", dx=5, fontWeight=600)
    met = alt.Chart(inline(dots)).mark_point(size=46, filled=True, color=INK, opacity=1)
    below = [dot | {"y": dot["y"] / a_line**1.2} for dot in dots]
    told = alt.Chart(inline(_named(below, a_line))).mark_text(align="left", dx=4, fontSize=9)
    return finished(
        alt.layer(
            alt.layer(curve, places, data=inline(data)),
            names.encode(**base, color=colour, text="who:N"),
            met.encode(**base, tooltip=TIP),
            told.encode(**base, color=colour, text="label:N"),
        ),
        height,
        width=width,
    )


def _room(lines: Sequence[LengthLine], longest: int, width: int) -> float:
    """Factor of the lengths that is left to the names at the lines' ends, some six pixels a letter."""
    share = (8.0 + 6.2 * max(len(line.name) for line in lines)) / (width - 60)
    return float(longest ** (share / (1.0 - share)))


def _record(line: LengthLine, tokens: int) -> dict[str, Any]:
    words = f"{seconds(line.time_s(tokens))}, {seconds(line.first_s)} of it to the first token"
    told = tip(f"{line.name}: {whole(tokens)} {'tokens' if tokens > 1 else 'token'}", value=words, source=line.source)
    return {"who": line.name, "colour": colour_of(line.system), "x": tokens, "y": line.time_s(tokens), "tip": told}


def _dot(crossing: Crossover) -> dict[str, Any]:
    ahead, behind = crossing.ahead, crossing.behind
    words = f"from {whole(crossing.first)} tokens on {ahead.name} is ahead of {behind.name}"
    at = ahead.time_s(crossing.tokens)
    return {
        "who": ahead.name,
        "colour": colour_of(ahead.system),
        "x": crossing.tokens,
        "y": at,
        "label": f"from {whole(crossing.first)}: {ahead.name}",
        "tip": tip(f"{ahead.name} passes {behind.name}", value=f"{words}; both take {number(at)} s there"),
    }


def _named(records: Sequence[dict[str, Any]], a_line: float) -> list[dict[str, Any]]:
    """The places of words: as the records, but no two less than a line above one another."""
    places = apart([record["y"] for record in records], a_line)
    return [record | {"y": place} for record, place in zip(records, places, strict=True)]
