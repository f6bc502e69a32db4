"""Parcels to their recipients: each by itself, once; what fails is tried again, and only that."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes import CHANGES
from chipbrief_reports.delivery import Parcel, send
from chipbrief_reports.editions import Manifest, read_manifest
from chipbrief_reports.schedule.events import parse_instant
from chipbrief_reports.schedule.records import DeliveryRecord
from chipbrief_reports.schedule.turn import Turn
from chipbrief_reports.timetable import Delivery, parse_slot

__all__ = ["deliver"]

TOLD = 10  # changes that a parcel names


def deliver(turn: Turn, environment: Mapping[str, str] = os.environ, stop: Callable[[], bool] = lambda: False) -> None:
    """Send what is still to be sent, the oldest slot first, until there is nothing left or it is to stop."""
    open_ = [record for record in turn.state.deliveries.values() if record.open]
    for record in sorted(open_, key=lambda record: record.slot):
        if record.state == "failed" and turn.must_wait(record.next_try, record.tries):
            turn.waiting.append(parse_instant(record.next_try))
        elif not stop():
            _one(turn, record, environment)
    turn.again()


def _one(turn: Turn, record: DeliveryRecord, environment: Mapping[str, str]) -> None:
    known = {"recipient": record.recipient, "what": record.what, "tries": record.tries}
    delivery = _way(turn, record.recipient)
    if delivery is None:
        turn.say("delivery_given_up", record.slot, **known, error="is no recipient any more")
        return
    turn.say("sending", record.slot, **known)
    try:
        parcel = _parcel(turn, record)
        send(delivery, record.recipient, parcel, base=turn.scheduled.file.parent, environment=environment)
    except (ChipbriefError, OSError) as error:  # the recipient, or the edition that cannot be read
        turn.delivery_failed(record, error)
    else:
        turn.say("delivered", record.slot, **known)


def _way(turn: Turn, recipient: str) -> Delivery | None:
    return next((way for way in turn.scheduled.schedule.deliver if recipient in way.recipients), None)


def _parcel(turn: Turn, record: DeliveryRecord) -> Parcel:
    if record.what == "failure":
        return Parcel(
            what="failure",
            name=record.name,
            slot=record.slot,
            title=turn.scheduled.title,
            as_of=turn.scheduled.day(parse_slot(record.slot)),
            folder=None,
            error=turn.slot(record.slot).error,
        )
    folder = turn.series.path(record.slot)
    manifest = read_manifest(folder)
    return Parcel(
        what="edition",
        name=record.name,
        slot=record.slot,
        title=manifest.title,
        as_of=manifest.as_of,
        folder=folder,
        files=tuple(manifest.files),
        changes=_changes(folder, manifest),
    )


def _changes(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """The first changes in words."""
    if not manifest.changes:
        return ()
    from chipbrief_reports.changes import changes_from_json, main_changes

    found = changes_from_json((folder / CHANGES).read_bytes(), str(folder / CHANGES))
    return main_changes(found, TOLD)
