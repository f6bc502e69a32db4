"""How far off unseen points are: refits that leave out sweeps, models, systems or families, and the bands they give."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chipbrief.calibrate.fit import fit
from chipbrief.calibrate.problem import Problem, Row, family_key
from chipbrief.hardware.calibration import Nearness
from chipbrief.physics import Array

__all__ = ["Band", "Refits", "bands", "cross_validate"]

SWEEP_FOLDS = 8
REFIT_STEPS = 8
FEW_GROUPS = 3  # groups below which a family of chips borrows those of others; two of others are enough
NORMAL_90 = 1.2816  # 90th percentile of the normal distribution
LEFT_OUT_SHARE = 0.632  # weight of the errors of what was left out
MOST = 2.5  # of a logarithm: no band says less than a factor of twelve
ENOUGH = 20  # residuals from which a family of chips has a band of its own


@dataclass(frozen=True, slots=True)
class Band:
    """Measured over predicted of points that a refit had not seen: the 80 % interval, and what stands behind it.

    Attributes:
        points: residuals.
        groups: sweeps, models, systems or families of chips that they come from.
        low: lower end of measured over predicted [1].
        high: upper end [1].
        median_error: median of |predicted/measured - 1| [1].
        p90_error: 90th percentile of it [1].
        pooled: whether other families' residuals were needed.
    """

    points: int
    groups: int
    low: float
    high: float
    median_error: float
    p90_error: float
    pooled: bool


@dataclass(frozen=True, slots=True)
class Refits:
    """What the refits found.

    Attributes:
        errors: logarithm of predicted over measured of the rows that were left out, by nearness.
        fitted: the same of every row under the constants fitted to all, by the row's id().
        constants: those of the refits without a fold of sweeps.
    """

    errors: Mapping[Nearness, Sequence[tuple[Row, float]]]
    fitted: Mapping[int, float]
    constants: Array


def cross_validate(problem: Problem, rows: Sequence[Row], best: Array, progress: Callable[[str], None]) -> Refits:
    """Refit without each fold of sweeps, model, system and family of chips; hold each against what was left out.

    Args:
        problem: the whole problem.
        rows: all rows whose errors are wanted, those that are not fitted too.
        best: constants fitted to all, where the refits start.
        progress: told what is left out next.
    """
    errors: dict[Nearness, list[tuple[Row, float]]] = {
        "seen": [],
        "new_model": [],
        "new_expert_model": [],
        "new_hardware": [],
        "new_family": [],
    }
    constants: list[Array] = []
    for near, folds in _folds(rows).items():
        for name, left_out in folds.items():
            progress(f"without {name}")
            gone = set(map(id, left_out))
            kept = [row for row in problem.rows if id(row) not in gone]
            same = len(kept) == len(problem.rows)
            moved = best if same else fit(problem.without(kept), best, steps=REFIT_STEPS)
            errors[near] += [
                (row, row.sign * float(e)) for row, e in zip(left_out, problem.errors(moved, left_out), strict=True)
            ]
            if near == "seen":
                constants.append(moved)
    fitted = {id(row): row.sign * float(e) for row, e in zip(rows, problem.errors(best, rows), strict=True)}
    return Refits(errors, fitted, np.array(constants))


def _folds(rows: Sequence[Row]) -> dict[Nearness, dict[str, list[Row]]]:
    sweeps = sorted({row.sweep for row in rows}, key=lambda s: (zlib.crc32(s.encode()), s))
    fold_of = {sweep: f"sweeps {i % SWEEP_FOLDS + 1} of {SWEEP_FOLDS}" for i, sweep in enumerate(sweeps)}
    expert = [row for row in rows if row.job.architecture.experts]
    plain = [row for row in rows if not row.job.architecture.experts]
    return {
        "seen": _grouped(rows, lambda row: fold_of[row.sweep]),
        "new_model": _grouped(plain, _group_of["new_model"]),
        "new_expert_model": _grouped(expert, _group_of["new_expert_model"]),
        "new_hardware": _grouped(rows, _group_of["new_hardware"]),
        "new_family": _grouped(rows, _group_of["new_family"]),
    }


_group_of: Mapping[Nearness, Callable[[Row], str]] = {
    "seen": lambda row: row.sweep,
    "new_model": lambda row: row.job.architecture.size,
    "new_expert_model": lambda row: row.job.architecture.size,
    "new_hardware": lambda row: row.job.hardware.id,
    "new_family": lambda row: " ".join(family_key(row.job.hardware)),
}


def _grouped(rows: Sequence[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(sorted(groups.items()))


def bands(refits: Refits, family: tuple[str, str], kind: str) -> Iterator[tuple[str, Nearness, Band]]:
    """Bands of every family of errors for a family of chips; pooled with other chips' where it has few points.

    Args:
        refits: what cross-validation found.
        family: vendor and family of the chips.
        kind: the kind of machine they are.
    """
    kinds = {family_key(r.job.hardware): r.job.hardware.profile.memory.machine for r, _ in refits.errors["seen"]}
    for near, found in refits.errors.items():
        for name in sorted({row.family for row, _ in found}):
            of_all = [(row, e) for row, e in found if row.family == name]
            own = [(row, e) for row, e in of_all if family_key(row.job.hardware) == family]
            alike = [(row, e) for row, e in of_all if kinds[family_key(row.job.hardware)] == kind]
            choices = [(own, False), (alike, True), *([(of_all, True)] if name == "speed" else [])]
            for used, pooled in choices:  # the nearest that says enough; a family of errors that none fits has no band
                groups = len({_group_of[near](row) for row, _ in used})
                few = FEW_GROUPS - 1 if pooled else FEW_GROUPS
                if groups >= few and (len(used) >= ENOUGH or used in (of_all, alike)):
                    yield name, near, _band(used, near, refits, pooled=pooled)
                    break


def _band(errors: Sequence[tuple[Row, float]], near: Nearness, refits: Refits, *, pooled: bool) -> Band:
    """Quantiles over groups of equal weight, widened as Student's t is over the normal for so few groups.

    A refit without whole sweeps knows less than the fit that is used, so that for points like those it was fitted to
    the two are mixed as in Efron's .632 estimator (JASA 78, 1983): .368 of the fit's own errors, .632 of the others.
    """
    groups = [_group_of[near](row) for row, _ in errors]
    sizes = Counter(groups)
    weights = np.array([1.0 / sizes[group] for group in groups])
    logs = -np.array([e for _, e in errors])
    off = np.abs(np.exp(-logs) - 1.0)
    ends = _ends(logs, weights)
    if near == "seen":
        own = -np.array([refits.fitted[id(row)] for row, _ in errors])
        ends = (1.0 - LEFT_OUT_SHARE) * _ends(own, weights) + LEFT_OUT_SHARE * ends
    ends = ends * _student(len(sizes)) / NORMAL_90  # the centre is given, so that no freedom is spent on it
    return Band(
        points=len(errors),
        groups=len(sizes),
        low=float(np.exp(np.clip(ends[0], -MOST, 0.0))),
        high=float(np.exp(np.clip(ends[1], 0.0, MOST))),
        median_error=float(np.median(off)),
        p90_error=float(np.quantile(off, 0.9)),
        pooled=pooled,
    )


def _ends(logs: Array, weights: Array) -> Array:
    return np.array([_quantile(logs, weights, 0.1), _quantile(logs, weights, 0.9)])


def _quantile(values: Array, weights: Array, level: float) -> float:
    """A weighted quantile, straight between the points."""
    order = np.argsort(values)
    shares = np.cumsum(weights[order]) - weights[order] / 2.0
    return float(np.interp(level, shares / weights.sum(), values[order]))


def _student(freedom: int) -> float:
    """The 90th percentile of Student's t."""
    from scipy.stats import t

    return float(t.ppf(0.9, freedom))
