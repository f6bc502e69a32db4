"""Checks of what a plugin's profiles say: cited, filled in, of the right sign and order."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from chipbrief.config import field_name, read_yaml
from chipbrief.conformance.check import Hit, Subject
from chipbrief.errors import InputError
from chipbrief.hardware.lint import Terms, lint

__all__ = ["achieved", "cited", "linted", "loads", "positive", "to_do"]

_TO_DO = re.compile(r"\bTODO\b")
_PARTS = ("source", "date", "value", "kind")  # of a Figure, in the order in which they are asked for


def to_do(subject: Subject) -> Iterator[Hit]:
    """No profile holds a TODO, and every Figure that it begins has its source, date, value and kind."""
    for path in subject.files:
        try:
            document = read_yaml(path)
        except InputError:  # which `loads` tells
            continue
        for place, message in _unfilled(document.data, ()):
            yield path.name, f"{place} {message}"


def _unfilled(part: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(part, dict):
        if {"value", "source"} & part.keys():
            lacking = [name for name in _PARTS if part.get(name) is None or _is_to_do(part[name])]
            if lacking:
                yield field_name(path), "has " + _and([f"no {name}" for name in lacking])
            return
        for key, inner in part.items():
            yield from _unfilled(inner, (*path, key))
    elif isinstance(part, list):
        for i, inner in enumerate(part):
            yield from _unfilled(inner, (*path, i))
    elif _is_to_do(part):
        yield field_name(path), "is still to be written"


def _is_to_do(value: Any) -> bool:
    return isinstance(value, str) and bool(_TO_DO.search(value))


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def loads(subject: Subject) -> Iterator[Hit]:
    """The plugin imports, registers and gives its hardware, and at least one system of it."""
    plugin = subject.plugin
    if plugin.error is None and not subject.hardware:
        yield plugin.name, "gives no system: return at least one Hardware from chipbrief_hardware"
    if plugin.error is not None:
        unfilled = next(to_do(subject), None)
        yield (
            plugin.name,
            "does not load until its to-do list is done" if unfilled else f"does not load: {plugin.error}",
        )


def cited(subject: Subject) -> Iterator[Hit]:
    """Every Figure has a unit, a date from 1990 to the day of the run, and a source with title and locator."""
    for system in subject.hardware:
        for name, figure in system.profile.own_figures.items():
            source = system.profile.sources.get(figure.source)
            if source is None or not (source.title.strip() and source.locator.strip()):
                yield name, f"has no source: write title and locator of {figure.source!r} under sources"
            if not "1990" <= figure.date <= f"{subject.as_of.isoformat()}~":
                yield name, f"has the date {figure.date}: write when its source said so"
            if not math.isclose(figure.dimension.parse(figure.text()), figure.value, rel_tol=1e-3):
                yield (
                    name,
                    f"is {figure.value} and prints as {figure.text()}: give it a unit of {figure.dimension.name}",
                )


def positive(subject: Subject) -> Iterator[Hit]:
    """Every Figure is finite and above 0, from the lowest end of its range to the highest."""
    for system in subject.hardware:
        for name, figure in system.profile.own_figures.items():
            if not 0 < figure.lowest <= figure.value <= figure.highest < math.inf:
                yield (
                    name,
                    f"is {figure.text(figure.lowest)} to {figure.text(figure.highest)}: leave it out if it may be, "
                    "or give the finite value above 0 that the machine has",
                )


def achieved(subject: Subject) -> Iterator[Hit]:
    """What is reached of a peak is at most all of it, and a dense peak is below the sparse one of its format."""
    for system in subject.hardware:
        profile = system.profile
        for name in type(profile.efficiency).model_fields:
            share = getattr(profile.efficiency, name)
            if share is not None and share.highest > 1.0:
                yield profile.figure_id(f"efficiency.{name}"), f"is up to {share.text(share.highest)}: 100 % at most"
        for peak in profile.compute.not_below_sparse:
            yield profile.figure_id(f"compute.dense.{peak}"), "is not below the sparse peak: are they swapped?"


def linted(subject: Subject) -> Iterator[Hit]:
    """No profile is in a trap that the lint calls an error (docs/lint.md), unless a note answers it."""
    for system in subject.hardware:
        for finding in lint(system.profile, Terms(subject.as_of)):
            if finding.severity == "error" and finding.accepted is None:
                yield finding.figure, f"{finding.message} [{finding.rule}]"
