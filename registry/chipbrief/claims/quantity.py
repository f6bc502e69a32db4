"""Quantities as somebody stated them: a value, the span that its rounding leaves, and the unit it was written in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Self

from chipbrief.errors import UnitError
from chipbrief.units import Dimension

__all__ = ["Quantity", "Span", "number"]

_BOUNDS = {">": "at least", "<": "at most"}
_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def number(value: float, digits: int = 4) -> str:
    """Significant digits and commas, never an exponent: `19,290`, `0.326`, `2.24`."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Span:
    """From low to high, both not negative unless they come of a difference."""

    low: float
    high: float

    def __mul__(self, other: Span) -> Span:
        """Product; nothing times an open end is nothing."""
        ends = [a * b if a and b else 0.0 for a in (self.low, self.high) for b in (other.low, other.high)]
        return Span(min(ends), max(ends))

    def __truediv__(self, other: Span) -> Span:
        """Quotient; a divisor that reaches 0 leaves the high end open."""
        return Span(
            self.low / other.high if other.high else math.inf,
            self.high / other.low if other.low > 0 else math.inf,
        )

    def __sub__(self, other: Span) -> Span:
        """Difference."""
        return Span(self.low - other.high, self.high - other.low)

    def widened(self, share: float) -> Span:
        """With both ends moved out by a share of themselves."""
        return Span(self.low * (1.0 - share), self.high * (1.0 + share))

    def meets(self, other: Span) -> bool:
        """Whether the two have a number in common; to a billionth, so that rounding of floats does not count."""
        return self.low <= other.high * (1 + 1e-9) and other.low <= self.high * (1 + 1e-9)

    def holds(self, other: Span) -> bool:
        """Whether all of another lies in this one; to a billionth."""
        return self.low - 1e-9 * abs(self.low) <= other.low and other.high <= self.high + 1e-9 * abs(self.high)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A stated number in coherent units.

    Attributes:
        value: the number; the middle where a range is stated.
        span: what the writer may have rounded, or the stated range, open where a bound is stated.
        bound: "", "at least" or "at most".
        written: the text.
        unit: the unit of the text, and `factor` its size.
    """

    value: float
    span: Span
    bound: str
    written: str
    unit: str
    factor: float

    @classmethod
    def parse(cls, text: object, dimension: Dimension) -> Self:
        """Read `185 ms`, `> 10 BUSD`, `< 1 s` or `50 to 100 MW`; raises UnitError."""
        if not isinstance(text, str):
            dimension.parse(text if text is not None else "")
        written = str(text).strip()
        first, _, last = written.partition(" to ")
        if last:
            low, high = dimension.parse(_with_unit(first, last, dimension)), dimension.parse(last)
            if low > high:
                raise ValueError(f"expected the smaller number first, got {written!r}")
            return cls((low + high) / 2, Span(low, high), "", written, *_unit(last, dimension))
        bound = _BOUNDS.get(written[:1], "")
        bare = written[1:].strip() if bound else written
        value = dimension.parse(bare)
        unit, factor = _unit(bare, dimension)
        half = _half_step(bare) * factor
        span = {
            "": Span(max(value - half, 0.0), value + half),
            "at least": Span(value, math.inf),
            "at most": Span(0.0, value),
        }[bound]
        return cls(value, span, bound, written, unit, factor)

    def like(self, value: float, digits: int = 3) -> str:
        """Another number as this one was written, with its unit."""
        return f"{self.bare(value, digits)} {self.unit}".strip()

    def bare(self, value: float, digits: int = 3) -> str:
        """The same without the unit."""
        return number(value / self.factor, digits)

    def between(self, span: Span, digits: int = 3) -> str:
        """A span as this number was written: `850 to 1,150 tok/s`, or `850 tok/s or more` where it is open."""
        if math.isinf(span.high):
            return f"{self.like(span.low, digits)} or more"
        low, high = self.bare(span.low, digits), self.like(span.high, digits)
        return high if low == self.bare(span.high, digits) else f"{low} to {high}"

    @property
    def ranged(self) -> bool:
        """Whether it is stated as a range."""
        return " to " in self.written

    @property
    def text(self) -> str:
        """As it was written."""
        return self.written


def _unit(text: str, dimension: Dimension) -> tuple[str, float]:
    """The unit of a text and its size; `4T` and `32 %` are taken with their prefix as the unit."""
    found = _NUMBER.search(text)
    unit = re.sub(r"\s+", "", text[found.end() :]) if found else ""
    if "$" in text or unit not in dimension.units:
        unit = dimension.printed[0] if dimension.printed else ""
    return unit, dimension.units.get(unit, 1.0)


def _with_unit(first: str, last: str, dimension: Dimension) -> str:
    """The first number of a range, with the unit of the second where it has none: `50 to 100 MW`."""
    found = _NUMBER.search(last)
    unit = last[found.end() :].strip() if found else ""
    for text in (first, f"{first} {unit}", f"{first} {unit[1:]}"):
        try:
            dimension.parse(text)
        except UnitError:
            continue
        return text
    return first


def _half_step(text: str) -> float:
    """Half a unit of the last digit that counts.

    Zeros at the end of a whole number do not, except that two digits always do: 900 is 895 to 905, 1,000 is 950 to
    1,050, 2,700 is 2,650 to 2,750, 0.32 is 0.315 to 0.325.
    """
    found = _NUMBER.search(text)
    digits, _, exponent = (found[0] if found else "0").lower().replace(",", "").partition("e")
    shift = int(exponent or 0)
    if "." in digits:
        return float(0.5 * 10.0 ** (shift - len(digits.partition(".")[2])))
    zeros = len(digits) - len(digits.rstrip("0"))
    return float(0.5 * 10.0 ** (shift + min(zeros, max(len(digits) - 2, 0))))
