"""What a rule is, what it finds, and the date and ages it judges by."""

from __future__ import annotations

import inspect
import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from chipbrief.hardware.profile import HardwareProfile

__all__ = ["MONTHS", "SEVERITIES", "Check", "Finding", "Hit", "Rule", "Severity", "Terms", "close"]

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
MONTHS = 18
PRICES_AGE_FASTER = 3
Hit = tuple[str, str]  # the path of a Figure in its profile, and a sentence with the numbers and what to do


@dataclass(frozen=True, slots=True)
class Terms:
    """The day that ages are counted from, and the months that a Figure may be old; a price a third of them."""

    as_of: date
    months: int = MONTHS

    @property
    def price_months(self) -> int:
        """Months that a price may be old, at least one."""
        return max(1, self.months // PRICES_AGE_FASTER)

    def day(self, months_ago: int) -> date:
        """The same day of an earlier month, or that month's last day where it is shorter."""
        year, month = divmod(self.as_of.year * 12 + self.as_of.month - 1 - months_ago, 12)
        if year < 1:
            return date.min
        return date(year, month + 1, min(self.as_of.day, monthrange(year, month + 1)[1]))


Check = Callable[["HardwareProfile", Terms], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One trap that a profile may be in; `message` goes on from the Figure's id, `accepted` is its note's reason."""

    rule: str
    severity: Severity
    figure: str
    message: str
    accepted: str | None = None

    @property
    def sentence(self) -> str:
        """The Figure's id and what is wrong with it."""
        return f"{self.figure} {self.message}"


@dataclass(frozen=True, slots=True)
class Rule:
    """An id, how bad it is, and the function that finds it, whose docstring states the rule."""

    id: str
    severity: Severity
    check: Check

    @property
    def text(self) -> str:
        """The rule as its function states it, on one line."""
        return " ".join((inspect.getdoc(self.check) or "").split())

    def findings(self, profile: HardwareProfile, terms: Terms) -> Iterator[Finding]:
        """What the rule finds in a profile, in the order of its Figures."""
        figures = profile.own_figures
        for path, message in self.check(profile, terms):
            name = profile.figure_id(path)
            reason = self._accepted(figures[name].note) if name in figures else None
            yield Finding(self.id, self.severity, name, message, reason)

    def _accepted(self, note: str | None) -> str | None:
        """The reason in a note that answers the rule by its id, as in `[stale-price: no later one was published]`."""
        match = re.search(rf"\[{re.escape(self.id)}:\s*([^\]]*\w[^\]]*)\]", note or "")
        return match[1].strip() if match else None


def close(one: float, other: float, share: float = 0.02) -> bool:
    """Whether two values differ by no more than a share of the second."""
    return abs(one - other) <= share * abs(other)
