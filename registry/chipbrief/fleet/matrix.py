"""The coefficients of a program, by columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from chipbrief.fleet.formulate import Indices, Model
from chipbrief.physics import Array

__all__ = ["Matrix"]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Coefficients in order of their columns: where each column starts, and row, column and value of each."""

    starts: Indices
    rows: Indices
    columns: Indices
    values: Array
    row_count: int

    @classmethod
    def of(cls, model: Model) -> Self:
        """The coefficients of a program."""
        starts, rows, values = model.matrix()
        columns = np.repeat(np.arange(len(model.cost)), np.diff(starts))
        return cls(starts, rows, columns, values, len(model.row_lower))

    def by_row(self, values: Array) -> Array:
        """A x: what the columns at these values sum up to in each row."""
        found: Array = np.bincount(self.rows, self.values * values[self.columns], minlength=self.row_count).astype(
            float
        )
        return found

    def by_column(self, prices: Array) -> Array:
        """A^T y: what the rows at these prices sum up to in each column."""
        count = len(self.starts) - 1
        found: Array = np.bincount(self.columns, self.values * prices[self.rows], minlength=count).astype(float)
        return found

    def of_columns(self, wanted: Indices) -> tuple[Indices, Indices, Array]:
        """Some columns alone: starts, row numbers, coefficients."""
        lengths = self.starts[wanted + 1] - self.starts[wanted]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        entries = np.arange(starts[-1]) + np.repeat(self.starts[wanted] - starts[:-1], lengths)
        return starts, self.rows[entries], self.values[entries]
