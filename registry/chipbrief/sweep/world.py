"""What a sweep computes with, and a fingerprint that tells whether it is still the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from pydantic import BaseModel

from chipbrief.architecture import Architecture
from chipbrief.catalogue import Catalogue
from chipbrief.evidence.standing import has_points, points_of
from chipbrief.finance import FinanceTerms, load_finance_terms
from chipbrief.hardware import Hardware
from chipbrief.registry import Registry, registry_fingerprint
from chipbrief.sweep.document import Sweep

__all__ = ["World"]


@dataclass(frozen=True)
class World:
    """The machines and models of a sweep, the finance terms, the machines' plugins, and which have been measured."""

    hardware: Mapping[str, Hardware]
    models: Mapping[str, Architecture]
    terms: FinanceTerms
    plugins: tuple[str, ...]
    measured: frozenset[str]

    @classmethod
    def of(cls, sweep: Sweep, registry: Registry, catalogue: Catalogue, terms: FinanceTerms | None = None) -> Self:
        """Only what the sweep names, so that it travels lightly to other processes."""
        hardware = {name: registry.hardware[name] for name in sweep.axes.hardware or ()}
        models = {name: catalogue.models[name] for name in sweep.axes.model or ()}
        named = [p for p in registry.plugins if set(p.hardware) & set(hardware)]
        plugins = tuple(f"plugin {p.name} of {p.distribution}" for p in named)
        points = points_of(registry)
        measured = frozenset(name for name, machine in hardware.items() if has_points(machine.profile, points))
        return cls(hardware, models, terms or load_finance_terms(), plugins, measured)

    @cached_property
    def fingerprint(self) -> Mapping[str, Any]:
        """What the numbers stand on: versions and code, and each profile, architecture and term as SHA-256."""
        installed = registry_fingerprint()
        return {
            "installed": {name: installed.get(name, "") for name in ("python", "numpy", "chipbrief", *self.plugins)},
            "hardware": {name: _digest(hardware.profile) for name, hardware in self.hardware.items()},
            "model": {name: _digest(model) for name, model in self.models.items()},
            "finance": _digest(self.terms),
            "measured": sorted(self.measured),
        }


def _digest(part: BaseModel) -> str:
    text = json.dumps(part.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
