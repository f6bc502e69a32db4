"""Scores: how far predictions are from what was measured, by group, and how many points they cover.

The error of a point is predicted / measured - 1. Median and 90th percentile are of its absolute value (percentiles
interpolated linearly), the bias is its own median, and all are taken over the covered points. Everything is a
fraction: 0.12 is 12 %.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from chipbrief.evidence.points import FAMILIES, Point, Prediction
from chipbrief.registry import Registry

__all__ = ["GROUPINGS", "Score", "Selection", "machine_of", "refusals", "score", "score_table"]

Grouping = Callable[[Point], str]

GROUPINGS: Mapping[str, Grouping] = {
    "family": lambda point: point.family,
    "hardware": lambda point: point.hardware,
    "metric": lambda point: point.metric,
    "model": lambda point: point.model,
}


def machine_of(registry: Registry) -> Grouping:
    """A grouping by family, kind of memory, and speculation where it is stated or suspected: `TPOT, HBM`."""

    def machine(point: Point) -> str:
        system = registry.names.get(point.hardware)
        kind = registry[system].profile.memory.machine.upper() if system else "unknown"
        speculation = ", speculation" if point.speculative in ("yes", "unknown") else ""
        return f"{point.family}, {kind}{speculation}"

    return machine


@dataclass(frozen=True, slots=True)
class Selection:
    """Which points to judge: scored ones with a measured value, narrowed by what is set."""

    split: str | None = None
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Accepted values of a property of Point: `{"family": frozenset({"TPOT"})}`."""
    max_concurrency: float | None = None
    stated: bool = False
    """Only points that state their chips and their concurrency."""
    no_speculation: bool = False
    """Only points of which nothing suggests speculation."""

    def of(self, points: Iterable[Point]) -> list[Point]:
        """Those of the points that are in it, in their order."""
        return [point for point in points if self.holds(point)]

    def holds(self, point: Point) -> bool:
        """Whether a point is in it."""
        return (
            point.scored
            and point.value is not None
            and self.split in (None, point.split)
            and all(getattr(point, name) in wanted for name, wanted in self.names.items())
            and self._holds_load(point)
            and not (self.no_speculation and point.speculative in ("yes", "unknown"))
        )

    def _holds_load(self, point: Point) -> bool:
        if self.stated and (point.n_chips is None or point.concurrency is None):
            return False
        if self.max_concurrency is None:
            return True
        return point.concurrency is not None and point.concurrency <= self.max_concurrency


@dataclass(frozen=True, slots=True)
class Score:
    """How well a group of points is predicted; None where nothing is covered.

    Attributes:
        group: its name.
        points: points in it.
        covered: those with a prediction.
        median: median of the absolute error.
        p90: 90th percentile of the absolute error.
        bias: median of the error, above zero where predictions are too high.
        inside: share of the covered points whose measured value lies in the 80 % interval.
    """

    group: str
    points: int
    covered: int
    median: float | None
    p90: float | None
    bias: float | None
    inside: float | None

    @property
    def coverage(self) -> float:
        """Share of the points that have a prediction."""
        return self.covered / self.points if self.points else 0.0


def score(group: str, points: Sequence[Point], predictions: Sequence[Prediction]) -> Score:
    """Score predictions, one a point; every point needs its measured value."""
    pairs = list(zip(points, predictions, strict=True))
    covered = [(point, told) for point, told in pairs if told.covered]
    if not covered:
        return Score(group, len(pairs), 0, None, None, None, None)
    errors = np.array([_error(point, told) for point, told in covered])
    median, p90 = np.quantile(np.abs(errors), [0.5, 0.9])
    inside = sum(_inside(point, told) for point, told in covered) / len(covered)
    return Score(group, len(pairs), len(covered), float(median), float(p90), float(np.median(errors)), inside)


def _error(point: Point, told: Prediction) -> float:
    assert point.value is not None
    assert told.predicted is not None
    return told.predicted / point.value - 1.0


def _inside(point: Point, told: Prediction) -> bool:
    if point.value is None or told.low is None or told.high is None:
        return False
    return told.low <= point.value <= told.high


def score_table(
    points: Sequence[Point], predictions: Sequence[Prediction], groupings: Mapping[str, Grouping] = GROUPINGS
) -> dict[str, tuple[Score, ...]]:
    """Scores of every group of every grouping; families in the order of FAMILIES, all else by name."""
    return {name: _grouped(points, predictions, of) for name, of in groupings.items()}


def _grouped(points: Sequence[Point], predictions: Sequence[Prediction], of: Grouping) -> tuple[Score, ...]:
    members: dict[str, list[tuple[Point, Prediction]]] = {}
    for point, told in zip(points, predictions, strict=True):
        members.setdefault(of(point), []).append((point, told))
    return tuple(score(group, *zip(*members[group], strict=True)) for group in sorted(members, key=_order))


def _order(group: str) -> tuple[int, str]:
    """A group's place: a family's own, and that of the family that its name begins with."""
    family = group.partition(",")[0]
    return (FAMILIES.index(family) if family in FAMILIES else len(FAMILIES), group)


def refusals(predictions: Iterable[Prediction]) -> list[tuple[str, int]]:
    """Each reason for having no prediction and how many points it cost, the costliest first."""
    counts = Counter(told.reason for told in predictions if not told.covered)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
