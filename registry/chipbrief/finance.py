"""Money: capital recovery, cost lines, prices of tokens and the units to buy. C1 to C4.

Rates are nominal, years have 8,760 hours and months 730.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from chipbrief.config import Document, Strict, read_yaml, validate
from chipbrief.figures import (
    ColocationPrice,
    ElectricityPrice,
    Figure,
    Proportion,
    Share,
    Source,
    Time,
    YearlyPrice,
)
from chipbrief.physics import Num

__all__ = [
    "HOURS_PER_MONTH",
    "HOURS_PER_YEAR",
    "LANES",
    "CostLine",
    "Driver",
    "Finance",
    "FinanceTerms",
    "Lane",
    "capital_recovery_factor",
    "hourly_usd",
    "load_finance_terms",
    "units_needed",
    "usd_per_mtok",
]

HOURS_PER_YEAR = 8760.0
HOURS_PER_MONTH = 730.0
SECONDS_PER_YEAR = HOURS_PER_YEAR * 3600.0
SHIPPED = Path(__file__).parent / "data" / "finance.yaml"

Lane = Literal["own", "rent_three_years", "rent_one_year", "rent_on_demand"]
LANES: tuple[Lane, ...] = ("own", "rent_three_years", "rent_one_year", "rent_on_demand")


# -- equations ------------------------------------------------------------------------------------------------


def capital_recovery_factor(rate: Num, years: Num) -> Num:
    """Yearly payment that pays back one dollar over some years with interest (C1).

    CRF(r, n) = r (1 + r)^n / ((1 + r)^n - 1), and 1/n without interest.

    Args:
        rate: cost of capital, r [1/y].
        years: economic life, n [y].

    Returns:
        1/y, broadcast shape.
    """
    rate = np.asarray(rate, dtype=float)
    paid_back = -np.expm1(-years * np.log1p(rate))  # 1 - (1 + r)^-n, exact for small r too
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rate > 0, rate / paid_back, 1.0 / np.asarray(years, dtype=float))


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
    """Whole units that carry the peak, never less than one (C3). Both arguments in the same unit."""
    return np.maximum(np.ceil(np.asarray(peak, dtype=float) / capacity - 1e-9), 1.0)


# -- lines ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Driver:
    """A named quantity that a cost line is proportional to, and its value; a reader may move it."""

    name: str
    value: Num


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of a system-hour: coefficient x the product of its drivers [USD/h]."""

    id: str
    label: str
    coefficient: Num
    drivers: tuple[Driver, ...]
    equation: str
    figures: tuple[str, ...]

    @property
    def usd_per_hour(self) -> Num:
        """The line's cost [USD/h]."""
        product = self.coefficient
        for driver in self.drivers:
            product = product * driver.value
        return product


def hourly_usd(lines: tuple[CostLine, ...]) -> Num:
    """The sum of some lines [USD/h]."""
    return sum((line.usd_per_hour for line in lines), start=0.0)


# -- terms ----------------------------------------------------------------------------------------------------


class FinanceTerms(Strict):
    """The terms that all systems share, each a Figure; ids are `finance:<name>`."""

    schema_: Annotated[Literal["finance/1"], Field(alias="schema")]
    economic_life: Time
    cost_of_capital: Share
    residual: Share
    pue: Proportion
    electricity: ElectricityPrice
    colocation: ColocationPrice
    network_storage: Share
    support: Share
    software: YearlyPrice
    staff: YearlyPrice
    utilisation: Share
    sources: dict[str, Source]

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The terms that a mix may override."""
        return tuple(n for n in cls.model_fields if n not in ("schema_", "sources"))

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Every term by Figure id."""
        return {f"finance:{name}": getattr(self, name) for name in self.names()}

    def override(self, values: Mapping[str, Any], *, where: str, date: str) -> Self:
        """The same terms with some values set by the user, who becomes their source."""
        changed: dict[str, Any] = {}
        for name, value in values.items():
            old: Figure = getattr(self, name)
            new = {
                "value": value,
                "low": None,
                "high": None,
                "kind": "assumed",
                "source": "user",
                "date": date,
            }
            changed[name] = old.model_copy(update={**new, "note": f"set in {where}; the default is {old.text()}"})
        sources = (
            {**self.sources, "user": Source(title="Set by the reader", locator=where)} if changed else self.sources
        )
        return self.model_copy(update={**changed, "sources": sources})


@dataclass(frozen=True, kw_only=True)
class Finance:
    """The terms as numbers, floats or arrays of shape (samples, 1) when sampling."""

    economic_life_y: Num
    cost_of_capital: Num
    residual: Num
    pue: Num
    electricity: Num
    colocation: Num
    network_storage: Num
    support: Num
    software: Num
    staff: Num
    utilisation: Num

    @classmethod
    def from_terms(cls, terms: FinanceTerms, values: Mapping[str, Any] | None = None) -> Self:
        """Read the numbers off the terms, some of them replaced by arrays of shape (samples,)."""
        numbers: dict[str, Any] = {}
        for name in FinanceTerms.names():
            value = (values or {}).get(f"finance:{name}", getattr(terms, name).value)
            numbers[name] = value if np.ndim(value) == 0 else np.asarray(value, dtype=float)[:, np.newaxis]
        numbers["economic_life_y"] = numbers.pop("economic_life") / SECONDS_PER_YEAR
        return cls(**numbers)

    @property
    def capital_recovery(self) -> Num:
        """Yearly share of the price to recover (C1): CRF, less the present value of what is left at the end."""
        left = self.residual / (1.0 + self.cost_of_capital) ** self.economic_life_y
        return capital_recovery_factor(self.cost_of_capital, self.economic_life_y) * (1.0 - left)


def load_finance_terms(path: Path = SHIPPED) -> FinanceTerms:
    """Read a file of finance terms; raises InputError with every problem."""
    document: Document = read_yaml(path)
    declared = document.data.get("sources") if isinstance(document.data, dict) else None
    terms = validate(document, FinanceTerms, {"sources": set(declared) if isinstance(declared, dict) else None})
    assert math.isfinite(terms.economic_life.value)
    return terms
