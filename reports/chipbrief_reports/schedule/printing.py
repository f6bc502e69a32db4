"""Printing one edition into a work folder, in whatever process the engine chose."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chipbrief.errors import ChipbriefError

if TYPE_CHECKING:
    from chipbrief.catalogue import Catalogue
    from chipbrief.registry import Registry

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
        threshold: change of a value from which on it is told, as a share.
    """

    source: Path
    work: Path
    slot: str
    as_of: str
    facts: Path | None
    before: str
    threshold: float


@dataclass(frozen=True, slots=True)
class Printed:
    """What became of it: pages and warnings, or an error in one line."""

    pages: int | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""


def print_edition(job: PrintJob) -> Printed:
    """Print, and never raise: whatever goes wrong is the end of this edition and of no other."""
    try:
        with redirect_stdout(sys.stderr):
            return _print(job)
    except ChipbriefError as error:
        return Printed(error=str(error))
    except Exception as error:  # a plugin, a library, a disk: it is told, and tried again
        return Printed(error=f"unexpected {type(error).__name__}: {error}")


def _print(job: PrintJob) -> Printed:
    from chipbrief_reports import press
    from chipbrief_reports.changes import EditionOf, facts_from_json

    registry, catalogue = _world()
    before = facts_from_json(job.facts.read_bytes(), str(job.facts)) if job.facts else None
    edition = EditionOf(name=job.slot, before=before, before_name=job.before, threshold=job.threshold)
    report = press.build(
        job.source,
        job.work,
        registry=registry,
        catalogue=catalogue,
        as_of=job.as_of,
        edition=edition,
        own_processes=True,
    )
    if report.pdf_refused:
        return Printed(error=report.pdf_refused)
    failed = tuple(f"plugin {record}" for record in registry.failed)
    return Printed(report.pages, (*failed, *report.warnings))


@cache
def _world() -> tuple[Registry, Catalogue]:
    from chipbrief.catalogue import load_catalogue
    from chipbrief.registry import load_registry

    return load_registry(), load_catalogue()
