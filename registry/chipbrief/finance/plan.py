"""A plan of money by month: what is bought, rented and bought by the token, and what that delivers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from chipbrief.finance.lines import CostLine
from chipbrief.physics import Array

__all__ = ["MoneyPlan", "deliveries", "grown"]

_NOTHING: Array = np.zeros(0)
_BY_MONTH = ("delivered", "worked", "rented", "served_mtok", "api_mtok", "revenue_usd")


@dataclass(frozen=True, kw_only=True)
class MoneyPlan:
    """What one option takes in each month of its horizon; any of the lanes may be empty.

    Arrays have shape (months,), or (0,) for nothing at all; `delivered` has shape (before_months + months,).

    Attributes:
        months: horizon, months of 730 hours.
        before_months: months before the horizon in which systems are ordered and delivered; they count to year 1.
        delivered: systems delivered at the start of each month [1].
        own_lines: cost lines of an hour of one owned system (`CostModel.lines`), whose capital lines are its price.
        worked: systems' worth of owned chips that are busy, on average over each month [1].
        work_lines: cost lines of an hour of what a busy system takes above `own_lines`, such as its energy at load.
        order_months: months from order, when the deposit is due, to delivery; never before the plan's first month.
        rented: systems in use from a provider in each month [1].
        rent_lines: cost lines of an hour of one rented system, at the prices of the first month.
        commitment_months: months that a rental contract runs; 1 on demand.
        system_mtok: tokens that one system delivers in a month when it is never out of service [Mtok].
        served_mtok: tokens that owned and rented systems deliver in each month where the load decides, not their number
            [Mtok].
        api_mtok: tokens bought by the token in each month [Mtok].
        api_usd_mtok: their price in the first month [USD/Mtok].
        revenue_usd: what the tokens bring in; without it there is no profit and no tax on it [USD].
    """

    months: int
    before_months: int = 0
    delivered: Array = field(default_factory=lambda: _NOTHING)
    own_lines: tuple[CostLine, ...] = ()
    worked: Array = field(default_factory=lambda: _NOTHING)
    work_lines: tuple[CostLine, ...] = ()
    order_months: int = 0
    rented: Array = field(default_factory=lambda: _NOTHING)
    rent_lines: tuple[CostLine, ...] = ()
    commitment_months: int = 1
    system_mtok: float = 0.0
    served_mtok: Array = field(default_factory=lambda: _NOTHING)
    api_mtok: Array = field(default_factory=lambda: _NOTHING)
    api_usd_mtok: float = 0.0
    revenue_usd: Array = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        if self.months < 1 or self.commitment_months < 1 or min(self.order_months, self.before_months) < 0:
            raise ValueError("a plan and a contract run for a month or more, and nothing arrives before its order")
        for name in _BY_MONTH:
            needs = self.months + (self.before_months if name == "delivered" else 0)
            if len(getattr(self, name)) not in (0, needs):
                raise ValueError(f"{name} needs a value for each of {needs} months")
        priced = {"delivered": self.own_lines, "rented": self.rent_lines, "api_mtok": self.api_usd_mtok}
        for name, price in priced.items():
            if self.by_month(name).any() and not price:
                raise ValueError(f"{name} has no price")

    def by_month(self, name: str) -> Array:
        """One of the arrays, zeros where there is nothing; shape (before_months + months,)."""
        values = np.asarray(getattr(self, name), dtype=float)
        return np.concatenate([np.zeros(self.before_months + self.months - len(values)), values])


def grown(first: float, growth_per_year: float, months: int) -> Array:
    """A load by month that grows by a factor a year: first x growth^(month/12); shape (months,)."""
    grown_by: Array = first * growth_per_year ** (np.arange(months) / 12.0)
    return grown_by


def deliveries(needed: Array, *, life_months: int, lag_months: float = 0.0) -> Array:
    """Systems to deliver in each month so that as many as needed are live, retired ones replaced.

    A system is live from `lag_months` (whole months, rounded up) after its delivery until `life_months` after it. What
    is needed sooner than the lag allows arrives in the first month and is live when it can be.

    Args:
        needed: live systems wanted in each month, shape (months,).
        life_months: from delivery to retirement.
        lag_months: from delivery to live.

    Returns:
        Deliveries, shape (months,).

    Raises:
        ValueError: a life that ends before the system is live.
    """
    lag = math.ceil(lag_months - 1e-9)
    if life_months <= lag:
        raise ValueError(f"a life of {life_months} months ends within a lag of {lag}")
    months = len(needed)
    bought = np.zeros(months)
    for month in range(months):  # when the systems must be live
        arrives = max(month - lag, 0)
        live_from = max(month - life_months + 1, 0)
        live = bought[live_from : arrives + 1].sum()
        bought[arrives] += max(float(needed[month]) - live, 0.0)
    return bought
