"""What a job comes to on a machine: every metric of its operating point. E3 to E8."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from chipbrief import physics
from chipbrief.evaluate import Request, Service, Speculation, batches, serve
from chipbrief.evidence.jobs import Candidate, Job
from chipbrief.hardware import Hardware
from chipbrief.physics import Array, Num

__all__ = ["Outlook", "outlook", "speculation_gain"]

PROMPTS_AHEAD = 1.0  # prompts that stand before one at the 99th percentile, under service levels


@dataclass(frozen=True, slots=True)
class Outlook:
    """The metrics of a job; arrays of shape (samples,), of length 1 without sampling.

    Attributes:
        tpot_s: time per output token [s].
        ttft_s: time to the first token [s].
        tok_s: output tokens of all chips of the point [tok/s].
        chips: chips that deliver them [1].
        excess: worst service level over its limit; 1 or less where all are kept [1].
    """

    tpot_s: Array
    ttft_s: Array
    tok_s: Array
    chips: Array
    excess: Array

    def metric(self, name: str, request: Request) -> Array:
        """A metric of a points file in its unit."""
        if name == "tpot_ms":
            return self.tpot_s * 1e3
        if name == "ttft_ms":
            return self.ttft_s * 1e3
        if name == "e2e_ms":
            return (self.ttft_s + self.tpot_s * max(request.output - 1.0, 0.0)) * 1e3
        if name == "tok_s_per_user":
            return 1.0 / self.tpot_s
        return self.tok_s / self.chips if name == "tok_s_per_chip" else self.tok_s


def outlook(job: Job, hardware: Hardware, chips: int | None, *, speculative: bool) -> Outlook:
    """Every metric of a job, on the best of its candidates.

    Args:
        job: what to run.
        hardware: the job's machine, at its values or sampled.
        chips: chips that the point names; None where the replica's own count.
        speculative: with a draft model (E7).
    """
    draft = Speculation.of(hardware.profile) if speculative else None
    at = _in_flight if job.mode == "in flight" else _at_capacity
    found = [_counted(at(job, hardware, c, draft), c, chips) for c in job.candidates]
    if len(found) == 1:
        return found[0]
    best = np.argmin(_rank(job, found, chips), axis=0)
    return Outlook(
        tpot_s=_pick([o.tpot_s for o in found], best),
        ttft_s=_pick([o.ttft_s for o in found], best),
        tok_s=_pick([o.tok_s for o in found], best),
        chips=_pick([o.chips for o in found], best),
        excess=_pick([o.excess for o in found], best),
    )


def _rank(job: Job, found: list[Outlook], chips: int | None) -> Array:
    """Lower is better: least excess over the levels, and of shapes that keep them the most tokens.

    Where the point names no chips, the fastest token counts for requests in flight, and tokens of a chip otherwise.
    """
    if chips is None and job.mode == "in flight":
        return np.array([o.tpot_s for o in found])
    yields = np.array([o.tok_s if chips else o.tok_s / o.chips for o in found])
    excess = np.array([o.excess for o in found])
    order: Array = np.where(excess > 1.0, excess, -yields / yields.max())
    return order


def _counted(one: Outlook, candidate: Candidate, chips: int | None) -> Outlook:
    """With the chips that the point names, or the replica's own; of a system with a partner those of both."""
    own = float(candidate.deployment.chips * candidate.replicas)
    apart = candidate.deployment.prefill.hardware != candidate.deployment.decode.hardware
    named = own if apart else float(chips or own)
    return dataclasses.replace(one, chips=np.full(one.tok_s.shape, named))


def _pick(choices: list[Array], best: Any) -> Array:
    stacked = np.array(np.broadcast_arrays(*choices))
    picked: Array = np.take_along_axis(stacked, best[np.newaxis], axis=0)[0]
    return picked


def _serve(job: Job, hardware: Hardware, candidate: Candidate, batch: Num, draft: Speculation | None) -> Service:
    return serve(hardware, job.architecture, candidate.deployment, job.request, batch, draft, waves=job.waves)


def speculation_gain(job: Job) -> float:
    """The draft model's multiplier (E7) at the job's requests in flight, or for a single stream; 1 without one."""
    draft = Speculation.of(job.hardware.profile)
    candidate = job.candidates[0]
    batch = min(max((job.in_flight or 1.0) / candidate.replicas, 1.0), np.floor(candidate.limit))
    plain, drafted = (_serve(job, job.hardware, candidate, batch, d).step_s for d in (None, draft))
    return float(physics.speculation_multiplier(plain, drafted))


def _in_flight(job: Job, hardware: Hardware, candidate: Candidate, draft: Speculation | None) -> Outlook:
    """A constant number of requests in flight (closed loop): what exceeds the running batch waits (E5b)."""
    assert job.in_flight is not None
    each = max(job.in_flight / candidate.replicas, 1.0)
    batch = np.array([min(each, np.floor(candidate.limit))])
    service = _serve(job, hardware, candidate, batch, draft)
    answer = max(job.request.output - 1.0, 0.0)
    residence = service.ttft_s + service.tpot_s * answer
    ttft = service.ttft_s + physics.time_in_queue_s(each, batch, residence)
    by_little = job.in_flight * job.request.output / (ttft + service.tpot_s * answer)
    tok_s = np.minimum(by_little, service.requests_s * job.request.output * candidate.replicas)
    tpot, ttft, tok_s = (np.ravel(a) for a in np.broadcast_arrays(service.tpot_s, ttft, tok_s))
    return Outlook(tpot, ttft, tok_s, np.ones(tpot.shape), np.ones(tpot.shape))


def _at_capacity(job: Job, hardware: Hardware, candidate: Candidate, draft: Speculation | None) -> Outlook:
    """The running batch with the most tokens a second, within the service levels where there are any."""
    grid = batches(candidate.limit)
    service = _serve(job, hardware, candidate, grid, draft)
    scheduling = hardware.profile.scheduling
    levels = job.mode == "slo"
    share = scheduling.load_at_slo.value if levels and scheduling.load_at_slo else 1.0
    tail = scheduling.tpot_tail.value if scheduling.tpot_tail else 1.0
    tpot = np.atleast_2d(np.asarray(service.tpot_full_s, dtype=float))
    ttft = np.atleast_2d(service.prompt_s * (1.0 + PROMPTS_AHEAD) + service.pass_s + 0.0 * tpot)
    arrivals = service.requests_s * share
    queue = physics.prefill_wait_s(arrivals, service.blocking_s, service_scv=0.0) if levels else service.wait_s
    mean_ttft = np.atleast_2d(service.prompt_s + service.pass_s + queue + 0.0 * tpot)
    tok_s = np.atleast_2d(service.requests_s + 0.0 * tpot) * job.request.output * candidate.replicas * share
    excess = np.maximum(tpot * tail / job.tpot_slo_s, ttft / job.ttft_slo_s)
    at = _best(tok_s, excess)
    return Outlook(
        tpot_s=_at(tpot, at),
        ttft_s=_at(mean_ttft, at),
        tok_s=_at(tok_s, at),
        chips=np.ones(len(at)),
        excess=np.maximum(excess[:, 0], 1.0),
    )


def _best(tok_s: Array, excess: Array) -> Array:
    """Where on the grid of batches the most tokens come within the levels: an index with a fraction, a sample.

    Levels fall with the batch, so the last batch that keeps them bounds the search; between two batches of the grid
    the limit is met in a straight line.
    """
    kept = excess <= 1.0
    inside = np.where(kept, tok_s, -np.inf)
    at = np.where(kept.any(axis=1), inside.argmax(axis=1), 0).astype(float)
    last = tok_s.shape[1] - 1
    for i, j in enumerate(at.astype(int)):
        if kept[i, j] and j < last and not kept[i, j + 1] and tok_s[i, j + 1] > tok_s[i, j]:
            at[i] = j + (1.0 - excess[i, j]) / (excess[i, j + 1] - excess[i, j])
    return at


def _at(values: Array, at: Array) -> Array:
    """Values at fractional indices, a sample."""
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, values.shape[1] - 1)
    rows = np.arange(values.shape[0])
    part = at - low
    mixed: Array = values[rows, low] * (1.0 - part) + values[rows, high] * part
    return mixed
