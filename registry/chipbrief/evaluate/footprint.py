"""What one replica takes of each system that it stands on, and so what it costs by the hour and draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from chipbrief.finance import CostLine, Finance, Lane, hourly_usd
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Num

__all__ = ["Footprint", "Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """A system and how many of its chips one replica takes."""

    hardware: Hardware
    chips: int

    @property
    def systems(self) -> float:
        """Systems' worth of chips."""
        return self.chips / self.hardware.profile.chips


@dataclass(frozen=True, slots=True)
class Footprint:
    """One replica on its systems: one, or two where they share the work."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, hardware: Hardware, deployment: Deployment) -> Self:
        """The footprint of a deployment."""
        return cls(tuple(Part(system, deployment.chips_of(system.id)) for system in hardware.systems))

    @property
    def sold(self) -> bool:
        """Whether all of it can be bought."""
        return all(part.hardware.profile.price.sold for part in self.parts)

    def lines(self, lane: Lane, finance: Finance, load: Num) -> tuple[CostLine, ...]:
        """Cost lines of an hour of one of each system; empty where one of them is not offered in the lane."""
        found = [part.hardware.cost.lines(lane, finance, load) for part in self.parts]
        return tuple(line for lines in found for line in lines) if all(found) else ()

    def usd_h(self, lane: Lane, finance: Finance, load: Num) -> Num:
        """One replica for an hour in a lane that all its systems are offered in (C1, C4) [USD/h]."""
        return sum(
            (part.systems * hourly_usd(part.hardware.cost.lines(lane, finance, load)) for part in self.parts), start=0.0
        )

    def prefill_weight(self, deployment: Deployment, lane: Lane, finance: Finance) -> float:
        """What a chip that prefills costs over the mean of all chips; 1 where they are of one sort [1]."""
        if len(self.parts) == 1 or not deployment.is_disaggregated or not self.lines(lane, finance, 1.0):
            return 1.0
        part = next(part for part in self.parts if part.hardware.id == deployment.prefill.hardware)
        usd = part.systems * hourly_usd(part.hardware.cost.lines(lane, finance, 1.0))
        return float(np.ravel(usd / self.usd_h(lane, finance, 1.0))[0]) / (part.chips / deployment.chips)

    def power_w(self, load: Num) -> Num:
        """IT power of one replica at a load (E9) [W]."""
        return sum((part.systems * part.hardware.cost.power_w(load) for part in self.parts), start=0.0)
