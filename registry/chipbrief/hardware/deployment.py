"""Deployments: the shape in which one copy of a model runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from chipbrief.architecture import Precision

__all__ = ["Deployment", "Pool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Chips of one system type that do one phase of the work.

    Attributes:
        hardware: id of the hardware.
        chips: chips of the pool, n.
        tensor: tensor-parallel degree.
        pipeline: pipeline stages.
        expert: chips that the experts are spread over.
        attention_data: attention-data-parallel groups; attention weights are replicated in each.
        precision: storage formats.
    """

    hardware: str
    chips: int
    tensor: int = 1
    pipeline: int = 1
    expert: int = 1
    attention_data: int = 1
    precision: Precision

    @property
    def attention_tensor(self) -> int:
        """Chips that share one copy of a stage's attention weights, tp_a."""
        return self.tensor // self.attention_data

    def __str__(self) -> str:
        """`8 chips, TP8, bf16`: only degrees above one, and no TP where stages differ in size."""
        degrees = (
            ("TP", self.tensor if self.tensor * self.pipeline == self.chips else 1),
            ("PP", self.pipeline),
            ("EP", self.expert),
            ("DP", self.attention_data),
        )
        parts = [f"{self.chips} chip{'s' if self.chips > 1 else ''}"]
        parts += [f"{name}{degree}" for name, degree in degrees if degree > 1]
        return ", ".join([*parts, self.precision.name])


@dataclass(frozen=True, slots=True)
class Deployment:
    """A replica: the pool that prefills and the pool that decodes, usually one and the same.

    Attributes:
        prefill: the chips that prompts run on.
        decode: the chips that make tokens.
        split_layers: whether the pools share every layer of a token: attention and its cache stay on `prefill`, and
            `decode` computes the feed-forward part (E12).
    """

    prefill: Pool
    decode: Pool
    split_layers: bool = False

    @classmethod
    def aggregated(cls, pool: Pool) -> Self:
        """Both phases on the same chips."""
        return cls(pool, pool)

    @property
    def is_aggregated(self) -> bool:
        """Whether prefill and decode run on the same chips."""
        return self.prefill == self.decode

    @property
    def is_disaggregated(self) -> bool:
        """Whether prefill and decode share no chip, and so do not wait for one another (E10)."""
        return not (self.is_aggregated or self.split_layers)

    @property
    def chips(self) -> int:
        """Chips of the replica."""
        return self.decode.chips if self.is_aggregated else self.prefill.chips + self.decode.chips

    def chips_of(self, hardware: str) -> int:
        """Chips of a system, by its id."""
        pools = {self.prefill, self.decode}
        return sum(pool.chips for pool in pools if pool.hardware == hardware)

    def __str__(self) -> str:
        """The pool, or both pools with their hardware where that differs."""
        if self.is_aggregated:
            return str(self.decode)
        prefill, decode = str(self.prefill), str(self.decode)
        if self.prefill.hardware != self.decode.hardware:
            prefill, decode = f"{self.prefill.hardware} {prefill}", f"{self.decode.hardware} {decode}"
        if self.split_layers:
            return f"prefill and attention {prefill}; feed-forward {decode}"
        return f"prefill {prefill}; decode {decode}"
