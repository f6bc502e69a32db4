"""Which operating point: every deployment and load of a class on a system, and the cheapest that keeps the SLO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chipbrief.architecture import Architecture, Precision
from chipbrief.errors import Refusal
from chipbrief.evaluate.arrivals import loads, operate_at_random
from chipbrief.evaluate.economics import Economics, economics
from chipbrief.evaluate.operation import Operation, operate
from chipbrief.evaluate.replica import Replica
from chipbrief.finance import Finance
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Array, Num
from chipbrief.precision import FORMATS
from chipbrief.workload import ServiceLevels, WorkloadClass

__all__ = ["Candidate", "Choice", "arrive_at_random", "choose", "frontier", "is_offline", "serving_precision"]

BATCHES_PER_DOUBLING = 4
LEAST_MISS = 1.05  # of loads that all miss a level, those that miss by no more than this over the least are alike
ALIKE = 1e-9  # costs that differ by less are equal
OFFLINE_S = 3600.0  # work that may wait for an hour is kept in a full batch


@dataclass(frozen=True, slots=True)
class Candidate:
    """One deployment of a class at all of its loads, each as the most that a replica is given."""

    deployment: Deployment
    operation: Operation
    economics: Economics


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen deployment and its running batch at the most load; `reason` says which level it misses, if any."""

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


def is_offline(wanted: WorkloadClass) -> bool:
    """Whether the work waits for a place, so that batches are full: its deadline is an hour or more away."""
    return wanted.slo.deadline is not None and wanted.slo.deadline >= OFFLINE_S


def arrive_at_random(wanted: WorkloadClass) -> bool:
    """Whether requests come one by one (E8): neither offline nor of a constant number of users in flight (E5)."""
    return wanted.demand.mean_in_flight is None and not is_offline(wanted)


def frontier(
    hardware: Hardware, architecture: Architecture, wanted: WorkloadClass, finance: Finance
) -> Sequence[Candidate]:
    """Every deployment of a class at every load that fits.

    Raises:
        Refusal: the longest requests exceed the model's context, or nothing holds the model.
    """
    shape = wanted.shape
    if shape.context_p95 > architecture.context_limit:
        raise Refusal(f"context {shape.context_p95:,.0f} > {architecture.context_limit:,} tokens of {architecture.id}")
    precision = serving_precision(hardware, architecture, wanted.precision, wanted.kv_precision)
    found = []
    for deployment in hardware.throughput.deployments(architecture, precision, shape.context_p95):
        replica = Replica(hardware, architecture, deployment, shape, arrive_at_random(wanted))
        limit = float(replica.limit)
        if replica.at_random:
            operation = operate_at_random(replica, loads(limit))
        else:
            operation = operate(hardware, architecture, deployment, shape, batches(limit))
        money = economics(hardware, deployment, operation, shape, wanted.demand, finance)
        found.append(Candidate(deployment, operation, money))
    return found


def choose(candidates: Sequence[Candidate], slo: ServiceLevels, lane: str = "own") -> Choice:
    """The cheapest deployment that keeps every service level at the peak; of equals, the fastest for a user.

    Each deployment is loaded as far as the levels allow. Where none keeps them, the cheapest of the loads that miss
    by the least, and which level they miss.

    Args:
        candidates: deployments at all of their loads.
        slo: the levels.
        lane: whose dollars count, `own`, `rent` or `api`; owned where the system is not offered in it.
    """
    ranked = [(_rank(candidate, slo, lane), candidate) for candidate in candidates]
    missed = _least_miss(min(rank.excess for rank, _ in ranked))
    near = [(rank, candidate) for rank, candidate in ranked if rank.excess <= missed]
    enough = min(rank.usd_month for rank, _ in near) * (1.0 + ALIKE)
    rank, best = min((pair for pair in near if pair[0].usd_month <= enough), key=lambda pair: pair[0].tpot_s)
    reason = _reason(best.operation, slo, rank.at) if rank.excess > 1.0 else ""
    return Choice(best.deployment, float(np.asarray(best.operation.batch)[rank.at]), reason)


@dataclass(frozen=True, slots=True)
class _Rank:
    """The most load of a deployment: worst excess over a level (1 if all are kept), cost, TPOT at the peak, index."""

    excess: float
    usd_month: float
    tpot_s: float
    at: int


def _rank(candidate: Candidate, slo: ServiceLevels, lane: str) -> _Rank:
    op, money = candidate.operation, candidate.economics
    tpot = np.asarray(op.tpot_s, dtype=float)
    excess = np.where(np.isfinite(op.ttft_p95_s), 1.0, np.inf)
    for _, value, limit in _levels(op, slo):
        excess = np.maximum(excess, value / limit)
    usd, requests, load = (
        np.broadcast_to(np.asarray(values, dtype=float), tpot.shape)
        for values in (_usd_month(money, lane), op.requests_s, money.peak_requests_s)
    )
    near = excess <= _least_miss(float(excess.min()))
    at = int(np.lexsort((-requests, np.where(near, usd, np.inf)))[0])
    order = np.argsort(requests)
    return _Rank(float(excess[at]), float(usd[at]), float(np.interp(load[at], requests[order], tpot[order])), at)


def _least_miss(excess: float) -> float:
    """How far a level may be missed where the least that it is missed by is this; not at all where it is kept."""
    return excess * LEAST_MISS if excess > 1.0 else 1.0


def _usd_month(money: Economics, lane: str) -> Num:
    """Dollars a month in the lane that is asked for, the cheapest of its kinds; owned where it is not offered."""
    asked = [usd for name, usd in money.usd_month.items() if name.startswith(lane)]
    offered = asked or [usd for name, usd in money.usd_month.items() if name == "own"] or [money.chips]
    least: Array = np.min(np.array(offered, dtype=float), axis=0)
    return least


def _levels(operation: Operation, slo: ServiceLevels) -> list[tuple[str, Array, float]]:
    pairs = (
        ("TTFT p95", operation.ttft_p95_s, slo.ttft_p95),
        ("TPOT p95", operation.tpot_p95_s, slo.tpot_p95),
        ("E2E p95", operation.e2e_p95_s, slo.e2e_p95),
        ("E2E p95", operation.e2e_p95_s, slo.deadline),
    )
    return [(name, np.asarray(value, dtype=float), limit) for name, value, limit in pairs if limit is not None]


def _reason(operation: Operation, slo: ServiceLevels, i: int) -> str:
    missed = [(name, float(v[i]), limit) for name, v, limit in _levels(operation, slo) if v[i] > limit]
    return "; ".join(f"{name} {_time(value)} > {_time(limit)}" for name, value, limit in missed)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1.0 else f"{seconds:.3g} s"
