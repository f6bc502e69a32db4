"""Dates as somebody stated them: a day, a month, a quarter or a year, or a span of those."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Self

__all__ = ["Period"]

_DATE = re.compile(r"([12][0-9]{3})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])(?:-([0-3][0-9]))?))?")


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day; a span's first date ends on `first_end`, its last begins on `last_start`."""

    start: date
    end: date
    first_end: date
    last_start: date
    written: str

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read `2026-01-14`, `2026-01`, `2026-Q1`, `2026` or `2026 to 2027`; raises ValueError."""
        written = text.strip() if isinstance(text, str) else ""
        parts = [_days(part.strip()) for part in written.split(" to ")]
        found = [days for days in parts if days is not None]
        if len(found) != len(parts) or len(parts) > 2:
            raise ValueError(f"expected a date such as 2026-01-14, 2026-01, 2026-Q1 or 2026 to 2027, got {text!r}")
        if found[0][0] > found[-1][1]:
            raise ValueError(f"expected the earlier date first, got {text!r}")
        return cls(found[0][0], found[-1][1], found[0][1], found[-1][0], written)

    @property
    def spans(self) -> bool:
        """Whether it is from one date to another, and not one date."""
        return " to " in self.written

    def meets(self, other: Period) -> bool:
        """Whether the two have a day in common; two spans must begin and end on common dates."""
        if self.spans and other.spans:
            begin = self.start <= other.first_end and other.start <= self.first_end
            return begin and self.last_start <= other.end and other.last_start <= self.end
        return self.start <= other.end and other.start <= self.end


def _days(text: str) -> tuple[date, date] | None:
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, quarter, month, day = (int(part) if part else 0 for part in found.groups())
    if day:
        try:
            return date(year, month, day), date(year, month, day)
        except ValueError:
            return None
    first, last = (3 * quarter - 2, 3 * quarter) if quarter else (month, month) if month else (1, 12)
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])
