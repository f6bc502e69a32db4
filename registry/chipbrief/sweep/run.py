"""A sweep from plan to result: through an engine into a folder, or in this process as tables or one reduction."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from chipbrief.catalogue import Catalogue
from chipbrief.engine import Engine, ItemError
from chipbrief.finance import FinanceTerms
from chipbrief.registry import Registry
from chipbrief.sweep.columns import Column, columns_of
from chipbrief.sweep.document import Sweep
from chipbrief.sweep.encode import cell, check_parquet, csv_bytes, parquet_bytes
from chipbrief.sweep.plan import Plan
from chipbrief.sweep.points import Evaluator
from chipbrief.sweep.reduce import Partial, reducer_of
from chipbrief.sweep.store import Folder, Record
from chipbrief.sweep.table import Table
from chipbrief.sweep.tally import KINDS, Tally
from chipbrief.sweep.world import World

__all__ = ["Outcome", "Progress", "Tables", "counts_of", "evaluate_sweep", "manifest_of", "reduce_sweep", "run_sweep"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: parts done before it began and by now, and points of this run alone."""

    parts: int
    done: int
    before: int
    points: int


@dataclass(frozen=True)
class Outcome:
    """What came of a sweep.

    Attributes:
        plan: its parts.
        tally: counts of all points, those of earlier runs included.
        columns: columns of the rows, or of the reduction's result.
        rows: the reduction's result; None where every row was written.
        computed: points that this run computed.
        seconds: time that it took.
        kept_parts: parts that were there before.
    """

    plan: Plan
    tally: Tally
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]] | None
    computed: int
    seconds: float
    kept_parts: int


@dataclass(frozen=True)
class _Work:
    """What an engine runs: a part's number in, its rows and record out."""

    sweep: Sweep
    world: World

    @cached_property
    def plan(self) -> Plan:
        """The same in every process."""
        return Plan.of(self.sweep)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is cheaper made than sent."""
        return {"sweep": self.sweep, "world": self.world}

    def __call__(self, part: int) -> tuple[bytes | None, Record]:
        """Compute a part."""
        evaluator = Evaluator(self.plan, self.world)
        tables = evaluator.part(part)
        if self.sweep.reduce:
            partial = self._reduced(tables)
            return None, Record(evaluator.tally.as_data(), partial, None)
        encode = parquet_bytes if self.sweep.format == "parquet" else csv_bytes
        rows = encode(columns_of(self.sweep), tables)
        return rows, Record(evaluator.tally.as_data(), None, len(rows))

    def _reduced(self, tables: Iterable[Table]) -> Partial:
        reducer = reducer_of(self.sweep)
        partial: Partial = {}
        for table in tables:
            partial = reducer.merge(partial, reducer.of(table))
        return partial


def run_sweep(
    sweep: Sweep,
    registry: Registry,
    catalogue: Catalogue,
    engine: Engine,
    folder: Path,
    *,
    restart: bool = False,
    terms: FinanceTerms | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Run a sweep into a folder, or go on with one that was stopped; complete parts are not computed again.

    Args:
        sweep: what to compute.
        registry: the hardware.
        catalogue: the architectures.
        engine: where to compute, inside its `with` block.
        folder: where to write.
        restart: begin anew, whatever the folder holds of a sweep.
        terms: finance terms instead of the shipped ones.
        progress: told after every part.

    Raises:
        InputError: the folder holds another sweep or something else.
        ChipbriefError: a library is missing, or a reduction keeps too much.
    """
    if sweep.format == "parquet" and not sweep.reduce:
        check_parquet()
    world, plan = World.of(sweep, registry, catalogue, terms), Plan.of(sweep)
    with Folder(folder, sweep.format).opened(manifest_of(plan, world), restart=restart) as place:
        began, total = time.perf_counter(), _Total(sweep)
        missing = [part for part in range(plan.parts) if not total.takes(place.record(part))]
        before, kept = plan.parts - len(missing), total.tally.computed
        progress(Progress(plan.parts, before, before, 0))
        for done, (index, (rows, record)) in enumerate(_done(engine, _Work(sweep, world), missing), before + 1):
            place.keep(missing[index], rows, record)
            total.takes(record)
            progress(Progress(plan.parts, done, before, total.tally.computed - kept))
        return _written(total.outcome(plan, kept, time.perf_counter() - began, before), place)


class _Total:
    """All parts added up, in whichever order they come."""

    def __init__(self, sweep: Sweep) -> None:
        self.tally, self.partial = Tally(), Partial()
        self._columns = columns_of(sweep)
        self._reducer = reducer_of(sweep) if sweep.reduce else None

    def takes(self, record: Record | None) -> bool:
        """Add a part; whether there was one."""
        if record is None:
            return False
        self.tally.add(Tally.from_data(record.tally))
        if self._reducer:
            self.partial = self._reducer.merge(self.partial, dict(record.partial or {}))
        return True

    def outcome(self, plan: Plan, kept: int, seconds: float, kept_parts: int) -> Outcome:
        """What it comes to; `kept` points were computed before."""
        rows = list(self._reducer.rows(self.partial)) if self._reducer else None
        columns = self._reducer.columns if self._reducer else self._columns
        return Outcome(plan, self.tally, columns, rows, self.tally.computed - kept, seconds, kept_parts)


def _done(engine: Engine, work: _Work, parts: Sequence[int]) -> Iterator[tuple[int, tuple[bytes | None, Record]]]:
    """Parts as they are done; an error is raised as what it was where it arose, not as that of a part."""
    try:
        yield from engine.imap(work, parts)
    except ItemError as error:
        if isinstance(error.cause, Exception):
            raise error.cause from error
        raise


def _written(outcome: Outcome, place: Folder) -> Outcome:
    """Write what all parts come to."""
    place.write("refusals.csv", _refusals(outcome.tally))
    if outcome.rows is not None:
        place.write("result.csv", _csv([column.name for column in outcome.columns], outcome.rows))
    place.write("result.json", _result(outcome))
    return outcome


def manifest_of(plan: Plan, world: World) -> dict[str, Any]:
    """What is computed, with what, in how many parts, and what the columns are."""
    sweep = plan.sweep
    columns = reducer_of(sweep).columns if sweep.reduce else columns_of(sweep)
    return {
        "schema": "sweep-output/1",
        "name": sweep.name,
        "sweep": plan.content,
        "sweep_sha256": plan.digest,
        "registry": world.fingerprint,
        "parts": plan.parts,
        "cells": plan.cells,
        "columns": [{"name": c.name, "unit": c.unit, "meaning": c.meaning} for c in columns],
    }


def _csv(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    lines = [",".join(headings), *(",".join(map(cell, row)) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def _refusals(tally: Tally) -> bytes:
    headings = ("hardware", "model", "precision", "chips", "kind", "context_from_tokens", "context_to_tokens")
    rows = (
        (r.hardware, r.model, r.precision, r.chips, r.kind, r.context_from, r.context_to, r.points, r.reason)
        for r in tally.sorted()
    )
    return _csv((*headings, "points", "reason"), rows)


def counts_of(tally: Tally) -> dict[str, Any]:
    """The counts of a sweep, which add up."""
    return {
        "points": tally.points,
        "computed": tally.computed,
        "rows": tally.rows,
        "outside_limits": tally.filtered,
        "refused": {kind: tally.by_kind().get(kind, 0) for kind in KINDS},
    }


def _result(outcome: Outcome) -> bytes:
    names = [column.name for column in outcome.columns]
    document: dict[str, Any] = {"name": outcome.plan.sweep.name, **counts_of(outcome.tally)}
    if outcome.rows is not None:
        document["reduction"] = outcome.plan.content["reduce"]
        document["units"] = {column.name: column.unit for column in outcome.columns}
        document["result"] = [dict(zip(names, row, strict=True)) for row in outcome.rows]
    return (json.dumps(document, indent=1, allow_nan=False) + "\n").encode()


# -- without a folder -----------------------------------------------------------------------------------------


@dataclass
class Tables:
    """The tables of a sweep, one after another; `tally` counts along."""

    sweep: Sweep
    world: World
    tally: Tally = field(default_factory=Tally)

    def __iter__(self) -> Iterator[Table]:
        """Compute them, part by part."""
        plan = Plan.of(self.sweep)
        evaluator = Evaluator(plan, self.world)
        self.tally = evaluator.tally
        for part in range(plan.parts):
            yield from evaluator.part(part)


def evaluate_sweep(sweep: Sweep, registry: Registry, catalogue: Catalogue, terms: FinanceTerms | None = None) -> Tables:
    """Compute a sweep in this process, a table at a time, and write nothing.

    `table.arrays()` gives every column of a table as an array, a value a row; `tally` of the whole counts what was
    computed and what was refused.
    """
    return Tables(sweep, World.of(sweep, registry, catalogue, terms))


def reduce_sweep(sweep: Sweep, registry: Registry, catalogue: Catalogue, terms: FinanceTerms | None = None) -> Outcome:
    """Compute the reduction of a sweep in this process, and write nothing."""
    plan, work, total = Plan.of(sweep), _Work(sweep, World.of(sweep, registry, catalogue, terms)), _Total(sweep)
    began = time.perf_counter()
    for part in range(plan.parts):
        total.takes(work(part)[1])
    return total.outcome(plan, 0, time.perf_counter() - began, 0)
