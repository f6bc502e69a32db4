"""Workload mixes: which classes of requests arrive, how many, how long, and how fast they must be served."""

from chipbrief.workload.demand import HOURS, Arrival, Demand, ServiceLevels, Shape
from chipbrief.workload.horizon import Horizon, Step, months_between
from chipbrief.workload.mix import FinanceOverrides, WorkloadClass, WorkloadMix, load_mix, mix_from_document
from chipbrief.workload.supply import PowerRange, Tranche, UnitRange
from chipbrief.workload.tokens import OutputDistribution, TokenDistribution, Tokens

__all__ = [
    "HOURS",
    "Arrival",
    "Demand",
    "FinanceOverrides",
    "Horizon",
    "OutputDistribution",
    "PowerRange",
    "ServiceLevels",
    "Shape",
    "Step",
    "TokenDistribution",
    "Tokens",
    "Tranche",
    "UnitRange",
    "WorkloadClass",
    "WorkloadMix",
    "load_mix",
    "mix_from_document",
    "months_between",
]
