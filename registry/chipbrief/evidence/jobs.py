"""Jobs: what a point says, resolved against the registry, with what it leaves open filled in and said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chipbrief.architecture import Architecture, Precision
from chipbrief.catalogue import Catalogue
from chipbrief.errors import ChipbriefError, Refusal
from chipbrief.evaluate import Request, serving_precision
from chipbrief.evidence.points import Point
from chipbrief.hardware import Deployment, Hardware, HbmThroughput, Pool
from chipbrief.hardware.shared.fitting import does_not_fit
from chipbrief.hardware.shared.hbm import MAX_DOMAINS
from chipbrief.registry import Registry

__all__ = ["Candidate", "Job", "Mode", "resolve"]

DEFAULT_TOKENS = 1024.0
MOST_IN_FLIGHT = 1e7  # more requests than this at once are a slip
TIGHT = "fits only at the upper end of the memory's range"
Mode = Literal["in flight", "offline", "slo"]
_NAMED_SHAPE = re.compile(r"\b(TP|TEP|DEP)(\d+)\b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A replica's shape, how many of it the chips make, and the sequences that fit into one."""

    deployment: Deployment
    replicas: int
    limit: float


@dataclass(frozen=True, slots=True)
class Job:
    """A point that can be predicted.

    Attributes:
        hardware: the machine.
        architecture: the model.
        precision: how it is stored.
        request: tokens of a request.
        candidates: shapes that hold the model; where there are several, the best for the metric counts.
        mode: a number of requests in flight, saturated, or the best that keeps service levels.
        in_flight: requests in flight on all chips; None unless that is the mode.
        waves: whether the point says that all requests were of one length, so that they arrived in waves.
        ttft_slo_s: level of TTFT at the 99th percentile [s], infinity where none.
        tpot_slo_s: level of TPOT at the 99th percentile [s], infinity where none.
        speculative: whether a draft model is at work: yes, no or unknown.
        filled: what the point left open, and what was taken for it.
        tight: whether the model fits only at the upper end of the memory's range.
    """

    hardware: Hardware
    architecture: Architecture
    precision: Precision
    request: Request
    candidates: tuple[Candidate, ...]
    mode: Mode
    in_flight: float | None
    waves: bool
    ttft_slo_s: float
    tpot_slo_s: float
    speculative: Literal["yes", "no", "unknown"]
    filled: tuple[str, ...]
    tight: bool


def resolve(point: Point, registry: Registry, catalogue: Catalogue) -> Job:
    """Find what a point names and fill in what it leaves open.

    Raises:
        Refusal: an unknown model or machine, a precision that the machine lacks, a context beyond the model's limit,
            a shape that the interconnect cannot hold, or a model that does not fit; with the arithmetic.
    """
    filled: list[str] = []
    try:
        hardware, architecture = registry[point.hardware], catalogue[point.model]
    except ChipbriefError as error:
        raise Refusal(str(error)) from None
    precision = serving_precision(hardware, architecture, point.precision)
    if not point.precision:
        filled.append(f"precision {precision.name}")
    request = _request(point, filled)
    if point.concurrency is not None and point.concurrency > MOST_IN_FLIGHT:
        raise Refusal(f"{point.concurrency:,.4g} requests in flight are more than {MOST_IN_FLIGHT:,.0f}")
    longest = float(request.new + request.output)
    if longest > architecture.context_limit:
        raise Refusal(f"context {longest:,.0f} > {architecture.context_limit:,} tokens of {architecture.id}")
    mode, in_flight = _mode(point, filled)
    candidates = _holding(point, hardware, architecture, precision, longest, filled, fixed=mode == "in flight")
    if point.n_chips is None:
        filled.append("chips as the model chooses")
    elif hardware.partner:
        filled.append(f"beside {hardware.partner.profile.chip} chips as the model chooses, which count too")
    return Job(
        hardware=hardware,
        architecture=architecture,
        precision=precision,
        request=request,
        candidates=candidates,
        mode=mode,
        in_flight=in_flight,
        waves=point.isl_effective is not None and point.isl_effective == point.isl,
        ttft_slo_s=point.ttft_slo_s or np.inf,
        tpot_slo_s=point.tpot_slo_s or np.inf,
        speculative="yes" if point.speculative == "yes" else "unknown" if point.speculative == "unknown" else "no",
        filled=tuple(filled),
        tight=TIGHT in filled,
    )


def _request(point: Point, filled: list[str]) -> Request:
    prompt, answer = point.isl_effective or point.isl, point.osl
    if prompt is None:
        filled.append(f"isl {DEFAULT_TOKENS:,.0f}")
    if answer is None:
        filled.append(f"osl {DEFAULT_TOKENS:,.0f}")
    for name, tokens in (("isl", prompt), ("osl", answer)):
        if tokens is not None and tokens < 1:
            raise Refusal(f"{name} {tokens:g} is less than one token")
    return Request(new=prompt or DEFAULT_TOKENS, cached=0.0, output=answer or DEFAULT_TOKENS)


def _mode(point: Point, filled: list[str]) -> tuple[Mode, float | None]:
    """How the load is set: what the row says first, and what its scenario or metric means otherwise."""
    if point.concurrency is not None:
        return "in flight", point.concurrency
    if point.scenario == "offline":
        return "offline", None
    if point.scenario or point.ttft_slo_s or point.tpot_slo_s:
        if not (point.ttft_slo_s or point.tpot_slo_s):
            filled.append("no service level given: the load at which such levels hold")
        return "slo", None
    if point.metric == "tok_s_per_user":
        filled.append("a single stream")
        return "in flight", 1.0
    if point.metric in ("tok_s_total", "tok_s_per_chip"):
        filled.append("saturated")
        return "offline", None
    filled.append("concurrency 1")
    return "in flight", 1.0


def _holding(
    point: Point,
    hardware: Hardware,
    architecture: Architecture,
    precision: Precision,
    context: float,
    filled: list[str],
    *,
    fixed: bool,
) -> tuple[Candidate, ...]:
    """Shapes that hold the model; at the upper ends of the memory's ranges where its values leave no room."""
    try:
        return _candidates(point, hardware, architecture, precision, context, fixed=fixed)
    except Refusal as refusal:
        memory = hardware.profile.memory
        ends = {"memory.capacity": memory.capacity.highest, "memory.usable": memory.usable.highest}
        roomy = hardware.at({hardware.profile.figure_id(name): value for name, value in ends.items()})
        try:
            found = _candidates(point, roomy, architecture, precision, context, fixed=fixed)
        except Refusal:
            raise refusal from None
    filled.append(TIGHT)
    return found


# -- shapes ---------------------------------------------------------------------------------------------------


def _candidates(
    point: Point, hardware: Hardware, architecture: Architecture, precision: Precision, context: float, *, fixed: bool
) -> tuple[Candidate, ...]:
    if point.n_chips is None:
        found = hardware.throughput.deployments(architecture, precision, context)
        return tuple(_candidate(hardware, architecture, deployment, 1, context) for deployment in found)
    if hardware.partner:
        return _beside(hardware, architecture, precision, context, point.n_chips)
    tried = [*_shapes(point, hardware, architecture, precision, fixed=fixed)]
    sized = [_candidate(hardware, architecture, Deployment.aggregated(p), n, context) for p, n in tried]
    fitting = tuple(candidate for candidate in sized if candidate.limit >= 1)
    if fitting:
        return fitting
    raise _too_small(hardware, architecture, precision, context, point.n_chips)


def _beside(
    hardware: Hardware, architecture: Architecture, precision: Precision, context: float, chips: int
) -> tuple[Candidate, ...]:
    """Deployments of a system with a partner on its own chips; of how many of the partner's no row says."""
    found = hardware.throughput.deployments(architecture, precision, context)
    placed = tuple(
        _candidate(hardware, architecture, deployment, chips // deployment.decode.chips, context)
        for deployment in found
        if deployment.decode.chips <= chips
    )
    if not placed:
        enough = min(deployment.decode.chips for deployment in found)
        raise Refusal(
            f"{architecture.id} {precision.name} needs {enough:,} x {hardware.profile.chip} or more, not {chips:,}"
        )
    return placed


def _candidate(
    hardware: Hardware, architecture: Architecture, deployment: Deployment, replicas: int, context: float
) -> Candidate:
    limit = hardware.throughput.running_batch_limit(architecture, deployment, context)
    return Candidate(deployment, replicas, float(np.max(limit)))


def _too_small(
    hardware: Hardware, architecture: Architecture, precision: Precision, context: float, chips: int
) -> Refusal:
    pool = hardware.throughput.pools(architecture, precision, 1)[0]
    memory = float(np.max(hardware.bandwidth.memory_bytes(pool))) * chips
    try:
        enough = min(d.chips for d in hardware.throughput.deployments(architecture, precision, context))
    except Refusal:
        enough = None
    return does_not_fit(hardware.profile, architecture, precision, context, chips, memory, enough)


def _shapes(
    point: Point, hardware: Hardware, architecture: Architecture, precision: Precision, *, fixed: bool
) -> Iterable[tuple[Pool, int]]:
    """Shapes of the point's chips and how many replicas of each they make.

    `n_chips` is one replica where requests in flight are counted on it, or where the row names its parallel degrees
    (in its columns, or as TP8 or DEP8 in the name of the system); a benchmark of a whole system may run as many
    replicas as it holds.
    """
    chips = point.n_chips or 1
    domain = int(np.max(hardware.profile.interconnect.domain.value))
    if hardware.profile.memory.machine == "sram":
        yield from ((pool, 1) for pool in hardware.throughput.pools(architecture, precision, chips))
        return
    if point.tp or point.dp:
        yield from _stated(point, hardware, architecture, precision, chips)
        return
    named = _NAMED_SHAPE.search(point.system)
    one = named is not None and int(named[2]) == chips
    if chips <= domain and (fixed or one):
        split = one and named is not None and named[1] == "DEP"  # every chip holds all attention weights
        pools = hardware.throughput.pools(architecture, precision, chips)
        yield from (
            (pool, 1) for pool in pools if not split or pool.attention_data == max(p.attention_data for p in pools)
        )
        return
    for size in _sizes(chips, domain):
        yield from ((pool, chips // size) for pool in hardware.throughput.pools(architecture, precision, size))


def _sizes(chips: int, domain: int) -> Sequence[int]:
    """Replicas of up to one scale-up domain, and pipelines over whole domains."""
    inside = {2**i for i in range(domain.bit_length()) if 2**i <= min(chips, domain)} | {min(chips, domain)}
    over = {domain * stages for stages in range(2, MAX_DOMAINS + 1) if domain * stages <= chips}
    return sorted(inside | over)


def _stated(
    point: Point, hardware: Hardware, architecture: Architecture, precision: Precision, chips: int
) -> Iterable[tuple[Pool, int]]:
    """Degrees as the row states them: `dp` replicates the attention of a model with experts, and others whole."""
    model = hardware.throughput
    tp, dp = point.tp or 1, point.dp or 1
    if not isinstance(model, HbmThroughput):
        raise Refusal(f"{hardware.profile.name} has no tensor and data parallel degrees")
    if dp > 1 and architecture.experts:
        tensor = min(chips, model.links.domain)
        if chips % tensor or tensor % dp:
            raise Refusal(f"attention data parallel {dp} does not divide {tensor} of {chips} chips")
        yield model.pool(architecture, precision, tensor=tensor, stages=chips // tensor, groups=dp), 1
        return
    if chips % (tp * dp):
        raise Refusal(f"TP{tp} x DP{dp} = {tp * dp} chips do not divide the {chips} of the row")
    yield model.pool(architecture, precision, tensor=tp, stages=chips // (tp * dp)), dp
