"""The money's terms of some points: dollars and watts of one replica, without running the physics again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipbrief.evaluate import Footprint
from chipbrief.finance import SECONDS_PER_YEAR, Finance, FinanceTerms, Lane
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Array
from chipbrief.sweep.plan import FINANCE_AXES

__all__ = ["Money", "Terms"]

_FIGURES = {"system_price": "price.system", "system_power": "power.system"}
_FACTORS = {f"{name}_factor": path for name, path in _FIGURES.items()}


@dataclass(frozen=True, slots=True)
class Money:
    """One replica under some terms; arrays of shape (terms,).

    Attributes:
        usd_h: cost of an hour, NaN in a lane that is not offered [USD/h].
        utilisation: delivered over capacity [1].
        power_w: IT power at full load [W].
        pue: power at the meter over IT power [1].
        offered: whether the replica can be had in the lane.
    """

    usd_h: Array
    utilisation: Array
    power_w: Array
    pue: Array
    offered: np.ndarray[tuple[int], np.dtype[np.bool_]]


class Terms:
    """A machine and the finance terms at some combinations of the money axes, each an array of shape (terms,)."""

    def __init__(
        self, hardware: Hardware, terms: FinanceTerms, lanes: tuple[Lane, ...], values: Mapping[str, Array]
    ) -> None:
        self._lanes, self._values = lanes, values
        self._size = len(values["lane"])
        self._hardware = hardware.at(_moved(hardware, values)) if len(values) > 1 else hardware
        named = {f"finance:{name}": values[name] for name in FINANCE_AXES if name in values}
        self._finance = Finance.from_terms(terms, named)
        self._known: dict[tuple[int, ...], Money] = {}
        self.columns = {**values, **_columns(hardware, values)}

    def of(self, deployment: Deployment) -> Money:
        """What one replica costs and draws; the same for all shapes of as many chips."""
        footprint = Footprint.of(self._hardware, deployment)
        chips = tuple(part.chips for part in footprint.parts)
        if chips not in self._known:
            self._known[chips] = self._of(footprint)
        return self._known[chips]

    def _of(self, footprint: Footprint) -> Money:
        usd = np.full(self._size, np.nan)
        offered = np.zeros(self._size, dtype=bool)
        for i, lane in enumerate(self._lanes):
            here = self._values["lane"] == i
            if here.any() and footprint.lines(lane, self._finance, self._finance.utilisation):
                usd[here] = self._flat(footprint.usd_h(lane, self._finance, self._finance.utilisation))[here]
                offered[here] = footprint.sold or lane != "own"
        return Money(
            usd_h=usd,
            utilisation=self._flat(self._finance.utilisation),
            power_w=self._flat(footprint.power_w(1.0)),
            pue=self._flat(self._finance.pue),
            offered=offered,
        )

    def _flat(self, value: object) -> Array:
        flat: Array = np.broadcast_to(np.ravel(np.asarray(value, dtype=float)), (self._size,))
        return flat


def _moved(hardware: Hardware, values: Mapping[str, Array]) -> dict[str, Array]:
    """Figures that the axes move: an amount that of the machine itself, a factor those of its partner too."""
    moved = {f"{hardware.id}:{path}": values[name] for name, path in _FIGURES.items() if name in values}
    rents = [f"price.rent.{term}" for term in ("on_demand", "one_year", "three_years")]
    for system in hardware.systems:
        figures = system.profile.figures
        for name, path in (*_FACTORS.items(), *(("rent_factor", rent) for rent in rents)):
            figure_id = f"{system.id}:{path}"
            if name in values and figure_id in figures:
                moved[figure_id] = figures[figure_id][1].value * values[name]
    if "rent" in values:
        moved |= {f"{hardware.id}:{rent}": values["rent"] for rent in rents}
    return moved


def _columns(hardware: Hardware, values: Mapping[str, Array]) -> dict[str, Array]:
    """Amounts that factors come to, beside the factors; a life in years."""
    profile = hardware.profile
    found = {
        "system_price_factor": ("system_price", profile.price.system.value),
        "system_power_factor": ("system_power", profile.power.system.value),
    }
    columns = {column: values[name] * value for name, (column, value) in found.items() if name in values}
    if "economic_life" in values:
        columns["economic_life"] = values["economic_life"] / SECONDS_PER_YEAR
    return columns
