"""`chipbrief sensitivity`: how sure the ranking of a mix is, what moves it, and where the cheapest offer changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, as_of_option, sampling_options, strict_option
from chipbrief_reports.cli.output import progress
from chipbrief_reports.cli.sensitivity_text import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chipbrief.evaluate import Interval, Results, TornadoBar
    from chipbrief.figures import Figure
    from chipbrief.sensitivity import AxisLine, BreakEven, ClassSensitivity, GridPoint, Offer, RankedOffer
    from chipbrief.workload import WorkloadMix

__all__ = ["command", "document"]


@click.command(
    "sensitivity",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief sensitivity                              the default example
  chipbrief sensitivity mix.yaml --class chat --hardware ID --hardware ID
  chipbrief sensitivity mix.yaml --json | jq '.classes[0].break_evens'""",
)
@click.argument("mix", metavar="[MIX.yaml]", required=False, type=click.Path(path_type=Path))
@click.option("--class", "classes", metavar="ID", multiple=True, help="A class instead of all; may be repeated.")
@loading.hardware_option
@as_of_option
@sampling_options
@strict_option
def command(
    mix: Path | None,
    classes: tuple[str, ...],
    hardware: tuple[str, ...],
    as_of: str | None,
    samples: int | None,
    seed: int | None,
    strict: bool,
) -> Reply:
    """Say how sure the cheapest offer of each class is.

    For each class: in what share of the draws each offer is the cheapest, which inputs move the leading offer's price
    most, and the output length, volume, utilisation, electricity price and system price at which the winner changes.
    """
    run = loading.run(mix, hardware, as_of, strict=strict)
    run = replace(run, mix=_only(run.mix, classes))
    from chipbrief.sensitivity import sensitivity

    with progress(run.steps + len(run.mix.classes)) as say:
        results = run.evaluated(say, samples, seed)
        found = sensitivity(results, say)
    return Reply(document(results, found), text)


def _only(mix: WorkloadMix, names: Sequence[str]) -> WorkloadMix:
    """The mix with some of its classes; raises InputError naming every one that it does not have."""
    from chipbrief.errors import InputError, Problem, did_you_mean

    if not names:
        return mix
    known = [wanted.id for wanted in mix.classes]
    expected = f"; expected one of {', '.join(known)}"
    problems = [
        Problem(f"no class {name!r}" + (did_you_mean(name, known) or expected), field="--class")
        for name in names
        if name not in known
    ]
    if problems:
        raise InputError(problems)
    return mix.model_copy(update={"classes": tuple(wanted for wanted in mix.classes if wanted.id in names)})


# -- as data --------------------------------------------------------------------------------------------------


def document(results: Results, found: Sequence[ClassSensitivity]) -> Document:
    """The whole as data; names carry the unit, ranges are 80 % intervals."""
    figures = {name: figure for name, (figure, _) in results.figures().items()}
    return {
        "mix": results.mix.name,
        "title": results.mix.label,
        "as_of": results.as_of,
        "samples": results.samples,
        "seed": results.seed,
        "interval": "80 %",
        "systems": [hardware.id for hardware in results.systems],
        "plugins_failed": [str(record) for record in results.missing],
        "classes": [_class(results, each, figures) for each in found],
    }


def _class(results: Results, found: ClassSensitivity, figures: Mapping[str, Figure]) -> dict[str, Any]:
    wanted, ranking = results.wanted(found.class_id), found.ranking
    least = min(ranking.offers, key=lambda ranked: ranked.usd_mtok.value, default=None)
    systems: dict[str, float] = {}
    for ranked in ranking.offers:
        systems[ranked.offer.hardware] = systems.get(ranked.offer.hardware, 0.0) + ranked.cheapest_share
    return {
        "id": wanted.id,
        "title": wanted.label,
        "model": wanted.model,
        "leader": _offer(ranking.leader.offer) if ranking.leader else None,
        "cheapest_at_values": _offer(least.offer) if least else None,
        "offers": [_ranked(ranked) for ranked in ranking.offers],
        "cheapest_share_by_system": systems,
        "tied_share": ranking.tied_share,
        "not_offered": {o.hardware: o.reason for o in results.of_class(wanted.id) if o.status != "meets"},
        "tornado": _bars(results, found, figures),
        "break_evens": [
            {"axis": axis.axis, "of": _offer(axis.of) if axis.of else None, **_change(change, axis, figures)}
            for axis in found.axes
            for change in axis.changes
        ],
        "axes": [_axis(axis) for axis in found.axes],
    }


def _offer(offer: Offer) -> dict[str, str]:
    return {"system": offer.hardware, "lane": offer.lane}


def _interval(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _ranked(ranked: RankedOffer) -> dict[str, Any]:
    return {
        **_offer(ranked.offer),
        "provider": ranked.provider or None,
        "cheapest_share": ranked.cheapest_share,
        "usd_mtok": _interval(ranked.usd_mtok),
        "usd_month": _interval(ranked.usd_month),
    }


def _bars(results: Results, found: ClassSensitivity, figures: Mapping[str, Figure]) -> list[dict[str, Any]]:
    from chipbrief.sensitivity import model_bands

    leader = found.ranking.leader
    bands = model_bands(results, found.class_id, leader.offer) if leader else {}
    return [_bar(bar, figures.get(bar.figure), bands.get(bar.figure)) for bar in found.tornado]


def _bar(bar: TornadoBar, figure: Figure | None, band: tuple[float, float] | None) -> dict[str, Any]:
    ends: tuple[Any, ...] = (None, None, None)
    if figure is not None:
        ends = figure.text(figure.lowest), figure.text(), figure.text(figure.highest)
    elif band is not None:
        ends = f"x {band[0]:.2g}", "x 1", f"x {band[1]:.2g}"
    return {
        "input": bar.figure,
        "low": ends[0],
        "value": ends[1],
        "high": ends[2],
        "usd_mtok_at_low": bar.low,
        "usd_mtok_at_high": bar.high,
        "swing_usd_mtok": bar.swing,
    }


def _change(change: BreakEven, axis: AxisLine, figures: Mapping[str, Figure]) -> dict[str, Any]:
    figure = figures.get(axis.figure or "")
    return {
        "today": axis.today,
        "value": change.value,
        "below": _offer(change.before) if change.before else None,
        "above": _offer(change.after) if change.after else None,
        "by_service_levels": change.by_levels,
        "within_range": figure.lowest <= change.value <= figure.highest if figure and figure.ranged else None,
    }


def _axis(axis: AxisLine) -> dict[str, Any]:
    return {
        "axis": axis.axis,
        "of": _offer(axis.of) if axis.of else None,
        "figure": axis.figure,
        "today": axis.today,
        "low": axis.low,
        "high": axis.high,
        "chosen_again": axis.chosen_again,
        "changes": len(axis.changes),
        "grid": [_point(point) for point in axis.grid],
    }


def _point(point: GridPoint) -> dict[str, Any]:
    winner = _offer(point.winner) if point.winner else None
    return {"value": point.value, "cheapest": winner, "usd_mtok": point.usd_mtok}
