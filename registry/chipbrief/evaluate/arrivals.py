"""What a request sees on a replica at which requests arrive at random: its running batch and its waits (E8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Self

import numpy as np

from chipbrief import physics
from chipbrief.evaluate.lengths import Lengths
from chipbrief.evaluate.operation import Operation, operation_of
from chipbrief.evaluate.replica import Replica
from chipbrief.evaluate.residual import EXACT, Residual
from chipbrief.physics import Array, Num

__all__ = ["BUSIEST", "batch_at_load", "loads", "operate_at_random"]

LEVEL = 0.95
NORMAL_95 = NormalDist().inv_cdf(LEVEL)
EXPONENTIAL_95 = -np.log(1.0 - LEVEL)  # over the mean
BUSIEST = 0.97  # slots taken on average over all slots, beyond which a plan does not load a replica
FULLEST = 0.99  # load of the slots at BUSIEST at most, as long as residence grows more slowly than the batch
HALVINGS = 32
_QUIET = 2.0 ** np.arange(-6.0, 0.0, 0.5)
_STEPS_PER_DOUBLING = 8
_NEAR_LIMIT = np.array([0.8, 0.87, 0.92, BUSIEST])


def loads(limit: float) -> Array:
    """Mean running batches that stand for loads, from an idle replica to nearly its limit."""
    most = BUSIEST * limit
    steps = np.arange(0.0, np.log2(max(most, 1.0)), 1.0 / _STEPS_PER_DOUBLING)
    grid = np.unique(np.concatenate([_QUIET, 2.0**steps, _NEAR_LIMIT * limit]))
    return grid[grid <= most]


@dataclass(frozen=True, slots=True)
class _Slots:
    """A replica where some slots are taken; arrays of one shape, with as many points as there are slots.

    Attributes:
        step_s: a decode step (E3) [s].
        tpot_s: time per output token, with the prompts that arrive meanwhile (E5) [s].
        reading_s: what a prompt takes of the chips that read it, mean [s].
        blocking_s: what it takes from the running batch, mean; 0 where others read it [s].
        turn_s: time until the next prompt is read: its own passes carry a decode step each [s].
        before_s: time a request holds its slot before its first token [s].
        output: mean output tokens [tokens].
        turn_scv: variance over squared mean of what prompts take [1].
        prefill_share, cached_share: of the replica's time [1].
    """

    step_s: Array
    tpot_s: Array
    reading_s: Array
    blocking_s: Array
    turn_s: Array
    before_s: Array
    output: float
    turn_scv: Num
    prefill_share: Array
    cached_share: Array

    @classmethod
    def taken(cls, replica: Replica, slots: Num) -> Self:
        """Sequences whose prompts are read do not decode: taken are as many as in a residence of mean share."""
        slots = np.asarray(slots, dtype=float)
        before, service = replica.before_s, replica.serve(slots)
        tokens = replica.output * service.tpot_full_s
        service = replica.serve(1.0 + (slots - 1.0) * tokens / (np.maximum(service.blocking_s, before) + tokens))
        turn = service.reading_s + replica.share_of_a_pass(replica.shape.input_mean) * service.step_s
        zero = 0.0 * (service.tpot_full_s + turn + before + slots)
        return cls(
            step_s=service.step_s + zero,
            tpot_s=service.tpot_full_s + zero,
            reading_s=service.reading_s + zero,
            blocking_s=service.blocking_s + zero,
            turn_s=turn + zero,
            before_s=(np.maximum(turn, before) if not replica.deployment.is_disaggregated else 0.0) + zero,
            output=replica.output,
            turn_scv=replica.reading_scv,
            prefill_share=replica.prefill_share(service) + zero,
            cached_share=replica.cached_share(service) + zero,
        )

    def at(self, start: int, end: int | None) -> Self:
        """Some of the points."""
        return replace(
            self,
            step_s=self.step_s[..., start:end],
            tpot_s=self.tpot_s[..., start:end],
            reading_s=self.reading_s[..., start:end],
            blocking_s=self.blocking_s[..., start:end],
            turn_s=self.turn_s[..., start:end],
            before_s=self.before_s[..., start:end],
            prefill_share=self.prefill_share[..., start:end],
            cached_share=self.cached_share[..., start:end],
        )

    def prompt_wait_s(self, arrivals_s: Num) -> Num:
        """Mean wait for the prompts before (E8)."""
        return physics.prefill_wait_s(arrivals_s, self.turn_s, service_scv=self.turn_scv)

    def backlog_s(self, arrivals_s: Num) -> Num:
        """Prompts that came while a request's own was waiting and read: they all stand before its second token."""
        return arrivals_s * self.blocking_s * (self.prompt_wait_s(arrivals_s) + self.turn_s)

    def residence_s(self, arrivals_s: Num) -> Num:
        """Time that a request of mean tokens holds its slot (E8)."""
        return self.before_s + self.output * self.tpot_s + self.backlog_s(arrivals_s)

    def arrivals_s(self, batch: Num) -> Array:
        """Arrivals that keep a mean batch running: arrivals * residence = B (Little)."""
        ceiling = (1.0 - 1e-9) / np.maximum(self.turn_s, np.finfo(float).tiny)
        high = np.minimum(batch / self.residence_s(0.0), ceiling)
        low = 0.0 * high
        for _ in range(HALVINGS):
            middle = (low + high) / 2.0
            fits = middle * self.residence_s(middle) < batch
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        return high


def operate_at_random(replica: Replica, batch: Num, residual: Residual = EXACT) -> Operation:
    """Run a class's requests at the arrivals that keep a mean batch running (E8), off by the model's residual.

    TTFT counts what is left of the pass in progress, the wait for the prompts before, the wait for a slot where all
    are taken, and the prompt, whose passes each carry a decode step. TPOT has the prompts that come meanwhile between
    the tokens, and the backlog at the first one; at the 95th percentile it is that of a batch at its 95th percentile,
    with the spread of backlog and prompts beside it.

    Args:
        replica: what serves them.
        batch: mean slots taken, B; up to `BUSIEST` times the limit, shape (points,) or (samples, points).
        residual: measured over predicted.
    """
    shape, limit, mean = replica.shape, np.asarray(replica.limit, dtype=float), np.asarray(batch, dtype=float)
    found, full = np.minimum(mean + 1.0, limit), np.atleast_1d(limit)
    high = np.minimum(found + NORMAL_95 * np.sqrt(mean), limit)
    rows = np.broadcast_shapes(found.shape[:-1], full.shape[:-1])
    points = found.shape[-1]
    parts = [np.broadcast_to(part, (*rows, part.shape[-1])) for part in (found, high, full)]
    slots = _Slots.taken(replica, np.concatenate(parts, axis=-1))
    here, higher, all_taken = slots.at(0, points), slots.at(points, -1), slots.at(-1, None)

    arrivals = here.arrivals_s(mean)
    backlog = here.backlog_s(arrivals) / here.output
    tpot = here.tpot_s + backlog
    decoding = arrivals * here.output * tpot
    some = 1.0 - np.exp(-decoding)  # a Poisson number of sequences is not 0
    pass_s, step = tpot * some, here.step_s * some

    prompt_wait, busy = here.prompt_wait_s(arrivals), np.minimum(arrivals * here.turn_s, 1.0)
    residence = all_taken.residence_s(0.0) + backlog * here.output
    asked = np.minimum(physics.slot_load(arrivals, residence, limit=limit), FULLEST)
    taken = physics.slot_wait_probability(mean, load=asked, limit=limit)
    answers = Lengths.through(shape.output_p50, shape.output_p95).length_scv
    slot_wait = physics.slot_wait_s(taken, residence, load=asked, limit=limit, residence_scv=answers)

    batch_p95 = _tpot_p95_s(here, higher, mean, found, high, limit)
    prompts = NORMAL_95 * np.sqrt(decoding * here.turn_scv) * here.blocking_s / here.output
    spread = [(here.tpot_s, batch_p95), (backlog, EXPONENTIAL_95 * backlog), (0.0, prompts)]

    def prompt(tokens: float) -> Num:
        return replica.prompt_s(tokens) + pass_s + np.maximum(replica.passes(tokens) - 1.0, 0.0) * step

    return operation_of(
        replica,
        batch,
        before=[
            (pass_s / 2.0, LEVEL * pass_s),
            (prompt_wait, physics.wait_quantile_s(busy, prompt_wait, level=LEVEL)),
            (slot_wait, physics.wait_quantile_s(taken, slot_wait, level=LEVEL)),
        ],
        prompts=(prompt(shape.input_p50), prompt(shape.input_mean), prompt(shape.input_p95)),
        tpot=(tpot, physics.percentile_of_sum_s(spread)),
        requests_s=arrivals,
        shares=(here.prefill_share, here.cached_share),
        residual=residual,
    )


def _tpot_p95_s(here: _Slots, higher: _Slots, batch: Array, found: Array, high: Array, limit: Array) -> Array:
    """TPOT of a batch at its 95th percentile: Gaussian, and wider than Poisson's as the residence grows with it (E8).

    Between `found` and `high` and a little beyond, TPOT and residence are taken as powers of the batch.
    """
    stretch = np.log(high / found)
    grows = stretch > 0.0
    across = np.where(grows, stretch, 1.0)
    longer = np.where(grows, np.log(higher.residence_s(0.0) / here.residence_s(0.0)), 0.0) / across
    spread = NORMAL_95 * np.sqrt(physics.batch_variance(batch, longer * batch / found))
    p95 = np.minimum(found + spread, np.maximum(limit, found))
    steepness = np.where(grows, np.log(higher.tpot_s / here.tpot_s), 0.0) / across
    tpot: Array = here.tpot_s * (p95 / found) ** steepness
    return tpot


def batch_at_load(replica: Replica, arrivals_s: Num, most: Num) -> Num:
    """The mean running batch at a rate of arrivals (E8), no more than `most`; shape (1,) or (samples, 1)."""
    output = replica.output

    def tpot(batch: Num) -> Num:
        return _Slots.taken(replica, batch).residence_s(arrivals_s) / output

    batch = physics.running_batch_at_load(arrivals_s, tpot, output_tokens=output, limit=replica.limit)
    return np.minimum(batch, most)
