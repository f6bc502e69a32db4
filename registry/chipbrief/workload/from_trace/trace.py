"""A request log as a summary: what it shows, what it is too short to show, and which rows were broken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from chipbrief.errors import InputError, Problem
from chipbrief.workload.from_trace.columns import CACHED
from chipbrief.workload.from_trace.rows import Log
from chipbrief.workload.from_trace.tally import Arrivals, Broken, Clock, Histogram, Tally, Window

__all__ = ["BURST_NEEDS_S", "MOST_BROKEN", "PEAK_NEEDS_S", "Lengths", "Trace", "read_trace"]

MOST_BROKEN = 0.01
LEAST_SPAN_S = 1.0
PEAK_NEEDS_S = 3 * 3600.0  # a busiest hour among fewer hours is none
BURST_NEEDS_S = 10 * 60.0  # the same of minutes
DAY_NEEDS_S = 0.95 * 86400.0
SINCE_1970_S = 1e9  # numbers from there on are a date; smaller ones count from the log's own start


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of a request, over all rows: exact."""

    mean: float
    quantiles: Mapping[str, float]
    total: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What a request log shows.

    Attributes:
        file: its name.
        sha256: of its bytes.
        rows: sound rows.
        broken: the others, by reason.
        columns: the names of the columns that were read, by role.
        times: how times were read: dates, or the unit of the numbers.
        times_guessed: whether nothing but the size of the numbers says their unit.
        span_s: from the first arrival to the last [s].
        requests_per_day: as if every day were like the span.
        hour: busiest and mean hour; None where the span is shorter than PEAK_NEEDS_S.
        hourly: requests an hour in each hour of the day, from midnight UTC; None where the span is shorter than
            DAY_NEEDS_S, where times are not those of a day, or where all hours are alike.
        minute: busiest minute and mean minute of its hour; None where the span is shorter than BURST_NEEDS_S.
        cached_total: input tokens found in a cache; None where the log does not say.
        without_cached: rows that leave their cached tokens out, taken as 0.
    """

    file: str
    sha256: str
    rows: int
    broken: tuple[Broken, ...]
    columns: Mapping[str, str]
    times: str
    times_guessed: bool
    span_s: float
    requests_per_day: float
    hour: Window | None
    hourly: tuple[float, ...] | None
    minute: Window | None
    input: Lengths
    output: Lengths
    cached_total: int | None
    without_cached: int

    @property
    def cached_fraction(self) -> float | None:
        """Cached over all input tokens; None where the log does not say."""
        return None if self.cached_total is None else self.cached_total / self.input.total

    @property
    def broken_rows(self) -> int:
        """Rows that were left out."""
        return sum(broken.rows for broken in self.broken)


def read_trace(
    stream: BinaryIO,
    file: str,
    *,
    columns: Mapping[str, str] | None = None,
    time_unit: str | None = None,
    max_broken: float = MOST_BROKEN,
) -> Trace:
    """Count a request log, CSV or JSON lines, plain or gzip, in memory that does not grow with its rows.

    Args:
        stream: its bytes.
        file: its name, for messages.
        columns: names of columns by role (arrival, input, output, cached), where they are not the usual ones.
        time_unit: unit of numeric times; None to read it from the column's name, else from the size of the first.
        max_broken: share of the rows that may be broken.

    Raises:
        InputError: no log, too many broken rows (every reason, with its first line), or too little to count.
    """
    log = Log(stream, file, columns or {})
    clock = Clock(time_unit or log.columns.time_unit)
    tally = Tally(clock)
    for batch in log.batches(tally.rejects.add):
        tally.add(batch)
    rows, broken = tally.arrivals.rows, tally.rejects.listed()
    _check(file, rows, broken, max_broken)
    _check_counts(file, tally)
    span = tally.arrivals.span_s
    return Trace(
        file=file,
        sha256=log.sha256,
        rows=rows,
        broken=broken,
        columns=log.columns.named,
        times="dates" if clock.kind == "dates" else clock.unit or "s",
        times_guessed=clock.guessed and clock.kind == "numbers",
        span_s=span,
        requests_per_day=tally.arrivals.per_day,
        hour=tally.arrivals.hour() if span >= PEAK_NEEDS_S else None,
        hourly=_hourly(tally.arrivals),
        minute=tally.arrivals.minute() if span >= BURST_NEEDS_S else None,
        input=_lengths(tally.input),
        output=_lengths(tally.output),
        cached_total=tally.cached_total if CACHED in log.columns.named else None,
        without_cached=tally.without_cached,
    )


def _hourly(arrivals: Arrivals) -> tuple[float, ...] | None:
    if arrivals.span_s < DAY_NEEDS_S or arrivals.first_s < SINCE_1970_S:
        return None
    rates = tuple(map(float, arrivals.hours_of_day()))
    return rates if all(map(math.isfinite, rates)) and max(rates) > min(rates) else None


def _lengths(counted: Histogram) -> Lengths:
    return Lengths(counted.mean, counted.quantiles(), counted.total)


def _check(file: str, rows: int, broken: tuple[Broken, ...], max_broken: float) -> None:
    lost = sum(reason.rows for reason in broken)
    every = rows + lost
    if lost > max_broken * every:
        head = f"{lost:,} of {every:,} rows are broken, more than {100 * max_broken:g} % (--max-broken)"
        problems = [Problem(f"{r.reason}, in {r.rows:,} of {every:,} rows", file, r.line, 1) for r in broken]
        raise InputError([Problem(head, file), *problems])
    if rows == 0:
        raise InputError([Problem("has no row below its heading", file)])


def _check_counts(file: str, tally: Tally) -> None:
    problems = []
    if tally.arrivals.span_s < LEAST_SPAN_S:
        problems.append(f"spans less than {LEAST_SPAN_S:g} s, which tells no requests a day; is --time-unit right?")
    for name, counted in (("input", tally.input), ("output", tally.output)):
        if counted.total == 0:
            problems.append(f"has no {name} tokens in any row")
    if problems:
        raise InputError([Problem(message, file) for message in problems])
