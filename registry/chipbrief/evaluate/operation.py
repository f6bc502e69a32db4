"""How fast: what a request sees on a replica that runs a batch (E3 to E6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipbrief import physics
from chipbrief.architecture import Architecture
from chipbrief.hardware import Deployment, Hardware, Trail
from chipbrief.physics import Num
from chipbrief.workload import Shape

__all__ = ["Operation", "operate", "speed_trail"]


@dataclass(frozen=True, slots=True)
class Operation:
    """A replica at some running batches; arrays of shape (points,), or (samples, points) when sampling.

    Attributes:
        batch: running sequences, B [1].
        ttft_p50_s: time to first token of a median prompt [s].
        ttft_p95_s: of a prompt at the 95th percentile [s].
        tpot_s: time per output token (E5) [s].
        e2e_p50_s: a median prompt and answer [s].
        e2e_p95_s: prompt and answer both at the 95th percentile, an upper bound [s].
        requests_s: requests that the full replica ends in a second [1/s].
        prefill_share: share of the replica's time that prefill takes [1].
        cached_share: share that reading cached prompt tokens takes, within prefill's [1].
    """

    batch: Num
    ttft_p50_s: Num
    ttft_p95_s: Num
    tpot_s: Num
    e2e_p50_s: Num
    e2e_p95_s: Num
    requests_s: Num
    prefill_share: Num
    cached_share: Num

    @property
    def tok_s_user(self) -> Num:
        """Interactivity, 1/TPOT [tok/s]."""
        return 1.0 / self.tpot_s


def operate(
    hardware: Hardware, architecture: Architecture, deployment: Deployment, shape: Shape, batch: Num
) -> Operation:
    """Run a class's requests at some running batches.

    TTFT counts the step in progress and the prompt, without a queue. TPOT is at mean tokens, with the stalls of the
    other requests' prefills (E5).
    """
    model = hardware.throughput
    new, cached = 1.0 - shape.cached_fraction, shape.cached_fraction
    step = model.decode_step_s(architecture, deployment, batch, shape.context_mean)
    blocking = model.prefill_blocking_s(architecture, deployment, shape.input_mean * new, shape.input_mean * cached)
    uncached = model.prefill_blocking_s(architecture, deployment, shape.input_mean * new, 0.0)
    if not deployment.is_aggregated:
        blocking = uncached = 0.0 * blocking

    def ttft(tokens: float) -> Num:
        return step + model.prefill_s(architecture, deployment, tokens * new, tokens * cached)

    output = max(shape.output_mean, 1.0)
    tpot = physics.aggregated_tpot_s(step, blocking, batch=batch, output_tokens=output)
    requests = physics.requests_per_s(step, blocking, batch=batch, output_tokens=output)
    ttft_p50, ttft_p95 = ttft(shape.input_p50), ttft(shape.input_p95)
    return Operation(
        batch=batch,
        ttft_p50_s=ttft_p50,
        ttft_p95_s=ttft_p95,
        tpot_s=tpot,
        e2e_p50_s=ttft_p50 + tpot * np.maximum(shape.output_p50 - 1.0, 0.0),
        e2e_p95_s=ttft_p95 + tpot * np.maximum(shape.output_p95 - 1.0, 0.0),
        requests_s=requests,
        prefill_share=requests * blocking,
        cached_share=requests * (blocking - uncached),
    )


def speed_trail(hardware: Hardware) -> Trail:
    """What TTFT, TPOT and throughput stand on."""
    parts = ("decode_step_s", "prefill_s", "prefill_blocking_s")
    trail = hardware.trail("bandwidth", "running_batch_limit") | Trail(("E5",))
    for method in parts:
        trail |= hardware.trail("throughput", method)
    return trail
