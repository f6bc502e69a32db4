"""Workload mixes: which classes of requests arrive, how many, how long, and how fast they must be served."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from chipbrief.architecture import FormatName
from chipbrief.config import (
    Count,
    Document,
    Fraction,
    Id,
    Ratio,
    Seconds,
    Strict,
    Watts,
    Whole,
    known,
    read_columns,
    read_yaml,
    validate,
)
from chipbrief.errors import ChipbriefError
from chipbrief.physics import Array
from chipbrief.units import DIMENSIONS

__all__ = [
    "Arrival",
    "Demand",
    "FinanceOverrides",
    "Horizon",
    "ServiceLevels",
    "Shape",
    "TokenDistribution",
    "WorkloadClass",
    "WorkloadMix",
    "load_mix",
    "mix_from_document",
]

SECONDS_PER_DAY = 86400.0
DAY_S, HOUR_S = 86400.0, 3600.0
_LEVELS = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95, "p99": 0.99}
_NORMAL = NormalDist()
_MONTH = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])")

ModelName = Annotated[str, known("model")]
HardwareName = Annotated[str, known("hardware")]


class TokenDistribution(Strict):
    """How many tokens a request has: one number, a mean, quantiles, or a column of a request log.

    Between quantiles the logarithm of the count is straight in the normal score (a log-normal through two points);
    a single number is taken as every request's.
    """

    mean: Count | None = None
    p10: Count | None = None
    p25: Count | None = None
    p50: Count | None = None
    p75: Count | None = None
    p90: Count | None = None
    p95: Count | None = None
    p99: Count | None = None
    trace: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            DIMENSIONS["count"].parse(data)
            return {"mean": data}
        if isinstance(data.get("trace"), str):
            return {**data, **_quantiles_of(data["trace"], _column(cls), info)}
        return data

    @field_validator("mean", *_LEVELS)
    @classmethod
    def _some(cls, tokens: float | None) -> float | None:
        if tokens == 0:
            raise ValueError("expected more than 0 tokens")
        return tokens

    @model_validator(mode="after")
    def _rising(self) -> Self:
        values = list(self.points.values())
        if not values and self.mean is None:
            raise ValueError("give a number, a mean, quantiles such as {p50: 900, p95: 4000}, or a trace")
        if values != sorted(values):
            raise ValueError(f"quantiles must not fall: {', '.join(f'{k} {v:g}' for k, v in self.points.items())}")
        return self

    @property
    def points(self) -> Mapping[str, float]:
        """The quantiles that are given, rising."""
        return {name: getattr(self, name) for name in _LEVELS if getattr(self, name) is not None}

    def quantile(self, level: float) -> float:
        """Tokens that a share `level` of the requests does not exceed."""
        return float(np.exp(self._log_tokens(np.array([_NORMAL.inv_cdf(level)]))[0]))

    @property
    def average(self) -> float:
        """Mean tokens: as given, else over the quantiles' distribution between its 0.5th and 99.5th percentile."""
        if self.mean is not None:
            return self.mean
        scores = np.array([_NORMAL.inv_cdf(u) for u in np.linspace(0.005, 0.995, 199)])
        return float(np.exp(self._log_tokens(scores)).mean())

    def _log_tokens(self, scores: Array) -> Array:
        points = self.points
        if len(points) < 2:
            only = next(iter(points.values()), self.mean)
            assert only is not None
            return np.full(scores.shape, math.log(only))
        x = np.array([_NORMAL.inv_cdf(_LEVELS[name]) for name in points])
        y = np.log(list(points.values()))
        inside: Array = np.interp(scores, x, y)
        below = y[0] + (scores - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
        above = y[-1] + (scores - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
        return np.where(scores < x[0], below, np.where(scores > x[-1], above, inside))


class OutputDistribution(TokenDistribution):
    """Output tokens, reasoning included; `reasoning_share` of them are not shown to the user."""

    reasoning_share: Fraction = 0.0


def _column(kind: type[TokenDistribution]) -> str:
    return "output_tokens" if issubclass(kind, OutputDistribution) else "input_tokens"


def _quantiles_of(trace: str, column: str, info: ValidationInfo) -> dict[str, str]:
    folder = (info.context or {}).get("folder", Path())
    try:
        values = np.array(read_columns(folder / trace, [column])[column])
    except ChipbriefError as error:
        raise ValueError(str(error).replace("\n", "; ")) from None
    values = values[values > 0]
    if not len(values):
        raise ValueError(f"{trace}: no row with {column} above 0")
    quantiles = {name: f"{np.quantile(values, level):.6f}" for name, level in _LEVELS.items()}
    return {**quantiles, "mean": f"{values.mean():.6f}"}


class Tokens(Strict):
    """Tokens of a request; `cached_fraction` of the input is found in the prefix cache."""

    input: TokenDistribution
    cached_fraction: Fraction = 0.0
    output: OutputDistribution


class Arrival(Strict):
    """How many requests arrive: a day, as tokens a day (input and output), or as requests in flight.

    `peak_to_mean` is the busiest hour over the mean hour, `burst` the busiest minute over its hour.
    """

    requests_per_day: Count | None = None
    tokens_per_day: Count | None = None
    concurrent_users: Count | None = None
    think_time: Seconds = 0.0
    peak_to_mean: Ratio = 1.5
    burst: Ratio = 2.0

    @field_validator("requests_per_day", "tokens_per_day", "concurrent_users")
    @classmethod
    def _some(cls, arrivals: float | None) -> float | None:
        if arrivals == 0:
            raise ValueError("must be more than 0")
        return arrivals

    @field_validator("peak_to_mean", "burst")
    @classmethod
    def _not_below_the_mean(cls, ratio: float) -> float:
        if ratio < 1:
            raise ValueError("is at least 1")
        return ratio

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        given = [n for n in ("requests_per_day", "tokens_per_day", "concurrent_users") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of requests_per_day, tokens_per_day and concurrent_users")
        return self


class ServiceLevels(Strict):
    """How fast: TTFT, TPOT and E2E at the 95th percentile, or a deadline for work that may wait."""

    ttft_p95: Seconds | None = None
    tpot_p95: Seconds | None = None
    e2e_p95: Seconds | None = None
    attainment: Fraction = 0.95
    deadline: Seconds | None = None

    @field_validator("ttft_p95", "tpot_p95", "e2e_p95", "deadline")
    @classmethod
    def _some(cls, seconds: float | None) -> float | None:
        if seconds == 0:
            raise ValueError("must be more than 0 s")
        return seconds


@dataclass(frozen=True, slots=True)
class Shape:
    """Token counts of a class that the physics reads [tokens]."""

    input_mean: float
    input_p50: float
    input_p95: float
    output_mean: float
    output_p50: float
    output_p95: float
    cached_fraction: float

    @property
    def context_p95(self) -> float:
        """Tokens that the longest requests counted on hold at their end."""
        return self.input_p95 + self.output_p95

    @property
    def context_mean(self) -> float:
        """Tokens that a running sequence holds on average: its prompt and half its answer."""
        return self.input_mean + self.output_mean / 2.0


@dataclass(frozen=True, slots=True)
class Demand:
    """Arrivals of a class: requests/s on average and at the peak that must be carried, or requests in flight."""

    mean_requests_s: float | None
    mean_in_flight: float | None
    peak_factor: float
    think_time_s: float


class WorkloadClass(Strict):
    """Requests of one kind, for one model, under one set of service levels."""

    id: Id
    title: str | None = None
    kind: Literal[
        "chat",
        "documentation",
        "code_completion",
        "agentic_coding",
        "long_reasoning",
        "rag",
        "voice",
        "batch",
        "classification",
        "summarisation",
        "translation",
        "other",
    ]
    model: ModelName
    precision: FormatName | None = None
    kv_precision: FormatName | None = None
    tokens: Tokens
    arrival: Arrival
    slo: ServiceLevels = ServiceLevels()
    basis: str | None = None

    @field_validator("id")
    @classmethod
    def _new(cls, name: str, info: ValidationInfo) -> str:
        seen: set[str] = (info.context or {}).get("class_ids", set())
        if name in seen:
            raise ValueError(f"the class id {name!r} stands twice")
        seen.add(name)
        return name

    @property
    def label(self) -> str:
        """The title, or the id with spaces."""
        return self.title or self.id.replace("-", " ").capitalize()

    @property
    def shape(self) -> Shape:
        """The token counts."""
        into, out = self.tokens.input, self.tokens.output
        return Shape(
            into.average,
            into.quantile(0.5),
            into.quantile(0.95),
            out.average,
            out.quantile(0.5),
            out.quantile(0.95),
            self.tokens.cached_fraction,
        )

    @property
    def demand(self) -> Demand:
        """The arrivals. Work with a deadline of a day or more is spread over it; of an hour or more, over the hour."""
        arrival, deadline = self.arrival, self.slo.deadline
        factor = arrival.peak_to_mean * arrival.burst
        if deadline is not None and deadline >= HOUR_S:
            factor = 1.0 if deadline >= DAY_S else arrival.peak_to_mean
        if arrival.concurrent_users is not None:
            return Demand(None, arrival.concurrent_users, factor, arrival.think_time)
        requests = arrival.requests_per_day
        if requests is None:
            assert arrival.tokens_per_day is not None
            requests = arrival.tokens_per_day / (self.shape.input_mean + self.shape.output_mean)
        return Demand(requests / SECONDS_PER_DAY, None, factor, 0.0)


class Horizon(Strict):
    """The time the plan covers; demand grows by the factor `growth_per_year`."""

    start: str
    months: Whole = 12
    growth_per_year: Ratio = 1.0

    @field_validator("start")
    @classmethod
    def _month(cls, start: str) -> str:
        if not _MONTH.fullmatch(start):
            raise ValueError(f"expected a month such as 2026-12, got {start!r}")
        return start

    @field_validator("months", "growth_per_year")
    @classmethod
    def _some(cls, value: float) -> float:
        if value == 0:
            raise ValueError("must be more than 0")
        return value

    @property
    def growth_at_end(self) -> float:
        """Demand at the end over demand at the start."""
        return float(self.growth_per_year ** (self.months / 12.0))


class FinanceOverrides(Strict):
    """The lane to decide in, and terms of `chipbrief.finance` that differ from the defaults."""

    lane: Literal["own", "rent", "api"] = "own"
    economic_life: Seconds | None = None
    cost_of_capital: Fraction | None = None
    residual: Fraction | None = None
    pue: Ratio | None = None
    electricity: float | None = None
    colocation: float | None = None
    network_storage: Fraction | None = None
    support: Fraction | None = None
    software: float | None = None
    staff: float | None = None
    utilisation: Fraction | None = None

    @field_validator("electricity", mode="before")
    @classmethod
    def _electricity(cls, text: Any) -> Any:
        return DIMENSIONS["usd_per_kwh"].parse(text)

    @field_validator("colocation", mode="before")
    @classmethod
    def _colocation(cls, text: Any) -> Any:
        return DIMENSIONS["usd_per_kw_month"].parse(text)

    @field_validator("software", "staff", mode="before")
    @classmethod
    def _yearly(cls, text: Any) -> Any:
        return DIMENSIONS["usd_per_year"].parse(text)

    @field_validator("pue")
    @classmethod
    def _not_below_it_power(cls, pue: float | None) -> float | None:
        if pue is not None and pue < 1:
            raise ValueError("is at least 1")
        return pue

    @field_validator("economic_life", "utilisation")
    @classmethod
    def _some(cls, value: float | None) -> float | None:
        if value == 0:
            raise ValueError("must be more than 0")
        return value

    @property
    def changed(self) -> Mapping[str, float]:
        """The terms that the mix sets."""
        return {k: v for k, v in self.model_dump(exclude={"lane"}).items() if v is not None}


class WorkloadMix(Strict):
    """A lab's load: classes of requests, the money's terms and the hardware to consider."""

    schema_: Annotated[Literal["workload-mix/1"], Field(alias="schema")]
    name: Id
    title: str | None = None
    question: str | None = None
    horizon: Horizon | None = None
    classes: Annotated[tuple[WorkloadClass, ...], Field(min_length=1)]
    finance: FinanceOverrides = FinanceOverrides()
    power_cap: Watts | None = None
    hardware: Annotated[tuple[HardwareName, ...], Field(min_length=1)] | None = None

    @field_validator("classes")
    @classmethod
    def _distinct(cls, classes: Sequence[WorkloadClass]) -> Sequence[WorkloadClass]:
        ids = [c.id for c in classes]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"class ids stand twice: {', '.join(twice)}")
        return classes

    @field_validator("hardware")
    @classmethod
    def _once(cls, names: Sequence[str] | None) -> Sequence[str] | None:
        return tuple(dict.fromkeys(names)) if names else names

    @property
    def label(self) -> str:
        """The title, or the name with spaces."""
        return self.title or self.name.replace("-", " ").capitalize()


def load_mix(path: Path, *, models: Mapping[str, str], hardware: Mapping[str, str]) -> WorkloadMix:
    """Read a mix; names that are not known are problems of the file like any other.

    Args:
        path: the file.
        models: accepted model names and their ids.
        hardware: accepted hardware names and their ids.

    Raises:
        InputError: every problem, with line and column.
    """
    return mix_from_document(read_yaml(path), path.parent, models=models, hardware=hardware)


def mix_from_document(
    document: Document, folder: Path, *, models: Mapping[str, str], hardware: Mapping[str, str]
) -> WorkloadMix:
    """Check a parsed mix; `folder` is where its traces stand. Raises InputError."""
    context = {"model": models, "hardware": hardware, "folder": folder, "class_ids": set()}
    return validate(document, WorkloadMix, context)
