"""Machines that hold whole layers in SRAM and pass activations on: E6."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from chipbrief import physics
from chipbrief.architecture import Architecture, Precision
from chipbrief.errors import Refusal
from chipbrief.hardware.contract import uses
from chipbrief.hardware.deployment import Deployment, Pool
from chipbrief.hardware.profile import HardwareProfile
from chipbrief.hardware.shared.chip import ACTIVATION_BYTES, ChipCompute, ChipMemory
from chipbrief.hardware.shared.fitting import check_formats, does_not_fit
from chipbrief.physics import Num

__all__ = ["PIPELINE_FIGURES", "SramBandwidth", "SramThroughput"]

GROWTH = (1.0, 1.03, 1.06, 1.125, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)  # over the smallest, for KV room
PIPELINE_FIGURES = (
    "memory.bandwidth",
    "efficiency.weights",
    "efficiency.kv",
    "efficiency.decode",
    "compute.dense.*",
    "latency.layer",
    "latency.layer_per_hidden",
    "latency.expert_layer",
    "latency.hop",
    "interconnect.stage",
)
MAX_CHIPS_PER_LAYER = 64  # a layer spread wider than this is no published deployment


@dataclass(frozen=True, kw_only=True)
class SramBandwidth(ChipMemory):
    """SRAM; its bandwidth is a sum of local ports, so it seldom limits."""

    @uses("E1")
    def weight_bytes(self, architecture: Architecture, pool: Pool) -> Num:
        """Bytes of the weights on all chips; nothing is held twice."""
        return architecture.weight_bytes(pool.precision).total

    @uses("E2", "E6", calls=["memory_bytes", "weight_bytes"])
    def running_batch_limit(self, architecture: Architecture, pool: Pool, context: Num) -> Num:
        """Sequences whose KV cache fits beside the weights: what may be in flight (E6)."""
        cache = architecture.kv_bytes(context, pool.precision)
        return physics.running_batch_limit(self.memory_bytes(pool), self.weight_bytes(architecture, pool), cache)

    @uses("E1", "E2", figures=["memory.bandwidth", "efficiency.weights", "efficiency.kv"])
    def read_s(self, architecture: Architecture, pool: Pool, batch: Num, context: Num, tokens_each: Num = 1.0) -> Num:
        """Seconds that the reads of some tokens of each sequence take, spread evenly over all chips."""
        size = architecture.weight_bytes(pool.precision)
        weights = size.attention + size.dense + size.expert * architecture.expert_coverage(tokens_each)
        cache = architecture.kv_read_bytes(context, pool.precision)
        one = weights / self.weight_efficiency + cache / self.kv_efficiency
        return batch * one / (pool.chips * self.bandwidth_bytes_s)


@dataclass(frozen=True, kw_only=True)
class SramThroughput:
    """Compute, latencies [s] and links [bytes/s] of a pipeline of stages."""

    profile: HardwareProfile
    memory: SramBandwidth
    compute: ChipCompute
    layer_s: Num
    layer_per_hidden_s: Num
    expert_layer_s: Num
    hop_s: Num
    prefill_pass_s: Num
    prefill_chunk: Num
    host_s: Num
    stage_bytes_s: Num
    step: int

    @classmethod
    def from_profile(cls, profile: HardwareProfile, bandwidth: SramBandwidth) -> Self:
        """Read the numbers off the profile; a latency that is left out is part of the layer's."""
        latency, links = profile.latency, profile.interconnect
        step = profile.system.replica_step
        return cls(
            profile=profile,
            memory=bandwidth,
            compute=ChipCompute.from_profile(profile),
            layer_s=latency.layer.value,
            layer_per_hidden_s=latency.layer_per_hidden.value if latency.layer_per_hidden else 0.0,
            expert_layer_s=latency.expert_layer.value if latency.expert_layer else 0.0,
            hop_s=latency.hop.value if latency.hop else 0.0,
            prefill_pass_s=latency.prefill_pass.value,
            prefill_chunk=latency.prefill_chunk.value,
            host_s=latency.host.value,
            stage_bytes_s=links.stage.value if links.stage else math.inf,
            step=int(np.max(step.value)) if step else 1,
        )

    def deployments(self, architecture: Architecture, precision: Precision, context: float) -> Sequence[Deployment]:
        """The fewest chips that hold the weights and one sequence, and larger ones for more sequences in flight."""
        check_formats(self.profile, precision)
        need = architecture.weight_bytes(precision).total + float(architecture.kv_bytes(context, precision))
        one = float(np.min(self.memory.capacity_bytes * self.memory.usable))
        smallest = math.ceil(need / one / self.step) * self.step
        limit = MAX_CHIPS_PER_LAYER * architecture.layers
        if smallest > limit:
            raise does_not_fit(self.profile, architecture, precision, context, limit, limit * one)
        largest = limit // self.step * self.step
        sizes = {min(math.ceil(smallest * g / self.step) * self.step, largest) for g in GROWTH}
        pools = [p for n in sorted(sizes) if n >= smallest for p in self.pools(architecture, precision, n)]
        return [Deployment.aggregated(pool) for pool in pools]

    def pools(self, architecture: Architecture, precision: Precision, chips: int) -> Sequence[Pool]:
        """The pipeline of so many chips: a stage of whole layers on each, or more chips for each layer."""
        check_formats(self.profile, precision)
        if chips > MAX_CHIPS_PER_LAYER * architecture.layers:
            raise Refusal(
                f"{chips:,} x {self.profile.chip} are more than {MAX_CHIPS_PER_LAYER} for each of the "
                f"{architecture.layers} layers of {architecture.id}"
            )
        stages = min(chips, architecture.layers)
        tensor = max(chips // stages, 1)
        pool = Pool(hardware=self.profile.id, chips=chips, tensor=tensor, pipeline=stages, precision=precision)
        return [pool]

    @uses("E6", figures=["memory.capacity", "memory.usable"])
    def running_batch_limit(self, architecture: Architecture, deployment: Deployment, context: Num) -> Num:
        """Sequences that may be in flight: what the KV cache leaves room for (E6)."""
        return self.memory.running_batch_limit(architecture, deployment.decode, context)

    @uses("E2", "E6", figures=PIPELINE_FIGURES)
    def decode_step_s(
        self, architecture: Architecture, deployment: Deployment, batch: Num, context: Num, tokens_each: Num = 1.0
    ) -> Num:
        """Every sequence in flight gains a token: the pipeline's latency, or its slowest stage B times (E6).

        The tokens of a draft pass the stages close behind one another, so that they share the latency (E7).
        """
        pool = deployment.decode
        compute = self.compute.decode_s(architecture, pool, pool.chips, tokens_each, context)
        read = self.memory.read_s(architecture, pool, 1.0, context, tokens_each)
        link = tokens_each * architecture.hidden * ACTIVATION_BYTES / self.stage_bytes_s
        uneven = math.ceil(architecture.layers / pool.pipeline) * pool.pipeline / architecture.layers
        stage = np.maximum(np.maximum(compute, read) * uneven, link)
        return physics.pipeline_step_s(self._token_s(architecture, pool), stage, batch=batch)

    @uses(
        "E4",
        "E6",
        figures=[
            "efficiency.prefill",
            "efficiency.attention",
            "compute.dense.*",
            "latency.layer",
            "latency.layer_per_hidden",
            "latency.expert_layer",
            "latency.hop",
            "latency.prefill_pass",
            "latency.prefill_chunk",
            "latency.host",
            "interconnect.stage",
        ],
    )
    def prefill_s(self, architecture: Architecture, deployment: Deployment, new_tokens: Num, cached_tokens: Num) -> Num:
        """Filling the pipeline once, then the prompt at the pace of all stages together (E4, E6).

        Prompt tokens are taken to stream through the stages one behind another, so that all of them work at once;
        every pass of at most a chunk costs a latency in each layer.
        """
        return (
            self._token_s(architecture, deployment.prefill)
            + self.prefill_blocking_s(architecture, deployment, new_tokens, cached_tokens)
            + physics.passes_a_prompt(new_tokens, chunk=self.prefill_chunk) * architecture.layers * self.prefill_pass_s
            + self.host_s
        )

    @uses(
        "E4",
        "E5",
        figures=["efficiency.prefill", "efficiency.attention", "compute.dense.*"],
    )
    def prefill_blocking_s(
        self,
        architecture: Architecture,
        deployment: Deployment,
        new_tokens: Num,
        cached_tokens: Num,
        together: Num = 1.0,  # noqa: ARG002 # prompts stream through the stages, however many they are
    ) -> Num:
        """The prompt's share of the stages' time, which decode tokens wait for."""
        pool = deployment.prefill
        return self.compute.prefill_s(architecture, pool, pool.chips, new_tokens, cached_tokens)

    def _token_s(self, architecture: Architecture, pool: Pool) -> Num:
        latency = physics.layers_latency_s(
            self.layer_s + self.layer_per_hidden_s * architecture.hidden,
            layers=architecture.layers,
            expert_layer_s=self.expert_layer_s,
            expert_layers=architecture.expert_layers,
        )
        return physics.pipeline_token_s(
            layers=architecture.layers,
            layer_s=latency / architecture.layers,
            stages=float(pool.pipeline),
            hop_s=self.hop_s,
            activation_bytes=architecture.hidden * ACTIVATION_BYTES,
            link_bytes_s=self.stage_bytes_s,
        )
