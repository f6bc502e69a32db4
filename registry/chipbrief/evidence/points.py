"""Points: measured (or wanted) operating points, one a row of a CSV file; every problem of the file at once.

A points file needs the columns `hardware`, `model` and `metric`; every other column of a Point may be missing, and a
missing column is an empty one. Columns that are not a Point's are kept as they stand and otherwise left alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from chipbrief.errors import InputError, Problem, did_you_mean
from chipbrief.units import Dimension

__all__ = ["FAMILIES", "METRICS", "Point", "PointsFile", "Prediction", "parse_points", "read_points"]

MAX_CHARACTERS = 200_000_000
MAX_LISTED = 50

METRICS: Mapping[str, str] = {
    "tpot_ms": "ms",
    "ttft_ms": "ms",
    "e2e_ms": "ms",
    "tok_s_total": "output tok/s",
    "tok_s_per_chip": "output tok/s/chip",
    "tok_s_per_user": "output tok/s/user",
}  # each metric and its unit
FAMILIES = (
    "TPOT",
    "TTFT",
    "E2E",
    "speed per user",
    "throughput offline",
    "throughput under SLO",
    "throughput at concurrency",
)
_OF_A_USER = {"tpot_ms": "TPOT", "ttft_ms": "TTFT", "e2e_ms": "E2E", "tok_s_per_user": "speed per user"}
_OF_A_REPLICA = {"": "throughput at concurrency", "offline": "throughput offline"}
SCENARIOS = ("offline", "server", "interactive")
SPECULATIVE = ("yes", "unknown", "no")
NEEDED = ("hardware", "model", "metric")
_PLAIN = Dimension("plain number", "a number", "", "1024", {"": 1.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One row: what ran on what, and one metric of it; empty text or None where the row says nothing.

    Tokens are a request's, `concurrency` is requests in flight per replica of `n_chips`, SLOs are seconds at the
    99th percentile, and `value` is in the unit that METRICS gives for the metric.
    """

    line: int
    id: str
    split: str
    use: str
    hardware: str
    n_chips: int | None
    system: str
    model: str
    precision: str | None
    isl: float | None
    isl_effective: float | None
    osl: float | None
    concurrency: float | None
    scenario: str
    ttft_slo_s: float | None
    tpot_slo_s: float | None
    speculative: str
    engine: str
    tp: int | None
    dp: int | None
    ep: int | None
    metric: str
    value: float | None
    unit: str
    kind: str
    source_title: str
    source_locator: str
    date: str

    @property
    def scored(self) -> bool:
        """Whether the row counts as evidence, and not as context."""
        return self.use in ("", "yes")

    @property
    def family(self) -> str:
        """The family whose errors it shares, one of FAMILIES."""
        return _OF_A_USER.get(self.metric) or _OF_A_REPLICA.get(self.scenario, "throughput under SLO")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of a point, in the unit of the point's metric, with its 80 % interval; or why nothing.

    `status` is ok or refused; `reason` says what was filled in, or why the point is refused.
    """

    predicted: float | None
    low: float | None
    high: float | None
    status: str
    reason: str

    @property
    def covered(self) -> bool:
        """Whether there is a number."""
        return self.predicted is not None


@dataclass(frozen=True, slots=True)
class PointsFile:
    """A file as read: its own heading line and rows, and what each row means (`points[i]` is `rows[i]`)."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    points: tuple[Point, ...]


def read_points(path: Path) -> PointsFile:
    """Read a points file.

    Raises:
        InputError: it cannot be read, lacks a column, or holds rows that make no sense; every problem by its line.
    """
    try:
        with path.open("rb") as stream:
            return parse_points(stream, str(path))
    except OSError as error:
        raise InputError([Problem(f"cannot be read: {error.strerror or error}", str(path))]) from None


def parse_points(stream: BinaryIO, name: str) -> PointsFile:
    """Read points from an open file; `name` stands for it in messages.

    Raises:
        InputError: as `read_points`.
    """
    problems = _Problems(name)
    with closing(_records(stream, problems)) as records:
        line, header = next(records, (1, None))
        if header is None:
            problems.add_if_none("is empty, expected CSV with a heading line")
            problems.raise_all()
        assert header is not None
        columns = _columns(header, line, problems)
        rows: list[tuple[str, ...]] = []
        points: list[Point] = []
        for line, cells in records:
            row = _Row(columns, cells, line, problems)
            if row.is_whole(len(header)):
                points.append(_point(row))
                rows.append(tuple(cells))
    if not points:
        problems.add_if_none("holds no points, only a heading line")
    problems.raise_all()
    return PointsFile(name, tuple(header), tuple(rows), tuple(points))


class _Problems:
    """Collects what is wrong in the order of the file; lists MAX_LISTED and counts the rest."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.listed: list[Problem] = []
        self.more = 0

    def add(self, message: str, line: int, column: int = 1, field: str = "") -> None:
        if len(self.listed) <= MAX_LISTED:
            self.listed.append(Problem(message, self.name, line, column, field))
        else:
            self.more += 1

    def add_if_none(self, message: str) -> None:
        if not self.listed:
            self.add(message, 1)

    def raise_all(self) -> None:
        if self.more:
            last = self.listed[MAX_LISTED]
            told = f"and {self.more + 1:,} more problems from here on"
            raise InputError([*self.listed[:MAX_LISTED], Problem(told, self.name, last.line, last.column)])
        if self.listed:
            raise InputError(self.listed)


# -- from bytes to cells --------------------------------------------------------------------------------------


def _records(stream: BinaryIO, problems: _Problems) -> Generator[tuple[int, list[str]]]:
    """The line that each record begins on, and its cells; blank lines are no records."""
    with closing(_lines(stream)) as lines:
        reader = csv.reader(lines, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                problems.add(f"is not CSV: {error}", line)
                return
            except ValueError as error:
                problems.add(str(error), reader.line_num + 1)
                return
            except OSError as error:
                problems.add(f"cannot be read: {error.strerror or error}", reader.line_num + 1)
                return
            if cells is None:
                return
            if cells:
                yield line, cells


def _lines(stream: BinaryIO) -> Generator[str]:
    """Lines with their ends, read as they are asked for; raises ValueError for too many and for what is no UTF-8."""
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    left = MAX_CHARACTERS
    try:
        while line := text.readline(left + 1):
            left -= len(line)
            if left < 0:
                raise ValueError(f"is larger than {MAX_CHARACTERS // 1_000_000} MB")
            if _holds_other_bytes(line):
                raise ValueError("is not UTF-8 text")
            yield line
    finally:
        text.detach()  # the stream is the caller's to close


def _holds_other_bytes(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return True
    return False


# -- from cells to points -------------------------------------------------------------------------------------


def _columns(header: Sequence[str], line: int, problems: _Problems) -> dict[str, int]:
    """Where each named column stands."""
    columns: dict[str, int] = {}
    for i, name in enumerate(cell.strip() for cell in header):
        if "\0" in name:
            problems.add("holds a NUL byte", line, i + 1)
        elif name in columns:
            problems.add(f"stands twice in the heading line, first as column {columns[name] + 1}", line, i + 1, name)
        elif name:
            columns[name] = i
    for name in NEEDED:
        if name not in columns:
            problems.add(f"this column is missing{did_you_mean(name, columns)}", line, 1, name)
    return columns


class _Row:
    """The cells of one row by the name of their column; what is wrong with one is noted, and it counts as empty."""

    def __init__(self, columns: Mapping[str, int], cells: Sequence[str], line: int, problems: _Problems) -> None:
        self.columns = columns
        self.cells = cells
        self.line = line
        self.problems = problems

    def is_whole(self, width: int) -> bool:
        """Whether there is a clean cell for every column."""
        found = len(self.cells)
        if found != width:
            told = f"has {found} {'cell' if found == 1 else 'cells'} where the heading line has {width}"
            self.problems.add(told, self.line, min(found, width) + 1)
            return False
        broken = next((i for i, cell in enumerate(self.cells) if "\0" in cell), None)
        if broken is not None:
            self.problems.add("holds a NUL byte", self.line, broken + 1)
        return broken is None

    def text(self, name: str) -> str:
        at = self.columns.get(name)
        return "" if at is None else self.cells[at].strip()

    def needed(self, name: str) -> str:
        text = self.text(name)
        if not text and name in self.columns:  # a column that is missing is said once, of the heading line
            self._note(name, "is empty")
        return text

    def word(self, name: str, known: Sequence[str]) -> str:
        text = self.text(name)
        if text and text not in known:
            near = did_you_mean(text, known) or f"; known: {', '.join(known)}"
            self._note(name, f"unknown {name} {text!r}{near}")
            return ""
        return text

    def number(self, name: str) -> float | None:
        """A number above zero."""
        text = self.text(name)
        try:
            return _positive(text) if text else None
        except ValueError as error:
            self._note(name, str(error))
            return None

    def whole(self, name: str) -> int | None:
        number = self.number(name)
        if number is None or number == int(number):
            return None if number is None else int(number)
        self._note(name, f"expected a whole number, got {self.text(name)!r}")
        return None

    def seconds(self, name: str) -> float | None:
        """A column in ms, as SI."""
        number = self.number(name)
        return None if number is None else number / 1e3

    def unit_of(self, metric: str) -> str:
        unit = self.text("unit")
        wanted = METRICS.get(metric)
        if unit and wanted and unit != wanted:
            self._note("unit", f"expected {wanted!r} for {metric}, got {unit!r}")
        elif unit and not wanted:
            return self.word("unit", tuple(dict.fromkeys(METRICS.values())))
        return unit

    def _note(self, name: str, message: str) -> None:
        self.problems.add(message, self.line, self.columns[name] + 1, name)


@lru_cache(maxsize=65_536)
def _positive(text: str) -> float:
    value = _PLAIN.parse(text)
    if value == 0:
        raise ValueError(f"expected a number above 0, got {text!r}")
    return value


def _point(row: _Row) -> Point:
    row.needed("metric")
    metric = row.word("metric", tuple(METRICS))
    return Point(
        line=row.line,
        id=row.text("id"),
        split=row.text("split"),
        use=row.text("use"),
        hardware=row.needed("hardware"),
        n_chips=row.whole("n_chips"),
        system=row.text("system"),
        model=row.needed("model"),
        precision=row.text("precision") or None,
        isl=row.number("isl"),
        isl_effective=row.number("isl_effective"),
        osl=row.number("osl"),
        concurrency=row.number("concurrency"),
        scenario=row.word("scenario", SCENARIOS),
        ttft_slo_s=row.seconds("ttft_slo_ms"),
        tpot_slo_s=row.seconds("tpot_slo_ms"),
        speculative=row.word("speculative", SPECULATIVE),
        engine=row.text("engine"),
        tp=row.whole("tp"),
        dp=row.whole("dp"),
        ep=row.whole("ep"),
        metric=metric,
        value=row.number("value"),
        unit=row.unit_of(metric),
        kind=row.text("kind"),
        source_title=row.text("source_title"),
        source_locator=row.text("source_locator"),
        date=row.text("date"),
    )
