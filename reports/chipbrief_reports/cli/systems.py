"""`chipbrief systems`: the registry, and every number of one system with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, strict_option
from chipbrief_reports.cli.output import table

if TYPE_CHECKING:
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
  chipbrief systems ID --json | jq .figures""",
)
@click.argument("system", metavar="[ID]", required=False, shell_complete=loading.complete_hardware)
@strict_option
def command(system: str | None, strict: bool) -> Reply:
    """List the systems, or show every figure of one.

    ID is an id or an alias. Each figure of a system is one row: its path in the profile, value, range, kind of
    evidence, date, source and note.
    """
    registry = loading.registry(strict=strict)
    if system is None:
        return Reply(list_document(registry), list_text)
    return Reply(profile_document(registry[system]), profile_text)


def _quantity(dimension: str, value: float) -> dict[str, Any]:
    from chipbrief.units import DIMENSIONS

    return {"value": value, "unit": DIMENSIONS[dimension].si, "text": DIMENSIONS[dimension].format(value)}


# -- all ------------------------------------------------------------------------------------------------------


def list_document(registry: Registry) -> Document:
    """One entry a system."""
    return {"systems": [_summary(hardware) for hardware in registry]}


def _summary(hardware: Hardware) -> dict[str, Any]:
    profile = hardware.profile
    speeds = [figure.kind for _, figure in profile.figures.values() if figure.dimension.name == "speed"]
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
        "figures": len(profile.figures),
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
        ">speeds measured",
        ">claimed",
    )
    rows = [
        (
            s["id"],
            s["name"],
            s["chip"],
            str(s["chips_per_system"]),
            *(s[f"{part}_per_system"]["text"] for part in ("memory", "bandwidth", "power", "price")),
            *(str(s[name]) for name in ("figures", "speeds_measured", "speeds_claimed")),
        )
        for s in document["systems"]
    ]
    return table(headings, rows) if rows else "no system: every plugin failed (see chipbrief plugins)"


# -- one ------------------------------------------------------------------------------------------------------


def profile_document(hardware: Hardware) -> Document:
    """A system with its texts, every figure and every source."""
    profile = hardware.profile
    return {
        **_summary(hardware),
        "aliases": list(profile.aliases),
        "summary": profile.summary,
        "strengths": list(profile.strengths),
        "limitations": list(profile.limitations),
        "formats": list(profile.formats.storage),
        "figures": [_figure(profile, name) for name in profile.figures],
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
    head = [f"{document['name']} ({document['id']}), {document['vendor']}", document["summary"], ""]
    head += [f"+ {line}" for line in document["strengths"]] + [f"- {line}" for line in document["limitations"]]
    rows = [
        (f["path"], f["text"], f["range_text"] or "-", f["kind"], f["date"], _evidence(f)) for f in document["figures"]
    ]
    figures = table(("figure", ">value", "range", "kind", "date", "source; note"), rows)
    return "\n".join([*head, "", figures, "", f"{len(rows)} figures, {len(document['sources'])} sources"])


def _evidence(figure: dict[str, Any]) -> str:
    return f"{figure['source_title']} <{figure['locator']}>" + (f"; {figure['note']}" if figure["note"] else "")
