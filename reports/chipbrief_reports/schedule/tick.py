"""One tick: print what is due, deliver what is printed, keep what is to be kept.

It is safe at any moment and any number of times.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from chipbrief.engine import Engine, EngineError, surviving
from chipbrief_reports.schedule.delivering import deliver
from chipbrief_reports.schedule.events import Event, Now, Tell, instant, shortened
from chipbrief_reports.schedule.found import Scheduled
from chipbrief_reports.schedule.lock import BusyError
from chipbrief_reports.schedule.printing import Printed, PrintJob, print_edition
from chipbrief_reports.schedule.retention import prune
from chipbrief_reports.schedule.sqlite_store import StoreError, open_store
from chipbrief_reports.schedule.turn import Turn, turn

__all__ = ["Ticked", "due_now", "tick", "utc_now"]

OK, FAILED, AGAIN = 0, 1, 75


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Ticked:
    """What one tick did.

    Attributes:
        events: every change of state, in order.
        failures: slots and deliveries that were given up, and series that could not be worked on.
        waiting: slots and deliveries that will be tried again, and series that another process holds.
    """

    events: list[Event] = field(default_factory=list)
    failures: int = 0
    waiting: int = 0

    @property
    def exit_code(self) -> int:
        """0; 1 where something was given up; 75 where a later tick will try again."""
        return FAILED if self.failures else AGAIN if self.waiting else OK


def tick(
    scheduled: Sequence[Scheduled],
    engine: Callable[[], Engine],
    *,
    tell: Tell,
    now: Now = utc_now,
    environment: Mapping[str, str] = os.environ,
) -> Ticked:
    """Do all that is due.

    Args:
        scheduled: the briefings.
        engine: opens where editions are printed; called only when there is one to print.
        tell: told every change of state as it happens.
        now: the clock.
        environment: where secrets are.
    """
    done = Ticked()

    def told(event: Event) -> None:
        done.events.append(event)
        tell(event)

    with ExitStack() as held:
        turns = [found for one in scheduled if (found := _held(held, one, now, told, done))]
        _print_all(turns, engine)
        for each in turns:
            _finish(each, environment)
        for each in turns:
            done.failures += each.failures
            done.waiting += each.waiting
        _enter(turns, told)
    return done


def _held(held: ExitStack, one: Scheduled, now: Now, tell: Tell, done: Ticked) -> Turn | None:
    """The series, locked; None where another process has it, or its folder cannot be worked in."""
    try:
        return held.enter_context(turn(one, now, tell))
    except BusyError:
        tell(Event(instant(now()), "busy", one.name))
        done.waiting += 1
    except OSError as error:
        done.failures += 1
        tell(_trouble(one, now(), error))
    return None


def _trouble(one: Scheduled, moment: datetime, error: OSError) -> Event:
    where = error.filename or one.series.folder
    told = f"{where}: {error.strerror or error}"
    return Event(instant(moment), "cannot_work", one.name, data={"error": shortened(told)})


def _print_all(turns: Sequence[Turn], engine: Callable[[], Engine]) -> None:
    """Round after round, one slot of each series at a time, since each edition is held against the one before."""
    running: Engine | None = None
    with ExitStack() as opened:
        while begun := [(each, job) for each in turns if (job := _begun(each))]:
            running = running or opened.enter_context(engine())
            jobs = [job for _, job in begun]
            for index, printed in surviving(running, print_edition, jobs, retries=1):
                each, job = begun[index]
                _guarded(each, _ended(each, job, printed))


def _begun(each: Turn) -> PrintJob | None:
    """The next job of a series; slots at which nothing changed are entered on the way."""
    jobs: list[PrintJob] = []

    def look() -> None:
        while not jobs and (slot := each.next_slot()):
            if job := each.begin(slot):
                jobs.append(job)

    _guarded(each, look)
    return jobs[0] if jobs else None


def _ended(each: Turn, job: PrintJob, printed: Printed | EngineError) -> Callable[[], None]:
    result = Printed(error=str(printed)) if isinstance(printed, EngineError) else printed
    return lambda: each.end(job, result)


def _finish(each: Turn, environment: Mapping[str, str]) -> None:
    _guarded(each, lambda: deliver(each, environment))
    _guarded(each, lambda: prune(each))


def _guarded(each: Turn, work: Callable[[], object]) -> None:
    """Work on one series; a disk that is full or gone stops this series and no other."""
    try:
        work()
    except OSError as error:
        each.waiting += 1
        each.tell(_trouble(each.scheduled, each.now(), error))


def _enter(turns: Sequence[Turn], tell: Tell) -> None:
    """Bring the index up to date; without it the next tick does it."""
    by_root: dict[Path, list[Turn]] = {}
    for each in turns:
        by_root.setdefault(each.series.root, []).append(each)
    for root, held in by_root.items():
        try:
            store = open_store(root)
        except StoreError as error:
            tell(Event(instant(held[0].now()), "store_unusable", held[0].series.name, data={"error": str(error)}))
            continue
        try:
            for each in held:
                each.again()
                store.enter(each.series, each.state)
        except StoreError as error:
            tell(Event(instant(held[0].now()), "store_unusable", held[0].series.name, data={"error": str(error)}))
        finally:
            store.close()


def due_now(one: Scheduled, now: Now = utc_now) -> list[datetime]:
    """The slots that a tick would print now; nothing is written."""
    return Turn(one, now, lambda _: None).would_print()
