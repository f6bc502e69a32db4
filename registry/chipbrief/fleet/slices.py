"""The hours of a day that a fleet must carry: those that no other hour asks at least as much of every class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chipbrief.workload import HOURS, WorkloadClass

__all__ = ["PEAK", "slices_of"]

PEAK = "peak"


def slices_of(classes: Sequence[WorkloadClass]) -> tuple[tuple[str, ...], Mapping[str, tuple[float, ...]]]:
    """Names of the hours to carry, and the load of each class in them over that of its busiest hour.

    A class whose mix does not tell the day's shape has its peak in every hour: nothing is pooled that is not known.

    Returns:
        Names such as `14:00` (UTC), or `peak` alone; for each class one load a name [1].
    """
    loads = np.array([wanted.demand.hours or (1.0,) * HOURS for wanted in classes]).T  # (hours, classes)
    kept: list[int] = []
    for hour in sorted(range(HOURS), key=lambda h: (-loads[h].sum(), h)):
        if not any((loads[other] >= loads[hour] - 1e-9).all() for other in kept):
            kept.append(hour)
    kept.sort()
    names = (PEAK,) if len(kept) == 1 else tuple(f"{hour:02d}:00" for hour in kept)
    return names, {wanted.id: tuple(map(float, loads[kept, i])) for i, wanted in enumerate(classes)}
