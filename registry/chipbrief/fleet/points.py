"""From results to a problem: operating points that keep the service levels, and what each system costs and draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chipbrief.evaluate import Footprint, Outcome, Results
from chipbrief.evaluate.search import Candidate, choose
from chipbrief.finance import (
    ELECTRICITY_PRICE,
    HOURS_PER_MONTH,
    LANES,
    SECONDS_PER_MONTH,
    Finance,
    Lane,
    capital_usd,
    hourly_usd,
)
from chipbrief.fleet.problem import Arrival, Point, Problem, Rent, Replica, System, Tokens
from chipbrief.fleet.slices import slices_of
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Num
from chipbrief.workload import Horizon, Tranche, WorkloadClass, months_between

__all__ = ["COMMITMENT_MONTHS", "POINTS", "Rates", "problem_of", "rates"]

POINTS = 3  # deployments of a class and system that are kept
COMMITMENT_MONTHS: Mapping[Lane, int] = {"rent_on_demand": 1, "rent_one_year": 12, "rent_three_years": 36}


# -- money and power ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rates:
    """What a system costs by the month and draws; floats, or one value a sample.

    Attributes:
        capital_usd: price with network and storage [USD].
        own_usd_month: from delivery on, capital recovery included, without energy [USD/month].
        live_usd_month: energy of one that is idle [USD/month].
        load_usd_month: what full load adds [USD/month].
        rent_usd_chip_month: by lane [USD/month].
        power_w: utility power at full load [W].
    """

    capital_usd: Num
    own_usd_month: Num
    live_usd_month: Num
    load_usd_month: Num
    rent_usd_chip_month: Mapping[Lane, Num]
    power_w: Num


def rates(hardware: Hardware, finance: Finance) -> Rates:
    """Read a system's cost lines (C1, C4) and power (E9); energy apart, since what is not live yet draws none."""
    idle = hardware.cost.lines("own", finance, 0.0)
    energy = hourly_usd(line for line in idle if line.driven_by(ELECTRICITY_PRICE))
    full = hourly_usd(hardware.cost.lines("own", finance, 1.0))
    rented = {lane: found for lane in LANES if lane != "own" and (found := hardware.cost.lines(lane, finance, 1.0))}
    return Rates(
        capital_usd=capital_usd(idle),
        own_usd_month=(hourly_usd(idle) - energy) * HOURS_PER_MONTH,
        live_usd_month=energy * HOURS_PER_MONTH,
        load_usd_month=(full - hourly_usd(idle)) * HOURS_PER_MONTH,
        rent_usd_chip_month={
            lane: hourly_usd(lines) * HOURS_PER_MONTH / hardware.profile.chips for lane, lines in rented.items()
        },
        power_w=hardware.cost.power_w(1.0) * finance.pue,
    )


def _one(value: Num) -> float:
    return float(np.ravel(value)[0])


def _system(hardware: Hardware, finance: Finance, start: str, tranches: Iterable[Tranche], end: str) -> System:
    priced = rates(hardware, finance)
    profile = hardware.profile
    power = _one(priced.power_w)
    mine = [tranche for tranche in tranches if tranche.hardware == hardware.id]
    return System(
        id=hardware.id,
        vendor=profile.vendor,
        chips=profile.chips,
        systems_per_rack=float(profile.system.systems_per_rack.value),
        power_w=power,
        capital_usd=_one(priced.capital_usd) if profile.price.sold else None,
        own_usd_month=_one(priced.own_usd_month),
        live_usd_month=_one(priced.live_usd_month),
        load_usd_month=_one(priced.load_usd_month),
        rents=tuple(Rent(lane, _one(usd), COMMITMENT_MONTHS[lane]) for lane, usd in priced.rent_usd_chip_month.items()),
        arrivals=tuple(_arrival(tranche, start, power, end) for tranche in mine) or None,
    )


def _arrival(tranche: Tranche, start: str, power_w: float, end: str) -> Arrival:
    """Systems of a tranche, which come in the course of the month that it names and carry that month's load."""
    month = months_between(start, tranche.by)
    units = tranche.units
    count = getattr(units, end) if units else getattr(tranche.power, end) / power_w
    return Arrival(month, int(count + 1e-9), tranche.delay_months)


# -- operating points -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kept:
    """A deployment at the batch with which a class needs the fewest chips of it, and what that takes."""

    deployment: Deployment
    peak: float
    mean: float
    text: str

    @property
    def chips(self) -> float:
        return self.peak * self.deployment.chips


def _kept(wanted: WorkloadClass, candidate: Candidate) -> _Kept | None:
    """The most load of a deployment that keeps the service levels, or None."""
    op, money, demand = candidate.operation, candidate.economics, wanted.demand
    batches = np.asarray(op.batch, dtype=float)
    arrivals, capacity, e2e = (
        np.broadcast_to(np.asarray(values, dtype=float), batches.shape)
        for values in (money.requests_s, op.requests_s, op.e2e_p50_s)
    )
    mean = arrivals / capacity
    peaks = (mean if demand.mean_in_flight is None else arrivals * e2e / batches) * demand.peak_factor
    chips = peaks * candidate.deployment.chips  # in place of dollars for whole replicas, which fit one load alone
    choice = choose([replace(candidate, economics=replace(money, usd_month={"own": chips}))], wanted.slo)
    if choice.reason:
        return None
    i = int(np.argmin(np.abs(batches - choice.batch)))
    peak = float(peaks[i])
    user = float(np.broadcast_to(op.tok_s_user, batches.shape)[i])
    first = float(np.broadcast_to(op.ttft_p95_s, batches.shape)[i])
    said = f"TTFT p95 {_time(first)}, {user:,.0f} tok/s a user"
    return _Kept(candidate.deployment, peak, min(float(mean[i]), peak), said)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1.0 else f"{seconds:.3g} s"


def _few(found: Sequence[_Kept]) -> list[_Kept]:
    """At most a few that none beats in both the chips they take and the size of one replica."""
    best: list[_Kept] = []
    for kept in sorted(found, key=lambda k: (k.deployment.chips, k.chips, str(k.deployment))):
        if not best or kept.chips < best[-1].chips * (1.0 - 1e-6):
            best.append(kept)
    if len(best) <= POINTS:
        return best
    steps = np.linspace(0, len(best) - 1, POINTS).round().astype(int)
    return [best[i] for i in steps]


def problem_of(results: Results, *, end: str = "value", lead_months: int = 0) -> Problem:
    """Write a mix's results down as numbers.

    Args:
        results: what evaluate found.
        end: low, value or high of the tranches.
        lead_months: first month in which an owned system may be live.
    """
    mix, finance = results.mix, Finance.from_terms(results.terms)
    horizon = mix.horizon or Horizon(start=results.as_of[:7])
    physical = {s.id: s for hardware in results.systems for s in hardware.systems}
    systems = {
        name: _system(hardware, finance, horizon.start, mix.tranches, end) for name, hardware in physical.items()
    }
    slices, hours = slices_of(mix.classes)
    replicas, points = _points(results, systems, hours)
    return Problem(
        start=horizon.start,
        growth=horizon.growth_by_month(),
        slices=slices,
        classes=tuple(c.id for c in mix.classes),
        systems=tuple(systems.values()),
        replicas=replicas,
        points=points,
        tokens=_tokens(results),
        tokens_mtok={c.id: _mtok(results, c) for c in mix.classes},
        reasons={c.id: _reasons(results, c.id) for c in mix.classes},
        power_cap_w=mix.power_cap,
        capital_cap_usd=mix.capital_cap,
        spares=int(mix.spares),
        availability=_one(finance.availability),
        life_months=max(round(_one(finance.economic_life_y) * 12), 1),
        lag_months=int(np.ceil(_one(finance.lag_months) - 1e-9)),
        lead_months=lead_months,
        rent_price_fall=_one(finance.rent_price_fall),
        api_price_fall=_one(finance.api_price_fall),
    )


def _points(
    results: Results, systems: Mapping[str, System], hours: Mapping[str, tuple[float, ...]]
) -> tuple[tuple[Replica, ...], tuple[Point, ...]]:
    """Points of every class on the deployments that any class of its model keeps there, so that classes can share."""
    numbers: dict[tuple[str, str, Deployment], int] = {}
    replicas: list[Replica] = []
    points: list[Point] = []
    for hardware in results.systems:
        footprints: dict[Deployment, Mapping[str, int]] = {}
        found: dict[str, dict[Deployment, _Kept]] = {}
        for wanted in results.mix.classes:
            candidates = results.frontiers.get((wanted.id, hardware.id), ())
            best = [k for candidate in candidates if (k := _kept(wanted, candidate))]
            found[wanted.id] = {k.deployment: k for k in best}
        for wanted in results.mix.classes:
            alike = [c.id for c in results.mix.classes if c.model == wanted.model]
            shared = {k.deployment for name in alike for k in _few(list(found[name].values()))}
            for deployment, kept in found[wanted.id].items():
                if deployment not in shared:
                    continue
                chips = footprints.setdefault(deployment, _chips(hardware, deployment))
                if not _offered(chips, systems):
                    continue
                key = (hardware.id, wanted.model, deployment)
                if key not in numbers:
                    numbers[key] = len(replicas)
                    replicas.append(
                        Replica(hardware=hardware.id, model=wanted.model, text=str(deployment), chips=chips)
                    )
                points.append(
                    Point(
                        class_id=wanted.id,
                        replica=numbers[key],
                        loads=tuple(kept.peak * load for load in hours[wanted.id]),
                        mean=kept.mean,
                        text=kept.text,
                    )
                )
    return tuple(replicas), tuple(points)


def _chips(hardware: Hardware, deployment: Deployment) -> Mapping[str, int]:
    return {part.hardware.id: part.chips for part in Footprint.of(hardware, deployment).parts if part.chips}


def _offered(chips: Mapping[str, int], systems: Mapping[str, System]) -> bool:
    """Whether all that a replica stands on can be bought, or all of it rented."""
    mine = [systems[name] for name in chips]
    return all(s.capital_usd is not None for s in mine) or all(s.rents for s in mine)


def _tokens(results: Results) -> tuple[Tokens, ...]:
    found = []
    for outcome in results.outcomes:
        cost = outcome.lane("api")
        if cost and outcome.status == "meets":
            usd = cost.usd_month
            found.append(
                Tokens(
                    class_id=outcome.class_id,
                    hardware=outcome.hardware,
                    vendor=results.system(outcome.hardware).profile.vendor,
                    provider=cost.note,
                    usd_month=usd.value,
                    low=usd.low,
                    high=usd.high,
                )
            )
    return tuple(found)


def _reasons(results: Results, class_id: str) -> Mapping[str, str]:
    """Why each system that does not serve a class does not."""
    return {o.hardware: said for o in results.of_class(class_id) if (said := _why_not(o))}


def _why_not(outcome: Outcome) -> str:
    if outcome.status != "meets":
        return outcome.reason
    return "" if outcome.lanes else "neither sold, rented nor served by the token"


def _mtok(results: Results, wanted: WorkloadClass) -> float:
    """Tokens of a class in its first month; of users in flight, as the fastest system serves them [Mtok]."""
    rate = wanted.demand.mean_requests_s
    if rate is None:
        rate = max((o["requests_s"].value for o in results.of_class(wanted.id) if o.metrics), default=0.0)
    return rate * SECONDS_PER_MONTH * (wanted.shape.input_mean + wanted.shape.output_mean) / 1e6
