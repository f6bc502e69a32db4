"""Which systems have a measured point behind them at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from chipbrief.evidence import SHIPPED
from chipbrief.evidence.points import read_points
from chipbrief.hardware import HardwareProfile
from chipbrief.registry import Registry

__all__ = ["UNMEASURED", "has_points", "points_of"]

UNMEASURED = "no measured point behind it"


def points_of(registry: Registry, path: Path = SHIPPED) -> Mapping[str, int]:
    """Measured points of each system in a file, the one that ships with the package by default; 0 for the others.

    Raises:
        InputError: the file cannot be used.
    """
    known = (registry.names.get(point.hardware) for point in read_points(path).points if point.value is not None)
    return Counter(name for name in known if name)


def has_points(profile: HardwareProfile, points: Mapping[str, int]) -> bool:
    """Whether a constant of a system was fitted to a point of its own, or a point of it ships to judge it on."""
    on = profile.calibrated_on
    return profile.id in on.times.hardware or profile.id in on.throughput.hardware or points.get(profile.id, 0) > 0
