"""Charts as Vega-Lite specifications: plain data that the PDF prints as SVG."""

from chipbrief_reports.charts.bars import Bar, capacity_steps, stacked_bars, tornado_chart
from chipbrief_reports.charts.day import day_chart
from chipbrief_reports.charts.dots import DotRow, dot_strip
from chipbrief_reports.charts.field import FieldRow, field_chart
from chipbrief_reports.charts.frontier import FrontierLine, frontier_chart
from chipbrief_reports.charts.heat import MapCell, winner_map_chart
from chipbrief_reports.charts.theme import FOCUS_COLOURS, GREY, colour_of

__all__ = [
    "FOCUS_COLOURS",
    "GREY",
    "Bar",
    "DotRow",
    "FieldRow",
    "FrontierLine",
    "MapCell",
    "capacity_steps",
    "colour_of",
    "day_chart",
    "dot_strip",
    "field_chart",
    "frontier_chart",
    "stacked_bars",
    "tornado_chart",
    "winner_map_chart",
]
