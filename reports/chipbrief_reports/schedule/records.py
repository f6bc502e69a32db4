"""The state of slots and deliveries, as manifests and journal tell it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from chipbrief_reports.editions import Damaged, Manifest, Series
from chipbrief_reports.schedule.events import Event, Journal

__all__ = ["DeliveryRecord", "DeliveryState", "SlotRecord", "SlotState", "State", "state_of"]

SlotState = Literal["printed", "unchanged", "failed", "given_up", "missed", "damaged"]
DeliveryState = Literal["waiting", "sending", "failed", "delivered", "given_up"]
ENDS = frozenset({"printed", "unchanged", "failed", "given_up", "missed"})
OPEN: tuple[DeliveryState, ...] = ("waiting", "sending", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRecord:
    """A slot.

    Attributes:
        name: of the series.
        slot: `2026-11-23T0600Z`.
        state: `failed` will be tried again, `given_up` will not; `missed` was passed over.
        at: when it came to that, in UTC.
        tries: attempts that failed.
        next_try: when it is tried again.
        error: of the last attempt.
        missed: how many slots up to this one were passed over.
        title: of the document.
        pages: of its PDF.
        same_as: slot whose edition still holds.
    """

    name: str
    slot: str
    state: SlotState
    at: str = ""
    tries: int = 0
    next_try: str = ""
    error: str = ""
    missed: int = 0
    title: str = ""
    pages: int | None = None
    same_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """What became of one parcel for one recipient; `what` is edition or failure."""

    name: str
    slot: str
    recipient: str
    what: str = "edition"
    state: DeliveryState = "waiting"
    at: str = ""
    tries: int = 0
    next_try: str = ""
    error: str = ""

    @property
    def open(self) -> bool:
        """Whether it is still to be sent."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class State:
    """All that is known of a series.

    Attributes:
        slots: by name, the oldest first.
        deliveries: by slot, what and recipient.
        entered: slots of editions that the journal tells of.
        started: slots that were begun, whatever became of them.
        interrupted: slots that were begun, and of which nothing more is known.
        begun: whether there is a journal.
    """

    slots: dict[str, SlotRecord]
    deliveries: dict[tuple[str, str, str], DeliveryRecord]
    entered: frozenset[str]
    started: frozenset[str]
    interrupted: tuple[str, ...]
    begun: bool


def state_of(series: Series) -> State:
    """Read a series: what is printed, its folders say; everything else, its journal."""
    slots: dict[str, SlotRecord] = {}
    deliveries: dict[tuple[str, str, str], DeliveryRecord] = {}
    entered: set[str] = set()
    started: set[str] = set()
    running: set[str] = set()
    begun = False
    for event in Journal(series).events():
        begun = True
        if event.event in ("printed", "unchanged"):
            entered.add(event.slot)
        if event.event == "started":
            started.add(event.slot)
            running.add(event.slot)
        elif event.event in ENDS:
            running.discard(event.slot)
        if event.event == "adopted":
            entered.update(event.data.get("slots", ()))
        if event.event in ("failed", "given_up", "missed"):
            slots[event.slot] = _slot(series.name, event)
        for record in _deliveries(series.name, event, deliveries):
            deliveries[record.slot, record.what, record.recipient] = record
    for found in series.manifests():
        slots[found.slot] = _of_folder(series.name, found)
        running.discard(found.slot)
    return State(
        dict(sorted(slots.items())), deliveries, frozenset(entered), frozenset(started), tuple(sorted(running)), begun
    )


def _slot(name: str, event: Event) -> SlotRecord:
    return SlotRecord(
        name=name,
        slot=event.slot,
        state=event.event,  # type: ignore[arg-type] # one of the three, as the caller saw
        at=event.time,
        tries=int(event.data.get("tries", 0)),
        next_try=str(event.data.get("next_try", "")),
        error=str(event.data.get("error", "")),
        missed=int(event.data.get("missed", 0)),
    )


def _of_folder(name: str, found: Manifest | Damaged) -> SlotRecord:
    if isinstance(found, Damaged):
        return SlotRecord(name=name, slot=found.slot, state="damaged", error=found.why)
    return SlotRecord(
        name=name,
        slot=found.slot,
        state=found.state,
        at=found.built_at,
        title=found.title,
        pages=found.pages,
        same_as=found.same_as or "",
    )


def _deliveries(name: str, event: Event, known: dict[tuple[str, str, str], DeliveryRecord]) -> Iterable[DeliveryRecord]:
    """The deliveries that an event changes."""
    if event.event in ("printed", "given_up"):
        what = "edition" if event.event == "printed" else "failure"
        for recipient in event.data.get("recipients", ()):
            if (event.slot, what, recipient) not in known:
                yield DeliveryRecord(name=name, slot=event.slot, recipient=str(recipient), what=what, at=event.time)
        return
    states: dict[str, DeliveryState] = {
        "sending": "sending",
        "delivered": "delivered",
        "delivery_failed": "failed",
        "delivery_given_up": "given_up",
    }
    if event.event in states:
        what, recipient = str(event.data.get("what", "edition")), str(event.data.get("recipient", ""))
        blank = DeliveryRecord(name=name, slot=event.slot, recipient=recipient, what=what)
        yield replace(
            known.get((event.slot, what, recipient), blank),
            state=states[event.event],
            at=event.time,
            tries=int(event.data.get("tries", 0)),
            next_try=str(event.data.get("next_try", "")),
            error=str(event.data.get("error", "")),
        )
