"""Which group of the axes `by` each row of a table belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chipbrief.sweep.table import Table

__all__ = ["Groups", "Key"]

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Groups:
    """Groups of a table's rows: a number a row, and what the numbers stand for."""

    ids: NDArray[np.intp] | None
    values: Sequence[Sequence[Any]]

    @classmethod
    def of(cls, table: Table, columns: Sequence[str]) -> Self:
        """Number the groups of a table; None in place of numbers where all rows are in one."""
        ids: Any = np.zeros((1, 1, 1), dtype=np.intp)
        values: list[Sequence[Any]] = []
        for name in columns:
            if np.ndim(table.columns[name]) == 0:
                values.append([np.asarray(table.columns[name]).item()])
                continue
            unique, place = np.unique(np.asarray(table.columns[name]), return_inverse=True)
            values.append(unique.tolist())
            ids = ids * len(unique) + place.reshape(np.shape(table.columns[name]))
        one = all(len(unique) == 1 for unique in values)
        return cls(None if one else table.flat(ids), values)

    def key(self, number: int) -> Key:
        """The values that a number stands for."""
        at = np.unravel_index(number, [len(unique) for unique in self.values] or [1])
        return tuple(unique[int(i)] for unique, i in zip(self.values, at, strict=False))

    def split(self, rows: NDArray[np.intp]) -> Iterator[tuple[Key, NDArray[np.intp]]]:
        """Some rows by group, each in the order that they came in."""
        if not len(rows):
            return
        if self.ids is None:
            yield self.key(0), rows
            return
        order = rows[np.argsort(self.ids[rows], kind="stable")]
        sorted_ids = self.ids[order]
        starts = np.flatnonzero(np.diff(sorted_ids, prepend=-1))
        for start, part in zip(starts, np.split(order, starts[1:]), strict=True):
            yield self.key(int(sorted_ids[start])), part
