"""Axes along which every price is a straight line: break-evens from the cost lines themselves, exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from chipbrief.evaluate import Footprint, Outcome, Results
from chipbrief.finance import ELECTRICITY_PRICE, HOURS_PER_MONTH, CostLine, Finance, Lane
from chipbrief.sensitivity.axes import FACTORS, AxisLine, BreakEven, GridPoint, Offer, cheapest

__all__ = ["Straight", "crossings", "straight_lines"]

SYSTEM_PRICE, RENT = "system_price_usd", "rent_usd_chip_hour"


@dataclass(frozen=True, slots=True)
class Straight:
    """A price that is a straight line in something: rest + slope x [USD/Mtok]."""

    rest: float
    slope: float = 0.0

    def at(self, x: float) -> float:
        """The price at a value."""
        return self.rest + self.slope * x


Lines = Mapping[Offer, Straight]


def crossings(lines: Lines, low: float, high: float) -> list[tuple[float, Offer, Offer]]:
    """Where the lowest of some lines changes between two ends, rising: the value, the lowest below it and above."""
    inside = set()
    for one, other in combinations(lines.values(), 2):
        if one.slope != other.slope:
            x = (other.rest - one.rest) / (one.slope - other.slope)
            if low < x < high:
                inside.add(x)
    knots = [low, *sorted(inside), high]
    lowest = [_lowest(lines, (a + b) / 2.0) for a, b in pairwise(knots)]
    return [(x, a, b) for x, a, b in zip(knots[1:-1], lowest, lowest[1:], strict=False) if a != b]


def _lowest(lines: Lines, x: float) -> Offer:
    found = cheapest({offer: line.at(x) for offer, line in lines.items()})
    assert found is not None
    return found


def straight_lines(results: Results, class_id: str) -> list[AxisLine]:
    """Utilisation, USD/kWh and the price of every offer, with deployments, loads and replicas as they are today."""
    offers = _Offers.of(results, class_id)
    if not offers.prices:
        return []
    return [_utilisation(offers), _electricity(offers), *_prices(offers)]


@dataclass(frozen=True, slots=True)
class _Offers:
    """The offers of a class that keep its levels, at the inputs' values."""

    results: Results
    class_id: str
    finance: Finance
    prices: Mapping[Offer, float]

    @classmethod
    def of(cls, results: Results, class_id: str) -> _Offers:
        found = {Offer(o.hardware, cost.lane): cost.usd_mtok.value for o, cost in results.offers(class_id)}
        return cls(results, class_id, Finance.from_terms(results.terms), found)

    def outcome(self, offer: Offer) -> Outcome:
        return self.results.outcome(self.class_id, offer.hardware)

    def footprint(self, offer: Offer) -> Footprint:
        deployment = self.outcome(offer).deployment
        assert deployment is not None
        return Footprint.of(self.results.system(offer.hardware), deployment)

    def straight_in(self, offer: Offer, driver: str, of: str | None = None) -> Straight:
        """The price of an offer as a straight line in a driver of its cost lines, or of those of one system."""
        price = self.prices[offer]
        if offer.lane == "api":
            return Straight(price)
        slope = value = 0.0
        outcome = self.outcome(offer)
        load, lane = outcome["utilisation"].value, _lane(offer)
        for part in self.footprint(offer).parts:
            lines = part.hardware.cost.lines(lane, self.finance, load)
            moved = [line for line in lines if line.driven_by(driver) and of in (None, part.hardware.id)]
            for line in moved:
                value = _driver(line, driver)
                slope += part.systems * _without(line, driver)
        slope *= outcome["replicas"].value * HOURS_PER_MONTH / self._mtok_month(outcome)
        return Straight(price - slope * value, slope)

    def _mtok_month(self, outcome: Outcome) -> float:
        shape = self.results.wanted(self.class_id).shape
        return outcome["requests_s"].value * HOURS_PER_MONTH * 3600.0 * (shape.input_mean + shape.output_mean) / 1e6

    def at_capacity(self, offer: Offer) -> Straight:
        """The bare price at capacity (C2) as a straight line in 1/utilisation: power is linear in load (E9)."""
        if offer.lane == "api":
            return Straight(self.prices[offer])
        shape, footprint = self.results.wanted(self.class_id).shape, self.footprint(offer)
        requests = self.outcome(offer)["tok_s_replica"].value / shape.output_mean
        mtok_hour = requests * 3600.0 * (shape.input_mean + shape.output_mean) / 1e6
        idle, busy = (float(footprint.usd_h(_lane(offer), self.finance, load)) for load in (0.0, 1.0))
        return Straight((busy - idle) / mtok_hour, idle / mtok_hour)


def _lane(offer: Offer) -> Lane:
    assert offer.lane != "api"
    return offer.lane  # type: ignore[return-value] # what is not the API's is a lane of the system


def _driver(line: CostLine, name: str) -> float:
    return next(float(driver.value) for driver in line.drivers if driver.name == name)


def _without(line: CostLine, name: str) -> float:
    """Coefficient x the other drivers."""
    return float(line.coefficient) * math.prod(float(d.value) for d in line.drivers if d.name != name)


def _utilisation(offers: _Offers) -> AxisLine:
    """Of the bare price at capacity; from an eighth of today's to full."""
    today = float(offers.finance.utilisation)
    lines = {offer: offers.at_capacity(offer) for offer in offers.prices}
    values = np.unique(np.minimum(today * FACTORS, 1.0))
    found = crossings(lines, 1.0 / values[-1], 1.0 / values[0])
    return AxisLine(
        axis="utilisation",
        today=today,
        grid=_grid(lines, values, lambda utilisation: 1.0 / utilisation),
        changes=tuple(BreakEven(1.0 / x, above, below) for x, below, above in reversed(found)),
        chosen_again=False,
        figure="finance:utilisation",
    )


def _electricity(offers: _Offers) -> AxisLine:
    lines = {offer: offers.straight_in(offer, ELECTRICITY_PRICE) for offer in offers.prices}
    return _axis("usd_per_kwh", float(offers.finance.electricity), lines, figure="finance:electricity")


def _prices(offers: _Offers) -> Iterator[AxisLine]:
    """The price of every system that is owned, every rent and every list price that a class may be served at."""
    results = offers.results
    owned = [offer for offer in offers.prices if offer.lane == "own"]
    parts = {part.hardware.id: part.hardware for offer in owned for part in offers.footprint(offer).parts}
    for name, hardware in parts.items():
        lines = {offer: offers.straight_in(offer, SYSTEM_PRICE, name) for offer in offers.prices}
        today = float(hardware.profile.price.system.value)
        yield _axis(SYSTEM_PRICE, today, lines, of=Offer(name, "own"), figure=f"{name}:price.system")
    for offer, price in offers.prices.items():
        flat = {other: Straight(usd) for other, usd in offers.prices.items()}
        if offer.lane == "api":
            yield _axis("api_usd_mtok", price, flat | {offer: Straight(0.0, 1.0)}, of=offer)
        elif offer.lane != "own" and results.system(offer.hardware).partner is None:
            lines = flat | {offer: offers.straight_in(offer, RENT)}
            figure = f"{offer.hardware}:price.rent.{offer.lane.removeprefix('rent_')}"
            yield _axis(RENT, results.figures()[figure][0].value, lines, of=offer, figure=figure)


def _axis(axis: str, today: float, lines: Lines, *, of: Offer | None = None, figure: str | None = None) -> AxisLine:
    values = today * FACTORS
    found = crossings(lines, float(values[0]), float(values[-1]))
    changes = tuple(BreakEven(*change) for change in found)
    return AxisLine(axis, today, _grid(lines, values, lambda x: x), changes, chosen_again=False, of=of, figure=figure)


def _grid(lines: Lines, values: np.ndarray, of: Callable[[float], float]) -> tuple[GridPoint, ...]:
    points = (float(value) for value in values)
    return tuple(GridPoint.of(v, {offer: line.at(of(v)) for offer, line in lines.items()}) for v in points)
