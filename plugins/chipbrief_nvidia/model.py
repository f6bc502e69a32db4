"""Groq 3 LPX: LPUs that make tokens beside the Rubin GPUs that run the prompts, a deployment over two systems.

NVIDIA shows three ways to share the work. Two are modelled: the whole decode on the LPUs, with the cache in their SRAM
(E6, E10); or every layer split, attention and cache on the GPUs and the feed-forward part on the LPUs (E12). A draft
model on the LPUs is the third.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from chipbrief.architecture import Architecture, Precision
from chipbrief.errors import InputError, Problem, Refusal
from chipbrief.hardware import (
    Deployment,
    HardwareProfile,
    HbmBandwidth,
    HbmThroughput,
    Pool,
    SramBandwidth,
    SramThroughput,
    uses,
)
from chipbrief.hardware.shared.chip import ACTIVATION_BYTES
from chipbrief.hardware.shared.fitting import check_formats, does_not_fit
from chipbrief.hardware.shared.hbm import BLOCKING_FIGURES, DECODE_FIGURES, PREFILL_FIGURES
from chipbrief.hardware.shared.sram import PIPELINE_FIGURES
from chipbrief.physics import Num, split_step_s

__all__ = ["LpxThroughput"]

MOST_RACKS = 9  # 1,152 GB of SRAM, the furthest that the slides of August 2026 reach
GROWTH = (1.0, 1.25, 1.5, 2.0, 3.0, 4.0)  # LPUs over the fewest, for the cache of more sequences


NOT_ATTENTION = {"efficiency.experts", "latency.expert_layer", "scheduling.imbalance", "interconnect.domain"}


def _partner(figures: Iterable[str], but: Collection[str] = ()) -> list[str]:
    """Figures of the GPUs; weights that LPUs hold too are in eight or sixteen bits."""
    peaks = ("compute.dense.fp8", "compute.dense.bf16")
    kept = [name for name in figures if name not in but]
    return [f"partner.{name}" for path in kept for name in (peaks if path == "compute.dense.*" else (path,))]


@dataclass(frozen=True, kw_only=True)
class LpxThroughput(SramThroughput):
    """LPUs, the GPUs beside them, and what crosses between the two [s, bytes/s]."""

    gpus: HbmThroughput
    attending: HbmThroughput
    exchange_s: Num
    exchange_bytes_s: Num

    @classmethod
    def from_profile(cls, profile: HardwareProfile, bandwidth: SramBandwidth) -> Self:
        """Read the numbers off both profiles."""
        partner, latency, link = profile.partner, profile.latency, profile.interconnect.scale_out
        if not (partner and latency.exchange and latency.attention_share and link):
            needed = "partner, latency.exchange, latency.attention_share and interconnect.scale_out"
            raise InputError([Problem(f"a system whose layers are split needs {needed}", field=profile.id)])
        gpus = HbmThroughput.from_profile(partner, HbmBandwidth.from_profile(partner))
        share = latency.attention_share.value
        lpus = SramThroughput.from_profile(profile, bandwidth)
        return cls(
            **{field.name: getattr(lpus, field.name) for field in dataclasses.fields(SramThroughput)},
            gpus=gpus,
            attending=dataclasses.replace(
                gpus, layer_s=share * gpus.layer_s, layer_spread_s=share * gpus.layer_spread_s
            ),
            exchange_s=latency.exchange.value,
            exchange_bytes_s=link.value,
        )

    # -- shapes ----------------------------------------------------------------------------------------------

    def deployments(self, architecture: Architecture, precision: Precision, context: float) -> Sequence[Deployment]:
        """GPUs that hold the whole model for its prompts, beside LPUs that hold the weights or the feed-forward part.

        Raises:
            Refusal: the GPUs or nine racks of LPUs do not hold it; with the arithmetic.
        """
        check_formats(self.profile, precision)
        prompts = [deployment.prefill for deployment in self.gpus.deployments(architecture, precision, context)]
        halves = [
            Deployment(pool, lpus, split_layers=True)
            for lpus in self._feeding(architecture, precision)
            for pool in prompts
        ]
        try:
            whole = [
                Deployment(pool, deployment.decode)
                for deployment in super().deployments(architecture, precision, context)
                if deployment.decode.chips <= self._most
                for pool in prompts
            ]
        except Refusal:
            whole = []
        if not halves and not whole:
            raise does_not_fit(
                self.profile, architecture, precision, context, self._most, self._most * self._a_chip_bytes
            )
        return sorted([*whole, *halves], key=lambda deployment: deployment.chips)

    @property
    def _most(self) -> int:
        return MOST_RACKS * self.profile.chips

    @property
    def _a_chip_bytes(self) -> float:
        return float(np.min(self.memory.capacity_bytes * self.memory.usable))

    def _feeding(self, architecture: Architecture, precision: Precision) -> list[Pool]:
        """Pools of LPUs that hold the feed-forward part, every layer of it spread over all of them; smallest first."""
        size = architecture.weight_bytes(precision)
        need = size.dense + size.expert - architecture.without_feed_forward.weight_bytes(precision).dense
        fewest = math.ceil(need / self._a_chip_bytes / self.step) * self.step
        sizes = sorted({math.ceil(fewest * growth / self.step) * self.step for growth in GROWTH})
        return [
            Pool(hardware=self.profile.id, chips=chips, tensor=chips, precision=precision)
            for chips in sizes
            if chips <= self._most
        ]

    @uses("E5b", "E6", figures=["memory.capacity", "memory.usable", *_partner(["memory.capacity", "memory.usable"])])
    def running_batch_limit(self, architecture: Architecture, deployment: Deployment, context: Num) -> Num:
        """Sequences whose cache fits: beside the weights on the GPUs where layers are split, else in the SRAM."""
        if deployment.split_layers:
            return self.gpus.running_batch_limit(architecture, Deployment.aggregated(deployment.prefill), context)
        return super().running_batch_limit(architecture, deployment, context)

    # -- time ------------------------------------------------------------------------------------------------

    @uses(
        "E2",
        "E3",
        "E6",
        "E12",
        figures=[
            *PIPELINE_FIGURES,
            *_partner(DECODE_FIGURES, but=NOT_ATTENTION),
            "latency.exchange",
            "latency.attention_share",
            "interconnect.scale_out",
        ],
    )
    def decode_step_s(
        self, architecture: Architecture, deployment: Deployment, batch: Num, context: Num, tokens_each: Num = 1.0
    ) -> Num:
        """Every sequence gains a token: on the LPUs alone (E6), or with its layers split (E12)."""
        if not deployment.split_layers:
            return super().decode_step_s(architecture, deployment, batch, context, tokens_each)
        pool = deployment.prefill
        tokens = np.asarray(batch, dtype=float) * tokens_each
        return split_step_s(
            attention_s=self.attending.decode_step_s(
                architecture.without_feed_forward, Deployment.aggregated(pool), batch, context, tokens_each
            ),
            feed_forward_s=self._feed_forward_s(architecture, deployment.decode, tokens),
            layers=architecture.layers,
            exchange_s=self.exchange_s,
            payload_bytes=tokens * architecture.hidden * ACTIVATION_BYTES,
            link_bytes_s=self.exchange_bytes_s * min(pool.chips, deployment.decode.chips),
        )

    def _feed_forward_s(self, architecture: Architecture, pool: Pool, tokens: Num) -> Num:
        """All layers' feed-forward part on all LPUs: latency, and the slower of reading and computing."""
        rest = architecture.without_feed_forward
        size, kept = architecture.weight_bytes(pool.precision), rest.weight_bytes(pool.precision)
        touched = size.dense - kept.dense + size.expert * architecture.expert_coverage(tokens)
        read = touched / (pool.chips * self.memory.bandwidth_bytes_s * self.memory.weight_efficiency)
        compute = self.compute.decode_s(architecture, pool, pool.chips, tokens, 0.0) - self.compute.decode_s(
            rest, pool, pool.chips, tokens, 0.0
        )
        layers = architecture.layers * (self.layer_s + self.layer_per_hidden_s * architecture.hidden)
        return layers + architecture.expert_layers * self.expert_layer_s + np.maximum(read, compute)

    @uses("E4", figures=_partner(PREFILL_FIGURES))
    def prefill_s(self, architecture: Architecture, deployment: Deployment, new_tokens: Num, cached_tokens: Num) -> Num:
        """A prompt alone, on the GPUs (E4)."""
        return self.gpus.prefill_s(architecture, Deployment.aggregated(deployment.prefill), new_tokens, cached_tokens)

    @uses("E4", "E5", figures=_partner(BLOCKING_FIGURES))
    def prefill_blocking_s(
        self,
        architecture: Architecture,
        deployment: Deployment,
        new_tokens: Num,
        cached_tokens: Num,
        together: Num = 1.0,
    ) -> Num:
        """The GPUs' time that a prompt takes, from the attention of others where layers are split (E5)."""
        prompts = Deployment.aggregated(deployment.prefill)
        return self.gpus.prefill_blocking_s(architecture, prompts, new_tokens, cached_tokens, together)
