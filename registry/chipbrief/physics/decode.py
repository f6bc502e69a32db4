"""E3: the time of one decode step on machines that read weights and KV cache from memory."""

from __future__ import annotations

import numpy as np

from chipbrief.physics.numeric import Num

__all__ = ["all_reduce_s", "compute_s", "decode_step_s", "layer_floor_s"]


def layer_floor_s(chips: Num, *, single_s: Num, domain_s: Num, domain: float) -> Num:
    """Latency that a layer costs however little work it does, tau(n) (E3).

    Kernel launches and synchronisation; straight in log2(n) between one chip and a full scale-up domain.

    Args:
        chips: chips the layer is spread over, n [1].
        single_s: tau(1) [s].
        domain_s: tau of a full domain [s].
        domain: chips of a scale-up domain [1].

    Returns:
        Seconds a layer, broadcast shape.
    """
    spread: Num = np.log2(chips) / np.log2(max(domain, 2.0))
    return single_s + (domain_s - single_s) * spread


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
    layers: float,
    floor_s: Num,
    collective_s: Num,
    batch: Num,
    sequence_s: Num,
) -> Num:
    """Time of one decode step, in which every sequence of the batch gains a token (E3).

    t = max(memory, compute) + L tau(n) + collectives + sigma B.

    Args:
        memory_s: time to read the step's weights and KV cache [s].
        compute_s: time to compute the step [s].
        layers: L [1].
        floor_s: latency of a layer, tau(n) [s].
        collective_s: all collectives of the step [s].
        batch: B [sequences].
        sequence_s: host and sampling time a sequence, sigma [s].

    Returns:
        Seconds, broadcast shape.
    """
    return np.maximum(memory_s, compute_s) + layers * floor_s + collective_s + sequence_s * batch
