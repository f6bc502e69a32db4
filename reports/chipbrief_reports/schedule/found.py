"""The briefings that have a schedule: those that are named, or all of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from chipbrief.config import Document, read_yaml, validate
from chipbrief.errors import InputError, Problem
from chipbrief_reports.editions import Series
from chipbrief_reports.timetable import Schedule

__all__ = ["EDITIONS", "Scheduled", "read_scheduled", "scheduled_in"]

EDITIONS = "editions"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
RESERVED = frozenset({"latest", "index.html", "feed.xml"})  # names that the site has beside the series
KEY = "schedule"


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A briefing with its schedule, and the series of its editions; `own_as_of` is the date that its file fixes."""

    file: Path
    title: str
    schedule: Schedule
    series: Series
    own_as_of: str | None

    @property
    def name(self) -> str:
        """Of the series."""
        return self.series.name

    def day(self, slot: datetime) -> str:
        """Date of the edition of a slot: the file's own, else that of the slot where the schedule is at home."""
        return self.own_as_of or slot.astimezone(ZoneInfo(self.schedule.timezone)).date().isoformat()


def read_scheduled(files: Iterable[Path], editions: Path | None = None) -> list[Scheduled]:
    """The briefings of some files, each of which must have a schedule.

    Args:
        files: briefing files.
        editions: where their editions lie; else the folder `editions` beside each file.

    Raises:
        InputError: with every problem of every file.
    """
    found: list[Scheduled] = []
    problems: list[Problem] = []
    for file in dict.fromkeys(files):
        try:
            found.append(_read(file, editions))
        except InputError as error:
            problems += error.problems
    problems += _shared_names(found)
    if problems:
        raise InputError(problems)
    return found


def scheduled_in(folder: Path, editions: Path | None = None) -> tuple[list[Scheduled], list[Problem]]:
    """Every briefing of a folder that has a schedule, by name, and what is wrong with others that seem to have one."""
    found: list[Scheduled] = []
    problems: list[Problem] = []
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        try:
            if _seems_scheduled(file):
                found.append(_read(file, editions))
        except InputError as error:
            problems += error.problems
    shared = _shared_names(found)
    second = {problem.file for problem in shared}
    return [one for one in found if str(one.file) not in second], problems + shared


def _seems_scheduled(file: Path) -> bool:
    """Whether a file is a briefing with a schedule; what is no YAML is none, unless it says that it is one."""
    try:
        data = read_yaml(file).data
    except InputError:
        return _says_so(file)
    return isinstance(data, dict) and data.get("schema") == "briefing/1" and KEY in data


def _says_so(file: Path) -> bool:
    try:
        text = file.read_text("utf-8", errors="replace")[:100_000]
    except OSError:
        return False
    return bool(
        re.search(r"^schema:\s*['\"]?briefing/1", text, re.MULTILINE) and re.search(r"^schedule:", text, re.MULTILINE)
    )


def _shared_names(found: Sequence[Scheduled]) -> list[Problem]:
    """Files whose editions would lie in one folder."""
    first: dict[tuple[Path, str], Path] = {}
    problems: list[Problem] = []
    for one in found:
        place = (one.series.root.resolve(), one.name.casefold())
        if first.setdefault(place, one.file) != one.file:
            told = f"would have the same editions as {first[place]}: rename one of them"
            problems.append(Problem(told, str(one.file)))
    return problems


def _read(file: Path, editions: Path | None) -> Scheduled:
    document = read_yaml(file)
    data = document.data if isinstance(document.data, dict) else {}
    if data.get("schema") != "briefing/1":
        raise InputError([document.problem(("schema",), "expected 'briefing/1': only a briefing can have a schedule")])
    if data.get(KEY) is None:
        raise InputError([document.problem((), f"has no {KEY}; add one such as: {KEY}: {{cron: '0 7 * * MON'}}")])
    schedule = _schedule_of(document)
    name = file.stem
    if not NAME.fullmatch(name) or name.casefold() in RESERVED:
        told = f"its name {name!r} cannot be that of a folder of editions: use letters, digits, '-', '.' and '_'"
        raise InputError([Problem(told, str(file))])
    title, day = data.get("title"), data.get("as_of")
    root = editions if editions is not None else file.parent / EDITIONS
    own_day = day if isinstance(day, str) else None
    return Scheduled(file, title if isinstance(title, str) else name, schedule, Series(root, name), own_day)


def _schedule_of(document: Document) -> Schedule:
    """The schedule alone: the rest of the file is checked when it is printed."""
    part = document.data[KEY]
    marks = {path[1:]: mark for path, mark in document.marks.items() if path[:1] == (KEY,)}
    try:
        return validate(Document(document.name, part, marks), Schedule)
    except InputError as error:
        raise InputError(_within(problem) for problem in error.problems) from None


def _within(problem: Problem) -> Problem:
    return replace(problem, field=f"{KEY}.{problem.field}".rstrip("."))
