"""E3 and E11: what chips send one another, within a scale-up domain and across domains.

Times are of bandwidth alone, and all links are full duplex: latency is in tau(n) of E3. The one-domain all-reduce is
`all_reduce_s` in `decode`. Volumes are those of NCCL's own accounting (nccl-tests, doc/PERFORMANCE.md).
"""

from __future__ import annotations

import numpy as np

from chipbrief.physics.numeric import Num

__all__ = ["all_reduce_two_level_s", "all_to_all_s", "destination_chips", "expert_parallel_s", "point_to_point_s"]


def all_to_all_s(payload_bytes_per_chip: Num, *, chips: Num, link_bytes_s: Num) -> Num:
    """Time of an all-to-all (E11): (n - 1)/n of what each chip holds leaves it.

    nccl-tests, doc/PERFORMANCE.md: bus bandwidth of AlltoAll = (n - 1)/n * size/time.

    Args:
        payload_bytes_per_chip: bytes that one chip has to spread, its own share included [bytes].
        chips: n [1]; one chip costs nothing.
        link_bytes_s: bandwidth of a chip in one direction [bytes/s].

    Returns:
        Seconds, broadcast shape.
    """
    return (np.asarray(chips, dtype=float) - 1.0) / chips * payload_bytes_per_chip / link_bytes_s


def destination_chips(active_experts: Num, *, chips: Num) -> Num:
    """Chips that hold at least one of a token's experts, on average (E11): n (1 - (1 - 1/n)^k).

    A token goes to a chip once, however many of its experts live there; every chip is as likely as another.

    Args:
        active_experts: experts a token is routed to, k [1].
        chips: chips that share the experts, n [1].

    Returns:
        Chips, its own among them, between 1 and min(k, n), broadcast shape.
    """
    chips = np.asarray(chips, dtype=float)
    return chips * (1.0 - (1.0 - 1.0 / chips) ** active_experts)


def expert_parallel_s(
    tokens_per_chip: Num,
    *,
    hidden: float,
    active_experts: float,
    value_bytes_dispatch: Num,
    value_bytes_combine: Num,
    moe_layers: float,
    chips: Num,
    chips_per_domain: Num,
    link_bytes_s: Num,
    scale_out_bytes_s: Num,
) -> Num:
    """Time in which tokens go to their experts and come back, all MoE layers of a step (E11).

    L_moe B k' H (b_dispatch + b_combine) spread over n chips, k' being `destination_chips`: (n_d - 1)/n of it over
    the scale-up link and (n - n_d)/n over the scale-out link; with b the same both ways and one domain,
    2 L_moe B k' H b (n - 1)/n / link.

    The two links are different hardware that works at the same time (DeepEP forwards in a pipeline from RDMA to
    NVLink and reports the bandwidth of the bottleneck), so the slower one counts, not the sum. Dispatch and combine
    have the experts between them and add up. Not in it: overlap with computation (two micro-batches), imbalance
    between chips, and kernels that cross to a domain once for all its chips (DeepEP's normal kernels, for prefill)
    or send a copy for every expert (its low-latency ones, k' = k).

    DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv:2412.19437, section 3.2.2; github.com/deepseek-ai/DeepEP.

    Args:
        tokens_per_chip: tokens that each chip holds, B/n [tokens].
        hidden: width of the model, H [1].
        active_experts: routed experts a token goes to, k [1].
        value_bytes_dispatch: bytes of a value on the way to the experts, scales included [bytes].
        value_bytes_combine: bytes of a value on the way back [bytes].
        moe_layers: L_moe [1].
        chips: chips that share the experts, n [1]; one chip costs nothing.
        chips_per_domain: chips of a scale-up domain, n_d [1]; more than n means one domain.
        link_bytes_s: scale-up bandwidth of a chip in one direction [bytes/s].
        scale_out_bytes_s: scale-out bandwidth of a chip in one direction [bytes/s].

    Returns:
        Seconds a step, broadcast shape.
    """
    within = np.minimum(chips_per_domain, chips)
    copies = tokens_per_chip * destination_chips(active_experts, chips=chips)
    payload = moe_layers * copies * hidden * (value_bytes_dispatch + value_bytes_combine)
    scale_up_s = (within - 1.0) / chips * payload / link_bytes_s
    scale_out_s = (chips - within) / chips * payload / scale_out_bytes_s
    return np.maximum(scale_up_s, scale_out_s)


def all_reduce_two_level_s(
    payload_bytes: Num, *, chips: Num, chips_per_domain: Num, link_bytes_s: Num, scale_out_bytes_s: Num
) -> Num:
    """Time of an all-reduce across domains (E3): reduce-scatter inside, all-reduce across, all-gather inside.

    2 (n_d - 1)/n_d P/link + 2 (m - 1)/m (P/n_d)/scale-out with m = n/n_d domains. The three parts add up, as in a
    decode step's payload of a megabyte; from hundreds of megabytes NCCL cuts the payload up and overlaps them, and
    the slower link alone sets the time.

    Args:
        payload_bytes: bytes to reduce on every chip, P [bytes].
        chips: n [1]; one chip costs nothing.
        chips_per_domain: chips of a scale-up domain, n_d [1]; more than n means one domain.
        link_bytes_s: scale-up bandwidth of a chip in one direction [bytes/s].
        scale_out_bytes_s: scale-out bandwidth of a chip in one direction [bytes/s].

    Returns:
        Seconds, broadcast shape.
    """
    within = np.minimum(np.asarray(chips_per_domain, dtype=float), chips)
    domains = chips / within
    inside_s = 2.0 * (within - 1.0) / within * payload_bytes / link_bytes_s
    across_s = 2.0 * (domains - 1.0) / domains * (payload_bytes / within) / scale_out_bytes_s
    both_s: Num = inside_s + across_s
    return both_s


def point_to_point_s(payload_bytes: Num, *, link_bytes_s: Num, latency_s: Num) -> Num:
    """Time to hand activations from one pipeline stage to the next (E3): latency + bytes/link.

    Args:
        payload_bytes: bytes to send [bytes].
        link_bytes_s: bandwidth between the two in one direction [bytes/s].
        latency_s: time until the first byte arrives [s].

    Returns:
        Seconds, broadcast shape.
    """
    return latency_s + payload_bytes / link_bytes_s
