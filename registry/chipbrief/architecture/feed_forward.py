"""Feed-forward networks: dense, or routed experts with shared ones beside them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from chipbrief.config import Strict, Whole

__all__ = ["FeedForwardGroup"]


class FeedForwardGroup(Strict):
    """Layers with the same gated FFN: dense, or routed experts with shared ones beside them.

    Where `latent` is given, the routed experts work on the hidden state projected down to that width, and their sum
    is projected back up (latent MoE, arXiv:2607.24653); shared experts and router see the whole hidden state.
    """

    layers: Whole
    kind: Literal["dense", "experts"]
    width: Whole
    experts: Whole = 0
    active: Whole = 0
    shared: Whole = 0
    latent: Whole = 0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "experts" and not 0 < self.active <= self.experts:
            raise ValueError("experts need 0 < active <= experts")
        if self.kind == "dense" and (self.experts or self.latent):
            raise ValueError("experts and latent belong to layers with experts, and only there")
        return self

    def expert_parameters(self, hidden: int) -> int:
        """Weights of one routed expert: three matrices [1]."""
        return 3 * (self.latent or hidden) * self.width

    def dense_parameters(self, hidden: int) -> int:
        """Weights of one layer that every token multiplies with: FFN or shared experts, router, projections [1]."""
        if self.kind == "dense":
            return 3 * hidden * self.width
        return self.shared * 3 * hidden * self.width + hidden * self.experts + 2 * hidden * self.latent
