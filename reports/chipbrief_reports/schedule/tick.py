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

__all__ = ["AGAIN", "Ticked", "due_now", "tick", "utc_now"]

OK, FAILED, AGAIN = 0, 1, 75


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Ticked:
    """What one tick did, or several.

    Attributes:
        events: every change of state, in order.
        failures: how many slots and deliveries were given up, and series that could not be worked on.
        again: when each slot and delivery that failed will be tried again.
        held_up: how many series another process holds, or a disk that is full.
    """

    events: list[Event] = field(default_factory=list)
    failures: int = 0
    again: list[datetime] = field(default_factory=list)
    held_up: int = 0

    @property
    def exit_code(self) -> int:
        """0; 1 where something was given up; 75 where a later tick will try again."""
        return FAILED if self.failures else AGAIN if self.again or self.held_up else OK

    def then(self, later: Ticked) -> Ticked:
        """Both ticks as one: what the later one still waits for, and all that happened."""
        events, failures = [*self.events, *later.events], self.failures + later.failures
        return Ticked(events, failures, later.again, later.held_up)


def tick(
    scheduled: Sequence[Scheduled],
    engine: Callable[[], Engine],
    *,
    tell: Tell,
    now: Now = utc_now,
    environment: Mapping[str, str] = os.environ,
    stop: Callable[[], bool] = lambda: False,
) -> Ticked:
    """Do all that is due.

    Args:
        scheduled: the briefings.
        engine: opens where editions are printed; called only when there is one to print.
        tell: told every change of state as it happens.
        now: the clock.
        environment: where secrets are.
        stop: asked before each edition and each delivery; once it says so, no further one is begun.
    """
    done = Ticked()

    def told(event: Event) -> None:
        done.events.append(event)
        tell(event)

    with ExitStack() as held:
        turns = [found for one in scheduled if (found := _held(held, one, now, told, done))]
        rounds = _Rounds(turns, engine, environment, stop, done)
        rounds.run()
        for each in turns:
            done.failures += each.failures
            done.again += each.waiting
        _enter(turns, told)
    return done


def _held(held: ExitStack, one: Scheduled, now: Now, tell: Tell, done: Ticked) -> Turn | None:
    """The series, locked; None where another process has it, or its folder cannot be worked in."""
    try:
        return held.enter_context(turn(one, now, tell))
    except BusyError:
        tell(Event(instant(now()), "busy", one.name))
        done.held_up += 1
    except OSError as error:
        done.failures += 1
        tell(_trouble(one, now(), error))
    return None


def _trouble(one: Scheduled, moment: datetime, error: OSError) -> Event:
    where = error.filename or one.series.folder
    told = f"{where}: {error.strerror or error}"
    return Event(instant(moment), "cannot_work", one.name, data={"error": shortened(told)})


@dataclass
class _Rounds:
    """Round after round, one slot of each series at a time, since each edition is held against the one before."""

    turns: Sequence[Turn]
    engine: Callable[[], Engine]
    environment: Mapping[str, str]
    stop: Callable[[], bool]
    done: Ticked

    def run(self) -> None:
        """Print and deliver until nothing is due, or it is to stop."""
        running: Engine | None = None
        with ExitStack() as opened:
            while begun := self._begun():
                try:
                    running = running or opened.enter_context(self.engine())
                except EngineError as error:
                    for each, job in begun:
                        self._end(each, job, error)
                    continue
                jobs = [job for _, job in begun]
                for index, printed in surviving(running, print_edition, jobs, retries=1):
                    self._end(*begun[index], printed)
        for each in self.turns:
            self._finish(each)

    def _begun(self) -> list[tuple[Turn, PrintJob]]:
        """The next job of each series that has one."""
        found: list[tuple[Turn, PrintJob]] = []
        for each in () if self.stop() else self.turns:

            def begin(each: Turn = each) -> None:
                if slot := each.next_slot():
                    found.append((each, each.begin(slot)))

            self._guarded(each, begin)
        return found

    def _end(self, each: Turn, job: PrintJob, printed: Printed | EngineError) -> None:
        result = Printed(error=str(printed)) if isinstance(printed, EngineError) else printed
        self._guarded(each, lambda: each.end(job, result))
        if not result.error:
            self._finish(each)

    def _finish(self, each: Turn) -> None:
        each.waiting = [moment for moment in each.waiting if moment > each.now()]
        self._guarded(each, lambda: deliver(each, self.environment, self.stop))
        self._guarded(each, lambda: prune(each))

    def _guarded(self, each: Turn, work: Callable[[], object]) -> None:
        """Work on one series; a disk that is full or gone stops this series and no other."""
        try:
            work()
        except OSError as error:
            self.done.held_up += 1
            each.tell(_trouble(each.scheduled, each.now(), error))


def _enter(turns: Sequence[Turn], tell: Tell) -> None:
    """Bring the index up to date; without it the next tick does it."""
    by_root: dict[Path, list[Turn]] = {}
    for each in turns:
        by_root.setdefault(each.series.root, []).append(each)
    for root, held in by_root.items():
        try:
            with open_store(root) as store:
                for each in held:
                    each.again()
                    store.enter(each.series, each.state)
        except StoreError as error:
            tell(Event(instant(held[0].now()), "store_unusable", held[0].series.name, data={"error": str(error)}))


def due_now(one: Scheduled, now: Now = utc_now) -> list[datetime]:
    """The slots that a tick would print now; nothing is written."""
    return Turn(one, now, lambda _: None).would_print()
