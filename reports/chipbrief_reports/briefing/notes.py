"""The notes of a briefing: numbered as they are first cited, each one once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from chipbrief.figures import Figure, Kind, Source
from chipbrief_reports.briefing.document import Note, Ref
from chipbrief_reports.wording import printed

__all__ = ["KINDS", "NoteBook"]

FOOT = 140  # characters that fit a line at the foot of a page

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
        self._shorts: dict[str, str] = {}
        self._inputs: dict[str, tuple[str, ...]] = {}

    def say(
        self,
        words: str,
        sources: Sequence[tuple[str, str, str]] = (),
        short: str = "",
        inputs: Sequence[str] = (),
    ) -> Ref:
        """A note in plain words.

        Args:
            words: the note.
            sources: (title, locator, date) of what it cites.
            short: what stands at the foot of a page.
            inputs: ids of all Figures that the number stands on.
        """
        number = self._numbers.setdefault(words, len(self._numbers) + 1)
        self._sources.setdefault(words, tuple(sources))
        self._shorts.setdefault(words, short)
        self._inputs.setdefault(words, tuple(inputs))
        return Ref(number)

    def cite(self, lead: str, names: Sequence[str], closing: str = "", inputs: Sequence[str] = ()) -> Ref:
        """A note that lists Figures: id, value, range, kind, source and date of each.

        `closing` ends the note; `inputs` are all that is below.
        """
        parts, sources = [], []
        for (kind, source, day), mine in groupby(dict.fromkeys(names), self._origin):
            said = ", ".join(f"{name} {self.words(self._figures[name][0])}" for name in mine)
            parts.append(f"{said} ({KINDS[kind]}; {source.title}, {day})")
            sources.append((source.title, source.locator, day))
        head = f"{lead}: " if lead else ""
        whole = f"{head}{'; '.join(parts)}. {closing}".strip()
        return self.say(
            whole, tuple(dict.fromkeys(sources)), self._short(head, names) if len(whole) > FOOT else "", inputs
        )

    def _origin(self, name: str) -> tuple[Kind, Source, str]:
        """What neighbours in a note share, so that it is said once: kind, source and date."""
        figure, source = self._figures[name]
        return figure.kind, source, figure.date

    def _short(self, head: str, names: Sequence[str]) -> str:
        """The first Figure with its source, and how many more there are."""
        if not names:
            return head.removesuffix(": ")
        first = next(iter(names))
        figure, source = self._figures[first]
        others = len(dict.fromkeys(names)) - 1
        more = f" and {others} more" if others else ""
        title = source.title if len(source.title) <= 48 else source.title[:46].rsplit(" ", 1)[0] + "…"
        return f"{head}{first} {self.words(figure)} ({title}, {figure.date}){more}"

    @staticmethod
    def words(figure: Figure) -> str:
        """A Figure's value and range."""
        span = f", {figure.text(figure.lowest)} to {figure.text(figure.highest)}" if figure.ranged else ""
        return printed(figure.text() + span)

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes, in the order of their numbers."""
        return tuple(
            Note(number, words, self._sources[words], self._shorts[words], self._inputs[words])
            for words, number in self._numbers.items()
        )
