"""Cost lines: a coefficient times named drivers, so that a reader can move a driver and sum the same lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chipbrief.finance.equations import HOURS_PER_YEAR
from chipbrief.physics import Num

__all__ = [
    "CAPITAL_RECOVERY",
    "ELECTRICITY_PRICE",
    "LANES",
    "CostLine",
    "Driver",
    "Lane",
    "capital_usd",
    "hourly_usd",
    "running_lines",
]

Lane = Literal["own", "rent_three_years", "rent_one_year", "rent_on_demand"]
LANES: tuple[Lane, ...] = ("own", "rent_three_years", "rent_one_year", "rent_on_demand")

# Drivers that tell capital, and what is paid only while a system works, from the rest.
CAPITAL_RECOVERY = "capital_recovery_per_year"
ELECTRICITY_PRICE = "usd_per_kwh"


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
        return self._product()

    @property
    def capital_usd(self) -> Num:
        """What is paid once where the line recovers capital, zero elsewhere [USD]."""
        return self._product(but=CAPITAL_RECOVERY) * HOURS_PER_YEAR if self.driven_by(CAPITAL_RECOVERY) else 0.0

    def driven_by(self, name: str) -> bool:
        """Whether a driver of that name is among the line's."""
        return any(driver.name == name for driver in self.drivers)

    def _product(self, but: str = "") -> Num:
        product = self.coefficient
        for driver in self.drivers:
            if driver.name != but:
                product = product * driver.value
        return product


def hourly_usd(lines: Iterable[CostLine]) -> Num:
    """The sum of some lines [USD/h]."""
    return sum((line.usd_per_hour for line in lines), start=0.0)


def capital_usd(lines: Iterable[CostLine]) -> Num:
    """What one system costs to buy, with the network and storage that come with it (C1) [USD]."""
    return sum((line.capital_usd for line in lines), start=0.0)


def running_lines(lines: Iterable[CostLine]) -> tuple[CostLine, ...]:
    """The lines that are paid as time goes by, not once."""
    return tuple(line for line in lines if not line.driven_by(CAPITAL_RECOVERY))
