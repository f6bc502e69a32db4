"""A plan over the months: what is owned, rented and bought by the token, what each class runs on, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from chipbrief.fleet.formulate import Model, formulate
from chipbrief.fleet.problem import Problem
from chipbrief.fleet.solve import Limits, Solution, optimise
from chipbrief.physics import Array

__all__ = ["Fleet", "Month", "Plan", "Route", "plan", "read_out"]

LEAST_SHARE = 1e-4


@dataclass(frozen=True, slots=True)
class Route:
    """A share of a class on a system in a lane: own, rent or api; `chips` are those at work at the peak."""

    class_id: str
    hardware: str
    lane: str
    share: float
    text: str
    chips: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """One system in one month.

    Attributes:
        system: its id.
        live: owned systems that work or stand by.
        bought: of these the ones that went live in this month.
        spares: of these the ones that stand by.
        racks: racks that they fill.
        rented_chips: chips under contract, by lane.
        idle_chips: owned chips without a replica, spares included.
        utilisation: mean load of the owned chips over all of them [1].
        rented_utilisation: the same of the rented ones [1].
        power_w: utility power at full load of the owned ones [W].
        capex_usd: price of what was bought [USD].
        usd: cost of the month by line, own, energy and rent [USD].
    """

    system: str
    live: int
    bought: int
    spares: int
    racks: int
    rented_chips: Mapping[str, float]
    idle_chips: float
    utilisation: float
    rented_utilisation: float
    power_w: float
    capex_usd: float
    usd: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Month:
    """One month: systems, replicas (owned and rented, by hardware, model and deployment), routes and cost by line.

    What a system costs before it is live is booked in the month that it goes live.
    """

    month: str
    fleets: tuple[Fleet, ...]
    replicas: Mapping[tuple[str, str, str], tuple[int, int]]
    routes: tuple[Route, ...]
    usd: Mapping[str, float]

    @property
    def usd_total(self) -> float:
        """Cost of the month [USD]."""
        return sum(self.usd.values())

    @property
    def power_w(self) -> float:
        """Utility power of the owned systems at full load [W]."""
        return sum(f.power_w for f in self.fleets)

    @property
    def capex_usd(self) -> float:
        """Price of what was bought [USD]."""
        return sum(f.capex_usd for f in self.fleets)

    @property
    def racks(self) -> int:
        """Racks of the owned systems."""
        return sum(f.racks for f in self.fleets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A fleet by month. `usd` is the sum of its months, `bound` what no plan of the same problem goes below [USD].

    `values` is the solver's point, for further plans to start from.
    """

    problem: Problem
    months: tuple[Month, ...]
    status: str
    usd: float
    bound: float
    values: Array = field(repr=False, compare=False)

    @property
    def gap(self) -> float:
        """Cost above the bound, of the cost."""
        return max(self.usd - self.bound, 0.0) / self.usd if self.usd else 0.0

    @property
    def capex_usd(self) -> float:
        """Price of all that is bought [USD]."""
        return sum(m.capex_usd for m in self.months)

    @property
    def power_w(self) -> float:
        """Most utility power of any month [W]."""
        return max((m.power_w for m in self.months), default=0.0)

    @property
    def lines(self) -> Mapping[str, float]:
        """Cost by line over all months [USD]."""
        return {name: sum(m.usd[name] for m in self.months) for name in ("own", "energy", "rent", "api")}

    def share(self, class_id: str) -> Mapping[tuple[str, str], float]:
        """Mean share of a class over the months, by hardware and lane; largest first."""
        total: dict[tuple[str, str], float] = {}
        for month in self.months:
            for route in month.routes:
                if route.class_id == class_id:
                    key = (route.hardware, route.lane)
                    total[key] = total.get(key, 0.0) + route.share / len(self.months)
        return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def plan(problem: Problem, limits: Limits | None = None, start: Array | None = None) -> Plan | None:
    """The cheapest fleet of a problem in which every class has an offer, or None where caps leave none.

    Args:
        problem: what to choose from.
        limits: when the solver may stop.
        start: `values` of a feasible plan of the same problem under tighter bounds.
    """
    model = formulate(problem)
    solution = optimise(model, problem, limits or Limits(), start)
    return read_out(problem, model, solution) if solution.found else None


def read_out(problem: Problem, model: Model, solution: Solution) -> Plan:
    """A solution as months."""
    point = _Point(problem, model, solution.values)
    months = tuple(point.month(t) for t in range(problem.months))
    usd = sum(m.usd_total for m in months)
    return Plan(
        problem=problem,
        months=months,
        status=solution.status,
        usd=usd,
        bound=min(solution.bound, usd),
        values=solution.values,
    )


class _Point:
    """A solution's blocks, with no replica more than is needed."""

    def __init__(self, problem: Problem, model: Model, values: Array) -> None:
        self.problem, self.model = problem, model
        self.growth = np.array(problem.growth)
        block = {name: np.maximum(values[columns], 0.0) for name, columns in model.columns.items()}
        self.buy, self.live = np.round(block["buy"]), np.round(block["live"])
        self.sign, self.tokens = block["sign"], block["tokens"]
        self.share = {"own": block["share_own"], "rent": block["share_rent"]}
        self.used = np.round(block["used"]) if "used" in block else np.zeros_like(self.live)
        self.replicas = {
            lane: self._needed(lane, availability)
            for lane, availability in (("own", problem.availability), ("rent", 1.0))
        }
        self.contracts = self._contracts()

    def _needed(self, lane: str, availability: float) -> Array:
        """Whole replicas that carry what is routed to them (F3, F4)."""
        loads = np.zeros((len(self.problem.replicas), len(self.problem.slices), self.problem.months))
        any_ = np.zeros((len(self.problem.replicas), self.problem.months), dtype=bool)
        for i, p in enumerate(self.problem.points):
            loads[p.replica] += np.array(p.loads)[:, np.newaxis] * self.growth * self.share[lane][i]
            any_[p.replica] |= self.share[lane][i] > LEAST_SHARE
        needed = np.ceil(loads.max(axis=1, initial=0.0) / availability - 1e-5)
        return np.where(any_, np.maximum(needed, 1.0), 0.0)

    def _contracts(self) -> Array:
        """Chips under contract by lane and month; shape (lanes, months)."""
        found = np.zeros_like(self.sign)
        for k, (i, j) in enumerate(self.model.lanes):
            term = self.problem.systems[i].rents[j].commitment_months
            for t in range(self.problem.months):
                found[k, t : t + term] += self.sign[k, t]
        return np.where(found > 1e-6, found, 0.0)

    def month(self, t: int) -> Month:
        """One month."""
        fleets = tuple(f for i in range(len(self.problem.systems)) if (f := self._fleet(i, t)))
        replicas = {
            (r.hardware, r.model, r.text): (int(own), int(rented))
            for k, r in enumerate(self.problem.replicas)
            if (own := self.replicas["own"][k, t]) + (rented := self.replicas["rent"][k, t]) > 0
        }
        usd = {name: sum(f.usd[name] for f in fleets) for name in ("own", "energy", "rent")}
        return Month(self.problem.month(t), fleets, replicas, self._routes(t), usd | {"api": self._api(t)})

    def _chips(self, i: int, lane: str, t: int) -> tuple[float, float]:
        """Chips of a system's replicas in a lane, and those at work at the mean load."""
        name, held, busy = self.problem.systems[i].id, 0.0, 0.0
        for k, r in enumerate(self.problem.replicas):
            held += r.chips.get(name, 0) * self.replicas[lane][k, t]
        for k, p in enumerate(self.problem.points):
            chips = self.problem.replicas[p.replica].chips.get(name, 0)
            busy += chips * p.mean * self.growth[t] * self.share[lane][k, t]
        return held, busy

    def _fleet(self, i: int, t: int) -> Fleet | None:
        system, live = self.problem.systems[i], self.live[i, t]
        rented = {
            system.rents[j].lane: float(self.contracts[k, t])
            for k, (of, j) in enumerate(self.model.lanes)
            if of == i and self.contracts[k, t] > 0.0
        }
        owned_chips, rented_chips = live * system.chips, sum(rented.values())
        (held, busy), (_, rented_busy) = self._chips(i, "own", t), self._chips(i, "rent", t)
        if not live and not rented_chips:
            return None
        return Fleet(
            system=system.id,
            live=int(live),
            bought=int(self.buy[i, t]),
            spares=int(min(self.problem.spares * self.used[i, t], live)),
            racks=int(np.ceil(live / system.systems_per_rack)),
            rented_chips=rented,
            idle_chips=max(float(owned_chips - held), 0.0),
            utilisation=float(busy / owned_chips) if owned_chips else 0.0,
            rented_utilisation=float(rented_busy / rented_chips) if rented_chips else 0.0,
            power_w=float(live * system.power_w),
            capex_usd=float(self.buy[i, t] * (system.capital_usd or 0.0)),
            usd={
                "own": float(system.own_usd_month * (live + self.problem.lag_months * self.buy[i, t])),
                "energy": float(system.live_usd_month * live + system.load_usd_month * busy / system.chips),
                "rent": self._rent(i, t),
            },
        )

    def _routes(self, t: int) -> tuple[Route, ...]:
        found = []
        for k, p in enumerate(self.problem.points):
            replica = self.problem.replicas[p.replica]
            for lane in ("own", "rent"):
                share = float(self.share[lane][k, t])
                if share > LEAST_SHARE:
                    chips = max(p.loads) * self.growth[t] * share * sum(replica.chips.values())
                    found.append(Route(p.class_id, replica.hardware, lane, share, replica.text, float(chips)))
        for k, offer in enumerate(self.problem.tokens):
            share = float(self.tokens[k, t])
            if share > LEAST_SHARE:
                found.append(Route(offer.class_id, offer.hardware, "api", share, offer.provider))
        order = {name: i for i, name in enumerate(self.problem.classes)}
        return tuple(sorted(found, key=lambda r: (order[r.class_id], -r.share, r.hardware, r.lane)))

    def _rent(self, i: int, t: int) -> float:
        """Rent of a system's chips in a month, each contract at the price of its month."""
        usd = 0.0
        for k, (of, j) in enumerate(self.model.lanes):
            lane = self.problem.systems[of].rents[j]
            for signed in range(max(t - lane.commitment_months + 1, 0), t + 1) if of == i else ():
                fallen = (1.0 - self.problem.rent_price_fall) ** (signed / 12.0)
                usd += float(self.sign[k, signed]) * lane.usd_chip_month * fallen
        return usd

    def _api(self, t: int) -> float:
        falling = self.growth[t] * (1.0 - self.problem.api_price_fall) ** (t / 12.0)
        return float(sum(o.usd_month * falling * self.tokens[k, t] for k, o in enumerate(self.problem.tokens)))
