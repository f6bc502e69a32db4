"""Whether a system's models can be asked at all: numbers of the right shape and sign, before they go into results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.conformance import CALLS, BadAnswer, Placed, asked
from chipbrief.evaluate.case import Setting
from chipbrief.evaluate.outcome import Outcome
from chipbrief.evaluate.search import Candidate
from chipbrief.workload import WorkloadClass

__all__ = ["check_answers", "checked_outcome"]

SHARES = np.array([0.0, 0.1, 0.25, 0.5, 1.0])  # of the largest batch


def check_answers(
    setting: Setting, architecture: Architecture, wanted: WorkloadClass, candidates: Sequence[Candidate]
) -> None:
    """Ask every method of the models for some loads of a class, on its largest deployment.

    Raises:
        BadAnswer: one of them raised, or gave what is no finite number of the right shape and sign.
    """
    largest = candidates[-1]
    most = float(np.max(largest.operation.batch))
    batches = np.maximum(np.floor(SHARES * most), 1.0)
    contexts = np.full(batches.shape, wanted.shape.context_mean)
    for call in CALLS:
        asked(setting.hardware, Placed(architecture, largest.deployment), call, setting.finance, batches, contexts)


def checked_outcome(outcome: Outcome) -> Outcome:
    """The same outcome; raises BadAnswer where a metric or a price is no number, or below 0."""
    found = [(name, interval) for name, interval in outcome.metrics.items()]
    found += [(f"usd_month of {cost.lane}", cost.usd_month) for cost in outcome.lanes]  # type: ignore[misc] # only told
    for name, interval in found:
        ends = (interval.value, interval.low, interval.high)
        if np.isnan(ends).any() or min(ends) < 0:
            told = ", ".join(f"{end:g}" for end in ends)
            raise BadAnswer(
                f"{name} of {outcome.class_id} is {told} on {outcome.deployment}, expected numbers from 0 on"
            )
    return outcome
