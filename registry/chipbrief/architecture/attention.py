"""Attention layers: their weights, the bytes of their cache and the operations on it."""

from __future__ import annotations

import math
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from chipbrief import physics
from chipbrief.config import Strict, Whole
from chipbrief.physics import Num

__all__ = ["AttentionGroup"]

# What engines keep a linear state in, whatever the precision of the cache: float32, and 16-bit convolution inputs.
STATE_BYTES = 4.0
CONVOLUTION_BYTES = 2.0
LINEAR_CHUNK = 64.0  # tokens that a prefill of linear attention works on together


class AttentionGroup(Strict):
    """Layers with the same attention.

    `full`, `sliding` and `chunked` are grouped-query attention over all tokens, the last `window`, or the current
    chunk of `window`; `latent` is multi-head latent attention (MLA); `linear` keeps a state of constant size
    (gated delta net, KDA): `heads` matrices of `key_dim` by `head_dim`, written from `key_heads` keys behind a short
    convolution, decayed by a number a head or, with `decay_rank`, by channel.

    `gated` layers multiply their output by a gate that is projected like the queries. `top_k` makes a full or latent
    layer sparse: a query attends to that many tokens, picked by the layer's own indexer (`index_heads` of
    `index_dim`, a key of `index_key_bytes` for every token) or, without one, by that of an earlier layer.
    """

    layers: Whole
    kind: Literal["full", "sliding", "chunked", "latent", "linear"]
    heads: Whole
    kv_heads: Whole = 1
    head_dim: Whole = 0
    window: Whole | None = None
    gated: bool = False
    q_rank: Whole = 0
    kv_rank: Whole = 0
    nope_dim: Whole = 0
    rope_dim: Whole = 0
    v_dim: Whole = 0
    top_k: Whole | None = None
    index_heads: Whole = 0
    index_dim: Whole = 0
    index_key_bytes: Whole = 0
    key_heads: Whole = 0
    key_dim: Whole = 0
    convolution: Whole = 0
    decay_rank: Whole = 0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "latent" and not (
            self.q_rank and self.kv_rank and self.nope_dim and self.rope_dim and self.v_dim
        ):
            raise ValueError("latent attention needs q_rank, kv_rank, nope_dim, rope_dim and v_dim")
        if self.kind == "linear" and not (self.head_dim and self.key_heads and self.key_dim and self.convolution):
            raise ValueError("linear attention needs head_dim, key_heads, key_dim and convolution")
        if self.kind != "latent" and not self.head_dim:
            raise ValueError("grouped-query attention needs head_dim")
        return self

    @model_validator(mode="after")
    def _in_place(self) -> Self:
        if (self.kind in ("sliding", "chunked")) != (self.window is not None):
            raise ValueError("a window belongs to sliding and chunked attention, and only there")
        if self.top_k is not None and self.kind not in ("full", "latent"):
            raise ValueError("top_k belongs to full and latent attention, and only there")
        indexer = (self.index_heads, self.index_dim, self.index_key_bytes)
        if any(indexer) and not (all(indexer) and self.top_k):
            raise ValueError("an indexer needs top_k, index_heads, index_dim and index_key_bytes")
        if self.kind != "linear" and (self.key_heads or self.key_dim or self.convolution or self.decay_rank):
            raise ValueError(
                "key_heads, key_dim, convolution and decay_rank belong to linear attention, and only there"
            )
        return self

    # -- dimensions ------------------------------------------------------------------------------------------

    @property
    def span(self) -> float:
        """Tokens that a layer keeps; infinity where all."""
        return math.inf if self.window is None else float(self.window)

    @property
    def attended(self) -> float:
        """Tokens that a query attends to at most; infinity where all."""
        return self.span if self.top_k is None else float(self.top_k)

    @property
    def sort(self) -> str:
        """Its kind, and whether it attends to picked tokens only: what a measured point says something of."""
        return f"{self.kind}, picked" if self.top_k is not None else self.kind

    @property
    def cache_heads(self) -> int:
        """Chips that the cache of a layer can be split over by heads; 1 for a latent cache."""
        return {"latent": 1, "linear": self.heads}.get(self.kind, self.kv_heads)

    @property
    def convolved(self) -> int:
        """Channels of a linear layer that pass its convolution: queries, keys and values."""
        return 2 * self.key_heads * self.key_dim + self.heads * self.head_dim

    # -- parameters ------------------------------------------------------------------------------------------

    def parameters(self, hidden: int) -> int:
        """Weights of one layer's projections, its gate and indexer included [1]."""
        core = {"latent": self._latent_parameters, "linear": self._linear_parameters}.get(
            self.kind, self._grouped_query_parameters
        )
        width = self.heads * (self.v_dim or self.head_dim)
        return core(hidden) + self._index_parameters(hidden) + (hidden * width if self.gated else 0)

    def _grouped_query_parameters(self, hidden: int) -> int:
        return hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)

    def _latent_parameters(self, hidden: int) -> int:
        query = hidden * self.q_rank + self.q_rank * self.heads * (self.nope_dim + self.rope_dim)
        latent = hidden * (self.kv_rank + self.rope_dim) + self.kv_rank * self.heads * (self.nope_dim + self.v_dim)
        return query + latent + self.heads * self.v_dim * hidden

    def _linear_parameters(self, hidden: int) -> int:
        keys, values = self.key_heads * self.key_dim, self.heads * self.head_dim
        decay = self.decay_rank * (hidden + keys) if self.decay_rank else hidden * self.heads
        strength = hidden * self.heads  # how much of the new value each head writes
        return hidden * (2 * keys + 2 * values) + decay + strength + self.convolution * self.convolved

    def _index_parameters(self, hidden: int) -> int:
        """Queries (from the latent query where there is one), one shared key and, in MLA, a weight a head."""
        queries = (self.q_rank or hidden) * self.index_heads * self.index_dim
        weights = hidden * self.index_heads if self.kind == "latent" else 0
        return queries + hidden * self.index_dim + weights

    # -- bytes -----------------------------------------------------------------------------------------------

    def kv_bytes(self, context: Num, value_bytes: float, tensor: float = 1.0) -> Num:
        """Bytes that one sequence keeps in one layer, on each of `tensor` chips (E2); shape of `context`."""
        kept = physics.visible_context(context, self.span)
        return self._cache_bytes(kept, value_bytes, tensor) + self._index_key_bytes(context)

    def kv_read_bytes(self, context: Num, value_bytes: float, tensor: float = 1.0) -> Num:
        """Bytes of them that one decode step reads (E2): the attended tokens, all index keys, the whole state."""
        read = physics.visible_context(context, self.attended)
        return self._cache_bytes(read, value_bytes, tensor) + self._index_key_bytes(context)

    def _index_key_bytes(self, context: Num) -> Num:
        """Index keys serve all heads, so that every chip holds them all."""
        return physics.index_key_bytes(context, key_bytes=self.index_key_bytes)

    def _cache_bytes(self, tokens: Num, value_bytes: float, tensor: float) -> Num:
        share = min(tensor, self.cache_heads)
        if self.kind == "linear":
            return self._state_bytes(tokens) / share
        if self.kind == "latent":
            return physics.kv_latent_bytes(tokens, rank=self.kv_rank, rope_dim=self.rope_dim, value_bytes=value_bytes)
        cache = physics.kv_grouped_query_bytes(
            tokens, kv_heads=self.kv_heads, head_dim=self.head_dim, value_bytes=value_bytes
        )
        return cache / share

    def _state_bytes(self, context: Num) -> Num:
        return physics.linear_state_bytes(
            context,
            heads=self.heads,
            key_dim=self.key_dim,
            value_dim=self.head_dim,
            state_bytes=STATE_BYTES,
            convolved=self.convolved,
            kernel=self.convolution,
            convolution_bytes=CONVOLUTION_BYTES,
        )

    # -- operations ------------------------------------------------------------------------------------------

    @property
    def decode_flop_per_pair(self) -> float:
        """Operations of one query against one attended token; the latent form is the absorbed one (E3)."""
        if self.kind == "latent":
            return 2.0 * self.heads * (2 * self.kv_rank + self.rope_dim)
        return 0.0 if self.kind == "linear" else 4.0 * self.heads * self.head_dim

    @property
    def prefill_flop_per_pair(self) -> float:
        """Operations of one query against one key during prefill, 4 h d (E4)."""
        if self.kind == "latent":
            return 2.0 * self.heads * (self.nope_dim + self.rope_dim + self.v_dim)
        return 0.0 if self.kind == "linear" else 4.0 * self.heads * self.head_dim

    @property
    def index_flop_per_pair(self) -> float:
        """Operations of the indexer for one query against one index key, 2 h_i d_i."""
        return 2.0 * self.index_heads * self.index_dim

    @property
    def state_flop_per_token(self) -> float:
        """Operations of a linear layer for one token, 6 h d_k d_v: recall, correct and read the state (E3)."""
        return 6.0 * self.heads * self.key_dim * self.head_dim if self.kind == "linear" else 0.0

    def decode_flop(self, context: Num) -> Num:
        """Operations of one layer for one output token at a context [FLOP] (E3); shape of `context`."""
        pairs = self.decode_flop_per_pair * physics.visible_context(context, self.attended)
        return pairs + self.index_flop_per_pair * context + self.state_flop_per_token

    def prefill_flop(self, new_tokens: Num, cached_tokens: Num) -> Num:
        """Operations of one layer for new tokens behind cached ones [FLOP] (E4)."""
        if self.kind == "linear":
            return new_tokens * (self.state_flop_per_token + self._chunk_flop_per_token) + 0.0 * cached_tokens
        every = physics.causal_pairs(new_tokens, cached_tokens, self.span)
        dense = self.prefill_flop_per_pair * every
        if self.top_k is None:
            return dense
        picked = physics.causal_pairs(new_tokens, cached_tokens, self.attended)
        # Engines mask a dense prefill while that is less work than absorbed attention to the picked tokens.
        return np.minimum(dense, self.decode_flop_per_pair * picked) + self.index_flop_per_pair * every

    @property
    def _chunk_flop_per_token(self) -> float:
        """What a prefill in chunks of C tokens adds to each: h (3 C d + C^2) (arXiv:2510.26692, eq. 13)."""
        width = (self.key_dim + self.head_dim) / 2.0
        return self.heads * (3.0 * LINEAR_CHUNK * width + LINEAR_CHUNK**2)
