"""`chipbrief build`: print a briefing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chipbrief.errors import Problem, did_you_mean
from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import (
    Document,
    Reply,
    ReportCommand,
    as_of_option,
    sampling_options,
    strict_option,
)
from chipbrief_reports.cli.failure import FAILED, error_document
from chipbrief_reports.cli.output import complain, progress

if TYPE_CHECKING:
    from chipbrief_reports.press import BuildReport

__all__ = ["FORMATS", "command", "document", "text"]

FORMATS = ("html", "pdf", "xlsx", "csv", "json", "md")


def _formats(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """`html,pdf` as a tuple without repeats; refuses what is not a format, and none at all."""
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if name not in FORMATS:
            raise click.BadParameter(f"unknown format {name!r}{did_you_mean(name, FORMATS) or _one_of()}")
    return tuple(dict.fromkeys(names))


def _one_of() -> str:
    return f"; expected some of {','.join(FORMATS)}"


@click.command(
    "build",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief build                              the default example
  chipbrief build mix.yaml --output out        out/briefing.html, .pdf, .xlsx, .md and out/data/
  chipbrief build mix.yaml --summary           one page: briefing/summary.html, .pdf and .md
  chipbrief build briefing.yaml --format html,xlsx --as-of 2026-11-23""",
)
@click.argument("file", metavar="[FILE.yaml]", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    default="briefing",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder to write to; made if it is not there.",
)
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    callback=_formats,
    help="Some of html,pdf,xlsx,csv,json,md.  [default: the briefing's own, else all]",
)
@click.option(
    "--summary",
    is_flag=True,
    help="Print page one alone, as summary.html, .pdf and .md; --format takes others.",
)
@as_of_option
@sampling_options
@strict_option
def command(
    file: Path | None,
    output: Path,
    formats: tuple[str, ...] | None,
    summary: bool,
    as_of: str | None,
    samples: int | None,
    seed: int | None,
    strict: bool,
) -> Reply:
    """Print a briefing from a mix or a briefing file.

    Writes briefing.html, briefing.pdf, briefing.xlsx, briefing.md and the folder data/ (csv and json) to the output
    folder, and lists them. Nothing is written when the input is wrong. Where Pango is missing, all but the PDF is
    written, the exit code is 1, and the packages to install are named.
    """
    date = None if as_of is None else loading.as_of_date(as_of)
    registry, catalogue = loading.registry(strict=strict), loading.catalogue()
    from chipbrief_reports import press

    with progress() as say:
        report = press.build(
            file,
            output,
            registry=registry,
            catalogue=catalogue,
            as_of=date,
            formats=formats,
            samples=samples,
            seed=seed,
            summary=summary,
            progress=say,
        )
    for warning in report.warnings:
        complain(f"warning: {warning}")
    if report.pdf_refused:
        complain(f"error: {report.pdf_refused}")
    return Reply(document(report), text, FAILED if report.pdf_refused else 0)


def document(report: BuildReport) -> Document:
    """What was written; with `error` beside it where the PDF was refused."""
    found: Document = {
        "written": list(report.written),
        "pages": report.pages,
        "warnings": list(report.warnings),
        "pdf_refused": report.pdf_refused,
    }
    return found | (error_document(FAILED, [Problem(report.pdf_refused)]) if report.pdf_refused else {})


def text(document: Document) -> str:
    """One path a line, the PDF's with its pages."""
    pages = document["pages"]
    counted = f" ({pages} {'page' if pages == 1 else 'pages'})" if pages else ""
    return "\n".join(f"{path}{counted if path.suffix == '.pdf' else ''}" for path in document["written"])
