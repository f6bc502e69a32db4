"""Own, rent and API side by side: what a mix costs over its horizon on each system alone, in every lane (C1 to C4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, cast

import numpy as np

from chipbrief.errors import InputError
from chipbrief.errors import Problem as Wrong
from chipbrief.evaluate import Outcome, Results
from chipbrief.finance import (
    LANES,
    SECONDS_PER_MONTH,
    Finance,
    Lane,
    MoneyPlan,
    Year,
    deliveries,
    summed,
    units_needed,
    yearly_view,
)
from chipbrief.fleet.money import by_the_token, carried, owned, rented
from chipbrief.fleet.points import problem_of
from chipbrief.hardware import Hardware
from chipbrief.physics import Array

__all__ = ["LaneMoney", "SideBySide", "side_by_side"]

RENTS: tuple[Lane, ...] = tuple(lane for lane in LANES if lane != "own")
RENT = "rent"  # where no rental lane is offered
NO_CLASS = "no class"  # the lane is offered, and each class has its own reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneMoney:
    """As much of a mix as one system carries in one lane, over the horizon.

    Attributes:
        hardware: id of the system.
        lane: own, a rental lane, rent where none is offered, or api.
        served: classes that it carries within their service levels.
        left_out: the others, with the reason.
        reason: not sold, not rented, no API price, or no class where each has its own; empty where it carries one.
        systems: by month, by id of each sort: whole ones that are owned and live, or what is rented; none for an API.
        years: cash and P&L; none where it carries nothing.
    """

    hardware: str
    lane: str
    served: tuple[str, ...]
    left_out: Mapping[str, str]
    reason: str = ""
    systems: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    years: tuple[Year, ...] = ()

    @property
    def total(self) -> Year | None:
        """The whole horizon as one year; None where nothing is carried."""
        return summed(self.years) if self.years else None

    @property
    def levelised_usd_mtok(self) -> float:
        """Levelised cost of a million tokens over the horizon (C1, C2), infinite without any [USD/Mtok]."""
        found = self.total
        return found.levelised_cost_usd / found.mtok if found and found.mtok else float("inf")


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Every lane of every system that carries a class: most classes first, then by the levelised cost of a token.

    Attributes:
        start: first month, such as 2026-12.
        growth: demand of each month over that of the first.
        before_months: months before it in which owned systems are ordered and delivered; they count to year 1.
        order_months: of these the ones from order to delivery.
        sold_at_usd_mtok: price that every token brings in [USD/Mtok].
        lanes: own, rent and API of each system, in that order.
        idle: systems that carry no class in any lane, with the reason by class.
    """

    start: str
    growth: tuple[float, ...]
    before_months: int
    order_months: int
    sold_at_usd_mtok: float
    lanes: tuple[LaneMoney, ...]
    idle: Mapping[str, Mapping[str, str]]

    @property
    def systems(self) -> tuple[str, ...]:
        """Ids of the systems that carry a class, in order."""
        return tuple(dict.fromkeys(lane.hardware for lane in self.lanes))

    def of(self, system: str) -> tuple[LaneMoney, ...]:
        """The lanes of a system."""
        return tuple(lane for lane in self.lanes if lane.hardware == system)

    def cheapest(self, system: str) -> LaneMoney | None:
        """The lane in which a system carries most classes, of those the one of least levelised cost."""
        found = [lane for lane in self.of(system) if lane.served]
        return min(found, key=_rank) if found else None


def _rank(lane: LaneMoney) -> tuple[int, float]:
    return -len(lane.served), lane.levelised_usd_mtok


def side_by_side(results: Results, *, sold_at_usd_mtok: float = 0.0, order_months: int = 0) -> SideBySide:
    """Price a mix on every system alone, in every lane, by year.

    Each class runs on the deployment that evaluate chose for it. Whole replicas follow the growth of its peak, what is
    owned is whole systems for all classes, spares included, there from the first month on; what is rented is the chips
    of the replicas. Caps and tranches of the mix are left to the plan of a mixed fleet.

    Args:
        results: what evaluate found.
        sold_at_usd_mtok: price that every token of the mix brings in; without it there is no tax [USD/Mtok].
        order_months: from the order of a system, when its deposit is due, to its delivery.

    Raises:
        InputError: a lag that takes all of the economic life.
    """
    problem = problem_of(results)
    if problem.lag_months >= problem.life_months:
        text = f"{problem.lag_months} months take all of an economic life of {problem.life_months}"
        raise InputError([Wrong(text, field="finance.lag")])
    pricing = _Pricing(
        results=results,
        finance=Finance.from_terms(results.terms),
        growth=np.array(problem.growth),
        life_months=problem.life_months,
        lag_months=problem.lag_months,
        order_months=order_months,
        sold_at_usd_mtok=sold_at_usd_mtok,
    )
    priced = {hardware.id: tuple(pricing.lanes(hardware)) for hardware in results.systems}
    useful = [lanes for lanes in priced.values() if any(lane.served for lane in lanes)]
    useful.sort(key=lambda lanes: (min(_rank(lane) for lane in lanes if lane.served), lanes[0].hardware))
    return SideBySide(
        start=problem.start,
        growth=tuple(problem.growth),
        before_months=pricing.before_months,
        order_months=order_months,
        sold_at_usd_mtok=sold_at_usd_mtok,
        lanes=tuple(lane for lanes in useful for lane in lanes),
        idle={name: _without_any(lanes) for name, lanes in priced.items() if not any(lane.served for lane in lanes)},
    )


def _without_any(lanes: Sequence[LaneMoney]) -> Mapping[str, str]:
    """Why a system carries no class: the class's own reason, or that of its lanes."""
    return {name: "; ".join(dict.fromkeys(lane.left_out[name] for lane in lanes)) for name in lanes[0].left_out}


@dataclass(frozen=True, slots=True)
class _Load:
    """A class on the deployment that evaluate chose, in the first month.

    Attributes:
        outcome: where that stands.
        peak: replicas that the peak takes, not rounded [1].
        mean: replicas' worth of the mean load [1].
        mtok: tokens of the month [Mtok].
    """

    outcome: Outcome
    peak: float
    mean: float
    mtok: float

    @classmethod
    def of(cls, results: Results, outcome: Outcome) -> Self:
        """Read the load off an outcome, whose whole replicas are never contradicted."""
        wanted = results.wanted(outcome.class_id)
        demand, shape = wanted.demand, wanted.shape
        replicas, requests_s = outcome["replicas"].value, outcome["requests_s"].value
        mean = outcome["utilisation"].value * replicas
        peak = mean * demand.peak_factor
        if demand.mean_in_flight is not None:
            in_flight = requests_s * outcome["e2e_p50_s"].value  # of those who do not think (Little)
            peak = in_flight * demand.peak_factor / outcome["batch_at_capacity"].value
        mtok = requests_s * SECONDS_PER_MONTH * (shape.input_mean + shape.output_mean) / 1e6
        return cls(outcome, float(np.clip(peak, replicas - 1.0 + 1e-6, replicas)), mean, mtok)

    def chips_of(self, system: str) -> int:
        """Chips of a system that one replica takes."""
        assert self.outcome.deployment is not None
        return self.outcome.deployment.chips_of(system)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pricing:
    """What all systems and lanes share."""

    results: Results
    finance: Finance
    growth: Array
    life_months: int
    lag_months: int
    order_months: int
    sold_at_usd_mtok: float

    @property
    def before_months(self) -> int:
        return self.lag_months + self.order_months

    def lanes(self, hardware: Hardware) -> Iterator[LaneMoney]:
        """Own, rent as it is offered, and API."""
        outcomes = [o for o in self.results.outcomes if o.hardware == hardware.id]
        loads = {o.class_id: _Load.of(self.results, o) for o in outcomes if o.status == "meets"}
        rents: list[str] = [lane for lane in RENTS if not _not_offered(hardware, lane, self.finance)]
        for lane in ("own", *(rents or [RENT]), "api"):
            left_out = {o.class_id: why for o in outcomes if (why := self._why_not(hardware, o, lane))}
            served = [load for name, load in loads.items() if name not in left_out]
            found = LaneMoney(
                hardware=hardware.id,
                lane=lane,
                served=tuple(load.outcome.class_id for load in served),
                left_out=left_out,
                reason="" if served else _reason(hardware, outcomes, lane, self.finance),
            )
            yield self._priced(found, hardware, served) if served else found

    def _why_not(self, hardware: Hardware, outcome: Outcome, lane: str) -> str:
        """Why a class is not carried in a lane; empty where it is."""
        if outcome.status != "meets":
            return outcome.reason
        if lane != "api":
            return _not_offered(hardware, lane, self.finance)
        if outcome.lane("api"):
            return ""
        if hardware.cost.api_price(outcome.model) is None:
            return f"no API price of {outcome.model}"
        limit, needs = hardware.profile.limits.context, self.results.wanted(outcome.class_id).shape.context_p95
        assert limit is not None
        return f"its API holds {limit.value:,.0f} tokens, {needs:,.0f} are needed"

    # -- money --------------------------------------------------------------------------------------------------

    def _priced(self, lane: LaneMoney, hardware: Hardware, served: Sequence[_Load]) -> LaneMoney:
        mtok = sum(load.mtok for load in served) * self.growth
        systems, plans = self._taken(lane.lane, hardware, served, mtok)
        revenue = MoneyPlan(months=len(mtok), revenue_usd=mtok * self.sold_at_usd_mtok)
        return replace(lane, systems=systems, years=yearly_view([*plans, revenue], self.finance))

    def _taken(
        self, lane: str, hardware: Hardware, served: Sequence[_Load], mtok: Array
    ) -> tuple[Mapping[str, tuple[float, ...]], list[MoneyPlan]]:
        """What is bought, rented or bought by the token: systems of each sort by month, and the money that is."""
        if lane == "api":
            return {}, [self._tokens(load) for load in served]
        systems: dict[str, tuple[float, ...]] = {}
        plans = [carried(mtok)]
        for sort in hardware.systems:
            used, plan = self._bought(sort, served) if lane == "own" else self._rented(sort, served, cast(Lane, lane))
            systems[sort.id] = tuple(map(float, used))
            plans.append(plan)
        return systems, plans

    def _tokens(self, load: _Load) -> MoneyPlan:
        cost = load.outcome.lane("api")
        assert cost is not None
        return by_the_token(load.mtok * self.growth, cost.usd_mtok.value)

    def _bought(self, sort: Hardware, served: Sequence[_Load]) -> tuple[Array, MoneyPlan]:
        """Whole systems that carry all classes (C3), there on the first day, and replaced at the end of their life."""
        chips = self._chips(sort, served, float(self.finance.availability))
        needed = np.ceil(chips / sort.profile.chips - 1e-9) + self.results.mix.spares * (chips > 0.0)
        ahead = np.concatenate([np.zeros(self.before_months), needed])
        delivered = deliveries(ahead, life_months=self.life_months, lag_months=self.lag_months)
        total = np.concatenate([np.zeros(self.life_months), np.cumsum(delivered)])
        live = (total[self.life_months - self.lag_months :][: len(ahead)] - total[: len(ahead)])[self.before_months :]
        busy = sum(load.mean * load.chips_of(sort.id) for load in served) / sort.profile.chips
        return live, owned(sort, self.finance, delivered, busy * self.growth, order_months=self.order_months)

    def _rented(self, sort: Hardware, served: Sequence[_Load], lane: Lane) -> tuple[Array, MoneyPlan]:
        """The chips of the replicas, none idle."""
        chips = self._chips(sort, served, 1.0)
        return chips / sort.profile.chips, rented(sort, self.finance, lane, chips)

    def _chips(self, sort: Hardware, served: Sequence[_Load], availability: float) -> Array:
        """Chips of a sort under the whole replicas of each class, by month."""
        total = np.zeros(len(self.growth))
        for load in served:
            total = total + load.chips_of(sort.id) * units_needed(load.peak * self.growth, availability)
        return total


def _not_offered(hardware: Hardware, lane: str, finance: Finance) -> str:
    """Why a system is not to be had in a lane, where it stands on two sorts with the name of the one that is not."""
    for sort in hardware.systems:
        lines = () if lane == RENT else sort.cost.lines(cast(Lane, lane), finance, 1.0)
        if not (sort.profile.price.sold if lane == "own" else lines):
            return _not_had(lane) if hardware.partner is None else f"{sort.id} is {_not_had(lane)}"
    return ""


def _not_had(lane: str) -> str:
    return "not sold" if lane == "own" else "not rented"


def _reason(hardware: Hardware, outcomes: Sequence[Outcome], lane: str, finance: Finance) -> str:
    """Why a lane carries nothing at all: it is not offered, or no class keeps its levels there."""
    if lane == "api":
        return NO_CLASS if any(hardware.cost.api_price(o.model) for o in outcomes) else "no API price"
    return _not_had(lane) if _not_offered(hardware, lane, finance) else NO_CLASS
