"""What a system costs by the hour in each lane, line by line, and the power it draws: C1, C4, E9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from chipbrief import physics
from chipbrief.finance import (
    CAPITAL_RECOVERY,
    ELECTRICITY_PRICE,
    HOURS_PER_YEAR,
    CostLine,
    Driver,
    Finance,
    Lane,
)
from chipbrief.hardware.contract import uses
from chipbrief.hardware.profile import ApiPrice, HardwareProfile
from chipbrief.physics import Num

__all__ = ["SystemCost"]

_CAPITAL = ("economic_life", "cost_of_capital", "residual", "decommissioning")
_FINANCE = {
    "hardware": _CAPITAL,
    "network_storage": ("network_storage", *_CAPITAL),
    "support": ("support",),
    "energy": ("pue", "electricity"),
    "colocation": ("colocation",),
    "software": ("software",),
    "staff": ("staff",),
}


@dataclass(frozen=True, kw_only=True)
class SystemCost:
    """Price of a system [USD], rental of a chip by commitment [USD/h], power of a system [W]."""

    profile: HardwareProfile
    price_usd: Num
    rent_usd_h: Mapping[str, Num]
    peak_w: Num
    idle_share: Num

    @classmethod
    def from_profile(cls, profile: HardwareProfile) -> Self:
        """Read prices and power off the profile."""
        rent = profile.price.rent
        offers = {
            "rent_on_demand": rent.on_demand,
            "rent_one_year": rent.one_year,
            "rent_three_years": rent.three_years,
        }
        return cls(
            profile=profile,
            price_usd=profile.price.system.value,
            rent_usd_h={lane: figure.value for lane, figure in offers.items() if figure},
            peak_w=profile.power.system.value,
            idle_share=profile.power.idle.value,
        )

    @uses("C1", "C4", figures=["price.system", "price.rent.*", "power.system", "power.idle", "system.chips"])
    def lines(self, lane: Lane, finance: Finance, load: Num) -> tuple[CostLine, ...]:
        """Cost lines of one system-hour: C1 when owned, the hourly price times the chips when rented."""
        if lane == "own":
            return self._owned(finance, load)
        if lane not in self.rent_usd_h:
            return ()
        figures = (
            self.profile.figure_id(f"price.rent.{lane.removeprefix('rent_')}"),
            self.profile.figure_id("system.chips"),
        )
        drivers = (Driver("rent_usd_chip_hour", self.rent_usd_h[lane]),)
        return (CostLine("rent", "Rent", float(self.profile.chips), drivers, "C4", figures),)

    def _owned(self, finance: Finance, load: Num) -> tuple[CostLine, ...]:
        hourly = 1.0 / HOURS_PER_YEAR
        price = Driver("system_price_usd", self.price_usd)
        recovery = Driver(CAPITAL_RECOVERY, finance.capital_recovery)
        network = Driver("network_storage_share", finance.network_storage)
        support = Driver("support_share_per_year", finance.support)
        power = (Driver("pue", finance.pue), Driver(ELECTRICITY_PRICE, finance.electricity))
        rows: tuple[tuple[str, str, Num, tuple[Driver, ...], tuple[str, ...]], ...] = (
            ("hardware", "Hardware", hourly, (price, recovery), ("price.system",)),
            ("network_storage", "Network and storage", hourly, (price, network, recovery), ("price.system",)),
            ("support", "Support", hourly, (price, support), ("price.system",)),
            ("energy", "Energy", self.power_w(load) / 1e3, power, ("power.system", "power.idle")),
            (
                "colocation",
                "Colocation",
                self.peak_w / 1e3 * 12.0 * hourly,
                (Driver("usd_per_kw_month", finance.colocation),),
                ("power.system",),
            ),
            (
                "software",
                "Software",
                self.profile.chips * hourly,
                (Driver("software_usd_chip_year", finance.software),),
                ("system.chips",),
            ),
            ("staff", "Staff", hourly, (Driver("staff_usd_system_year", finance.staff),), ()),
        )
        return tuple(
            CostLine(
                name,
                label,
                coefficient,
                drivers,
                "C1",
                tuple(map(self.profile.figure_id, own)) + _terms(name, finance),
            )
            for name, label, coefficient, drivers, own in rows
        )

    @uses("E9", figures=["power.system", "power.idle"])
    def power_w(self, load: Num) -> Num:
        """IT power of one system at a load (E9)."""
        return physics.power_at_load_w(self.idle_share * self.peak_w, self.peak_w, load)

    def api_price(self, model: str) -> ApiPrice | None:
        """List price of a model's tokens on this hardware, by model id."""
        return self.profile.api.get(model)


def _terms(line: str, finance: Finance) -> tuple[str, ...]:
    """The finance terms that a line stands on; inflation where the rates are real."""
    names = _FINANCE[line]
    deflated = finance.rates == "real" and names[-len(_CAPITAL) :] == _CAPITAL
    return tuple(f"finance:{name}" for name in (*names, *(("inflation",) if deflated else ())))
