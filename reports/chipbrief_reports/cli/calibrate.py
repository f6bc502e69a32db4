"""`chipbrief calibrate`: the constants of every family of chips, refitted to measured points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, strict_option
from chipbrief_reports.cli.output import complain, table
from chipbrief_reports.cli.predict import points_of
from chipbrief_reports.cli.writing import check_place, put

if TYPE_CHECKING:
    from chipbrief.calibrate import Calibration

__all__ = ["command", "document", "folder_of", "text"]

FILE = "calibration.yaml"


@click.command(
    "calibrate",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief calibrate measured.csv --output calibrated     a folder a vendor, some minutes
  cp calibrated/acme/calibration.yaml path/to/chipbrief_acme/""",
)
@click.argument("measured", metavar="MEASURED.csv", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", metavar="DIR", required=True, type=click.Path(path_type=Path), help="Folder to write to."
)
@click.option("--quiet", is_flag=True, help="No lines about the progress.")
@strict_option
def command(measured: Path, output: Path, quiet: bool, strict: bool) -> Reply:
    """Refit the models' constants to measured points.

    Fits the rows of the split `calibrate` (all scored rows, in a file without that column), leaves out whole sweeps,
    models and systems in turn to see how far off unseen points are, and writes DIR/VENDOR/calibration.yaml for every
    vendor with points. A profile that names a family of that file takes its constants and its intervals from it. The
    same points give the same bytes. Needs SciPy: pip install 'chipbrief[calibrate]'.
    """
    from chipbrief.calibrate import calibrate

    file = points_of(measured)
    registry, catalogue = loading.registry(strict=strict), loading.catalogue()
    for vendor in sorted({hardware.profile.vendor for hardware in registry}):
        check_place(output / folder_of(vendor) / FILE)
    say = (lambda _: None) if quiet else complain
    found = calibrate(file.points, registry, catalogue, measured=Path(file.name).name, progress=say)
    written = []
    for vendor, content in sorted(found.texts.items()):
        place = output / folder_of(vendor) / FILE
        put(place, content.encode())
        written.append(str(place))
    return Reply(document(found, written), text)


def folder_of(vendor: str) -> str:
    """A vendor's name as a folder: letters, digits and hyphens in lower case."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in vendor.lower())
    return kept.strip("-") or "vendor"


def document(found: Calibration, written: Sequence[str]) -> Document:
    """Points and errors of every family of chips and of errors, as fractions, and the files."""
    import numpy as np

    from chipbrief.calibrate import error_summary

    return {
        "points": len(found.rows),
        "median_error": float(np.median(np.abs(np.expm1(found.errors)))),
        "families": error_summary(found),
        "written": list(written),
    }


def text(document: Document) -> str:
    """A line a family of chips and errors, then the files."""
    rows = [_row(family) for family in document["families"]]
    heads = ("vendor", "family", "errors", ">points", ">fitted to, median", ">p90", ">left out, median", ">p90")
    return table(heads, rows) + "\n\n" + "\n".join(document["written"])


def _row(family: dict[str, Any]) -> tuple[str, ...]:
    names = ("fitted_median", "fitted_p90", "left_out_median", "left_out_p90")
    return (
        family["vendor"],
        family["family"],
        family["errors"],
        f"{family['points']:,}",
        *(f"{family[name]:.1%}" for name in names),
    )
