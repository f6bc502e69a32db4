"""Results as data files: CSV tables and one JSON document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipbrief.evaluate import Results
from chipbrief.evidence.model_error import ModelError
from chipbrief.evidence.standing import has_points

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DANGEROUS", "csv_files", "results_json", "tables"]

LINES = 3  # levels of the JSON document that have lines of their own: a row of a table is one
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def tables(results: Results, error: ModelError) -> Mapping[str, pd.DataFrame]:
    """Every table of the results and of the model's own error, by file name."""
    points = Counter(error.systems)
    measured = {hardware.id: has_points(hardware.profile, points) for hardware in results.systems}
    return {
        "operating_points": _told(results.points_table(), measured),
        "costs": _told(results.costs_table(), measured),
        "cost_lines": _told(results.lines_table(), measured),
        "frontier": _told(results.frontier_table(), measured),
        "inputs": results.inputs_table(),
        "model_error": error.scores_table(),
        "measured_points": error.points_table(),
    }


def _told(table: pd.DataFrame, measured: Mapping[str, bool]) -> pd.DataFrame:
    """The table with a last column that says whether a measured point stands behind each row's system."""
    return table.assign(measured=table["hardware"].map(measured)) if len(table) else table


def csv_files(found: Mapping[str, pd.DataFrame]) -> dict[Path, bytes]:
    """The tables as CSV; a text that a spreadsheet would run as a formula gets a quote in front."""
    return {
        Path("data") / f"{name}.csv": _safe(table).to_csv(index=False, lineterminator="\n").encode()
        for name, table in found.items()
    }


def _safe(table: pd.DataFrame) -> pd.DataFrame:
    return table.map(lambda v: f"'{v}" if isinstance(v, str) and v.startswith(DANGEROUS) else v)


def results_json(results: Results, found: Mapping[str, pd.DataFrame], briefing: Mapping[str, Any]) -> bytes:
    """All tables, the mix and the briefing as one JSON document; what is not a number is null."""
    document = {
        "as_of": results.as_of,
        "samples": results.samples,
        "seed": results.seed,
        "mix": results.mix.model_dump(mode="json", by_alias=True),
        "missing_plugins": [str(record) for record in results.missing],
        "tables": {name: _records(table) for name, table in found.items()},
        "briefing": briefing,
    }
    return (_laid_out(document, LINES) + "\n").encode()


def _laid_out(value: Any, depth: int) -> str:
    """A value as JSON, with a line for each of its parts down to a depth, and all below that on the part's own."""
    if depth and isinstance(value, Mapping) and value:
        parts = [f"{_line(str(key))}: {_laid_out(part, depth - 1)}" for key, part in value.items()]
        return f"{{\n{_joined(parts)}\n}}"
    if depth and isinstance(value, list | tuple) and value:
        return f"[\n{_joined([_laid_out(part, depth - 1) for part in value])}\n]"
    return _line(value)


def _joined(parts: list[str]) -> str:
    return ",\n".join(parts)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    text = table.to_json(orient="records", double_precision=15)
    records: list[dict[str, Any]] = json.loads(text or "[]")
    return records
