"""chipbrief: a registry of AI-inference hardware.

The face of the package for plugin authors: the contract, the nouns it speaks in, and `hookimpl`. Names load on
first use, so that importing one costs no more than that one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chipbrief.architecture import Architecture as Architecture
    from chipbrief.architecture import Precision as Precision
    from chipbrief.catalogue import Catalogue as Catalogue
    from chipbrief.catalogue import load_catalogue as load_catalogue
    from chipbrief.errors import ChipbriefError as ChipbriefError
    from chipbrief.errors import InputError as InputError
    from chipbrief.errors import Refusal as Refusal
    from chipbrief.figures import Figure as Figure
    from chipbrief.figures import Source as Source
    from chipbrief.finance import CostLine as CostLine
    from chipbrief.finance import Finance as Finance
    from chipbrief.hardware import BandwidthModel as BandwidthModel
    from chipbrief.hardware import CostModel as CostModel
    from chipbrief.hardware import Deployment as Deployment
    from chipbrief.hardware import Hardware as Hardware
    from chipbrief.hardware import HardwareProfile as HardwareProfile
    from chipbrief.hardware import Pool as Pool
    from chipbrief.hardware import ThroughputModel as ThroughputModel
    from chipbrief.hardware import uses as uses
    from chipbrief.hookspecs import hookimpl as hookimpl
    from chipbrief.workload import WorkloadMix as WorkloadMix

_HOME = {
    "architecture": ("Architecture", "Precision"),
    "catalogue": ("Catalogue", "load_catalogue"),
    "errors": ("ChipbriefError", "InputError", "Refusal"),
    "figures": ("Figure", "Source"),
    "finance": ("CostLine", "Finance"),
    "hardware": (
        "BandwidthModel",
        "CostModel",
        "Deployment",
        "Hardware",
        "HardwareProfile",
        "Pool",
        "ThroughputModel",
        "uses",
    ),
    "hookspecs": ("hookimpl",),
    "workload": ("WorkloadMix",),
}
_MODULE_OF = {name: f"chipbrief.{module}" for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)  # a test holds this list against the imports above


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'chipbrief' has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
