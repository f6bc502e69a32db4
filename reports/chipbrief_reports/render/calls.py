"""Calls of notes: which stands where, so that a note can lead back to the places that call it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chipbrief.errors import ChipbriefError
from chipbrief_reports.briefing.document import Note

__all__ = ["Calls", "Foot"]

FOOT_LENGTH = 190  # characters of a note at the foot of a section: two lines


@dataclass(frozen=True, slots=True)
class Foot:
    """A note as it stands at the foot of a section; `cut` when its full text is only in the list of notes."""

    number: int
    text: str
    cut: bool


class Calls:
    """Counts the calls of each note while a document is written."""

    def __init__(self, notes: Iterable[Note]) -> None:
        self._notes = {note.number: note for note in notes}
        self._count = dict.fromkeys(self._notes, 0)
        self._new: list[int] = []

    def use(self, number: int) -> str:
        """Call a note once more; the anchor of the place."""
        if number not in self._notes:
            raise ChipbriefError(f"note {number}: called in the text, but not among the briefing's notes")
        self._count[number] += 1
        if self._count[number] == 1:
            self._new.append(number)
        return f"ref-{number}-{self._count[number]}"

    def new(self) -> list[Foot]:
        """The notes that were called for the first time since this was asked last."""
        found, self._new = self._new, []
        return [foot_of(self._notes[number]) for number in sorted(found)]

    def anchors(self, number: int, most: int) -> list[str]:
        """The anchors of the first calls of a note."""
        return [f"ref-{number}-{n}" for n in range(1, min(self._count[number], most) + 1)]


def foot_of(note: Note) -> Foot:
    """The note's short text, or the beginning of its text up to a full thought."""
    if note.short:
        return Foot(note.number, note.short, cut=True)
    if len(note.text) <= FOOT_LENGTH:
        return Foot(note.number, note.text, cut=False)
    head = note.text[:FOOT_LENGTH]
    ends = [head.rfind(mark) for mark in ("; ", ". ")]
    end = max(ends) if max(ends) > FOOT_LENGTH // 3 else head.rfind(" ")
    return Foot(note.number, head[: end if end > 0 else FOOT_LENGTH].rstrip(";., "), cut=True)
