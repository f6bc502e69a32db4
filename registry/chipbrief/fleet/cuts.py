"""Rows that whole replicas obey and fractions break: they lift the bound of a large program (F11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipbrief.fleet.formulate import Model
from chipbrief.fleet.problem import Problem
from chipbrief.physics import Array

__all__ = ["add_cuts"]

LEAST_SHARE, LEAST_FRACTION, LEAST_VIOLATION = 0.5, 0.02, 0.01
MOST_WORTH = 1e4  # replicas of one deployment that stand for one of another, beyond which a row is badly scaled
MULTIPLES = (1, 2, 3)  # replicas that are one unit of a row
LANES = ("own", "rent")

Mask = npt.NDArray[np.bool_]


def add_cuts(model: Model, problem: Problem, values: Array) -> int:
    """Add the mixed-integer rounding rows that a relaxed solution breaks; returns how many.

    Some classes of a model take N units together, with fraction f; a unit is what one replica of a deployment in a
    lane carries, or two or three of them. A replica r stands for at most a_r units: the largest ratio of loads of
    the classes, and never more than N. What is not routed to the replicas that are counted, N_c v_c, must make up for
    f before one unit less is enough (F11):

        sum over r of (floor(a_r) + min(frac(a_r)/f, 1)) y_r >= ceil(N) - sum over c of N_c v_c / f

    Counted are the replicas for which that breaks the row most.
    """
    rows = [
        row for name in dict.fromkeys(r.model for r in problem.replicas) for row in _rows(model, problem, values, name)
    ]
    _add(model, rows)
    return sum(len(row.months) for row in rows)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A relaxed solution's part that concerns one model in one slice; axes are lanes, replicas, classes, months."""

    y: Array  # (lanes, replicas, months)
    shares: Array  # (lanes, replicas, classes, months)
    loads: Array  # (replicas, classes, months); infinite where there is no point
    carried: Array  # (classes, months)
    capacity: Array  # (lanes,)
    open: Mask  # (lanes, replicas, months)
    y_columns: npt.NDArray[np.int64]
    share_columns: npt.NDArray[np.int64]  # -1 where there is no point


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of one unit and set of classes, one a month; coefficients by lane, replica, class and month."""

    seen: _Seen
    months: npt.NDArray[np.int64]
    lower: Array
    y: Array
    shares: Array


def _rows(model: Model, problem: Problem, values: Array, name: str) -> Iterator[_Rows]:
    replicas = [i for i, r in enumerate(problem.replicas) if r.model == name]
    points = [(i, p) for i, p in enumerate(problem.points) if p.replica in replicas]
    classes = [c for c in problem.classes if any(p.class_id == c for _, p in points)]
    shape, months = (len(replicas), len(classes)), problem.months
    columns = np.full((len(LANES), *shape, months), -1)
    whole = (1.0,) * months
    for i, p in points:
        at = replicas.index(p.replica), classes.index(p.class_id)
        for lane, lane_name in enumerate(LANES):
            columns[lane, *at] = model.columns[f"share_{lane_name}"][i]
    y_columns = np.array([model.columns[lane][replicas] for lane in LANES])
    for s in range(len(problem.slices)):
        loads = np.full((*shape, months), np.inf)
        for _, p in points:
            loads[replicas.index(p.replica), classes.index(p.class_id)] = p.loads[s] * np.array(problem.growth)
        seen = _Seen(
            y=values[y_columns],
            shares=np.where(columns >= 0, values[columns], 0.0),
            loads=loads,
            carried=np.array([problem.carried.get(c, whole) for c in classes]),
            capacity=np.array([problem.availability, 1.0]),
            open=model.upper[y_columns] > 0.0,
            y_columns=y_columns,
            share_columns=columns,
        )
        yield from _of_slice(seen)


def _of_slice(seen: _Seen) -> Iterator[_Rows]:
    """Rows of every unit that the solution uses, and of every set of classes worth a try."""
    for lane, r in np.argwhere((seen.y > LEAST_FRACTION).any(axis=2)):
        for some in _sets(seen, int(r)):
            for multiple in MULTIPLES:
                used = seen.y[lane, r] > LEAST_FRACTION
                found = _broken(seen, some & used, seen.loads[r] / (seen.capacity[lane] * multiple))
                if len(found.months):
                    yield found


def _sets(seen: _Seen, r: int) -> list[Mask]:
    """Classes to take together in each month: those that are on a replica for the most part, at all, and each alone."""
    there = np.isfinite(seen.loads[r])
    routed = seen.shares[:, r].sum(axis=0)
    found = [there & (routed > LEAST_SHARE), there & (routed > LEAST_FRACTION), there]
    alone = np.eye(len(there), dtype=bool)[:, :, np.newaxis] & there
    return [
        some for n, some in enumerate([*found, *alone]) if some.any() and not any((some == o).all() for o in found[:n])
    ]


def _broken(seen: _Seen, some: Mask, units: Array) -> _Rows:
    """The rows that a solution breaks, for a set of classes (classes, months) and the units that each takes."""
    n = np.where(some, units, 0.0)  # (classes, months)
    total = (n * seen.carried).sum(axis=0)
    fraction = total - np.floor(total)
    good = (fraction > LEAST_FRACTION) & (fraction < 1.0 - LEAST_FRACTION / 10.0)
    f = np.where(good, fraction, 1.0)
    here = some & np.isfinite(seen.loads)  # (replicas, classes, months)
    ratio = np.where(here, n / np.maximum(seen.loads, 1e-12), 0.0).max(axis=1)
    worth = np.minimum(ratio * seen.capacity[:, np.newaxis, np.newaxis], total)  # (lanes, replicas, months)
    rounded = np.floor(worth + 1e-9) + np.minimum(np.maximum(worth - np.floor(worth + 1e-9), 0.0) / f, 1.0)
    unrouted = np.where(here, n, 0.0) / f  # (replicas, classes, months)
    other = (unrouted * seen.shares).sum(axis=2)
    counted = (rounded * seen.y <= other + 1e-9) & (rounded < MOST_WORTH) & seen.open
    reached = np.where(counted, rounded * seen.y, other).sum(axis=(0, 1))
    routed = (n * seen.carried / f).sum(axis=0) - (unrouted * seen.shares).sum(axis=(0, 1, 2))  # by the token
    months = np.flatnonzero(good & (reached + routed < np.ceil(total) - LEAST_VIOLATION))
    return _Rows(
        seen,
        months,
        (np.ceil(total) - total / f)[months],
        np.where(counted, rounded, 0.0)[..., months],
        np.where(counted[:, :, np.newaxis], -unrouted, 0.0)[..., months],
    )


def _add(model: Model, found: list[_Rows]) -> None:
    if not found:
        return
    lower = np.concatenate([rows.lower for rows in found])
    numbers = model.add_rows(f"cuts_{len(model.row_lower)}", (len(lower),), lower=lower)
    first = 0
    for rows in found:
        at = numbers[first : first + len(rows.months)]
        first += len(rows.months)
        for columns, value in ((rows.seen.y_columns, rows.y), (rows.seen.share_columns, rows.shares)):
            kept = value != 0.0
            where = np.nonzero(kept)
            model.put(at[where[-1]], columns[..., rows.months][kept], value[kept])
