"""E7: drafting some tokens cheaply and verifying them in one step."""

from __future__ import annotations

import numpy as np

from chipbrief.physics.numeric import Num

__all__ = ["accepted_tokens", "speculation_multiplier", "speculative_tpot_s"]


def accepted_tokens(acceptance: Num, draft_tokens: Num) -> Num:
    """Tokens that one verify step yields on average (E7): (1 - a^(k + 1))/(1 - a), and k + 1 where a = 1.

    The accepted head of the draft and one token of the target's own, so at least 1. Each drafted token is taken to
    be accepted independently with the same probability. Leviathan, Kalman and Matias, "Fast Inference from
    Transformers via Speculative Decoding", ICML 2023, arXiv:2211.17192, equation 1.

    Args:
        acceptance: probability that a drafted token is accepted, a, between 0 and 1 [1].
        draft_tokens: tokens drafted for a step, k; 0 is no speculation [tokens].

    Returns:
        Tokens a step and sequence, broadcast shape.
    """
    missing = 1.0 - np.asarray(acceptance, dtype=float)
    length = np.asarray(draft_tokens, dtype=float) + 1.0
    certain = missing <= 0.0
    sum_of_powers = (1.0 - np.power(acceptance, length)) / np.where(certain, 1.0, missing)
    accepted: Num = np.where(certain, length, sum_of_powers)[()]
    return accepted


def speculative_tpot_s(verify_step_s: Num, draft_step_s: Num, *, draft_tokens: Num, accepted: Num) -> Num:
    """Time per output token with speculation (E7): [t(B, k + 1 tokens a sequence) + k t_draft]/accepted.

    The verify step is the caller's: a decode step (E3) in which each of the B sequences brings k + 1 tokens. Its
    FLOP, its sampling and its all-to-all grow with B (k + 1), and so do the experts it touches: give
    `expert_coverage` (E1) B (k + 1) tokens. That is why the gain shrinks with the load. The KV cache is still read
    once a sequence. The draft steps run one after another; heads that draft all k tokens at once (Medusa) cost
    t_draft = one pass / k. The denominator of Theorem 3.8 in arXiv:2211.17192, where t is 1 and t_draft is c.

    Args:
        verify_step_s: step that verifies k + 1 tokens of every sequence, t(B, k + 1) [s].
        draft_step_s: step that drafts one token for every sequence, t_draft [s].
        draft_tokens: tokens drafted for a step, k [tokens].
        accepted: tokens that a verify step yields, see `accepted_tokens` or measured [tokens].

    Returns:
        Seconds a token, broadcast shape.
    """
    return (verify_step_s + draft_tokens * draft_step_s) / accepted


def speculation_multiplier(tpot_plain_s: Num, tpot_speculative_s: Num) -> Num:
    """How many times faster a user reads with speculation (E7): plain TPOT over speculative TPOT.

    Below 1 where speculation slows the replica down: a loaded replica computes the rejected tokens too.

    Args:
        tpot_plain_s: time per output token without speculation, at the same batch [s].
        tpot_speculative_s: time per output token with it [s].

    Returns:
        Multiplier of interactivity, broadcast shape.
    """
    return tpot_plain_s / tpot_speculative_s
