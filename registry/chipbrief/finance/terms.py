"""The terms that all systems share: Figures in a file, and the same as numbers."""

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
from chipbrief.finance.equations import (
    SECONDS_PER_MONTH,
    SECONDS_PER_YEAR,
    capital_recovery_factor,
    present_value_factor,
    real_rate,
)
from chipbrief.physics import Num

__all__ = ["Finance", "FinanceTerms", "Rates", "load_finance_terms"]

SHIPPED = Path(__file__).parents[1] / "data" / "finance.yaml"

Rates = Literal["nominal", "real"]
_PLAN = (
    "availability",
    "lag",
    "deposit",
    "take_or_pay",
    "tax",
    "rent_price_fall",
    "api_price_fall",
)


class FinanceTerms(Strict):
    """The terms that all systems share, each a Figure; ids are `finance:<name>`.

    Those of `names` act in the price of an hour (C1, C2), and so in every comparison; those of `plan_names` act in
    the yearly view of a plan only (`chipbrief.finance.yearly_view`).
    """

    schema_: Annotated[Literal["finance/1"], Field(alias="schema")]
    rates: Rates = "nominal"
    economic_life: Time
    cost_of_capital: Share
    residual: Share
    decommissioning: Share
    inflation: Share
    pue: Proportion
    electricity: ElectricityPrice
    colocation: ColocationPrice
    network_storage: Share
    support: Share
    software: YearlyPrice
    staff: YearlyPrice
    utilisation: Share
    availability: Share
    lag: Time
    deposit: Share
    take_or_pay: Share
    tax: Share
    rent_price_fall: Share
    api_price_fall: Share
    sources: dict[str, Source]

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The terms behind the price of an hour, every one overridable in a mix."""
        return tuple(n for n in cls.model_fields if n not in ("schema_", "rates", "sources", *_PLAN))

    @classmethod
    def plan_names(cls) -> tuple[str, ...]:
        """The terms that act by year only, every one overridable in a mix too."""
        return _PLAN

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Every term behind the price of an hour, by Figure id."""
        return {f"finance:{name}": getattr(self, name) for name in self.names()}

    @property
    def plan_figures(self) -> Mapping[str, Figure]:
        """Every term that acts by year only, by Figure id."""
        return {f"finance:{name}": getattr(self, name) for name in self.plan_names()}

    def override(self, values: Mapping[str, Any], *, where: str, date: str) -> Self:
        """The same terms with some values set by the user, who becomes their source."""
        changed: dict[str, Any] = {}
        for name, value in values.items():
            if name == "rates":
                changed[name] = value
                continue
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
    """The terms as numbers, floats or arrays of shape (samples, 1) when sampling.

    Shares are of 1, times are in the unit of the name, prices in that of their Figure.
    """

    economic_life_y: Num
    cost_of_capital: Num
    residual: Num
    decommissioning: Num
    inflation: Num
    pue: Num
    electricity: Num
    colocation: Num
    network_storage: Num
    support: Num
    software: Num
    staff: Num
    utilisation: Num
    availability: Num
    lag_months: Num
    deposit: Num
    take_or_pay: Num
    tax: Num
    rent_price_fall: Num
    api_price_fall: Num
    rates: Rates = "nominal"

    @classmethod
    def from_terms(cls, terms: FinanceTerms, values: Mapping[str, Any] | None = None) -> Self:
        """Read the numbers off the terms, some of them replaced by arrays of shape (samples,)."""
        numbers: dict[str, Any] = {}
        for name in (*FinanceTerms.names(), *FinanceTerms.plan_names()):
            value = (values or {}).get(f"finance:{name}", getattr(terms, name).value)
            numbers[name] = value if np.ndim(value) == 0 else np.asarray(value, dtype=float)[:, np.newaxis]
        numbers["economic_life_y"] = numbers.pop("economic_life") / SECONDS_PER_YEAR
        numbers["lag_months"] = numbers.pop("lag") / SECONDS_PER_MONTH
        return cls(rates=terms.rates, **numbers)

    @property
    def discount_rate(self) -> Num:
        """The rate at which the view discounts: the cost of capital, or what it is above inflation [1/y]."""
        return self.cost_of_capital if self.rates == "nominal" else real_rate(self.cost_of_capital, self.inflation)

    @property
    def capital_to_recover(self) -> Num:
        """Share of the price that payments must cover (C1): all but the present value of what the end brings.

        The residual comes in at the end of the life, taking the systems out is paid there; both are shares of the
        price in the dollars of their day, so both are discounted at the nominal rate in either view.
        """
        at_the_end = self.residual - self.decommissioning
        return 1.0 - at_the_end * present_value_factor(self.cost_of_capital, self.economic_life_y)

    @property
    def capital_recovery(self) -> Num:
        """Yearly payment for a dollar of price (C1); level in dollars of the day, in today's where rates are real."""
        return capital_recovery_factor(self.discount_rate, self.economic_life_y) * self.capital_to_recover


def load_finance_terms(path: Path = SHIPPED) -> FinanceTerms:
    """Read a file of finance terms; raises InputError with every problem."""
    document: Document = read_yaml(path)
    declared = document.data.get("sources") if isinstance(document.data, dict) else None
    terms = validate(document, FinanceTerms, {"sources": set(declared) if isinstance(declared, dict) else None})
    assert math.isfinite(terms.economic_life.value)
    return terms
