"""A run as one edition of a series: what is new in it, and the facts that the next is held against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chipbrief_reports.changes.diff import Changes, difference
from chipbrief_reports.changes.facts import Facts

if TYPE_CHECKING:
    from chipbrief.evaluate import Results

__all__ = ["CHANGES", "FACTS", "EditionOf", "News"]

FACTS = Path("data") / "facts.json"
CHANGES = Path("data") / "changes.json"


@dataclass(frozen=True, slots=True)
class News:
    """The facts of an edition, and what is different from the one before; None for the first."""

    facts: Facts
    changes: Changes | None

    def files(self) -> dict[Path, bytes]:
        """What is kept of it, by its name in the edition's folder."""
        found = {FACTS: self.facts.as_bytes()}
        return found | ({CHANGES: self.changes.as_bytes()} if self.changes else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionOf:
    """Which edition a run is.

    Attributes:
        name: what it is called, such as its slot.
        before: facts of the edition before; None for the first.
        before_name: what that is called.
        threshold: change of a value from which on it is told, as a share.
    """

    name: str
    before: Facts | None = None
    before_name: str = ""
    threshold: float = 0.02

    def news(self, results: Results, title: str) -> News:
        """What a run adds to its series."""
        from chipbrief_reports.changes.method import method_of
        from chipbrief_reports.changes.snapshot import facts_of

        facts = facts_of(results, title=title, method=method_of(results))
        if self.before is None:
            return News(facts, None)
        names = (self.before_name, self.name)
        return News(facts, difference(self.before, facts, threshold=self.threshold, names=names))
