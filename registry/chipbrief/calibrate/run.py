"""From measured points to calibration files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chipbrief.calibrate.crossvalidate import Refits, cross_validate
from chipbrief.calibrate.fit import fit
from chipbrief.calibrate.problem import Problem, Row, family_key, rows_of
from chipbrief.calibrate.write import calibration_texts
from chipbrief.catalogue import Catalogue
from chipbrief.errors import ChipbriefError
from chipbrief.evidence import Point
from chipbrief.physics import Array
from chipbrief.registry import Registry

__all__ = ["CALIBRATE_SPLIT", "Calibration", "calibrate", "error_summary"]

CALIBRATE_SPLIT = "calibrate"
FEWEST_SWEEPS = 3  # below it leaving one out leaves too little to fit


@dataclass(frozen=True)
class Calibration:
    """What a calibration found.

    Attributes:
        texts: the text of `calibration.yaml` by vendor.
        rows: the points that were fitted.
        errors: logarithm of predicted over measured of each.
        refits: what cross-validation found.
    """

    texts: Mapping[str, str]
    rows: tuple[Row, ...]
    errors: Array
    refits: Refits


def calibrate(
    points: Iterable[Point],
    registry: Registry,
    catalogue: Catalogue,
    *,
    measured: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Calibration:
    """Fit the constants of every family of chips to the points of the `calibrate` split, and cross-validate them.

    Args:
        points: measured points; those of another split are passed over, and all count where none names a split.
        registry: the hardware.
        catalogue: the architectures.
        measured: name of the points' file, for the source.
        progress: told what is done next.

    Raises:
        ChipbriefError: no point can be fitted, or those of too few sweeps.
        MissingLibraryError: SciPy is not installed.
    """
    points = list(points)
    if any(point.split for point in points):
        points = [point for point in points if point.split == CALIBRATE_SPLIT]
    rows = rows_of(points, registry, catalogue)
    fitted = [row for row in rows if row.fitted]
    if not fitted:
        raise ChipbriefError(f"{measured}: no point of the split {CALIBRATE_SPLIT!r} can be fitted")
    sweeps = len({row.sweep for row in fitted})
    if sweeps < FEWEST_SWEEPS:
        raise ChipbriefError(
            f"{measured}: {sweeps} sweep{'' if sweeps == 1 else 's'} to fit, at least {FEWEST_SWEEPS} are needed"
        )
    kinds = {family_key(row.job.hardware): row.job.hardware.profile.memory.machine for row in fitted}
    problem = Problem(fitted, dict(sorted(kinds.items())))
    progress(f"fitting {len(fitted):,} points of {len(kinds)} families of chips")
    best = fit(problem)
    judged = [row for row in rows if row.judged and family_key(row.job.hardware) in kinds]
    refits = cross_validate(problem, judged, best, progress)
    texts = calibration_texts(problem, best, refits, measured, _without_points(registry, kinds))
    return Calibration(texts, tuple(fitted), problem.errors(best), refits)


def _without_points(registry: Registry, measured: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Families of chips that no point measures, nor ever did, with the kind of machine."""
    named = [
        hardware
        for hardware in registry
        if hardware.profile.calibration is not None
        and not (hardware.profile.calibrated_on.times.hardware or hardware.profile.calibrated_on.throughput.hardware)
    ]
    found = {family_key(hardware): hardware.profile.memory.machine for hardware in named}
    return {key: kind for key, kind in sorted(found.items()) if key not in measured}


def error_summary(found: Calibration) -> list[dict[str, Any]]:
    """Errors by family of chips and of errors: of the points fitted to, and of the same points when left out."""
    groups: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for row, left_out in found.refits.errors["seen"]:
        key = (*family_key(row.job.hardware), row.family)
        groups[key].append((found.refits.fitted[id(row)], left_out))
    return [
        {
            "vendor": vendor,
            "family": family,
            "errors": errors,
            "points": len(pairs),
            "fitted_median": _off(pairs, 0, 0.5),
            "fitted_p90": _off(pairs, 0, 0.9),
            "left_out_median": _off(pairs, 1, 0.5),
            "left_out_p90": _off(pairs, 1, 0.9),
        }
        for (vendor, family, errors), pairs in sorted(groups.items())
    ]


def _off(pairs: Sequence[tuple[float, float]], column: int, level: float) -> float:
    """A quantile of |predicted/measured - 1|."""
    return float(np.quantile(np.abs(np.expm1([pair[column] for pair in pairs])), level))
