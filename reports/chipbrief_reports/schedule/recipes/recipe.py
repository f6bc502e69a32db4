"""What every recipe is made from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from chipbrief.errors import InputError, Problem, did_you_mean

__all__ = ["EVERY", "NAME_LENGTH", "TOO_LONG", "Recipe", "Timing", "every_in_cron"]

EVERY = tuple(minutes for minutes in range(1, 61) if 60 % minutes == 0)  # what a clock face divides into
NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
NAME_LENGTH = 52  # of a CronJob: Kubernetes adds eleven characters for each job
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # no unit, crontab or manifest can hold these
TOO_LONG = 3600  # seconds after which a tick is ended; the next goes on where it was


@dataclass(frozen=True, slots=True)
class Timing:
    """When a briefing is due: a cron expression in an IANA time zone."""

    cron: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """A call of `chipbrief schedule tick`, and what it needs of the machine.

    Attributes:
        name: of the units, the job or the workflow.
        folder: where it is called.
        command: how chipbrief is called, its program as an absolute path.
        files: the briefings; none for all of the folder.
        editions: folder of the editions; None for `editions` beside each briefing.
        written: folders that editions are written to.
        copied_to: folders that deliveries write to.
        every: minutes from one call to the next.
        timings: when the briefings are due.
        variables: environment variables that deliveries need.
        apprise: whether a delivery needs that library.
        contents: the briefings and all that they read, by absolute path.
        version: of chipbrief.

    Raises:
        InputError: a path is relative or holds characters that no recipe can, the name is none, or `every` does not
            divide the hour.
    """

    name: str
    folder: Path
    command: tuple[str, ...]
    files: tuple[Path, ...] = ()
    editions: Path | None = None
    written: tuple[Path, ...] = ()
    copied_to: tuple[Path, ...] = ()
    every: int = 5
    timings: tuple[Timing, ...] = ()
    variables: tuple[str, ...] = ()
    apprise: bool = False
    contents: dict[Path, bytes] = field(default_factory=dict)
    version: str = ""

    def __post_init__(self) -> None:
        problems = [problem for path in self._paths() if (problem := _path_problem(path))]
        if not NAME.fullmatch(self.name) or len(self.name) > NAME_LENGTH:
            told = f"expected up to {NAME_LENGTH} of a-z, 0-9 and '-', got {self.name!r}"
            problems.append(Problem(told, field="--name"))
        if self.every not in EVERY:
            near = did_you_mean(str(self.every), map(str, EVERY))
            told = f"expected minutes that divide the hour ({', '.join(map(str, EVERY))}), got {self.every}{near}"
            problems.append(Problem(told, field="--every"))
        if problems:
            raise InputError(problems)

    def _paths(self) -> list[str]:
        given = (self.folder, *self.files, *self.written, *self.copied_to, *self.contents)
        return [*map(str, given), *([str(self.editions)] if self.editions else []), *self.command[:1]]

    @property
    def argv(self) -> tuple[str, ...]:
        """The whole call."""
        editions = ("--editions", str(self.editions)) if self.editions else ()
        return (*self.command, "schedule", "tick", *map(str, self.files), *editions)


def _path_problem(path: str) -> Problem | None:
    if CONTROL.search(path):
        return Problem(f"a schedule cannot hold this path, for its control characters: {path!r}")
    return None if path.startswith("/") else Problem(f"expected an absolute path, got {path!r}")


def every_in_cron(minutes: int) -> str:
    """`*/5 * * * *`."""
    minute = {1: "*", 60: "0"}.get(minutes, f"*/{minutes}")
    return f"{minute} * * * *"
