"""How sure: Figures sampled within their ranges, and moved one at a time."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from chipbrief.figures import Figure
from chipbrief.physics import Array, Num

__all__ = ["TornadoBar", "interval_80", "sample_figures", "tornado"]


def sample_figures(figures: Mapping[str, Figure], samples: int, seed: int) -> dict[str, Array]:
    """Draw the Figures that have a range from triangles between low, value and high.

    Every Figure has a stream of its own, seeded by its id, so that a draw does not depend on what else is drawn.

    Returns:
        Arrays of shape (samples,), by Figure id.
    """
    drawn: dict[str, Array] = {}
    for name, figure in figures.items():
        if figure.ranged:
            stream = np.random.default_rng([seed, zlib.crc32(name.encode())])
            drawn[name] = stream.triangular(figure.lowest, figure.value, figure.highest, samples)
    return drawn


def interval_80(values: Num) -> tuple[float, float]:
    """The 10th and 90th percentile of some samples."""
    low, high = np.quantile(np.asarray(values, dtype=float), [0.1, 0.9])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class TornadoBar:
    """What one Figure does to a result when it alone goes to the ends of its range."""

    figure: str
    low: float
    high: float

    @property
    def swing(self) -> float:
        """Distance between the two ends."""
        return abs(self.high - self.low)


def tornado(figures: Mapping[str, Figure], result: Callable[[Mapping[str, Array]], Num]) -> list[TornadoBar]:
    """Move every ranged Figure to its low and its high end alone, all in one call of `result`; largest swing first.

    Args:
        figures: candidates by id.
        result: the result for sampled Figures, shape (samples, 1) or (samples,).
    """
    ranged = {name: figure for name, figure in figures.items() if figure.ranged}
    values: dict[str, Array] = {}
    for i, (name, figure) in enumerate(ranged.items()):
        values[name] = np.full(2 * len(ranged), figure.value)
        values[name][2 * i : 2 * i + 2] = figure.lowest, figure.highest
    if not ranged:
        return []
    ends = np.broadcast_to(np.asarray(result(values), dtype=float).reshape(-1), (2 * len(ranged),))
    bars = [TornadoBar(name, float(ends[2 * i]), float(ends[2 * i + 1])) for i, name in enumerate(ranged)]
    return sorted(bars, key=lambda bar: (-bar.swing, bar.figure))
