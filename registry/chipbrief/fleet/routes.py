"""Which class goes where, and why: what it costs there with no chip idle, beside the next offer."""

from __future__ import annotations

from dataclasses import dataclass

from chipbrief.fleet.plan import Plan
from chipbrief.fleet.problem import Point, Problem

__all__ = ["Destination", "Offer", "destinations", "offers"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A class on a system in a lane when no chip of it is idle, in the first month [USD/Mtok]."""

    hardware: str
    lane: str
    usd_mtok: float
    text: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a share of a class goes, over all months."""

    class_id: str
    hardware: str
    lane: str
    share: float
    text: str
    why: str


def offers(problem: Problem, class_id: str) -> list[Offer]:
    """The cheapest offer of each system and lane to a class, cheapest first."""
    found: dict[tuple[str, str], Offer] = {}
    tokens = problem.tokens_mtok.get(class_id, 0.0)
    if not tokens:
        return []

    def add(hardware: str, lane: str, usd: float | None, text: str) -> None:
        if usd is None:
            return
        old = found.get((hardware, lane))
        if old is None or usd / tokens < old.usd_mtok:
            found[hardware, lane] = Offer(hardware, lane, usd / tokens, text)

    for point in problem.points:
        if point.class_id == class_id:
            hardware = problem.replicas[point.replica].hardware
            add(hardware, "own", _owned(problem, point), point.text)
            add(hardware, "rent", _rented(problem, point), point.text)
    for offer in problem.tokens:
        if offer.class_id == class_id:
            add(offer.hardware, "api", offer.usd_month, offer.provider)
    return sorted(found.values(), key=lambda o: (o.usd_mtok, o.hardware, o.lane))


def _owned(problem: Problem, point: Point) -> float | None:
    usd, load = 0.0, max(point.loads)
    for name, chips in problem.replicas[point.replica].chips.items():
        system = problem.system(name)
        if system.capital_usd is None:
            return None
        held = load / problem.availability * (system.own_usd_month + system.live_usd_month)
        usd += chips / system.chips * (held + point.mean * system.load_usd_month)
    return usd


def _rented(problem: Problem, point: Point) -> float | None:
    usd = 0.0
    for name, chips in problem.replicas[point.replica].chips.items():
        rents = problem.system(name).rents
        if not rents:
            return None
        usd += max(point.loads) * chips * min(rent.usd_chip_month for rent in rents)
    return usd


def destinations(plan: Plan) -> list[Destination]:
    """Every class's systems and lanes, those of the largest share first."""
    return [
        _destination(plan, class_id, hardware, lane, share)
        for class_id in plan.problem.classes
        for (hardware, lane), share in plan.share(class_id).items()
    ]


def _destination(plan: Plan, class_id: str, hardware: str, lane: str, share: float) -> Destination:
    ranked = offers(plan.problem, class_id)
    mine = next((o for o in ranked if (o.hardware, o.lane) == (hardware, lane)), None)
    if mine is None:
        return Destination(class_id, hardware, lane, share, "", "")
    others = [o for o in ranked if o is not mine]
    why = "the only offer that keeps its levels"
    if others:
        other = others[0]
        beside = f"{other.hardware} {other.lane} {_price(other.usd_mtok)}"
        cheapest = mine.usd_mtok <= other.usd_mtok
        why = f"{_price(mine.usd_mtok)} USD/Mtok, next {beside}" if cheapest else _instead(mine, beside)
    return Destination(class_id, hardware, lane, share, mine.text, why)


def _instead(mine: Offer, beside: str) -> str:
    """Why an offer is taken that is not the cheapest with no chip idle: whole replicas, systems and caps decide."""
    reason = "at this load a replica is not filled" if mine.lane == "api" else "fills or saves whole systems"
    return f"{_price(mine.usd_mtok)} USD/Mtok against {beside}; {reason}"


def _price(usd_mtok: float) -> str:
    return f"{usd_mtok:.3g}"
