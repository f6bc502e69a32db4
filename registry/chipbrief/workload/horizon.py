"""The months of a plan, and how demand grows over them: smoothly, in steps, or both."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from chipbrief.config import Ratio, Strict, Whole
from chipbrief.finance import grown
from chipbrief.workload.supply import checked_month

__all__ = ["Horizon", "Step"]


class Step(Strict):
    """From a month on demand is `factor` times that of the first month, growth by the year apart."""

    from_: Annotated[str, Field(alias="from")]
    factor: Ratio

    @field_validator("from_")
    @classmethod
    def _month(cls, month: str) -> str:
        return checked_month(month)

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

    @model_validator(mode="after")
    def _in_order_and_within(self) -> Self:
        named = [step.from_ for step in self.steps]
        if named != sorted(set(named)):
            raise ValueError(f"steps out of order: {', '.join(named)}")
        outside = [name for name in named if not 0 < self.month_of(name) < self.months]
        if outside:
            names = ", ".join(outside)
            raise ValueError(
                f"steps lie after the first month and within the {self.months} of the horizon, not {names}"
            )
        return self

    def month_of(self, month: str) -> int:
        """Months from the first one to another: 3 from 2026-12 to 2027-03."""
        (year, first), (other, of_it) = (map(int, text.split("-")) for text in (self.start, month))
        return 12 * (other - year) + of_it - first

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
