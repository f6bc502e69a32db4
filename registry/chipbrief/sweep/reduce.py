"""Reductions: what is kept of many points, in a form that adds up in any order to the same result.

A partial result is plain data, {key: entries}, a key being the values of a group as JSON. Entries carry their order
in the plan, so that of equals the first one wins, wherever and whenever it was computed.
"""

from __future__ import annotations

import itertools
import json
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chipbrief.errors import ChipbriefError
from chipbrief.physics import Array
from chipbrief.sweep.columns import AXIS_COLUMNS, Column, columns_of
from chipbrief.sweep.document import DEFAULT_BINS_PER_DECADE, Sweep
from chipbrief.sweep.groups import Groups, Key
from chipbrief.sweep.metrics import METRICS
from chipbrief.sweep.table import Table

__all__ = ["MOST_ENTRIES", "Partial", "Reducer", "front", "reducer_of"]

MOST_ENTRIES = 50_000  # kept by a reduction: beyond this, rows are the better answer, and take less memory

Partial = dict[str, Any]


class Reducer(Protocol):
    """Turns tables into partial results, adds these up, and lists them at the end."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the result."""
        ...

    def of(self, table: Table) -> Partial:
        """The partial result of a table."""
        ...

    def merge(self, first: Partial, second: Partial) -> Partial:
        """Both together; the order does not matter."""
        ...

    def rows(self, partial: Partial) -> Iterator[list[Any]]:
        """The result, sorted by group."""
        ...


def reducer_of(sweep: Sweep) -> Reducer:
    """The reducer of a sweep that has a reduction."""
    assert sweep.reduce
    kinds: Mapping[str, Callable[[Sweep], Reducer]] = {
        "best": Leaders,
        "top": Leaders,
        "pareto": Front,
        "histogram": Histogram,
        "count": Count,
    }
    return kinds[sweep.reduce.kind](sweep)


class _ByGroup(ABC):
    """What all reductions share: the columns that they group by, and groups that add up one by one."""

    def __init__(self, sweep: Sweep) -> None:
        assert sweep.reduce
        self.sweep, self.reduction = sweep, sweep.reduce
        self.by = tuple(AXIS_COLUMNS[name].name for name in sweep.reduce.by)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those of a row: a reduction to points."""
        return columns_of(self.sweep)

    @property
    def _by_columns(self) -> tuple[Column, ...]:
        return tuple(AXIS_COLUMNS[name] for name in self.reduction.by)

    def merge(self, first: Partial, second: Partial) -> Partial:
        """Both together; the order does not matter."""
        merged = dict(first)
        for key, entries in second.items():
            merged[key] = self._join(merged[key], entries) if key in merged else entries
        _check_size(sum(map(_size, merged.values())))
        return merged

    @abstractmethod
    def _join(self, first: Any, second: Any) -> Any:
        """The entries of one group in both."""

    def _sorted(self, partial: Partial) -> Iterator[tuple[Key, Any]]:
        keyed = [(tuple(json.loads(key)), entries) for key, entries in partial.items()]
        return iter(sorted(keyed, key=lambda pair: pair[0]))


def _size(entries: Any) -> int:
    return len(entries) if isinstance(entries, (list, dict)) else 1


def _check_size(entries: int) -> None:
    if entries > MOST_ENTRIES:
        raise ChipbriefError(
            f"the reduction keeps more than {MOST_ENTRIES:,} entries: group by fewer axes, take wider bins or "
            "fewer points, or leave reduce out and have every row written"
        )


def _json(key: Key) -> str:
    return json.dumps(key)


def _scores(table: Table, metric: str) -> Array:
    """The values of a metric, turned so that less is better."""
    values: Array = table.column(metric)
    return values if METRICS[metric].less_is_better else -values


def _entries(table: Table, scores: Array, groups: Iterable[tuple[Key, NDArray[np.intp]]]) -> Partial:
    """Rows by group, with their scores and their order in the plan."""
    listed = list(groups)
    if not listed:
        return {}
    rows = np.concatenate([mine for _, mine in listed])
    _check_size(len(rows))
    found = zip(scores[rows].tolist(), table.order(rows), table.pick(rows), strict=True)
    return {_json(key): [list(entry) for entry in itertools.islice(found, len(mine))] for key, mine in listed}


# -- best, top ------------------------------------------------------------------------------------------------


class Leaders(_ByGroup):
    """The k best points of each group; entries are [score, order, row]."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(sweep)
        self.k = self.reduction.k or 1
        [self.metric] = self.reduction.of

    def of(self, table: Table) -> Partial:
        """The leaders of a table."""
        scores, groups = _scores(table, self.metric), Groups.of(table, self.by)
        return _entries(table, scores, groups.split(self._leading(scores, groups.ids)))

    def _leading(self, scores: Array, ids: NDArray[np.intp] | None) -> NDArray[np.intp]:
        """Rows of the k lowest scores of each group, lowest first; of equals the first."""
        known = np.flatnonzero(np.isfinite(scores))
        if not len(known):
            return known
        if ids is None:
            kth = np.partition(scores[known], min(self.k, len(known)) - 1)[min(self.k, len(known)) - 1]
            near = known[scores[known] <= kth]
            leading: NDArray[np.intp] = near[np.argsort(scores[near], kind="stable")][: self.k]
            return leading
        order = known[np.lexsort((scores[known], ids[known]))]
        starts = np.flatnonzero(np.diff(ids[order], prepend=-1))
        rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
        return np.compress(rank < self.k, order)

    def _join(self, first: Any, second: Any) -> Any:
        return sorted([*first, *second], key=lambda entry: entry[:2])[: self.k]

    def rows(self, partial: Partial) -> Iterator[list[Any]]:
        """The leaders, group by group, best first."""
        return (entry[2] for _, entries in self._sorted(partial) for entry in entries)


# -- pareto ---------------------------------------------------------------------------------------------------


def front(scores: Array) -> NDArray[np.intp]:
    """Which points no other one beats: is at least as low in every score and lower in one. Of equals, the first.

    Args:
        scores: shape (points, 2 or 3), less is better.

    Returns:
        Their places, by rising first score.
    """
    order: NDArray[np.intp] = np.lexsort(scores.T[::-1])  # by the first score, then the second; stable
    if scores.shape[1] == 2:
        second = scores[order, 1]
        before = np.minimum.accumulate(np.append(np.inf, second[:-1]))
        return np.compress(second < before, order)
    return np.compress(_unbeaten(scores[order, 1:]), order)


def _unbeaten(pairs: Array) -> list[bool]:
    """Which pairs no earlier one equals or beats; those not beaten so far are kept as a stair that falls."""
    firsts, seconds = [-np.inf], [np.inf]
    kept = []
    for first, second in pairs.tolist():
        at = bisect_right(firsts, first)
        kept.append(seconds[at - 1] > second)
        if kept[-1]:
            at -= firsts[at - 1] == first
            beaten = at
            while beaten < len(seconds) and seconds[beaten] >= second:
                beaten += 1
            firsts[at:beaten], seconds[at:beaten] = [first], [second]
    return kept


class Front(_ByGroup):
    """The points of each group that no other one beats; entries are [scores, order, row]."""

    def of(self, table: Table) -> Partial:
        """The front of a table."""
        scores = np.stack([_scores(table, name) for name in self.reduction.of], axis=1)
        known = np.flatnonzero(np.isfinite(scores).all(axis=1))
        groups = Groups.of(table, self.by).split(known)
        return _entries(table, scores, ((key, rows[front(scores[rows])]) for key, rows in groups))

    def _join(self, first: Any, second: Any) -> Any:
        both = sorted([*first, *second], key=lambda entry: entry[1])
        return [both[i] for i in front(np.array([entry[0] for entry in both])).tolist()]

    def rows(self, partial: Partial) -> Iterator[list[Any]]:
        """The fronts, group by group, along the first metric."""
        return (entry[2] for _, entries in self._sorted(partial) for entry in entries)


# -- histogram, count -----------------------------------------------------------------------------------------


class Histogram(_ByGroup):
    """Points in bins whose edges are fixed beforehand, at powers of ten and between, or at multiples of a width.

    So no pass is needed to find the range, and parts add up. Entries are {number of the bin: points}.
    """

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(sweep)
        [self.metric] = self.reduction.of
        self.width = self.reduction.bin_width
        self.bins_per_decade = self.reduction.bins_per_decade or DEFAULT_BINS_PER_DECADE

    @property
    def columns(self) -> tuple[Column, ...]:
        """Group, edges and points; the lower edge belongs to the bin."""
        unit, told = METRICS[self.metric].unit, METRICS[self.metric].meaning
        edges = (Column(f"{self.metric}_{end}", unit, told) for end in ("from", "to"))
        return (*self._by_columns, *edges, Column("points", "1", "points in the bin"))

    def edge(self, number: Any) -> Any:
        """The lower edge of a bin."""
        if self.width is None:
            return 10.0 ** (np.asarray(number) / self.bins_per_decade)
        return np.asarray(number) * self.width

    def of(self, table: Table) -> Partial:
        """The bins of a table."""
        values: Array = table.column(self.metric)
        known = np.flatnonzero(np.isfinite(values) & (values > 0.0))
        scaled = np.log10(values[known]) * self.bins_per_decade if self.width is None else values[known] / self.width
        bins = np.floor(scaled)
        bins += values[known] >= self.edge(bins + 1.0)  # a value at an edge is at the edge that is told
        bins -= values[known] < self.edge(bins)
        numbers = np.zeros(len(values), dtype=np.int64)
        numbers[known] = bins
        found: Partial = {}
        for key, rows in Groups.of(table, self.by).split(known):
            unique, counts = np.unique(numbers[rows], return_counts=True)
            found[_json(key)] = dict(zip(map(str, unique.tolist()), counts.tolist(), strict=True))
        return found

    def _join(self, first: Any, second: Any) -> Any:
        joined = dict(first)
        for number, points in second.items():
            joined[number] = joined.get(number, 0) + points
        return joined

    def rows(self, partial: Partial) -> Iterator[list[Any]]:
        """The bins that hold points, group by group."""
        for key, bins in self._sorted(partial):
            for number, points in sorted((int(n), points) for n, points in bins.items()):
                yield [*key, float(self.edge(number)), float(self.edge(number + 1)), points]


class Count(_ByGroup):
    """Points of each group; an entry is their number."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Group and points."""
        return (*self._by_columns, Column("points", "1", "points that keep the limits"))

    def of(self, table: Table) -> Partial:
        """The counts of a table."""
        rows = np.arange(table.rows)
        return {_json(key): len(mine) for key, mine in Groups.of(table, self.by).split(rows)}

    def _join(self, first: Any, second: Any) -> Any:
        return first + second

    def rows(self, partial: Partial) -> Iterator[list[Any]]:
        """The counts, group by group."""
        return ([*key, points] for key, points in self._sorted(partial))
