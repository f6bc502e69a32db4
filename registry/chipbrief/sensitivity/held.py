"""The price of a chosen deployment at a chosen load, in any setting: as the plan is priced, without its times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.evaluate import Economics, Footprint, Operation, Residual, Results, economics, operate
from chipbrief.evaluate.arrivals import BUSIEST, operate_at_random
from chipbrief.evaluate.case import Setting
from chipbrief.evaluate.economics import active_in_flight, requests_month
from chipbrief.evaluate.replica import Replica
from chipbrief.evaluate.residual import EXACT
from chipbrief.evaluate.search import Choice, arrive_at_random
from chipbrief.hardware import Deployment
from chipbrief.physics import Array, Num
from chipbrief.workload import WorkloadClass

__all__ = ["Held"]


@dataclass(frozen=True, slots=True)
class Held:
    """A class on a deployment that stays, with the running batch at the most load that it is given."""

    wanted: WorkloadClass
    architecture: Architecture
    deployment: Deployment
    batch: float

    @classmethod
    def of_choice(cls, wanted: WorkloadClass, architecture: Architecture, choice: Choice) -> Held:
        """What a search has chosen."""
        return cls(wanted, architecture, choice.deployment, choice.batch)

    @classmethod
    def of_results(cls, results: Results, class_id: str, hardware: str) -> Held:
        """What a run has chosen for a class on a system that serves it."""
        outcome = results.outcome(class_id, hardware)
        assert outcome.deployment is not None
        batch = outcome["batch_at_capacity"].value
        return cls(results.wanted(class_id), results.catalogue[outcome.model], outcome.deployment, batch)

    def usd_mtok(self, setting: Setting, residual: Residual = EXACT) -> Mapping[str, Array]:
        """Price by lane, blended over the input and output tokens served (C3) [USD/Mtok]; shape (samples,) or (1,)."""
        money, shape = self._economics(setting, residual), self.wanted.shape
        mtok = requests_month(money.requests_s) * (shape.input_mean + shape.output_mean) / 1e6
        sold = Footprint.of(setting.hardware, self.deployment).sold
        offered = {lane: usd for lane, usd in money.usd_month.items() if lane != "own" or sold}
        return {lane: np.ravel(np.asarray(usd / mtok, dtype=float)) for lane, usd in offered.items()}

    def _economics(self, setting: Setting, residual: Residual) -> Economics:
        shape, demand = self.wanted.shape, self.wanted.demand
        replica = Replica(setting.hardware, self.architecture, self.deployment, shape)
        most = self._operate(replica, np.array([self.batch]), residual)
        of = (setting.hardware, self.deployment, most, shape, demand, setting.finance)
        sized = economics(*of)
        if demand.mean_in_flight is None:
            return sized
        batch = active_in_flight(most, demand) / sized.replicas
        return economics(*of, self._operate(replica, np.minimum(batch, most.batch), residual))

    def _operate(self, replica: Replica, batch: Num, residual: Residual) -> Operation:
        """Run a batch, or what of it fits where memory is drawn smaller."""
        limit = np.atleast_1d(replica.limit)
        if arrive_at_random(self.wanted):
            return operate_at_random(replica, np.minimum(batch, BUSIEST * limit), residual)
        fits = np.clip(batch, 1.0, limit)
        return operate(replica.hardware, self.architecture, self.deployment, self.wanted.shape, fits, residual)
