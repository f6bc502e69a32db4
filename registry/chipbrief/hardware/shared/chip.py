"""What every chip has, whatever its memory: capacity and bandwidth, peaks and the shares of them that are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from chipbrief import physics
from chipbrief.architecture import Architecture
from chipbrief.hardware.contract import uses
from chipbrief.hardware.deployment import Pool
from chipbrief.hardware.profile import HardwareProfile
from chipbrief.hardware.shared.fitting import attention_peak, dense_peaks, part_peak
from chipbrief.physics import Num

__all__ = ["ACTIVATION_BYTES", "ChipCompute", "ChipMemory"]

ACTIVATION_BYTES = 2.0  # activations travel between chips as 16-bit values


@dataclass(frozen=True, kw_only=True)
class ChipMemory:
    """Memory of a chip [bytes, bytes/s] and the reached shares of its bandwidth [1]."""

    capacity_bytes: Num
    bandwidth_bytes_s: Num
    usable: Num
    weight_efficiency: Num
    kv_efficiency: Num

    @classmethod
    def from_profile(cls, profile: HardwareProfile) -> Self:
        """Read memory and efficiency off the profile."""
        memory, efficiency = profile.memory, profile.efficiency
        return cls(
            capacity_bytes=memory.capacity.value,
            bandwidth_bytes_s=memory.bandwidth.value,
            usable=memory.usable.value,
            weight_efficiency=efficiency.weights.value,
            kv_efficiency=efficiency.kv.value,
        )

    @uses("E5b", figures=["memory.capacity", "memory.usable"])
    def memory_bytes(self, pool: Pool) -> Num:
        """Bytes that weights and KV cache may fill on all chips (E5b)."""
        return pool.chips * self.capacity_bytes * self.usable


@dataclass(frozen=True, kw_only=True)
class ChipCompute:
    """Dense peaks of a chip by compute format [FLOP/s] and the shares of them that are reached [1].

    `expert_efficiency` is what the products of routed experts reach of what dense ones do: their rows are few and
    unevenly spread.
    """

    peaks: Mapping[str, Num]
    decode_efficiency: Num
    prefill_efficiency: Num
    attention_efficiency: Num
    expert_efficiency: Num

    @classmethod
    def from_profile(cls, profile: HardwareProfile) -> Self:
        """Read peaks and efficiency off the profile."""
        efficiency = profile.efficiency
        return cls(
            peaks=dense_peaks(profile),
            decode_efficiency=efficiency.decode.value,
            prefill_efficiency=efficiency.prefill.value,
            attention_efficiency=efficiency.attention.value,
            expert_efficiency=efficiency.experts.value if efficiency.experts else 1.0,
        )

    def decode_s(self, architecture: Architecture, pool: Pool, chips: int, tokens: Num, context: Num) -> Num:
        """Seconds to compute one token each of some sequences at a context, on some chips (E3).

        Fewer sequences than attention groups leave the other groups' chips without attention to compute.
        """
        attention = np.maximum(tokens, pool.attention_data) * architecture.decode_attention_flop(context)
        linear = self._linear_s(architecture, pool, chips, tokens, self.decode_efficiency)
        return linear + self._attention_s(attention, chips, self.decode_efficiency)

    def prefill_s(
        self,
        architecture: Architecture,
        pool: Pool,
        chips: int,
        new_tokens: Num,
        cached_tokens: Num,
        attending: int | None = None,
    ) -> Num:
        """Seconds to compute new prompt tokens behind cached ones, on some chips (E4).

        Args:
            architecture: the model.
            pool: shape and precision.
            chips: chips that share the linear layers.
            new_tokens: prompt tokens to compute [tokens].
            cached_tokens: tokens whose keys exist already [tokens].
            attending: chips that share the attention; all of `chips` for None.

        The LM head is applied to the last token alone.
        """
        attention = architecture.prefill_attention_flop(new_tokens, cached_tokens)
        linear = self._linear_s(architecture, pool, chips, new_tokens, self.prefill_efficiency, head=False)
        return linear + self._attention_s(attention, attending or chips, self.attention_efficiency)

    def _linear_s(
        self, architecture: Architecture, pool: Pool, chips: int, tokens: Num, efficiency: Num, *, head: bool = True
    ) -> Num:
        """Two operations a weight and token, each part of the model on the path that its format runs on."""
        total: Num = 0.0
        for part, weights in architecture.active_by_part.items():
            if not weights or (part == "head" and not head):
                continue
            total = total + physics.compute_s(
                2.0 * weights * tokens,
                chips=float(chips),
                peak_flop_s=part_peak(self.peaks, pool.precision, part),
                efficiency=efficiency * (self.expert_efficiency if part == "expert" else 1.0),
            )
        return total

    def _attention_s(self, flop: Num, chips: int, efficiency: Num) -> Num:
        return physics.compute_s(
            flop, chips=float(chips), peak_flop_s=attention_peak(self.peaks), efficiency=efficiency
        )
