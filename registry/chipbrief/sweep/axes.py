"""Axes of a sweep: values in a list, or a span in even steps or so many to a doubling."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from chipbrief.config import Dollars, Fraction, Ratio, Seconds, Strict, Watts, Whole, known
from chipbrief.errors import did_you_mean
from chipbrief.finance import Lane
from chipbrief.physics import Array
from chipbrief.precision import FORMATS
from chipbrief.units import DIMENSIONS

__all__ = ["MOST_VALUES", "NATIVE", "Axes", "Axis", "WholeAxis"]

MOST_VALUES = 100_000  # of one axis
NATIVE = "native"
_DIGITS = 12  # of a value that a span makes, so that 0.05 + 0.01 is 0.06

T = TypeVar("T")


class Axis(Strict, Generic[T]):
    """The values of an axis: a list, or from one to another by a step, in so many values, or so many to a doubling."""

    whole: ClassVar[bool] = False

    values: Annotated[tuple[T, ...], Field(min_length=1)] | None = None
    from_: Annotated[T | None, Field(alias="from")] = None
    to: T | None = None
    step: T | None = None
    count: Whole | None = None
    per_doubling: Whole | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_value(cls, data: Any) -> Any:
        return data if isinstance(data, dict) else {"values": data if isinstance(data, list) else [data]}

    @model_validator(mode="after")
    def _one_form(self) -> Axis[T]:
        ends = (self.from_, self.to)
        pace = [p for p in (self.step, self.count, self.per_doubling) if p is not None]
        if self.values is not None:
            if pace or ends != (None, None):
                raise ValueError("give a list, or from and to, not both")
            return self
        if None in ends or len(pace) != 1:
            raise ValueError("give a list of values, or from, to and one of step, count and per_doubling")
        self._check_span(*self._ends())
        return self

    def _check_span(self, low: float, high: float) -> None:
        if low > high:
            raise ValueError(f"from {low:,.10g} is more than to {high:,.10g}")
        if 0 in (self.step, self.count, self.per_doubling):
            raise ValueError("step, count and per_doubling are more than 0")
        if self.per_doubling and low == 0:
            raise ValueError("with per_doubling, from is more than 0: nothing doubles from 0")
        number = self._length(low, high)
        if number > MOST_VALUES:
            raise ValueError(f"makes {number:,.0f} values: an axis has at most {MOST_VALUES:,}")

    def _ends(self) -> tuple[float, float]:
        low, high = np.array([self.from_, self.to], dtype=float)
        return float(low), float(high)

    def _length(self, low: float, high: float) -> float:
        if self.count:
            return self.count
        if self.per_doubling:
            return math.floor(math.log2(high / low) * self.per_doubling + 1e-9) + 2
        return math.floor((high - low) / float(np.asarray(self.step, dtype=float)) + 1e-9) + 1

    @property
    def numbers(self) -> Array:
        """Every value once, in the order of the file or rising; whole where the axis counts something."""
        if self.values is not None:
            return np.array(list(dict.fromkeys(self.values)), dtype=float)
        low, high = self._ends()
        made = np.unique(self._span(low, high))
        rounded = np.round(made) if self.whole else np.array([float(f"{v:.{_DIGITS}g}") for v in made])
        return np.unique(rounded)

    def _span(self, low: float, high: float) -> Array:
        if self.count:
            return np.linspace(low, high, self.count)
        steps = np.arange(self._length(low, high))
        if self.per_doubling:
            return np.append(low * 2.0 ** (steps[:-1] / self.per_doubling), high)
        return low + steps * float(np.asarray(self.step, dtype=float))


class WholeAxis(Axis[Whole]):
    """An axis of whole numbers, such as batches and tokens; what a span makes between them is rounded."""

    whole: ClassVar[bool] = True


def _priced(dimension: str) -> Any:
    return BeforeValidator(DIMENSIONS[dimension].parse)


UsdPerKwh = Annotated[float, _priced("usd_per_kwh")]
UsdPerKwMonth = Annotated[float, _priced("usd_per_kw_month")]
UsdPerHour = Annotated[float, _priced("usd_per_hour")]
UsdPerYear = Annotated[float, _priced("usd_per_year")]

# classes of their own rather than Axis[...], which cannot be sent to another process


class FractionAxis(Axis[Fraction]):
    """An axis of shares."""


class RatioAxis(Axis[Ratio]):
    """An axis of ratios."""


class TimeAxis(Axis[Seconds]):
    """An axis of times [s]."""


class PowerAxis(Axis[Watts]):
    """An axis of powers [W]."""


class AmountAxis(Axis[Dollars]):
    """An axis of amounts [USD]."""


class HourlyAxis(Axis[UsdPerHour]):
    """An axis of hourly prices [USD/h]."""


class YearlyAxis(Axis[UsdPerYear]):
    """An axis of yearly prices [USD/y]."""


class ElectricityAxis(Axis[UsdPerKwh]):
    """An axis of electricity prices [USD/kWh]."""


class ColocationAxis(Axis[UsdPerKwMonth]):
    """An axis of colocation prices [USD/kW-month]."""


def _listed(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


def _once(values: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return tuple(dict.fromkeys(values)) if values else values


def _format(name: object) -> str:
    accepted = (NATIVE, *FORMATS)
    if name not in accepted:
        raise ValueError(f"unknown number format {name!r}" + did_you_mean(str(name), accepted))
    return str(name)


def _chips(value: object) -> int | str:
    if value in ("smallest", "all"):
        return str(value)
    number = DIMENSIONS["count"].parse(value)
    if number != int(number) or number < 1:
        raise ValueError(f"expected a whole number of chips, smallest or all, got {value!r}")
    return int(number)


Listed = (BeforeValidator(_listed), Field(min_length=1), AfterValidator(_once))
HardwareNames = Annotated[tuple[Annotated[str, known("hardware")], ...], *Listed]
ModelNames = Annotated[tuple[Annotated[str, known("model")], ...], *Listed]
PrecisionNames = Annotated[tuple[Annotated[str, BeforeValidator(_format)], ...], *Listed]
ChipCounts = Annotated[tuple[Annotated[int | str, BeforeValidator(_chips)], ...], *Listed]
Lanes = Annotated[tuple[Lane, ...], *Listed]


class Axes(Strict):
    """Every axis: what runs where, the requests and batches, and the money.

    `context` is all that a request holds at its end, prompt and answer; `input` is its prompt alone. A price or power
    is given as such, or as a factor on what the registry has.
    """

    hardware: HardwareNames | None = None
    model: ModelNames | None = None
    precision: PrecisionNames = (NATIVE,)
    chips: ChipCounts = ("smallest",)
    output: WholeAxis
    context: WholeAxis | None = None
    input: WholeAxis | None = None
    cached_fraction: FractionAxis = FractionAxis(values=(0.0,))
    batch: WholeAxis
    lane: Lanes = ("own",)
    system_price: AmountAxis | None = None
    system_price_factor: RatioAxis | None = None
    system_power: PowerAxis | None = None
    system_power_factor: RatioAxis | None = None
    rent: HourlyAxis | None = None
    rent_factor: RatioAxis | None = None
    economic_life: TimeAxis | None = None
    cost_of_capital: FractionAxis | None = None
    residual: FractionAxis | None = None
    pue: RatioAxis | None = None
    electricity: ElectricityAxis | None = None
    colocation: ColocationAxis | None = None
    network_storage: FractionAxis | None = None
    support: FractionAxis | None = None
    software: YearlyAxis | None = None
    staff: YearlyAxis | None = None
    utilisation: FractionAxis | None = None

    @field_validator("chips")
    @classmethod
    def _word_or_numbers(cls, chips: tuple[int | str, ...]) -> tuple[int | str, ...]:
        words = [c for c in chips if isinstance(c, str)]
        if words and len(chips) > 1:
            raise ValueError(f"{words[0]!r} stands alone, or give numbers of chips")
        return chips

    @field_validator("batch", "output", "context", "input")
    @classmethod
    def _at_least_one(cls, axis: WholeAxis | None) -> WholeAxis | None:
        return _above(axis, lambda low: low >= 1, "must be at least 1")

    @field_validator("utilisation", "economic_life", "system_power", "system_power_factor")
    @classmethod
    def _some(cls, axis: Axis[float] | None) -> Axis[float] | None:
        return _above(axis, lambda low: low > 0, "must be more than 0")

    @field_validator("pue")
    @classmethod
    def _not_below_it_power(cls, axis: Axis[float] | None) -> Axis[float] | None:
        return _above(axis, lambda low: low >= 1, "is at least 1")

    @model_validator(mode="after")
    def _one_of_each(self) -> Axes:
        if (self.context is None) == (self.input is None):
            raise ValueError("give context (prompt and answer) or input (the prompt alone), one of the two")
        for name in ("system_price", "system_power", "rent"):
            if getattr(self, name) is not None and getattr(self, f"{name}_factor") is not None:
                raise ValueError(f"give {name} or {name}_factor, not both")
        return self

    def given(self, name: str) -> bool:
        """Whether the file has a money axis of this name."""
        return getattr(self, name, None) is not None


A = TypeVar("A", bound=Axis[Any] | None)


def _above(axis: A, holds: Callable[[float], bool], wanted: str) -> A:
    if axis is not None and not holds(float(axis.numbers.min())):
        raise ValueError(wanted)
    return axis
