"""E5 and E5b: what running many requests together does to each of them."""

from __future__ import annotations

import numpy as np

from chipbrief.physics.numeric import Num

__all__ = [
    "BUNCH",
    "aggregated_tpot_s",
    "prompt_wait_s",
    "requests_per_s",
    "running_batch_limit",
    "time_in_queue_s",
]

BUNCH = 16.0  # prompts that arrive together at most


def aggregated_tpot_s(step_s: Num, prefill_s: Num, *, batch: Num, output_tokens: Num, stall: Num = 1.0) -> Num:
    """Time per output token while the replica also prefills the others (E5): t + stall (B - 1)/output t_p.

    Args:
        step_s: decode step, t [s].
        prefill_s: time that one prefill keeps the others waiting, t_p [s].
        batch: B [sequences].
        output_tokens: output tokens of a request [tokens].
        stall: share of the others' prefills that falls between a request's own tokens; the rest falls before its
            first one [1].

    Returns:
        Seconds a token, broadcast shape.
    """
    return step_s + stall * (batch - 1.0) / output_tokens * prefill_s


def prompt_wait_s(prefill_s: Num, *, batch: Num, share: Num, share_in_bunch: Num | None = None) -> Num:
    """Wait of a prompt for the prompts before it, at a constant number of requests in flight (E5).

    share_in_bunch min(B - 1, 15) t_p + share max(B - 16, 0) t_p. Clients that send their next request when the last
    one ends fall into step where all requests are of one length, and their prompts arrive in bunches. Measured waits
    grow with the requests in flight up to about sixteen and hardly beyond: a bunch is BUNCH prompts at most.

    Args:
        prefill_s: time that one prefill keeps the others waiting, t_p [s].
        batch: B [sequences].
        share: of the other sequences, those whose prompts come first on average [1].
        share_in_bunch: the same within a bunch; `share` for None [1].

    Returns:
        Seconds, broadcast shape.
    """
    within = share if share_in_bunch is None else share_in_bunch
    others = np.asarray(batch, dtype=float) - 1.0
    together = np.minimum(others, BUNCH - 1.0)
    return (within * together + share * (others - together)) * prefill_s


def requests_per_s(step_s: Num, prefill_s: Num, *, batch: Num, output_tokens: Num) -> Num:
    """Requests that a full replica ends in a second: B/(output t + B t_p).

    The replica's time is conserved: B requests need `output` steps together and B prefills one by one (E5).

    Args:
        step_s: decode step, t [s].
        prefill_s: time that one prefill keeps the others waiting, t_p [s].
        batch: B [sequences].
        output_tokens: output tokens of a request [tokens].

    Returns:
        Requests/s, broadcast shape.
    """
    return batch / (output_tokens * step_s + batch * prefill_s)


def running_batch_limit(memory_bytes: Num, weight_bytes: Num, kv_bytes: Num) -> Num:
    """Sequences whose KV cache fits beside the weights (E5b): floor((memory - weights)/KV), at least 0.

    Args:
        memory_bytes: memory that the engine may use, over all chips [bytes].
        weight_bytes: weights with their replication, over all chips [bytes].
        kv_bytes: KV cache of one sequence [bytes].

    Returns:
        Whole sequences, broadcast shape.
    """
    return np.maximum(np.floor((memory_bytes - weight_bytes) / kv_bytes), 0.0)


def time_in_queue_s(concurrency: Num, limit: Num, residence_s: Num) -> Num:
    """Wait before a place is free, when more requests are in flight than fit (E5b, closed loop).

    About (N/cap - 1) residences; it shows in TTFT, not in TPOT.

    Args:
        concurrency: requests in flight, N [1].
        limit: running batch that fits, cap [1].
        residence_s: time a request holds its place [s].

    Returns:
        Seconds, broadcast shape.
    """
    return np.maximum(concurrency / limit - 1.0, 0.0) * residence_s
