"""Figures: no number without its unit, kind, source and date.

A Figure is what a profile holds instead of a bare number. Its value is SI (see `chipbrief.units`), its range is the
span that its sources give, and its id (`acme-x1:memory.bandwidth`) is the id of the file it stands in and the
path to it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ValidationInfo, field_validator, model_validator

from chipbrief.config import Strict
from chipbrief.errors import did_you_mean
from chipbrief.units import DIMENSIONS, Dimension

__all__ = [
    "Amount",
    "Bandwidth",
    "Capacity",
    "ColocationPrice",
    "Compute",
    "ElectricityPrice",
    "Figure",
    "HourlyPrice",
    "Kind",
    "Number",
    "Power",
    "Proportion",
    "Share",
    "Source",
    "Speed",
    "Time",
    "TokenPrice",
    "YearlyPrice",
    "figures_in",
    "replace_figures",
    "value_or",
]

Kind = Literal[
    "vendor_spec",
    "third_party_measured",
    "vendor_measured",
    "vendor_claim",
    "analyst_estimate",
    "list_price",
    "derived",
    "calibrated",
    "assumed",
]
_DATE = re.compile(r"(?P<year>[1-9][0-9]{3})(-(?P<month>0[1-9]|1[0-2])(-(?P<day>0[1-9]|[12][0-9]|3[01]))?)?")
FigurePath = tuple[str | int, ...]


class Source(Strict):
    """Where a number comes from: a title that a reader knows and a locator that finds it."""

    title: str
    locator: str


class Figure(Strict):
    """One cited number: SI value, range, kind of evidence, source id and date (year, month or day)."""

    dimension: ClassVar[Dimension]

    value: float
    low: float | None = None
    high: float | None = None
    kind: Kind
    source: str
    date: str
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_bare_numbers(cls, data: Any) -> Any:
        if isinstance(data, (dict, Figure)):
            return data
        raise ValueError(f"a number needs its source: write {{value: {data}, kind: ..., source: ..., date: ...}}")

    @field_validator("value", "low", "high", mode="before")
    @classmethod
    def _quantity(cls, text: Any) -> Any:
        return None if text is None else cls.dimension.parse(text)

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str, info: ValidationInfo) -> str:
        sources = (info.context or {}).get("sources")
        if sources is not None and source not in sources:
            raise ValueError(f"unknown source {source!r}" + did_you_mean(source, sources))
        return source

    @field_validator("date")
    @classmethod
    def _date(cls, date: str) -> str:
        match = _DATE.fullmatch(date)
        if not match or (match["day"] and int(match["day"]) > monthrange(int(match["year"]), int(match["month"]))[1]):
            raise ValueError(f"expected a date such as 2026-11-23, 2026-11 or 2026, got {date!r}")
        return date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.lowest <= self.value <= self.highest:
            raise ValueError(
                f"expected low <= value <= high, got {self.text(self.lowest)}, {self.text()}, {self.text(self.highest)}"
            )
        return self

    @property
    def lowest(self) -> float:
        """The lower end of the range, or the value where there is none."""
        return self.value if self.low is None else self.low

    @property
    def highest(self) -> float:
        """The upper end of the range, or the value where there is none."""
        return self.value if self.high is None else self.high

    @property
    def ranged(self) -> bool:
        """Whether the sources leave a span."""
        return self.lowest < self.highest

    def text(self, value: float | None = None) -> str:
        """The value, or another one of the same dimension, with its unit."""
        return self.dimension.format(self.value if value is None else value)


class Bandwidth(Figure):
    """bytes/s."""

    dimension = DIMENSIONS["bandwidth"]


class Capacity(Figure):
    """Bytes."""

    dimension = DIMENSIONS["capacity"]


class Compute(Figure):
    """FLOP/s (a multiply and an add are two)."""

    dimension = DIMENSIONS["compute"]


class Power(Figure):
    """Watts."""

    dimension = DIMENSIONS["power"]


class Time(Figure):
    """Seconds."""

    dimension = DIMENSIONS["time"]


class Amount(Figure):
    """US dollars."""

    dimension = DIMENSIONS["money"]


class HourlyPrice(Figure):
    """USD/h."""

    dimension = DIMENSIONS["usd_per_hour"]


class YearlyPrice(Figure):
    """USD/y."""

    dimension = DIMENSIONS["usd_per_year"]


class TokenPrice(Figure):
    """USD per million tokens."""

    dimension = DIMENSIONS["usd_per_mtok"]


class ElectricityPrice(Figure):
    """USD/kWh."""

    dimension = DIMENSIONS["usd_per_kwh"]


class ColocationPrice(Figure):
    """USD per kW of IT power and month."""

    dimension = DIMENSIONS["usd_per_kw_month"]


class Speed(Figure):
    """Output tokens per second."""

    dimension = DIMENSIONS["speed"]


class Number(Figure):
    """A count."""

    dimension = DIMENSIONS["count"]


class Share(Figure):
    """A share between 0 and 1."""

    dimension = DIMENSIONS["fraction"]


class Proportion(Figure):
    """A ratio that may exceed 1."""

    dimension = DIMENSIONS["ratio"]


def value_or(figure: Figure | None, otherwise: float) -> Any:
    """The value of a Figure that a profile may leave out (an array, when sampling)."""
    return otherwise if figure is None else figure.value


def figures_in(part: Any, path: FigurePath = ()) -> Iterator[tuple[FigurePath, Figure]]:
    """Every Figure below a model, mapping or list, with its path."""
    if isinstance(part, Figure):
        yield path, part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from figures_in(getattr(part, name), (*path, name))
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield from figures_in(value, (*path, key))
    elif isinstance(part, (list, tuple)):
        for i, value in enumerate(part):
            yield from figures_in(value, (*path, i))


def replace_figures(part: Any, values: Mapping[FigurePath, Any]) -> Any:
    """The same part with the values of some Figures replaced (by arrays, when sampling)."""
    if () in values:
        return part.model_copy(update={"value": values[()]})
    below: dict[str | int, dict[FigurePath, Any]] = {}
    for path, value in values.items():
        below.setdefault(path[0], {})[path[1:]] = value
    if isinstance(part, BaseModel):
        update = {str(key): replace_figures(getattr(part, str(key)), inner) for key, inner in below.items()}
        return part.model_copy(update=update)
    if isinstance(part, Mapping):
        return {k: replace_figures(v, below[k]) if k in below else v for k, v in part.items()}
    return type(part)(replace_figures(v, below[i]) if i in below else v for i, v in enumerate(part))
