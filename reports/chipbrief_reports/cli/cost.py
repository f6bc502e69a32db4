"""`chipbrief cost`: own, rent and API side by side on every system, with cash and P&L by year."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief.errors import InputError, Problem, UnitError
from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, as_of_option, strict_option
from chipbrief_reports.cli.cost_text import text
from chipbrief_reports.cli.failure import FAILED
from chipbrief_reports.cli.years_text import years_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chipbrief.evaluate import Results
    from chipbrief.fleet import LaneMoney, SideBySide
    from chipbrief.registry import Registry
    from chipbrief.workload import WorkloadMix

__all__ = ["command", "document"]

SAMPLES = 2  # the fewest: no range is printed


@click.command(
    "cost",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief cost                                     the default example
  chipbrief cost mix.yaml --hardware ID --system ID
  chipbrief cost mix.yaml --sold-at "0.50 USD/Mtok"  with revenue, profit and tax
  chipbrief cost mix.yaml --json | jq '.lanes[] | {system, lane, total}'

\b
Exit codes: 0 done, 1 no system carries any class, 2 bad input.""",
)
@click.argument("mix", metavar="[MIX.yaml]", required=False, type=click.Path(path_type=Path))
@loading.hardware_option
@click.option(
    "--system",
    "shown",
    metavar="ID",
    multiple=True,
    shell_complete=loading.complete_hardware,
    help="A system whose every lane is told by year; may be repeated.  [default: the cheapest lane of each]",
)
@click.option("--sold-at", metavar="PRICE", help="What every token brings in, as '0.50 USD/Mtok'.  [default: nothing]")
@click.option(
    "--order-months",
    type=click.IntRange(0, 120),
    default=0,
    metavar="N",
    help="Months from the order of a system, when its deposit is due, to its delivery.  [default: 0]",
)
@as_of_option
@strict_option
def command(
    mix: Path | None,
    hardware: tuple[str, ...],
    shown: tuple[str, ...],
    sold_at: str | None,
    order_months: int,
    as_of: str | None,
    strict: bool,
) -> Reply:
    """Price a mix to own, to rent and by the token, side by side.

    For each system alone, over the horizon: cash, P&L, present value and levelised cost in every lane, or why a lane
    carries nothing; then cash and P&L by year. Demand grows, systems are whole, and every term of `finance:` acts.
    """
    price = _price(sold_at)
    run = loading.run(mix, hardware, as_of, strict=strict)
    asked = _asked(shown, run.mix, run.registry)
    from chipbrief.evidence.standing import points_of
    from chipbrief.fleet import side_by_side

    results = run.results(SAMPLES)
    found = side_by_side(results, sold_at_usd_mtok=price, order_months=order_months)
    return Reply(document(results, found, points_of(run.registry), asked), text, 0 if found.lanes else FAILED)


def _price(option: str | None) -> float:
    """What a token brings in [USD/Mtok]; raises InputError where that is no price of tokens."""
    from chipbrief.units import DIMENSIONS

    try:
        return DIMENSIONS["usd_per_mtok"].parse(option) if option is not None else 0.0
    except UnitError as error:
        raise InputError([Problem(str(error), field="--sold-at")]) from None


def _asked(names: Sequence[str], mix: WorkloadMix, registry: Registry) -> tuple[str, ...]:
    """Ids of the systems to tell by year; raises InputError naming those that the mix does not consider."""
    ids = loading.hardware_ids(names, registry, "--system")
    considered = [registry[name].id for name in mix.hardware or registry.hardware]
    problems = [
        Problem(f"{name} is not among the systems considered ({', '.join(considered)})", field="--system")
        for name in ids
        if name not in considered
    ]
    if problems:
        raise InputError(problems)
    return ids


# -- as data --------------------------------------------------------------------------------------------------


def document(results: Results, found: SideBySide, points: Mapping[str, int], asked: Sequence[str] = ()) -> Document:
    """All lanes as data; names carry the unit.

    Args:
        results: what the lanes were sized by.
        found: the lanes.
        points: measured points of each system, to say which have none.
        asked: systems to tell by year, in every lane; the cheapest lane of each that carries most classes for none.
    """
    from chipbrief.evidence.standing import has_points

    months = len(found.growth)
    return {
        "mix": results.mix.name,
        "title": results.mix.label,
        "as_of": results.as_of,
        "horizon": {
            "start": found.start,
            "months": months,
            "growth_by_month": list(found.growth),
            "before_months": found.before_months,
        },
        "sold_at_usd_mtok": found.sold_at_usd_mtok,
        "order_months": found.order_months,
        "rates": results.terms.rates,
        "terms": {
            name: getattr(results.terms, name).text() for name in (*results.terms.names(), *results.terms.plan_names())
        },
        "systems": [hardware.id for hardware in results.systems],
        "unmeasured": [h.id for h in results.systems if not has_points(h.profile, points)],
        "plugins_failed": [str(record) for record in results.missing],
        "classes": [wanted.id for wanted in results.mix.classes],
        "lanes": [_lane(lane, found.start, months) for lane in found.lanes],
        "carry_nothing": {name: dict(reasons) for name, reasons in found.idle.items()},
        "by_year": [{"system": lane.hardware, "lane": lane.lane} for lane in _by_year(found, asked)],
    }


def _lane(lane: LaneMoney, start: str, months: int) -> dict[str, Any]:
    total = lane.total
    return {
        "system": lane.hardware,
        "lane": lane.lane,
        "reason": lane.reason or None,
        "served": list(lane.served),
        "left_out": dict(lane.left_out),
        "systems_by_month": {name: list(counts) for name, counts in lane.systems.items()},
        "pl_usd_mtok": total.usd_mtok if total else None,
        "levelised_usd_mtok": lane.levelised_usd_mtok if total else None,
        "net_cash_usd": -total.cash_flow_usd if total else None,
        "pl_cost_usd": total.cost_usd if total else None,
        "present_value_usd": -total.discounted_usd if total else None,
        "levelised_cost_usd": total.levelised_cost_usd if total else None,
        **years_document(lane.years, start, months),
    }


def _by_year(found: SideBySide, asked: Sequence[str]) -> list[LaneMoney]:
    """The lanes to tell by year."""
    if asked:
        return [lane for name in asked for lane in found.of(name) if lane.years]
    cheapest = [lane for name in found.systems if (lane := found.cheapest(name))]
    most = max((len(lane.served) for lane in cheapest), default=0)
    return [lane for lane in cheapest if len(lane.served) == most]
