"""Machines that read weights and KV cache from HBM at every step: E1 to E5b."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from chipbrief import physics
from chipbrief.architecture import Architecture, Precision
from chipbrief.hardware.contract import uses
from chipbrief.hardware.deployment import Deployment, Pool
from chipbrief.hardware.profile import HardwareProfile
from chipbrief.hardware.shared.chip import ACTIVATION_BYTES, ChipCompute, ChipMemory
from chipbrief.hardware.shared.fitting import check_formats, does_not_fit
from chipbrief.physics import Num

__all__ = ["HbmBandwidth", "HbmThroughput"]

MAX_DOMAINS = 8  # larger replicas are not searched: a pipeline over more systems than this is no deployment in use


@dataclass(frozen=True, kw_only=True)
class HbmBandwidth(ChipMemory):
    """HBM, read at every step."""

    @uses("E1")
    def weight_bytes(self, architecture: Architecture, pool: Pool) -> Num:
        """Bytes of the weights on all chips; attention data parallelism stores the attention weights in each group."""
        size = architecture.weight_bytes(pool.precision)
        return size.attention * pool.attention_data + size.dense + size.expert + size.embedding

    @uses("E2", "E5b", calls=["memory_bytes", "weight_bytes"])
    def running_batch_limit(self, architecture: Architecture, pool: Pool, context: Num) -> Num:
        """Sequences whose KV cache fits beside the weights (E5b); chips beyond the KV heads hold copies."""
        stage_chips = pool.chips / pool.pipeline
        copies = stage_chips / _kv_chips(architecture, pool)
        cache = architecture.kv_bytes(context, pool.precision) * copies
        return physics.running_batch_limit(self.memory_bytes(pool), self.weight_bytes(architecture, pool), cache)

    @uses("E1", "E2", figures=["memory.bandwidth", "efficiency.weights", "efficiency.kv"])
    def read_s(self, architecture: Architecture, pool: Pool, batch: Num, context: Num) -> Num:
        """Seconds to read what one decode step touches: (W/e_w + K B/n_kv /e_kv)/BW."""
        cache = architecture.kv_bytes(context, pool.precision) * batch / _kv_chips(architecture, pool)
        return self.weights_s(architecture, pool, batch) + cache / (self.kv_efficiency * self.bandwidth_bytes_s)

    @uses("E1", figures=["memory.bandwidth", "efficiency.weights"])
    def weights_s(self, architecture: Architecture, pool: Pool, tokens: Num) -> Num:
        """Seconds to read the weights that some tokens touch in one pass: W/e_w/BW."""
        size = architecture.weight_bytes(pool.precision)
        read = physics.weights_read_bytes(
            size.attention,
            size.dense,
            size.expert,
            attention_tensor=pool.attention_tensor,
            tensor=pool.tensor,
            chips=pool.tensor,
            coverage=architecture.expert_coverage(tokens),
        )
        return read / (self.weight_efficiency * self.bandwidth_bytes_s)


def _kv_chips(architecture: Architecture, pool: Pool) -> float:
    """Chips of a stage that share the KV cache, n_kv = dp min(tp_a, h_kv) (E2)."""
    return float(pool.attention_data * min(pool.attention_tensor, architecture.kv_heads))


@dataclass(frozen=True, kw_only=True)
class HbmThroughput:
    """Compute, latencies [s] and links [bytes/s] of a chip in its scale-up domain."""

    profile: HardwareProfile
    memory: HbmBandwidth
    compute: ChipCompute
    layer_s: Num
    layer_domain_s: Num
    sequence_s: Num
    prefill_pass_s: Num
    prefill_chunk: Num
    host_s: Num
    link_bytes_s: Num
    domain: int

    @classmethod
    def from_profile(cls, profile: HardwareProfile, bandwidth: HbmBandwidth) -> Self:
        """Read the numbers off the profile; the loader has made sure that they are there."""
        latency, links = profile.latency, profile.interconnect
        assert latency.layer_domain and latency.sequence and links.chip and links.efficiency
        return cls(
            profile=profile,
            memory=bandwidth,
            compute=ChipCompute.from_profile(profile),
            layer_s=latency.layer.value,
            layer_domain_s=latency.layer_domain.value,
            sequence_s=latency.sequence.value,
            prefill_pass_s=latency.prefill_pass.value,
            prefill_chunk=latency.prefill_chunk.value,
            host_s=latency.host.value,
            link_bytes_s=links.chip.value * links.efficiency.value,
            domain=int(np.max(links.domain.value)),
        )

    def deployments(self, architecture: Architecture, precision: Precision, context: float) -> Sequence[Deployment]:
        """Tensor parallel inside one scale-up domain; a pipeline over the fewest domains that hold what one cannot."""
        check_formats(self.profile, precision)
        for stages in range(1, MAX_DOMAINS + 1):
            degrees = [2**i for i in range(self.domain.bit_length())] if stages == 1 else [self.domain]
            pools = [p for n in degrees for p in self._pools(architecture, precision, n, stages)]
            fitting = [p for p in pools if np.max(self.memory.running_batch_limit(architecture, p, context)) >= 1]
            if fitting:
                return [Deployment.aggregated(pool) for pool in fitting]
        memory = float(np.max(self.memory.memory_bytes(pools[-1])))
        raise does_not_fit(self.profile, architecture, precision, context, pools[-1].chips, memory)

    def _pools(self, architecture: Architecture, precision: Precision, tensor: int, stages: int) -> Iterator[Pool]:
        """With and, for models with experts, without sharing the attention weights between the chips."""
        for groups in sorted({1, tensor}) if architecture.experts else [1]:
            yield Pool(
                hardware=self.profile.id,
                chips=tensor * stages,
                tensor=tensor,
                pipeline=stages,
                expert=tensor if architecture.experts else 1,
                attention_data=groups,
                precision=precision,
            )

    @uses("E5b", figures=["memory.capacity", "memory.usable"])
    def running_batch_limit(self, architecture: Architecture, deployment: Deployment, context: Num) -> Num:
        """Sequences that may run together: what the KV cache leaves room for."""
        return self.memory.running_batch_limit(architecture, deployment.decode, context)

    @uses(
        "E1",
        "E2",
        "E3",
        figures=[
            "memory.bandwidth",
            "efficiency.weights",
            "efficiency.kv",
            "efficiency.decode",
            "compute.dense.*",
            "latency.layer",
            "latency.layer_domain",
            "latency.sequence",
            "interconnect.chip",
            "interconnect.efficiency",
            "interconnect.domain",
        ],
    )
    def decode_step_s(self, architecture: Architecture, deployment: Deployment, batch: Num, context: Num) -> Num:
        """One step of the whole batch (E3). A pipeline keeps as many micro-batches in flight as it has stages."""
        pool = deployment.decode
        micro_batch = np.maximum(np.asarray(batch, dtype=float) / pool.pipeline, 1.0)
        return physics.decode_step_s(
            memory_s=self.memory.read_s(architecture, pool, micro_batch, context),
            compute_s=self.compute.decode_s(architecture, pool, pool.tensor, micro_batch, context),
            layers=architecture.layers,
            floor_s=self._floor_s(pool),
            collective_s=self._collectives_s(architecture, pool, micro_batch),
            batch=batch,
            sequence_s=self.sequence_s,
        )

    @uses(
        "E4",
        figures=[
            "memory.bandwidth",
            "efficiency.weights",
            "efficiency.prefill",
            "efficiency.attention",
            "compute.dense.*",
            "latency.prefill_pass",
            "latency.prefill_chunk",
            "latency.host",
            "interconnect.chip",
            "interconnect.efficiency",
        ],
    )
    def prefill_s(self, architecture: Architecture, deployment: Deployment, new_tokens: Num, cached_tokens: Num) -> Num:
        """One prompt alone (E4); the stages of a pipeline work on it one after another."""
        pool = deployment.prefill
        passes = np.ceil(np.asarray(new_tokens, dtype=float) / self.prefill_chunk)
        return physics.prefill_s(
            compute_s=self.compute.prefill_s(architecture, pool, pool.tensor, new_tokens, cached_tokens)
            + self._collectives_s(architecture, pool, new_tokens),
            weights_s=self.memory.weights_s(architecture, pool, new_tokens),
            passes=passes,
            pass_s=architecture.layers * self.prefill_pass_s,
            host_s=self.host_s,
        )

    @uses("E5", calls=["prefill_s"])
    def prefill_blocking_s(
        self, architecture: Architecture, deployment: Deployment, new_tokens: Num, cached_tokens: Num
    ) -> Num:
        """A prefill stops the decode steps of its stage; the other stages of a pipeline go on."""
        alone = self.prefill_s(architecture, deployment, new_tokens, cached_tokens)
        return (alone - self.host_s) / deployment.prefill.pipeline

    def _floor_s(self, pool: Pool) -> Num:
        return physics.layer_floor_s(
            pool.tensor, single_s=self.layer_s, domain_s=self.layer_domain_s, domain=self.domain
        )

    def _collectives_s(self, architecture: Architecture, pool: Pool, tokens: Num) -> Num:
        """Two all-reduces a layer over the tensor-parallel chips."""
        payload = np.asarray(tokens, dtype=float) * architecture.hidden * ACTIVATION_BYTES
        return (
            2.0 * architecture.layers * physics.all_reduce_s(payload, chips=pool.tensor, link_bytes_s=self.link_bytes_s)
        )
