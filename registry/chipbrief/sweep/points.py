"""The kernel: a block of a plan becomes tables of points, by the physics and prices that everything else uses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipbrief.architecture import Architecture, Precision
from chipbrief.evaluate import Footprint, Request, serve
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Array
from chipbrief.sweep.bands import Bands, banded
from chipbrief.sweep.columns import AXIS_COLUMNS, money_columns
from chipbrief.sweep.metrics import METRICS, Operating
from chipbrief.sweep.money import Money, Terms
from chipbrief.sweep.plan import Block, Grid, Plan, Unit
from chipbrief.sweep.shapes import Shapes, Why, resolve_precision
from chipbrief.sweep.table import Table
from chipbrief.sweep.tally import Tally
from chipbrief.sweep.world import World

__all__ = ["Evaluator"]

Mask = NDArray[np.bool_]
_WHOLE = ("context", "input", "output", "batch")


@dataclass(frozen=True)
class _Requests:
    """Requests of a block and their numbers in the plan; arrays of shape (requests,) [tokens]."""

    numbers: NDArray[np.intp]
    input: Array
    output: Array
    cached_fraction: Array

    @classmethod
    def of(cls, grid: Grid, start: int, stop: int) -> _Requests:
        values = grid.at(start, stop)
        output = values["output"]
        prompt = values["input"] if "input" in values else values["context"] - output
        return cls(np.arange(start, stop), prompt, output, values["cached_fraction"])

    @cached_property
    def context(self) -> Array:
        """Prompt and answer."""
        return self.input + self.output

    @property
    def running_context(self) -> Array:
        """What a running sequence holds on average: its prompt and half its answer."""
        return self.input + self.output / 2.0

    def __getitem__(self, chosen: Mask) -> _Requests:
        return _Requests(self.numbers[chosen], self.input[chosen], self.output[chosen], self.cached_fraction[chosen])

    def __len__(self) -> int:
        return len(self.input)


class Evaluator:
    """Computes the blocks of a plan and keeps count; what neighbouring blocks share is kept between them."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan, self.world, self.tally = plan, world, Tally()
        self._money: tuple[tuple[str, int, int], Terms] | None = None
        self._found: tuple[Unit, Precision | Why, Shapes | None] | None = None

    def part(self, number: int) -> Iterator[Table]:
        """The tables of a part."""
        for block in self.plan.part(number):
            yield from self.block(block)

    def block(self, block: Block) -> Iterator[Table]:
        """The tables of a block, one a deployment; what is refused is counted."""
        unit = block.unit
        requests = _Requests.of(self.plan.requests, *block.requests)
        precision, shapes = self._shapes(unit)
        cells_a_request = block.cells // len(requests)
        if shapes is None:
            assert isinstance(precision, Why)
            self._refuse(unit, precision, requests, cells_a_request)
            return
        requests = self._with_prompts(unit, requests, cells_a_request)
        if not len(requests):
            return
        contexts, which = np.unique(requests.context, return_inverse=True)
        for answer, among in _grouped(shapes.at(contexts)).items():
            chosen = requests[among[which]]
            if isinstance(answer, Why):
                self._refuse(unit, answer, chosen, cells_a_request)
            else:
                yield self._table(block, answer, chosen)

    # -- what is refused -------------------------------------------------------------------------------------

    def _with_prompts(self, unit: Unit, requests: _Requests, cells_a_request: int) -> _Requests:
        """Requests whose context leaves room for a prompt beside the answer."""
        some = requests.input >= 1
        if not some.all():
            without = requests[~some]
            shortest = int(without.context.argmin())
            told = f"context {without.context[shortest]:,.0f} leaves no prompt before {without.output[shortest]:,.0f}"
            self._refuse(unit, Why("context", f"{told} tokens of answer"), without, cells_a_request)
        return requests[some]

    def _refuse(self, unit: Unit, why: Why, requests: _Requests, cells_a_request: int) -> None:
        ends = (requests.context.min(), requests.context.max()) if len(requests) else ()
        named = (unit.hardware, unit.model, unit.precision, unit.chips)
        self.tally.refuse(named, why, ends, len(requests) * cells_a_request)

    def _shapes(self, unit: Unit) -> tuple[Precision | Why, Shapes | None]:
        if self._found is None or self._found[0] != unit:
            hardware, architecture = self.world.hardware[unit.hardware], self.world.models[unit.model]
            names = self.plan.sweep.axes.precision
            before = names[: names.index(unit.precision)]
            precision = resolve_precision(hardware, architecture, unit.precision, before)
            shapes = None
            if isinstance(precision, Precision):
                shapes = Shapes(hardware, architecture, precision, unit.chips)
            self._found = unit, precision, shapes
        return self._found[1], self._found[2]

    # -- what is computed ------------------------------------------------------------------------------------

    def _table(self, block: Block, deployment: Deployment, requests: _Requests) -> Table:
        hardware, architecture = self.world.hardware[block.unit.hardware], self.world.models[block.unit.model]
        batch = self.plan.batches[slice(*block.batches)][np.newaxis, :, np.newaxis]
        terms = self._terms(hardware, block.terms)
        money = terms.of(deployment)
        limit = hardware.throughput.running_batch_limit(architecture, deployment, requests.running_context)
        at = self._operating(hardware, architecture, deployment, requests, batch, np.asarray(limit), money)
        shape = (len(requests), batch.size, money.usd_h.size)
        metrics = {name: METRICS[name].of(at) for name in self.plan.sweep.needed_metrics}
        measured = hardware.id in self.world.measured
        fits = batch <= at.batch_limit
        self._count_over_memory(block, deployment, requests, fits, shape[2])
        kept = self._kept(shape, fits, metrics, measured, money)
        columns = self._columns(block, deployment, requests, batch, terms)
        bands = Bands.of(hardware.profile, architecture, batch) if self.plan.sweep.error_bands else None
        for name in self.plan.sweep.told_metrics:
            columns[name] = metrics[name]
            if bands and banded((name,)):
                columns[f"{name}_low"], columns[f"{name}_high"] = bands.ends(name, metrics[name], at)
        columns |= {"measured": measured, "offered": money.offered[np.newaxis, np.newaxis, :]}
        numbers = requests.numbers, np.arange(*block.batches), np.arange(*block.terms)
        return Table(columns, shape, kept, block.unit.number, numbers)

    def _terms(self, hardware: Hardware, place: tuple[int, int]) -> Terms:
        key = (hardware.id, *place)
        if self._money is None or self._money[0] != key:
            values = self.plan.terms.at(*place)
            self._money = key, Terms(hardware, self.world.terms, self.plan.sweep.axes.lane, values)
        return self._money[1]

    @staticmethod
    def _operating(
        hardware: Hardware,
        architecture: Architecture,
        deployment: Deployment,
        requests: _Requests,
        batch: Array,
        limit: Array,
        money: Money,
    ) -> Operating:
        prompt, share = _outer(requests.input), _outer(requests.cached_fraction)
        output = _outer(requests.output)
        request = Request(prompt * (1.0 - share), prompt * share, output)
        return Operating(
            service=serve(hardware, architecture, deployment, request, batch),
            input_tokens=prompt,
            output_tokens=output,
            chips=float(deployment.chips),
            systems=Footprint.of(hardware, deployment).parts[-1].systems,
            batch_limit=_outer(np.broadcast_to(limit, (len(requests),))),
            usd_h=_inner(money.usd_h),
            utilisation=_inner(money.utilisation),
            power_w=_inner(money.power_w),
            pue=_inner(money.pue),
        )

    def _count_over_memory(
        self, block: Block, deployment: Deployment, requests: _Requests, fits: Mask, terms: int
    ) -> None:
        over = (~fits).sum(axis=(1, 2))
        if over.any():
            unit = block.unit
            named = (unit.hardware, unit.model, unit.precision, deployment.chips)
            why = Why("memory", "the KV cache of so many sequences does not fit beside the weights")
            contexts = requests.context[over > 0]
            self.tally.refuse(named, why, (contexts.min(), contexts.max()), int(over.sum()) * terms)

    def _kept(
        self, shape: tuple[int, int, int], fits: Mask, metrics: Mapping[str, Any], measured: bool, money: Money
    ) -> NDArray[np.intp] | None:
        """Places of the points that fit and keep the limits; counts them."""
        where = self.plan.sweep.where
        wanted: Mask = fits
        for name, limit in where.ranges.items():
            value = metrics[name]
            wanted = wanted & (value >= limit.min if limit.min is not None else True)
            wanted = wanted & (value <= limit.max if limit.max is not None else True)
        if where.measured is not None:
            wanted = wanted & (where.measured == measured)
        if where.offered is not None:
            wanted = wanted & (_inner(money.offered) == where.offered)
        rows = int(np.count_nonzero(wanted)) * int(np.prod(shape)) // wanted.size
        self.tally.rows += rows
        self.tally.filtered += int(np.count_nonzero(fits)) * int(np.prod(shape)) // fits.size - rows
        if rows == np.prod(shape):
            return None
        return np.flatnonzero(np.broadcast_to(wanted, shape))

    def _columns(
        self, block: Block, deployment: Deployment, requests: _Requests, batch: Array, terms: Terms
    ) -> dict[str, Any]:
        lanes = np.array(self.plan.lanes, dtype=object)[terms.columns["lane"].astype(int)]
        values: dict[str, Any] = {
            "hardware": block.unit.hardware,
            "model": block.unit.model,
            "precision": deployment.decode.precision.name,
            "chips": np.int64(deployment.chips),
            "deployment": str(deployment),
            "context": _outer(requests.context),
            "input": _outer(requests.input),
            "output": _outer(requests.output),
            "cached_fraction": _outer(requests.cached_fraction),
            "batch": batch,
            "lane": _inner(lanes),
            **{name: _inner(terms.columns[name]) for name in money_columns(self.plan.sweep.axes)},
        }
        values |= {name: values[name].astype(np.int64) for name in _WHOLE}
        return {AXIS_COLUMNS[name].name: value for name, value in values.items()}


def _grouped(answers: Sequence[tuple[Deployment, ...] | Why]) -> dict[Deployment | Why, Mask]:
    """Each deployment or reason, in order, and which of the contexts it is an answer for."""
    found: dict[Deployment | Why, Mask] = {}
    start = 0
    for _, same in itertools.groupby(answers, key=id):  # neighbours share their answer
        run = list(same)
        for answer in (run[0],) if isinstance(run[0], Why) else run[0]:
            found.setdefault(answer, np.zeros(len(answers), dtype=bool))[start : start + len(run)] = True
        start += len(run)
    return found


def _outer(values: Any) -> Any:
    """A value a request, as the first axis of three."""
    return values[:, np.newaxis, np.newaxis]


def _inner(values: Any) -> Any:
    """A value a money term, as the last axis of three."""
    return values[np.newaxis, np.newaxis, :]
