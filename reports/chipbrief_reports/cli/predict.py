"""`chipbrief predict`: a table of operating points in, the same table with predictions out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, strict_option
from chipbrief_reports.cli.output import complain, progress
from chipbrief_reports.cli.writing import check_place, put

if TYPE_CHECKING:
    from chipbrief.catalogue import Catalogue
    from chipbrief.evidence.points import Point, PointsFile, Prediction
    from chipbrief.registry import Registry

__all__ = ["ADDED", "command", "csv_text", "document", "points_of", "predictions_of", "summary"]

ADDED = ("predicted", "low", "high", "status", "reason")
STDIN = Path("-")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@click.command(
    "predict",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief predict points.csv                         the table, to standard output
  chipbrief predict points.csv --output predicted.csv
  chipbrief predict - < points.csv | head""",
)
@click.argument("points", metavar="POINTS.csv", type=click.Path(path_type=Path))
@click.option("-o", "--output", metavar="OUT.csv", type=click.Path(path_type=Path), help="File to write to.")
@strict_option
def command(points: Path, output: Path | None, strict: bool) -> Reply:
    """Predict the metric of every row of a table.

    POINTS.csv (- for standard input) needs the columns hardware, model and metric: tpot_ms, ttft_ms, e2e_ms,
    tok_s_total, tok_s_per_chip or tok_s_per_user. n_chips, precision, isl, isl_effective, osl, concurrency, scenario,
    ttft_slo_ms, tpot_slo_ms, speculative, tp, dp and a shape such as TP8 in system are used where they are given. All
    columns are passed through, and five are added: predicted (in the unit of the metric), low and high (80 %
    interval), status (ok or refused) and reason (why refused, or what was filled in); columns of these names that
    come with the table are replaced. A row that is refused does not fail the run.
    """
    if output is not None:
        check_place(output)
    file = points_of(points)
    registry, catalogue = loading.registry(strict=strict), loading.catalogue()
    predictions = predictions_of(file.points, registry, catalogue)
    table = csv_text(file, predictions)
    if output is not None:
        put(output, table.encode())
    complain(summary(predictions))
    text = table.removesuffix("\n") if output is None else str(output)
    return Reply(document(file, predictions, output), lambda _: text)


def points_of(path: Path) -> PointsFile:
    """Read a points file, or standard input for `-`."""
    from chipbrief.evidence.points import parse_points, read_points

    return parse_points(sys.stdin.buffer, "<stdin>") if path == STDIN else read_points(path)


def predictions_of(points: Sequence[Point], registry: Registry, catalogue: Catalogue) -> list[Prediction]:
    """Predict every point, with a bar on a terminal and in silence elsewhere: there are thousands."""
    from chipbrief.evidence.predict import predict

    if not sys.stderr.isatty():
        return predict(points, registry, catalogue)
    with progress(len(points)) as say:
        return predict(points, registry, catalogue, progress=say)


def summary(predictions: Sequence[Prediction]) -> str:
    """`1,757 rows: 1,640 predicted, 117 refused`."""
    rows, covered = len(predictions), sum(told.covered for told in predictions)
    return f"{rows:,} {'row' if rows == 1 else 'rows'}: {covered:,} predicted, {rows - covered:,} refused"


def document(file: PointsFile, predictions: Sequence[Prediction], output: Path | None) -> Document:
    """Counts, what was written, and a prediction a row."""
    covered = sum(told.covered for told in predictions)
    return {
        "rows": len(predictions),
        "predicted": covered,
        "refused": len(predictions) - covered,
        "interval": "80 %",
        "written": None if output is None else str(output),
        "predictions": [_prediction(p, told) for p, told in zip(file.points, predictions, strict=True)],
    }


def _prediction(point: Point, told: Prediction) -> dict[str, Any]:
    from chipbrief.evidence.points import METRICS

    return {
        "line": point.line,
        "id": point.id or None,
        "hardware": point.hardware,
        "model": point.model,
        "metric": point.metric,
        "unit": METRICS[point.metric],
        "predicted": told.predicted,
        "low": told.low,
        "high": told.high,
        "status": told.status,
        "reason": told.reason or None,
    }


# -- the table ------------------------------------------------------------------------------------------------


def csv_text(file: PointsFile, predictions: Sequence[Prediction]) -> str:
    """The rows as they came, with the added columns last; columns of these names that came with them go."""
    import csv
    import io

    kept = [i for i, name in enumerate(file.header) if name.strip() not in ADDED]
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow([*(_safe(file.header[i]) for i in kept), *ADDED])
    for cells, told in zip(file.rows, predictions, strict=True):
        out.writerow([*(_safe(cells[i]) for i in kept), *_added(told)])
    return text.getvalue()


def _added(told: Prediction) -> Iterator[str]:
    for value in (told.predicted, told.low, told.high):
        yield "" if value is None else _figures(value)
    yield told.status
    yield _safe(told.reason)


def _figures(value: float) -> str:
    """Six significant figures, and a whole number without a point."""
    from chipbrief_reports.wording import significant

    return repr(significant(float(value), 6)).removesuffix(".0")


def _safe(cell: str) -> str:
    """A quote in front of a text that a spreadsheet would run as a formula; numbers may begin with a sign."""
    from chipbrief_reports.export import DANGEROUS

    return f"'{cell}" if cell.startswith(DANGEROUS) and not _NUMBER.fullmatch(cell) else cell
