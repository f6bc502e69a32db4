"""Checks of what fits: a model that is too large is refused, and what is placed has room."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chipbrief.architecture import Architecture
from chipbrief.conformance.asking import CONTEXT, Placed, guarded, precisions
from chipbrief.conformance.check import Hit, Subject
from chipbrief.errors import Refusal
from chipbrief.hardware import Hardware

__all__ = ["refusal"]

HUGE_VOCABULARY = 10**13  # embeddings of 80 PB: no machine of today holds them


def refusal(subject: Subject) -> Iterator[Hit]:
    """A model too large for the machine raises Refusal with words, and what is placed fits with one sequence."""
    for system in subject.hardware:
        placed = subject.placed[system.id]
        if not placed:
            yield system.id, "refuses every model that it was asked for: see formats, memory and deployments"
        yield from _offered(system, _too_large(subject))
        for one in placed:
            hit = _room(system, one)
            if hit:
                yield system.id, hit
                break


def _too_large(subject: Subject) -> Architecture:
    small = subject.catalogue["llama-3.1-8b"]
    return small.model_copy(update={"id": "too-large", "vocab": HUGE_VOCABULARY})


def _offered(system: Hardware, architecture: Architecture) -> Iterator[Hit]:
    for precision in precisions(system, architecture):
        try:
            with_room = _deployments(system, architecture, precision)
        except Refusal as reason:
            if not str(reason).strip():
                yield system.id, "refuses a model without a word: give Refusal the arithmetic"
            continue
        yield (
            system.id,
            f"throughput.deployments offers {with_room} for a model of 80 PB in {precision.name}: raise Refusal where "
            "it does not fit",
        )
        return


def _deployments(system: Hardware, architecture: Architecture, precision: object) -> str:
    try:
        found = list(system.throughput.deployments(architecture, precision, CONTEXT))  # type: ignore[arg-type] # a Precision
    except Refusal:
        raise
    except (Exception, SystemExit) as error:
        with guarded("throughput.deployments", "a model of 80 PB, expected Refusal,"):
            raise error
    return str(found[0]) if found else "nothing"


def _room(system: Hardware, placed: Placed) -> str | None:
    architecture, deployment = placed.architecture, placed.deployment
    limit = float(np.max(system.throughput.running_batch_limit(architecture, deployment, CONTEXT)))
    if limit < 1:
        return f"throughput.deployments offers {placed}, and running_batch_limit has room for no sequence there"
    if deployment.split_layers:  # no pool holds the whole model
        return None
    held = float(np.max(system.bandwidth.weight_bytes(architecture, deployment.decode)))
    memory = float(np.max(system.bandwidth.memory_bytes(deployment.decode)))
    if held > memory:
        return f"throughput.deployments offers {placed}: {held / 1e9:.4g} GB of weights in {memory / 1e9:.4g} GB"
    return None
