"""What a check is, what it looks at, and what it finds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from chipbrief.catalogue import Catalogue
from chipbrief.conformance.asking import Placed, placements
from chipbrief.finance import FinanceTerms
from chipbrief.hardware import Hardware
from chipbrief.registry import PluginRecord

__all__ = ["Check", "Finding", "Hit", "Report", "Subject"]

Hit = tuple[str, str]  # a system, a Figure or a file, and a sentence that says what is wrong and what to do


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a plugin does not keep; `message` goes on from `where`."""

    check: str
    where: str
    message: str

    @property
    def sentence(self) -> str:
        """Where it is, and what is wrong with it."""
        return f"{self.where}{'' if self.message.startswith(('has ', 'is ')) else ':'} {self.message}"


@dataclass(frozen=True)
class Subject:
    """A plugin and what it is held against.

    Attributes:
        plugin: what became of it when it was loaded.
        hardware: its systems; none where it did not load.
        files: its profiles, as they stand in its folder.
        cases: its file of reference cases, where there is one.
        heavy: libraries of reports that loading it brought in.
        catalogue: the architectures.
        terms: the finance terms.
        as_of: the day that ages are counted from.
    """

    plugin: PluginRecord
    hardware: tuple[Hardware, ...]
    files: tuple[Path, ...]
    cases: Path | None
    heavy: tuple[str, ...]
    catalogue: Catalogue
    terms: FinanceTerms
    as_of: date

    @cached_property
    def placed(self) -> dict[str, tuple[Placed, ...]]:
        """Models of the catalogue on the smallest and the largest deployment of each system, by its id."""
        return {system.id: placements(system, self.catalogue) for system in self.hardware}


@dataclass(frozen=True, slots=True)
class Check:
    """An id, and the function that finds what does not hold, whose docstring states the rule.

    Checks `by_system` ask the three models for numbers, of one system at a time.
    """

    id: str
    find: Callable[[Subject], Iterator[Hit]]
    by_system: bool = False

    @property
    def text(self) -> str:
        """The rule as its function states it, on one line."""
        return " ".join((inspect.getdoc(self.find) or "").split())


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked, all that was found, in the order of the checks, and the checks that came to their end."""

    plugin: PluginRecord
    findings: tuple[Finding, ...]
    reached: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def of(self, check: str) -> tuple[Finding, ...]:
        """What one check found."""
        return tuple(finding for finding in self.findings if finding.check == check)
