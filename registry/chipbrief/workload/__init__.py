"""Workload mixes: which classes of requests arrive, how many, how long, and how fast they must be served."""

from chipbrief.workload.demand import Arrival, Demand, Horizon, ServiceLevels, Shape
from chipbrief.workload.mix import FinanceOverrides, WorkloadClass, WorkloadMix, load_mix, mix_from_document
from chipbrief.workload.supply import PowerRange, Tranche, UnitRange
from chipbrief.workload.tokens import OutputDistribution, TokenDistribution, Tokens

__all__ = [
    "Arrival",
    "Demand",
    "FinanceOverrides",
    "Horizon",
    "OutputDistribution",
    "PowerRange",
    "ServiceLevels",
    "Shape",
    "TokenDistribution",
    "Tokens",
    "Tranche",
    "UnitRange",
    "WorkloadClass",
    "WorkloadMix",
    "load_mix",
    "mix_from_document",
]
