"""What a note says in numbers: quantities with their units, sums of links, and which way they count."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chipbrief.units import DIMENSIONS

__all__ = ["both_ways", "link_sums", "quantities", "sparsity", "states_direction"]

_NUMBER = r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_TO_TWELVE = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDS = {word: number for number, word in enumerate(_TO_TWELVE, start=2)} | {"sixteen": 16, "eighteen": 18}
_COUNT = rf"(?P<count>(?<![\w.,])\d+|\b(?:{'|'.join(_WORDS)})\b)"
_BOTH = re.compile(r"\bboth\b|\bbidirectional\b", re.IGNORECASE)
_DIRECTION = re.compile(r"direction|\bboth\b|\d\s?[GT]b(?:/s)?\b", re.IGNORECASE)  # a port of 400 Gb/s counts one way
_SPARSITY = re.compile(r"\b(\d+):(\d+)\b(?=[^;]*spars)|spars[^;]*?\b(\d+):(\d+)\b")


def _quantity(dimension: str) -> str:
    units = sorted(filter(None, DIMENSIONS[dimension].units), key=len, reverse=True)
    return rf"{_NUMBER}\s?(?:{'|'.join(map(re.escape, units))})(?![\w/])"


_BANDWIDTH = _quantity("bandwidth")
_SUM = re.compile(rf"{_COUNT}\s+(?:(?:links|ports|lanes)\s+(?:of|at)|x)\s+(?P<each>{_BANDWIDTH})")


def quantities(note: str | None, dimension: str) -> Iterator[float]:
    """Every quantity of a dimension that a note names with its unit, SI."""
    for text in re.findall(_quantity(dimension), note or ""):
        yield DIMENSIONS[dimension].parse(text)


def both_ways(note: str | None) -> Iterator[float]:
    """Bandwidths [bytes/s] that a note says to count both directions: the last before the word, in its clause."""
    for clause in (note or "").split(";"):
        word = _BOTH.search(clause)
        found = list(quantities(clause[: word.start()], "bandwidth")) if word else []
        yield from found[-1:]


def link_sums(note: str | None) -> Iterator[tuple[str, float, bool]]:
    """Sums such as `18 links of 50 GB/s`: the text, the product [bytes/s], and whether it counts both directions."""
    for clause in (note or "").split(";"):
        for match in _SUM.finditer(clause):
            count = _WORDS.get(match["count"]) or int(match["count"])
            yield match[0], count * DIMENSIONS["bandwidth"].parse(match["each"]), bool(_BOTH.search(clause))


def states_direction(note: str | None) -> bool:
    """Whether a note says in how many directions a link is counted, by a word or by a port's bits a second."""
    return bool(_DIRECTION.search(note or ""))


def sparsity(*notes: str | None) -> float | None:
    """How many times the dense peak a sparse one is by the pattern that a note states: 2 for 2:4, 8 for 8:1."""
    for note in notes:
        match = _SPARSITY.search(note or "")
        if match:
            one, other = (int(number) for number in match.groups() if number)
            return max(one, other) / min(one, other) if min(one, other) else None
    return None
