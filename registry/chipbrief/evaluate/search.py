"""Which operating point: every deployment and batch of a class on a system, and the cheapest that keeps the SLO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chipbrief.architecture import Architecture, Precision
from chipbrief.errors import Refusal
from chipbrief.evaluate.economics import Economics, economics
from chipbrief.evaluate.operation import Operation, operate
from chipbrief.finance import Finance
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Array
from chipbrief.precision import FORMATS
from chipbrief.workload import ServiceLevels, WorkloadClass

__all__ = ["Candidate", "Choice", "choose", "frontier", "serving_precision"]

BATCHES_PER_DOUBLING = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """One deployment of a class, at all of its running batches."""

    deployment: Deployment
    operation: Operation
    economics: Economics


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen deployment and batch; `reason` says which service level it misses, if any."""

    deployment: Deployment
    batch: float
    reason: str


def serving_precision(
    hardware: Hardware, architecture: Architecture, wanted: str | None = None, kv: str | None = None
) -> Precision:
    """The precision asked for; else the one the vendor serves in, the model's own, or the next that is stored.

    Args:
        hardware: the machine.
        architecture: the model.
        wanted: name of a format, or None.
        kv: format of the KV cache, or None.
    """
    if wanted:
        return architecture.precision(wanted, kv)
    formats = hardware.profile.formats
    if formats.serving:
        published = architecture.precision(formats.serving, kv)
        return published if formats.stored.issuperset(published.storage()) else Precision.uniform(formats.serving, kv)
    native = architecture.native_precision(kv)
    if formats.stored.issuperset(native.storage()):
        return native
    width = FORMATS[native.dense].value_bytes
    wider = [f for f in formats.storage if FORMATS[f].value_bytes >= width and f != "int8"]
    if not wider:
        return native
    return architecture.precision(min(wider, key=lambda f: FORMATS[f].value_bytes), kv)


def batches(limit: float) -> Array:
    """Whole running batches from 1 to the limit, four to a doubling."""
    steps = int(np.log2(max(limit, 1.0)) * BATCHES_PER_DOUBLING) + 1
    grid = np.round(2.0 ** (np.arange(steps) / BATCHES_PER_DOUBLING))
    return np.unique(np.append(grid, np.floor(limit)))


def frontier(
    hardware: Hardware, architecture: Architecture, wanted: WorkloadClass, finance: Finance
) -> Sequence[Candidate]:
    """Every deployment of a class at every batch that fits.

    Raises:
        Refusal: the longest requests exceed the model's context, or nothing holds the model.
    """
    shape = wanted.shape
    if shape.context_p95 > architecture.context_limit:
        raise Refusal(f"context {shape.context_p95:,.0f} > {architecture.context_limit:,} tokens of {architecture.id}")
    precision = serving_precision(hardware, architecture, wanted.precision, wanted.kv_precision)
    found = []
    for deployment in hardware.throughput.deployments(architecture, precision, shape.context_p95):
        limit = float(hardware.throughput.running_batch_limit(architecture, deployment, shape.context_mean))
        operation = operate(hardware, architecture, deployment, shape, batches(limit))
        money = economics(hardware, deployment, operation, shape, wanted.demand, finance)
        found.append(Candidate(deployment, operation, money))
    return found


def choose(candidates: Sequence[Candidate], slo: ServiceLevels) -> Choice:
    """The fewest chips that keep every service level at the peak; of equals, the fastest for a user.

    Where none keeps them, the one that misses by the least, and which level it misses.
    """
    ranked = [(_rank(candidate, slo), candidate) for candidate in candidates]
    (excess, _, _, i), best = min(ranked, key=lambda pair: pair[0])
    reason = _reason(best.operation, slo, i) if excess > 1.0 else ""
    return Choice(best.deployment, float(np.asarray(best.operation.batch)[i]), reason)


def _rank(candidate: Candidate, slo: ServiceLevels) -> tuple[float, float, float, int]:
    """The best batch of a deployment: worst excess over a level (1 if all are kept), chips, TPOT and its index."""
    tpot = np.asarray(candidate.operation.tpot_s, dtype=float)
    chips = np.broadcast_to(np.asarray(candidate.economics.chips, dtype=float), tpot.shape)
    excess = np.ones(tpot.shape)
    for _, value, limit in _levels(candidate.operation, slo):
        excess = np.maximum(excess, value / limit)
    i = int(np.lexsort((tpot, chips, excess))[0])
    return float(excess[i]), float(chips[i]), float(tpot[i]), i


def _levels(operation: Operation, slo: ServiceLevels) -> list[tuple[str, Array, float]]:
    pairs = (
        ("TTFT p95", operation.ttft_p95_s, slo.ttft_p95),
        ("TPOT", operation.tpot_s, slo.tpot_p95),
        ("E2E p95", operation.e2e_p95_s, slo.e2e_p95),
        ("E2E p95", operation.e2e_p95_s, slo.deadline),
    )
    return [(name, np.asarray(value, dtype=float), limit) for name, value, limit in pairs if limit is not None]


def _reason(operation: Operation, slo: ServiceLevels, i: int) -> str:
    missed = [(name, float(v[i]), limit) for name, v, limit in _levels(operation, slo) if v[i] > limit]
    return "; ".join(f"{name} {_time(value)} > {_time(limit)}" for name, value, limit in missed)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1.0 else f"{seconds:.3g} s"
