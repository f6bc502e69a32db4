"""What stands behind every system: cited figures, assumptions, measured points and the error on them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from chipbrief_reports.cli.command import Document
from chipbrief_reports.cli.output import table

if TYPE_CHECKING:
    from chipbrief.catalogue import Catalogue
    from chipbrief.evidence import Score
    from chipbrief.hardware import Hardware
    from chipbrief.registry import Registry

__all__ = ["evidence_document", "evidence_text"]

CONSTANTS = {"own": "own points", "family": "its family's", "pooled": "pooled, no family"}


def evidence_document(registry: Registry, catalogue: Catalogue) -> Document:
    """One entry a system; errors are fractions, on the points that ship."""
    from chipbrief.evidence.model_error import model_error

    error = model_error(registry, catalogue)
    return {"systems": [_entry(hardware, error.of_system(hardware.id)) for hardware in registry]}


def _entry(hardware: Hardware, score: Score) -> dict[str, Any]:
    from chipbrief.hardware.calibration import FITTED_SOURCES

    profile = hardware.profile
    stated = {n: f for n, f in profile.own_figures.items() if f.source not in FITTED_SOURCES}
    kinds = Counter(
        "assumed" if f.kind == "assumed" else "derived" if f.kind == "derived" else "cited" for f in stated.values()
    )
    return {
        "id": profile.id,
        "name": profile.name,
        "figures_cited": kinds["cited"],
        "figures_derived": kinds["derived"],
        "figures_assumed": kinds["assumed"],
        "sources": len(profile.sources),
        "constants": _constants(hardware),
        "measured_points": score.points,
        "points_predicted": score.covered,
        "median_error": score.median,
        "inside_80_interval": score.inside,
        "assumed": [n.removeprefix(f"{profile.id}:") for n, f in stated.items() if f.kind == "assumed"],
    }


def _constants(hardware: Hardware) -> str:
    """Whose points the fitted constants are of: its own, of its family of chips, or of all other chips."""
    on = hardware.profile.calibrated_on
    if hardware.id in (*on.times.hardware, *on.throughput.hardware):
        return "own"
    return "family" if on.times.hardware or on.throughput.hardware else "pooled"


def evidence_text(document: Document) -> str:
    """A row a system, then what the columns mean."""
    headings = (
        "system",
        ">cited",
        ">derived",
        ">assumed",
        "constants of",
        ">points",
        ">median error",
        ">inside 80 %",
        "assumed",
    )
    rows = [
        (
            s["id"],
            str(s["figures_cited"]),
            str(s["figures_derived"]),
            str(s["figures_assumed"]),
            CONSTANTS[s["constants"]],
            str(s["measured_points"] or "none"),
            _percent(s["median_error"]),
            _percent(s["inside_80_interval"]),
            ", ".join(_grouped(s["assumed"])),
        )
        for s in document["systems"]
    ]
    notes = (
        "cited, derived, assumed: figures of the profile, without the fitted constants; every one has a source",
        "constants of: whose measured points the constants are fitted to; pooled: no point of the family was fitted",
        "points: those that ship, none of them fitted to; error: predicted over measured, less 1, without its sign",
    )
    return "\n".join([table(headings, rows), "", *notes])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _grouped(names: list[str]) -> list[str]:
    """`latency.host, latency.hop` as `latency (2)`; single ones whole."""
    parts = Counter(name.split(".")[0] for name in names)
    told = {part: f"{part} ({many})" for part, many in parts.items() if many > 1}
    return list(dict.fromkeys(told.get(name.split(".")[0], name) for name in names))
