"""One series in one tick: what is due, what becomes of it, and who is told. Held by a lock from begin to end."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path

from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes import CHANGES, FACTS, facts_from_json
from chipbrief_reports.editions import Damaged, Manifest, Series, SlotTakenError, entries_of
from chipbrief_reports.schedule.events import Event, Journal, Now, Tell, instant, parse_instant, shortened
from chipbrief_reports.schedule.found import Scheduled
from chipbrief_reports.schedule.lock import locked
from chipbrief_reports.schedule.printing import Printed, PrintJob
from chipbrief_reports.schedule.records import DeliveryRecord, SlotRecord, State, state_of
from chipbrief_reports.timetable import Due, due_slots, next_slots, parse_slot, slot_name

__all__ = ["LOCK", "Turn", "turn"]

LOCK = ".lock"
INTERRUPTED = "the process that was at it ended before it was done"


@contextmanager
def turn(scheduled: Scheduled, now: Now, tell: Tell) -> Iterator[Turn]:
    """Hold a series for one tick.

    Raises:
        BusyError: another process holds it.
        OSError: its folder cannot be made or written.
    """
    series = scheduled.series
    with locked(series.folder / LOCK):
        held = Turn(scheduled, now, tell)
        held.settle()
        yield held


@dataclass
class Turn:
    """A series that this process holds.

    Attributes:
        scheduled: the briefing.
        now: the clock.
        tell: told every change of state.
        state: what is known of the series.
        failures: how many slots and deliveries were given up, and editions found damaged.
        waiting: when each slot and delivery that failed is tried again.
        begun_at: the slots up to this moment are printed; later ones are another tick's.
        done: slots that this tick has tried.
    """

    scheduled: Scheduled
    now: Now
    tell: Tell
    state: State = field(init=False)
    failures: int = 0
    waiting: list[datetime] = field(default_factory=list)
    begun_at: datetime = field(init=False)
    done: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.begun_at = self.now()
        self.state = state_of(self.series)

    @property
    def series(self) -> Series:
        """Whose editions it is about."""
        return self.scheduled.series

    # -- memory ----------------------------------------------------------------------------------------------

    def say(self, event: str, slot: str = "", **data: object) -> None:
        """Keep an event and tell it; raises OSError where it cannot be kept."""
        happened = Event(instant(self.now()), event, self.series.name, slot, data)
        Journal(self.series).append(happened)
        self.tell(happened)

    def again(self) -> None:
        """Read the state anew after it changed."""
        self.state = state_of(self.series)

    def settle(self) -> None:
        """Put right what a process left that did not come to its end."""
        left = self.series.sweep()
        if not self.state.begun:
            self.say("begun")
        self._set_aside()
        self._enter_unknown()
        self.again()
        for slot in self.state.interrupted:
            self.fail(slot, INTERRUPTED, at_once=True)
        for record in [r for r in self.state.deliveries.values() if r.state == "sending"]:
            self.delivery_failed(record, INTERRUPTED, at_once=True)
        if left:
            self.say("swept", folders=left)
        self.point_latest()
        self.again()

    def _set_aside(self) -> None:
        """Take away what lies in a slot's place and is no edition, so that the slot can be printed."""
        for found in self.series.manifests():
            if isinstance(found, Damaged):
                place = self.series.set_aside(found.slot)
                self.say("damaged", found.slot, error=shortened(found.why), folder=place.name)
                self.failures += 1

    def _enter_unknown(self) -> None:
        """Enter editions that the journal does not tell of."""
        unknown = [m for m in self.series.manifests() if isinstance(m, Manifest) and m.slot not in self.state.entered]
        strangers = [m.slot for m in unknown if m.printed and m.slot not in self.state.started]
        if strangers:  # nobody knows who got them, so nobody gets them again
            self.say("adopted", slots=strangers)
        for manifest in unknown:
            if manifest.slot not in strangers:  # put in place by a process that came no further
                self._enter(manifest)

    def _enter(self, manifest: Manifest) -> None:
        if not manifest.printed:
            self.say("unchanged", manifest.slot, same_as=manifest.same_as)
            return
        recipients = [name for delivery in self.scheduled.schedule.deliver for name in delivery.recipients]
        self.say("printed", manifest.slot, pages=manifest.pages, changes=manifest.changes, recipients=recipients)

    def point_latest(self) -> None:
        """Let `latest` name the latest edition; where that cannot be, the editions are whole all the same."""
        try:
            self.series.point_latest(self.now())
        except OSError as error:
            told = f"{error.filename or self.series.folder}: {error.strerror or error}"
            self.tell(Event(instant(self.now()), "latest_failed", self.series.name, data={"error": shortened(told)}))

    # -- what is due -----------------------------------------------------------------------------------------

    def next_slot(self) -> datetime | None:
        """The slot to print now, if there is one; slots that are passed over are entered as that."""
        due = self.due()
        if due.missed:
            self._miss(due)
        slot = next(iter(due.to_print), None)
        if slot is None or slot_name(slot) in self.done:
            return None
        record = self.state.slots.get(slot_name(slot))
        if record and self._put_off(slot):
            self.waiting.append(parse_instant(record.next_try))
            return None
        return slot

    def due(self) -> Due:
        """What the schedule asks for; nothing where a clock was set back to before the first edition."""
        now, schedule = self.begun_at, self.scheduled.schedule
        handled = self._handled(now)
        if handled is None and self.state.slots:
            coming = next_slots(schedule.cron, schedule.timezone, now, 1)
            if any(slot_name(slot) in self.state.slots for slot in coming):
                return Due()
            failed = [parse_slot(r.slot) for r in self.state.slots.values() if r.state == "failed"]
            first = min((slot for slot in failed if slot <= now), default=None)
            handled = first - timedelta(seconds=1) if first else None
        return due_slots(schedule, handled, now)

    def would_print(self) -> list[datetime]:
        """The slots that would be printed now; nothing is written."""
        return list(takewhile(lambda slot: not self._put_off(slot), self.due().to_print))

    def _put_off(self, slot: datetime) -> bool:
        """Whether a slot failed, and is to be tried again later."""
        record = self.state.slots.get(slot_name(slot))
        return bool(record and record.state == "failed" and self.must_wait(record.next_try, record.tries))

    def must_wait(self, next_try: str, tries: int) -> bool:
        """Whether it is too early to try again; a wait that is longer than any can be comes of a wrong clock."""
        left = (parse_instant(next_try) - self.now()).total_seconds() if next_try else 0.0
        return 0.0 < left <= self.scheduled.schedule.retries.wait_s(tries) + 1.0

    def _handled(self, now: datetime) -> datetime | None:
        """The newest slot up to now that needs nothing more."""
        ended = [parse_slot(r.slot) for r in self.state.slots.values() if r.state != "failed"]
        return max((slot for slot in ended if slot <= now), default=None)

    def _miss(self, due: Due) -> None:
        """Enter slots as passed over: those that failed one by one, the others as one run."""
        why = "gave way to a later slot" if due.to_print else "is too late to be tried again"
        names = [slot_name(slot) for slot in due.missed]
        failed = [record for name in names if (record := self.state.slots.get(name)) and record.state == "failed"]
        for record in failed:
            self._give_up(record.slot, f"{why}; {record.error}", record.tries)
        rest = [name for name in names if name not in {record.slot for record in failed}]
        if rest:
            self.say("missed", rest[-1], missed=len(rest), first=rest[0])
        self.again()

    # -- printing --------------------------------------------------------------------------------------------

    def begin(self, slot: datetime) -> PrintJob:
        """Prepare what is to be printed."""
        name, schedule = slot_name(slot), self.scheduled.schedule
        self.done.add(name)
        before = self.series.before(slot)
        facts = self.series.path(before.slot) / FACTS if before else None
        holds = before is not None and not before.pruned and not self.series.broken_files(before)
        self.say("started", name)
        return PrintJob(
            source=self.scheduled.file,
            work=self.series.new_work(slot),
            slot=name,
            as_of=self.scheduled.day(slot),
            facts=facts if facts and facts.is_file() else None,
            before=before.slot if before else "",
            made_from=before.made_from if before and holds else {},
            threshold=schedule.threshold,
            limit_s=schedule.limit,
        )

    def end(self, job: PrintJob, printed: Printed) -> None:
        """Publish what was printed, or enter that it failed."""
        try:
            if printed.error:
                raise ChipbriefError(printed.error)
            manifest = self._unchanged(job, printed) if printed.unchanged else self._manifest(job, printed)
            self.series.publish(job.work, manifest)
        except SlotTakenError:
            shutil.rmtree(job.work, ignore_errors=True)
            self.again()
        except (ChipbriefError, OSError) as error:
            shutil.rmtree(job.work, ignore_errors=True)
            told = f"cannot be put in place: {error.strerror or error}" if isinstance(error, OSError) else error
            self.fail(job.slot, told)
        else:
            self._enter(manifest)
            self.point_latest()
            self.again()

    def _manifest(self, job: PrintJob, printed: Printed) -> Manifest:
        facts = facts_from_json((job.work / FACTS).read_bytes(), str(job.work / FACTS))
        return Manifest(
            name=self.series.name,
            slot=job.slot,
            state="printed",
            title=facts.title,
            as_of=facts.as_of,
            built_at=instant(self.now()),
            previous=job.before or None,
            method=facts.method,
            inputs=printed.inputs,
            made_from=printed.made_from,
            files=entries_of(job.work),
            pages=printed.pages,
            warnings=printed.warnings,
            changes=_counts(job.work / CHANGES),
        )

    def _unchanged(self, job: PrintJob, printed: Printed) -> Manifest:
        before = self.series.before(parse_slot(job.slot))
        if before is None or before.slot != job.before:
            raise ChipbriefError(f"the edition of {job.before} is not there any more")
        return Manifest(
            name=self.series.name,
            slot=job.slot,
            state="unchanged",
            title=before.title,
            as_of=job.as_of,
            built_at=instant(self.now()),
            previous=before.slot,
            same_as=before.slot,
            method=before.method,
            inputs=printed.inputs,
            made_from=printed.made_from,
        )

    # -- failing ---------------------------------------------------------------------------------------------

    def fail(self, slot: str, error: object, *, at_once: bool = False) -> None:
        """Enter that an attempt failed, and when the next is due; after the last one it is given up."""
        record = self.state.slots.get(slot)
        tries = (record.tries if record else 0) + 1
        if tries > self.scheduled.schedule.retries.times:
            self._give_up(slot, error, tries)
        else:
            next_try = self._next_try(tries, at_once)
            self.say("failed", slot, error=shortened(error), tries=tries, next_try=instant(next_try))
            self.waiting += [] if at_once else [next_try]
        self.again()

    def _next_try(self, tries: int, at_once: bool) -> datetime:
        wait_s = 0.0 if at_once else self.scheduled.schedule.retries.wait_s(tries)
        return self.now() + timedelta(seconds=wait_s)

    def _give_up(self, slot: str, error: object, tries: int) -> None:
        told = [name for d in self.scheduled.schedule.deliver if d.failures for name in d.recipients]
        self.say("given_up", slot, error=shortened(error), tries=tries, recipients=told)
        self.failures += 1

    def delivery_failed(self, record: DeliveryRecord, error: object, *, at_once: bool = False) -> None:
        """Enter that a parcel was not delivered, and when the next attempt is due; after the last it is given up."""
        tries = record.tries + 1
        known = {"recipient": record.recipient, "what": record.what, "tries": tries, "error": shortened(error)}
        if tries > self.scheduled.schedule.retries.times:
            self.say("delivery_given_up", record.slot, **known)
            self.failures += 1
            return
        next_try = self._next_try(tries, at_once)
        self.say("delivery_failed", record.slot, **known, next_try=instant(next_try))
        self.waiting += [] if at_once else [next_try]

    def slot(self, name: str) -> SlotRecord:
        """What is known of a slot."""
        return self.state.slots[name]


def _counts(changes: Path) -> dict[str, int]:
    """How many changes an edition tells, by kind; none for the first edition."""
    if not changes.is_file():
        return {}
    return dict(Counter(change["kind"] for change in json.loads(changes.read_bytes())["found"]))
