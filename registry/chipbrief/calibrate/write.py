"""Calibrations as YAML text: the same points give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chipbrief.calibrate.constants import Assumption, Constant, Unit, assumptions, of_memory
from chipbrief.calibrate.crossvalidate import Band, Refits, bands
from chipbrief.calibrate.problem import Family, Problem, Row, family_key
from chipbrief.hardware.calibration import CALIBRATION_SOURCE, POOLED_SOURCE
from chipbrief.physics import Array

__all__ = ["calibration_texts"]

AT_BOUND = 1.02  # a constant nearer to its bound than this stands at it
NOTICEABLE = 0.1  # of a weighted residual for a constant's e-fold: below it no point determines the constant
_DAY = re.compile(r"(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A constant of a family: its logarithm, the half-width of its range, and whether a point determines it."""

    constant: Constant
    log: float
    half: float
    determined: bool


@dataclass(frozen=True, slots=True)
class _Cited:
    """The source and date of what is written."""

    source: str
    date: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A family of chips with its constants."""

    key: tuple[str, str]
    kind: str
    fitted: Sequence[_Fitted]


def calibration_texts(
    problem: Problem, best: Array, refits: Refits, measured: str, without_points: Mapping[tuple[str, str], str]
) -> dict[str, str]:
    """The text of `calibration.yaml` by vendor.

    Args:
        problem: what was fitted.
        best: the fitted constants.
        refits: what cross-validation found.
        measured: name of the file of points, for the source's locator.
        without_points: further families of chips and the kind of each, which take the pooled constants.
    """
    felt = np.linalg.norm(problem.derivatives(best)[: len(problem.rows)], axis=0)
    spread = _jackknife(refits.constants)
    parts = [_Part(family.key, family.kind, _fitted(family, best, spread, felt)) for family in problem.families]
    for key, kind in without_points.items():
        pooled = zip(of_memory(kind), problem.pool(best, kind), strict=True)
        parts.append(_Part(key, kind, [_Fitted(constant, float(log), 0.0, False) for constant, log in pooled]))
    vendors: dict[str, list[_Part]] = {}
    for part in sorted(parts, key=lambda part: part.key):
        vendors.setdefault(part.key[0], []).append(part)
    return {vendor: _text(vendor, mine, problem.rows, refits, measured) for vendor, mine in vendors.items()}


def _fitted(family: Family, best: Array, spread: Array, felt: Array) -> list[_Fitted]:
    return [
        _Fitted(constant, float(best[at]), float(spread[at]), bool(felt[at] >= NOTICEABLE))
        for at, constant in enumerate(family.constants, start=family.start)
    ]


def _text(vendor: str, parts: Sequence[_Part], fitted: Sequence[Row], refits: Refits, measured: str) -> str:
    rows = [row for row in fitted if row.job.hardware.profile.vendor == vendor]
    lines = [
        "# Written by `chipbrief calibrate`; change the points or the physics, not this file.",
        "schema: calibration/1",
        f"vendor: {vendor}",
        f"software: {_quoted(_software(rows))}",
        "families:",
    ]
    date = _newest(rows or fitted)
    for part in parts:
        own = [row for row in rows if family_key(row.job.hardware) == part.key]
        lines += [f"  {part.key[1]}:", *_seen(own)]
        cited = _Cited(CALIBRATION_SOURCE if own else POOLED_SOURCE, date)
        for section, items in _sections(part, cited).items():
            lines += [f"    {section}:", *(f"      {item}" for item in items)]
        lines += _errors(refits, part, cited)
    lines.append("sources:")
    if rows:
        title = f"chipbrief calibrate: {_counted(len(rows), 'measured point')} of {vendor}, {_span(rows)}"
        origins = "; ".join(sorted({row.point.source_title for row in rows if row.point.source_title}))
        lines.append(_source(CALIBRATION_SOURCE, title, measured, f"from {origins}" if origins else ""))
    pooled = {part.kind for part in parts if part.key not in {family_key(row.job.hardware) for row in rows}}
    if pooled:
        alike = [row for row in fitted if row.job.hardware.profile.memory.machine in pooled]
        makers = ", ".join(sorted({row.job.hardware.profile.vendor for row in alike}))
        points = _counted(len(alike), "point")
        title = (
            f"chipbrief calibrate: no measured point of this family of chips; constants pooled over {points} of others"
        )
        lines.append(_source(POOLED_SOURCE, title, measured, f"of {makers}"))
    return "\n".join(lines) + "\n"


def _source(name: str, title: str, measured: str, whose: str) -> str:
    locator = f"{measured}, rows of the split calibrate" + (f", {whose}" if whose else "")
    return f"  {name}: {{title: {_quoted(title)}, locator: {_quoted(locator)}}}"


def _seen(rows: Sequence[Row]) -> list[str]:
    """What was measured, of times and of saturated throughput; a share of the constants rests on each."""
    lines = ["    calibrated_on:"]
    for name in ("times", "throughput"):
        own = [row for row in rows if row.family.startswith("throughput") == (name == "throughput")]
        hardware = sorted({row.job.hardware.id for row in own})
        models = sorted({row.job.architecture.id for row in own})
        sorts = sorted({group.sort for row in own for group in row.job.architecture.attention})
        sizes = sorted({row.job.architecture.size for row in own})
        seen: dict[str, list[str]] = {"hardware": hardware, "models": models}
        seen |= {"sizes": [_quoted(size) for size in sizes], "attention": [_quoted(sort) for sort in sorts]}
        lines.append(f"      {name}: {{{', '.join(_list(key, found) for key, found in seen.items())}}}")
    return lines


def _list(key: str, words: Iterable[str]) -> str:
    return f"{key}: [{', '.join(words)}]"


# -- constants ------------------------------------------------------------------------------------------------


def _sections(part: _Part, cited: _Cited) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fitted in part.fitted:
        section, name = fitted.constant.path.split(".")
        found.setdefault(section, []).append(f"{name}: {_constant(fitted, cited)}")
    for assumed in assumptions(part.kind):
        section, name = assumed.path.split(".")
        found.setdefault(section, []).append(f"{name}: {_assumption(assumed, cited)}")
    return found


def _jackknife(refits: Array) -> Array:
    """80 % half-width of each constant's logarithm, from the refits without a fold of sweeps."""
    folds = len(refits)
    variance = (folds - 1) / folds * ((refits - refits.mean(axis=0)) ** 2).sum(axis=0)
    half: Array = 1.2816 * np.sqrt(variance)
    return half


def _constant(fitted: _Fitted, cited: _Cited) -> str:
    constant, value = fitted.constant, float(np.exp(fitted.log))
    if fitted.determined:
        low, high = value * np.exp(-fitted.half), value * np.exp(fitted.half)
        kind, note = "calibrated", None
        if min(value / constant.low, constant.high / value) < AT_BOUND:
            note = "at the bound that the fit keeps it in"
    else:
        low, high, kind = np.sqrt(value * constant.low), np.sqrt(value * constant.high), "assumed"
        note = "no point determines it: as on other machines"
    low, high = max(float(low), constant.low), min(float(high), constant.high)
    return _figure(constant.unit, value, min(low, value), max(high, value), kind, cited, note)


def _assumption(assumed: Assumption, cited: _Cited) -> str:
    return _figure(assumed.unit, assumed.value, assumed.low, assumed.high, "assumed", cited, assumed.note)


def _figure(unit: Unit, value: float, low: float, high: float, kind: str, cited: _Cited, note: str | None) -> str:
    parts = [f"value: {_quantity(unit, value)}", f"low: {_quantity(unit, low)}", f"high: {_quantity(unit, high)}"]
    parts += [f"kind: {kind}", f"source: {cited.source}", f"date: {cited.date}"]
    parts += [f"note: {_quoted(note)}"] if note else []
    return f"{{{', '.join(parts)}}}"


def _quantity(unit: Unit, value: float) -> str:
    """Four digits, in a unit that the loader reads."""
    if unit == "share":
        return f"{value * 100:.4g} %"
    if unit == "time":
        return f"{value * 1e6:.4g} us" if value < 1e-2 else f"{value * 1e3:.4g} ms"
    return f"{value:.4g}"


# -- errors ---------------------------------------------------------------------------------------------------


def _errors(refits: Refits, part: _Part, cited: _Cited) -> list[str]:
    lines = ["    errors:"]
    last = ""
    for name, near, band in sorted(bands(refits, part.key, part.kind)):
        if name != last:
            lines.append(f"      {name}:")
            last = name
        figure = _figure("ratio", 1.0, band.low, band.high, "calibrated", cited, _told(band))
        lines.append(f"        {near}: {figure}")
    return lines


def _told(band: Band) -> str:
    errors = f"{band.median_error * 100:.0f} % in the median, {band.p90_error * 100:.0f} % at the 90th percentile"
    machines = " of several machines" if band.pooled else ""
    return f"{_counted(band.points, 'point')}{machines} left out in {_counted(band.groups, 'group')}; error {errors}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# -- sources --------------------------------------------------------------------------------------------------


def _dates(rows: Iterable[Row]) -> list[str]:
    found = (_DAY.match(row.point.date) for row in rows)
    return sorted(match.group() for match in found if match)


def _newest(rows: Sequence[Row]) -> str:
    dates = _dates(rows)
    return dates[-1] if dates else "2026"


def _span(rows: Sequence[Row]) -> str:
    dates = _dates(rows)
    if not dates:
        return "undated"
    return dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"


def _software(rows: Sequence[Row]) -> str:
    if not rows:
        return "no points"
    engines = sorted({row.point.engine for row in rows if row.point.engine})
    return f"{', '.join(engines) or 'not stated'}; points of {_span(rows)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
