"""The contract between a vendor and chipbrief, and the models that most machines share."""

from chipbrief.hardware.contract import (
    BandwidthModel,
    CostModel,
    Hardware,
    ThroughputModel,
    Trail,
    trail_of,
    uses,
)
from chipbrief.hardware.deployment import Deployment, Pool
from chipbrief.hardware.profile import ApiPrice, HardwareProfile, Observation
from chipbrief.hardware.shared import HbmBandwidth, HbmThroughput, SramBandwidth, SramThroughput, SystemCost

__all__ = [
    "ApiPrice",
    "BandwidthModel",
    "CostModel",
    "Deployment",
    "Hardware",
    "HardwareProfile",
    "HbmBandwidth",
    "HbmThroughput",
    "Observation",
    "Pool",
    "SramBandwidth",
    "SramThroughput",
    "SystemCost",
    "ThroughputModel",
    "Trail",
    "trail_of",
    "uses",
]
