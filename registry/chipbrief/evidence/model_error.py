"""The model's own error: the measured points that ship with the package, predicted on a registry's systems."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chipbrief.catalogue import Catalogue
from chipbrief.evidence import SHIPPED
from chipbrief.evidence.points import Point, Prediction, read_points
from chipbrief.evidence.predict import predict
from chipbrief.evidence.scores import Score, Selection, machine_of, score, score_table
from chipbrief.registry import Registry

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ModelError", "PointSource", "model_error"]

UNSEEN = "validate"  # the split that no constant is fitted to


@dataclass(frozen=True, slots=True)
class PointSource:
    """Where some points come from; `locator` is empty where they have several, `first` and `last` are dates."""

    title: str
    locator: str
    points: int
    first: str
    last: str


@dataclass(frozen=True)
class ModelError:
    """Measured points that no constant was fitted to, and what the model says of each.

    Attributes:
        points: the points of systems in the registry.
        predictions: one a point.
        systems: the id of each point's system.
        by_machine: scores by family, kind of memory and speculation, as `chipbrief validate` groups them.
    """

    points: tuple[Point, ...]
    predictions: tuple[Prediction, ...]
    systems: tuple[str, ...]
    by_machine: tuple[Score, ...]

    @cached_property
    def whole(self) -> Score:
        """The score of all points."""
        return score("all", self.points, self.predictions)

    @cached_property
    def by_family(self) -> tuple[Score, ...]:
        """Scores by family, in the order of FAMILIES."""
        return score_table(self.points, self.predictions, {"family": lambda point: point.family})["family"]

    def of_system(self, hardware: str) -> Score:
        """The score of a system's points, by its id."""
        mine = [i for i, system in enumerate(self.systems) if system == hardware]
        return score(hardware, [self.points[i] for i in mine], [self.predictions[i] for i in mine])

    @cached_property
    def sources(self) -> tuple[PointSource, ...]:
        """Where the points come from, the source of most of them first."""
        found: dict[str, list[Point]] = defaultdict(list)
        for point in self.points:
            found[point.source_title].append(point)
        told = [_source(title, points) for title, points in found.items()]
        return tuple(sorted(told, key=lambda source: (-source.points, source.title)))

    # -- tables ----------------------------------------------------------------------------------------------

    def scores_table(self) -> pd.DataFrame:
        """One row a family and kind of machine, then all; errors and shares are fractions."""
        import pandas as pd

        rows = [
            {
                "group": each.group,
                "points": each.points,
                "predicted": each.covered,
                "median_error": each.median,
                "p90_error": each.p90,
                "bias": each.bias,
                "inside_80_interval": each.inside,
            }
            for each in (*self.by_machine, self.whole)
        ]
        return pd.DataFrame(rows)

    def points_table(self) -> pd.DataFrame:
        """One row a point: what was measured, what is predicted, and where the point comes from."""
        import pandas as pd

        rows = [
            {
                "id": point.id,
                "hardware": system,
                "model": point.model,
                "chips": point.n_chips,
                "precision": point.precision or "",
                "isl": point.isl_effective or point.isl,
                "osl": point.osl,
                "concurrency": point.concurrency,
                "scenario": point.scenario,
                "metric": point.metric,
                "unit": point.unit,
                "measured": point.value,
                "predicted": told.predicted,
                "low": told.low,
                "high": told.high,
                "status": told.status,
                "reason": told.reason,
                "kind": point.kind,
                "date": point.date,
                "source": point.source_title,
                "locator": point.source_locator,
            }
            for point, told, system in zip(self.points, self.predictions, self.systems, strict=True)
        ]
        return pd.DataFrame(rows)


def model_error(registry: Registry, catalogue: Catalogue, path: Path = SHIPPED) -> ModelError:
    """Predict the points of a file that no constant was fitted to; those of systems elsewhere are left out.

    Args:
        registry: the hardware.
        catalogue: the architectures.
        path: a points file; the one that ships with the package by default.

    Raises:
        InputError: the file cannot be used.
    """
    points = [p for p in Selection(split=UNSEEN).of(read_points(path).points) if p.hardware in registry.names]
    predictions = predict(points, registry, catalogue)
    return ModelError(
        points=tuple(points),
        predictions=tuple(predictions),
        systems=tuple(registry[point.hardware].id for point in points),
        by_machine=score_table(points, predictions, {"machine": machine_of(registry)})["machine"],
    )


def _source(title: str, points: list[Point]) -> PointSource:
    places = {point.source_locator for point in points}
    days = sorted(point.date.rstrip("~") for point in points if point.date)
    return PointSource(
        title=title,
        locator=places.pop() if len(places) == 1 else "",
        points=len(points),
        first=days[0] if days else "",
        last=days[-1] if days else "",
    )
