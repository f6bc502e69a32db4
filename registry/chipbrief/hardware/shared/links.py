"""What the chips of a replica send one another in one pass through all layers: E3, E11."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from chipbrief import physics
from chipbrief.architecture import Architecture
from chipbrief.hardware.deployment import Pool
from chipbrief.hardware.profile import HardwareProfile
from chipbrief.hardware.shared.chip import ACTIVATION_BYTES
from chipbrief.physics import Num

__all__ = ["ChipLinks"]

DISPATCH_BYTES = 1.0  # values travel to their experts as FP8, and back as 16-bit ones (DeepSeek-V3 report, 3.2.2)


@dataclass(frozen=True, kw_only=True)
class ChipLinks:
    """Bandwidth of a chip in one direction that collectives reach [bytes/s], and chips of a scale-up domain."""

    link_bytes_s: Num
    domain: int

    @classmethod
    def from_profile(cls, profile: HardwareProfile) -> Self:
        """Read links and the reached share of them off the profile."""
        chip, reached = profile.interconnect.chip, profile.efficiency.collectives
        assert chip and reached
        return cls(
            link_bytes_s=chip.value * reached.value,
            domain=int(np.max(profile.interconnect.domain.value)),
        )

    def step_s(self, architecture: Architecture, pool: Pool, tokens: Num, groups: int | None = None) -> Num:
        """Seconds of all collectives for some tokens; broadcast shape.

        Two all-reduces a layer (one where there is attention alone) over the chips that share the attention weights;
        where each chip holds them all, the tokens travel to their experts and back instead.

        Args:
            architecture: the model.
            pool: the chips.
            tokens: tokens of the pass, of all groups [tokens].
            groups: attention groups that the tokens are spread over; all for None, 1 for a prompt alone.
        """
        tokens = np.asarray(tokens, dtype=float) / (groups or pool.attention_data)
        payload = tokens * architecture.hidden * ACTIVATION_BYTES
        reduces = (2.0 if architecture.feed_forward else 1.0) * architecture.layers
        total: Num = reduces * physics.all_reduce_s(
            payload, chips=pool.attention_tensor, link_bytes_s=self.link_bytes_s
        )
        if pool.attention_data > 1 and architecture.experts:
            total = total + self._experts_s(architecture, pool, tokens)
        return total

    def _experts_s(self, architecture: Architecture, pool: Pool, tokens: Num) -> Num:
        return physics.expert_parallel_s(
            tokens / pool.attention_tensor,
            hidden=architecture.hidden,
            active_experts=max(group.active for group in architecture.experts),
            value_bytes_dispatch=DISPATCH_BYTES,
            value_bytes_combine=ACTIVATION_BYTES,
            moe_layers=architecture.expert_layers,
            chips=pool.tensor,
            chips_per_domain=self.domain,
            link_bytes_s=self.link_bytes_s,
            scale_out_bytes_s=self.link_bytes_s,
        )
