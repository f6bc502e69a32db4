"""The equations of cost as plain functions of numbers; every one broadcasts over NumPy arrays."""

from __future__ import annotations

import numpy as np

from chipbrief.physics import Num

__all__ = [
    "HOURS_PER_MONTH",
    "HOURS_PER_YEAR",
    "SECONDS_PER_MONTH",
    "SECONDS_PER_YEAR",
    "capital_recovery_factor",
    "present_value_factor",
    "real_rate",
    "straight_line",
    "units_needed",
    "usd_per_mtok",
]

HOURS_PER_YEAR = 8760.0
HOURS_PER_MONTH = 730.0
SECONDS_PER_YEAR = HOURS_PER_YEAR * 3600.0
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600.0


def capital_recovery_factor(rate: Num, years: Num) -> Num:
    """Yearly payment that pays back one dollar over some years with interest (C1).

    CRF(r, n) = r (1 + r)^n / ((1 + r)^n - 1), and 1/n without interest.

    Args:
        rate: cost of capital, r, more than -1 [1/y].
        years: economic life, n [y].

    Returns:
        1/y, broadcast shape.
    """
    rate = np.asarray(rate, dtype=float)
    paid_back = -np.expm1(-years * np.log1p(rate))  # 1 - (1 + r)^-n, exact for small r too
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rate != 0, rate / paid_back, 1.0 / np.asarray(years, dtype=float))


def present_value_factor(rate: Num, years: Num) -> Num:
    """What a dollar after some years is worth today (C1): (1 + r)^-t. Rate in 1/y, time in years."""
    return (1.0 + rate) ** -years


def real_rate(nominal: Num, inflation: Num) -> Num:
    """Interest above inflation, Fisher's (1 + r)/(1 + i) - 1; the nominal rate itself without inflation [1/y]."""
    return (nominal - inflation) / (1.0 + inflation)


def straight_line(price: Num, residual: Num, years: Num) -> Num:
    """Yearly depreciation of the P&L view: the price less what is left at the end, in equal parts.

    Args:
        price: what was paid [USD].
        residual: share of the price that is left at the end [1].
        years: economic life [y].

    Returns:
        USD/y, broadcast shape.
    """
    return price * (1.0 - residual) / years


def usd_per_mtok(usd_per_hour: Num, tokens_per_s: Num, utilisation: Num) -> Num:
    """Price of a million tokens (C2): USD/h / (tok/s x 3600) x 1e6 / utilisation.

    Args:
        usd_per_hour: cost of what delivers the tokens [USD/h].
        tokens_per_s: tokens of the class asked for that it can deliver [tok/s].
        utilisation: delivered over capacity [1].

    Returns:
        USD/Mtok, broadcast shape.
    """
    return usd_per_hour / (tokens_per_s * 3600.0) * 1e6 / utilisation


def units_needed(peak: Num, capacity: Num) -> Num:
    """Whole units that carry the peak, never less than one (C3). Both arguments in the same unit.

    Where units are out of service for part of their hours, `capacity` is what one delivers: capacity x availability.
    """
    return np.maximum(np.ceil(np.asarray(peak, dtype=float) / capacity - 1e-9), 1.0)
