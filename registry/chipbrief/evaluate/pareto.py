"""Which operating points nothing beats: in speed for a user, in tokens of a chip, and in price."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chipbrief.evaluate.footprint import Footprint
from chipbrief.evaluate.search import Candidate
from chipbrief.finance import Finance, usd_per_mtok
from chipbrief.hardware import Hardware
from chipbrief.physics import Array
from chipbrief.workload import Shape

__all__ = ["on_frontier", "price_at_capacity", "unbeaten"]

ALIKE = 1e-9  # points that are closer than this in everything beat one another in nothing


def price_at_capacity(hardware: Hardware, candidate: Candidate, shape: Shape, finance: Finance) -> Array:
    """Owned price of input and output tokens at each load, at the assumed utilisation (C2) [USD/Mtok]."""
    hourly = Footprint.of(hardware, candidate.deployment).usd_h("own", finance, finance.utilisation)
    rate = candidate.operation.requests_s * (shape.input_mean + shape.output_mean)
    price: Array = np.asarray(usd_per_mtok(hourly, rate, finance.utilisation), dtype=float)
    return price


def on_frontier(
    hardware: Hardware, candidates: Sequence[Candidate], shape: Shape, finance: Finance
) -> list[NDArray[np.bool_]]:
    """Mark the loads of every deployment that no load of any deployment beats, see `unbeaten`.

    Loads at which prompts wait for ever are on no frontier. Service levels are not asked for.
    """
    speed, chip, price = [], [], []
    for candidate in candidates:
        op = candidate.operation
        stable = np.isfinite(op.ttft_p95_s) & (np.asarray(op.batch) > 0.0)
        speed.append(np.where(stable, op.tok_s_user, 0.0))
        chip.append(np.where(stable, op.requests_s * shape.output_mean / candidate.deployment.chips, 0.0))
        price.append(np.where(stable, price_at_capacity(hardware, candidate, shape, finance), np.inf))
    marks = unbeaten(np.concatenate(speed), np.concatenate(chip), np.concatenate(price))
    return np.split(marks, np.cumsum([len(one) for one in speed])[:-1])


def unbeaten(speed: Array, throughput: Array, price: Array) -> NDArray[np.bool_]:
    """Points such that no other is as good in all three and better in one: Pareto's frontier.

    Args:
        speed: of a user, higher is better; shape (points,) [tok/s].
        throughput: of a chip, higher is better [tok/s].
        price: lower is better; infinity for what is no point [USD/Mtok].
    """
    order = np.lexsort((price, -throughput, -speed))
    marks = np.zeros(len(speed), dtype=bool)
    kept: list[int] = []
    for i in order:  # whatever beats a point is at least as fast, and so stands before it
        if not np.isfinite(price[i]):
            continue
        beaten = (throughput[kept] >= throughput[i] * (1.0 - ALIKE)) & (price[kept] <= price[i] * (1.0 + ALIKE))
        if not beaten.any():
            kept.append(int(i))
            marks[i] = True
    return marks
