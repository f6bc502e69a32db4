"""Charts as Vega-Lite specifications: plain data that the PDF prints as SVG."""

from chipbrief_reports.charts.bars import Bar, capacity_steps, stacked_bars, tornado_chart
from chipbrief_reports.charts.day import day_chart
from chipbrief_reports.charts.dots import DotRow, dot_strip
from chipbrief_reports.charts.field import FieldMark, FieldRow, field_chart
from chipbrief_reports.charts.frontier import FrontierLine, frontier_chart
from chipbrief_reports.charts.heat import MapCell, winner_map_chart
from chipbrief_reports.charts.history import HistoryLine, HistoryPoint, MethodMark, history_chart
from chipbrief_reports.charts.lines import Crossover, LengthLine, crossovers, leads, length_chart
from chipbrief_reports.charts.roofline import RoofLine, RoofPoint, roofline_chart
from chipbrief_reports.charts.theme import FOCUS_COLOURS, GREY, HALF, colour_of

__all__ = [
    "FOCUS_COLOURS",
    "GREY",
    "HALF",
    "Bar",
    "Crossover",
    "DotRow",
    "FieldMark",
    "FieldRow",
    "FrontierLine",
    "HistoryLine",
    "HistoryPoint",
    "LengthLine",
    "MapCell",
    "MethodMark",
    "RoofLine",
    "RoofPoint",
    "capacity_steps",
    "colour_of",
    "crossovers",
    "day_chart",
    "dot_strip",
    "field_chart",
    "frontier_chart",
    "history_chart",
    "leads",
    "length_chart",
    "roofline_chart",
    "stacked_bars",
    "tornado_chart",
    "winner_map_chart",
]
