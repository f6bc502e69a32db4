"""Printing one edition into a work folder, in whatever process the engine chose.

Everything that a plugin's code may take part in happens here, also to find out that nothing has changed: a plugin that
crashes or hangs takes a worker with it, and the tick tells.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chipbrief.errors import ChipbriefError

if TYPE_CHECKING:
    from chipbrief.catalogue import Catalogue
    from chipbrief.registry import Registry
    from chipbrief_reports.unchanged import Basis

__all__ = ["PrintJob", "Printed", "print_edition"]


@dataclass(frozen=True, slots=True)
class PrintJob:
    """What to print.

    Attributes:
        source: the briefing's file.
        work: the folder to print into.
        slot: of the edition.
        as_of: its date.
        facts: file with the facts of the edition before; None for the first.
        before: slot of that edition.
        made_from: digests of what that edition was made from; where they are today's, nothing is printed.
        threshold: change of a value from which on it is told, as a share.
        limit_s: how long it may take [s]; a worker that takes longer is ended.
    """

    source: Path
    work: Path
    slot: str
    as_of: str
    facts: Path | None
    before: str
    made_from: Mapping[str, str]
    threshold: float
    limit_s: float


@dataclass(frozen=True, slots=True)
class Printed:
    """What became of it: pages and warnings, what it was made from, or an error in one line.

    `unchanged` says that nothing has changed since the edition before, and nothing was printed.
    """

    pages: int | None = None
    warnings: tuple[str, ...] = ()
    made_from: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    unchanged: bool = False
    error: str = ""


def print_edition(job: PrintJob) -> Printed:
    """Print, and never raise: whatever goes wrong is the end of this edition and of no other."""
    try:
        with _quiet(), _limited(job.limit_s), redirect_stdout(sys.stderr):
            return _print(job)
    except ChipbriefError as error:
        return Printed(error=str(error))
    except Exception as error:  # a plugin, a library, a disk: it is told, and tried again
        return Printed(error=f"unexpected {type(error).__name__}: {error}")


def _print(job: PrintJob) -> Printed:
    from chipbrief_reports import press
    from chipbrief_reports.changes import EditionOf, facts_from_json
    from chipbrief_reports.unchanged import basis_of, inputs_of

    basis, inputs = basis_of(job.source), inputs_of(job.source)
    digests = dict(basis.digests) if basis else {}
    if basis and digests == job.made_from:
        return Printed(made_from=digests, inputs=inputs, unchanged=True)
    registry, catalogue = _world(basis)
    before = facts_from_json(job.facts.read_bytes(), str(job.facts)) if job.facts else None
    report = press.build(
        job.source,
        job.work,
        registry=registry,
        catalogue=catalogue,
        as_of=job.as_of,
        edition=EditionOf(name=job.slot, before=before, before_name=job.before, threshold=job.threshold),
        own_processes=True,
    )
    if report.pdf_refused:
        return Printed(error=report.pdf_refused)
    after = basis_of(job.source)
    if basis and (after is None or dict(after.digests) != digests):
        return Printed(error="what it is made from changed while it was printed")
    failed = tuple(f"plugin {record}" for record in registry.failed)
    return Printed(report.pages, (*failed, *report.warnings), digests, inputs)


_PROGRAM: list[str] = []  # digest of the program that this process has loaded


def _world(basis: Basis | None) -> tuple[Registry, Catalogue]:
    """Registry and catalogue as they are now.

    Raises:
        ChipbriefError: the program is not the one that this process once loaded, as after an update.
    """
    from chipbrief.catalogue import load_catalogue
    from chipbrief.registry import load_registry

    program = basis.digests["program"] if basis else ""
    _PROGRAM[:] = _PROGRAM or [program]
    if program != _PROGRAM[0]:
        raise ChipbriefError("the program or a plugin changed while this process runs; start it again")
    return load_registry(), load_catalogue()


# -- the process ----------------------------------------------------------------------------------------------


def _is_worker() -> bool:
    """Whether this is a process that an engine started, which may be ended without harm to others."""
    alone = threading.current_thread() is threading.main_thread()
    return multiprocessing.parent_process() is not None and alone


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """End a worker that takes too long, whatever code it hangs in."""
    if not _is_worker():
        yield
        return
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


@contextmanager
def _quiet() -> Iterator[None]:
    """What plugins and libraries write past Python to standard output goes to standard error."""
    if not _is_worker():
        yield
        return
    sys.stdout.flush()
    before = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(before, 1)
        os.close(before)
