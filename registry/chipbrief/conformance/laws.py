"""Checks of what holds for any machine: more work, more bytes and more money are never less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from chipbrief.conformance.asking import Placed, asked
from chipbrief.conformance.check import Hit, Subject
from chipbrief.finance import LANES, Finance, hourly_usd
from chipbrief.hardware import Hardware
from chipbrief.physics import Array

__all__ = ["below_roofline", "cost_rises", "more_work"]

SLACK = 1e-9
GRID = np.unique(np.round(2.0 ** np.arange(0.0, 13.0, 0.5)))
Axes = Callable[[Array, float], tuple[Any, Any]]
# what grows, and how the two axes of a question are made from the grid and from what stays
STEPS: tuple[tuple[str, str, Axes], ...] = (
    ("decode_step_s", "batch", lambda grid, other: (grid, other)),
    ("decode_step_s", "context", lambda grid, other: (other, grid)),
    ("prefill_s", "new tokens", lambda grid, other: (other, grid)),
    ("prefill_s", "cached tokens", lambda grid, other: (grid, other)),
    ("prefill_blocking_s", "new tokens", lambda grid, other: (other, grid)),
    ("prefill_blocking_s", "cached tokens", lambda grid, other: (grid, other)),
)
KEPT = (1.0, 300.0, 20_000.0)  # of the axis that stays


def more_work(subject: Subject) -> Iterator[Hit]:
    """A larger batch, a longer context, a longer prompt or more of it in the cache never takes less time."""
    finance = Finance.from_terms(subject.terms)
    for system in subject.hardware:
        for placed in subject.placed[system.id]:
            for method, grows, axes in STEPS:
                hit = next(
                    (
                        less
                        for other in KEPT
                        if (less := _less(asked(system, placed, ("throughput", method), finance, *axes(GRID, other))))
                    ),
                    None,
                )
                if hit:
                    yield system.id, f"throughput.{method} takes less time with more {grows} for {placed}: {hit}"
                    break


def _less(times: Array) -> str | None:
    fall = np.flatnonzero(times[1:] < times[:-1] * (1.0 - SLACK))
    if not len(fall):
        return None
    i = int(fall[0])
    return f"{times[i]:.4g} s at {GRID[i]:g} and {times[i + 1]:.4g} s at {GRID[i + 1]:g}"


def below_roofline(subject: Subject) -> Iterator[Hit]:
    """No step is faster than its operations at the chips' peak, or than the weights of one token at their bandwidth."""
    finance = Finance.from_terms(subject.terms)
    for system in subject.hardware:
        for placed in subject.placed[system.id]:
            floor, batch = _roofs(system, placed), np.array([1.0, 512.0])
            step = asked(system, placed, ("throughput", "decode_step_s"), finance, batch, 1.0)
            if (step < floor).any():
                yield (
                    system.id,
                    f"throughput.decode_step_s takes {step[0]:.4g} s for {placed}, and {step[1]:.4g} s for 512 at "
                    f"once: the peaks of the profile allow {floor[0]:.4g} s and {floor[1]:.4g} s",
                )
                break


def _roofs(system: Hardware, placed: Placed) -> Array:
    """The least that a step of one sequence, and one of 512, may take; no format is narrower than half a byte."""
    profile, architecture, chips = system.profile, placed.architecture, placed.deployment.decode.chips
    read = architecture.active_parameters * 0.5 / (chips * profile.memory.bandwidth.value)
    peak = max(figure.value for figure in profile.compute.dense.values())
    compute = architecture.linear_flop / (chips * peak)
    return np.array([max(read, compute), 512.0 * compute])


def cost_rises(subject: Subject) -> Iterator[Hit]:
    """Owning costs more with a dearer system, electricity or capital, renting with rent, and power rises with load."""
    finance = Finance.from_terms(subject.terms)
    dearer = {
        name: replace(finance, **{name: getattr(finance, name) * 2.0})
        for name in ("electricity", "cost_of_capital", "pue")
    }
    for system in subject.hardware:
        own = _usd(system, "own", finance)
        for term, terms in dearer.items() if own is not None else ():
            if not (_usd(system, "own", terms) or 0.0) > (own or 0.0):
                yield (
                    system.id,
                    f"cost.lines: an owned hour costs no more when finance:{term} doubles; make it a driver",
                )
        yield from _prices(system, finance)
        yield from _power(system)


def _prices(system: Hardware, finance: Finance) -> Iterator[Hit]:
    rents = {f"price.rent.{name}": f"rent_{name}" for name in ("on_demand", "one_year", "three_years")}
    for path, lane in {"price.system": "own", **rents}.items():
        found = system.profile.figures.get(system.profile.figure_id(path))
        before = _usd(system, lane, finance)
        if found is None or before is None:
            continue
        after = _usd(system.at({system.profile.figure_id(path): found[1].value * 2.0}), lane, finance)
        if not (after or 0.0) > before:
            yield system.id, f"cost.lines: an hour ({lane}) costs no more when {path} doubles; make it a driver"


def _usd(system: Hardware, lane: str, finance: Finance) -> float | None:
    assert lane in LANES
    lines = system.cost.lines(lane, finance, 0.5)
    return float(hourly_usd(lines)) if lines else None


def _power(system: Hardware) -> Iterator[Hit]:
    watts = np.asarray(system.cost.power_w(np.linspace(0.0, 1.0, 5)), dtype=float)
    most = system.profile.power.system.highest
    if (np.diff(watts) < -SLACK * most).any() or watts[-1] > most * (1.0 + SLACK):
        yield (
            system.id,
            f"cost.power_w goes from {watts[0]:.4g} W idle to {watts[-1]:.4g} W at full load: let it rise "
            f"with the load to at most power.system, {most:.4g} W",
        )
