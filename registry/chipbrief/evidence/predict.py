"""Predictions of points: the model's value, its 80 % interval, and the reason where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from chipbrief.catalogue import Catalogue
from chipbrief.errors import Refusal
from chipbrief.evidence.jobs import Job, resolve
from chipbrief.evidence.operating import Outlook, outlook, speculation_gain
from chipbrief.evidence.points import Point, Prediction
from chipbrief.evidence.standing import UNMEASURED, has_points, points_of
from chipbrief.hardware.bands import LIGHT_LOAD, band, is_rate_family, known_attention
from chipbrief.registry import Registry

__all__ = ["band_of", "error_family", "is_rate", "predict", "predict_point", "unlike_any"]

TWO_TOKENS = 2.0


def predict(
    points: Iterable[Point],
    registry: Registry,
    catalogue: Catalogue,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Prediction]:
    """Predict every point; what cannot be predicted is refused with its reason, and the rest goes on."""
    found = []
    measured = points_of(registry)
    for point in points:
        progress(f"{point.model} on {point.hardware}")
        found.append(predict_point(point, registry, catalogue, measured))
    return found


def predict_point(
    point: Point, registry: Registry, catalogue: Catalogue, measured: Mapping[str, int] | None = None
) -> Prediction:
    """Predict one point in the unit of its metric.

    Args:
        point: the point.
        registry: the hardware.
        catalogue: the architectures.
        measured: measured points of each system, to say which have none; nothing is said of it for None.
    """
    try:
        job = resolve(point, registry, catalogue)
        if job.request.output < TWO_TOKENS and point.metric in ("tpot_ms", "tok_s_per_user"):
            raise Refusal("an answer of one token has no time per token")
        value, low, high = _value(point, job)
    except Refusal as reason:
        return Prediction(None, None, None, "refused", str(reason))
    unmeasured = measured is not None and not has_points(job.hardware.profile, measured)
    said = (*job.filled, *_speculation(job), *([UNMEASURED] if unmeasured else []))
    return Prediction(value, low, high, "ok", "; ".join(said))


def _speculation(job: Job) -> list[str]:
    """The draft model's multiplier by its name (E7), for the reason."""
    if job.speculative == "no":
        return []
    multiplier = f"x{speculation_gain(job):.2f} (E7)"
    return [f"speculation {multiplier}" if job.speculative == "yes" else f"speculation unknown: none to {multiplier}"]


@dataclass(frozen=True, slots=True)
class _Ends:
    """A prediction and the ends of its interval before the model's own error."""

    value: float
    low: float
    high: float


def _value(point: Point, job: Job) -> tuple[float, float, float]:
    ends = _ends(point, job)
    low, high = _band(point, job)
    return ends.value, ends.low * low, ends.high * high


def _band(point: Point, job: Job) -> tuple[float, float]:
    """The band of the metric; of a whole residence by the shares of TTFT and of the tokens after it."""
    family = error_family(point.metric, job)
    low, high = band_of(job, family)
    if family == "tpot" and point.metric not in ("tpot_ms", "tok_s_per_user"):
        found = outlook(job, job.hardware, point.n_chips, speculative=job.speculative == "yes")
        first = float(found.ttft_s[0] / (found.metric("e2e_ms", job.request)[0] / 1e3))
        first_low, first_high = band_of(job, error_family("ttft_ms", job))
        low, high = first * first_low + (1 - first) * low, first * first_high + (1 - first) * high
    return (1.0 / high, 1.0 / low) if is_rate(point.metric) != is_rate_family(family) else (low, high)


def _ends(point: Point, job: Job) -> _Ends:
    """The value; where a draft model is at work or may be, with the span that its acceptance leaves."""
    if job.speculative == "no":
        value = _metric(point, job, outlook(job, job.hardware, point.n_chips, speculative=False))
        return _Ends(value, value, value)
    part = job.hardware.profile.speculation
    if part is None:
        raise Refusal(f"nothing is known of draft models on {job.hardware.profile.name}")
    name = job.hardware.profile.figure_id("speculation.acceptance")
    low, middle, high = (
        _metric(point, job, outlook(job, job.hardware.at({name: share}), point.n_chips, speculative=True))
        for share in (part.acceptance.lowest, part.acceptance.value, part.acceptance.highest)
    )
    if job.speculative == "yes":
        return _Ends(middle, min(low, high), max(low, high))
    try:
        plain = _metric(point, job, outlook(job, job.hardware, point.n_chips, speculative=False))
    except Refusal:  # only a draft keeps the levels
        return _Ends(middle, min(low, high), max(low, high))
    return _Ends(float(np.sqrt(plain * middle)), min(plain, low, high), max(plain, low, high))


def _metric(point: Point, job: Job, found: Outlook) -> float:
    if job.mode == "slo" and found.excess[0] > 1.0:
        raise Refusal(_misses(job, found))
    return float(found.metric(point.metric, job.request)[0])


def _misses(job: Job, found: Outlook) -> str:
    levels = [
        f"{name} {limit * 1e3:,.4g} ms"
        for name, limit in (("TTFT", job.ttft_slo_s), ("TPOT", job.tpot_slo_s))
        if np.isfinite(limit)
    ]
    return (
        f"no running batch keeps {' and '.join(levels)} at the 99th percentile: "
        f"a batch of one is at {found.excess[0]:.2f} times the limit"
    )


# -- intervals ------------------------------------------------------------------------------------------------


def is_rate(metric: str) -> bool:
    """Whether more of it is better: tokens a second, and not a time."""
    return metric.startswith("tok_s")


def error_family(metric: str, job: Job) -> str:
    """The family of errors that a metric of a job belongs to, as in the calibration files.

    Rates at a given number of requests in flight err as TPOT does, whose inverse they are in the main.
    """
    if job.mode != "in flight":
        if metric in ("tok_s_total", "tok_s_per_chip"):
            return f"throughput_{job.mode}"
        return "ttft_slo" if metric == "ttft_ms" else "tpot_slo"
    if metric == "ttft_ms":
        return "ttft_light" if (job.in_flight or 1.0) <= LIGHT_LOAD else "ttft_load"
    single = metric == "tok_s_per_user" and job.in_flight == 1.0
    return "speed" if single or job.hardware.profile.memory.machine == "sram" else "tpot"


def unlike_any(job: Job, family: str) -> bool:
    """Whether no measured point is of the job's sort.

    A draft model at work, memory that is full before the first request, or a sort of attention not measured.
    """
    known = known_attention(job.hardware.profile, job.architecture, family)
    return job.speculative != "no" or job.tight or not known


def band_of(job: Job, family: str) -> tuple[float, float]:
    """The 80 % interval of measured over predicted; see `chipbrief.hardware.bands.band`."""
    return band(job.hardware.profile, job.architecture, family, unlike=unlike_any(job, family))
