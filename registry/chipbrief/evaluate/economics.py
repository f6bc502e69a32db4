"""How many and at what cost: replicas, chips, systems, utilisation and dollars (C1 to C4, E9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipbrief import physics
from chipbrief.evaluate.footprint import Footprint, Part
from chipbrief.evaluate.operation import Operation
from chipbrief.finance import HOURS_PER_MONTH, LANES, CostLine, Finance, Lane, units_needed
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Num
from chipbrief.workload import Demand, Shape

__all__ = ["Economics", "active_in_flight", "api_usd_month", "economics", "requests_month"]

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600.0


@dataclass(frozen=True, slots=True)
class Economics:
    """A class's share of a fleet; every field broadcasts with the operation it comes from.

    Attributes:
        requests_s: mean arrivals [1/s].
        replicas: copies of the model that carry the peak [1].
        peak_requests_s: what arrives at one of them at the peak [1/s].
        chips: chips of all replicas [1].
        systems: whole systems that hold them, of both sorts where there are two, this class alone [1].
        utilisation: mean arrivals over capacity, an output of the plan [1].
        lines: cost lines of an hour of each system, by lane; a lane that is not offered is absent.
        usd_month: cost of the chips used, by lane [USD/month].
        joules_per_token: IT energy of an output token at full load [J].
        power_w: IT power of the chips used, at the mean load [W].
    """

    requests_s: Num
    replicas: Num
    peak_requests_s: Num
    chips: Num
    systems: Num
    utilisation: Num
    lines: Mapping[Lane, tuple[CostLine, ...]]
    usd_month: Mapping[Lane, Num]
    joules_per_token: Num
    power_w: Num


def economics(
    hardware: Hardware,
    deployment: Deployment,
    operation: Operation,
    shape: Shape,
    demand: Demand,
    finance: Finance,
    running: Operation | None = None,
) -> Economics:
    """Size a class for its peak and price it; C3 never divides by an assumed utilisation.

    Chips are charged by their share of a system; what whole systems add is the fleet's idle line.

    Args:
        hardware: the machine.
        deployment: the replica's shape.
        operation: the most that a replica is loaded with.
        shape: token counts.
        demand: arrivals, or users in flight.
        finance: the money's terms.
        running: a replica at the load that whole replicas leave it; as loaded for None.
    """
    batch = np.asarray(operation.batch, dtype=float)
    if demand.mean_in_flight is not None:
        replicas = units_needed(active_in_flight(operation, demand), batch)
        arrivals = demand.mean_in_flight / ((running or operation).e2e_p50_s + demand.think_time_s)
    else:
        assert demand.mean_requests_s is not None
        arrivals = demand.mean_requests_s + 0.0 * operation.requests_s
        replicas = units_needed(demand.mean_requests_s * demand.peak_factor, operation.requests_s)
    load = np.minimum(arrivals / (replicas * operation.requests_s), 1.0)
    footprint = Footprint.of(hardware, deployment)
    lines = {lane: found for lane in LANES if (found := footprint.lines(lane, finance, load))}
    hours = replicas * HOURS_PER_MONTH
    return Economics(
        requests_s=arrivals,
        replicas=replicas,
        peak_requests_s=arrivals * demand.peak_factor / replicas,
        chips=replicas * deployment.chips,
        systems=sum((_systems(replicas, part) for part in footprint.parts), start=0.0),
        utilisation=load,
        lines=lines,
        usd_month={lane: hours * footprint.usd_h(lane, finance, load) for lane in lines},
        joules_per_token=physics.joules_per_token(footprint.power_w(1.0), operation.requests_s * shape.output_mean),
        power_w=replicas * footprint.power_w(load),
    )


def active_in_flight(operation: Operation, demand: Demand) -> Num:
    """Requests in flight at the peak, of users who think between two of theirs (Little)."""
    assert demand.mean_in_flight is not None
    share = operation.e2e_p50_s / (operation.e2e_p50_s + demand.think_time_s)
    return demand.mean_in_flight * demand.peak_factor * share


def _systems(replicas: Num, part: Part) -> Num:
    """Whole systems: small replicas do not straddle two, large ones share the last."""
    chips = part.hardware.profile.chips
    if part.chips <= chips:
        return np.ceil(replicas / (chips // part.chips))
    return np.ceil(replicas * part.chips / chips)


def requests_month(arrivals_s: Num) -> Num:
    """Requests in a month of 730 hours."""
    return arrivals_s * SECONDS_PER_MONTH


def api_usd_month(requests: Num, shape: Shape, input_usd: Num, cached_usd: Num, output_usd: Num) -> Num:
    """What some requests cost at list prices (C4).

    Args:
        requests: requests a month [1].
        shape: their mean tokens.
        input_usd: price of new input [USD/Mtok].
        cached_usd: price of cached input [USD/Mtok].
        output_usd: price of output [USD/Mtok].

    Returns:
        USD/month, broadcast shape.
    """
    new = shape.input_mean * (1.0 - shape.cached_fraction) * input_usd
    cached = shape.input_mean * shape.cached_fraction * cached_usd
    return requests * (new + cached + shape.output_mean * output_usd) / 1e6
