"""Where the state of all series can be asked for: a small interface, behind which stands SQLite."""

from __future__ import annotations

from typing import Protocol

from chipbrief_reports.editions import Series
from chipbrief_reports.schedule.records import DeliveryRecord, SlotRecord, State

__all__ = ["Store"]


class Store(Protocol):
    """The index over editions and journals. What it holds can be made again from these at any time."""

    def enter(self, series: Series, state: State) -> None:
        """Hold exactly this state of a series."""

    def slots(self, name: str | None = None, limit: int | None = None) -> list[SlotRecord]:
        """The slots of a series, or of all, the newest first."""

    def deliveries(self, name: str, slot: str) -> list[DeliveryRecord]:
        """What became of the parcels of a slot."""

    def forget_but(self, names: set[str]) -> None:
        """Drop every series but these."""

    def close(self) -> None:
        """Let go of it."""
