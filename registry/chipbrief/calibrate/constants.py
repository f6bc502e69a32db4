"""The constants that measurements determine: where each starts, how far it may go, and how firmly it is held.

Starts and bounds are physical judgement, not figures of a machine: shares between what badly and well tuned kernels
reach, latencies between a kernel launch and what a Python host loop costs. Every constant is fitted as its logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CONSTANTS", "Assumption", "Constant", "Unit", "assumptions", "of_memory"]

Unit = Literal["share", "ratio", "time", "count"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A fitted constant of a profile.

    Attributes:
        path: where it stands in the profile.
        unit: how it is written.
        start: where the fit starts, and what it falls back to where no measurement speaks [SI].
        low: lower bound [SI].
        high: upper bound [SI].
        memory: the kinds of machine that have it.
    """

    path: str
    unit: Unit
    start: float
    low: float
    high: float
    memory: tuple[str, ...] = ("hbm",)


@dataclass(frozen=True, slots=True)
class Assumption:
    """A constant that the points do not determine, written into the calibration with the range it may have."""

    path: str
    unit: Unit
    value: float
    low: float
    high: float
    note: str


CONSTANTS: tuple[Constant, ...] = (
    Constant("efficiency.weights", "share", 0.85, 0.60, 0.93),
    Constant("efficiency.kv", "share", 0.70, 0.35, 0.93),
    Constant("efficiency.decode", "share", 0.55, 0.20, 0.85),
    Constant("efficiency.prefill", "share", 0.60, 0.25, 0.85),
    Constant("efficiency.attention", "share", 0.35, 0.15, 0.70),
    Constant("efficiency.experts", "share", 0.60, 0.20, 1.00),
    Constant("efficiency.collectives", "share", 0.80, 0.30, 1.00),
    Constant("latency.layer", "time", 25e-6, 3e-6, 60e-6),
    Constant("latency.layer_spread", "time", 15e-6, 0.3e-6, 60e-6),
    Constant("latency.expert_layer", "time", 10e-6, 0.1e-6, 60e-6, ("hbm", "sram")),
    Constant("latency.chained_layer", "time", 10e-6, 0.1e-6, 60e-6),
    Constant("latency.sequence", "time", 3e-6, 0.1e-6, 30e-6),
    Constant("latency.prefill_pass", "time", 100e-6, 10e-6, 500e-6),
    Constant("latency.prefill_expert_pass", "time", 300e-6, 1e-6, 2e-3),
    Constant("latency.prefill_chained_pass", "time", 800e-6, 1e-6, 4e-3),
    Constant("latency.host", "time", 20e-3, 3e-3, 100e-3),
    Constant("scheduling.overlap", "ratio", 3.0, 1.2, 8.0),
    Constant("scheduling.imbalance", "ratio", 1.2, 1.0, 2.0),
    Constant("scheduling.stall", "share", 0.70, 0.20, 1.00),
    Constant("scheduling.stall_in_waves", "share", 0.70, 0.20, 1.00),
    Constant("scheduling.prompt_wait", "share", 0.15, 0.01, 1.00),
    Constant("scheduling.prompt_wait_in_waves", "share", 0.35, 0.01, 1.00),
    Constant("scheduling.pass_share", "share", 0.50, 0.02, 1.00),
    Constant("scheduling.load_at_slo", "share", 0.90, 0.60, 1.00),
    Constant("latency.layer", "time", 20e-6, 1e-6, 80e-6, ("sram",)),
    Constant("latency.layer_per_hidden", "time", 1e-9, 0.01e-9, 6e-9, ("sram",)),
)

_SCHEDULING = (
    Assumption("latency.prefill_chunk", "count", 8192, 2048, 16384, "tokens that an engine schedules in one pass"),
    Assumption("scheduling.tpot_tail", "ratio", 1.05, 1.0, 1.3, "99th percentile of TPOT over its mean"),
)
_SPECULATION = (
    Assumption("speculation.draft_tokens", "count", 3, 1, 7, "tokens that multi-token-prediction heads draft a step"),
    Assumption("speculation.acceptance", "share", 0.70, 0.50, 0.90, "DeepSeek-V3 reports 85 to 90 % for the first"),
    Assumption("speculation.draft_step", "share", 0.04, 0.01, 0.15, "time of a draft token over a step of the model"),
)


def of_memory(kind: str) -> list[Constant]:
    """The fitted constants of a kind of machine, by what holds its weights."""
    return [constant for constant in CONSTANTS if kind in constant.memory]


def assumptions(kind: str) -> list[Assumption]:
    """What the calibration of a kind of machine states without fitting it."""
    return [*(_SCHEDULING if kind == "hbm" else ()), *_SPECULATION]
