"""One series in one tick: what is due, what becomes of it, and who is told. Held by a lock from begin to end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes import CHANGES, FACTS, Facts, facts_from_json
from chipbrief_reports.editions import Manifest, Series, SlotTakenError, entries_of
from chipbrief_reports.schedule.events import Event, Journal, Now, Tell, instant, parse_instant, shortened
from chipbrief_reports.schedule.found import Scheduled
from chipbrief_reports.schedule.lock import locked
from chipbrief_reports.schedule.printing import Printed, PrintJob
from chipbrief_reports.schedule.records import State, state_of
from chipbrief_reports.timetable import Due, due_slots, next_slots, parse_slot, slot_name
from chipbrief_reports.unchanged import basis_of, inputs_of

__all__ = ["LOCK", "Turn", "turn"]

LOCK = ".lock"


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
    """A series that this process holds; `failures` counts what went wrong, `waiting` what will be tried again."""

    scheduled: Scheduled
    now: Now
    tell: Tell
    state: State = field(init=False)
    failures: int = 0
    waiting: int = 0
    done: set[str] = field(default_factory=set)
    _made_from: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _inputs: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
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
        newest = max(self.state.entered, default="")
        unknown = [m for m in self.series.manifests() if isinstance(m, Manifest) and m.slot not in self.state.entered]
        strangers = [m.slot for m in unknown if not self.state.begun or m.slot < newest]
        if strangers:  # nobody knows who got them, so nobody gets them again
            self.say("adopted", slots=strangers)
        for manifest in unknown:
            if manifest.slot not in strangers:  # put in place by a process that came no further
                self._enter(manifest)
        if left:
            self.say("swept", folders=left)
        self.series.point_latest(self.now())
        self.again()

    def _enter(self, manifest: Manifest) -> None:
        if not manifest.printed:
            self.say("unchanged", manifest.slot, same_as=manifest.same_as)
            return
        recipients = [name for delivery in self.scheduled.schedule.deliver for name in delivery.recipients]
        self.say("printed", manifest.slot, pages=manifest.pages, changes=manifest.changes, recipients=recipients)

    # -- what is due -----------------------------------------------------------------------------------------

    def next_slot(self) -> datetime | None:
        """The slot to print now, if there is one; slots that are passed over are entered as that."""
        due = self.due()
        if due.missed:
            self._miss(due.missed)
        slot = next(iter(due.to_print), None)
        if slot is None or slot_name(slot) in self.done:
            return None
        if self._put_off(slot):
            self.waiting += 1
            return None
        return slot

    def due(self) -> Due:
        """What the schedule asks for now; nothing where a clock was set back to before the first edition."""
        now, schedule = self.now(), self.scheduled.schedule
        handled = self._handled(now)
        if handled is None and self.state.slots:
            coming = next_slots(schedule.cron, schedule.timezone, now, 1)
            if any(slot_name(slot) in self.state.slots for slot in coming):
                return Due()
        return due_slots(schedule, handled, now)

    def would_print(self) -> list[datetime]:
        """The slots that would be printed now; nothing is written."""
        return [slot for slot in self.due().to_print if not self._put_off(slot)]

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

    def _miss(self, slots: tuple[datetime, ...]) -> None:
        """Enter slots as passed over: those that failed one by one, the others as one run."""
        names = [slot_name(slot) for slot in slots]
        failed = [record for name in names if (record := self.state.slots.get(name)) and record.state == "failed"]
        for record in failed:
            self._give_up(record.slot, f"gave way to a later slot; {record.error}", record.tries)
        rest = [name for name in names if name not in {record.slot for record in failed}]
        if rest:
            self.say("missed", rest[-1], missed=len(rest), first=rest[0])
        self.again()

    # -- printing --------------------------------------------------------------------------------------------

    def begin(self, slot: datetime) -> PrintJob | None:
        """Prepare what is to be printed; None where nothing has changed, which is entered at once."""
        name = slot_name(slot)
        self.done.add(name)
        day = self.scheduled.day(slot)
        before = self.series.before(slot)
        basis = basis_of(self.scheduled.file)
        if basis and before and before.made_from == basis.digests and not self.series.broken_files(before):
            self._publish_unchanged(name, day, before)
            return None
        self._made_from[name] = basis.digests if basis else {}
        self._inputs[name] = inputs_of(self.scheduled.file)
        facts = self.series.path(before.slot) / FACTS if before else None
        self.tell(Event(instant(self.now()), "started", self.series.name, name))
        return PrintJob(
            source=self.scheduled.file,
            work=self.series.new_work(slot),
            slot=name,
            as_of=day,
            facts=facts if facts and facts.is_file() else None,
            before=before.slot if before else "",
            threshold=self.scheduled.schedule.threshold,
        )

    def _publish_unchanged(self, slot: str, day: str, before: Manifest) -> None:
        manifest = Manifest(
            name=self.series.name,
            slot=slot,
            state="unchanged",
            title=before.title,
            as_of=day,
            built_at=instant(self.now()),
            previous=before.slot,
            same_as=before.slot,
            method=before.method,
            inputs=before.inputs,
            made_from=before.made_from,
        )
        self._put(self.series.new_work(parse_slot(slot)), manifest)

    def end(self, job: PrintJob, printed: Printed) -> None:
        """Publish what was printed, or enter that it failed."""
        if printed.error:
            shutil.rmtree(job.work, ignore_errors=True)
            self.fail(job.slot, printed.error)
            return
        try:
            manifest = self._manifest(job, printed)
        except (ChipbriefError, OSError) as error:
            shutil.rmtree(job.work, ignore_errors=True)
            self.fail(job.slot, error)
        else:
            self._put(job.work, manifest)

    def _manifest(self, job: PrintJob, printed: Printed) -> Manifest:
        facts = _facts(job.work)
        changes = job.work / CHANGES
        return Manifest(
            name=self.series.name,
            slot=job.slot,
            state="printed",
            title=facts.title,
            as_of=facts.as_of,
            built_at=instant(self.now()),
            previous=job.before or None,
            method=facts.method,
            inputs=self._inputs[job.slot],
            made_from=self._made_from[job.slot],
            files=entries_of(job.work),
            pages=printed.pages,
            warnings=printed.warnings,
            changes=_counts(changes) if changes.is_file() else {},
        )

    def _put(self, work: Path, manifest: Manifest) -> None:
        try:
            self.series.publish(work, manifest, self.now())
        except SlotTakenError:
            shutil.rmtree(work, ignore_errors=True)
        except OSError as error:
            shutil.rmtree(work, ignore_errors=True)
            self.fail(manifest.slot, f"cannot be put in place: {error.strerror or error}")
            return
        self._enter(manifest)
        self.again()

    # -- failing ---------------------------------------------------------------------------------------------

    def fail(self, slot: str, error: object) -> None:
        """Enter that an attempt failed, and when the next is due; after the last one it is given up."""
        record = self.state.slots.get(slot)
        tries = (record.tries if record else 0) + 1
        retries = self.scheduled.schedule.retries
        if tries > retries.times:
            self._give_up(slot, error, tries)
        else:
            next_try = instant(self.now() + timedelta(seconds=retries.wait_s(tries)))
            self.say("failed", slot, error=shortened(error), tries=tries, next_try=next_try)
            self.waiting += 1
        self.again()

    def _give_up(self, slot: str, error: object, tries: int) -> None:
        told = [name for d in self.scheduled.schedule.deliver if d.failures for name in d.recipients]
        self.say("given_up", slot, error=shortened(error), tries=tries, recipients=told)
        self.failures += 1


def _facts(work: Path) -> Facts:
    return facts_from_json((work / FACTS).read_bytes(), str(work / FACTS))


def _counts(changes: Path) -> dict[str, int]:
    import json
    from collections import Counter

    return dict(Counter(change["kind"] for change in json.loads(changes.read_bytes())["found"]))
