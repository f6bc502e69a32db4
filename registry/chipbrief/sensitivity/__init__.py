"""How sure the ranking is, which inputs move it, and where the cheapest offer changes."""

from chipbrief.sensitivity.axes import AxisLine, BreakEven, GridPoint, Offer
from chipbrief.sensitivity.bars import MODEL_RATE, MODEL_TPOT, leading_tornado, model_bands
from chipbrief.sensitivity.chosen_again import LengthsChosen, chosen_again_lines
from chipbrief.sensitivity.ranking import RankedOffer, Ranking, ranking
from chipbrief.sensitivity.run import ClassSensitivity, sensitivity
from chipbrief.sensitivity.straight import straight_lines
from chipbrief.sensitivity.winners import WinnerMap, winner_map

__all__ = [
    "MODEL_RATE",
    "MODEL_TPOT",
    "AxisLine",
    "BreakEven",
    "ClassSensitivity",
    "GridPoint",
    "LengthsChosen",
    "Offer",
    "RankedOffer",
    "Ranking",
    "WinnerMap",
    "chosen_again_lines",
    "leading_tornado",
    "model_bands",
    "ranking",
    "sensitivity",
    "straight_lines",
    "winner_map",
]
