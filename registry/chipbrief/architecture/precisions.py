"""Precisions: in which format each part of a model is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BeforeValidator

from chipbrief.config import Strict
from chipbrief.errors import did_you_mean
from chipbrief.precision import FORMATS

__all__ = ["FormatName", "Native", "Precision", "Published", "WeightBytes"]


def _format(name: object) -> str:
    if name not in FORMATS:
        raise ValueError(f"unknown number format {name!r}" + did_you_mean(str(name), FORMATS))
    return str(name)


FormatName = Annotated[str, BeforeValidator(_format)]


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
        """All linear layers in one format; head and embedding stay 16-bit, KV is FP8 beside FP8 and FP4 weights.

        So the NVFP4 checkpoints of the dense Llamas and of Qwen3 are: every layer but the head and the routers, with KV
        in FP8 (hf_quant_config.json of Qwen3-235B-A22B-NVFP4, as copied in ai-dynamo/aiconfigurator).
        """
        return cls(name=name, attention=name, dense=name, expert=name, kv=kv or _served_kv(name))

    def storage(self) -> tuple[str, ...]:
        """The formats that a machine must be able to store."""
        return tuple(dict.fromkeys((self.attention, self.dense, self.expert, self.head, self.kv)))


def _served_kv(weights: str) -> str:
    return "fp8" if FORMATS[weights].computes_as[0] in ("fp8", "fp4") else "bf16"


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
    """The formats in which the weights are published first: `experts` where routed experts have one of their own."""

    weights: FormatName
    experts: FormatName | None = None

    def precision(self, kv: str | None) -> Precision:
        """The published formats, with the KV cache as `Precision.uniform` has it."""
        plain = Precision.uniform(self.weights, kv)
        if self.experts is None:
            return plain
        return plain.model_copy(update={"name": self.experts, "expert": self.experts})


class Published(Strict):
    """A second checkpoint that does not store all linear layers alike; its key is the format of its experts."""

    attention: FormatName
    dense: FormatName
    expert: FormatName
    source: str

    def precision(self, name: str, kv: str | None) -> Precision:
        """Its formats, with the KV cache that is served beside its experts."""
        return Precision(
            name=name,
            attention=self.attention,
            dense=self.dense,
            expert=self.expert,
            kv=kv or _served_kv(self.expert),
        )
