"""One class on one system: search, then the chosen point with its intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.errors import Refusal
from chipbrief.evaluate.economics import Economics, economics
from chipbrief.evaluate.footprint import Footprint
from chipbrief.evaluate.lanes import api_lane, hardware_lanes, interval
from chipbrief.evaluate.operation import Operation, operate, speed_trail
from chipbrief.evaluate.outcome import LaneCost, Outcome, OutcomeMetric
from chipbrief.evaluate.ranges import sample_figures
from chipbrief.evaluate.residual import EXACT, Residual
from chipbrief.evaluate.search import Candidate, Choice, choose, frontier
from chipbrief.figures import Figure
from chipbrief.finance import Finance, FinanceTerms, usd_per_mtok
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
    operation: Operation
    economics: Economics


@dataclass(frozen=True)
class Case:
    """One class, its architecture, the system in both settings, and what the model may be off by in the sampled one."""

    wanted: WorkloadClass
    architecture: Architecture
    plain: Setting
    sampled: Setting
    residual: Residual = EXACT

    def candidates(self) -> Sequence[Candidate]:
        """Every deployment at every batch; raises Refusal where there is none."""
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
        choice = choose(candidates, self.wanted.slo)
        base, spread = self._point(self.plain, choice), self._point(self.sampled, choice, self.residual)
        values = self._values(self.plain, choice.deployment, base)
        samples = self._values(self.sampled, choice.deployment, spread)
        hardware, shape = self.plain.hardware, self.wanted.shape
        footprint = Footprint.of(hardware, choice.deployment)
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
                *hardware_lanes(hardware, footprint.sold, shape, base.operation, base.economics, spread.economics),
                *self._api(arrivals),
            ),
            trail=speed_trail(hardware),
            draws=_draws(spread.economics),
        )

    def usd_mtok(self, setting: Setting, deployment: Deployment, batch: float) -> Num:
        """Blended price of the owned lane at capacity (C2), for sensitivity; shape (samples, 1)."""
        point = self._point(setting, Choice(deployment, batch, ""))
        return self._values(setting, deployment, point)["usd_mtok_capacity"]

    def _point(self, setting: Setting, choice: Choice, residual: Residual = EXACT) -> _Point:
        limit = setting.hardware.throughput.running_batch_limit(
            self.architecture, choice.deployment, self.wanted.shape.context_mean
        )
        batch = np.clip(np.array([choice.batch]), 1.0, np.maximum(np.atleast_1d(limit), 1.0))
        operation = operate(setting.hardware, self.architecture, choice.deployment, self.wanted.shape, batch, residual)
        money = economics(
            setting.hardware,
            choice.deployment,
            operation,
            self.wanted.shape,
            self.wanted.demand,
            setting.finance,
        )
        return _Point(operation, money)

    def _values(self, setting: Setting, deployment: Deployment, point: _Point) -> dict[OutcomeMetric, Num]:
        op, money, shape = point.operation, point.economics, self.wanted.shape
        footprint = Footprint.of(setting.hardware, deployment)
        replica = op.requests_s * shape.output_mean
        both_classes = replica * (shape.input_mean + shape.output_mean) / shape.output_mean
        utilisation = setting.finance.utilisation
        usd_h = footprint.usd_h("own", setting.finance, utilisation)
        return {
            "batch": op.batch,
            "ttft_p50_s": op.ttft_p50_s,
            "ttft_p95_s": op.ttft_p95_s,
            "tpot_s": op.tpot_s,
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
            "usd_mtok_capacity": usd_per_mtok(usd_h, both_classes, utilisation),
        }

    def _api(self, arrivals: float) -> tuple[LaneCost, ...]:
        cost = api_lane(self.plain.hardware, self.architecture.id, self.wanted.shape, arrivals)
        return (cost,) if cost else ()


def _draws(economics: Economics) -> dict[str, Array]:
    """Samples of what is summed over classes: chips, watts, and dollars by lane."""
    named: dict[str, Num] = {"chips": economics.chips, "power_w": economics.power_w}
    named |= {str(lane): usd for lane, usd in economics.usd_month.items()}
    return {name: np.ravel(np.asarray(values, dtype=float)) for name, values in named.items()}
