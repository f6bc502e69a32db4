"""Evidence: measured points, what the model says of them, and how far off it is."""

from pathlib import Path

from chipbrief.evidence.points import Point, PointsFile, Prediction, read_points
from chipbrief.evidence.scores import Score, Selection, refusals, score, score_table

__all__ = [
    "SHIPPED",
    "Point",
    "PointsFile",
    "Prediction",
    "Score",
    "Selection",
    "read_points",
    "refusals",
    "score",
    "score_table",
]

SHIPPED = Path(__file__).parents[1] / "data" / "measured.csv"
