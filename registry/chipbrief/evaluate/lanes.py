"""What a class costs in every lane: owned, rented, or bought by the token (C2, C3, C4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from chipbrief.evaluate.economics import Economics, api_usd_month, requests_month
from chipbrief.evaluate.operation import Operation, speed_trail
from chipbrief.evaluate.outcome import Interval, LaneCost
from chipbrief.evaluate.ranges import interval_80
from chipbrief.figures import Figure
from chipbrief.finance import LANES, Lane
from chipbrief.hardware import Hardware, Trail
from chipbrief.physics import Num
from chipbrief.workload import Shape

__all__ = ["api_lane", "hardware_lanes", "interval"]


def interval(value: Num, samples: Num) -> Interval:
    """A value with the 80 % interval of its samples, widened to hold the value."""
    low, high = interval_80(samples)
    middle = float(np.ravel(value)[0])
    return Interval(middle, min(low, middle), max(high, middle))


def hardware_lanes(
    hardware: Hardware,
    sold: bool,
    shape: Shape,
    operation: Operation,
    base: Economics,
    spread: Economics,
    prefill_weight: Mapping[Lane, float],
) -> list[LaneCost]:
    """The owned and rented lanes that the system is offered in; `base` holds one point, `spread` its samples.

    `prefill_weight` is what a chip that prefills costs over the mean of all, by lane.
    """
    offered = [lane for lane in LANES if lane in base.lines and (lane != "own" or sold)]
    return [_lane(hardware, shape, operation, base, spread, lane, prefill_weight[lane]) for lane in offered]


def _lane(
    hardware: Hardware,
    shape: Shape,
    operation: Operation,
    base: Economics,
    spread: Economics,
    lane: Lane,
    weight: float,
) -> LaneCost:
    usd_request = float(np.ravel(base.usd_month[lane] / requests_month(base.requests_s))[0])
    shares = (operation.prefill_share, operation.cached_share)
    prefill, cached = (weight * float(np.ravel(share)[0]) for share in shares)
    new_tokens = shape.input_mean * (1.0 - shape.cached_fraction)
    lines = base.lines[lane]
    stands_on = Trail(
        ("C2", "C3", *dict.fromkeys(line.equation for line in lines)),
        tuple(f for line in lines for f in line.figures),
    )
    return LaneCost(
        lane=lane,
        usd_month=interval(base.usd_month[lane], spread.usd_month[lane]),
        usd_mtok=interval(_blended(base, lane, shape), _blended(spread, lane, shape)),
        usd_mtok_input=_usd_mtok(usd_request * (prefill - cached), new_tokens),
        usd_mtok_cached=_usd_mtok(usd_request * cached, shape.input_mean - new_tokens),
        usd_mtok_output=_usd_mtok(usd_request * (1.0 - prefill), shape.output_mean),
        trail=stands_on | speed_trail(hardware),
    )


def _blended(economics: Economics, lane: Lane, shape: Shape) -> Num:
    """USD per million input and output tokens delivered (C2)."""
    tokens = requests_month(economics.requests_s) * (shape.input_mean + shape.output_mean)
    return economics.usd_month[lane] / tokens * 1e6


def _usd_mtok(usd: float, tokens: float) -> float | None:
    return usd / tokens * 1e6 if tokens > 0 else None


def api_lane(hardware: Hardware, model: str, shape: Shape, requests_s: float) -> LaneCost | None:
    """The list price of the tokens (C4); None where none is published or the service's context is too short."""
    price, limit = hardware.cost.api_price(model), hardware.profile.limits.context
    if price is None or (limit is not None and shape.context_p95 > limit.value):
        return None
    cached = price.cached or price.input
    requests = requests_month(requests_s)

    def month(pick: Callable[[Figure], float]) -> float:
        return float(api_usd_month(requests, shape, pick(price.input), pick(cached), pick(price.output)))

    usd = Interval(month(lambda f: f.value), month(lambda f: f.lowest), month(lambda f: f.highest))
    per_mtok = 1e6 / (float(requests) * (shape.input_mean + shape.output_mean))
    names = ["input", "output", *(["cached"] if price.cached else [])]
    return LaneCost(
        lane="api",
        usd_month=usd,
        usd_mtok=Interval(usd.value * per_mtok, usd.low * per_mtok, usd.high * per_mtok),
        usd_mtok_input=price.input.value,
        usd_mtok_cached=cached.value if shape.cached_fraction else None,
        usd_mtok_output=price.output.value,
        trail=Trail(("C4",), tuple(hardware.profile.figure_id(f"api.{model}.{name}") for name in names)),
        note=price.provider,
    )
