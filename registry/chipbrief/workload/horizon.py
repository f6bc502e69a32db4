"""The months of a plan, and how demand grows over them: smoothly, in steps, or both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from chipbrief.config import Ratio, Strict, Whole
from chipbrief.finance import grown
from chipbrief.workload.supply import checked_month

__all__ = ["Horizon", "Step", "months_between"]


def months_between(first: str, other: str) -> int:
    """Months from one month to another: 3 from 2026-12 to 2027-03."""
    (year, month), (later, of_it) = (map(int, text.split("-")) for text in (first, other))
    return 12 * (later - year) + of_it - month


class Step(Strict):
    """From a month on demand is `factor` times that of the first month, growth by the year apart."""

    from_: Annotated[str, Field(alias="from")]
    factor: Ratio

    @field_validator("from_")
    @classmethod
    def _month(cls, month: str, info: ValidationInfo) -> str:
        checked_month(month)
        told: list[str] | None = (info.context or {}).get("step_months")
        if told is not None:
            if told and month <= told[-1]:
                raise ValueError(f"steps out of order: {month} stands after {told[-1]}")
            told.append(month)
        return month

    @field_validator("factor")
    @classmethod
    def _some(cls, factor: float) -> float:
        if factor == 0:
            raise ValueError("must be more than 0")
        return factor


class Horizon(Strict):
    """The time the plan covers.

    Demand grows by the factor `growth_per_year`, and jumps to each step's factor in its month, as it does where new
    capacity is filled as it comes.
    """

    start: str
    months: Whole = 12
    growth_per_year: Ratio = 1.0
    steps: tuple[Step, ...] = ()

    @field_validator("start")
    @classmethod
    def _month(cls, start: str) -> str:
        return checked_month(start)

    @field_validator("months", "growth_per_year")
    @classmethod
    def _some(cls, value: float) -> float:
        if value == 0:
            raise ValueError("must be more than 0")
        return value

    @field_validator("steps")
    @classmethod
    def _in_order_and_within(cls, steps: Sequence[Step], info: ValidationInfo) -> Sequence[Step]:
        named, start, months = [step.from_ for step in steps], info.data.get("start"), info.data.get("months")
        if named != sorted(set(named)):
            raise ValueError(f"steps out of order: {', '.join(named)}")
        if start is not None and months is not None:
            outside = [name for name in named if not 0 < months_between(start, name) < months]
            if outside:
                names = ", ".join(outside)
                raise ValueError(f"steps lie after the first month and within the {months} of the horizon, not {names}")
        return steps

    def month_of(self, month: str) -> int:
        """Months from the first one to another: 3 from 2026-12 to 2027-03."""
        return months_between(self.start, month)

    def step(self, month: int) -> float:
        """Factor of the step that is in force in a month [1]."""
        return next((step.factor for step in reversed(self.steps) if self.month_of(step.from_) <= month), 1.0)

    def growth_by_month(self) -> tuple[float, ...]:
        """Demand of each month over that of the first."""
        smooth = grown(1.0, self.growth_per_year, self.months)
        return tuple(float(factor) * self.step(month) for month, factor in enumerate(smooth))

    @property
    def growth_at_end(self) -> float:
        """Demand at the end of the last month over demand at the start."""
        return float(self.growth_per_year ** (self.months / 12.0)) * self.step(self.months - 1)
