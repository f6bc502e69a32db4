"""`chipbrief systems`: the registry, and every number of one system with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, as_of_option, strict_option
from chipbrief_reports.cli.output import table
from chipbrief_reports.cli.systems_evidence import evidence_document, evidence_text
from chipbrief_reports.cli.systems_lint import lint_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chipbrief.figures import Figure, Source
    from chipbrief.hardware import Hardware, HardwareProfile
    from chipbrief.registry import Registry

__all__ = ["command", "list_document", "list_text", "profile_document", "profile_text"]

MEASURED = ("third_party_measured", "vendor_measured")


@click.command(
    "systems",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief systems                                    one line a system
  chipbrief systems ID | grep bandwidth                  its bandwidths, with their sources
  chipbrief systems ID --json | jq .figures
  chipbrief systems --evidence                         how well founded each is
  chipbrief systems --lint ID                          traps that its figures may be in""",
)
@click.argument("systems", metavar="[ID ...]", nargs=-1, shell_complete=loading.complete_hardware)
@click.option(
    "--evidence",
    is_flag=True,
    help="What stands behind every system: cited figures, assumptions, measured points and the error on them.",
)
@click.option("--lint", is_flag=True, help="Hold the figures of some systems, or of all, against the known traps.")
@click.option(
    "--months",
    type=click.IntRange(1, 1200),
    metavar="N",
    help="With --lint: how old a figure may be; prices a third of it.  [default: 18]",
)
@as_of_option
@strict_option
def command(
    systems: tuple[str, ...], evidence: bool, lint: bool, months: int | None, as_of: str | None, strict: bool
) -> Reply:
    """List the systems, or show every figure of one.

    ID is an id or an alias. Each figure of a system is one row: its path in the profile, value, range, kind of
    evidence, date, source and note. With --lint, of one system, several or all: what is probably wrong, by which rule
    (docs/lint.md), and what to do; the exit code is 1 if something is an error.
    """
    _check_usage(systems, evidence, lint, months, as_of)
    registry = loading.registry(strict=strict)
    if lint:
        return lint_reply(registry, systems, months, as_of)
    if evidence:
        return Reply(evidence_document(registry, loading.catalogue()), evidence_text)
    if not systems:
        return Reply(list_document(registry), list_text)
    return Reply(profile_document(registry[systems[0]], registry), profile_text)


def _check_usage(systems: tuple[str, ...], evidence: bool, lint: bool, months: int | None, as_of: str | None) -> None:
    """Refuse options that do not go together."""
    if evidence and lint:
        raise click.UsageError("--evidence and --lint are two lists: give one")
    if evidence and systems:
        raise click.UsageError("--evidence is of all systems: leave the ID out")
    if not lint and (months is not None or as_of is not None):
        raise click.UsageError("--months and --as-of are of --lint: add it, or leave them out")
    if not lint and len(systems) > 1:
        raise click.UsageError(f"one system at a time, got {' and '.join(systems)}; --lint takes several")


def _quantity(dimension: str, value: float) -> dict[str, Any]:
    from chipbrief.units import DIMENSIONS

    return {"value": value, "unit": DIMENSIONS[dimension].si, "text": DIMENSIONS[dimension].format(value)}


# -- all ------------------------------------------------------------------------------------------------------


def list_document(registry: Registry) -> Document:
    """One entry a system."""
    from chipbrief.evidence.standing import points_of

    points = points_of(registry)
    return {"systems": [_summary(hardware, points) for hardware in registry]}


def _summary(hardware: Hardware, points: Mapping[str, int]) -> dict[str, Any]:
    from chipbrief.evidence.standing import has_points

    profile = hardware.profile
    speeds = [figure.kind for figure in profile.own_figures.values() if figure.dimension.name == "speed"]
    return {
        "id": profile.id,
        "name": profile.name,
        "vendor": profile.vendor,
        "chip": profile.chip,
        "chips_per_system": profile.chips,
        "memory_kind": profile.memory.kind,
        "memory_per_system": _quantity("capacity", profile.memory.capacity.value * profile.chips),
        "bandwidth_per_system": _quantity("bandwidth", profile.memory.bandwidth.value * profile.chips),
        "power_per_system": _quantity("power", profile.power.system.value),
        "price_per_system": _quantity("money", profile.price.system.value),
        "figures": len(profile.own_figures),
        "measured_points": points.get(profile.id, 0),
        "measured": has_points(profile, points),
        "speeds_measured": sum(kind in MEASURED for kind in speeds),
        "speeds_claimed": speeds.count("vendor_claim"),
    }


def list_text(document: Document) -> str:
    """One line a system; memory, bandwidth, power and price are those of a whole system."""
    headings = (
        "id",
        "name",
        "chip",
        ">chips",
        ">memory",
        ">bandwidth",
        ">power",
        ">price",
        ">figures",
        ">points",
    )
    rows = [
        (
            s["id"],
            s["name"],
            s["chip"],
            str(s["chips_per_system"]),
            *(s[f"{part}_per_system"]["text"] for part in ("memory", "bandwidth", "power", "price")),
            str(s["figures"]),
            str(s["measured_points"] or ("fitted" if s["measured"] else "none")),
        )
        for s in document["systems"]
    ]
    if not rows:
        return "no system: every plugin failed (see chipbrief plugins)"
    note = "points: measured ones that ship; fitted: constants were fitted to some, none ships; none: none behind it"
    return f"{table(headings, rows)}\n\n{note}"


# -- one ------------------------------------------------------------------------------------------------------


def profile_document(hardware: Hardware, registry: Registry) -> Document:
    """A system with its texts, every figure and every source."""
    from chipbrief.evidence.standing import points_of

    profile = hardware.profile
    return {
        **_summary(hardware, points_of(registry)),
        "aliases": list(profile.aliases),
        "summary": profile.summary,
        "strengths": list(profile.strengths),
        "limitations": list(profile.limitations),
        "formats": list(profile.formats.storage),
        "partner": profile.partner.id if profile.partner else None,
        "figures": [_figure(profile, name) for name in profile.own_figures],
        "sources": {name: _source(source) for name, source in profile.sources.items()},
    }


def _figure(profile: HardwareProfile, name: str) -> dict[str, Any]:
    figure = profile.figures[name][1]
    source = profile.sources[figure.source]
    return {
        "id": name,
        "path": name.removeprefix(f"{profile.id}:"),
        "dimension": figure.dimension.name,
        "unit": figure.dimension.si,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "text": figure.text(),
        "range_text": _range(figure),
        "kind": figure.kind,
        "date": figure.date,
        "source": figure.source,
        "source_title": source.title,
        "locator": source.locator,
        "note": figure.note,
    }


def _range(figure: Figure) -> str | None:
    return f"{figure.text(figure.lowest)} to {figure.text(figure.highest)}" if figure.ranged else None


def _source(source: Source) -> dict[str, str]:
    return {"title": source.title, "locator": source.locator}


def profile_text(document: Document) -> str:
    """The texts, then one row a figure; source and note come last, so that nothing behind them is pushed away."""
    from chipbrief.evidence.standing import UNMEASURED

    head = [f"{document['name']} ({document['id']}), {document['vendor']}", document["summary"], ""]
    head += [f"+ {line}" for line in document["strengths"]] + [f"- {line}" for line in document["limitations"]]
    if not document["measured"]:
        head.append(f"! {UNMEASURED}: ranges are those of machines that the model has not seen")
    if document["partner"]:
        head.append(f"! works beside {document['partner']}, whose figures stand there")
    rows = [
        (f["path"], f["text"], f["range_text"] or "-", f["kind"], f["date"], _evidence(f)) for f in document["figures"]
    ]
    figures = table(("figure", ">value", "range", "kind", "date", "source; note"), rows)
    return "\n".join([*head, "", figures, "", f"{len(rows)} figures, {len(document['sources'])} sources"])


def _evidence(figure: dict[str, Any]) -> str:
    return f"{figure['source_title']} <{figure['locator']}>" + (f"; {figure['note']}" if figure["note"] else "")
