"""A ring in lockstep: every chip holds some layers in SRAM, and all of them pass their token on at the same beat.

A pipeline that overlaps (E6) pays the latency of its layers once a token, and its throughput is that of the slowest
stage. In lockstep the latency is part of the beat, so that everybody pays it:

    beat = max(compute, read, link) of the slowest stage + layers of a stage x tau_layer + hop
    step = beat x max(B, stages)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chipbrief import Architecture, Deployment, Pool, uses
from chipbrief.hardware import SramThroughput
from chipbrief.physics import Num, passes_a_prompt

__all__ = ["LockstepThroughput"]

ACTIVATION_BYTES = 2.0  # activations travel as 16-bit values
BEAT_FIGURES = ("latency.layer", "latency.hop")


@dataclass(frozen=True, kw_only=True)
class LockstepThroughput(SramThroughput):
    """The numbers and the deployments of an SRAM pipeline, with the times of a ring in lockstep."""

    @uses(
        "E1",
        "E2",
        "E6",
        figures=[
            *BEAT_FIGURES,
            "memory.bandwidth",
            "efficiency.weights",
            "efficiency.kv",
            "efficiency.decode",
            "compute.dense.*",
            "interconnect.stage",
        ],
    )
    def decode_step_s(
        self, architecture: Architecture, deployment: Deployment, batch: Num, context: Num, tokens_each: Num = 1.0
    ) -> Num:
        """Each sequence gains a token in as many beats as there are sequences or stages, whichever is more (E6).

        Seconds; broadcasts over `batch` [sequences] and `context` [tokens].
        """
        pool = deployment.decode
        compute = self.compute.decode_s(architecture, pool, pool.chips, tokens_each, context)
        read = self.memory.read_s(architecture, pool, 1.0, context, tokens_each)
        link = tokens_each * architecture.hidden * ACTIVATION_BYTES / self.stage_bytes_s
        uneven = _layers_of_a_stage(architecture, pool) * pool.pipeline / architecture.layers
        working = np.maximum(np.maximum(compute, read) * uneven, link)
        beat = working + _layers_of_a_stage(architecture, pool) * self.layer_s + self.hop_s
        return beat * np.maximum(batch, pool.pipeline)

    @uses(
        "E4",
        "E6",
        figures=["latency.host"],
        calls=["prefill_blocking_s"],
    )
    def prefill_s(self, architecture: Architecture, deployment: Deployment, new_tokens: Num, cached_tokens: Num) -> Num:
        """The prompt at the pace of all stages, behind its first chunk on its way through them (E4, E6).

        Seconds; broadcasts over `new_tokens` and `cached_tokens` [tokens].
        """
        first = np.minimum(new_tokens, self.prefill_chunk)
        fill = self.prefill_blocking_s(architecture, deployment, first, cached_tokens)
        whole = self.prefill_blocking_s(architecture, deployment, new_tokens, cached_tokens)
        return whole + (deployment.prefill.pipeline - 1.0) * fill + self.host_s

    @uses(
        "E4",
        "E5",
        figures=[
            "efficiency.prefill",
            "efficiency.attention",
            "compute.dense.*",
            "latency.prefill_pass",
            "latency.prefill_chunk",
            "latency.hop",
        ],
    )
    def prefill_blocking_s(
        self,
        architecture: Architecture,
        deployment: Deployment,
        new_tokens: Num,
        cached_tokens: Num,
        together: Num = 1.0,  # noqa: ARG002 # prompts stream through the stages, however many they are
    ) -> Num:
        """What a prompt takes of every stage: its share of the work, and a beat's latency for each chunk (E5).

        Seconds; broadcasts over `new_tokens` and `cached_tokens` [tokens].
        """
        pool = deployment.prefill
        compute = self.compute.prefill_s(architecture, pool, pool.chips, new_tokens, cached_tokens)
        chunks = passes_a_prompt(new_tokens, chunk=self.prefill_chunk)
        return compute + chunks * (_layers_of_a_stage(architecture, pool) * self.prefill_pass_s + self.hop_s)


def _layers_of_a_stage(architecture: Architecture, pool: Pool) -> int:
    """Of the fullest one."""
    return math.ceil(architecture.layers / pool.pipeline)
