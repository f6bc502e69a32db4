"""What the model itself may be off by, drawn from the bands of its cross-validation, one factor a sample."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.hardware import Hardware
from chipbrief.hardware.bands import band, is_rate_family
from chipbrief.physics import Array, Num

__all__ = ["EXACT", "Residual"]

NORMAL_90 = 1.2816  # 90th percentile of the normal distribution


@dataclass(frozen=True, slots=True)
class Residual:
    """Measured over predicted of TPOT, of TTFT and of the rate of a full replica; shape (samples, 1), or 1."""

    tpot: Num = 1.0
    ttft: Num = 1.0
    rate: Num = 1.0

    @classmethod
    def drawn(cls, hardware: Hardware, architecture: Architecture, samples: int, seed: int) -> Self:
        """Draw from the bands of a machine and model; a machine that is slow by the token is slow in all.

        The bands are those of a load in flight, and of rates under service levels. Each machine and model has
        streams of its own, so that a draw does not depend on what else is drawn.
        """
        profile = hardware.profile
        speed = "speed" if profile.memory.machine == "sram" else "tpot"
        slow, late = (_normal(f"{hardware.id}:{architecture.id}:{name}", samples, seed) for name in ("tpot", "ttft"))
        low, high = band(profile, architecture, speed)
        if is_rate_family(speed):
            low, high = 1.0 / high, 1.0 / low
        least, most = band(profile, architecture, "throughput_slo")
        return cls(
            tpot=_off(slow, low, high),
            ttft=_off(late, *band(profile, architecture, "ttft_load")),
            rate=_off(-slow, least, most),
        )


EXACT = Residual()


def _normal(name: str, samples: int, seed: int) -> Array:
    return np.random.default_rng([seed, zlib.crc32(name.encode())]).standard_normal((samples, 1))


def _off(normal: Array, low: float, high: float) -> Array:
    """Factors with a median of 1 and the band's ends at the 10th and 90th percentile, each side log-normal."""
    ends = np.where(normal < 0.0, -np.log(low), np.log(high))
    factors: Array = np.exp(normal / NORMAL_90 * ends)
    return factors
