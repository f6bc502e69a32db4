"""Rows as files: CSV with a heading line, or Parquet; each value is made into text once, however often it stands."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chipbrief.errors import ChipbriefError
from chipbrief.sweep.columns import Column
from chipbrief.sweep.metrics import METRICS
from chipbrief.sweep.table import Table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["cell", "check_parquet", "csv_bytes", "csv_lines", "parquet_bytes"]

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
DIGITS = "%.10g"  # more than any number here is good for, and half the time and room of all seventeen


# -- CSV ------------------------------------------------------------------------------------------------------


def csv_bytes(columns: Sequence[Column], tables: Iterable[Table]) -> bytes:
    """A CSV file of some tables; numbers with ten digits, nothing where there is none."""
    text = io.StringIO()
    text.write(",".join(column.name for column in columns) + "\n")
    for table in tables:
        for line in csv_lines(table):
            text.write(line)
    return text.getvalue().encode()


def csv_lines(table: Table) -> Iterator[str]:
    """The lines of a table; neighbouring columns that vary alike become one text before they are spread over rows."""
    parts = []
    for extent, run in itertools.groupby(table.columns.values(), key=_extent):
        formats, columns = zip(*(_format(values) for values in run), strict=True)
        joined = list(map(",".join(formats).__mod__, zip(*columns, strict=True)))
        parts.append(np.array(joined, dtype=object).reshape(extent))
    parts[-1] = np.frompyfunc("{}\n".format, 1, 1)(parts[-1])
    return map(",".join, zip(*(table.flat(part).tolist() for part in parts), strict=True))


def _extent(values: Any) -> tuple[int, ...]:
    return np.shape(values) or (1, 1, 1)


def _format(values: Any) -> tuple[str, list[Any]]:
    """How the values of a column are written, and the values one after another."""
    array = np.asarray(values)
    flat = array.reshape(-1).tolist()
    if array.dtype.kind == "f" and not np.isnan(array).any():
        return DIGITS, flat
    return ("%d", flat) if array.dtype.kind == "i" else ("%s", [cell(value) for value in flat])


def cell(value: Any) -> str:
    """A value as it stands in CSV; a text that a spreadsheet would run as a formula gets a quote in front."""
    if isinstance(value, float):
        return "" if np.isnan(value) else DIGITS % value
    if not isinstance(value, str):
        return "" if value is None else str(value)
    safe = f"'{value}" if value.startswith(DANGEROUS) else value
    return '"' + safe.replace('"', '""') + '"' if any(c in safe for c in ',"\n\r') else safe


# -- Parquet --------------------------------------------------------------------------------------------------


def check_parquet() -> None:
    """Refuse the format before any work where the library for it is missing."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise ChipbriefError(
            "format: parquet needs PyArrow, which is not installed: pip install 'chipbrief[parquet]', or format: csv"
        ) from None


def parquet_bytes(columns: Sequence[Column], tables: Iterable[Table]) -> bytes:
    """A Parquet file of some tables, one row group, units in the metadata of the columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(c.name, _type(c), metadata={"unit": c.unit, "meaning": c.meaning}) for c in columns])
    batches = [_arrow(table, schema) for table in tables]
    whole = pa.Table.from_batches(batches, schema).combine_chunks()
    metrics = [column.name for column in columns if _varies(column)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        whole,
        sink,
        compression="zstd",
        use_dictionary=[column.name for column in columns if not _varies(column)],
        use_byte_stream_split=metrics,
        row_group_size=max(whole.num_rows, 1),
    )
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _varies(column: Column) -> bool:
    """Whether a column differs from row to row, so that a dictionary of its values does not help."""
    return column.name.removesuffix("_low").removesuffix("_high") in METRICS


def _arrow(table: Table, schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = []
    for name, values in table.columns.items():
        kind = schema.field(name).type
        if isinstance(values, (str, bool)):
            arrays.append(pa.repeat(pa.scalar(values, kind), table.rows))
        else:
            flat = table.column(name)
            absent = np.isnan(flat) if flat.dtype.kind == "f" else None
            arrays.append(pa.array(flat, kind, mask=absent))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


_TEXT = frozenset({"hardware", "model", "precision", "deployment", "lane"})
_TRUTH = frozenset({"measured", "offered"})
_WHOLE = frozenset({"chips", "context_tokens", "input_tokens", "output_tokens", "batch"})


def _type(column: Column) -> pa.DataType:
    import pyarrow as pa

    if column.name in _TEXT:
        return pa.string()
    if column.name in _TRUTH:
        return pa.bool_()
    return pa.int64() if column.name in _WHOLE else pa.float64()
