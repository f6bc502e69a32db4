"""A model: its dimensions with their source, and the bytes and operations that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from chipbrief import physics
from chipbrief.architecture.attention import AttentionGroup
from chipbrief.architecture.feed_forward import FeedForwardGroup
from chipbrief.architecture.precisions import FormatName, Native, Precision, Published, WeightBytes
from chipbrief.config import Id, Strict, Whole
from chipbrief.errors import Refusal, did_you_mean
from chipbrief.figures import Number, Source, figures_in
from chipbrief.physics import Num
from chipbrief.precision import FORMATS

__all__ = ["Architecture"]


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
    published: dict[FormatName, Published] = {}
    parameters_published: Number
    active_published: Number
    source: str
    sources: dict[str, Source]
    note: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(g.layers for g in self.attention) != sum(g.layers for g in self.feed_forward):
            raise ValueError("attention and feed_forward count different layers")
        checkpoints = (checkpoint.source for checkpoint in self.published.values())
        for name in (self.source, *checkpoints, *(figure.source for _, figure in figures_in(self))):
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
    def size(self) -> str:
        """Family, layers and width: releases of a family with the same are one model to the physics."""
        return f"{self.family.split(' ')[0]}, {self.layers} x {self.hidden}"

    @property
    def expert_layers(self) -> int:
        """Layers with routed experts, L_moe."""
        return sum(group.layers for group in self.experts)

    @property
    def chained_layers(self) -> int:
        """Layers whose attention is a chain of further kernels, counted once a chain: latent or linear, and indexed."""
        chains = ((g.layers, (g.kind in ("latent", "linear")) + (g.top_k is not None)) for g in self.attention)
        return sum(layers * chains_each for layers, chains_each in chains)

    @property
    def context_limit(self) -> int:
        """Tokens that prompt and answer may have together."""
        return int(self.max_context.value)

    @cached_property
    def without_feed_forward(self) -> Self:
        """The same model with attention, norms and head alone: what stays where the cache is when layers are split."""
        return self.model_copy(update={"feed_forward": ()})

    # -- parameters ------------------------------------------------------------------------------------------

    def _attention_parameters(self) -> int:
        return sum(g.layers * g.parameters(self.hidden) for g in self.attention)

    def _dense_parameters(self) -> int:
        return sum(g.layers * g.dense_parameters(self.hidden) for g in self.feed_forward)

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
        return self.native.precision(kv)

    def precision(self, name: str | None = None, kv: str | None = None) -> Precision:
        """The precision called `name`: the native one for None, its own name, and any FP4 where its experts are FP4.

        A second checkpoint that is published in a mixture of formats keeps its mixture, and `fp4` means it where it
        is in FP4; any other name means that format in all linear layers. Upper and lower case are one.

        Raises:
            Refusal: there is no such number format.
        """
        native = self.native_precision(kv)
        name = name and name.lower()
        for wanted in (name, kv):
            if wanted is not None and wanted not in FORMATS:
                raise Refusal(f"unknown number format {wanted!r}" + did_you_mean(wanted, FORMATS))
        if name is None or name in (native.name, native.expert) or (_is_fp4(name) and _is_fp4(native.expert)):
            return native
        if name == "fp4":
            name = next(filter(_is_fp4, self.published), name)
        if name in self.published:
            return self.published[name].precision(name, kv)
        return Precision.uniform(name, kv)

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

    def kv_bytes(self, context: Num, precision: Precision, tensor: float = 1.0) -> Num:
        """Bytes of the KV cache that one sequence keeps at a context [tokens] (E2), what capacity must hold.

        Index keys of sparse attention and the states of linear attention are part of it.

        Args:
            context: tokens so far [tokens], any shape.
            precision: its `kv` is the format of keys, values and latents.
            tensor: tensor-parallel degree of attention, tp_a [1].

        Returns:
            Bytes on each of the `tensor` chips, shape of `context`. Each layer is split by its heads and no further,
            so that chips beyond them hold copies.
        """
        size = FORMATS[precision.kv].value_bytes
        return sum((g.layers * g.kv_bytes(context, size, tensor) for g in self.attention), start=0.0)

    def kv_read_bytes(self, context: Num, precision: Precision, tensor: float = 1.0) -> Num:
        """Bytes of the KV cache of one sequence that one decode step reads (E2); as `kv_bytes`, and at most those.

        Sparse layers read min(context, k) tokens and all index keys; linear layers read their state, and write it
        back; every other layer reads what it keeps.
        """
        size = FORMATS[precision.kv].value_bytes
        return sum((g.layers * g.kv_read_bytes(context, size, tensor) for g in self.attention), start=0.0)

    @property
    def kv_heads(self) -> int:
        """Chips that the KV cache can be split over by heads; 1 for a latent cache, linear states set aside."""
        growing = [g.cache_heads for g in self.attention if g.kind != "linear"]
        return max(growing or [g.cache_heads for g in self.attention])

    # -- operations ------------------------------------------------------------------------------------------

    def decode_attention_flop(self, context: Num) -> Num:
        """Operations of attention for one output token at a context [FLOP] (E3); shape of `context`."""
        return sum((g.layers * g.decode_flop(context) for g in self.attention), start=0.0)

    @property
    def linear_flop(self) -> float:
        """Operations of the linear layers for one token, 2 P_active [FLOP] (E3, E4)."""
        return 2.0 * self.active_parameters

    def prefill_attention_flop(self, new_tokens: Num, cached_tokens: Num) -> Num:
        """Operations of attention for new tokens behind cached ones [FLOP] (E4)."""
        return sum((g.layers * g.prefill_flop(new_tokens, cached_tokens) for g in self.attention), start=0.0)


def _is_fp4(name: str) -> bool:
    """Whether a name stands for some four-bit float; `fp4` is what reports call NVFP4 and MXFP4 alike."""
    return name in FORMATS and FORMATS[name].computes_as[0] == "fp4"
