"""From a mix and a registry to results: an operating point per class and system, its cost in every lane, its range."""

from chipbrief.evaluate.economics import Economics, economics
from chipbrief.evaluate.fleet import Route, VendorFleet, cheapest_route, vendor_fleets
from chipbrief.evaluate.footprint import Footprint, Part
from chipbrief.evaluate.operation import Operation, operate
from chipbrief.evaluate.outcome import Interval, LaneCost, Outcome, OutcomeMetric
from chipbrief.evaluate.ranges import TornadoBar, sample_figures, tornado
from chipbrief.evaluate.residual import Residual
from chipbrief.evaluate.results import Results
from chipbrief.evaluate.roofline import Roof, Roofline, WorkPoint, roofline
from chipbrief.evaluate.run import SAMPLES, SEED, evaluate
from chipbrief.evaluate.search import batches, serving_precision
from chipbrief.evaluate.service import Request, Service, Speculation, serve

__all__ = [
    "SAMPLES",
    "SEED",
    "Economics",
    "Footprint",
    "Interval",
    "LaneCost",
    "Operation",
    "Outcome",
    "OutcomeMetric",
    "Part",
    "Request",
    "Residual",
    "Results",
    "Roof",
    "Roofline",
    "Route",
    "Service",
    "Speculation",
    "TornadoBar",
    "VendorFleet",
    "WorkPoint",
    "batches",
    "cheapest_route",
    "economics",
    "evaluate",
    "operate",
    "roofline",
    "sample_figures",
    "serve",
    "serving_precision",
    "tornado",
    "vendor_fleets",
]
