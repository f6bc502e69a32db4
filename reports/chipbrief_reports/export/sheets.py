"""A briefing as sheets of typed values: its tables, its notes, and the tables of the data behind it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from chipbrief_reports.briefing.document import Briefing, Cell, Column, Ref, Row, Table, plain
from chipbrief_reports.export.blocks import on_paper
from chipbrief_reports.wording import THIN

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NAME", "Head", "Percent", "Rounded", "Sheet", "Value", "briefing_sheets", "data_sheets"]

NAME = 31  # characters of a sheet's name
DATE = re.compile(r"\d{4}-\d\d-\d\d")
PRINTED = re.compile(
    r"(?P<sign>[−-]?)(?P<whole>\d{1,3}(?:[ \u202f\u00a0]?\d{3})*)(?:\.(?P<part>\d+))?(?P<percent>[ \u202f\u00a0]?%)?"
)
BOUND = re.compile(r"_(low|high)$")
UNITS = (  # of a column of data, by its name: unit and number format
    (r"usd_per_system_hour", "USD/h", "#,##0.0000"),
    (r"usd_month", "USD/month", "#,##0"),
    (r"usd_mtok.*", "USD/Mtok", "#,##0.0000"),
    (r"tpot.*_s", "s", "0.000000"),
    (r"(ttft|e2e).*_s", "s", "#,##0.000"),
    (r"tok_s_(?P<per>user|replica|system|chip)(_at_capacity)?", "tok/s/{per}", "#,##0.0"),
    (r"requests_s", "requests/s", "#,##0.000"),
    (r"power_w", "W", "#,##0"),
    (r"joules_per_token", "J/token", "0.0000"),
    (r"utilisation|median_error|p90_error|bias|inside_80_interval", "share", "0.0%"),
    (r"isl|osl", "tokens", "#,##0"),
    (r"batch.*", "requests", "#,##0.0"),
    (r"concurrency", "requests", "#,##0"),
    (r"replicas|chips|chips_per_replica|systems|points", "", "#,##0"),
)


@dataclass(frozen=True, slots=True)
class Rounded:
    """A number as it was printed, with so many decimals."""

    value: float
    decimals: int


@dataclass(frozen=True, slots=True)
class Percent:
    """A share that was printed in percent, with so many decimals."""

    value: float
    decimals: int


Value: TypeAlias = str | float | bool | date | Rounded | Percent | None


@dataclass(frozen=True, slots=True)
class Head:
    """Name, unit and number format of a column; `wide` holds running text."""

    name: str
    unit: str = ""
    format: str = "General"
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of values; `about` says on the cover what it holds."""

    name: str
    about: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Value, ...], ...]


# -- the data -------------------------------------------------------------------------------------------------


def data_sheets(tables: Mapping[str, pd.DataFrame]) -> Iterator[Sheet]:
    """The tables that `data/` holds, under their names and with their columns."""
    for name, table in tables.items():
        heads = tuple(data_head(str(column)) for column in table.columns)
        columns = [[typed(value, head.name) for value in table[head.name].tolist()] for head in heads]
        yield Sheet(name, f"The same as data/{name}.csv", heads, tuple(zip(*columns, strict=True)))


def data_head(name: str) -> Head:
    """A column's unit and number format, which its name tells."""
    stem = BOUND.sub("", name)
    for pattern, unit, shown in UNITS:
        if found := re.fullmatch(pattern, stem):
            return Head(name, unit.format(**found.groupdict()), shown)
    return Head(name, wide=name in ("equations", "figures", "drivers", "note", "reason", "locator", "source"))


def typed(value: object, column: str) -> Value:
    """A value of a data frame: nothing for what is not a number, a day for a whole date in a column of dates."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return finite(float(value))
    if value is None:
        return None
    words = str(value)
    return (day(words) if column == "date" else words) or None


def finite(value: float) -> Value:
    """The number; nothing for what is none, and the word for an infinity, which no cell can hold."""
    return value if math.isfinite(value) else None if math.isnan(value) else str(value)


def day(words: str) -> date | str:
    """`2026-05-13` as a date; `2026-05` stays text."""
    try:
        return date.fromisoformat(words) if DATE.fullmatch(words) and words >= "1900" else words
    except ValueError:
        return words


# -- the briefing ---------------------------------------------------------------------------------------------


def briefing_sheets(briefing: Briefing) -> Iterator[Sheet]:
    """The tables that are printed, but for that of the inputs, which the data holds in full; and the notes."""
    for section in briefing.sections:
        for block in on_paper(section.blocks):
            if isinstance(block, Table) and not any(row.figure for row in block.rows):
                whole = f"{section.id} {block.id}"
                yield table_sheet(whole if len(whole) <= NAME else block.id, block)
    if briefing.notes:
        heads = (Head("note"), Head("text", wide=True), Head("inputs", wide=True), Head("sources", wide=True))
        rows = tuple((n.number * 1.0, n.text, ", ".join(n.inputs), sources(n.sources)) for n in briefing.notes)
        yield Sheet("notes", "What the numbers of the column notes refer to", heads, rows)


def sources(cited: Sequence[tuple[str, str, str]]) -> str:
    """What a note cites, each once, a line each."""
    return "\n".join(dict.fromkeys(", ".join(part for part in source if part) for source in cited))


def table_sheet(name: str, table: Table) -> Sheet:
    """A printed table: what stands below a number in a column of its own, notes by number in the last."""
    split = [any(row.cells[i].second for row in table.rows) for i in range(len(table.columns))]
    noted = any(note_numbers(row) for row in table.rows)
    heads: list[Head] = []
    for column, below in zip(table.columns, split, strict=True):
        heads.append(Head(column.name, column.unit))
        heads += [Head(f"{column.name}: range or remark".lstrip(": "))] if below else []
    heads += [Head("notes")] if noted else []
    rows = tuple(table_row(row, table.columns, split, noted=noted) for row in table.rows)
    return Sheet(name, f"{table.title}. {table.subtitle}".rstrip(". "), tuple(heads), rows)


def table_row(row: Row, columns: Sequence[Column], split: Sequence[bool], *, noted: bool) -> tuple[Value, ...]:
    """The values of a printed row."""
    values: list[Value] = []
    for cell, column, below in zip(row.cells, columns, split, strict=True):
        values.append(printed(cell, column))
        values += [cell.second or None] if below else []
    return (*values, note_numbers(row) or None) if noted else tuple(values)


def note_numbers(row: Row) -> str:
    """`4, 6`: the notes that a row calls."""
    called = (part.note for cell in row.cells for part in cell.content if isinstance(part, Ref))
    return ", ".join(str(number) for number in dict.fromkeys(called))


def printed(cell: Cell, column: Column) -> Value:
    """A number where a column of numbers prints one; nothing for a dash; else the words."""
    words = plain(cell.content).strip().strip(THIN)
    if cell.absent and words == "–":
        return None
    found = PRINTED.fullmatch(words) if column.align == "right" else None
    if found is None:
        return words or None
    digits, part = re.sub(r"\D", "", found["whole"]), found["part"] or ""
    value = float(f"{'-' if found['sign'] else ''}{digits}.{part or 0}")
    return Percent(value / 100, len(part)) if found["percent"] else Rounded(value, len(part))
