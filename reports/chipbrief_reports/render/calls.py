"""Calls of notes: which stands where, so that a note can lead back to the places that call it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chipbrief.errors import ChipbriefError
from chipbrief_reports.briefing.document import Note

__all__ = ["Call", "Calls", "Foot"]

FOOT_LENGTH = 190  # characters of a note at the foot of a page: two lines


@dataclass(frozen=True, slots=True)
class Foot:
    """A note as it stands at the foot of a page; `cut` when its full text is only in the list of notes."""

    text: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a note: its anchor, and whether it is the note's first."""

    note: Note
    anchor: str
    first: bool
    foot: Foot


class Calls:
    """Counts the calls of each note while a document is written."""

    def __init__(self, notes: Iterable[Note]) -> None:
        self._notes = {note.number: note for note in notes}
        self._count = dict.fromkeys(self._notes, 0)

    def use(self, number: int) -> Call:
        """Call a note once more."""
        if number not in self._notes:
            raise ChipbriefError(f"note {number}: called in the text, but not among the briefing's notes")
        self._count[number] += 1
        note = self._notes[number]
        return Call(note, f"ref-{number}-{self._count[number]}", self._count[number] == 1, foot_of(note))

    def anchors(self, number: int) -> list[str]:
        """The anchors of every call of a note so far."""
        return [f"ref-{number}-{n}" for n in range(1, self._count[number] + 1)]


def foot_of(note: Note) -> Foot:
    """The note's short text, or the beginning of its text up to a full thought."""
    if note.short:
        return Foot(note.short, cut=True)
    if len(note.text) <= FOOT_LENGTH:
        return Foot(note.text, cut=False)
    head = note.text[:FOOT_LENGTH]
    ends = [head.rfind(mark) for mark in ("; ", ". ")]
    end = max(ends) if max(ends) > FOOT_LENGTH // 3 else head.rfind(" ")
    return Foot(head[: end if end > 0 else FOOT_LENGTH].rstrip(";., "), cut=True)
