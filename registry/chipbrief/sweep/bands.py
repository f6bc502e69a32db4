"""How far off a metric may be: the model's own 80 % interval from cross-validation, prices taken as given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.hardware import HardwareProfile
from chipbrief.hardware.bands import LIGHT_LOAD, band, is_rate_family
from chipbrief.physics import Array, Num
from chipbrief.sweep.metrics import METRICS, Operating

__all__ = ["Bands", "banded"]


Ends = tuple[Num, Num]


@dataclass(frozen=True, slots=True)
class Bands:
    """Measured over predicted, low and high: of TPOT, and of TTFT by the running batch."""

    tpot: tuple[float, float]
    ttft: Ends

    @classmethod
    def of(cls, profile: HardwareProfile, architecture: Architecture, batch: Array) -> Self:
        """The bands of a machine and model."""
        family = "speed" if profile.memory.machine == "sram" else "tpot"
        low, high = band(profile, architecture, family)
        light, load = (np.array(band(profile, architecture, f"ttft_{name}")) for name in ("light", "load"))
        ends = np.where(batch[..., np.newaxis] <= LIGHT_LOAD, light, load)
        return cls((1.0 / high, 1.0 / low) if is_rate_family(family) else (low, high), (ends[..., 0], ends[..., 1]))

    def ends(self, metric: str, value: Num, at: Operating) -> Ends:
        """Low and high of a metric. A rate, and what is paid or burnt a token, errs as TPOT does: it is the inverse."""
        return _ENDS[METRICS[metric].errs_as](self, value, at)

    def _times_tpot(self, value: Num, _: Operating) -> Ends:
        return value * self.tpot[0], value * self.tpot[1]

    def _over_tpot(self, value: Num, _: Operating) -> Ends:
        return value / self.tpot[1], value / self.tpot[0]

    def _times_ttft(self, value: Num, _: Operating) -> Ends:
        return value * self.ttft[0], value * self.ttft[1]

    def _by_parts(self, value: Num, at: Operating) -> Ends:
        first = at.service.ttft_s
        low, high = (first * ttft + (value - first) * tpot for ttft, tpot in zip(self.ttft, self.tpot, strict=True))
        return low, high


_ENDS: Mapping[str, Callable[[Bands, Any, Operating], Ends]] = {
    "tpot": Bands._times_tpot,
    "rate": Bands._over_tpot,
    "ttft": Bands._times_ttft,
    "e2e": Bands._by_parts,
}


def banded(metrics: tuple[str, ...]) -> tuple[str, ...]:
    """Those metrics that have a band: all but counts and hourly prices, which follow from the inputs alone."""
    return tuple(name for name in metrics if METRICS[name].errs_as in _ENDS)
