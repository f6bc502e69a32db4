"""Charts as Vega-Lite specifications: plain data that the PDF prints as SVG."""

from chipbrief_reports.charts.bars import Bar, capacity_steps, stacked_bars, tornado_chart
from chipbrief_reports.charts.dots import DotRow, dot_strip
from chipbrief_reports.charts.frontier import FrontierLine, frontier_chart
from chipbrief_reports.charts.theme import FOCUS_COLOURS, GREY, colour_of

__all__ = [
    "FOCUS_COLOURS",
    "GREY",
    "Bar",
    "DotRow",
    "FrontierLine",
    "capacity_steps",
    "colour_of",
    "dot_strip",
    "frontier_chart",
    "stacked_bars",
    "tornado_chart",
]
