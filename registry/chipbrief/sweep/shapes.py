"""Which deployments hold a model at some contexts, or why none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chipbrief.architecture import Architecture, Precision
from chipbrief.errors import Refusal
from chipbrief.evaluate import serving_precision
from chipbrief.hardware import Deployment, Hardware
from chipbrief.hardware.shared.fitting import check_formats, does_not_fit
from chipbrief.physics import Array
from chipbrief.sweep.axes import NATIVE

__all__ = ["Kind", "Shapes", "Why", "resolve_precision"]

Kind = Literal["context", "format", "fit", "repeat", "memory", "lane"]


@dataclass(frozen=True, slots=True)
class Why:
    """A reason of the registry, and its kind."""

    kind: Kind
    reason: str


def resolve_precision(
    hardware: Hardware, architecture: Architecture, wanted: str, before: Sequence[str]
) -> Precision | Why:
    """The formats that a name of the precision axis means here.

    Args:
        hardware: the machine.
        architecture: the model.
        wanted: a format, or native.
        before: the names ahead of it on the axis; what means the same as one of them would be told twice.
    """
    try:
        found = _precision(hardware, architecture, wanted)
        check_formats(hardware.profile, found)
    except Refusal as refusal:
        return Why("format", str(refusal))
    for name in before:
        try:
            if _precision(hardware, architecture, name) == found:
                return Why("repeat", f"{wanted} is the same as {name} for {architecture.id} on {hardware.id}")
        except Refusal:
            continue
    return found


def _precision(hardware: Hardware, architecture: Architecture, name: str) -> Precision:
    return serving_precision(hardware, architecture, None if name == NATIVE else name)


class Shapes:
    """The deployments of one model in one precision on one machine, by context.

    What holds a context holds every shorter one, so that contexts between two with the same answer are not asked for.
    """

    def __init__(self, hardware: Hardware, architecture: Architecture, precision: Precision, chips: int | str) -> None:
        self._hardware, self._architecture, self._precision = hardware, architecture, precision
        self._chips = chips
        self._known: dict[float, tuple[Deployment, ...] | Why] = {}

    def at(self, contexts: Array) -> list[tuple[Deployment, ...] | Why]:
        """The answer for each of some contexts [tokens], which rise: deployments, or why there is none."""
        found: list[tuple[Deployment, ...] | Why] = [self._one(float(contexts[0]))] * len(contexts)
        self._fill(contexts, found, 0, len(contexts) - 1)
        return found

    def _fill(self, contexts: Array, found: list[tuple[Deployment, ...] | Why], low: int, high: int) -> None:
        first, last = self._one(float(contexts[low])), self._one(float(contexts[high]))
        if first == last or (isinstance(first, Why) and isinstance(last, Why) and first.kind == last.kind):
            found[low : high + 1] = [first] * (high + 1 - low)
        elif high - low == 1:
            found[low], found[high] = first, last
        else:
            middle = (low + high) // 2
            self._fill(contexts, found, low, middle)
            self._fill(contexts, found, middle, high)

    def _one(self, context: float) -> tuple[Deployment, ...] | Why:
        if context not in self._known:
            self._known[context] = self._ask(context)
        return self._known[context]

    def _ask(self, context: float) -> tuple[Deployment, ...] | Why:
        limit = self._architecture.context_limit
        if context > limit:
            return Why("context", f"context {context:,.0f} > {limit:,} tokens of {self._architecture.id}")
        try:
            return tuple(self._deployments(context))
        except Refusal as refusal:
            return Why("fit", str(refusal))

    def _deployments(self, context: float) -> Sequence[Deployment]:
        model, chips = self._hardware.throughput, self._chips
        if isinstance(chips, str):
            found = model.deployments(self._architecture, self._precision, context)
            return found[:1] if chips == "smallest" else found
        if self._hardware.partner:
            found = model.deployments(self._architecture, self._precision, context)
            named = [deployment for deployment in found if deployment.chips == chips]
            if named:
                return named
            sizes = sorted({deployment.chips for deployment in found}, key=lambda size: abs(size - chips))
            near = " or ".join(f"{size:,}" for size in sorted(sizes[:2]))
            raise Refusal(f"no deployment of {chips:,} chips with {self._hardware.partner.id}: {near} make one")
        return self._of_chips(chips, context)

    def _of_chips(self, chips: int, context: float) -> Sequence[Deployment]:
        model = self._hardware.throughput
        pools = model.pools(self._architecture, self._precision, chips)
        shapes = [Deployment.aggregated(pool) for pool in pools]
        limits = [model.running_batch_limit(self._architecture, shape, context) for shape in shapes]
        fitting = [shape for shape, limit in zip(shapes, limits, strict=True) if np.max(limit) >= 1]
        if fitting:
            return fitting
        memory = float(np.max(self._hardware.bandwidth.memory_bytes(pools[0])))
        raise does_not_fit(self._hardware.profile, self._architecture, self._precision, context, chips, memory)
