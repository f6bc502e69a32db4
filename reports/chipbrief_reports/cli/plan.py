"""`chipbrief plan`: which systems to own, rent or buy tokens from, month by month, for a whole mix."""

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
from chipbrief_reports.cli.failure import FAILED
from chipbrief_reports.cli.output import complain, progress
from chipbrief_reports.cli.plan_text import text
from chipbrief_reports.cli.years_text import years_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chipbrief.evaluate import Results
    from chipbrief.fleet import Alternative, Case, Fleet, FleetReport, Limits, Month, Plan

__all__ = ["command", "document"]


@click.command(
    "plan",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief plan mix.yaml
  chipbrief plan mix.yaml --hardware ID --hardware ID
  chipbrief plan mix.yaml --json | jq '.months[] | {month, usd, owned}'

\b
Exit codes: 0 planned, 1 not all of the mix can be carried (what is missing is told), 2 bad input.""",
)
@click.argument("mix", metavar="[MIX.yaml]", required=False, type=click.Path(path_type=Path))
@loading.hardware_option
@click.option(
    "--gap",
    type=click.FloatRange(0.0, 0.5),
    metavar="SHARE",
    help="Stop once no plan can be cheaper by more than this share.  [default: 0.01]",
)
@click.option(
    "--seconds", type=click.FloatRange(1.0), metavar="S", help="Or after so many seconds of search.  [default: 30]"
)
@click.option(
    "--lead-months",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Months from the start in which no owned system is live yet.  [default: 0]",
)
@as_of_option
@sampling_options
@strict_option
def command(
    mix: Path | None,
    hardware: tuple[str, ...],
    gap: float | None,
    seconds: float | None,
    lead_months: int,
    as_of: str | None,
    samples: int | None,
    seed: int | None,
    strict: bool,
) -> Reply:
    """Plan the cheapest fleet for a mix, month by month.

    Whole systems to own, chips to rent, tokens to buy: each class goes where it costs the mix least. Classes that
    share a model share replicas; demand grows; power, capital, tranches and spares of the mix hold. Beside it stand
    the best fleet of every single vendor and tokens alone, the delay case of the tranches, and what one more MW under
    a power cap is worth.
    """
    run = loading.run(mix, hardware, as_of, strict=strict)
    from chipbrief.evaluate import SEED
    from chipbrief.evidence.standing import points_of
    from chipbrief.fleet import Limits, fleet_report

    usual = Limits()
    limits = Limits(
        gap=usual.gap if gap is None else gap,
        seconds=usual.seconds if seconds is None else seconds,
        seed=SEED if seed is None else seed,
    )
    vendors = {run.registry[name].profile.vendor for name in run.mix.hardware or run.registry.hardware}
    with progress(run.steps + len(vendors) + 2) as say:
        results = run.evaluated(say, samples, limits.seed)
        report = fleet_report(results, limits=limits, lead_months=lead_months, progress=say)
    for line in (*report.unserved.values(), *report.missing):
        complain(line)
    found = document(results, report, limits, points_of(run.registry))
    return Reply(found, text, 0 if report.status == "planned" else FAILED)


def document(results: Results, report: FleetReport, limits: Limits, points: Mapping[str, int]) -> Document:
    """The plan as data; names carry the unit, the range is an 80 % interval.

    Args:
        results: what the plan was chosen from.
        report: the plan and what stands beside it.
        limits: when the solver was to stop.
        points: measured points of each system, to say which have none.
    """
    from chipbrief.evidence.standing import has_points

    problem = report.problem
    return {
        "mix": results.mix.name,
        "title": results.mix.label,
        "as_of": results.as_of,
        "status": report.status,
        "horizon": {"start": problem.start, "months": problem.months, "growth_at_end": problem.growth[-1]},
        "solver": {"gap": limits.gap, "seconds": limits.seconds, "seed": limits.seed},
        "samples": results.samples,
        "interval": "80 %",
        "systems": [hardware.id for hardware in results.systems],
        "unmeasured": [h.id for h in results.systems if not has_points(h.profile, points)],
        "plugins_failed": [str(record) for record in results.missing],
        "caps": {
            "power_w": problem.power_cap_w,
            "capital_usd": problem.capital_cap_usd,
            "spares": problem.spares,
            "lead_months": problem.lead_months,
        },
        "missing": list(report.missing),
        "unserved": dict(report.unserved),
        "reasons": {name: dict(said) for name, said in problem.reasons.items() if said},
        "plan": _whole(report),
        "months": [_month(month) for month in report.plan.months] if report.plan else [],
        **_years(results, report),
        "routes": _routes(report),
        "alternatives": [_alternative(report, a) for a in report.alternatives],
        "delay": _case(report.delay, report.delay_usd),
        "one_more_mw": _megawatt(report),
        "tranches_low": _case(report.low),
        "tranches_high": _case(report.high),
    }


def _years(results: Results, report: FleetReport) -> dict[str, Any]:
    """Cash and P&L of the plan by year and over all of them; year 1 holds the lag before it."""
    from chipbrief.fleet import plan_years

    years = plan_years(results, report.plan) if report.plan else ()
    found = years_document(years, report.problem.start, report.problem.months)
    return {"years_before_months": report.problem.lag_months, "years": found["years"], "years_total": found["total"]}


def _sizes(plan: Plan) -> dict[str, Any]:
    return {
        "usd": plan.usd,
        "usd_by_line": dict(plan.lines),
        "capex_usd": plan.capex_usd,
        "power_w": plan.power_w,
        "carried_share": plan.problem.carried_share(),
        "bound_usd": plan.bound,
        "gap": plan.gap,
        "solver_status": plan.status,
    }


def _whole(report: FleetReport) -> dict[str, Any] | None:
    plan, usd = report.plan, report.usd
    if plan is None or usd is None:
        return None
    best = report.best_vendor
    saving = report.saving_usd(best) if best else None
    return _sizes(plan) | {
        "usd_range": {"value": usd.value, "low": usd.low, "high": usd.high},
        "best_single_vendor": best.name if best else None,
        "saving_usd": saving,
        "saving_share": saving / best.plan.usd if saving is not None and best and best.plan and best.plan.usd else None,
    }


def _month(month: Month) -> dict[str, Any]:
    return {
        "month": month.month,
        "usd": month.usd_total,
        "usd_by_line": dict(month.usd),
        "capex_usd": month.capex_usd,
        "power_w": month.power_w,
        "racks": month.racks,
        "owned": {fleet.system: fleet.live for fleet in month.fleets if fleet.live},
        "fleets": [_fleet(fleet) for fleet in month.fleets],
        "replicas": [
            {"system": hardware, "model": model, "deployment": deployment, "owned": own, "rented": rented}
            for (hardware, model, deployment), (own, rented) in month.replicas.items()
        ],
        "routes": [
            {"class": r.class_id, "system": r.hardware, "lane": r.lane, "share": r.share, "deployment": r.text}
            for r in month.routes
        ],
    }


def _fleet(fleet: Fleet) -> dict[str, Any]:
    return {
        "system": fleet.system,
        "live": fleet.live,
        "bought": fleet.bought,
        "spares": fleet.spares,
        "racks": fleet.racks,
        "rented_chips": dict(fleet.rented_chips),
        "idle_chips": fleet.idle_chips,
        "utilisation": fleet.utilisation,
        "rented_utilisation": fleet.rented_utilisation,
        "power_w": fleet.power_w,
        "capex_usd": fleet.capex_usd,
        "usd_by_line": dict(fleet.usd),
    }


def _routes(report: FleetReport) -> list[dict[str, Any]]:
    from chipbrief.fleet import destinations

    return [
        {"class": d.class_id, "system": d.hardware, "lane": d.lane, "share": d.share, "reaches": d.text, "why": d.why}
        for d in (destinations(report.plan) if report.plan else ())
    ]


def _alternative(report: FleetReport, other: Alternative) -> dict[str, Any]:
    return {
        "name": other.name,
        "complete": other.complete,
        "plan": _sizes(other.plan) if other.plan else None,
        "owned_at_end": {f.system: f.live for f in other.plan.months[-1].fleets if f.live} if other.plan else {},
        "unserved": dict(other.unserved),
        "saving_usd": report.saving_usd(other),
    }


def _case(case: Case | None, more_usd: float | None = None) -> dict[str, Any] | None:
    if case is None:
        return None
    plan = case.plan
    return {
        "plan": _sizes(plan) if plan else None,
        "owned_at_end": {f.system: f.live for f in plan.months[-1].fleets if f.live} if plan else {},
        "missing": list(case.missing),
        "more_usd": more_usd,
    }


def _megawatt(report: FleetReport) -> dict[str, Any] | None:
    if report.more_power is None or report.plan is None:
        return None
    return {
        "method": "solved again with one more MW under the cap",
        "saving_usd": report.megawatt_usd,
        "within_gap_usd": report.plan.usd - report.plan.bound,
    }
