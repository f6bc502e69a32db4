"""Machines that read weights and KV cache from HBM at every step: E1 to E5b."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from chipbrief import physics
from chipbrief.architecture import Architecture, Precision
from chipbrief.errors import Refusal
from chipbrief.figures import value_or
from chipbrief.hardware.contract import uses
from chipbrief.hardware.deployment import Deployment, Pool
from chipbrief.hardware.profile import HardwareProfile
from chipbrief.hardware.shared.chip import ChipCompute, ChipMemory
from chipbrief.hardware.shared.fitting import check_formats, does_not_fit
from chipbrief.hardware.shared.links import ChipLinks
from chipbrief.physics import Num

__all__ = ["BLOCKING_FIGURES", "DECODE_FIGURES", "PREFILL_FIGURES", "HbmBandwidth", "HbmThroughput"]

MAX_DOMAINS = 8  # larger replicas are not searched: a pipeline over more systems than this is no deployment in use


@dataclass(frozen=True, kw_only=True)
class HbmBandwidth(ChipMemory):
    """HBM, read at every step; `imbalance` is the busiest chip's expert bytes over the mean."""

    imbalance: Num = 1.0

    @classmethod
    def from_profile(cls, profile: HardwareProfile) -> Self:
        """Read memory, efficiency and imbalance off the profile."""
        common = super().from_profile(profile)
        figure = profile.scheduling.imbalance
        return dataclasses.replace(common, imbalance=figure.value if figure else 1.0)

    @uses("E1")
    def weight_bytes(self, architecture: Architecture, pool: Pool) -> Num:
        """Bytes of the weights on all chips; attention data parallelism stores the attention weights in each group."""
        size = architecture.weight_bytes(pool.precision)
        return size.attention * pool.attention_data + size.dense + size.expert + size.embedding

    @uses("E2", "E5b", calls=["memory_bytes", "weight_bytes"])
    def running_batch_limit(self, architecture: Architecture, pool: Pool, context: Num) -> Num:
        """Sequences whose KV cache fits beside the weights, in each attention group (E5b).

        Chips beyond the KV heads hold copies.
        """
        groups, chips = pool.attention_data, pool.attention_tensor
        memory, weights = self.memory_bytes(pool) / groups, self.weight_bytes(architecture, pool) / groups
        cache = architecture.kv_bytes(context, pool.precision, chips) * chips
        return groups * physics.running_batch_limit(memory, weights, cache)

    @uses("E1", "E2", figures=["memory.bandwidth", "efficiency.weights", "efficiency.kv", "scheduling.imbalance"])
    def read_s(self, architecture: Architecture, pool: Pool, batch: Num, context: Num, tokens_each: Num = 1.0) -> Num:
        """Seconds to read what one decode step touches: (W/e_w + K B/n_kv /e_kv)/BW.

        Several tokens a sequence (E7) touch more experts and the same cache.
        """
        a_group = architecture.kv_read_bytes(context, pool.precision, pool.attention_tensor)
        cache = a_group * np.maximum(batch / pool.attention_data, 1.0)
        weights = self.weights_s(architecture, pool, batch * tokens_each)
        return weights + cache / (self.kv_efficiency * self.bandwidth_bytes_s)

    @uses("E1", figures=["memory.bandwidth", "efficiency.weights", "scheduling.imbalance"])
    def weights_s(self, architecture: Architecture, pool: Pool, tokens: Num) -> Num:
        """Seconds to read the weights that some tokens touch in one pass: W/e_w/BW."""
        size = architecture.weight_bytes(pool.precision)
        touched = architecture.expert_coverage(tokens)
        busiest = np.minimum(touched * (self.imbalance if pool.tensor > 1 else 1.0), 1.0)
        read = physics.weights_read_bytes(
            size.attention,
            size.dense,
            size.expert,
            attention_tensor=pool.attention_tensor,
            tensor=pool.tensor,
            chips=pool.tensor,
            coverage=busiest,
        )
        return read / (self.weight_efficiency * self.bandwidth_bytes_s)


DECODE_FIGURES = (
    "memory.bandwidth",
    "efficiency.weights",
    "efficiency.kv",
    "efficiency.decode",
    "efficiency.experts",
    "efficiency.collectives",
    "compute.dense.*",
    "latency.layer",
    "latency.layer_spread",
    "latency.expert_layer",
    "latency.chained_layer",
    "latency.sequence",
    "scheduling.overlap",
    "scheduling.imbalance",
    "interconnect.chip",
    "interconnect.domain",
)
_COMPUTE_FIGURES = (
    "efficiency.prefill",
    "efficiency.attention",
    "efficiency.experts",
    "efficiency.collectives",
    "compute.dense.*",
    "interconnect.chip",
    "interconnect.domain",
)
_PASS_FIGURES = (
    "latency.prefill_pass",
    "latency.prefill_expert_pass",
    "latency.prefill_chained_pass",
    "latency.prefill_chunk",
)
PREFILL_FIGURES = (
    *_COMPUTE_FIGURES,
    *_PASS_FIGURES,
    "memory.bandwidth",
    "efficiency.weights",
    "scheduling.imbalance",
    "scheduling.overlap",
    "latency.host",
)
BLOCKING_FIGURES = (*_COMPUTE_FIGURES, *_PASS_FIGURES, "scheduling.pass_share")


@dataclass(frozen=True, kw_only=True)
class HbmThroughput:
    """Compute, latencies [s] and links [bytes/s] of a chip in its scale-up domain."""

    profile: HardwareProfile
    memory: HbmBandwidth
    compute: ChipCompute
    links: ChipLinks
    layer_s: Num
    layer_spread_s: Num
    expert_layer_s: Num
    chained_layer_s: Num
    sequence_s: Num
    overlap: Num
    prefill_pass_s: Num
    prefill_expert_pass_s: Num
    prefill_chained_pass_s: Num
    prefill_chunk: Num
    pass_share: Num
    host_s: Num

    @classmethod
    def from_profile(cls, profile: HardwareProfile, bandwidth: HbmBandwidth) -> Self:
        """Read the numbers off the profile; the loader has made sure that they are there."""
        latency, scheduling = profile.latency, profile.scheduling
        assert latency.layer_spread and latency.sequence
        return cls(
            profile=profile,
            memory=bandwidth,
            compute=ChipCompute.from_profile(profile),
            links=ChipLinks.from_profile(profile),
            layer_s=latency.layer.value,
            layer_spread_s=latency.layer_spread.value,
            expert_layer_s=value_or(latency.expert_layer, 0.0),
            chained_layer_s=value_or(latency.chained_layer, 0.0),
            sequence_s=latency.sequence.value,
            overlap=value_or(scheduling.overlap, np.inf),
            prefill_pass_s=latency.prefill_pass.value,
            prefill_expert_pass_s=value_or(latency.prefill_expert_pass, 0.0),
            prefill_chained_pass_s=value_or(latency.prefill_chained_pass, 0.0),
            prefill_chunk=latency.prefill_chunk.value,
            pass_share=value_or(scheduling.pass_share, 1.0),
            host_s=latency.host.value,
        )

    # -- shapes ----------------------------------------------------------------------------------------------

    def pools(self, architecture: Architecture, precision: Precision, chips: int) -> Sequence[Pool]:
        """Shapes in which so many chips hold one copy: tensor parallel in a domain, a pipeline over several domains.

        Models with experts come with and without sharing the attention weights between the chips of a stage.

        Raises:
            Refusal: the interconnect cannot hold so many chips in stages of one size.
        """
        check_formats(self.profile, precision)
        domain = self.links.domain
        stages = math.ceil(chips / domain)
        if chips % stages:
            raise Refusal(
                f"{chips} x {self.profile.chip} make no equal pipeline stages: "
                f"a scale-up domain has {domain} chip{'s' if domain > 1 else ''}"
            )
        tensor = chips // stages
        groups = sorted({1, tensor}) if architecture.experts else [1]
        return [self.pool(architecture, precision, tensor=tensor, stages=stages, groups=g) for g in groups]

    def pool(
        self, architecture: Architecture, precision: Precision, *, tensor: int, stages: int = 1, groups: int = 1
    ) -> Pool:
        """One shape by its degrees; raises Refusal where the interconnect cannot hold it."""
        if tensor > self.links.domain:
            raise Refusal(
                f"TP{tensor} spans more than the {self.links.domain} x {self.profile.chip} of a scale-up domain"
            )
        return Pool(
            hardware=self.profile.id,
            chips=tensor * stages,
            tensor=tensor,
            pipeline=stages,
            expert=tensor if architecture.experts else 1,
            attention_data=groups,
            precision=precision,
        )

    def deployments(self, architecture: Architecture, precision: Precision, context: float) -> Sequence[Deployment]:
        """Tensor parallel inside one scale-up domain; a pipeline over the fewest domains that hold what one cannot."""
        domain = self.links.domain
        for stages in range(1, MAX_DOMAINS + 1):
            sizes = [2**i for i in range(domain.bit_length())] if stages == 1 else [domain * stages]
            pools = [p for n in sizes for p in self.pools(architecture, precision, n)]
            fitting = [p for p in pools if self._holds_one(architecture, p, context)]
            if fitting:
                return [Deployment.aggregated(pool) for pool in fitting]
        memory = float(np.max(self.memory.memory_bytes(pools[-1])))
        raise does_not_fit(self.profile, architecture, precision, context, pools[-1].chips, memory)

    def _holds_one(self, architecture: Architecture, pool: Pool, context: float) -> bool:
        return bool(np.max(self.memory.running_batch_limit(architecture, pool, context)) >= 1)

    @uses("E5b", figures=["memory.capacity", "memory.usable"])
    def running_batch_limit(self, architecture: Architecture, deployment: Deployment, context: Num) -> Num:
        """Sequences that may run together: what the KV cache leaves room for."""
        return self.memory.running_batch_limit(architecture, deployment.decode, context)

    # -- time ------------------------------------------------------------------------------------------------

    @uses("E1", "E2", "E3", "E11", figures=DECODE_FIGURES)
    def decode_step_s(
        self, architecture: Architecture, deployment: Deployment, batch: Num, context: Num, tokens_each: Num = 1.0
    ) -> Num:
        """One step of the whole batch (E3). A pipeline keeps as many micro-batches in flight as it has stages.

        `tokens_each` tokens of every sequence are computed together, as when a draft is verified (E7).
        """
        pool = deployment.decode
        micro_batch = np.maximum(np.asarray(batch, dtype=float) / pool.pipeline, 1.0)
        tokens = micro_batch * tokens_each
        return physics.decode_step_s(
            memory_s=self.memory.read_s(architecture, pool, micro_batch, context, tokens_each),
            compute_s=self.compute.decode_s(architecture, pool, pool.tensor, tokens, context),
            latency_s=physics.layers_latency_s(
                physics.layer_floor_s(pool.tensor, single_s=self.layer_s, spread_s=self.layer_spread_s),
                layers=architecture.layers,
                expert_layer_s=self.expert_layer_s,
                expert_layers=architecture.expert_layers,
                chained_layer_s=self.chained_layer_s,
                chained_layers=architecture.chained_layers,
            ),
            collective_s=self.links.step_s(architecture, pool, tokens),
            batch=batch,
            sequence_s=self.sequence_s,
            sharpness=self.overlap,
        )

    @uses(
        "E4",
        "E11",
        figures=PREFILL_FIGURES,
    )
    def prefill_s(self, architecture: Architecture, deployment: Deployment, new_tokens: Num, cached_tokens: Num) -> Num:
        """One prompt alone (E4); the stages of a pipeline work on it one after another."""
        pool = deployment.prefill
        return physics.prefill_s(
            compute_s=self._prompt_compute_s(architecture, pool, new_tokens, cached_tokens, pool.attention_tensor),
            weights_s=self.memory.weights_s(architecture, pool, new_tokens),
            passes=physics.passes_a_prompt(new_tokens, chunk=self.prefill_chunk),
            pass_s=self._pass_s(architecture),
            host_s=self.host_s,
            sharpness=self.overlap,
        )

    @uses("E4", "E5", "E11", figures=BLOCKING_FIGURES)
    def prefill_blocking_s(
        self,
        architecture: Architecture,
        deployment: Deployment,
        new_tokens: Num,
        cached_tokens: Num,
        together: Num = 1.0,
    ) -> Num:
        """A prefill slows the decode steps of its stage; the other stages of a pipeline go on."""
        pool = deployment.prefill
        blocking = physics.prefill_blocking_s(
            compute_s=self._prompt_compute_s(architecture, pool, new_tokens, cached_tokens, pool.tensor),
            passes=physics.passes_a_prompt(new_tokens, chunk=self.prefill_chunk, together=together),
            pass_s=self._pass_s(architecture),
            pass_share=self.pass_share,
        )
        return blocking / pool.pipeline

    def _prompt_compute_s(
        self, architecture: Architecture, pool: Pool, new_tokens: Num, cached_tokens: Num, attending: int
    ) -> Num:
        """Linear layers, attention and collectives of a prompt.

        A prompt alone has its attention on the chips of its group; of many, each group has its own.
        """
        computing = self.compute.prefill_s(architecture, pool, pool.tensor, new_tokens, cached_tokens, attending)
        return computing + self.links.step_s(architecture, pool, new_tokens, groups=attending // pool.attention_tensor)

    def _pass_s(self, architecture: Architecture) -> Num:
        return physics.layers_latency_s(
            self.prefill_pass_s,
            layers=architecture.layers,
            expert_layer_s=self.prefill_expert_pass_s,
            expert_layers=architecture.expert_layers,
            chained_layer_s=self.prefill_chained_pass_s,
            chained_layers=architecture.chained_layers,
        )
