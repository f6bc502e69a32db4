"""Hardware that arrives by a date: tranches of units or of power, as ranges where that is all that is known."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Self

from pydantic import ValidationInfo, field_validator, model_validator

from chipbrief.config import Count, Strict, Watts, Whole, known
from chipbrief.units import DIMENSIONS

__all__ = ["HardwareName", "PowerRange", "Tranche", "UnitRange", "checked_month"]

HardwareName = Annotated[str, known("hardware")]

_MONTH = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])")


def checked_month(month: str) -> str:
    """A month such as 2026-12; months compare as text. Raises ValueError."""
    if not _MONTH.fullmatch(month):
        raise ValueError(f"expected a month such as 2026-12, got {month!r}")
    return month


class _Span(Strict):
    """A value between a low and a high one; one amount alone stands for all three."""

    dimension: ClassVar[str]
    low: float
    value: float
    high: float

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return data
        DIMENSIONS[cls.dimension].parse(data)
        return {"low": data, "value": data, "high": data}

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not 0 < self.low <= self.value <= self.high:
            raise ValueError("expected low <= value <= high, and all of them more than 0")
        return self


class PowerRange(_Span):
    """Utility power of a tranche, as of `power_cap`: IT power times PUE [W]."""

    dimension: ClassVar[str] = "power"
    low: Watts
    value: Watts
    high: Watts


class UnitRange(_Span):
    """Systems of a tranche; the ends need not be whole, since ranges seldom are."""

    dimension: ClassVar[str] = "count"
    low: Count
    value: Count
    high: Count


class Tranche(Strict):
    """Systems of one kind that are there by the end of a month, counted or by the utility power that they draw.

    What a tranche brings is added to the tranches before it. In the delay case it comes `delay_months` later.
    """

    hardware: HardwareName
    by: str
    power: PowerRange | None = None
    units: UnitRange | None = None
    delay_months: Whole = 0
    basis: str | None = None

    @field_validator("by")
    @classmethod
    def _month(cls, by: str, info: ValidationInfo) -> str:
        checked_month(by)
        told: list[str] | None = (info.context or {}).get("tranche_months")
        if told is not None:
            if told and by < told[-1]:
                raise ValueError(f"tranches out of order: {by} stands after {told[-1]}")
            told.append(by)
        return by

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.power is None) == (self.units is None):
            raise ValueError("give exactly one of power and units")
        return self
