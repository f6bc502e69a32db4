"""How many requests arrive, and how fast they must be served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from pydantic import field_validator, model_validator

from chipbrief.config import Count, Fraction, Ratio, Seconds, Strict, Whole
from chipbrief.workload.supply import checked_month

__all__ = ["Arrival", "Demand", "Horizon", "ServiceLevels", "Shape"]


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

    @field_validator("attainment")
    @classmethod
    def _percentile(cls, share: float) -> float:
        if share != 0.95:
            raise ValueError(f"only 95 % is computed, at the 95th percentile; got {share:.4g}")
        return share

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


class Horizon(Strict):
    """The time the plan covers; demand grows by the factor `growth_per_year`."""

    start: str
    months: Whole = 12
    growth_per_year: Ratio = 1.0

    @field_validator("start")
    @classmethod
    def _month(cls, start: str) -> str:
        return checked_month(start)

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
