"""Points as columns, each kept as small as it is: a text once, an axis as its values, a metric where it varies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Table"]


@dataclass(frozen=True)
class Table:
    """Points of one deployment.

    Attributes:
        columns: by name and in order, texts, and arrays that broadcast to `shape`.
        shape: requests, batches and money terms.
        kept: which points count, as rising places in the flattened shape; None for all.
        unit: number of the unit in the plan.
        numbers: of the requests, batches and money terms in their grids.
    """

    columns: Mapping[str, Any]
    shape: tuple[int, int, int]
    kept: NDArray[np.intp] | None
    unit: int
    numbers: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]

    @cached_property
    def rows(self) -> int:
        """Points that count."""
        return math.prod(self.shape) if self.kept is None else len(self.kept)

    def flat(self, values: Any) -> NDArray[Any]:
        """Anything that broadcasts to the shape, a value a row."""
        whole = np.broadcast_to(values, self.shape).reshape(-1)
        return whole if self.kept is None else whole[self.kept]

    def column(self, name: str) -> NDArray[Any]:
        """A column, a value a row; shape (rows,)."""
        return self.flat(self.columns[name])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every column, a value a row."""
        return {name: self.column(name) for name in self.columns}

    def pick(self, rows: NDArray[np.intp] | Sequence[int]) -> list[list[Any]]:
        """Some rows as plain values, in the order of the columns; None where there is no number."""
        places = self._places(rows)
        first = np.zeros(len(rows), dtype=np.intp)
        picked: list[list[Any]] = []
        for values in self.columns.values():
            if np.ndim(values) == 0:
                picked.append([values if isinstance(values, (str, bool)) else values.item()] * len(rows))
                continue
            place = tuple(p if size > 1 else first for p, size in zip(places, values.shape, strict=True))
            chosen = values[place]
            known = np.isfinite(chosen) if chosen.dtype.kind == "f" else np.ones(len(rows), dtype=bool)
            picked.append([value if real else None for value, real in zip(chosen.tolist(), known, strict=True)])
        return [list(row) for row in zip(*picked, strict=True)]

    def order(self, rows: NDArray[np.intp]) -> list[list[Any]]:
        """Where some rows stand in the plan, however it is cut: unit, shape, request, batch and money terms."""
        shape = [self.unit, int(self.columns["chips"]), self.columns["deployment"]]
        at = [numbers[place].tolist() for numbers, place in zip(self.numbers, self._places(rows), strict=True)]
        return [[*shape, *place] for place in zip(*at, strict=True)]

    def _places(self, rows: NDArray[np.intp] | Sequence[int]) -> tuple[NDArray[np.intp], ...]:
        at = np.asarray(rows, dtype=np.intp)
        return np.unravel_index(at if self.kept is None else self.kept[at], self.shape)
