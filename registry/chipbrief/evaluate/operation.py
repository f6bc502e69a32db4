"""How fast: what a request sees on a replica that runs a batch (E3 to E6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.evaluate.residual import EXACT, Residual
from chipbrief.evaluate.service import Request, serve, transfer_s
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
        prefill_share: share of the replica's time that prefill takes; of its chips, where they are apart [1].
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
    hardware: Hardware,
    architecture: Architecture,
    deployment: Deployment,
    shape: Shape,
    batch: Num,
    residual: Residual = EXACT,
) -> Operation:
    """Run a class's requests at some running batches, off by what the model itself may be off by.

    TTFT counts the step in progress, the prompts before this one at a full batch, and the prompt, without a queue
    for a place. TPOT is at mean tokens, with the stalls of the other requests' prefills (E5).
    """
    new, cached = 1.0 - shape.cached_fraction, shape.cached_fraction
    model = hardware.throughput
    output = max(shape.output_mean, 1.0)
    mean = Request(shape.input_mean * new, shape.input_mean * cached, output)
    service = serve(hardware, architecture, deployment, mean, batch)
    together = np.maximum(np.asarray(batch, dtype=float) / output, 1.0)
    uncached, transfer = 0.0 * service.blocking_s, 0.0 * service.blocking_s
    if deployment.is_disaggregated:
        transfer = transfer_s(hardware, architecture, deployment, mean)
    else:
        uncached = model.prefill_blocking_s(architecture, deployment, mean.new, 0.0, together)

    def ttft(tokens: float) -> Num:
        prompt = model.prefill_s(architecture, deployment, tokens * new, tokens * cached)
        return (service.step_s + service.wait_s + transfer + prompt) * residual.ttft

    ttft_p50, ttft_p95 = ttft(shape.input_p50), ttft(shape.input_p95)
    tpot, requests = service.tpot_s * residual.tpot, service.requests_s * residual.rate
    prefill_share = service.requests_s * service.blocking_s
    if deployment.is_disaggregated:
        prefill_share = prefill_share + deployment.prefill.chips / deployment.chips
    return Operation(
        batch=batch,
        ttft_p50_s=ttft_p50,
        ttft_p95_s=ttft_p95,
        tpot_s=tpot,
        e2e_p50_s=ttft_p50 + tpot * np.maximum(shape.output_p50 - 1.0, 0.0),
        e2e_p95_s=ttft_p95 + tpot * np.maximum(shape.output_p95 - 1.0, 0.0),
        requests_s=requests,
        prefill_share=prefill_share,
        cached_share=service.requests_s * (service.blocking_s - uncached),
    )


def speed_trail(hardware: Hardware) -> Trail:
    """What TTFT, TPOT and throughput stand on."""
    parts = ("decode_step_s", "prefill_s", "prefill_blocking_s")
    shares = [hardware.profile.figure_id(f"scheduling.{name}") for name in ("stall", "prompt_wait")]
    known = tuple(name for name in shares if name in hardware.profile.figures)
    trail = hardware.trail("bandwidth", "running_batch_limit") | Trail(("E5",), known)
    for method in parts:
        trail |= hardware.trail("throughput", method)
    return trail
