"""What a sweep can tell of a point: names, units, which way is better, and how each follows from the physics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from chipbrief import physics
from chipbrief.evaluate import Service
from chipbrief.finance import usd_per_mtok
from chipbrief.physics import Num

__all__ = ["DEFAULT_METRICS", "METRICS", "Metric", "Operating"]


@dataclass(frozen=True, kw_only=True)
class Operating:
    """A deployment at some points: shapes (requests, batches, 1) for speed and (1, 1, terms) for money.

    Attributes:
        service: the replica's times (E3 to E7).
        input_tokens: prompt, cached tokens included [tokens].
        output_tokens: answer [tokens].
        chips: chips of the replica [1].
        systems: systems' worth of chips of the replica [1].
        batch_limit: sequences that fit (E5b) [1].
        usd_h: one replica for an hour (C1, C4); NaN in a lane that is not offered [USD/h].
        utilisation: delivered over capacity [1].
        power_w: IT power of one replica at full load [W].
        pue: power at the meter over IT power [1].
    """

    service: Service
    input_tokens: Num
    output_tokens: Num
    chips: float
    systems: float
    batch_limit: Num
    usd_h: Num
    utilisation: Num
    power_w: Num
    pue: Num

    @cached_property
    def tok_s(self) -> Num:
        """Output tokens of the full replica [tok/s]."""
        return self.service.requests_s * self.output_tokens


@dataclass(frozen=True, slots=True)
class Metric:
    """A column of numbers.

    Attributes:
        name: of the column.
        unit: of the column.
        dimension: that limits on it are read in.
        less_is_better: whether less of it is better.
        errs_as: what the model's error of it is that of: tpot, ttft, a rate (the inverse of TPOT), e2e, or nothing.
        meaning: in a few words.
        of: the formula.
    """

    name: str
    unit: str
    dimension: str
    less_is_better: bool
    errs_as: Literal["tpot", "ttft", "rate", "e2e", ""]
    meaning: str
    of: Callable[[Operating], Num]


def _e2e_s(at: Operating) -> Num:
    return at.service.ttft_s + at.service.tpot_s * np.maximum(at.output_tokens - 1.0, 0.0)


def _usd_mtok(at: Operating) -> Num:
    both_classes = at.tok_s * (at.input_tokens + at.output_tokens) / at.output_tokens
    return usd_per_mtok(at.usd_h, both_classes, at.utilisation)


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "ttft_s",
            "s",
            "time",
            True,
            "ttft",
            "time to the first token: the pass in progress, the prompts before it, the prompt (E4, E5)",
            lambda at: at.service.ttft_s,
        ),
        Metric("tpot_s", "s", "time", True, "tpot", "time per output token (E5)", lambda at: at.service.tpot_s),
        Metric("e2e_s", "s", "time", True, "e2e", "TTFT + TPOT (output - 1)", _e2e_s),
        Metric(
            "tok_s_user", "tok/s", "speed", False, "rate", "interactivity, 1/TPOT", lambda at: 1.0 / at.service.tpot_s
        ),
        Metric("tok_s_replica", "tok/s", "speed", False, "rate", "output tokens of one replica", lambda at: at.tok_s),
        Metric("tok_s_chip", "tok/s", "speed", False, "rate", "output tokens a chip", lambda at: at.tok_s / at.chips),
        Metric(
            "tok_s_system", "tok/s", "speed", False, "rate", "output tokens a system", lambda at: at.tok_s / at.systems
        ),
        Metric(
            "tok_s_mw",
            "tok/s/MW",
            "count",
            False,
            "rate",
            "output tokens per MW at the meter, IT power at full load x PUE (E9)",
            lambda at: at.tok_s / (at.power_w * at.pue) * 1e6,
        ),
        Metric(
            "requests_s",
            "1/s",
            "count",
            False,
            "rate",
            "requests that one full replica ends in a second (E5)",
            lambda at: at.service.requests_s,
        ),
        Metric(
            "usd_mtok",
            "USD/Mtok",
            "usd_per_mtok",
            True,
            "tpot",
            "dollars per million input and output tokens, at the utilisation (C2)",
            _usd_mtok,
        ),
        Metric(
            "usd_mtok_output",
            "USD/Mtok",
            "usd_per_mtok",
            True,
            "tpot",
            "the same dollars per million output tokens alone (C2)",
            lambda at: usd_per_mtok(at.usd_h, at.tok_s, at.utilisation),
        ),
        Metric("usd_h", "USD/h", "usd_per_hour", True, "", "one replica for an hour (C1, C4)", lambda at: at.usd_h),
        Metric(
            "joules_per_token",
            "J",
            "count",
            True,
            "tpot",
            "IT energy of an output token at full load (E9)",
            lambda at: physics.joules_per_token(at.power_w, at.tok_s),
        ),
        Metric(
            "batch_limit",
            "1",
            "count",
            False,
            "",
            "sequences whose KV cache fits (E5b)",
            lambda at: at.batch_limit,
        ),
    )
}
DEFAULT_METRICS = (
    "ttft_s",
    "tpot_s",
    "tok_s_user",
    "tok_s_replica",
    "tok_s_chip",
    "usd_mtok",
    "joules_per_token",
)
