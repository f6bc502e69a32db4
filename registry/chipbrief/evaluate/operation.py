"""How fast: what a request sees on a replica with a constant number of requests in flight (E3 to E6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipbrief import physics
from chipbrief.architecture import Architecture
from chipbrief.evaluate.replica import Replica
from chipbrief.evaluate.residual import EXACT, Residual
from chipbrief.hardware import Deployment, Hardware, Trail
from chipbrief.physics import Num
from chipbrief.workload import Shape

__all__ = ["Operation", "operate", "operation_of", "speed_trail"]


@dataclass(frozen=True, slots=True)
class Operation:
    """A replica at some running batches; arrays of shape (points,), or (samples, points) when sampling.

    Attributes:
        batch: running sequences, B; their mean where requests arrive at random [1].
        ttft_p50_s: time to first token of a median prompt, with mean waits [s].
        ttft_p95_s: at the 95th percentile [s].
        tpot_s: time per output token, mean (E5) [s].
        tpot_p95_s: of a request of mean tokens at the 95th percentile (E8) [s].
        e2e_p50_s: a median prompt and answer [s].
        e2e_p95_s: at the 95th percentile, of the sum of both (E8) [s].
        requests_s: requests that the replica ends in a second [1/s].
        prefill_share: share of the replica's time that prefill takes; of its chips, where they are apart [1].
        cached_share: share that reading cached prompt tokens takes, within prefill's [1].
    """

    batch: Num
    ttft_p50_s: Num
    ttft_p95_s: Num
    tpot_s: Num
    tpot_p95_s: Num
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
    """Run a class's requests with a constant number in flight, off by what the model itself may be off by.

    TTFT counts the step in progress, the prompts before this one at a full batch, and the prompt, without a queue
    for a place. TPOT is at mean tokens, with the stalls of the other requests' prefills (E5), for every request.
    """
    replica = Replica(hardware, architecture, deployment, shape)
    service = replica.serve(batch)
    before = service.step_s + service.wait_s
    return operation_of(
        replica,
        batch,
        before=[(before, before)],
        prompts=(
            replica.prompt_s(shape.input_p50),
            replica.prompt_s(shape.input_mean),
            replica.prompt_s(shape.input_p95),
        ),
        tpot=(service.tpot_s, service.tpot_s),
        requests_s=service.requests_s,
        shares=(replica.prefill_share(service), replica.cached_share(service)),
        residual=residual,
    )


def operation_of(
    replica: Replica,
    batch: Num,
    *,
    before: list[tuple[Num, Num]],
    prompts: tuple[Num, Num, Num],
    tpot: tuple[Num, Num],
    requests_s: Num,
    shares: tuple[Num, Num],
    residual: Residual,
) -> Operation:
    """Percentiles of whole requests from those of their parts (E8, `physics.percentile_of_sum_s`).

    Args:
        replica: what serves them.
        batch: running sequences [1].
        before: mean and 95th percentile of every wait before the prompt is read [s].
        prompts: a prompt of median, mean and 95th-percentile length [s].
        tpot: mean and 95th percentile [s].
        requests_s: requests that the replica ends in a second [1/s].
        shares: prefill's share of the replica's time and that of cached tokens within it [1].
        residual: measured over predicted.
    """
    shape = replica.shape
    prompt_p50, prompt_mean, prompt_p95 = prompts
    first = [*before, (prompt_mean, prompt_p95)]
    first = [(mean * residual.ttft, p95 * residual.ttft) for mean, p95 in first]
    tpot_mean, tpot_p95 = (time * residual.tpot for time in tpot)
    tokens, tokens_p95 = max(shape.output_mean - 1.0, 0.0), max(shape.output_p95 - 1.0, 0.0)
    answer = [(tpot_mean * tokens, tpot_mean * tokens_p95), (0.0, (tpot_p95 - tpot_mean) * tokens)]
    ttft_p50 = (sum((mean for mean, _ in before), start=0.0) + prompt_p50) * residual.ttft
    return Operation(
        batch=batch,
        ttft_p50_s=ttft_p50,
        ttft_p95_s=physics.percentile_of_sum_s(first),
        tpot_s=tpot_mean,
        tpot_p95_s=tpot_p95,
        e2e_p50_s=ttft_p50 + tpot_mean * np.maximum(shape.output_p50 - 1.0, 0.0),
        e2e_p95_s=physics.percentile_of_sum_s([*first, *answer]),
        requests_s=requests_s * residual.rate,
        prefill_share=shares[0],
        cached_share=shares[1],
    )


def speed_trail(hardware: Hardware) -> Trail:
    """What TTFT, TPOT and throughput stand on."""
    parts = ("decode_step_s", "prefill_s", "prefill_blocking_s")
    shares = [hardware.profile.figure_id(f"scheduling.{name}") for name in ("stall", "prompt_wait")]
    known = tuple(name for name in shares if name in hardware.profile.figures)
    trail = hardware.trail("bandwidth", "running_batch_limit") | Trail(
        ("E5", "E8", *(("E10",) if hardware.partner else ())), known
    )
    for method in parts:
        trail |= hardware.trail("throughput", method)
    return trail
