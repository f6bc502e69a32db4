"""Capacity: whether a model fits on the chips that are claimed."""

from __future__ import annotations

import math

from chipbrief.architecture import Architecture
from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import number
from chipbrief.claims.rulings import Cited, Context, Outcome, Ruling

__all__ = ["capacity"]


def capacity(claim: Claim, context: Context) -> Ruling | None:
    """The weights alone of every model named must fit in the memory of the chips claimed.

    bytes of weights in the format named, else as published, against chips x the high end of the memory's range: no
    KV cache, no workspace, so that what fails here fails anyway.
    """
    stated, found = claim.quantity, context.profile(claim)
    if claim.metric != "chips_per_model" or stated is None or found is None or not claim.models:
        return None
    memory = found.memory.capacity
    lines, fits, floor = [], True, False
    for name in claim.models:
        model = context.catalogue[name]
        weights = _weights(model, claim)
        needed = math.ceil(weights / memory.highest)
        fits = fits and stated.span.high >= needed
        floor = floor or stated.value <= needed
        lines.append(f"{name} {number(weights / 1e9, 3)} GB / {number(memory.highest / 1e9, 3)} GB: {needed:,} or more")
    line = f"{'; '.join(lines)}; stated {stated.text}"
    cited = (context.figure(found, memory), *(_cited(context.catalogue[name]) for name in claim.models))
    if stated.bound == "at least":
        if floor:
            return Ruling("agrees", line, "true as a floor: the weights alone need that many", cited)
        return Ruling("undecided", line, "the weights alone need fewer, and what comes to them is not stated", cited)
    outcome: Outcome = "agrees" if fits else "differs"
    reason = "the weights fit" if fits else "the weights alone do not fit"
    headline = f"weights alone, {'; '.join(lines)} {found.chip}; stated {stated.text}"
    return Ruling(outcome, line, reason, cited, () if fits else (headline,))


def _weights(model: Architecture, claim: Claim) -> float:
    """Bytes of the weights, input embedding included."""
    parts = model.weight_bytes(model.precision(claim.format))
    return parts.attention + parts.dense + parts.expert + parts.embedding


def _cited(model: Architecture) -> Cited:
    source = model.sources[model.source]
    return Cited(source.title, source.locator, model.released)
