"""`chipbrief compare`: every class of a mix on every system, and the fleets that one vendor would need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import (
    Document,
    Reply,
    ReportCommand,
    as_of_option,
    sampling_options,
    strict_option,
)
from chipbrief_reports.cli.compare_text import text
from chipbrief_reports.cli.frontier import Frontiers, frontiers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chipbrief.evaluate import Interval, LaneCost, Outcome, Results, VendorFleet
    from chipbrief.hardware import Deployment, Pool
    from chipbrief.workload import ServiceLevels, WorkloadClass

__all__ = ["command", "document"]


@click.command(
    "compare",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief compare                                  the default example
  chipbrief compare mix.yaml --hardware ID --hardware ID
  chipbrief compare mix.yaml --json | jq '.fleets[0]'""",
)
@click.argument("mix", metavar="[MIX.yaml]", required=False, type=click.Path(path_type=Path))
@loading.hardware_option
@as_of_option
@sampling_options
@click.option("--frontier", is_flag=True, help="Also each class's Pareto frontier on every system.")
@strict_option
def command(
    mix: Path | None,
    hardware: tuple[str, ...],
    as_of: str | None,
    samples: int | None,
    seed: int | None,
    frontier: bool,
    strict: bool,
) -> Reply:
    """Compare systems for a mix, without a briefing.

    For each class: the cheapest deployment of each system that keeps the service levels (or why there is none), its
    speed, and its price in every lane. Then, for each system and lane, the fleet that carries the whole mix. Ranges
    are 80 % intervals from the ranges of the figures and the model's own error.
    """
    run = loading.run(mix, hardware, as_of, strict=strict)
    results = run.results(samples, seed)
    from chipbrief.evidence.standing import points_of

    return Reply(document(results, points_of(run.registry), frontier=frontier), text)


def document(results: Results, points: Mapping[str, int], *, frontier: bool = False) -> Document:
    """The comparison as data; names carry the unit, and ranges are 80 % intervals.

    Args:
        results: the comparison.
        points: measured points of each system, to say which have none.
        frontier: whether each outcome has its Pareto frontier beside it.
    """
    from chipbrief.evaluate import vendor_fleets
    from chipbrief.evidence.standing import has_points

    beside = frontiers(results) if frontier else None

    return {
        "mix": results.mix.name,
        "title": results.mix.label,
        "as_of": results.as_of,
        "samples": results.samples,
        "seed": results.seed,
        "interval": "80 %",
        "systems": [hardware.id for hardware in results.systems],
        "unmeasured": [h.id for h in results.systems if not has_points(h.profile, points)],
        "plugins_failed": [str(record) for record in results.missing],
        "classes": [_class(results, wanted, beside) for wanted in results.mix.classes],
        "fleets": [_fleet(fleet) for fleet in vendor_fleets(results)],
    }


def _class(results: Results, wanted: WorkloadClass, beside: Frontiers | None) -> dict[str, Any]:
    shape = wanted.shape
    outcomes = [_outcome(outcome) for outcome in results.of_class(wanted.id)]
    if beside is not None:
        outcomes = [o | {"frontier": beside.get((wanted.id, o["system"]), [])} for o in outcomes]
    return {
        "id": wanted.id,
        "title": wanted.label,
        "kind": wanted.kind,
        "model": wanted.model,
        "input_tokens": {"mean": shape.input_mean, "p50": shape.input_p50, "p95": shape.input_p95},
        "output_tokens": {"mean": shape.output_mean, "p50": shape.output_p50, "p95": shape.output_p95},
        "cached_fraction": shape.cached_fraction,
        "slo": _levels(wanted.slo),
        "outcomes": outcomes,
    }


def _levels(slo: ServiceLevels) -> dict[str, Any]:
    return {
        "ttft_p95_s": slo.ttft_p95,
        "tpot_p95_s": slo.tpot_p95,
        "e2e_p95_s": slo.e2e_p95,
        "attainment": slo.attainment,
        "deadline_s": slo.deadline,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "system": outcome.hardware,
        "status": outcome.status,
        "reason": outcome.reason or None,
        "deployment": _deployment(outcome.deployment) if outcome.deployment else None,
        "metrics": {name: _interval(value) for name, value in outcome.metrics.items()},
        "lanes": [_lane(cost) for cost in outcome.lanes],
        "equations": list(outcome.trail.equations),
        "figures": list(outcome.trail.figures),
    }


def _deployment(deployment: Deployment) -> dict[str, Any]:
    return {
        "text": str(deployment),
        "chips": deployment.chips,
        "aggregated": deployment.is_aggregated,
        "split_layers": deployment.split_layers,
        "prefill": _pool(deployment.prefill),
        "decode": _pool(deployment.decode),
    }


def _pool(pool: Pool) -> dict[str, Any]:
    return {
        "system": pool.hardware,
        "chips": pool.chips,
        "tensor": pool.tensor,
        "pipeline": pool.pipeline,
        "expert": pool.expert,
        "attention_data": pool.attention_data,
        "precision": pool.precision.name,
        "kv_precision": pool.precision.kv,
    }


def _interval(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _lane(cost: LaneCost) -> dict[str, Any]:
    return {
        "lane": cost.lane,
        "provider": cost.note or None,
        "usd_month": _interval(cost.usd_month),
        "usd_mtok": _interval(cost.usd_mtok),
        "usd_mtok_input": cost.usd_mtok_input,
        "usd_mtok_cached": cost.usd_mtok_cached,
        "usd_mtok_output": cost.usd_mtok_output,
        "equations": list(cost.trail.equations),
        "figures": list(cost.trail.figures),
    }


def _fleet(fleet: VendorFleet) -> dict[str, Any]:
    return {
        "system": fleet.hardware,
        "lane": fleet.lane,
        "served": list(fleet.served),
        "unserved": dict(fleet.unserved),
        "systems": _interval(fleet.systems),
        "by_system": dict(fleet.by_system),
        "idle_systems": fleet.idle_systems,
        "usd_month": _interval(fleet.usd_month),
        "idle_usd_month": fleet.idle_usd_month,
        "usd_mtok": _interval(fleet.usd_mtok),
        "capex_usd": _interval(fleet.capex_usd),
        "power_w": _interval(fleet.power_w),
        "racks": fleet.racks,
        "equations": list(fleet.trail.equations),
        "figures": list(fleet.trail.figures),
    }
