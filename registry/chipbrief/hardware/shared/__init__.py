"""The models that most machines share, chosen by the kind of memory that holds the weights."""

from __future__ import annotations

from typing import NamedTuple

from chipbrief.hardware.contract import BandwidthModel, CostModel, ThroughputModel
from chipbrief.hardware.profile import MachineClass
from chipbrief.hardware.shared.cost import SystemCost
from chipbrief.hardware.shared.hbm import HbmBandwidth, HbmThroughput
from chipbrief.hardware.shared.sram import SramBandwidth, SramThroughput

__all__ = [
    "HbmBandwidth",
    "HbmThroughput",
    "SharedModels",
    "SramBandwidth",
    "SramThroughput",
    "SystemCost",
    "shared_models",
]


class SharedModels(NamedTuple):
    """The three model classes of a kind of machine."""

    bandwidth: type[BandwidthModel]
    throughput: type[ThroughputModel]
    cost: type[CostModel]


def shared_models(memory: MachineClass) -> SharedModels:
    """The model classes for machines that decode from HBM, or from SRAM in a pipeline of stages."""
    if memory == "hbm":
        return SharedModels(HbmBandwidth, HbmThroughput, SystemCost)
    return SharedModels(SramBandwidth, SramThroughput, SystemCost)
