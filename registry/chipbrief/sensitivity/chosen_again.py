"""Axes along which every system is planned anew: output length, and requests or users."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from chipbrief.errors import Refusal
from chipbrief.evaluate import Results, economics
from chipbrief.evaluate.case import Setting
from chipbrief.evaluate.lanes import api_lane
from chipbrief.evaluate.search import Candidate, choose, frontier
from chipbrief.sensitivity.axes import FACTORS, AxisLine, BreakEven, GridPoint, Offer, Prices, cheapest
from chipbrief.sensitivity.held import Held
from chipbrief.workload import TokenDistribution, WorkloadClass

__all__ = ["LengthsChosen", "chosen_again_lines", "offers_at", "with_lengths", "with_output", "with_volume"]

HALVINGS = 5  # of a step of the grid, in search of the value at which the winner changes
SLACK = 1.05  # of the bound that leaves a system out of the search
SECONDS_PER_DAY = 86400.0
Lengths = TypeVar("Lengths", bound=TokenDistribution)


class LengthsChosen:
    """The offers of a class at other lengths of its prompts and answers, each system's chosen once."""

    def __init__(self, results: Results, class_id: str) -> None:
        self._results, self._wanted = results, results.wanted(class_id)
        self._settings = {hardware.id: Setting.plain(hardware, results.terms) for hardware in results.systems}
        self._found: dict[tuple[float, float, str], Prices] = {}

    def offers(self, prompts: float, answers: float, systems: Collection[str] | None = None) -> Prices:
        """Every offer that keeps the levels, with its price [USD/Mtok].

        Args:
            prompts: over today's.
            answers: over today's.
            systems: ids of those that are looked at; all by default.
        """
        found: dict[Offer, float] = {}
        for name in self._settings:
            if systems is None or name in systems:
                found |= self._of(prompts, answers, name)
        return found

    def _of(self, prompts: float, answers: float, name: str) -> Prices:
        key = prompts, answers, name
        if key not in self._found:
            longer, today = with_lengths(self._wanted, prompts, answers), prompts == answers == 1.0
            self._found[key] = offers_at(self._results, longer, [self._settings[name]], same_requests=today)
        return self._found[key]


def chosen_again_lines(results: Results, class_id: str, lengths: LengthsChosen | None = None) -> list[AxisLine]:
    """Output length and volume from 1/8 to 8 times today's, at the inputs' values.

    At each value every system's cheapest deployment and load are chosen anew, under the same service levels.

    Args:
        results: the run.
        class_id: one of its classes.
        lengths: what has been chosen for the class already.
    """
    wanted, chosen = results.wanted(class_id), lengths or LengthsChosen(results, class_id)
    settings = [Setting.plain(hardware, results.terms) for hardware in results.systems]
    everybody = {hardware.id for hardware in results.systems}
    demand = wanted.demand
    volume = demand.mean_in_flight or (demand.mean_requests_s or 0.0) * SECONDS_PER_DAY
    name = "concurrent_users" if demand.mean_in_flight is not None else "requests_per_day"

    def longer(factor: float, systems: Collection[str]) -> Prices:
        return chosen.offers(1.0, factor, systems)

    def more(factor: float, systems: Collection[str]) -> Prices:
        return offers_at(results, with_volume(wanted, factor), _of(settings, systems), same_requests=True)

    return [
        _line("output_tokens", wanted.shape.output_mean, longer, everybody),
        _line(name, volume, more, everybody),
    ]


def _of(settings: Sequence[Setting], systems: Collection[str]) -> Sequence[Setting]:
    return [setting for setting in settings if setting.hardware.id in systems]


def with_output(wanted: WorkloadClass, factor: float) -> WorkloadClass:
    """The class with all of its answers longer by a factor; what the mix says of its arrivals stays as written."""
    return with_lengths(wanted, 1.0, factor)


def with_lengths(wanted: WorkloadClass, prompts: float, answers: float) -> WorkloadClass:
    """The class with its prompts and answers longer by a factor each; its arrivals stay as written."""
    tokens = wanted.tokens
    changed = {"input": _longer(tokens.input, prompts), "output": _longer(tokens.output, answers)}
    return wanted.model_copy(update={"tokens": tokens.model_copy(update=changed)})


def _longer(lengths: Lengths, factor: float) -> Lengths:
    scaled = {name: tokens * factor for name, tokens in lengths.points.items()}
    if lengths.mean is not None:
        scaled["mean"] = lengths.mean * factor
    return lengths.model_copy(update=scaled)


def with_volume(wanted: WorkloadClass, factor: float) -> WorkloadClass:
    """The class with more of the same requests, or users, by a factor."""
    arrival = wanted.arrival
    given = ("requests_per_day", "tokens_per_day", "concurrent_users")
    scaled = {name: value * factor for name in given if (value := getattr(arrival, name)) is not None}
    return wanted.model_copy(update={"arrival": arrival.model_copy(update=scaled)})


def offers_at(
    results: Results, wanted: WorkloadClass, settings: Sequence[Setting], *, same_requests: bool = False
) -> Prices:
    """Every offer of a changed class that keeps its levels, with its price at the inputs' values [USD/Mtok].

    Args:
        results: the run that the class comes from.
        wanted: the class as changed.
        settings: the systems.
        same_requests: whether only the demand has changed, so that the run's operating points still hold.
    """
    found: dict[Offer, float] = {}
    for setting in settings:
        found |= _offers_of(results, wanted, setting, same_requests=same_requests)
    return found


def _offers_of(results: Results, wanted: WorkloadClass, setting: Setting, *, same_requests: bool) -> Prices:
    architecture, hardware = results.catalogue[wanted.model], setting.hardware
    if same_requests:
        candidates = [_priced(c, wanted, setting) for c in results.frontiers.get((wanted.id, hardware.id), ())]
    else:
        try:
            candidates = list(frontier(hardware, architecture, wanted, setting.finance))
        except Refusal:
            candidates = []
    if not candidates:
        return {}
    choice = choose(candidates, wanted.slo, results.mix.finance.lane)
    if choice.reason:
        return {}
    held = Held.of_choice(wanted, architecture, choice).usd_mtok(setting)
    found = {Offer(hardware.id, lane): float(usd[0]) for lane, usd in held.items()}
    bought = api_lane(hardware, architecture.id, wanted.shape, 1.0)
    return found | ({Offer(hardware.id, "api"): bought.usd_mtok.value} if bought else {})


def _priced(candidate: Candidate, wanted: WorkloadClass, setting: Setting) -> Candidate:
    """A candidate under another demand."""
    money = economics(
        setting.hardware,
        candidate.deployment,
        candidate.operation,
        wanted.shape,
        wanted.demand,
        setting.finance,
    )
    return replace(candidate, economics=money)


_PricesAt = Callable[[float, Collection[str]], Prices]  # at a multiple of today's value, of some systems


# -- along the axis -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _At:
    """The offers at one multiple of today's value."""

    factor: float
    prices: Prices

    @property
    def winner(self) -> Offer | None:
        return cheapest(self.prices)


def _line(axis: str, today: float, at: _PricesAt, systems: Collection[str]) -> AxisLine:
    points = [_At(float(factor), at(float(factor), systems)) for factor in FACTORS]
    changes = [c for a, b in pairwise(points) for c in _changes(a, b, at, HALVINGS)]
    return AxisLine(
        axis=axis,
        today=today,
        grid=tuple(GridPoint.of(today * point.factor, point.prices) for point in points),
        changes=tuple(replace(change, value=today * change.value) for change in changes),
        chosen_again=True,
    )


def _changes(low: _At, high: _At, at: _PricesAt, halvings: int) -> list[BreakEven]:
    """Every change of the winner between two points that have different ones, by halving, then by interpolation."""
    before, after = low.winner, high.winner
    if before == after:
        return []
    if halvings:
        factor = math.sqrt(low.factor * high.factor)
        middle = _At(factor, at(factor, _contenders(low, high)))
        return [*_changes(low, middle, at, halvings - 1), *_changes(middle, high, at, halvings - 1)]
    share = _crossing(low, high, before, after)
    factor = low.factor * (high.factor / low.factor) ** (0.5 if share is None else share)
    return [BreakEven(factor, before, after, by_levels=share is None)]


def _contenders(low: _At, high: _At) -> Collection[str]:
    """Systems that can be the cheapest between two points.

    A month of more requests or longer answers never costs less. So on the way, r at most, no price falls below 1/r of
    its own at the low end, nor is the lowest above r times the lowest at the high end.
    """
    most = (high.factor / low.factor) ** 2 * min(high.prices.values(), default=math.inf)
    return {o.hardware for o, usd in low.prices.items() if usd <= most * SLACK} | {
        o.hardware for o in high.prices if o not in low.prices
    }


def _crossing(low: _At, high: _At, before: Offer | None, after: Offer | None) -> float | None:
    """Where two prices cross on the way, their ratio taken as a power of the axis; None where one is not offered."""
    if before is None or after is None or not all(o in p.prices for o in (before, after) for p in (low, high)):
        return None
    first, last = (math.log(p.prices[before] / p.prices[after]) for p in (low, high))
    return first / (first - last) if first != last else 0.5
