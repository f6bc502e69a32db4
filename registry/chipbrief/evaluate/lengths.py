"""How lengths are spread around their mean."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

import numpy as np

from chipbrief.physics import Array, Num

__all__ = ["Lengths"]

_NORMAL = NormalDist()
_EDGES = np.linspace(-2.6, 2.6, 27)  # from the 0.5th to the 99.5th percentile, in normal scores
_SHARES = np.diff([_NORMAL.cdf(edge) for edge in _EDGES])


@dataclass(frozen=True, slots=True)
class Lengths:
    """Parts of some requests by length: the share of each and its length over the mean, both along a leading axis."""

    shares: Array
    over_mean: Array

    @classmethod
    def through(cls, median: float, p95: float) -> Self:
        """Log-normal through two quantiles, between its 0.5th and 99.5th percentile; one part where they are equal."""
        sigma = np.log(max(p95, median) / median) / _NORMAL.inv_cdf(0.95)
        if sigma == 0.0:
            return cls(np.ones((1, 1, 1)), np.ones((1, 1, 1)))
        shares = (_SHARES / _SHARES.sum()).reshape(-1, 1, 1)
        lengths = np.exp(sigma * (_EDGES[1:] + _EDGES[:-1]) / 2.0).reshape(-1, 1, 1)
        return cls(shares, lengths / (shares * lengths).sum())

    def mean(self, values: Num) -> Num:
        """Mean over the parts; shape (points,), or (samples, points) where values have samples."""
        mean: Array = (self.shares * values).sum(axis=0)
        return mean if mean.shape[0] > 1 else mean[0]

    def scv(self, values: Num) -> Num:
        """Variance over squared mean of what the parts have, see `mean`."""
        scale = np.maximum(self.mean(values), np.finfo(float).tiny)
        return np.maximum(self.mean(np.square(values / scale)) - 1.0, 0.0)

    @property
    def length_scv(self) -> float:
        """Variance over squared mean of the lengths themselves."""
        return float(np.ravel(self.scv(self.over_mean))[0])
