"""What is delivered, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chipbrief.errors import ChipbriefError

__all__ = ["DeliveryError", "Parcel"]


class DeliveryError(ChipbriefError):
    """A recipient did not get a parcel, and why, in one sentence without any secret; it may be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """An edition, or word that there is none.

    Attributes:
        what: `edition`, or `failure` where a slot was given up.
        name: of the series.
        slot: `2026-11-23T0600Z`.
        title: of the document.
        as_of: its date; of the slot where there is no document.
        folder: where the edition lies, whole; None for a failure.
        files: names of its files, from `folder`.
        changes: what changed, a sentence each, the most telling first.
        error: for a failure, what went wrong.
        id: the same whenever the same parcel is sent again, and of no other: `edition/agentic/2026-11-23T0600Z`.
    """

    what: Literal["edition", "failure"]
    name: str
    slot: str
    title: str
    as_of: str
    folder: Path | None
    files: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    error: str = ""

    @property
    def id(self) -> str:
        """See the class."""
        return f"{self.what}/{self.name}/{self.slot}"
