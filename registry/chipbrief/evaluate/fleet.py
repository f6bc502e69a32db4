"""Whole systems for the whole mix from one vendor, beside buying every token: the options a buyer compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chipbrief.evaluate.case import Setting
from chipbrief.evaluate.lanes import interval
from chipbrief.evaluate.outcome import Interval, Outcome
from chipbrief.evaluate.results import Results
from chipbrief.finance import HOURS_PER_MONTH, hourly_usd
from chipbrief.hardware import Hardware, Trail
from chipbrief.physics import Array, Num

__all__ = ["Route", "VendorFleet", "cheapest_route", "vendor_fleets"]


@dataclass(frozen=True, slots=True)
class VendorFleet:
    """One way to carry as much of the mix as one system type can, in one lane.

    Attributes:
        hardware: id of the system.
        lane: own, rent_three_years, rent_one_year, rent_on_demand or api.
        served: classes it carries within their service levels.
        unserved: classes it does not, with the reason.
        chips: chips that the replicas use; 0 for tokens from an API.
        systems: whole systems, classes pooled, of both sorts where there are two; 0 for tokens from an API.
        by_system: whole systems by the id of each sort; empty for tokens from an API.
        idle_systems: systems' worth of chips that no replica uses.
        usd_month: cost of a month, idle chips included [USD].
        idle_usd_month: what the idle chips cost of it [USD].
        usd_mtok: cost over all tokens served [USD/Mtok].
        capex_usd: price of the systems [USD].
        power_w: IT power provisioned [W].
        racks: racks they fill.
        trail: what the cost stands on.
        draws: samples of the cost of a month; one value for tokens from an API [USD].
    """

    hardware: str
    lane: str
    served: tuple[str, ...]
    unserved: dict[str, str]
    chips: Interval
    systems: Interval
    by_system: Mapping[str, float]
    idle_systems: float
    usd_month: Interval
    idle_usd_month: float
    usd_mtok: Interval
    capex_usd: Interval
    power_w: Interval
    racks: float
    trail: Trail
    draws: Array = field(compare=False, repr=False)


def vendor_fleets(results: Results) -> list[VendorFleet]:
    """Every system and lane that carries at least one class; most classes first, then cheapest by the token."""
    found: list[VendorFleet] = []
    for hardware in results.systems:
        mine = [o for o in results.outcomes if o.hardware == hardware.id]
        lanes = dict.fromkeys(cost.lane for o in mine for cost in o.lanes)
        found += [fleet for lane in lanes if (fleet := _fleet(results, hardware, mine, lane))]
    return sorted(found, key=lambda f: (-len(f.served), f.usd_mtok.value, f.hardware, f.lane))


@dataclass(frozen=True, slots=True)
class Route:
    """Every class by its own cheapest offer, the classes that share a system and lane pooled.

    Attributes:
        legs: the fleets and services that carry the classes, dearest first.
        unserved: classes that nothing carries, with a reason.
        usd_month: cost of a month [USD].
        usd_mtok: cost over all tokens served [USD/Mtok].
        capex_usd: price of the systems to buy [USD].
        power_w: IT power of the systems to own [W].
        draws: samples of the cost of a month, all legs seeing the same draws [USD].
    """

    legs: tuple[VendorFleet, ...]
    unserved: dict[str, str]
    usd_month: Interval
    usd_mtok: Interval
    capex_usd: Interval
    power_w: Interval
    draws: Array = field(compare=False, repr=False)

    def leg_of(self, class_id: str) -> VendorFleet | None:
        """What carries a class."""
        return next((leg for leg in self.legs if class_id in leg.served), None)


def cheapest_route(results: Results) -> Route:
    """Give each class to its cheapest offer and pool what shares a system and lane.

    The intervals of the legs are added end to end, as if all draws fell together: wide rather than narrow. Classes
    that nothing serves are named. This is no fleet optimum: it does not trade one class's idle chips for another's.
    """
    groups: dict[tuple[str, str], list[Outcome]] = {}
    unserved: dict[str, str] = {}
    for wanted in results.mix.classes:
        offers = results.offers(wanted.id)
        if offers:
            outcome, cost = offers[0]
            groups.setdefault((outcome.hardware, cost.lane), []).append(outcome)
        else:
            unserved[wanted.id] = "; ".join(f"{o.hardware}: {o.reason}" for o in results.of_class(wanted.id))
    legs = [leg for (name, lane), mine in groups.items() if (leg := _fleet(results, results.system(name), mine, lane))]
    usd = _end_to_end([leg.usd_month for leg in legs])
    tokens = sum(_tokens_month(results, o) for mine in groups.values() for o in mine) / 1e6 or 1.0
    return Route(
        legs=tuple(sorted(legs, key=lambda leg: (-leg.usd_month.value, leg.hardware, leg.lane))),
        unserved=unserved,
        usd_month=usd,
        usd_mtok=Interval(usd.value / tokens, usd.low / tokens, usd.high / tokens),
        capex_usd=_end_to_end([leg.capex_usd for leg in legs]),
        power_w=_end_to_end([leg.power_w for leg in legs]),
        draws=sum((leg.draws for leg in legs), start=np.zeros(results.samples)),
    )


def _end_to_end(parts: list[Interval]) -> Interval:
    return Interval(sum(p.value for p in parts), sum(p.low for p in parts), sum(p.high for p in parts))


def _fleet(results: Results, hardware: Hardware, mine: list[Outcome], lane: str) -> VendorFleet | None:
    served = [o for o in mine if o.lane(lane) and o.status == "meets"]
    if not served:
        return None
    names = {o.class_id for o in served}
    unserved = {o.class_id: _why_not(o) for o in mine if o.class_id not in names}
    size = _size(results, hardware, served, lane)
    tokens = sum(_tokens_month(results, o) for o in served) / 1e6
    trail = Trail()
    for o in served:
        cost = o.lane(lane)
        assert cost is not None
        trail |= cost.trail
    usd = size.usd_month
    return VendorFleet(
        hardware=hardware.id,
        lane=lane,
        served=tuple(o.class_id for o in served),
        unserved=unserved,
        chips=size.chips,
        systems=size.systems,
        by_system=size.by_system,
        idle_systems=size.idle_systems,
        usd_month=usd,
        idle_usd_month=size.idle_usd_month,
        usd_mtok=Interval(usd.value / tokens, usd.low / tokens, usd.high / tokens),
        capex_usd=size.capex_usd,
        power_w=size.power_w,
        racks=size.racks,
        trail=trail,
        draws=size.draws,
    )


def _why_not(outcome: Outcome) -> str:
    return outcome.reason or "no price is published"


def _tokens_month(results: Results, outcome: Outcome) -> float:
    """Input and output tokens of a class in a month, as this system serves them."""
    wanted = results.wanted(outcome.class_id)
    rate = outcome["requests_s"].value if outcome.metrics else wanted.demand.mean_requests_s
    assert rate is not None
    return rate * HOURS_PER_MONTH * 3600.0 * (wanted.shape.input_mean + wanted.shape.output_mean)


@dataclass(frozen=True, slots=True)
class _Size:
    chips: Interval
    systems: Interval
    idle_systems: float
    usd_month: Interval
    idle_usd_month: float
    capex_usd: Interval
    power_w: Interval
    racks: float
    by_system: Mapping[str, float]
    draws: Array


_NONE = Interval(0.0, 0.0, 0.0)


def _size(results: Results, hardware: Hardware, served: list[Outcome], lane: str) -> _Size:
    """Pool the classes' chips into whole systems; rented chips and bought tokens leave nothing idle."""
    costs = [cost for o in served if (cost := o.lane(lane))]
    total = sum(cost.usd_month.value for cost in costs)
    if lane == "api":
        low, high = sum(c.usd_month.low for c in costs), sum(c.usd_month.high for c in costs)
        return _Size(_NONE, _NONE, 0.0, Interval(total, low, high), 0.0, _NONE, _NONE, 0.0, {}, np.array([total]))
    draws = _sum([o.draws[lane] for o in served])
    chips = interval(sum(o["chips"].value for o in served), _sum([o.draws["chips"] for o in served]))
    counts = _counts(results, hardware, served)
    systems, racks = _times(counts, lambda _: 1.0), sum(count.racks for count in counts)
    by_system = {count.plain.hardware.id: count.systems for count in counts}
    if lane != "own":
        return _Size(chips, systems, 0.0, interval(total, draws), 0.0, _NONE, _NONE, racks, by_system, draws)
    idle = sum(float(count.idle * _idle_usd_month(count.plain)[0]) for count in counts)
    idle_draws = _sum([count.idle_draws * _idle_usd_month(count.sampled) for count in counts])
    return _Size(
        chips=chips,
        systems=systems,
        idle_systems=sum(count.idle for count in counts),
        usd_month=interval(total + idle, draws + idle_draws),
        idle_usd_month=idle,
        capex_usd=_times(counts, lambda setting: setting.hardware.profile.price.system.value),
        power_w=_times(counts, lambda setting: setting.hardware.cost.power_w(1.0)),
        racks=racks,
        by_system=by_system,
        draws=draws + idle_draws,
    )


@dataclass(frozen=True, slots=True)
class _Count:
    """Whole systems of one sort that some classes share, and the systems' worth of chips that stand idle."""

    plain: Setting
    sampled: Setting
    systems: float
    draws: Array
    idle: float
    idle_draws: Array

    @property
    def racks(self) -> float:
        """Racks that they fill."""
        return float(np.ceil(self.systems / self.plain.hardware.profile.system.systems_per_rack.value))


def _counts(results: Results, hardware: Hardware, served: Sequence[Outcome]) -> list[_Count]:
    """The systems that some classes share, of each sort that their replicas stand on."""
    plain = Setting.plain(hardware, results.terms)
    sampled = Setting.sampled(hardware, results.terms, results.samples, results.seed)
    found = []
    for system, drawn in zip(plain.hardware.systems, sampled.hardware.systems, strict=True):
        chips, chip_draws = 0.0, np.zeros(())
        for o in served:
            assert o.deployment is not None
            mine = o.deployment.chips_of(system.id) / o.deployment.chips
            chips, chip_draws = chips + o["chips"].value * mine, chip_draws + o.draws["chips"] * mine
        used, used_draws = chips / system.profile.chips, chip_draws / system.profile.chips
        whole, whole_draws = float(np.ceil(used)), np.ceil(used_draws)
        settings = replace(plain, hardware=system), replace(sampled, hardware=drawn)
        found.append(_Count(*settings, whole, whole_draws, whole - used, whole_draws - used_draws))
    return found


def _times(counts: Sequence[_Count], each: Callable[[Setting], Num]) -> Interval:
    """Systems times what one of them has."""
    total = sum(float(np.ravel(count.systems * each(count.plain))[0]) for count in counts)
    return interval(total, _sum([count.draws * np.ravel(each(count.sampled)) for count in counts]))


def _sum(draws: Sequence[Array]) -> Array:
    total: Array = np.sum(draws, axis=0)
    return total


def _idle_usd_month(setting: Setting) -> Array:
    """A system that stands idle for a month [USD]; shape (samples,) or (1,)."""
    lines = setting.hardware.cost.lines("own", setting.finance, 0.0)
    return np.ravel(np.asarray(hourly_usd(lines) * HOURS_PER_MONTH, dtype=float))
