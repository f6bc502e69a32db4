"""The mix itself: classes of requests, the money's terms and the hardware to consider."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from chipbrief.architecture import FormatName
from chipbrief.config import (
    Document,
    Dollars,
    Fraction,
    Id,
    Ratio,
    Seconds,
    Strict,
    Watts,
    Whole,
    known,
    read_yaml,
    validate,
)
from chipbrief.units import DIMENSIONS
from chipbrief.workload.demand import Arrival, Demand, ServiceLevels, Shape
from chipbrief.workload.horizon import Horizon
from chipbrief.workload.supply import HardwareName, Tranche
from chipbrief.workload.tokens import Tokens

__all__ = ["FinanceOverrides", "WorkloadClass", "WorkloadMix", "load_mix", "mix_from_document"]

SECONDS_PER_DAY = 86400.0
DAY_S, HOUR_S = 86400.0, 3600.0

ModelName = Annotated[str, known("model")]
UsdPerKwh = Annotated[float, BeforeValidator(DIMENSIONS["usd_per_kwh"].parse)]
UsdPerKwMonth = Annotated[float, BeforeValidator(DIMENSIONS["usd_per_kw_month"].parse)]
UsdPerYear = Annotated[float, BeforeValidator(DIMENSIONS["usd_per_year"].parse)]


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
        """The arrivals. Work with a deadline of a day or more is spread over it; of an hour or more, over the hour.

        Users in flight are taken as those of the peak, unless the mix gives factors for them.
        """
        arrival, deadline = self.arrival, self.slo.deadline
        counted = arrival.concurrent_users is None
        factors = {"peak_to_mean": arrival.busiest_hour, "burst": arrival.burst}
        told = arrival.model_fields_set | ({"peak_to_mean"} if arrival.hourly else set())
        factor = math.prod(f for name, f in factors.items() if counted or name in told)
        hours = _over_the_busiest(arrival.hours)
        if deadline is not None and deadline >= HOUR_S:
            factor = 1.0 if deadline >= DAY_S else arrival.busiest_hour
            hours = None if deadline >= DAY_S else hours
        if arrival.concurrent_users is not None:
            return Demand(None, arrival.concurrent_users, factor, arrival.think_time, hours)
        requests = arrival.requests_per_day
        if requests is None:
            assert arrival.tokens_per_day is not None
            requests = arrival.tokens_per_day / (self.shape.input_mean + self.shape.output_mean)
        return Demand(requests / SECONDS_PER_DAY, None, factor, 0.0, hours)


def _over_the_busiest(hours: tuple[float, ...] | None) -> tuple[float, ...] | None:
    return None if hours is None else tuple(load / max(hours) for load in hours)


class FinanceOverrides(Strict):
    """The lane to decide in, and terms of `chipbrief.finance` that differ from the defaults."""

    lane: Literal["own", "rent", "api"] = "own"
    economic_life: Seconds | None = None
    cost_of_capital: Fraction | None = None
    residual: Fraction | None = None
    decommissioning: Fraction | None = None
    inflation: Fraction | None = None
    rates: Literal["nominal", "real"] | None = None
    pue: Ratio | None = None
    electricity: UsdPerKwh | None = None
    colocation: UsdPerKwMonth | None = None
    network_storage: Fraction | None = None
    support: Fraction | None = None
    software: UsdPerYear | None = None
    staff: UsdPerYear | None = None
    utilisation: Fraction | None = None
    availability: Fraction | None = None
    lag: Seconds | None = None
    deposit: Fraction | None = None
    take_or_pay: Fraction | None = None
    tax: Fraction | None = None
    rent_price_fall: Fraction | None = None
    api_price_fall: Fraction | None = None

    @field_validator("pue")
    @classmethod
    def _not_below_it_power(cls, pue: float | None) -> float | None:
        if pue is not None and pue < 1:
            raise ValueError("is at least 1")
        return pue

    @field_validator("economic_life", "utilisation", "availability")
    @classmethod
    def _some(cls, value: float | None) -> float | None:
        if value == 0:
            raise ValueError("must be more than 0")
        return value

    @property
    def changed(self) -> Mapping[str, float | str]:
        """The terms that the mix sets."""
        return {k: v for k, v in self.model_dump(exclude={"lane"}).items() if v is not None}


class WorkloadMix(Strict):
    """A lab's load: classes of requests, the money's terms and the hardware to consider.

    `power_cap`, `capital_cap`, `spares` (systems of each kind that are kept idle) and `tranches` (hardware that is
    coming, in the order of its months) bound a plan over time.
    """

    schema_: Annotated[Literal["workload-mix/1"], Field(alias="schema")]
    name: Id
    title: str | None = None
    question: str | None = None
    horizon: Horizon | None = None
    classes: Annotated[tuple[WorkloadClass, ...], Field(min_length=1)]
    finance: FinanceOverrides = FinanceOverrides()
    power_cap: Watts | None = None
    capital_cap: Dollars | None = None
    spares: Whole = 0
    hardware: Annotated[tuple[HardwareName, ...], Field(min_length=1)] | None = None
    tranches: tuple[Tranche, ...] = ()

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

    @field_validator("tranches")
    @classmethod
    def _of_the_mix(cls, tranches: Sequence[Tranche], info: ValidationInfo) -> Sequence[Tranche]:
        months = [tranche.by for tranche in tranches]
        if months != sorted(months):
            raise ValueError(f"tranches out of order: {', '.join(months)}")
        considered = info.data.get("hardware")
        others = sorted({t.hardware for t in tranches} - set(considered)) if considered else []
        if others:
            raise ValueError(f"tranches of {', '.join(others)}, which the mix's hardware does not name")
        return tranches

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
    told: dict[str, Any] = {"class_ids": set(), "tranche_months": [], "step_months": []}
    context = {"model": models, "hardware": hardware, "folder": folder, **told}
    return validate(document, WorkloadMix, context)
