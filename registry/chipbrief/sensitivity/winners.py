"""The winner map: the cheapest offer of a class for shorter and longer prompts and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chipbrief.evaluate import Results
from chipbrief.sensitivity.axes import GridPoint, Offer
from chipbrief.sensitivity.chosen_again import LengthsChosen, with_lengths

__all__ = ["LENGTH_FACTORS", "WinnerMap", "winner_map"]

LENGTH_FACTORS: tuple[float, ...] = tuple(map(float, 2.0 ** np.arange(-3.0, 4.0)))  # of today's lengths: 1/8 to 8


@dataclass(frozen=True, slots=True)
class WinnerMap:
    """The cheapest offer at every pair of mean lengths; everything else is as in the mix.

    Attributes:
        class_id: the class.
        inputs: mean prompts [tokens].
        outputs: mean answers [tokens].
        cells: rows by prompt, columns by answer; the point's value is the prompt.
    """

    class_id: str
    inputs: tuple[float, ...]
    outputs: tuple[float, ...]
    cells: tuple[tuple[GridPoint, ...], ...]

    @property
    def winners(self) -> tuple[Offer, ...]:
        """Every offer that is the cheapest somewhere, the most frequent first."""
        found = [cell.winner for row in self.cells for cell in row if cell.winner]
        return tuple(sorted(set(found), key=lambda offer: (-found.count(offer), offer)))


def winner_map(
    results: Results,
    class_id: str,
    factors: Sequence[float] = LENGTH_FACTORS,
    lengths: LengthsChosen | None = None,
) -> WinnerMap:
    """Plan every system anew for each pair of lengths, under the same levels and with as many requests.

    Args:
        results: the run.
        class_id: one of its classes.
        factors: of today's prompts and of today's answers.
        lengths: what has been chosen for the class already.
    """
    wanted, chosen = results.wanted(class_id), lengths or LengthsChosen(results, class_id)

    def cell(prompts: float, answers: float) -> GridPoint:
        return GridPoint.of(with_lengths(wanted, prompts, answers).shape.input_mean, chosen.offers(prompts, answers))

    return WinnerMap(
        class_id,
        tuple(wanted.shape.input_mean * factor for factor in factors),
        tuple(wanted.shape.output_mean * factor for factor in factors),
        tuple(tuple(cell(into, out) for out in factors) for into in factors),
    )
