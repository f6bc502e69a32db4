"""What is given: a mix's arrivals, lengths and service levels, and its models' parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chipbrief.architecture import Architecture
from chipbrief.ledger.entry import Entry
from chipbrief.workload import WorkloadClass, WorkloadMix

__all__ = ["given", "given_id", "models"]


def given_id(class_id: str, name: str) -> str:
    """`mix:chat.peak_factor`."""
    return f"mix:{class_id}.{name}"


def models(found: Iterable[Architecture]) -> Iterator[Entry]:
    """Parameters of every model, with the source of its dimensions."""
    for model in found:
        source = model.sources[model.source]
        counts = (("parameters", model.parameters), ("active_parameters", model.active_parameters))
        for name, count in counts:
            yield Entry(
                id=f"model:{model.id}.{name}",
                label=f"{name.replace('_', ' ')} of {model.name}, counted from its dimensions",
                value=float(count),
                source=f"{source.title}, {source.locator}",
            )


def given(mix: WorkloadMix) -> Iterator[Entry]:
    """The numbers of every class that results are computed from, and how demand grows over the horizon."""
    if mix.horizon:
        yield Entry(
            id="mix:growth_at_end",
            label=f"demand after {mix.horizon.months} months over that of the first",
            value=mix.horizon.growth_at_end,
            source=f"mix {mix.name}, horizon",
        )
    for wanted in mix.classes:
        source = f"mix {mix.name}, class {wanted.id}"
        basis = f": {wanted.basis}" if wanted.basis else ""
        for name, label, value, unit in _numbers(wanted):
            yield Entry(
                id=given_id(wanted.id, name),
                label=f"{label} of {wanted.id}",
                value=value,
                unit=unit,
                source=source + (basis if name in ("requests_s", "in_flight") else ""),
            )


def _numbers(wanted: WorkloadClass) -> Iterator[tuple[str, str, float, str]]:
    shape, demand, slo = wanted.shape, wanted.demand, wanted.slo
    if demand.mean_requests_s is not None:
        yield "requests_s", "mean arrivals", demand.mean_requests_s, "1/s"
    if demand.mean_in_flight is not None:
        yield "in_flight", "mean users at once", demand.mean_in_flight, ""
        yield "think_time_s", "time between an answer and the next request", demand.think_time_s, "s"
    yield "peak_factor", "peak over mean load", demand.peak_factor, ""
    yield "input_mean", "mean prompt", shape.input_mean, "tokens"
    yield "input_p95", "95th percentile of prompts", shape.input_p95, "tokens"
    yield "cached_fraction", "share of the prompt that the prefix cache holds", shape.cached_fraction, ""
    yield "output_mean", "mean answer", shape.output_mean, "tokens"
    yield "output_p95", "95th percentile of answers", shape.output_p95, "tokens"
    levels = (("ttft_p95", "TTFT"), ("tpot_p95", "TPOT"), ("e2e_p95", "E2E"), ("deadline", "deadline"))
    for name, label in levels:
        limit = getattr(slo, name)
        if limit is not None:
            yield f"slo.{name}_s", f"service level, {label}", limit, "s"
