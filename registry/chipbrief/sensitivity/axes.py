"""An input moved along a line, the cheapest offer on it, and where that changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipbrief.physics import Array

__all__ = ["FACTORS", "AxisLine", "BreakEven", "GridPoint", "Offer", "Prices", "cheapest"]

FACTORS: Array = 2.0 ** np.linspace(-3.0, 3.0, 13)  # of today's value: 1/8 to 8, today's among them


@dataclass(frozen=True, slots=True, order=True)
class Offer:
    """One way to serve a class: a system and a lane of it, or the API of its vendor."""

    hardware: str
    lane: str


Prices = Mapping[Offer, float]
"""Offers that keep the service levels, with their price [USD/Mtok]."""


def cheapest(prices: Prices) -> Offer | None:
    """The cheapest offer, of equals the first by name; None where nothing keeps the levels."""
    return min(prices, key=lambda offer: (prices[offer], offer), default=None)


@dataclass(frozen=True, slots=True)
class GridPoint:
    """The cheapest offer at one value of an axis, and its price; both None where nothing keeps the levels."""

    value: float
    winner: Offer | None
    usd_mtok: float | None

    @classmethod
    def of(cls, value: float, prices: Prices) -> GridPoint:
        """The point of some prices."""
        winner = cheapest(prices)
        return cls(value, winner, None if winner is None else prices[winner])


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Below the value `before` is the cheapest offer, above it `after`; None is no offer at all.

    `by_levels` says that one of the two begins or ceases to keep the service levels there, or to be refused, so that
    the two do not cost the same at the value.
    """

    value: float
    before: Offer | None
    after: Offer | None
    by_levels: bool = False


@dataclass(frozen=True, slots=True)
class AxisLine:
    """One input of one class moved alone.

    Attributes:
        axis: what is moved, with its unit: output_tokens, requests_per_day, concurrent_users, utilisation,
            usd_per_kwh, system_price_usd, rent_usd_chip_hour or api_usd_mtok.
        today: its value in the mix, the terms or the profile.
        grid: the cheapest offer from one end to the other.
        changes: where it changes, rising.
        chosen_again: whether deployment and load were chosen anew at every value; else they are today's.
        of: the system whose price is moved, with the lane; None where the input is common to all.
        figure: id of the Figure that is moved, if it is one.
    """

    axis: str
    today: float
    grid: tuple[GridPoint, ...]
    changes: tuple[BreakEven, ...]
    chosen_again: bool
    of: Offer | None = None
    figure: str | None = None

    @property
    def low(self) -> float:
        """The least value that was looked at."""
        return self.grid[0].value

    @property
    def high(self) -> float:
        """The largest value that was looked at."""
        return self.grid[-1].value
