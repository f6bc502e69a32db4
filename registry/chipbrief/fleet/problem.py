"""What a fleet is chosen from: systems, replicas, operating points and tokens, as numbers by month."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from chipbrief.physics import Array

__all__ = ["Arrival", "Point", "Problem", "Rent", "Replica", "System", "Tokens", "month_name"]


@dataclass(frozen=True, slots=True)
class Rent:
    """A rental lane: price of a chip for a month [USD], and months that a contract runs."""

    lane: str
    usd_chip_month: float
    commitment_months: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A tranche: systems that are live from a month of the plan on (0 is the first), and months of its delay case."""

    month: int
    systems: int
    delay_months: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What is bought or rented.

    Attributes:
        id: id of the system.
        vendor: who makes it.
        chips: chips of one system.
        systems_per_rack: systems that a rack holds.
        power_w: utility power of one system at full load: IT power x PUE [W].
        capital_usd: price of one with its network and storage [USD]; None where it is not sold.
        own_usd_month: what one costs from its delivery on, capital recovery included, without energy [USD/month].
        live_usd_month: energy of one that is live and idle [USD/month].
        load_usd_month: what full load adds to that [USD/month].
        rents: rental lanes.
        arrivals: tranches, in order; None where as many as wanted may be had from the first month on.
    """

    id: str
    vendor: str
    chips: int
    systems_per_rack: float = 1.0
    power_w: float = 0.0
    capital_usd: float | None = None
    own_usd_month: float = 0.0
    live_usd_month: float = 0.0
    load_usd_month: float = 0.0
    rents: tuple[Rent, ...] = ()
    arrivals: tuple[Arrival, ...] | None = None

    def there(self, months: int) -> Array:
        """Systems that the tranches allow to be live in each month; infinite without tranches. Shape (months,)."""
        if self.arrivals is None:
            return np.full(months, np.inf)
        total = np.zeros(months)
        for arrival in self.arrivals:
            total[max(arrival.month, 0) :] += arrival.systems
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One copy of a model in one deployment.

    Attributes:
        hardware: id of the offer: the system, or that of two systems that work together.
        model: id of the model.
        text: the deployment in words.
        chips: chips of each system that it stands on, by system id.
    """

    hardware: str
    model: str
    text: str
    chips: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A class on a replica at an operating point that keeps its service levels.

    Attributes:
        class_id: the class.
        replica: index of the replica.
        loads: replicas that the whole class takes in each slice of the first month, not rounded [1].
        mean: the same at its mean load [1].
        text: what it reaches, in words.
    """

    class_id: str
    replica: int
    loads: tuple[float, ...]
    mean: float
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A class from an API: the whole of it in the first month [USD/month], with the ends of the price's range."""

    class_id: str
    hardware: str
    vendor: str
    provider: str
    usd_month: float
    low: float
    high: float


def month_name(start: str, month: int) -> str:
    """A month of the plan by its number: `2026-12` and 3 are `2027-03`."""
    year, first = map(int, start.split("-"))
    return f"{year + (first - 1 + month) // 12}-{(first - 1 + month) % 12 + 1:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Everything that the fleet's equations read.

    Attributes:
        start: first month, such as 2026-12.
        growth: demand of each month over that of the first.
        slices: names of the parts of a day that must be carried; all peaks fall together where there is one.
        classes: ids of the classes to serve.
        systems: what may be owned or rented.
        replicas: deployments.
        points: operating points.
        tokens: classes that an API serves.
        tokens_mtok: tokens of each class in the first month [Mtok].
        carried: share of a class that is to be carried in each month; all of those that are not named.
        reasons: by class, why each system that fails does.
        power_cap_w: utility power of the owned systems [W].
        capital_cap_usd: price of all that is bought [USD].
        spares: owned systems of each kind that stay idle.
        availability: share of its hours that an owned system works [1].
        life_months: from delivery to retirement.
        lag_months: from delivery to live.
        lead_months: first month in which an owned system may be live.
        rent_price_fall: a year, for contracts signed later [1].
        api_price_fall: a year [1].
    """

    start: str
    growth: tuple[float, ...]
    classes: tuple[str, ...]
    systems: tuple[System, ...] = ()
    replicas: tuple[Replica, ...] = ()
    points: tuple[Point, ...] = ()
    tokens: tuple[Tokens, ...] = ()
    slices: tuple[str, ...] = ("peak",)
    tokens_mtok: Mapping[str, float] = field(default_factory=dict)
    carried: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    power_cap_w: float | None = None
    capital_cap_usd: float | None = None
    spares: int = 0
    availability: float = 1.0
    life_months: int = 48
    lag_months: int = 0
    lead_months: int = 0
    rent_price_fall: float = 0.0
    api_price_fall: float = 0.0

    @property
    def months(self) -> int:
        """Months of the horizon."""
        return len(self.growth)

    @property
    def served_months(self) -> int:
        """Months in which a system is live, from its lag to its retirement."""
        return max(self.life_months - self.lag_months, 1)

    def month(self, month: int) -> str:
        """A month by its number, as 2027-03."""
        return month_name(self.start, month)

    def system(self, system: str) -> System:
        """A system by id."""
        return next(s for s in self.systems if s.id == system)

    def carried_share(self) -> float:
        """Tokens that are to be carried over all that are asked for [1]."""
        weights = {c: self.tokens_mtok.get(c, 0.0) or 1.0 for c in self.classes}
        wanted = sum(weights.values()) * sum(self.growth)
        whole = (1.0,) * self.months
        carried = sum(
            weight * share * growth
            for c, weight in weights.items()
            for share, growth in zip(self.carried.get(c, whole), self.growth, strict=True)
        )
        return carried / wanted if wanted else 1.0

    def unserved(self) -> tuple[str, ...]:
        """Classes that neither a replica nor an API serves."""
        served = {p.class_id for p in self.points} | {t.class_id for t in self.tokens}
        return tuple(c for c in self.classes if c not in served)

    # -- the same with less or more ------------------------------------------------------------------------------

    def without(self, classes: Collection[str]) -> Self:
        """The same with fewer classes."""
        return replace(
            self,
            classes=tuple(c for c in self.classes if c not in classes),
            points=tuple(p for p in self.points if p.class_id not in classes),
            tokens=tuple(t for t in self.tokens if t.class_id not in classes),
        )

    def delayed(self) -> Self:
        """The delay case: every tranche later by its own delay."""

        def late(system: System) -> System:
            if system.arrivals is None:
                return system
            return replace(system, arrivals=tuple(replace(a, month=a.month + a.delay_months) for a in system.arrivals))

        return replace(self, systems=tuple(map(late, self.systems)))
