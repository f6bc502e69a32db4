"""What `chipbrief schedule tick` and `run` do."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from chipbrief.errors import ChipbriefError, InputError, Problem
from chipbrief_reports.cli.command import Document, Reply
from chipbrief_reports.cli.failure import BAD_INPUT
from chipbrief_reports.cli.output import complain
from chipbrief_reports.cli.scheduled import clock, meant, readable
from chipbrief_reports.editions import put_durably, series_of
from chipbrief_reports.schedule.events import Event, instant, shortened
from chipbrief_reports.schedule.found import Scheduled
from chipbrief_reports.schedule.tick import Ticked, due_now, tick, utc_now
from chipbrief_reports.timetable import slot_name

if TYPE_CHECKING:
    from chipbrief.engine import Engine

__all__ = ["for_ever", "once"]

SHOWN = frozenset({"printed", "unchanged", "pruned", "adopted"})  # what the pages tell
STAMP = ".site"  # what the pages tell of
LONGEST_WAIT_S = 60.0  # no longer between two looks at clock and files


def once(
    files: Sequence[Path],
    editions: Path | None,
    *,
    engine: str,
    dry_run: bool,
    wait: bool,
    site: bool,
    base_url: str | None,
    now: str | None,
) -> Reply:
    """One tick, or with `wait` as many as there is something to try again; see the command for the arguments."""
    if wait and now is not None:
        raise InputError(
            [Problem("the clock stands still with --now, so there is nothing to wait for", field="--wait")]
        )
    moment = clock(now)
    opened, publish = _opened(engine), _publisher(base_url) if site else None
    found, wrong = _meant(files, editions, moment)
    if dry_run:
        unreadable: list[Problem] = []
        good = readable(found, unreadable.append)
        for problem in unreadable:
            complain(str(problem))
        wrong += unreadable
        return Reply(_would(good, moment), _would_text, BAD_INPUT if wrong else 0)
    done = _ticked(found, opened, moment, publish)
    while wait and done.again:
        time.sleep(_until(done.again, moment()))
        done = done.then(_ticked(found, opened, moment, publish))
    return Reply(_document(done), _text, _code(done, wrong))


def _code(done: Ticked, wrong: Sequence[Problem]) -> int:
    """What was given up weighs more than a wrong file, and that more than what will be tried again."""
    return done.exit_code if done.failures else BAD_INPUT if wrong else done.exit_code


def _until(moments: Sequence[datetime], now: datetime) -> float:
    """Seconds to the first of some moments, at least a little."""
    return max(0.05, (min(moments) - now).total_seconds())


def _meant(
    files: Sequence[Path], editions: Path | None, now: Callable[[], datetime]
) -> tuple[list[Scheduled], list[Problem]]:
    """The briefings; what is wrong with some of a folder is told, and the others are worked on."""
    wrong: list[Problem] = []

    def told(problem: Problem) -> None:
        wrong.append(problem)
        _log(Event(instant(now()), "bad_input", Path(problem.file).stem, data={"error": str(problem)}))

    if not files:
        return meant(files, editions, told), wrong
    found: list[Scheduled] = []
    try:
        return meant(files, editions, told), wrong
    except InputError as error:
        for problem in error.problems:
            told(problem)
    bad = {problem.file for problem in wrong}
    with suppress(InputError):
        found = meant([file for file in files if str(file) not in bad], editions, told) if len(bad) < len(files) else []
    return found, wrong


def _log(event: Event) -> None:
    """Tell an event; where nobody can be told, the journal still knows."""
    with suppress(OSError):
        complain(event.line())


def _ticked(
    found: Sequence[Scheduled],
    engine: Callable[[], Engine],
    now: Callable[[], datetime],
    publish: _Publisher | None,
    stop: Callable[[], bool] = lambda: False,
) -> Ticked:
    done = tick(found, engine, tell=_log, now=now, stop=stop)
    if publish:
        publish.after(found, done, now)
    return done


def _publisher(base_url: str | None) -> _Publisher:
    """Raises InputError where the address is none."""
    if base_url is not None:
        from chipbrief_reports.site import checked_address

        try:
            checked_address(base_url)
        except ChipbriefError as error:
            raise InputError([Problem(str(error), field="--base-url")]) from None
    return _Publisher(base_url)


class _Publisher:
    """Writes the pages of every folder of editions in which something happened since they were written."""

    def __init__(self, base_url: str | None) -> None:
        self._base_url = base_url

    def after(self, found: Sequence[Scheduled], done: Ticked, now: Callable[[], datetime]) -> None:
        """Bring the pages up to date; where that fails it is told, and the editions are whole all the same."""
        touched = {event.schedule for event in done.events if event.event in SHOWN}
        roots = dict.fromkeys(one.series.root for one in found)
        fresh = {one.series.root for one in found if one.name in touched}
        for root in (root for root in roots if root in fresh or _stale(root)):
            from chipbrief_reports.site import write_site

            try:
                write_site(root, base_url=self._base_url)
                put_durably(root / STAMP, _shelved(root).encode())
            except (ChipbriefError, OSError) as error:
                _log(Event(instant(now()), "site_failed", root.name, data={"error": shortened(error)}))


def _stale(root: Path) -> bool:
    """Whether the pages are not those of the editions that are there, as when a process ended between the two."""
    try:
        return (root / STAMP).read_text("utf-8") != _shelved(root)
    except FileNotFoundError:
        return any(series_of(root))


def _shelved(root: Path) -> str:
    """Every slot that has a folder."""
    return "".join(f"{series.name}/{slot}\n" for series in series_of(root) for slot in series.slots())


def _opened(engine: str) -> Callable[[], Engine]:
    """What opens the engine; raises EngineError where the option names none."""
    from chipbrief_reports.cli.engines import opened

    opened(engine)
    return lambda: opened(engine)


# -- what is told ---------------------------------------------------------------------------------------------


def _would(found: Sequence[Scheduled], now: Callable[[], datetime]) -> Document:
    due = [{"name": one.name, "slot": slot_name(slot)} for one in found for slot in due_now(one, now)]
    return {"due": due}


def _would_text(document: Document) -> str:
    return "\n".join(f"{one['name']}/{one['slot']} is due" for one in document["due"]) or "nothing is due"


def _document(done: Ticked) -> Document:
    events: list[dict[str, Any]] = [
        {**asdict(event), **event.data} for event in done.events if event.event not in ("begun",)
    ]
    for event in events:
        event.pop("data")
    return {"events": events, "given_up": done.failures, "to_try_again": len(done.again) + done.held_up}


def _text(document: Document) -> str:
    told = ("printed", "unchanged", "given_up", "delivered", "delivery_given_up", "pruned")
    lines = [
        f"{event['schedule']}/{event['slot']} {event['event'].replace('_', ' ')}"
        for event in document["events"]
        if event["event"] in told
    ]
    return "\n".join(lines) or "nothing is due"


# -- for ever -------------------------------------------------------------------------------------------------


def for_ever(files: Sequence[Path], editions: Path | None, *, engine: str, site: bool, base_url: str | None) -> Reply:
    """Tick until a signal says to stop."""
    opened, publish = _opened(engine), _publisher(base_url) if site else None
    meant(files, editions, lambda problem: complain(str(problem)))  # what is wrong from the start ends it at once
    ticks, told = 0, ""
    with _Stop() as stop:
        while not stop.asked:
            found, wrong = _listened(files, editions, told)
            told = "\n".join(map(str, wrong))
            done = _ticked(found, opened, utc_now, publish, lambda: stop.asked)
            ticks += 1
            stop.wait(min([_pause(found, utc_now()), *(_until(done.again, utc_now()) for _ in done.again[:1])]))
    return Reply({"ticks": ticks}, lambda _: "")


def _listened(files: Sequence[Path], editions: Path | None, told: str) -> tuple[list[Scheduled], list[Problem]]:
    """The briefings as they are now; what is wrong is told when it is new, and ends nothing."""
    wrong: list[Problem] = []
    found: list[Scheduled] = []
    for some in ([file] for file in files) if files else [()]:
        with _noting(wrong):
            found += meant(some, editions, wrong.append)
    if "\n".join(map(str, wrong)) != told:
        for problem in wrong:
            _log(Event(instant(utc_now()), "bad_input", Path(problem.file).stem, data={"error": str(problem)}))
    return found, wrong


@contextmanager
def _noting(wrong: list[Problem]) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        wrong += error.problems


def _pause(found: Sequence[Scheduled], now: datetime) -> float:
    """Seconds to the next slot, and no longer than a minute."""
    from chipbrief_reports.timetable import next_slots

    soon = [slot for one in found for slot in next_slots(one.schedule.cron, one.schedule.timezone, now, 1)]
    left = min(((slot - now).total_seconds() for slot in soon), default=LONGEST_WAIT_S)
    return max(0.05, min(left, LONGEST_WAIT_S))


class _Stop:
    """Listens for SIGTERM and Ctrl-C, and sleeps until one of them comes."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> _Stop:
        self._before = {which: signal.signal(which, self._ask) for which in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _ask(self, _: int, __: FrameType | None) -> None:
        self.asked = True

    def wait(self, seconds: float) -> None:
        """Sleep, in pieces, so that a signal is minded soon."""
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0.0:
            time.sleep(min(left, 0.2))
