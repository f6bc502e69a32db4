"""The notes of a briefing: numbered as they are first cited, each one once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chipbrief.figures import Figure, Source
from chipbrief_reports.briefing.document import Note, Ref

__all__ = ["NoteBook"]

KINDS = {
    "vendor_spec": "vendor's specification",
    "third_party_measured": "measured by a third party",
    "vendor_measured": "measured by the vendor",
    "vendor_claim": "vendor's claim",
    "analyst_estimate": "analyst's estimate",
    "list_price": "list price",
    "derived": "derived",
    "calibrated": "fitted to measurements",
    "assumed": "assumed",
}


class NoteBook:
    """Gives out references; the same words always get the same number."""

    def __init__(self, figures: Mapping[str, tuple[Figure, Source]]) -> None:
        self._figures = figures
        self._numbers: dict[str, int] = {}
        self._sources: dict[str, tuple[tuple[str, str, str], ...]] = {}

    def say(self, words: str, sources: Sequence[tuple[str, str, str]] = ()) -> Ref:
        """A note in plain words, with the (title, locator, date) of what it cites."""
        number = self._numbers.setdefault(words, len(self._numbers) + 1)
        self._sources.setdefault(words, tuple(sources))
        return Ref(number)

    def cite(self, lead: str, names: Sequence[str], closing: str = "") -> Ref:
        """A note that lists Figures: id, value, range, kind, source and date of each."""
        parts, sources = [], []
        for name in dict.fromkeys(names):
            figure, source = self._figures[name]
            parts.append(f"{name} {self.words(figure)} ({KINDS[figure.kind]}; {source.title}, {figure.date})")
            sources.append((source.title, source.locator, figure.date))
        text = f"{lead}: {'; '.join(parts)}." if lead else f"{'; '.join(parts)}."
        return self.say(f"{text} {closing}".strip(), sources)

    @staticmethod
    def words(figure: Figure) -> str:
        """A Figure's value and range."""
        span = f", {figure.text(figure.lowest)} to {figure.text(figure.highest)}" if figure.ranged else ""
        return figure.text() + span

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes, in the order of their numbers."""
        return tuple(Note(number, words, self._sources[words]) for words, number in self._numbers.items())
