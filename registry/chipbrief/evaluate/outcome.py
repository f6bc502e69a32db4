"""What became of one class on one system: an operating point with its cost, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chipbrief.hardware import Deployment, Trail
from chipbrief.physics import Array

__all__ = ["Interval", "LaneCost", "Outcome", "OutcomeMetric", "Status"]

Status = Literal["meets", "misses", "refused"]
OutcomeMetric = Literal[
    "batch",
    "ttft_p50_s",
    "ttft_p95_s",
    "tpot_s",
    "tpot_p95_s",
    "e2e_p50_s",
    "e2e_p95_s",
    "tok_s_user",
    "tok_s_replica",
    "tok_s_system",
    "tok_s_chip",
    "requests_s",
    "replicas",
    "chips",
    "systems",
    "utilisation",
    "power_w",
    "joules_per_token",
    "batch_at_capacity",
    "tok_s_user_at_capacity",
    "usd_mtok_capacity",
]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 80 % interval from the Figures' ranges."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LaneCost:
    """What serving a class costs in one lane.

    Attributes:
        lane: own, a rental lane, or api.
        usd_month: the class's cost of a month [USD].
        usd_mtok: blended over input and output tokens delivered [USD/Mtok].
        usd_mtok_input: a million new input tokens [USD/Mtok].
        usd_mtok_cached: a million cached input tokens [USD/Mtok].
        usd_mtok_output: a million output tokens [USD/Mtok].
        trail: what the price stands on.
        note: provider of an API.
    """

    lane: str
    usd_month: Interval
    usd_mtok: Interval
    usd_mtok_input: float | None
    usd_mtok_cached: float | None
    usd_mtok_output: float | None
    trail: Trail
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One class on one system. `draws` are the samples behind the intervals, for sums over classes."""

    class_id: str
    hardware: str
    model: str
    status: Status
    reason: str = ""
    deployment: Deployment | None = None
    metrics: Mapping[OutcomeMetric, Interval] = field(default_factory=dict)
    lanes: tuple[LaneCost, ...] = ()
    trail: Trail = field(default_factory=Trail)
    draws: Mapping[str, Array] = field(default_factory=dict, compare=False, repr=False)

    def __getitem__(self, metric: OutcomeMetric) -> Interval:
        """A metric of the operating point."""
        return self.metrics[metric]

    def lane(self, name: str) -> LaneCost | None:
        """The cost in a lane, or None where it is not offered."""
        return next((cost for cost in self.lanes if cost.lane == name), None)
