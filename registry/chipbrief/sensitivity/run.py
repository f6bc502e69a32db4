"""Everything about one run: for each class its ranking, its tornado and its break-evens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chipbrief.evaluate import Results, TornadoBar
from chipbrief.sensitivity.axes import AxisLine
from chipbrief.sensitivity.bars import leading_tornado
from chipbrief.sensitivity.chosen_again import chosen_again_lines
from chipbrief.sensitivity.ranking import Ranking, ranking
from chipbrief.sensitivity.straight import straight_lines

__all__ = ["ClassSensitivity", "sensitivity"]


@dataclass(frozen=True, slots=True)
class ClassSensitivity:
    """How sure the answer for one class is.

    Attributes:
        class_id: the class.
        ranking: its offers, each with the share of draws in which it is the cheapest.
        tornado: every ranged input of the leading offer's price, largest swing first.
        axes: inputs moved along a line, with the values at which the cheapest offer changes.
    """

    class_id: str
    ranking: Ranking
    tornado: tuple[TornadoBar, ...]
    axes: tuple[AxisLine, ...]


def sensitivity(results: Results, progress: Callable[[str], None] = lambda _: None) -> tuple[ClassSensitivity, ...]:
    """Ranking, tornado and break-evens of every class of a run.

    Args:
        results: the run; its samples and seed are those of the ranking.
        progress: told what is done next, a line at a time.
    """
    found = []
    for wanted in results.mix.classes:
        progress(f"{wanted.id}: where the cheapest offer changes")
        ranked = ranking(results, wanted.id)
        bars = leading_tornado(results, wanted.id, ranked.leader.offer) if ranked.leader else []
        axes = [*chosen_again_lines(results, wanted.id), *straight_lines(results, wanted.id)]
        found.append(ClassSensitivity(wanted.id, ranked, tuple(bars), tuple(axes)))
    return tuple(found)
