"""E3: the time of one decode step on machines that read weights and KV cache from memory."""

from __future__ import annotations

import numpy as np

from chipbrief.physics.numeric import Num

__all__ = [
    "REFERENCE_CHIPS",
    "all_reduce_s",
    "compute_s",
    "decode_step_s",
    "layer_floor_s",
    "layers_latency_s",
    "overlapped_s",
]

REFERENCE_CHIPS = 8.0  # what spreading a layer adds to tau is stated for this many


def layer_floor_s(chips: Num, *, single_s: Num, spread_s: Num) -> Num:
    """Latency that a layer costs however little work it does, tau(n) (E3): tau(1) + spread log2(n)/log2(8).

    Kernel launches, and the synchronisation that every doubling of the chips adds.

    Args:
        chips: chips the layer is spread over, n [1].
        single_s: tau(1) [s].
        spread_s: what eight chips add, tau(8) - tau(1) [s].

    Returns:
        Seconds a layer, broadcast shape.
    """
    doublings: Num = np.log2(chips) / np.log2(REFERENCE_CHIPS)
    return single_s + spread_s * doublings


def layers_latency_s(
    layer_s: Num,
    *,
    layers: float,
    expert_layer_s: Num = 0.0,
    expert_layers: float = 0.0,
    chained_layer_s: Num = 0.0,
    chained_layers: float = 0.0,
) -> Num:
    """Latency of one pass through all layers (E3, E4): L tau + L_moe tau_moe + L_chain tau_chain.

    Routing to experts, gathering their rows and scattering them back are further kernels that wait for one another,
    and so are the projections of a latent cache, the gates of linear attention and an indexer; what they add does
    not shrink with bandwidth.

    Args:
        layer_s: latency that every layer has, tau(n) [s].
        layers: L [1].
        expert_layer_s: what routed experts add to their layer [s].
        expert_layers: layers with routed experts, L_moe [1].
        chained_layer_s: what a chain of attention kernels adds to its layer [s].
        chained_layers: layers with latent attention [1].

    Returns:
        Seconds, broadcast shape.
    """
    return layers * layer_s + expert_layers * expert_layer_s + chained_layers * chained_layer_s


def overlapped_s(memory_s: Num, compute_s: Num, sharpness: Num) -> Num:
    """Time of reading and computing that overlap in part (E3): (m^q + c^q)^(1/q).

    A sharpness q of infinity is the roofline's maximum, 1 the sum of both; a layer has products that wait for
    memory beside products that wait for arithmetic, so real steps lie between.

    Args:
        memory_s: time to read [s].
        compute_s: time to compute [s].
        sharpness: q, 1 or more [1].

    Returns:
        Seconds, broadcast shape: from the larger of both to their sum.
    """
    longer, shorter = np.maximum(memory_s, compute_s), np.minimum(memory_s, compute_s)
    share = shorter / np.maximum(longer, np.finfo(float).tiny)
    return longer * (1.0 + share**sharpness) ** (1.0 / sharpness)


def all_reduce_s(payload_bytes: Num, *, chips: Num, link_bytes_s: Num) -> Num:
    """Time of a ring all-reduce (E3): 2 (n - 1)/n of the payload over one direction of the link.

    Args:
        payload_bytes: bytes to reduce on every chip [bytes].
        chips: n [1]; one chip costs nothing.
        link_bytes_s: bandwidth of a chip in one direction [bytes/s].

    Returns:
        Seconds, broadcast shape.
    """
    return 2.0 * (np.asarray(chips, dtype=float) - 1.0) / chips * payload_bytes / link_bytes_s


def compute_s(flop: Num, *, chips: Num, peak_flop_s: Num, efficiency: Num) -> Num:
    """Time to compute, F/(n e PEAK) (E3, E4).

    Args:
        flop: operations over all chips, F [FLOP].
        chips: n [1].
        peak_flop_s: dense peak of one chip, PEAK [FLOP/s].
        efficiency: reached share of the peak, e [1].

    Returns:
        Seconds, broadcast shape.
    """
    return flop / (chips * efficiency * peak_flop_s)


def decode_step_s(
    *,
    memory_s: Num,
    compute_s: Num,
    latency_s: Num,
    collective_s: Num,
    batch: Num,
    sequence_s: Num,
    sharpness: Num = np.inf,
) -> Num:
    """Time of one decode step, in which every sequence of the batch gains a token (E3).

    t = overlap(memory, compute) + L tau(n) + collectives + sigma B.

    Args:
        memory_s: time to read the step's weights and KV cache [s].
        compute_s: time to compute the step [s].
        latency_s: latency of all layers, see `layers_latency_s` [s].
        collective_s: all collectives of the step [s].
        batch: B [sequences].
        sequence_s: host and sampling time a sequence, sigma [s].
        sharpness: how fully reading and computing overlap, see `overlapped_s` [1].

    Returns:
        Seconds, broadcast shape.
    """
    return overlapped_s(memory_s, compute_s, sharpness) + latency_s + collective_s + sequence_s * batch
