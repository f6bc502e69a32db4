"""Architectures: a model as groups of layers, from which its bytes and operations follow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from chipbrief import physics
from chipbrief.config import Id, Strict, Whole
from chipbrief.errors import did_you_mean
from chipbrief.figures import Number, Source, figures_in
from chipbrief.physics import Num
from chipbrief.precision import FORMATS

__all__ = ["Architecture", "AttentionGroup", "FeedForwardGroup", "FormatName", "Precision", "WeightBytes"]


def _format(name: object) -> str:
    if name not in FORMATS:
        raise ValueError(f"unknown number format {name!r}" + did_you_mean(str(name), FORMATS))
    return str(name)


FormatName = Annotated[str, BeforeValidator(_format)]


class AttentionGroup(Strict):
    """Layers with the same attention.

    `full`, `sliding` and `chunked` are grouped-query attention over all tokens, the last `window`, or the current
    chunk of `window`; `latent` is multi-head latent attention (MLA).
    """

    layers: Whole
    kind: Literal["full", "sliding", "chunked", "latent"]
    heads: Whole
    kv_heads: Whole = 1
    head_dim: Whole = 0
    window: Whole | None = None
    q_rank: Whole = 0
    kv_rank: Whole = 0
    nope_dim: Whole = 0
    rope_dim: Whole = 0
    v_dim: Whole = 0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "latent" and not (
            self.q_rank and self.kv_rank and self.nope_dim and self.rope_dim and self.v_dim
        ):
            raise ValueError("latent attention needs q_rank, kv_rank, nope_dim, rope_dim and v_dim")
        if self.kind != "latent" and not self.head_dim:
            raise ValueError("grouped-query attention needs head_dim")
        if (self.kind in ("sliding", "chunked")) != (self.window is not None):
            raise ValueError("a window belongs to sliding and chunked attention, and only there")
        return self

    @property
    def span(self) -> float:
        """Tokens that a query may see; infinity where all."""
        return math.inf if self.window is None else float(self.window)

    def parameters(self, hidden: int) -> int:
        """Weights of one layer's projections [1]."""
        if self.kind == "latent":
            query = hidden * self.q_rank + self.q_rank * self.heads * (self.nope_dim + self.rope_dim)
            latent = hidden * (self.kv_rank + self.rope_dim) + self.kv_rank * self.heads * (self.nope_dim + self.v_dim)
            return query + latent + self.heads * self.v_dim * hidden
        return hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)

    def kv_bytes(self, context: Num, value_bytes: float) -> Num:
        """KV-cache bytes of one sequence in one layer (E2); shape of `context`."""
        visible = physics.visible_context(context, self.span)
        if self.kind == "latent":
            return physics.kv_latent_bytes(visible, rank=self.kv_rank, rope_dim=self.rope_dim, value_bytes=value_bytes)
        return physics.kv_grouped_query_bytes(
            visible, kv_heads=self.kv_heads, head_dim=self.head_dim, value_bytes=value_bytes
        )

    @property
    def decode_flop_per_pair(self) -> float:
        """Operations of one query against one cached token; the latent form is the absorbed one (E3)."""
        if self.kind == "latent":
            return 2.0 * self.heads * (2 * self.kv_rank + self.rope_dim)
        return 4.0 * self.heads * self.head_dim

    @property
    def prefill_flop_per_pair(self) -> float:
        """Operations of one query against one key during prefill, 4 h d (E4)."""
        if self.kind == "latent":
            return 2.0 * self.heads * (self.nope_dim + self.rope_dim + self.v_dim)
        return 4.0 * self.heads * self.head_dim


class FeedForwardGroup(Strict):
    """Layers with the same gated FFN: dense, or routed experts with shared ones beside them."""

    layers: Whole
    kind: Literal["dense", "experts"]
    width: Whole
    experts: Whole = 0
    active: Whole = 0
    shared: Whole = 0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "experts" and not 0 < self.active <= self.experts:
            raise ValueError("experts need 0 < active <= experts")
        return self

    def expert_parameters(self, hidden: int) -> int:
        """Weights of one expert (or of the dense FFN): three matrices [1]."""
        return 3 * hidden * self.width


class Precision(Strict):
    """Storage formats of the parts of a model; `kv` is the KV cache."""

    name: str
    attention: FormatName
    dense: FormatName
    expert: FormatName
    head: FormatName = "bf16"
    kv: FormatName = "bf16"

    @classmethod
    def uniform(cls, name: str, kv: str | None = None) -> Self:
        """All linear layers in one format; head and embedding stay 16-bit, KV is FP8 beside FP8 and FP4 weights."""
        narrow = FORMATS[name].computes_as[0] in ("fp8", "fp4")
        return cls(name=name, attention=name, dense=name, expert=name, kv=kv or ("fp8" if narrow else "bf16"))

    def storage(self) -> tuple[str, ...]:
        """The formats that a machine must be able to store."""
        return tuple(dict.fromkeys((self.attention, self.dense, self.expert, self.head, self.kv)))


@dataclass(frozen=True, slots=True)
class WeightBytes:
    """Weight bytes of a whole model, by part."""

    attention: float
    dense: float
    expert: float
    embedding: float

    @property
    def total(self) -> float:
        """All that must be stored."""
        return self.attention + self.dense + self.expert + self.embedding


class Native(Strict):
    """The formats in which the weights are published."""

    weights: FormatName
    experts: FormatName | None = None


class Architecture(Strict):
    """A model: dimensions with their source, and what follows from them."""

    id: Id
    name: str
    aliases: tuple[str, ...] = ()
    family: str
    released: str
    hidden: Whole
    vocab: Whole
    tied_embeddings: bool = False
    attention: Annotated[tuple[AttentionGroup, ...], Field(min_length=1)]
    feed_forward: Annotated[tuple[FeedForwardGroup, ...], Field(min_length=1)]
    max_context: Number
    native: Native
    parameters_published: Number
    active_published: Number
    source: str
    sources: dict[str, Source]
    note: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(g.layers for g in self.attention) != sum(g.layers for g in self.feed_forward):
            raise ValueError("attention and feed_forward count different layers")
        for name in (self.source, *(figure.source for _, figure in figures_in(self))):
            if name not in self.sources:
                raise ValueError(f"unknown source {name!r}" + did_you_mean(name, self.sources))
        return self

    @property
    def layers(self) -> int:
        """L."""
        return sum(group.layers for group in self.attention)

    @property
    def experts(self) -> Sequence[FeedForwardGroup]:
        """The groups with routed experts."""
        return [g for g in self.feed_forward if g.kind == "experts"]

    @property
    def context_limit(self) -> int:
        """Tokens that prompt and answer may have together."""
        return int(self.max_context.value)

    # -- parameters ------------------------------------------------------------------------------------------

    def _attention_parameters(self) -> int:
        return sum(g.layers * g.parameters(self.hidden) for g in self.attention)

    def _dense_parameters(self) -> int:
        return sum(
            g.layers
            * (
                g.expert_parameters(self.hidden)
                if g.kind == "dense"
                else g.shared * g.expert_parameters(self.hidden) + self.hidden * g.experts
            )
            for g in self.feed_forward
        )

    def _expert_parameters(self) -> int:
        return sum(g.layers * g.experts * g.expert_parameters(self.hidden) for g in self.experts)

    def _norm_parameters(self) -> int:
        return (2 * self.layers + 1) * self.hidden

    @property
    def parameters(self) -> int:
        """All weights, embedding and LM head included [1]."""
        embeddings = self.hidden * self.vocab * (1 if self.tied_embeddings else 2)
        inner = self._attention_parameters() + self._dense_parameters() + self._expert_parameters()
        return inner + self._norm_parameters() + embeddings

    @property
    def active_by_part(self) -> Mapping[str, int]:
        """Weights that one token multiplies with, by part of the model: no input embedding, routed experts only [1]."""
        return {
            "attention": self._attention_parameters(),
            "dense": self._dense_parameters(),
            "expert": sum(g.layers * g.active * g.expert_parameters(self.hidden) for g in self.experts),
            "head": self.hidden * self.vocab,
        }

    @property
    def active_parameters(self) -> int:
        """Weights that one token multiplies with, P_active [1]."""
        return sum(self.active_by_part.values())

    # -- bytes -----------------------------------------------------------------------------------------------

    def native_precision(self, kv: str | None = None) -> Precision:
        """The published formats, with the KV cache as `Precision.uniform` has it."""
        plain = Precision.uniform(self.native.weights, kv)
        if self.native.experts is None:
            return plain
        name = self.native.experts
        return plain.model_copy(update={"name": name, "expert": name})

    def precision(self, name: str | None = None, kv: str | None = None) -> Precision:
        """The precision called `name` (the native one for None or its own name)."""
        native = self.native_precision(kv)
        return native if name in (None, native.name) else Precision.uniform(str(name), kv)

    def weight_bytes(self, precision: Precision) -> WeightBytes:
        """Bytes of the weights by part, in a precision [bytes]."""
        size = {
            part: FORMATS[getattr(precision, part)].value_bytes for part in ("attention", "dense", "expert", "head")
        }
        head = self.hidden * self.vocab * size["head"]
        return WeightBytes(
            attention=self._attention_parameters() * size["attention"],
            dense=self._dense_parameters() * size["dense"] + self._norm_parameters() * size["head"] + head,
            expert=self._expert_parameters() * size["expert"],
            embedding=0.0 if self.tied_embeddings else head,
        )

    def expert_coverage(self, tokens: Num) -> Num:
        """Share of the routed expert bytes that a step of `tokens` touches (E1); 1 where there are none."""
        total = self._expert_parameters()
        if not total:
            return 1.0
        shares = (
            g.layers
            * g.experts
            * g.expert_parameters(self.hidden)
            / total
            * physics.expert_coverage(tokens, experts=g.experts, active=g.active)
            for g in self.experts
        )
        return sum(shares, start=0.0)

    def kv_bytes(self, context: Num, precision: Precision) -> Num:
        """KV-cache bytes of one sequence at a context [tokens] (E2); shape of `context`."""
        size = FORMATS[precision.kv].value_bytes
        return sum((g.layers * g.kv_bytes(context, size) for g in self.attention), start=0.0)

    @property
    def kv_heads(self) -> int:
        """Chips that the KV cache can be split over by heads; 1 for a latent cache."""
        return max(1 if g.kind == "latent" else g.kv_heads for g in self.attention)

    # -- operations ------------------------------------------------------------------------------------------

    def decode_attention_flop(self, context: Num) -> Num:
        """Operations of attention for one output token at a context [FLOP] (E3); shape of `context`."""
        parts = (g.layers * g.decode_flop_per_pair * physics.visible_context(context, g.span) for g in self.attention)
        return sum(parts, start=0.0)

    @property
    def linear_flop(self) -> float:
        """Operations of the linear layers for one token, 2 P_active [FLOP] (E3, E4)."""
        return 2.0 * self.active_parameters

    def prefill_attention_flop(self, new_tokens: Num, cached_tokens: Num) -> Num:
        """Operations of attention for new tokens behind cached ones [FLOP] (E4)."""
        parts = (
            g.layers * g.prefill_flop_per_pair * physics.causal_pairs(new_tokens, cached_tokens, g.span)
            for g in self.attention
        )
        return sum(parts, start=0.0)
