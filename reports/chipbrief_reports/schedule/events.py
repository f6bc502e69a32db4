"""What happens to the slots of a series: one JSON line a change of state, told at once and kept in a journal.

The journal is the memory that a database may be rebuilt from: failures, slots passed over, and who got what.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chipbrief_reports.editions import Series, fsync_folder

__all__ = ["Event", "Journal", "Now", "Tell", "instant", "parse_instant", "shortened"]

INSTANT = "%Y-%m-%dT%H:%M:%SZ"
LONGEST = 2_000  # characters of an error that are kept


@dataclass(frozen=True, slots=True)
class Event:
    """A change of state.

    Attributes:
        time: when, in UTC.
        event: begun, started, printed, unchanged, failed, given_up, missed, sending, delivered, delivery_failed,
            delivery_given_up, pruned, swept, damaged or adopted; and, told but not kept, busy, cannot_work,
            latest_failed, store_unusable, bad_input or site_failed.
        schedule: name of the series.
        slot: `2026-11-23T0600Z`; empty where it is about none.
        data: what else there is to say, such as `error`, `tries`, `next_try`, `recipient`.
    """

    time: str
    event: str
    schedule: str
    slot: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """One line of JSON."""
        slot = {"slot": self.slot} if self.slot else {}
        document = {"time": self.time, "event": self.event, "schedule": self.schedule, **slot, **self.data}
        return json.dumps(document, ensure_ascii=True)


Tell = Callable[[Event], None]
Now = Callable[[], datetime]


def instant(moment: datetime) -> str:
    """A moment as it is written: `2026-11-23T06:00:03Z`."""
    return moment.astimezone(UTC).strftime(INSTANT)


def parse_instant(text: str) -> datetime:
    """The moment that `instant` wrote; raises ValueError for any other text."""
    return datetime.strptime(text, INSTANT).replace(tzinfo=UTC)


def shortened(error: object) -> str:
    """The first lines of an error, in one line."""
    said = " ".join(str(error).split())
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


@dataclass(frozen=True, slots=True)
class Journal:
    """The events of one series, one a line, each on disk before anything else happens."""

    series: Series

    @property
    def path(self) -> Path:
        """Its file."""
        return self.series.journal

    def size(self) -> int:
        """Bytes; 0 where there is none."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, event: Event) -> None:
        """Add an event; raises OSError where it cannot be kept."""
        new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            before = os.fstat(handle).st_size
            torn = before > 0 and os.pread(handle, 1, before - 1) != b"\n"
            line = (b"\n" if torn else b"") + event.line().encode() + b"\n"
            if os.write(handle, line) != len(line):  # a disk that fills up takes a part
                os.ftruncate(handle, before)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            fsync_folder(self.series.folder)

    def events(self) -> Iterator[Event]:
        """Every event, in order; a line that was torn by a crash is passed over."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                found = json.loads(line)
                known = {key: found.pop(key) for key in ("time", "event", "schedule")}
                yield Event(**known, slot=found.pop("slot", ""), data=found)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
