"""Asking the three models of a machine for numbers, and refusing answers that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from chipbrief.architecture import Architecture, Precision
from chipbrief.catalogue import Catalogue
from chipbrief.errors import PluginError, Refusal
from chipbrief.finance import LANES, Finance, hourly_usd
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Array

__all__ = [
    "BATCHES",
    "CALLS",
    "CONTEXT",
    "CONTEXTS",
    "TIMES",
    "BadAnswer",
    "Placed",
    "asked",
    "guarded",
    "placements",
    "precisions",
]

# grouped-query and latent attention, dense and routed, from the smallest to the largest
WITNESSES = ("llama-3.1-8b", "llama-3.1-70b", "gpt-oss-120b", "deepseek-r1")
CONTEXT = 4096.0
BATCHES = np.array([1.0, 1.0, 4.0, 64.0, 4096.0, 100_000.0])
CONTEXTS = np.array([1.0, 2000.0, 9000.0, 300.0, 20_000.0, 4.0])


class BadAnswer(PluginError):
    """A model that raised, or gave what is no number of the right shape."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A model in a precision, placed on a system."""

    architecture: Architecture
    deployment: Deployment

    def __str__(self) -> str:
        """`llama-3.1-8b on 8 chips, TP8, bf16`."""
        return f"{self.architecture.id} on {self.deployment}"


Call = Callable[[Hardware, Placed, Finance, Any, Any], Any]


def _lines(hardware: Hardware, _: Placed, finance: Finance, x: Any, __: Any) -> Any:
    """Dollars an hour of every lane that is offered, together."""
    lanes = (hardware.cost.lines(lane, finance, 1.0 / (1.0 + x)) for lane in LANES)
    return sum((hourly_usd(lines) for lines in lanes if lines), start=0.0)


def _of_pool(name: str) -> Call:
    """A method of the bandwidth model that asks for the pool alone, or for the model too."""

    def call(hardware: Hardware, placed: Placed, *_: Any) -> Any:
        method = getattr(hardware.bandwidth, name)
        of = () if name == "memory_bytes" else (placed.architecture,)
        return method(*of, placed.deployment.decode)

    return call


def _of_context(hardware: Hardware, placed: Placed, _: Finance, __: Any, y: Any) -> Any:
    return hardware.throughput.running_batch_limit(placed.architecture, placed.deployment, y)


def _of_pool_and_context(hardware: Hardware, placed: Placed, _: Finance, __: Any, y: Any) -> Any:
    return hardware.bandwidth.running_batch_limit(placed.architecture, placed.deployment.decode, y)


def _power(hardware: Hardware, _: Placed, __: Finance, x: Any, ___: Any) -> Any:
    return hardware.cost.power_w(1.0 / (1.0 + x))


# x is a batch, or a share of full load from it; y is a context or a prompt
CALLS: Mapping[tuple[str, str], Call] = {
    ("bandwidth", "memory_bytes"): _of_pool("memory_bytes"),
    ("bandwidth", "weight_bytes"): _of_pool("weight_bytes"),
    ("bandwidth", "running_batch_limit"): _of_pool_and_context,
    ("bandwidth", "read_s"): lambda h, p, _, x, y: h.bandwidth.read_s(p.architecture, p.deployment.decode, x, y),
    ("throughput", "running_batch_limit"): _of_context,
    ("throughput", "decode_step_s"): lambda h, p, _, x, y: h.throughput.decode_step_s(
        p.architecture, p.deployment, x, y
    ),
    ("throughput", "prefill_s"): lambda h, p, _, x, y: h.throughput.prefill_s(p.architecture, p.deployment, y, 8.0 * x),
    ("throughput", "prefill_blocking_s"): lambda h, p, _, x, y: h.throughput.prefill_blocking_s(
        p.architecture, p.deployment, y, 8.0 * x
    ),
    ("cost", "lines"): _lines,
    ("cost", "power_w"): _power,
}
TIMES = frozenset({"read_s", "decode_step_s", "prefill_s", "prefill_blocking_s"})


def asked(
    hardware: Hardware,
    placed: Placed,
    call: tuple[str, str],
    finance: Finance,
    x: Any = BATCHES,
    y: Any = CONTEXTS,
    *,
    samples: int | None = None,
) -> Array:
    """What a method of a model gives, in the whole shape of the question.

    Args:
        hardware: the machine, at its values or sampled.
        placed: a model on it.
        call: part and method, one of CALLS.
        finance: the terms, for the cost.
        x: batches, shape (points,).
        y: contexts, shape (points,).
        samples: of the machine, where it is sampled; the answer then has the shape (samples, points).

    Raises:
        BadAnswer: it raised, or what it gave is no number, not finite, negative or of another shape.
    """
    name = f"{call[0]}.{call[1]}"
    with guarded(name, placed):
        given = CALLS[call](hardware, placed, finance, x, y)
    points = np.broadcast(x, y).shape
    wanted = points if samples is None else (samples, *points)
    try:
        answer = np.asarray(given, dtype=float)
        whole = np.broadcast_to(answer, wanted)
    except (TypeError, ValueError):
        shape = np.shape(given) if isinstance(given, (np.ndarray, list, tuple)) else type(given).__name__
        told = f"{name} gave {shape} for {placed}, expected numbers of shape {wanted}, or one that broadcasts to it"
        raise BadAnswer(told) from None
    least = float(np.min(whole))  # NaN where any is
    if not np.isfinite(whole).all() or least < 0 or (least == 0 and call[1] in TIMES):
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(whole) | (whole <= 0))[0])
        at = f"batch {np.broadcast_to(x, wanted)[first]:g}, context {np.broadcast_to(y, wanted)[first]:g}"
        more_than = "above 0" if call[1] in TIMES else "of at least 0"
        raise BadAnswer(f"{name} gave {whole[first]:g} for {placed} at {at}, expected a finite number {more_than}")
    return whole


@contextmanager
def guarded(name: str, about: object) -> Iterator[None]:
    """Whatever a model raises, as BadAnswer that names the method; a Refusal before a model is placed passes."""
    try:
        yield
    except (BadAnswer, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split())
        told = f"{name} raised {type(error).__name__}{': ' if said else ''}{said} for {about}"
        raise BadAnswer(told) from error


def precisions(hardware: Hardware, architecture: Architecture) -> list[Precision]:
    """The model's own precision and those of every format that the machine stores, each once."""
    stored = [architecture.precision(name) for name in hardware.profile.formats.storage]
    return list(dict.fromkeys([architecture.native_precision(), *stored]))


def placements(hardware: Hardware, catalogue: Catalogue) -> tuple[Placed, ...]:
    """Models of the catalogue in each format that the system stores: its smallest and its largest deployment.

    Raises:
        BadAnswer: the model raised anything but a Refusal.
    """
    found = []
    for name in WITNESSES:
        architecture = catalogue[name]
        for precision in precisions(hardware, architecture):
            try:
                deployments = hardware.throughput.deployments(architecture, precision, CONTEXT)
                ends = dict.fromkeys((deployments[0], deployments[-1]))
            except Refusal:
                continue
            except (Exception, SystemExit) as error:
                with guarded("throughput.deployments", f"{name} in {precision.name}"):
                    raise error
            found += [Placed(architecture, deployment) for deployment in ends]
    return tuple(found)
