"""E1 and E2: the bytes that a decode step touches."""

from __future__ import annotations

import numpy as np

from chipbrief.physics.numeric import Num

__all__ = [
    "expert_coverage",
    "index_key_bytes",
    "kv_grouped_query_bytes",
    "kv_latent_bytes",
    "linear_state_bytes",
    "visible_context",
    "weights_read_bytes",
]


def expert_coverage(tokens: Num, *, experts: float, active: float) -> Num:
    """Share of a layer's experts that a step of some tokens touches (E1).

    Each token picks `active` distinct experts of `experts`, evenly: 1 - (1 - k/E)^B.

    Args:
        tokens: tokens of the step, B [1], any shape.
        experts: routed experts of a layer, E [1].
        active: experts a token is routed to, k [1].

    Returns:
        Share between k/E and 1, shape of `tokens`.
    """
    return 1.0 - (1.0 - active / experts) ** np.asarray(tokens, dtype=float)


def weights_read_bytes(
    attention_bytes: Num,
    dense_bytes: Num,
    expert_bytes: Num,
    *,
    attention_tensor: float,
    tensor: float,
    chips: float,
    coverage: Num = 1.0,
    imbalance: Num = 1.0,
) -> Num:
    """Weight bytes that the busiest chip reads in one step (E1).

    W = W_attention/tp_a + W_dense/tp + W_experts/n * coverage * imbalance. Under attention data parallelism
    tp_a is 1: the attention weights are replicated. The input embedding is not read; the LM head and shared
    experts are dense.

    Args:
        attention_bytes: attention weights of the replica [bytes].
        dense_bytes: dense FFN, shared experts and LM head [bytes].
        expert_bytes: routed experts [bytes].
        attention_tensor: tensor-parallel degree of attention, tp_a [1].
        tensor: tensor-parallel degree of the dense part, tp [1].
        chips: chips that share the experts, n [1].
        coverage: share of the experts that the step touches [1], see `expert_coverage`.
        imbalance: busiest chip over mean [1].

    Returns:
        Bytes read by one chip, broadcast shape.
    """
    return attention_bytes / attention_tensor + dense_bytes / tensor + expert_bytes / chips * coverage * imbalance


def visible_context(context: Num, window: float) -> Num:
    """Tokens that a layer attends to: min(context, window), where a window of infinity means all (E2).

    A sparse layer attends to min(context, k): its window is the k tokens that its indexer picks.

    Args:
        context: tokens so far [tokens], any shape.
        window: tokens that a query may see; infinity for all [tokens].

    Returns:
        Tokens, shape of `context`.
    """
    return np.minimum(context, window)


def kv_grouped_query_bytes(context: Num, *, kv_heads: float, head_dim: float, value_bytes: float) -> Num:
    """Key and value bytes of one sequence in one grouped-query layer (E2): 2 h_kv d b tokens.

    Args:
        context: visible tokens of the layer [tokens].
        kv_heads: key-value heads, h_kv [1].
        head_dim: width of a head, d [1].
        value_bytes: bytes of one cached value, b [bytes].

    Returns:
        Bytes, shape of `context`.
    """
    return 2.0 * kv_heads * head_dim * value_bytes * context


def kv_latent_bytes(context: Num, *, rank: float, rope_dim: float, value_bytes: float) -> Num:
    """Latent and rotary bytes of one sequence in one MLA layer (E2): (rank + d_rope) b tokens.

    Args:
        context: visible tokens [tokens].
        rank: width of the compressed key-value latent [1].
        rope_dim: width of the shared rotary key, d_rope [1].
        value_bytes: bytes of one cached value, b [bytes].

    Returns:
        Bytes, shape of `context`.
    """
    return (rank + rope_dim) * value_bytes * context


def index_key_bytes(context: Num, *, key_bytes: float) -> Num:
    """Index keys of one sequence in one layer with an indexer (E2): a key for every token, all read at each step.

    The indexer of sparse attention scores every token so far to pick the k that the layer attends to, so its keys
    are read in full while keys and values (or latents) are not. Source: DeepSeek-V3.2, arXiv:2512.02556, section 2.

    Args:
        context: tokens so far [tokens].
        key_bytes: bytes of the key of one token, its scales included [bytes].

    Returns:
        Bytes, shape of `context`.
    """
    return key_bytes * context


def linear_state_bytes(
    context: Num,
    *,
    heads: float,
    key_dim: float,
    value_dim: float,
    state_bytes: float,
    convolved: float,
    kernel: float,
    convolution_bytes: float,
) -> Num:
    """State of one sequence in one layer of linear attention (E2): h d_k d_v b + (kernel - 1) channels b.

    A matrix of keys by values for every head, and the last inputs of the short convolution before it: a constant,
    whatever the context. Source: Gated Delta Networks, arXiv:2412.06464.

    Args:
        context: tokens so far [tokens]; only its shape matters.
        heads: heads of the state, h [1].
        key_dim: width of a key, d_k [1].
        value_dim: width of a value, d_v [1].
        state_bytes: bytes of one value of the state [bytes].
        convolved: channels that pass the convolution: queries, keys and values [1].
        kernel: tokens that the convolution spans [tokens].
        convolution_bytes: bytes of one kept input of the convolution [bytes].

    Returns:
        Bytes, shape of `context`.
    """
    state = heads * key_dim * value_dim * state_bytes + (kernel - 1.0) * convolved * convolution_bytes
    return state + 0.0 * context
