"""Sweeps: millions of operating points over hardware, models, requests, batches, prices and power."""

from chipbrief.sweep.columns import Column, columns_of
from chipbrief.sweep.document import Sweep, load_sweep, sweep_from_document
from chipbrief.sweep.metrics import METRICS
from chipbrief.sweep.plan import Plan
from chipbrief.sweep.run import Outcome, Progress, Tables, counts_of, evaluate_sweep, reduce_sweep, run_sweep
from chipbrief.sweep.table import Table
from chipbrief.sweep.tally import KINDS, Tally

__all__ = [
    "KINDS",
    "METRICS",
    "Column",
    "Outcome",
    "Plan",
    "Progress",
    "Sweep",
    "Table",
    "Tables",
    "Tally",
    "columns_of",
    "counts_of",
    "evaluate_sweep",
    "load_sweep",
    "reduce_sweep",
    "run_sweep",
    "sweep_from_document",
]
