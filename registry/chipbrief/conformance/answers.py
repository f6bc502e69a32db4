"""Checks of what the models answer: numbers, of the right shape, the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from chipbrief.conformance.asking import BATCHES, CALLS, CONTEXTS, BadAnswer, Placed, asked
from chipbrief.conformance.check import Hit, Subject
from chipbrief.finance import Finance
from chipbrief.hardware import Hardware
from chipbrief.physics import Array

__all__ = ["broadcasting", "numbers", "same_output", "trail"]

SAMPLES = 3
SHAPES = ("system.chips", "system.systems_per_rack", "system.replica_step", "interconnect.domain")
EXACT = 1e-9


def numbers(subject: Subject) -> Iterator[Hit]:
    """Every method of the three models gives finite numbers, none negative, times above 0, one for each point asked."""
    finance = Finance.from_terms(subject.terms)
    for system in subject.hardware:
        try:
            for placed in subject.placed[system.id]:
                for call in CALLS:
                    asked(system, placed, call, finance)
        except BadAnswer as answer:
            yield system.id, f"{answer}: mend the model"


def same_output(subject: Subject) -> Iterator[Hit]:
    """The same question has the same answer, from the same hardware and from one built again from its profile."""
    finance = Finance.from_terms(subject.terms)
    for system in subject.hardware:
        again = system.at({})
        for placed in subject.placed[system.id]:
            for call in CALLS:
                first = asked(system, placed, call, finance)
                others = (asked(one, placed, call, finance) for one in (system, again))
                if not all(np.array_equal(first, other) for other in others):
                    yield (
                        system.id,
                        f"{'.'.join(call)} gives another answer the second time for {placed}: keep no state, draw no "
                        "random numbers, read no clock",
                    )
                    break


def broadcasting(subject: Subject) -> Iterator[Hit]:
    """Many points give what each gives alone; arrays of Figures give samples by points, as each draw gives alone."""
    finance = Finance.from_terms(subject.terms)
    for system in subject.hardware:
        draws = _draws(system)
        sampled = system.at(draws)
        alone = [system.at({name: float(values[i]) for name, values in draws.items()}) for i in range(SAMPLES)]
        for placed in subject.placed[system.id]:
            for call in CALLS:
                hit = _one_by_one(system, placed, call, finance) or _by_draw(sampled, alone, placed, call, finance)
                if hit:
                    yield system.id, hit
                    break


def _one_by_one(system: Hardware, placed: Placed, call: tuple[str, str], finance: Finance) -> str | None:
    whole = asked(system, placed, call, finance)
    points = [
        float(asked(system, placed, call, finance, float(x), float(y))) for x, y in zip(BATCHES, CONTEXTS, strict=True)
    ]
    if np.allclose(whole, points, rtol=EXACT, atol=0.0):
        return None
    return (
        f"{'.'.join(call)} gives {_numbers(whole)} for {placed} at six points, and {_numbers(points)} one by one: use "
        "NumPy functions that broadcast, such as np.maximum for max"
    )


def _by_draw(
    sampled: Hardware, alone: list[Hardware], placed: Placed, call: tuple[str, str], finance: Finance
) -> str | None:
    try:
        together = asked(sampled, placed, call, finance, samples=SAMPLES)
    except BadAnswer as answer:
        return (
            f"{answer}, with its Figures sampled: let numbers of the profile be arrays with a leading axis of samples"
        )
    rows = np.array([asked(one, placed, call, finance) for one in alone])
    if np.allclose(together, rows, rtol=EXACT, atol=0.0):
        return None
    return f"{'.'.join(call)} gives other numbers for {placed} with its Figures sampled than draw by draw"


def _draws(system: Hardware) -> dict[str, Array]:
    """Every ranged Figure from its lowest end to its highest, but for the counts that shape a deployment."""
    shapes = {system.profile.figure_id(name) for name in SHAPES}
    figures = {n: figure for n, (_, figure) in system.profile.figures.items() if figure.ranged and n not in shapes}
    return {name: np.linspace(figure.lowest, figure.highest, SAMPLES) for name, figure in figures.items()}


def _numbers(values: object) -> str:
    return np.array2string(np.asarray(values), precision=4, separator=", ", max_line_width=200)


def trail(subject: Subject) -> Iterator[Hit]:
    """Every method that computes declares with `uses` the equations that it stands on."""
    for system in subject.hardware:
        find = partial(system.trail)
        for part, method in CALLS:
            if not find(part, method).equations:  # type: ignore[arg-type] # parts are those of the contract
                yield system.id, f"{part}.{method} declares no equation: write @uses('E3', figures=[...]) above it"
