"""E4: the time to read a prompt."""

from __future__ import annotations

import numpy as np

from chipbrief.physics.decode import overlapped_s
from chipbrief.physics.numeric import Num

__all__ = ["causal_pairs", "passes_a_prompt", "prefill_blocking_s", "prefill_s"]


def causal_pairs(new_tokens: Num, cached_tokens: Num, window: float) -> Num:
    """Query-key pairs of a causal prefill (E4): S_new (S_cached + S_new/2), each query seeing at most the window.

    Args:
        new_tokens: tokens to compute, S_new [tokens].
        cached_tokens: tokens whose keys exist already, S_cached [tokens].
        window: tokens that a query of this layer may see; infinity for all [tokens].

    Returns:
        Pairs, broadcast shape.
    """
    return new_tokens * np.minimum(cached_tokens + new_tokens / 2.0, window)


def prefill_s(*, compute_s: Num, weights_s: Num, passes: Num, pass_s: Num, host_s: Num, sharpness: Num = np.inf) -> Num:
    """Time from a request's start to its first token, alone on the replica (E4).

    t_p = overlap(F_linear/(n e_p PEAK) + F_attention/(n e_a PEAK16), W/BW) + passes * L tau_p + host.

    Args:
        compute_s: linear layers (2 P_active S_new) and attention (4 h d over the causal pairs) together [s].
        weights_s: time to read the weights that the prompt touches once [s].
        passes: chunks the prompt is cut into, ceil(S_new/chunk) [1].
        pass_s: latency of one pass through all layers, L tau_p [s].
        host_s: tokenising, scheduling and sampling [s].
        sharpness: how fully reading and computing overlap, see `overlapped_s` [1].

    Returns:
        Seconds, broadcast shape.
    """
    return overlapped_s(compute_s, weights_s, sharpness) + passes * pass_s + host_s


def passes_a_prompt(new_tokens: Num, *, chunk: Num, together: Num = 1.0) -> Num:
    """Passes through all layers that a prompt answers for, when prompts share them (E4, E5).

    Alone a prompt takes ceil(S_new/chunk). Under load an engine packs the prompts that wait into chunks: then each
    answers for its share, but never for less than its tokens' share of a full chunk.

    Args:
        new_tokens: tokens to compute, S_new [tokens].
        chunk: tokens that an engine puts into one pass [tokens].
        together: prompts that are ready at the same time, 1 or more [1].

    Returns:
        Passes, broadcast shape.
    """
    share = np.asarray(new_tokens, dtype=float) / chunk
    return np.maximum(share, np.ceil(share) / np.maximum(together, 1.0))


def prefill_blocking_s(*, compute_s: Num, passes: Num, pass_s: Num, pass_share: Num) -> Num:
    """Time that one prompt takes from the running batch (E5).

    Its computing in full; of the latency of its passes only a share, because a pass that carries prompt and decode
    tokens together pays the latency once. Weights are read for the decode tokens anyway.

    Args:
        compute_s: linear layers, attention and collectives of the prompt [s].
        passes: passes that the prompt answers for, see `passes_a_prompt` [1].
        pass_s: latency of one pass through all layers, L tau_p [s].
        pass_share: share of it that the decode steps do not pay anyway [1].

    Returns:
        Seconds, broadcast shape.
    """
    return compute_s + pass_share * passes * pass_s
