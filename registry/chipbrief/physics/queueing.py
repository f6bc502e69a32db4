"""E8: what an open stream of requests does to a replica: its running batch, and the waits before it.

Requests arrive at one replica at random (Poisson), do not give up, and are served first come, first served. Two
queues stand before the first token, and their mean waits add up:

- *prefill*: one prompt at a time, a queue with one server (M/G/1);
- *slots*: the running batch has room for `limit` sequences. Slots are not independent servers: the step slows as
  the batch grows. Up to the limit the batch is a shared processor whose speed depends on how many share it; beyond
  it, requests wait and the replica ends them at its full pace.

Bursts make waits longer: give the squared coefficient of variation (variance over squared mean, scv) of the times
between arrivals; it is 1 for Poisson arrivals. A fixed number of requests in flight (closed loop) is E5b,
`time_in_queue_s`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chipbrief.physics.numeric import Array, Num

__all__ = [
    "batch_variance",
    "percentile_of_sum_s",
    "prefill_wait_s",
    "running_batch_at_load",
    "slot_load",
    "slot_wait_probability",
    "slot_wait_s",
    "wait_quantile_s",
]

MOST_ELASTIC = 0.95  # beyond it the limit bounds the batch, not the slope
TURNS = 60  # of the search for a batch; six do in most cases
CLOSE = 1e-11  # what the logarithm of a batch may be off by
LARGEST_EXPONENT = 600.0  # exp of it is still a float; a probability of 1e-260 is 0


def running_batch_at_load(
    arrivals_s: Num,
    tpot_s_of_batch: Callable[[Num], Num],
    *,
    output_tokens: Num,
    limit: Num,
    prefill_s: Num = 0.0,
) -> Num:
    """Sequences that run together on average at a rate of arrivals (E8): B = arrivals * residence(B + 1).

    Little's law, with residence(n) = prefill + output * TPOT(n). A request that arrives at random finds B others and
    makes the batch B + 1, so B + 1, never more than the limit, is the batch whose TPOT it feels: evaluate TPOT there.
    For a step that is linear in the batch and a limit far away this is exact whatever the lengths (processor
    sharing). Near the limit B errs upwards: from 8 slots by up to a sixth where the step grows fourfold on the way,
    by up to a third where it is flat first and then proportional to the batch.
    Wolff, "Poisson Arrivals See Time Averages", Operations Research 30(2), 1982; Cohen, "The multiple phase service
    network with generalized processor sharing", Acta Informatica 12, 1979.

    Args:
        arrivals_s: requests that arrive at the replica [1/s].
        tpot_s_of_batch: TPOT [s] of a running batch [sequences]; broadcasts, does not fall as the batch grows, and
            a larger batch does not lower the throughput.
        output_tokens: output tokens of a request, mean [tokens].
        limit: running batch that fits, finite [sequences].
        prefill_s: time that a request holds its slot before its first token [s].

    Returns:
        Sequences, broadcast shape; infinity where the load exceeds the capacity, arrivals * residence(limit) > limit.
    """

    def resident(batch: Num) -> Num:
        return arrivals_s * (prefill_s + output_tokens * tpot_s_of_batch(batch))

    full, empty = resident(limit), resident(np.minimum(1.0, limit))
    saturated = np.asarray(full > limit)
    shape = np.broadcast_shapes(np.shape(full), np.shape(empty), np.shape(limit))
    sound = np.broadcast_to(~saturated & (np.asarray(empty) > 0.0), shape)
    # between what runs where nobody shares and the limit, in logarithms: residences are close to powers of the batch
    low = np.log(np.where(sound, np.minimum(empty, limit), 1.0))
    high = np.log(np.where(sound, limit, 1.0))
    above = np.log(np.where(sound, resident(np.minimum(np.exp(low) + 1.0, limit)), 1.0)) - low
    below = np.log(np.where(sound, full, 1.0)) - high
    rose = np.zeros(shape, dtype=bool)
    for turn in range(TURNS):
        crossing = np.where(
            above > below, low + (high - low) * above / np.where(above > below, above - below, 1.0), low
        )
        excess = (
            np.log(np.where(sound, resident(np.minimum(np.exp(crossing) + 1.0, limit)), np.exp(crossing))) - crossing
        )
        rises = excess > 0.0
        # the Illinois rule: an end that stays a second time counts half, so that it moves in the next turn
        again = (rises == rose) if turn else np.zeros(shape, dtype=bool)
        below = np.where(rises, np.where(again, below / 2.0, below), excess)
        above = np.where(rises, excess, np.where(again, above / 2.0, above))
        rose = rises
        low, high = np.where(rises, crossing, low), np.where(rises, high, crossing)
        if np.all(np.abs(excess) < CLOSE):
            break
    found = resident(np.minimum(np.exp(crossing) + 1.0, limit))
    batch: Num = np.where(saturated, np.inf, np.where(sound, found, 0.0))[()]
    return batch


def slot_load(arrivals_s: Num, residence_s: Num, *, limit: Num) -> Num:
    """Share of its capacity that is asked of a replica (E8): arrivals * residence(limit)/limit; 1 and more: saturated.

    Args:
        arrivals_s: requests that arrive at the replica [1/s].
        residence_s: time a request holds its slot in a full batch, prefill + output * TPOT(limit) [s].
        limit: running batch that fits [sequences].

    Returns:
        Load, broadcast shape; infinity where no sequence fits.
    """
    fits = np.asarray(limit) > 0
    load: Num = np.where(fits, arrivals_s * residence_s / np.where(fits, limit, 1.0), np.inf)[()]
    return load


def slot_wait_probability(running_batch: Num, *, load: Num, limit: Num) -> Num:
    """Probability that a request finds every slot taken (E8), in the manner of Halfin and Whitt.

    The number of requests moves up at the rate of arrivals and down at n/residence(n), so its probabilities fall from
    n = limit downwards by the factors n/(arrivals * residence(n)). Their logarithm is b = -ln(load) at the limit and
    0 at the running batch B, and is taken as straight between, with the slope s = b/(limit - B). The sum over the
    states below the limit is then Gaussian: with beta = b/sqrt(s), Phi and phi of the normal distribution,

        P = 1/(1 + (1 - load) S),  S = exp(s/8)/sqrt(load s) [Phi(beta) - Phi(beta - limit sqrt(s))]/phi(beta).

    Where the residence does not depend on the batch this is Erlang's C formula within 0.025 (0.015 from 32 slots),
    closer than Sakasegawa's load^(sqrt(2 (limit + 1)) - 1). Where it grows in a straight line P is at most 0.13 high
    with 8 slots and 0.07 from 32, and 0.015 low. Where it is flat and then proportional to the batch, a load above
    0.9 can put P off by 0.3 either way. For Poisson arrivals and memoryless lengths. Halfin and Whitt,
    "Heavy-traffic limits for queues with many exponential servers", Operations Research 29(3), 1981, proposition 1.

    Args:
        running_batch: mean running batch B, see `running_batch_at_load` [sequences].
        load: load of a full batch, see `slot_load` [1].
        limit: running batch that fits [sequences].

    Returns:
        Probability, broadcast shape; 1 where saturated.
    """
    load = np.asarray(load, dtype=float)
    calm = (load > 0.0) & (load < 1.0)
    busy = np.where(calm, load, 0.5)
    room = np.where(calm, limit - np.where(calm, running_batch, 0.0), 1.0)
    fall = -np.log(busy)
    slope = fall / room
    beta = np.sqrt(fall * room)
    below = _normal_cdf(beta) - _normal_cdf(beta - limit * np.sqrt(slope))
    inverse_density = np.sqrt(2.0 * np.pi) * np.exp(np.minimum(beta**2 / 2.0 + slope / 8.0, LARGEST_EXPONENT))
    states = inverse_density * below / np.sqrt(busy * slope)
    probability: Num = np.where(calm, 1.0 / (1.0 + (1.0 - busy) * states), load >= 1.0)[()]
    return probability


def slot_wait_s(
    probability_of_wait: Num,
    residence_s: Num,
    *,
    load: Num,
    limit: Num,
    residence_scv: Num = 1.0,
    arrival_scv: Num = 1.0,
) -> Num:
    """Mean wait for a slot, over all requests (E8): P residence/(limit (1 - load)) (arrival scv + residence scv)/2.

    While anybody waits the batch is full and ends limit/residence(limit) requests a second. Exact for Poisson
    arrivals and memoryless lengths (both scv 1), else the correction of Allen and Cunneen: A. O. Allen,
    "Probability, Statistics, and Queueing Theory", 2nd ed., Academic Press 1990, section 5.3.

    Args:
        probability_of_wait: P, see `slot_wait_probability` [1].
        residence_s: time a request holds its slot in a full batch [s].
        load: load of a full batch, see `slot_load` [1].
        limit: running batch that fits [sequences].
        residence_scv: squared coefficient of variation of the residence: that of the output lengths [1].
        arrival_scv: squared coefficient of variation of the times between arrivals [1].

    Returns:
        Seconds, broadcast shape; infinity where saturated.
    """
    return _wait_s(
        probability_of_wait, np.divide(residence_s, np.maximum(limit, 1.0)), load, (residence_scv + arrival_scv) / 2.0
    )


def prefill_wait_s(arrivals_s: Num, service_s: Num, *, service_scv: Num, arrival_scv: Num = 1.0) -> Num:
    """Mean wait for prefill, one prompt at a time (E8): rho S/(1 - rho) (arrival scv + service scv)/2.

    Pollaczek and Khinchine's formula for M/G/1, exact for Poisson arrivals; else Allen and Cunneen's correction
    (Allen 1990, section 5.3). rho = arrivals * S is also the probability of waiting. A replica that decodes too adds
    what is left of the running step, half a step on average, which is the caller's. With disaggregation the arrivals
    are those of one prefill replica.

    Args:
        arrivals_s: requests that arrive at the replica [1/s].
        service_s: time that a prompt keeps the replica busy, mean, S [s].
        service_scv: squared coefficient of variation of that time; 0 for equal prompts [1].
        arrival_scv: squared coefficient of variation of the times between arrivals [1].

    Returns:
        Seconds, broadcast shape; infinity where prompts arrive faster than they are read.
    """
    load = arrivals_s * service_s
    return _wait_s(load, service_s, load, (service_scv + arrival_scv) / 2.0)


def wait_quantile_s(probability_of_wait: Num, mean_wait_s: Num, *, level: Num) -> Num:
    """The wait that a share of the requests does not exceed (E8): max(0, W/P ln(P/(1 - level))).

    Those who wait do so for exponentially distributed times, of mean W/P: exact for M/M/c, where
    P(wait > t) = P exp(-t P/W). For prefill with prompts of one length p95 comes out up to 13 % high (p99 18 %), with
    log-normal prompts of scv 2 to 4 up to 12 % low (p99 36 %), as simulated at loads of 0.5 to 0.9. Quantiles of two
    queues do not add up: far out in the tail their sum is higher than the quantile of the sum.

    Args:
        probability_of_wait: P [1].
        mean_wait_s: mean wait over all requests, W [s].
        level: share, below 1: 0.95 for p95 [1].

    Returns:
        Seconds, broadcast shape; infinity where the mean is.
    """
    waits = np.asarray(probability_of_wait) > 0.0
    probability = np.where(waits, probability_of_wait, 1.0)
    tail = np.maximum(np.log(probability / (1.0 - np.asarray(level))), 0.0)
    endless = np.isinf(mean_wait_s)
    quantile: Num = np.where(endless, np.inf, np.where(waits & ~endless, mean_wait_s, 0.0) / probability * tail)[()]
    return quantile


def batch_variance(running_batch: Num, elasticity: Num) -> Num:
    """Variance of the running batch over time (E8): B/(1 - elasticity).

    The logarithm of the probabilities of n sequences falls by ln n - ln(arrivals * residence(n)), see
    `slot_wait_probability`; around its top that is a straight line of slope (1 - elasticity)/B, so that the batch is
    Gaussian with this variance. Where the residence does not depend on the batch it is B, as of a Poisson number;
    where it is proportional to the batch the elasticity goes to 1 and the batch roams up to its limit.

    Args:
        running_batch: mean running batch B, see `running_batch_at_load` [sequences].
        elasticity: d ln residence/d ln batch at B, from 0 to 1 [1].

    Returns:
        Square sequences, broadcast shape.
    """
    return running_batch / (1.0 - np.minimum(elasticity, MOST_ELASTIC))


def percentile_of_sum_s(parts: Sequence[tuple[Num, Num]]) -> Num:
    """A high percentile of a sum of independent times (E8): sum of means + root of the sum of (percentile - mean)^2.

    Exact for normal distributions, and where one part varies and the others do not. Two equal exponential waits: 2 %
    high at p95, where the sum of both percentiles is 26 % high. A part whose percentile is below its mean, as of a
    wait that few have, adds its mean alone.

    Args:
        parts: mean and percentile of each [s].

    Returns:
        Seconds, broadcast shape; infinity where a mean is.
    """
    total: Num = 0.0
    squares: Num = 0.0
    for mean, percentile in parts:
        endless = np.isinf(mean) | np.isinf(percentile)
        within, beyond = np.where(endless, 0.0, mean), np.where(endless, 0.0, percentile)
        total = total + np.where(endless, np.inf, within)
        squares = squares + np.maximum(beyond - within, 0.0) ** 2
    sum_s: Num = (total + np.sqrt(squares))[()]
    return sum_s


def _wait_s(probability: Num, service_s: Num, load: Num, variability: Num) -> Num:
    """P service/(1 - load) variability; infinity where the load is 1 or more."""
    stable = np.asarray(load) < 1.0
    left = np.where(stable, 1.0 - load, 1.0)
    wait: Num = np.where(stable, probability * service_s / left * variability, np.inf)[()]
    return wait


def _normal_cdf(x: Array) -> Array:
    """Phi(x) within 1e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26."""
    z = np.abs(x) / np.sqrt(2.0)
    t = 1.0 / (1.0 + 0.3275911 * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    upper = series * np.exp(-np.minimum(z * z, LARGEST_EXPONENT)) / 2.0
    cdf: Array = np.where(x < 0.0, upper, 1.0 - upper)
    return cdf
