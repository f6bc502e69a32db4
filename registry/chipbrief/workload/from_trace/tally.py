"""What a request log shows, counted exactly as it streams past: memory grows with tokens and hours, not with rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chipbrief.workload.from_trace.columns import TIME_UNITS
from chipbrief.workload.from_trace.rows import Batch

__all__ = [
    "MOST_HOURS",
    "MOST_TOKENS",
    "QUANTILES",
    "Arrivals",
    "Broken",
    "Clock",
    "Histogram",
    "Rejects",
    "Tally",
    "Window",
]

MOST_TOKENS = 2**24  # above the longest context of any model
MOST_HOURS = 100_000  # eleven years
QUANTILES = {"p10": 10, "p25": 25, "p50": 50, "p75": 75, "p90": 90, "p95": 95, "p99": 99}  # percent: exact
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES, _MINUTE_S, _HOURS = 60, 60.0, 24

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


# -- tokens ---------------------------------------------------------------------------------------------------


class Histogram:
    """How often each token count occurs: mean and quantiles are exact, whatever the number of rows."""

    def __init__(self) -> None:
        self._counts: Counts = np.zeros(2**12, np.int64)
        self.rows = 0
        self.total = 0

    def add(self, tokens: Counts) -> None:
        """Count some requests, each of 0 to MOST_TOKENS tokens."""
        if not tokens.size:
            return
        counts = np.bincount(tokens)
        if len(counts) > len(self._counts):
            grown = np.zeros(1 << int(len(counts) - 1).bit_length(), np.int64)
            grown[: len(self._counts)] = self._counts
            self._counts = grown
        self._counts[: len(counts)] += counts
        self.rows += len(tokens)
        self.total += int(tokens.sum())

    @property
    def mean(self) -> float:
        """Tokens over rows."""
        return self.total / self.rows

    def quantiles(self) -> Mapping[str, float]:
        """The quantiles of a mix, straight between neighbouring rows as NumPy has them by default."""
        values = np.flatnonzero(self._counts)
        ranks = np.cumsum(self._counts[values])

        def row(rank: int) -> int:
            return int(values[np.searchsorted(ranks, rank, side="right")])

        found = {}
        for name, percent in QUANTILES.items():
            rank, rest = divmod((self.rows - 1) * percent, 100)
            low, high = row(rank), row(min(rank + 1, self.rows - 1))
            found[name] = low + (high - low) * rest / 100
        return found


# -- arrivals -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """The busiest hour or minute beside the mean one [requests]."""

    busiest: int
    mean: float

    @property
    def ratio(self) -> float:
        """Busiest over mean, at least 1."""
        return max(1.0, self.busiest / self.mean)


class Arrivals:
    """Requests by minute, in whatever order they come."""

    def __init__(self) -> None:
        self._hours: dict[int, Counts] = {}
        self._first, self._last = math.inf, -math.inf
        self.rows = 0

    def add(self, seconds: Floats) -> None:
        """Count some arrivals [s], none negative, all within MOST_HOURS of the first that was ever counted."""
        if not seconds.size:
            return
        self._first = min(self._first, float(seconds.min()))
        self._last = max(self._last, float(seconds.max()))
        self.rows += len(seconds)
        minutes, counts = np.unique((seconds // _MINUTE_S).astype(np.int64), return_counts=True)
        hours, starts = np.unique(minutes // _MINUTES, return_index=True)
        for hour, start, end in zip(hours.tolist(), starts, [*starts[1:], len(minutes)], strict=True):
            of_hour = self._hours.setdefault(hour, np.zeros(_MINUTES, np.int64))
            of_hour[minutes[start:end] % _MINUTES] += counts[start:end]

    @property
    def first_s(self) -> float:
        """Time of the first arrival [s]."""
        return self._first

    @property
    def span_s(self) -> float:
        """From the first arrival to the last [s]."""
        return self._last - self._first

    @property
    def per_day(self) -> float:
        """Requests a day, if every day were like the span."""
        return self.rows / self.span_s * 86400.0

    def hour(self) -> Window:
        """The busiest hour, of those that follow one another from the first arrival and the one that ends the log."""
        minutes = self._minutes()
        cut = minutes[: len(minutes) // _MINUTES * _MINUTES].reshape(-1, _MINUTES).sum(axis=1)
        busiest = max([int(minutes[-_MINUTES:].sum()), *cut.tolist()])
        return Window(busiest, self.rows / (self.span_s / 3600.0))

    def hours_of_day(self) -> Floats:
        """Requests an hour in each hour of the day, from midnight UTC, over the minutes of it within the span.

        NaN where the span has none of it; times must be those since 1970. Shape (24,).
        """
        minutes = self._minutes()
        hour = (int(self._first // _MINUTE_S) + np.arange(len(minutes))) // _MINUTES % _HOURS
        covered = np.bincount(hour, minlength=_HOURS).astype(float)
        requests = np.bincount(hour, minutes.astype(float), minlength=_HOURS)
        rates: Floats = np.divide(requests * _MINUTES, covered, out=np.full(_HOURS, math.nan), where=covered > 0)
        return rates

    def minute(self) -> Window:
        """The busiest minute beside the mean minute of its hour; a span of less than an hour is one."""
        minutes = self._minutes()
        peak = int(minutes.argmax())
        if self.span_s < 3600.0:
            return Window(int(minutes[peak]), self.rows / (self.span_s / _MINUTE_S))
        start = min(peak // _MINUTES * _MINUTES, len(minutes) - _MINUTES)
        return Window(int(minutes[peak]), float(minutes[max(start, 0) :][:_MINUTES].sum()) / _MINUTES)

    def _minutes(self) -> Counts:
        """Requests of every minute from that of the first arrival to that of the last."""
        first, last = int(self._first // _MINUTE_S), int(self._last // _MINUTE_S)
        hour = first // _MINUTES
        every = np.zeros((last // _MINUTES - hour + 1, _MINUTES), np.int64)
        for number, counts in self._hours.items():
            every[number - hour] = counts
        return every.reshape(-1)[first - hour * _MINUTES : last - hour * _MINUTES + 1]


# -- times ----------------------------------------------------------------------------------------------------


class Clock:
    """Reads times as seconds: numbers in one unit, or ISO 8601 dates; the first that can be read decides which."""

    def __init__(self, unit: str | None) -> None:
        """Args: unit: s, ms, us or ns; None to tell from the size of the first number: times since 1970 show it."""
        self.guessed = unit is None
        self.unit = unit
        self.kind: Literal["numbers", "dates"] | None = None

    def seconds(self, values: Sequence[Any]) -> Floats:
        """Times [s]; NaN where there is none."""
        if self.kind is None:
            self._decide(values)
        if self.kind == "dates":
            return _dates(values)
        return numbers(values) * TIME_UNITS[self.unit or "s"]

    def _decide(self, values: Sequence[Any]) -> None:
        for value in values:
            number = number_of(value)
            if math.isfinite(number):
                self.kind = "numbers"
                if self.unit is None:
                    sizes = {"ns": 1e17, "us": 1e14, "ms": 1e11}
                    self.unit = next((unit for unit, least in sizes.items() if number >= least), "s")
                return
            if not math.isnan(_date_of(value)):
                self.kind = "dates"
                return


def _dates(values: Sequence[Any]) -> Floats:
    try:
        read = [datetime.fromisoformat(value) for value in values]
        return np.array([(d if d.tzinfo else d.replace(tzinfo=UTC)).timestamp() for d in read])
    except (ValueError, TypeError, AttributeError, OverflowError):
        return np.array([_date_of(value) for value in values])


def _date_of(value: object) -> float:
    try:
        date = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return math.nan
    return math.nan if date is None else ((date if date.tzinfo else date.replace(tzinfo=UTC)) - _EPOCH).total_seconds()


def numbers(values: Sequence[Any]) -> Floats:
    """Values as numbers; NaN where there is none."""
    if set(map(type, values)) <= {str, int, float}:
        try:
            return np.fromiter(map(float, values), np.float64, len(values))
        except (ValueError, OverflowError):
            pass
    return np.array([number_of(value) for value in values])


def number_of(value: object) -> float:
    """One value as a number; NaN where it is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return math.nan
    try:
        return float(value)
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


# -- broken rows ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Broken:
    """Rows that are broken for one reason, and the line of the first."""

    reason: str
    line: int
    rows: int

    def __str__(self) -> str:
        """`3 rows: arrival is negative (the first in line 17)`."""
        return f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}: {self.reason} (the first in line {self.line:,})"


class Rejects:
    """Broken rows, counted by reason."""

    def __init__(self) -> None:
        self._found: dict[str, list[int]] = {}

    def add(self, reason: str, line: int, rows: int = 1) -> None:
        """Count a row, or all that one unreadable row has swallowed."""
        self._found.setdefault(reason, [line, 0])[1] += rows

    def listed(self) -> tuple[Broken, ...]:
        """By the line of the first."""
        return tuple(Broken(r, line, rows) for r, (line, rows) in sorted(self._found.items(), key=lambda i: i[1]))

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(rows for _, rows in self._found.values())


# -- together -------------------------------------------------------------------------------------------------


class Tally:
    """The counts of a log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._origin: float | None = None
        self.arrivals = Arrivals()
        self.input, self.output = Histogram(), Histogram()
        self.cached_total = 0
        self.without_cached = 0
        self.rejects = Rejects()

    def add(self, batch: Batch) -> None:
        """Count the sound rows of a batch, and the broken ones by reason."""
        seconds = self._clock.seconds(batch.arrival)
        into, out = numbers(batch.input), numbers(batch.output)
        cached = self._cached(batch)
        sound = np.isfinite(seconds) & (seconds >= 0) & _tokens(into) & _tokens(out)
        sound &= _tokens(cached) & (cached <= into)
        sound = self._near(seconds, sound)
        if not sound.all():
            for i in np.flatnonzero(~sound).tolist():
                self.rejects.add(_reason(batch, i, float(seconds[i]), self._clock.kind), batch.lines[i])
            seconds, into, out, cached = seconds[sound], into[sound], out[sound], cached[sound]
        self.arrivals.add(seconds)
        self.input.add(into.astype(np.int64))
        self.output.add(out.astype(np.int64))
        self.cached_total += int(cached.sum())

    def _near(self, seconds: Floats, sound: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Only rows that may be of one log with the first sound one; memory stays bounded by that."""
        if self._origin is None and sound.any():
            self._origin = float(seconds[sound][0])
        if self._origin is None:
            return sound
        near: NDArray[np.bool_] = sound & (np.abs(seconds - self._origin) <= MOST_HOURS * 3600.0)
        return near

    def _cached(self, batch: Batch) -> Floats:
        """Cached tokens; 0 where a row does not say, which is counted."""
        if batch.cached is None:
            return np.zeros(len(batch.lines))
        found = numbers(batch.cached)
        for i in np.flatnonzero(np.isnan(found)).tolist():
            if _absent(batch.cached[i]):
                found[i] = 0.0
                self.without_cached += 1
        return found


def _tokens(counts: Floats) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (counts >= 0) & (counts <= MOST_TOKENS) & (np.floor(counts) == counts)
    return found


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _reason(batch: Batch, i: int, seconds: float, kind: str | None) -> str:
    """Why a row is broken; the first reason of several."""
    if not math.isfinite(seconds) or seconds < 0:
        return f"arrival {_why_no_time(batch.arrival[i], seconds, kind)}"
    for name, values in (("input", batch.input), ("output", batch.output), ("cached", batch.cached)):
        why = _why_no_tokens(values[i]) if values is not None and not (name == "cached" and _absent(values[i])) else ""
        if why:
            return f"{name} {why}"
    if batch.cached is not None and number_of(batch.cached[i] or 0) > number_of(batch.input[i]):
        return "cached is more than input"
    return f"arrival is more than {MOST_HOURS:,} hours from the first"


def _why_no_time(value: object, seconds: float, kind: str | None) -> str:
    if _absent(value):
        return "is missing"
    if seconds < 0:
        return "is negative" if kind == "numbers" else "is before 1970"
    if not math.isnan(number_of(value)) or str(value).strip().lower() in ("nan", "+nan", "-nan"):
        return "is not finite" if kind == "numbers" else "is a number among dates"
    return "is no number" if kind == "numbers" else "is no ISO 8601 date" if kind == "dates" else "is no time"


def _why_no_tokens(value: object) -> str:
    if _absent(value):
        return "is missing"
    number = number_of(value)
    if number < 0:
        return "is negative"
    if number > MOST_TOKENS:
        return f"is more than {MOST_TOKENS:,}"
    return "" if math.isfinite(number) and number == math.floor(number) else "is no whole number"
