"""What the commands about schedules and editions start from: the briefings meant, and the folder of their editions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chipbrief.errors import InputError, Problem

if TYPE_CHECKING:
    from chipbrief_reports.schedule.found import Scheduled

__all__ = ["clock", "editions_option", "files_argument", "meant", "now_option", "readable", "root_of"]

files_argument = click.argument("files", metavar="[FILE.yaml]...", nargs=-1, type=click.Path(path_type=Path))
editions_option = click.option(
    "--editions",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the editions.  [default: editions beside the briefing]",
)
now_option = click.option(
    "--now", metavar="TIME", help="Act as if it were another moment, as 2026-11-23T07:00:00Z.  [default: the clock]"
)


def meant(files: Sequence[Path], editions: Path | None, tell: Callable[[Problem], None]) -> list[Scheduled]:
    """The briefings that are named, or all of this folder that have a schedule.

    Args:
        files: as given; none for the folder.
        editions: folder of their editions, where one is given.
        tell: told what is wrong with files of the folder, which keeps the others from nothing.

    Raises:
        InputError: a named file cannot be used, or nothing in the folder has a schedule.
    """
    from chipbrief_reports.schedule.found import read_scheduled, scheduled_in

    if files:
        return read_scheduled(files, editions)
    found, wrong = scheduled_in(Path(), editions)
    for problem in wrong:
        tell(problem)
    if not found and not wrong:
        add = "schedule: {cron: '0 7 * * MON'}"
        raise InputError([Problem(f"no briefing in this folder has a schedule; name a file, or add {add}")])
    return found


def root_of(editions: Path | None) -> Path:
    """The folder of editions that is given, or the usual one here; raises InputError where it is not there."""
    from chipbrief_reports.schedule.found import EDITIONS

    root = editions if editions is not None else Path(EDITIONS)
    if not root.is_dir():
        raise InputError([Problem(f"is no folder of editions: {root}", field="--editions")])
    return root


def clock(now: str | None) -> Callable[[], datetime]:
    """The clock, or one that stands at the moment given.

    Raises:
        InputError: that is no moment with a time zone.
    """
    if now is None:
        return lambda: datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 <= moment.year <= 9000:
        told = f"expected a moment with its time zone, such as 2026-11-23T07:00:00Z, got {now!r}"
        raise InputError([Problem(told, field="--now")])
    fixed = moment.astimezone(UTC)
    return lambda: fixed


def readable(found: Sequence[Scheduled], tell: Callable[[Problem], None]) -> list[Scheduled]:
    """Those briefings that could be printed as they stand; what is wrong with the others is told.

    The whole file is read, and the mix and the claims that it names.
    """
    from chipbrief_reports.cli import loading
    from chipbrief_reports.request import read_request

    registry, catalogue = loading.registry(), loading.catalogue()
    good: list[Scheduled] = []
    for one in found:
        try:
            read_request(one.file, models=catalogue.names, hardware=registry.names)
            good.append(one)
        except InputError as error:
            for problem in error.problems:
                tell(problem)
    return good
