"""Why no fleet fits: the caps with slack, and in words what is missing and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from chipbrief.fleet.formulate import Model, formulate
from chipbrief.fleet.problem import Problem
from chipbrief.fleet.solve import Limits, Solution, solve
from chipbrief.physics import Array

__all__ = ["carriable", "no_offer", "shortages"]


def no_offer(problem: Problem, class_id: str) -> str:
    """Why nothing serves a class."""
    reasons = problem.reasons.get(class_id, {})
    said = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    return f"no offer serves {class_id}: {said or 'no system is considered'}"


def shortages(problem: Problem, limits: Limits) -> tuple[str, ...]:
    """What is missing for a problem that no fleet fits, the least of it in sum, each cap by its own size."""
    model = formulate(problem)
    sizes = _loosen(model, problem)
    least = solve(model, limits, relaxed=True)  # what is left unserved however much there were of everything
    row = model.add_rows("unserved", (1,), upper=max(least.cost, 0.0) + 1e-6)
    model.put(row, model.columns["unserved"].ravel(), 1.0)
    model.cost[:] = 0.0
    for name, cost in sizes.items():
        model.cost[model.columns[name]] = cost
    found = solve(model, replace(limits, gap=1e-3, seconds=limits.seconds / 3.0))
    if not found.found:
        found = solve(model, limits, relaxed=True)
    return tuple(_told(model, problem, found))


def carriable(problem: Problem, limits: Limits) -> Problem | None:
    """The same with as much of every class as the caps let be carried, the sum of their shares; None if nothing."""
    model = formulate(problem)
    model.cost[:] = 0.0
    unserved = model.add_columns("unserved", (len(problem.classes), problem.months), cost=1.0, upper=1.0)
    model.put(model.rows["demand"], unserved, 1.0)
    found = solve(model, replace(limits, gap=1e-3, seconds=limits.seconds / 3.0))
    if not found.found:
        return None
    carried = np.floor((1.0 - found.values[unserved]) * 1e4 + 1e-6) / 1e4
    if not carried.any():
        return None
    return replace(
        problem, carried={c: tuple(map(float, row)) for c, row in zip(problem.classes, carried, strict=True)}
    )


def _loosen(model: Model, problem: Problem) -> dict[str, Array]:
    """Slack for every cap and class, of which that of the classes costs; returns what each cap's is to cost, by name.

    A cap's slack is counted by the cap's own size.
    """
    model.cost[:] = 0.0
    months, sizes = problem.months, {}
    weights = {"power": (problem.power_cap_w or 0.0) / 1e6, "capital": (problem.capital_cap_usd or 0.0) / 1e6}
    for name, size in weights.items():
        if name in model.rows:
            rows = model.rows[name]
            short = model.add_columns(f"{name}_short", rows.shape)
            model.put(rows, short, -1.0)
            sizes[f"{name}_short"] = np.full(rows.shape, 1.0 / max(size, 1e-3))
    if "tranches" in model.rows:
        rows = model.rows["tranches"]
        size = np.maximum(model.row_upper[rows].max(axis=1, keepdims=True), 1.0)
        short = model.add_columns("tranches_short", rows.shape)
        model.put(rows, short, -1.0)
        sizes["tranches_short"] = np.broadcast_to(1.0 / size, rows.shape)
    unserved = model.add_columns("unserved", (len(problem.classes), months), cost=1.0, upper=1.0)
    model.put(model.rows["demand"], unserved, 1.0)
    return sizes


def _told(model: Model, problem: Problem, found: Solution) -> Iterator[str]:
    def slack(name: str) -> Array:
        values: Array = found.values[model.columns[name]]
        return np.where(values > 1e-6, values, 0.0)

    if "power_short" in model.columns and slack("power_short").any():
        short = slack("power_short")
        yield f"power is short by {_amount(short.max())} MW in {_when(problem, short)}"
    if "capital_short" in model.columns and slack("capital_short").any():
        yield f"capital is short by {_amount(float(slack('capital_short').sum()))} million USD"
    if "tranches_short" in model.columns:
        bound = [s.id for s in problem.systems if s.arrivals is not None]
        for name, short in zip(bound, slack("tranches_short"), strict=True):
            if short.any():
                count = np.ceil(short.max() - 1e-6)
                yield f"{name} is short by {count:,.0f} system{'s' if count > 1 else ''} in {_when(problem, short)}"
    for name, short in zip(problem.classes, slack("unserved"), strict=True):
        if short.max() >= 5e-3:
            yield f"nothing can carry {short.max():.0%} of {name} in {_when(problem, short)}"


def _amount(value: float) -> str:
    return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"


def _when(problem: Problem, short: Array) -> str:
    """The month in which most is missing, and how many there are."""
    worst, months = int(np.argmax(short)), np.flatnonzero(short)
    said = problem.month(worst)
    if len(months) == 1:
        return said
    return f"{said} (short in {len(months)} months from {problem.month(int(months[0]))})"
