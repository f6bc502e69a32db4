"""The price of a chosen deployment at a chosen load, in any setting: as the plan is priced, without its times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.evaluate import Footprint, Residual, Results
from chipbrief.evaluate.case import Case, Setting
from chipbrief.evaluate.economics import requests_month
from chipbrief.evaluate.residual import EXACT
from chipbrief.evaluate.search import Choice
from chipbrief.hardware import Deployment
from chipbrief.physics import Array
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
        case, shape = Case(self.wanted, self.architecture, setting, setting), self.wanted.shape
        money = case.money(setting, Choice(self.deployment, self.batch, ""), residual)
        mtok = requests_month(money.requests_s) * (shape.input_mean + shape.output_mean) / 1e6
        sold = Footprint.of(setting.hardware, self.deployment).sold
        offered = {lane: usd for lane, usd in money.usd_month.items() if lane != "own" or sold}
        return {lane: np.ravel(np.asarray(usd / mtok, dtype=float)) for lane, usd in offered.items()}
