"""`chipbrief sweep`: millions of operating points over hardware, models, requests, batches, prices and power."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, strict_option
from chipbrief_reports.cli.output import complain, table

if TYPE_CHECKING:
    from chipbrief.catalogue import Catalogue
    from chipbrief.registry import Registry
    from chipbrief.sweep import Outcome, Plan, Progress, Sweep

__all__ = ["command", "document", "plan_document", "text"]

MOST_ROWS = 100_000_000  # cells that are written without being asked twice: some 20 GB of CSV, 5 of Parquet
MOST_REDUCED = 10_000_000_000  # the same for reductions: about an hour of one core
SHOWN = 10  # rows of a result on the terminal
QUIET_S = 5.0  # between two lines where there is no terminal
Tell = Callable[["Progress"], None]


@click.command(
    "sweep",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief sweep --example > sweep.yaml         a file to start from
  chipbrief sweep sweep.yaml --dry-run           how many points and parts
  chipbrief sweep sweep.yaml --output out        run it; the same command goes on after a stop
  chipbrief sweep sweep.yaml --engine processes  on all processors""",
)
@click.argument("file", metavar="[SWEEP.yaml]", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder to write to; made if it is not there.  [default: NAME-sweep, by the name in the file]",
)
@click.option(
    "--engine",
    metavar="ENGINE",
    default="serial",
    show_default=True,
    help="Where to compute: serial, processes, processes:N or dask:ADDRESS.",
)
@click.option("--dry-run", is_flag=True, help="Tell the parts and points, and compute nothing.")
@click.option("--restart", is_flag=True, help="Begin anew, whatever the folder holds of a sweep.")
@click.option("--yes", is_flag=True, help="Run a sweep of very many points without being asked twice.")
@click.option("-q", "--quiet", is_flag=True, help="Tell no progress.")
@click.option("--example", is_flag=True, help="Print a sweep to start from, and nothing else.")
@strict_option
def command(
    file: Path | None,
    output: Path | None,
    engine: str,
    dry_run: bool,
    restart: bool,
    yes: bool,
    quiet: bool,
    example: bool,
    strict: bool,
) -> Reply:
    """Compute every point of a grid of axes.

    SWEEP.yaml names axes (hardware, model, precision, chips, batch, context, output, prices, power, finance terms),
    the metrics to tell and limits to keep. Every point is written, to parts in CSV or Parquet, or a reduction: the
    best, the top k, the Pareto front, a histogram or a count. What a system cannot do is refused with its reason, and
    counted. A stopped sweep goes on where it was when the same command is run again; complete parts are kept.
    """
    if example:
        return Reply({"example": _example()}, lambda found: str(found["example"]).rstrip("\n"))
    if file is None:
        raise click.UsageError("Missing argument 'SWEEP.yaml'; --example prints one.")
    registry, catalogue = loading.registry(strict=strict), loading.catalogue()
    from chipbrief.sweep import Plan, load_sweep

    wanted = load_sweep(file, models=catalogue.names, hardware=registry.names)
    plan, folder = Plan.of(wanted), output or Path(f"{wanted.name}-sweep")
    if dry_run:
        return Reply(plan_document(plan, folder), _plan_text)
    _check_size(plan, file, yes=yes)
    outcome = _run(wanted, registry, catalogue, engine, folder, restart=restart, quiet=quiet)
    return Reply(document(outcome, folder), text)


def _example() -> str:
    from chipbrief_templates import EXAMPLE_SWEEP

    return EXAMPLE_SWEEP.read_text(encoding="utf-8")


def _check_size(plan: Plan, file: Path, *, yes: bool) -> None:
    from chipbrief.errors import InputError, Problem

    most = MOST_REDUCED if plan.sweep.reduce else MOST_ROWS
    if plan.cells > most and not yes:
        kind = "points" if plan.sweep.reduce else "points, each a row"
        message = f"the axes make {plan.cells:,} {kind}, more than {most:,}: --yes runs them all the same"
        raise InputError([Problem(message, str(file))])


def _run(
    wanted: Sweep,
    registry: Registry,
    catalogue: Catalogue,
    engine: str,
    folder: Path,
    *,
    restart: bool,
    quiet: bool,
) -> Outcome:
    from chipbrief.engine import WorkerLostError, open_engine
    from chipbrief.registry import registry_fingerprint
    from chipbrief.sweep import run_sweep

    try:
        with open_engine(engine, fingerprint=registry_fingerprint) as place, _watched(quiet=quiet) as tell:
            return run_sweep(wanted, registry, catalogue, place, folder, restart=restart, progress=tell)
    except WorkerLostError as error:
        raise click.ClickException(f"{error}; the same command goes on with the parts that are missing") from None
    except KeyboardInterrupt:
        complain(f"stopped; the same command goes on from the complete parts in {folder}")
        raise click.Abort from None


# -- progress -------------------------------------------------------------------------------------------------


@contextmanager
def _watched(*, quiet: bool) -> Iterator[Tell]:
    """Progress with its rate and the time that remains: a bar on a terminal, else a line every few seconds."""
    began = time.monotonic()
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar(began) as tell:
            yield tell
    else:
        yield _Lines(began)


@contextmanager
def _bar(began: float) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
    with Bars(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bars:
        task = bars.add_task("", total=None)

        def tell(now: Progress) -> None:
            bars.update(task, total=now.parts, completed=now.done, description=_pace(now, time.monotonic() - began))

        yield tell


class _Lines:
    """A line at most every few seconds."""

    def __init__(self, began: float) -> None:
        self._began = self._told = began

    def __call__(self, now: Progress) -> None:
        at = time.monotonic()
        if at - self._told >= QUIET_S:
            self._told = at
            complain(_pace(now, at - self._began))


def _pace(now: Progress, seconds: float) -> str:
    """`12 of 40 parts, 3,145,728 points, 2,900,000 points/s, 4 s left`."""
    told = f"{now.done:,} of {now.parts:,} parts"
    if now.done == now.before:
        return told
    left = seconds * (now.parts - now.done) / (now.done - now.before)
    return f"{told}, {now.points:,} points, {_rounded(now.points / seconds)} points/s, {_duration(left)} left"


def _rounded(rate: float) -> str:
    """A rate in two digits."""
    return f"{float(f'{rate:.2g}'):,.0f}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


# -- what is told ---------------------------------------------------------------------------------------------


def plan_document(plan: Plan, folder: Path) -> Document:
    """What would be computed."""
    axes = {name: len(values) for name, values in plan.content["axes"].items()}
    return {
        "name": plan.sweep.name,
        "axes": axes,
        "points": plan.cells,
        "several_shapes": plan.sweep.axes.chips != ("smallest",),
        "parts": plan.parts,
        "output": folder,
    }


def _plan_text(document: Document) -> str:
    rows = [(name, f"{length:,}") for name, length in document["axes"].items()]
    each = ", in each shape that fits," if document["several_shapes"] else ""
    parts = f"{document['parts']:,} {'part' if document['parts'] == 1 else 'parts'}"
    found = f"{document['points']:,} points{each} in {parts}, to {document['output']}; nothing was run"
    return f"{table(('axis', '>values'), rows)}\n\n{found}"


def document(outcome: Outcome, folder: Path) -> Document:
    """Counts, what was refused, and the result of a reduction."""
    from chipbrief.sweep import KINDS, counts_of

    names = [column.name for column in outcome.columns]
    reduced = outcome.rows is not None
    return {
        "name": outcome.plan.sweep.name,
        "output": folder,
        "parts": outcome.plan.parts,
        "parts_kept_from_before": outcome.kept_parts,
        **counts_of(outcome.tally),
        "reasons": dict(KINDS),
        "seconds": round(outcome.seconds, 3),
        "points_s": round(outcome.computed / outcome.seconds) if outcome.computed else None,
        "columns": [{"name": c.name, "unit": c.unit} for c in outcome.columns],
        "reduction": outcome.plan.content["reduce"],
        "result": [dict(zip(names, row, strict=True)) for row in outcome.rows or ()] if reduced else None,
        "files": f"parts/part-*.{outcome.plan.sweep.format}" if not reduced else "result.csv",
    }


def text(document: Document) -> str:
    """Counts, reasons and the first rows of a result."""
    parts = [_counts(document)]
    if document["result"]:
        parts.append(_result(document))
    folder = Path(document["output"])
    parts.append(f"{folder / document['files']}\n{folder / 'refusals.csv'}\n{folder / 'result.json'}")
    return "\n\n".join(parts)


def _counts(document: Document) -> str:
    rows = [("points", f"{document['points']:,}"), ("computed", f"{document['computed']:,}")]
    if document["outside_limits"]:
        rows.append(("  outside the limits", f"{document['outside_limits']:,}"))
    rows.append(("  that count" if document["result"] is not None else "  rows", f"{document['rows']:,}"))
    refused = {document["reasons"][kind]: points for kind, points in document["refused"].items() if points}
    rows.append(("refused", f"{sum(refused.values()):,}"))
    rows += [(f"  {reason}", f"{points:,}") for reason, points in refused.items()]
    return f"{_heading(document)}\n{table(('', '>points'), rows)}"


def _heading(document: Document) -> str:
    kept, parts = document["parts_kept_from_before"], document["parts"]
    before = f", {kept:,} of them from before" if kept else ""
    told = f"{document['name']}: {parts:,} {'part' if parts == 1 else 'parts'}{before}"
    if not document["points_s"]:
        return told
    return f"{told}, {document['seconds']:.3g} s, {_rounded(document['points_s'])} points/s"


def _result(document: Document) -> str:
    """The first rows: where they stand, and what they were chosen by."""
    rows = document["result"][:SHOWN]
    names = [name for name in rows[0] if _tells(name, document["reduction"], rows)]
    numeric = {n for n in names if any(type(row[n]) in (int, float) for row in rows)}
    headings = [f">{n}" if n in numeric else n for n in names]
    more = len(document["result"]) - len(rows)
    shown = table(headings, [[_shown(row[n]) for n in names] for row in rows])
    return shown + (f"\n... and {more:,} more {'row' if more == 1 else 'rows'} in result.csv" if more else "")


def _tells(name: str, reduction: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    """Whether a column is shown: the point's name, what it was chosen by, and what differs; bands of these alone."""
    chosen = {reduction.get("metric"), *(reduction.get("metrics") or ())}
    if name.removesuffix("_low").removesuffix("_high") != name:
        return name.removesuffix("_low").removesuffix("_high") in chosen
    return name in {"hardware", "model", "deployment", *chosen} or len({str(row[name]) for row in rows}) > 1


def _shown(value: Any) -> str:
    """Four digits of a number."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    digits = f"{value:,.4g}"
    return f"{float(digits.replace(',', '')):,.0f}" if "e+" in digits else digits
