"""How many requests arrive, and how fast they must be served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from pydantic import field_validator, model_validator

from chipbrief.config import Count, Fraction, Ratio, Seconds, Strict

__all__ = ["HOURS", "Arrival", "Demand", "ServiceLevels", "Shape"]

HOURS = 24


class Arrival(Strict):
    """How many requests arrive: a day, as tokens a day (input and output), or as requests in flight.

    `peak_to_mean` is the busiest hour over the mean hour, `burst` the busiest minute over its hour. `hourly` is the
    shape of the day, from midnight UTC: 24 loads, each in proportion to the others. Where both are given the shape is
    stretched about its mean until its highest hour is `peak_to_mean`.
    """

    requests_per_day: Count | None = None
    tokens_per_day: Count | None = None
    concurrent_users: Count | None = None
    think_time: Seconds = 0.0
    peak_to_mean: Ratio = 1.5
    burst: Ratio = 2.0
    hourly: tuple[Count, ...] | None = None

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

    @field_validator("hourly")
    @classmethod
    def _a_day(cls, loads: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if loads is not None and (len(loads) != HOURS or not any(loads)):
            raise ValueError(f"expected {HOURS} loads, got {len(loads) if len(loads) != HOURS else 'only zeros'}")
        return loads

    @model_validator(mode="after")
    def _stretches(self) -> Self:
        given = "peak_to_mean" in self.model_fields_set
        if self.hourly and given and self.peak_to_mean > 1 and max(self.hourly) == min(self.hourly):
            raise ValueError(f"a flat day has no hour of {self.peak_to_mean:g} times the mean; leave peak_to_mean out")
        return self

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        given = [n for n in ("requests_per_day", "tokens_per_day", "concurrent_users") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of requests_per_day, tokens_per_day and concurrent_users")
        return self

    @property
    def busiest_hour(self) -> float:
        """The busiest hour over the mean one: as given, else that of the day's shape, else the default."""
        given = "peak_to_mean" in self.model_fields_set or self.hourly is None
        return self.peak_to_mean if given else max(self.hourly or ()) * HOURS / sum(self.hourly or ())

    @property
    def hours(self) -> tuple[float, ...] | None:
        """Load of each hour over the mean hour's; None where the mix does not tell the day's shape."""
        if self.hourly is None:
            return None
        mean = sum(self.hourly) / HOURS
        over = [load / mean - 1.0 for load in self.hourly]
        stretch = (self.busiest_hour - 1.0) / max(over) if max(over) > 0 else 0.0
        return tuple(max(1.0 + stretch * above, 0.0) for above in over)


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
    """Arrivals of a class.

    Attributes:
        mean_requests_s: requests/s on average, or None where they are counted in flight.
        mean_in_flight: requests in flight on average, or None.
        peak_factor: the load that must be carried over the mean one [1].
        think_time_s: of a user, between an answer and the next request [s].
        hours: what must be carried in each hour of the day over that of the busiest [1]; None where the day's shape is
            not known, or where the load is the same all day.
    """

    mean_requests_s: float | None
    mean_in_flight: float | None
    peak_factor: float
    think_time_s: float
    hours: tuple[float, ...] | None = None
