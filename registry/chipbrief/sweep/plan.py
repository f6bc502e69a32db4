"""From axes to parts: the points in one fixed order, cut into blocks that memory holds and parts that disks keep."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from chipbrief.physics import Array
from chipbrief.sweep.axes import Axes
from chipbrief.sweep.document import Sweep

__all__ = ["BLOCK_POINTS", "FINANCE_AXES", "MONEY_AXES", "Block", "Grid", "Plan", "Unit"]

BLOCK_POINTS = 2**16  # what is computed at once: small enough for a processor's cache to help
PART_ROWS = 2**16  # of a file
PART_POINTS = 2**19  # of a reduction, whose parts are a few numbers each
PART_TABLES = 256  # deployments of a part, each of which takes half a millisecond however few its points are
SHAPES = {"smallest": 1, "all": 8}  # deployments that a cell stands for at most, for the size of blocks; else two

FINANCE_AXES = (
    "economic_life",
    "cost_of_capital",
    "residual",
    "pue",
    "electricity",
    "colocation",
    "network_storage",
    "support",
    "software",
    "staff",
    "utilisation",
)
MONEY_AXES = (
    "system_price",
    "system_price_factor",
    "system_power",
    "system_power_factor",
    "rent",
    "rent_factor",
    *FINANCE_AXES,
)


@dataclass(frozen=True)
class Grid:
    """The product of some axes, the last one the fastest, looked into without ever being built as a whole."""

    axes: Mapping[str, Array]

    @cached_property
    def size(self) -> int:
        """Number of combinations; 1 without axes."""
        return math.prod(len(values) for values in self.axes.values())

    def at(self, start: int, stop: int) -> dict[str, Array]:
        """The values of some combinations in a row, by axis; shape (stop - start,)."""
        places = np.unravel_index(np.arange(start, stop), [len(values) for values in self.axes.values()] or [1])
        return {name: values[place] for (name, values), place in zip(self.axes.items(), places, strict=False)}


@dataclass(frozen=True, slots=True)
class Unit:
    """What runs where: everything that is not a number of tokens, sequences or dollars, and its number in the plan."""

    number: int
    hardware: str
    model: str
    precision: str
    chips: int | str


@dataclass(frozen=True, slots=True)
class Block:
    """A unit with a run of requests, of batches and of money terms: half-open ranges of their grids."""

    unit: Unit
    requests: tuple[int, int]
    batches: tuple[int, int]
    terms: tuple[int, int]

    @property
    def cells(self) -> int:
        """Combinations of axis values."""
        return math.prod(stop - start for start, stop in (self.requests, self.batches, self.terms))


@dataclass(frozen=True)
class Plan:
    """A sweep as parts. A cell is one combination of axis values: one point, or several where several shapes fit."""

    sweep: Sweep
    requests: Grid
    batches: Array
    lanes: tuple[str, ...]
    terms: Grid

    @classmethod
    def of(cls, sweep: Sweep) -> Self:
        """Lay a sweep out; everything follows from the file, and nothing is computed yet."""
        axes = sweep.axes
        return cls(sweep, _requests(axes), axes.batch.numbers, axes.lane, _terms(axes))

    # -- sizes -----------------------------------------------------------------------------------------------

    @cached_property
    def _choices(self) -> tuple[Sequence[Any], ...]:
        axes = self.sweep.axes
        return axes.hardware or (), axes.model or (), axes.precision, axes.chips

    @property
    def units(self) -> int:
        """Combinations of hardware, model, precision and chips."""
        return math.prod(map(len, self._choices))

    @property
    def cells(self) -> int:
        """Combinations of all axes."""
        return self.units * self.requests.size * len(self.batches) * self.terms.size

    @property
    def _shapes(self) -> int:
        """Shapes that a cell may stand for, roughly."""
        return max(SHAPES.get(str(chips), 2) for chips in self.sweep.axes.chips)

    @property
    def _part_points(self) -> int:
        return self.sweep.part_points or (PART_POINTS if self.sweep.reduce else PART_ROWS)

    @cached_property
    def _steps(self) -> tuple[int, int, int]:
        """Requests, batches and money terms of a block: the inner axes whole, as far as they go."""
        room = max(min(BLOCK_POINTS, self._part_points) // self._shapes, 1)
        terms = min(self.terms.size, room)
        batches = min(len(self.batches), max(room // terms, 1))
        return min(self.requests.size, max(room // (terms * batches), 1)), batches, terms

    @cached_property
    def _counts(self) -> tuple[int, int, int]:
        sizes = (self.requests.size, len(self.batches), self.terms.size)
        requests, batches, terms = (math.ceil(size / step) for size, step in zip(sizes, self._steps, strict=True))
        return requests, batches, terms

    @property
    def blocks(self) -> int:
        """Blocks of all units."""
        return self.units * math.prod(self._counts)

    @cached_property
    def _blocks_a_part(self) -> int:
        by_points = self._part_points // self._shapes // math.prod(self._steps)
        return max(min(by_points, PART_TABLES // self._shapes), 1)

    @property
    def parts(self) -> int:
        """Number of parts."""
        return math.ceil(self.blocks / self._blocks_a_part)

    def cells_of(self, part: int) -> int:
        """Combinations of a part."""
        return sum(block.cells for block in self.part(part))

    # -- parts -----------------------------------------------------------------------------------------------

    def part(self, number: int) -> Iterator[Block]:
        """The blocks of a part, in order."""
        first = number * self._blocks_a_part
        for i in range(first, min(first + self._blocks_a_part, self.blocks)):
            yield self._block(i)

    def _block(self, number: int) -> Block:
        unit, place = divmod(number, math.prod(self._counts))
        at = np.unravel_index(place, self._counts)
        sizes = (self.requests.size, len(self.batches), self.terms.size)
        ranges = [
            (int(i) * step, min((int(i) + 1) * step, size))
            for i, step, size in zip(at, self._steps, sizes, strict=True)
        ]
        return Block(self._unit(unit), ranges[0], ranges[1], ranges[2])

    def _unit(self, number: int) -> Unit:
        at = np.unravel_index(number, [len(choices) for choices in self._choices])
        return Unit(number, *(choices[int(i)] for choices, i in zip(self._choices, at, strict=True)))

    # -- identity --------------------------------------------------------------------------------------------

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """All that decides on the result, spelt out: two files that mean the same have the same content."""
        sweep, axes = self.sweep, self.sweep.axes
        return {
            "axes": {
                **{name: list(getattr(axes, name)) for name in ("hardware", "model", "precision", "chips", "lane")},
                **{name: values.tolist() for name, values in (*self.requests.axes.items(), *_money(axes).items())},
                "batch": self.batches.tolist(),
            },
            "metrics": list(sweep.metrics),
            "error_bands": sweep.error_bands,
            "where": sweep.where.model_dump(exclude_none=True),
            "reduce": sweep.reduce.model_dump(exclude_none=True) if sweep.reduce else None,
            "format": sweep.format,
            "points_a_block": math.prod(self._steps),
            "blocks_a_part": self._blocks_a_part,
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()


def _requests(axes: Axes) -> Grid:
    tokens = {"context": axes.context} if axes.context is not None else {"input": axes.input}
    found = {"output": axes.output, **tokens, "cached_fraction": axes.cached_fraction}
    return Grid({name: axis.numbers for name, axis in found.items() if axis is not None})


def _money(axes: Axes) -> dict[str, Array]:
    return {name: getattr(axes, name).numbers for name in MONEY_AXES if axes.given(name)}


def _terms(axes: Axes) -> Grid:
    return Grid({"lane": np.arange(len(axes.lane), dtype=float), **_money(axes)})
