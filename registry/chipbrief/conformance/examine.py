"""Running the checks on a plugin, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from chipbrief.catalogue import load_catalogue
from chipbrief.conformance.check import Check, Finding, Subject
from chipbrief.conformance.imports import heavy_modules
from chipbrief.conformance.table import CHECKS
from chipbrief.errors import ChipbriefError, did_you_mean
from chipbrief.finance import load_finance_terms
from chipbrief.hardware.calibration import CALIBRATION_FILE
from chipbrief.hardware.contract import CASES_FILE
from chipbrief.registry import Candidate, PluginRecord, candidates, load_candidate, load_registry, one_line

__all__ = ["examine", "named", "subject_of"]


def named(name: str) -> Candidate:
    """The plugin of that name, installed or named by CHIPBRIEF_PLUGINS; raises ChipbriefError with the nearest."""
    found = {candidate.name: candidate for candidate in reversed(candidates())}
    if name not in found:
        raise ChipbriefError(
            f"no plugin {name!r} is installed" + (did_you_mean(name, found) or "; see chipbrief plugins")
        )
    return found[name]


def subject_of(candidate: Candidate, as_of: date) -> Subject:
    """Load a plugin by itself, then beside all others, where its names may be taken."""
    alone = load_candidate(candidate)
    heavy = heavy_modules()
    record = alone.plugins[0] if alone.failed else _beside_others(candidate, alone.plugins[0])
    files, cases = _files(candidate)
    return Subject(
        plugin=record,
        hardware=tuple(alone),
        files=files,
        cases=cases,
        heavy=heavy,
        catalogue=load_catalogue(),
        terms=load_finance_terms(),
        as_of=as_of,
    )


def _beside_others(candidate: Candidate, alone: PluginRecord) -> PluginRecord:
    everything = candidates()
    if candidate not in everything:
        return alone
    return load_registry().plugins[everything.index(candidate)]


def _files(candidate: Candidate) -> tuple[tuple[Path, ...], Path | None]:
    """The profiles in the plugin's folder, and its reference cases."""
    if candidate.path:
        return (candidate.path,), None
    try:
        spec = find_spec((candidate.module or "").partition(".")[0])
    except (ImportError, ValueError):
        spec = None
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    files = tuple(path for folder in folders for path in sorted(folder.glob("*.yaml")))
    cases = next((path for path in files if path.name == CASES_FILE), None)
    return tuple(path for path in files if path.name not in (CASES_FILE, CALIBRATION_FILE)), cases


def examine(subject: Subject, doing: Callable[[str], None] = lambda _: None) -> Iterator[tuple[Check, list[Finding]]]:
    """Every check in turn with what it found; those of models leave out systems whose answers are no numbers.

    Args:
        subject: the plugin.
        doing: told what begins, such as `more-work of acme-x1`.
    """
    for check in CHECKS.values():
        found = [finding for part in _parts(check, subject, doing) for finding in _tried(check, part)]
        yield check, found
        if check.id == "numbers":
            bad = {finding.where for finding in found}
            subject = replace(subject, hardware=tuple(s for s in subject.hardware if s.id not in bad))


def _parts(check: Check, subject: Subject, doing: Callable[[str], None]) -> Iterator[Subject]:
    """The subject whole, or one system at a time where models are asked, so that one that raises is left alone."""
    if not check.by_system:
        doing(check.id)
        yield subject
        return
    for system in subject.hardware:
        doing(f"{check.id} of {system.id}")
        yield replace(subject, hardware=(system,))


def _tried(check: Check, subject: Subject) -> list[Finding]:
    """What a check finds; what a plugin raises in it is found too."""
    found: list[Finding] = []
    try:
        for where, message in check.find(subject):
            found.append(Finding(check.id, where, message))
    except (Exception, SystemExit) as error:
        where = ", ".join(system.id for system in subject.hardware) or subject.plugin.name
        told = str(error) if isinstance(error, ChipbriefError) else f"raised {one_line(error)}"
        found.append(Finding(check.id, where, f"{told}: mend the model"))
    return found
