"""One class on one system: search, then the chosen point with its intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.errors import Refusal
from chipbrief.evaluate.arrivals import BUSIEST, batch_at_load, operate_at_random
from chipbrief.evaluate.economics import Economics, active_in_flight, economics
from chipbrief.evaluate.footprint import Footprint
from chipbrief.evaluate.lanes import api_lane, hardware_lanes, interval
from chipbrief.evaluate.operation import Operation, operate, speed_trail
from chipbrief.evaluate.outcome import LaneCost, Outcome, OutcomeMetric
from chipbrief.evaluate.ranges import sample_figures
from chipbrief.evaluate.replica import Replica
from chipbrief.evaluate.residual import EXACT, Residual
from chipbrief.evaluate.search import Candidate, Choice, arrive_at_random, choose, frontier, is_offline
from chipbrief.figures import Figure
from chipbrief.finance import LANES, Finance, FinanceTerms, usd_per_mtok
from chipbrief.hardware import Deployment, Hardware
from chipbrief.hardware.calibration import FITTED_SOURCES
from chipbrief.physics import Array, Num
from chipbrief.workload import WorkloadClass

__all__ = ["Case", "Setting", "figures_of"]


_OF_PREDICTIONS = {"errors", "speculation"}  # what only predictions of points read


def figures_of(hardware: Hardware, terms: FinanceTerms) -> Mapping[str, Figure]:
    """Every Figure that a system's results may stand on, by id."""
    found = hardware.profile.figures.items()
    return {name: figure for name, (path, figure) in found if _OF_PREDICTIONS.isdisjoint(path[:2])} | dict(
        terms.figures
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """A system and the money's terms, at their values or sampled."""

    hardware: Hardware
    finance: Finance

    @classmethod
    def plain(cls, hardware: Hardware, terms: FinanceTerms) -> Setting:
        """Every Figure at its value."""
        return cls(hardware, Finance.from_terms(terms))

    @classmethod
    def moved(cls, hardware: Hardware, terms: FinanceTerms, values: Mapping[str, Array]) -> Setting:
        """Some Figures replaced by arrays of shape (samples,)."""
        return cls(hardware.at(values), Finance.from_terms(terms, values))

    @classmethod
    def sampled(cls, hardware: Hardware, terms: FinanceTerms, samples: int, seed: int) -> Setting:
        """Every ranged Figure drawn from its range, but for the fitted constants.

        What those may be off by is part of the model's residual: the points that a refit had not seen were predicted
        with constants off by as much.
        """
        figures = figures_of(hardware, terms)
        drawn = {name: figure for name, figure in figures.items() if figure.source not in FITTED_SOURCES}
        return cls.moved(hardware, terms, sample_figures(drawn, samples, seed))


@dataclass(frozen=True, slots=True)
class _Point:
    """The most load that a replica is given, and what whole replicas leave it at the peak."""

    most: Operation
    at_peak: Operation
    economics: Economics


@dataclass(frozen=True)
class Case:
    """One class, its architecture, the system in both settings, and what the model may be off by in the sampled one.

    `lane` is the one whose dollars decide.
    """

    wanted: WorkloadClass
    architecture: Architecture
    plain: Setting
    sampled: Setting
    residual: Residual = EXACT
    lane: str = "own"

    def candidates(self) -> Sequence[Candidate]:
        """Every deployment at every load; raises Refusal where there is none."""
        return frontier(self.plain.hardware, self.architecture, self.wanted, self.plain.finance)

    def refused(self, reason: Refusal) -> Outcome:
        """No deployment; the tokens may still be bought where the vendor sells them."""
        arrivals = self.wanted.demand.mean_requests_s
        fits = self.wanted.shape.context_p95 <= self.architecture.context_limit
        lanes = self._api(arrivals) if arrivals is not None and fits else ()
        name = self.plain.hardware.id
        return Outcome(self.wanted.id, name, self.architecture.id, "refused", str(reason), lanes=lanes)

    def solve(self, candidates: Sequence[Candidate]) -> Outcome:
        """The cheapest candidate that keeps the service levels, with its intervals and its cost in every lane."""
        choice = choose(candidates, self.wanted.slo, self.lane)
        base, spread = self._point(self.plain, choice), self._point(self.sampled, choice, self.residual)
        values = self._values(self.plain, choice.deployment, base)
        samples = self._values(self.sampled, choice.deployment, spread)
        hardware, shape = self.plain.hardware, self.wanted.shape
        footprint = Footprint.of(hardware, choice.deployment)
        finance = self.plain.finance
        weights = {lane: footprint.prefill_weight(choice.deployment, lane, finance) for lane in LANES}
        arrivals = float(np.ravel(base.economics.requests_s)[0])
        return Outcome(
            class_id=self.wanted.id,
            hardware=hardware.id,
            model=self.architecture.id,
            status="misses" if choice.reason else "meets",
            reason=choice.reason,
            deployment=choice.deployment,
            metrics={name: interval(values[name], samples[name]) for name in values},
            lanes=(
                *hardware_lanes(hardware, footprint.sold, shape, base.most, base.economics, spread.economics, weights),
                *self._api(arrivals),
            ),
            trail=speed_trail(hardware),
            draws=_draws(spread.economics),
        )

    def usd_mtok(self, setting: Setting, deployment: Deployment, batch: float) -> Num:
        """Blended price of the owned lane at capacity (C2), for sensitivity; shape (samples, 1).

        `batch` is the running batch at the most load that the service levels allow.
        """
        most = self._operate(self._replica(setting, deployment), np.array([batch]))
        return self._usd_mtok(setting, deployment, most)

    def money(self, setting: Setting, choice: Choice, residual: Residual = EXACT) -> Economics:
        """What a choice costs in any setting, without the times at its peak; shape (1,) or (samples, 1)."""
        return self._bought(setting, choice, residual).economics

    @property
    def at_random(self) -> bool:
        """Whether its requests come one by one (E8)."""
        return arrive_at_random(self.wanted)

    def _replica(self, setting: Setting, deployment: Deployment) -> Replica:
        return Replica(setting.hardware, self.architecture, deployment, self.wanted.shape, self.at_random)

    def _operate(self, replica: Replica, batch: Num, residual: Residual = EXACT) -> Operation:
        """Run a batch, or what of it fits where memory is drawn smaller."""
        if replica.at_random:
            return operate_at_random(replica, np.minimum(batch, BUSIEST * np.atleast_1d(replica.limit)), residual)
        fits = np.clip(batch, 1.0, np.atleast_1d(replica.limit))
        return operate(replica.hardware, self.architecture, replica.deployment, self.wanted.shape, fits, residual)

    def _point(self, setting: Setting, choice: Choice, residual: Residual = EXACT) -> _Point:
        """Replicas for the peak at the most load, then times at what arrives at each of so many."""
        point = self._bought(setting, choice, residual)
        if not self.at_random:
            return point
        replica, peak = self._replica(setting, choice.deployment), point.economics.peak_requests_s
        batch = batch_at_load(replica, peak / residual.rate, point.most.batch)
        return replace(point, at_peak=self._operate(replica, np.minimum(batch, point.most.batch), residual))

    def _bought(self, setting: Setting, choice: Choice, residual: Residual) -> _Point:
        """Replicas for the peak and their cost; times are those of the most load, or of the users on each replica."""
        replica, demand = self._replica(setting, choice.deployment), self.wanted.demand
        most = self._operate(replica, np.array([choice.batch]), residual)
        of = (setting.hardware, choice.deployment, most, self.wanted.shape, demand, setting.finance)
        sized = economics(*of)
        if self.at_random or is_offline(self.wanted):
            return _Point(most, most, sized)
        batch = active_in_flight(most, demand) / sized.replicas
        at_peak = self._operate(replica, np.minimum(batch, most.batch), residual)
        return _Point(most, at_peak, economics(*of, at_peak))

    def _values(self, setting: Setting, deployment: Deployment, point: _Point) -> dict[OutcomeMetric, Num]:
        op, most, money, shape = point.at_peak, point.most, point.economics, self.wanted.shape
        replica = most.requests_s * shape.output_mean
        footprint = Footprint.of(setting.hardware, deployment)
        return {
            "batch": op.batch,
            "ttft_p50_s": op.ttft_p50_s,
            "ttft_p95_s": op.ttft_p95_s,
            "tpot_s": op.tpot_s,
            "tpot_p95_s": op.tpot_p95_s,
            "e2e_p50_s": op.e2e_p50_s,
            "e2e_p95_s": op.e2e_p95_s,
            "tok_s_user": op.tok_s_user,
            "tok_s_replica": replica,
            "tok_s_system": replica / footprint.parts[-1].systems,
            "tok_s_chip": replica / deployment.chips,
            "requests_s": money.requests_s,
            "replicas": money.replicas,
            "chips": money.chips,
            "systems": money.systems,
            "utilisation": money.utilisation,
            "power_w": money.power_w,
            "joules_per_token": money.joules_per_token,
            "batch_at_capacity": most.batch,
            "tok_s_user_at_capacity": most.tok_s_user,
            "usd_mtok_capacity": self._usd_mtok(setting, deployment, most),
        }

    def _usd_mtok(self, setting: Setting, deployment: Deployment, most: Operation) -> Num:
        shape, finance = self.wanted.shape, setting.finance
        usd_h = Footprint.of(setting.hardware, deployment).usd_h("own", finance, finance.utilisation)
        return usd_per_mtok(usd_h, most.requests_s * (shape.input_mean + shape.output_mean), finance.utilisation)

    def _api(self, arrivals: float) -> tuple[LaneCost, ...]:
        cost = api_lane(self.plain.hardware, self.architecture.id, self.wanted.shape, arrivals)
        return (cost,) if cost else ()


def _draws(economics: Economics) -> dict[str, Array]:
    """Samples of what is summed over classes: chips, watts, and dollars by lane."""
    named: dict[str, Num] = {"chips": economics.chips, "power_w": economics.power_w}
    named |= {str(lane): usd for lane, usd in economics.usd_month.items()}
    return {name: np.ravel(np.asarray(values, dtype=float)) for name, values in named.items()}
