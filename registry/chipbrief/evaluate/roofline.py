"""On which side of its ridge a system works on a class, and how far below its roof: E1 to E4 as a picture.

A roof is what bandwidth and dense peaks allow at an arithmetic intensity: min(intensity x bandwidth, peak). Source:
Williams, Waterman and Patterson, Roofline, Communications of the ACM 52(4), 2009.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.evaluate.outcome import Outcome
from chipbrief.hardware import Deployment, Hardware, HardwareProfile, Pool
from chipbrief.hardware.shared.fitting import attention_peak, dense_peaks, part_peak
from chipbrief.physics import Num
from chipbrief.precision import compute_format
from chipbrief.workload import Shape

__all__ = ["Limit", "Roof", "Roofline", "WorkPoint", "roof_of", "roofline"]

ALIKE = 1.05  # steps that differ by less take as long as one another
Limit = Literal["memory", "compute", "latency"]


@dataclass(frozen=True, slots=True)
class Roof:
    """What one system can do at most: all its chips' bandwidth [bytes/s] and dense peak [FLOP/s].

    `figures` are the paths in the profile that it stands on.
    """

    bandwidth_bytes_s: float
    peak_flop_s: float
    figures: tuple[str, ...] = ()

    @property
    def ridge(self) -> float:
        """Intensity from which on the peak is the limit [FLOP/byte]."""
        return self.peak_flop_s / self.bandwidth_bytes_s

    def at(self, intensity: float) -> float:
        """Attainable FLOP/s at an intensity [FLOP/byte]."""
        return min(intensity * self.bandwidth_bytes_s, self.peak_flop_s)


@dataclass(frozen=True, slots=True)
class WorkPoint:
    """Where a phase works: operations for a byte read [FLOP/byte], and what one system does of them [FLOP/s]."""

    intensity: float
    flop_s: float


@dataclass(frozen=True, slots=True)
class Roofline:
    """A system's roof for a model, and where it decodes and reads prompts; None for what has no point of its own.

    `limit` is what a decode step waits for: latency where it takes as long for a single sequence and less than half
    of it is reading, else the side of the ridge that it is on.
    """

    roof: Roof
    decode: WorkPoint
    prefill: WorkPoint | None
    limit: Limit

    def reached(self, point: WorkPoint) -> float:
        """Share of the roof at a point's intensity that it reaches [1]."""
        return point.flop_s / self.roof.at(point.intensity)


def roofline(hardware: Hardware, architecture: Architecture, outcome: Outcome, shape: Shape) -> Roofline | None:
    """The roof of one system, and a class's two phases at the most load that its service levels allow.

    Decode is a step of the running batch at mean context (E3, E6); prefill is what a mean prompt takes of the running
    batch (E4, E5), on machines whose prompts read the weights once. None where nothing serves the class, and where two
    systems share every layer (E12).
    """
    deployment = outcome.deployment
    if deployment is None or not outcome.metrics or deployment.split_layers:
        return None
    batch, context = outcome["batch_at_capacity"].value, shape.context_mean
    decode = _decode(hardware, architecture, deployment, batch, context)
    roof = roof_of(hardware.profile, architecture, deployment.decode, context)
    prefill = _prefill(hardware, architecture, deployment, shape)
    latency = _waits_for_latency(hardware, architecture, deployment, batch, context)
    side: Limit = "memory" if decode.intensity < roof.ridge else "compute"
    return Roofline(roof, decode, prefill, "latency" if latency else side)


def roof_of(profile: HardwareProfile, architecture: Architecture, pool: Pool, context: float) -> Roof:
    """Bandwidth and dense peak of one system, for an output token at a context [tokens].

    Parts of a model run in different formats, so the peak is F / sum(F_part/PEAK_part): what the system did if every
    part ran at its own.
    """
    peaks = dense_peaks(profile)
    attention = _one(architecture.decode_attention_flop(context))
    busy = attention / _one(attention_peak(peaks))
    for part, weights in architecture.active_by_part.items():
        busy += 2.0 * weights / _one(part_peak(peaks, pool.precision, part)) if weights else 0.0
    flop = architecture.linear_flop + attention
    stored = [getattr(pool.precision, part) for part, weights in architecture.active_by_part.items() if weights]
    formats = dict.fromkeys(compute_format(name, peaks) for name in [*stored, "bf16"])
    return Roof(
        bandwidth_bytes_s=_one(profile.memory.bandwidth.value) * profile.chips,
        peak_flop_s=flop / busy * profile.chips,
        figures=("memory.bandwidth", *(f"compute.dense.{name}" for name in formats)),
    )


def _decode(
    hardware: Hardware, architecture: Architecture, deployment: Deployment, batch: float, context: float
) -> WorkPoint:
    pool = deployment.decode
    a_token = architecture.linear_flop + _one(architecture.decode_attention_flop(context))
    together = max(batch / pool.pipeline, 1.0)
    cache = _cache_a_token(hardware, architecture, pool, together, context)
    step = _one(hardware.throughput.decode_step_s(architecture, deployment, batch, context))
    return WorkPoint(
        intensity=a_token / (_weights_a_token(hardware, architecture, pool, together) + cache),
        flop_s=batch * a_token / step / pool.chips * hardware.profile.chips,
    )


def _prefill(hardware: Hardware, architecture: Architecture, deployment: Deployment, shape: Shape) -> WorkPoint | None:
    """A mean prompt under load.

    None where all of it is cached, where another system reads it, and where the model of its prefill reads no weights
    (E6): without bytes there is no intensity.
    """
    pool, new = deployment.prefill, shape.input_mean * (1.0 - shape.cached_fraction)
    if new < 1.0 or pool.hardware != hardware.id or not _shares_reading(hardware):
        return None
    cached = shape.input_mean - new
    linear = architecture.linear_flop - 2.0 * architecture.active_by_part["head"]
    flop = linear * new + _one(architecture.prefill_attention_flop(new, cached))
    taken = _one(hardware.throughput.prefill_blocking_s(architecture, deployment, new, cached))
    return WorkPoint(
        intensity=flop / new / _weights_a_token(hardware, architecture, pool, new),
        flop_s=flop / taken / pool.chips * hardware.profile.chips,
    )


def _waits_for_latency(
    hardware: Hardware, architecture: Architecture, deployment: Deployment, batch: float, context: float
) -> bool:
    step, alone = (
        _one(hardware.throughput.decode_step_s(architecture, deployment, running, context)) for running in (batch, 1.0)
    )
    together = max(batch / deployment.decode.pipeline, 1.0) if _shares_reading(hardware) else batch
    reading = _one(hardware.bandwidth.read_s(architecture, deployment.decode, together, context))
    return step <= ALIKE * alone and reading < 0.5 * step


def _weights_a_token(hardware: Hardware, architecture: Architecture, pool: Pool, together: float) -> float:
    """Bytes of weights read for each of the tokens of one pass, over all chips (E1).

    From HBM one reading serves all of them; beside SRAM every token that streams by has its own (E6).
    """
    tokens = together if _shares_reading(hardware) else 1.0
    size = architecture.weight_bytes(pool.precision)
    groups = pool.attention_data if _shares_reading(hardware) else 1
    touched = size.attention * groups + size.dense + size.expert * _one(architecture.expert_coverage(tokens))
    return touched / tokens


def _cache_a_token(
    hardware: Hardware, architecture: Architecture, pool: Pool, together: float, context: float
) -> float:
    """Bytes of KV cache read for an output token, over all chips (E2).

    Beside HBM chips beyond the heads read copies, and a group without a sequence reads a cache all the same.
    """
    if not _shares_reading(hardware):
        return _one(architecture.kv_read_bytes(context, pool.precision))
    chips, idle = pool.attention_tensor, max(pool.attention_data / together, 1.0)
    return _one(architecture.kv_read_bytes(context, pool.precision, chips)) * chips * idle


def _shares_reading(hardware: Hardware) -> bool:
    """Whether the tokens of a step share one reading of the weights."""
    return hardware.profile.memory.machine == "hbm"


def _one(value: Num) -> float:
    return float(np.ravel(np.asarray(value, dtype=float))[0])
