"""`chipbrief plugin`: a new vendor plugin, and the checks that one must pass."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, NamingGroup, Reply, ReportCommand, as_of_option
from chipbrief_reports.cli.output import complain
from chipbrief_reports.cli.plugin_new import KINDS, Kind, scaffold

if TYPE_CHECKING:
    from chipbrief.conformance import Report

__all__ = ["check", "check_text", "command", "entry", "new"]


@click.group(
    "plugin",
    cls=NamingGroup,
    epilog="""\b
Examples:
  chipbrief plugin new acme                  ./chipbrief-acme, a package whose tests say what is to do
  chipbrief plugin check acme                what it must keep (docs/conformance.md)
  chipbrief plugin check --json              all of them, as one JSON document
  chipbrief --plugin acme.yaml plugin check acme""",
)
def command() -> None:
    """Start a vendor plugin, and check one."""


@command.command(
    "new",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief plugin new acme
  chipbrief plugin new acme --kind sram -o ~/src""",
)
@click.argument("name", metavar="NAME")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="hbm",
    show_default=True,
    help="Physics of its first system: memory read at every step, a pipeline of SRAM, or a model of its own.",
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    default=".",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write chipbrief-NAME into.",
)
def new(name: str, kind: Kind, output: Path) -> Reply:
    """Write chipbrief-NAME, a package for a vendor's systems.

    It installs as it is, and its tests run at once: they fail with a list of the figures that are to be filled in.
    """
    written = scaffold(name, kind, output, loading.as_of_date(None))
    return Reply({"name": name, "kind": kind, "written": written}, _new_text)


def _new_text(document: Document) -> str:
    folder = Path(document["written"][0]).parent
    listed = "\n".join(str(path) for path in document["written"])
    return f"{listed}\n\nNext: cd {folder} && pip install -e '.[test]' && pytest"


@command.command(
    "check",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief plugin check acme
  chipbrief plugin check --json | jq '.plugins[] | select(.passed | not) | .findings[]'""",
)
@click.argument("names", metavar="[NAME ...]", nargs=-1)
@click.option(
    "--seconds",
    type=click.FloatRange(1.0),
    metavar="N",
    help="The most that the checks of one plugin may take.  [default: 120]",
)
@as_of_option
def check(names: tuple[str, ...], seconds: float | None, as_of: str | None) -> Reply:
    """Hold a plugin, or all of them, against what every plugin must keep.

    NAME is that of `chipbrief plugins`. Each plugin is checked in a process of its own, so that one that ends it or
    takes for ever is told like any other. docs/conformance.md lists the checks; the exit code is 1 if one finds
    something.
    """
    from chipbrief.conformance import LIMIT_S, examine_apart, named
    from chipbrief.registry import candidates

    day = date.fromisoformat(loading.as_of_date(as_of))
    chosen = [named(name).name for name in names] if names else [found.name for found in candidates()]
    reports = []
    for name in dict.fromkeys(chosen):
        complain(f"checking {name}")
        reports.append(examine_apart(name, day, limit_s=LIMIT_S if seconds is None else seconds))
    document = {"as_of": day.isoformat(), "plugins": [entry(report) for report in reports]}
    return Reply(document, check_text, exit_code=0 if all(report.passed for report in reports) else 1)


def entry(report: Report) -> dict[str, Any]:
    """A plugin with all that was found."""
    from chipbrief.conformance import CHECKS

    return {
        "name": report.plugin.name,
        "distribution": report.plugin.distribution,
        "version": report.plugin.version,
        "hardware": list(report.plugin.hardware),
        "passed": report.passed,
        "not_reached": [name for name in CHECKS if name not in report.reached],
        "findings": [
            {"check": found.check, "where": found.where, "message": found.sentence} for found in report.findings
        ],
    }


def check_text(document: Document) -> str:
    """A line a finding under each plugin, and the count of checks."""
    return "\n".join(line for plugin in document["plugins"] for line in _lines(plugin))


def _lines(plugin: dict[str, Any]) -> list[str]:
    from chipbrief.conformance import CHECKS

    where = f"{plugin['name']} ({plugin['distribution']} {plugin['version']})"
    if plugin["passed"]:
        return [f"{where}: {len(CHECKS)} checks passed: {', '.join(plugin['hardware'])}"]
    failed = {found["check"] for found in plugin["findings"]}
    lines = [f"{where}: {len(failed)} of {len(CHECKS)} checks failed"]
    lines += [f"  {found['check']}: {found['message']}" for found in plugin["findings"]]
    if plugin["not_reached"]:
        lines.append(f"  not reached: {', '.join(plugin['not_reached'])}")
    return lines
