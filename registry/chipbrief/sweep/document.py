"""A sweep file: its axes, what to tell of each point, which points to keep and what becomes of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from chipbrief.config import Count, Document, Id, Seconds, Strict, Whole, read_yaml, validate
from chipbrief.errors import InputError, did_you_mean
from chipbrief.sweep.axes import Axes, Axis
from chipbrief.sweep.metrics import DEFAULT_METRICS, METRICS
from chipbrief.units import DIMENSIONS

__all__ = ["CORE_AXES", "Limits", "Range", "Reduction", "Sweep", "load_sweep", "sweep_from_document"]

CORE_AXES = (
    "hardware",
    "model",
    "precision",
    "chips",
    "deployment",
    "context",
    "input",
    "output",
    "cached_fraction",
    "batch",
    "lane",
)
DEFAULT_BINS_PER_DECADE = 10
FEWEST_IN_A_PART, MOST_IN_A_PART = 1_000, 1_000_000

T = TypeVar("T")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _metric(name: object) -> str:
    if name not in METRICS:
        raise ValueError(f"unknown metric {name!r}" + did_you_mean(str(name), METRICS))
    return str(name)


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


MetricName = Annotated[str, BeforeValidator(_metric)]
MetricNames = Annotated[tuple[MetricName, ...], BeforeValidator(_listed), Field(min_length=1), AfterValidator(_once)]
AxisNames = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_once)]
Speed = Annotated[float, BeforeValidator(DIMENSIONS["speed"].parse)]
TokenPrice = Annotated[float, BeforeValidator(DIMENSIONS["usd_per_mtok"].parse)]
HourlyPrice = Annotated[float, BeforeValidator(DIMENSIONS["usd_per_hour"].parse)]


class Range(Strict, Generic[T]):
    """A limit below, above, or both; the ends belong to it."""

    min: T | None = None
    max: T | None = None

    @model_validator(mode="after")
    def _some(self) -> Range[T]:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:  # type: ignore[operator] # numbers
            raise ValueError("min is more than max")
        return self


# classes of their own rather than Range[...], which cannot be sent to another process


class TimeRange(Range[Seconds]):
    """Limits on times [s]."""


class SpeedRange(Range[Speed]):
    """Limits on speeds [tok/s]."""


class CountRange(Range[Count]):
    """Limits on bare numbers."""


class TokenPriceRange(Range[TokenPrice]):
    """Limits on prices of tokens [USD/Mtok]."""


class HourlyPriceRange(Range[HourlyPrice]):
    """Limits on hourly prices [USD/h]."""


class Limits(Strict):
    """What a point must keep to be counted; `measured` and `offered` as the columns of these names say."""

    ttft_s: TimeRange | None = None
    tpot_s: TimeRange | None = None
    e2e_s: TimeRange | None = None
    tok_s_user: SpeedRange | None = None
    tok_s_replica: SpeedRange | None = None
    tok_s_chip: SpeedRange | None = None
    tok_s_system: SpeedRange | None = None
    tok_s_mw: CountRange | None = None
    requests_s: CountRange | None = None
    usd_mtok: TokenPriceRange | None = None
    usd_mtok_output: TokenPriceRange | None = None
    usd_h: HourlyPriceRange | None = None
    joules_per_token: CountRange | None = None
    batch_limit: CountRange | None = None
    measured: bool | None = None
    offered: bool | None = None

    @property
    def ranges(self) -> Mapping[str, Range[float]]:
        """The limited metrics."""
        return {name: limit for name in METRICS if (limit := getattr(self, name)) is not None}


class Reduction(Strict):
    """What is kept instead of every point, within each group of the axes `by`.

    `best` is the best point by a metric, `top` the k best, `pareto` the points that no other one beats in all metrics,
    `histogram` a count in bins, `count` a count.
    """

    kind: Literal["best", "top", "pareto", "histogram", "count"]
    metric: MetricName | None = None
    metrics: MetricNames | None = None
    by: AxisNames = ()
    k: Whole | None = None
    bins_per_decade: Whole | None = None
    width: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Reduction:
        needed, allowed = _PARTS[self.kind]
        given = {n for n in ("metric", "metrics", "k", "bins_per_decade", "width") if getattr(self, n) is not None}
        wrong = [f"{self.kind} needs {name}" for name in needed if name not in given]
        wrong += [f"{self.kind} has no {name}" for name in sorted(given - {*needed, *allowed})]
        if not wrong and self.kind == "pareto" and len(self.metrics or ()) not in (2, 3):
            wrong.append("pareto needs two or three metrics")
        if self.bins_per_decade is not None and self.width is not None:
            wrong.append("give bins_per_decade (logarithmic bins) or width (even bins), not both")
        if 0 in (self.k, self.bins_per_decade):
            wrong.append("k and bins_per_decade are at least 1")
        if not wrong and self.width is not None and self.bin_width == 0:
            wrong.append("width is more than 0")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def bin_width(self) -> float | None:
        """Width of even bins in the unit of the metric; None for logarithmic ones."""
        if self.width is None or self.metric is None:
            return None
        return DIMENSIONS[METRICS[self.metric].dimension].parse(self.width)

    @property
    def of(self) -> tuple[str, ...]:
        """The metrics that it looks at."""
        return self.metrics or ((self.metric,) if self.metric else ())


_PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "best": (("metric",), ()),
    "top": (("metric", "k"), ()),
    "pareto": (("metrics",), ()),
    "histogram": (("metric",), ("bins_per_decade", "width")),
    "count": ((), ()),
}


class Sweep(Strict):
    """Axes, the metrics of their points, limits on them, and a reduction or the format of the rows.

    `part_points` is about how many points a part has, instead of what suits most disks and processors.
    With `error_bands` each metric has its model's 80 % interval beside it, in columns that end in _low and _high.
    """

    schema_: Annotated[Literal["sweep/1"], Field(alias="schema")]
    name: Id
    title: str | None = None
    axes: Axes
    metrics: MetricNames = DEFAULT_METRICS
    error_bands: bool = False
    where: Limits = Limits()
    reduce: Reduction | None = None
    format: Literal["csv", "parquet"] = "csv"
    part_points: Whole | None = None

    @field_validator("part_points")
    @classmethod
    def _neither_crumbs_nor_lumps(cls, points: int | None) -> int | None:
        if points is not None and not FEWEST_IN_A_PART <= points <= MOST_IN_A_PART:
            raise ValueError(f"is from {FEWEST_IN_A_PART:,} to {MOST_IN_A_PART:,}")
        return points

    @field_validator("reduce")
    @classmethod
    def _by_axes(cls, reduce: Reduction | None, info: ValidationInfo) -> Reduction | None:
        axes = info.data.get("axes")
        if reduce is None or axes is None:
            return reduce
        accepted = [*CORE_AXES, *(n for n in Axes.model_fields if n not in CORE_AXES and axes.given(n))]
        unknown = [name for name in reduce.by if name not in accepted]
        if unknown:
            raise ValueError("; ".join(f"by: no axis {name!r} here{did_you_mean(name, accepted)}" for name in unknown))
        return reduce

    @property
    def needed_metrics(self) -> tuple[str, ...]:
        """Every metric that is told, limited or reduced by."""
        reduced = self.reduce.of if self.reduce else ()
        return tuple(dict.fromkeys((*self.metrics, *reduced, *self.where.ranges)))

    @property
    def told_metrics(self) -> tuple[str, ...]:
        """The metrics of a row: those asked for, then those reduced by."""
        return tuple(dict.fromkeys((*self.metrics, *(self.reduce.of if self.reduce else ()))))


def load_sweep(path: Path, *, models: Mapping[str, str], hardware: Mapping[str, str]) -> Sweep:
    """Read a sweep; names that are not known are problems of the file like any other.

    Args:
        path: the file.
        models: accepted model names and their ids.
        hardware: accepted hardware names and their ids.

    Raises:
        InputError: every problem, with line and column.
    """
    return sweep_from_document(read_yaml(path), models=models, hardware=hardware)


def sweep_from_document(document: Document, *, models: Mapping[str, str], hardware: Mapping[str, str]) -> Sweep:
    """Check a parsed sweep and name all hardware and models where it names none. Raises InputError."""
    try:
        sweep = validate(_with_lists(document), Sweep, {"model": models, "hardware": hardware})
    except InputError as error:
        raise InputError(dataclasses.replace(p, field=_as_written(p.field)) for p in error.problems) from None
    named = {"hardware": sweep.axes.hardware or _ids(hardware), "model": sweep.axes.model or _ids(models)}
    return sweep.model_copy(update={"axes": sweep.axes.model_copy(update=named)})


def _ids(names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(set(names.values())))


def _holds_axis(annotation: Any) -> bool:
    return any(isinstance(part, type) and issubclass(part, Axis) for part in (annotation, *get_args(annotation)))


_NUMERIC_AXES = tuple(name for name, field in Axes.model_fields.items() if _holds_axis(field.annotation))


def _with_lists(document: Document) -> Document:
    """The same document with the lists of axes where the model has them, and their places with them."""
    axes = document.data.get("axes") if isinstance(document.data, dict) else None
    if not isinstance(axes, dict):
        return document
    lists = [name for name in _NUMERIC_AXES if isinstance(axes.get(name), list)]
    marks = dict(document.marks)
    for name in lists:
        marks[("axes", name, "values")] = document.marks[("axes", name)]
        marks |= {("axes", name, "values", i): document.marks[("axes", name, i)] for i in range(len(axes[name]))}
    changed = {**axes, **{name: {"values": axes[name]} for name in lists}}
    return dataclasses.replace(document, data={**document.data, "axes": changed}, marks=marks)


def _as_written(field: str) -> str:
    return re.sub(r"^(axes\.\w+)\.values(?=\[|$)", r"\1", field)
