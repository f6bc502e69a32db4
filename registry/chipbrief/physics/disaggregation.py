"""E10: one pool of chips that prefills, another that decodes, and the KV cache that moves between them."""

from __future__ import annotations

import numpy as np

from chipbrief.physics.numeric import Num

__all__ = ["disaggregated_requests_s", "disaggregated_ttft_s", "kv_transfer_s", "pool_ratio"]


def disaggregated_requests_s(prefill_requests_s: Num, decode_requests_s: Num) -> Num:
    """Requests that both pools together end in a second (E10): the slower pool sets the pace.

    Zhong et al., "DistServe", OSDI 2024, arXiv:2401.09670, section 4.

    Args:
        prefill_requests_s: requests that the prefill pool can take [1/s].
        decode_requests_s: requests that the decode pool can end [1/s].

    Returns:
        Requests/s, broadcast shape.
    """
    return np.minimum(prefill_requests_s, decode_requests_s)


def kv_transfer_s(kv_bytes: Num, *, link_bytes_s: Num, links: Num) -> Num:
    """Time to move the KV cache of a request from one pool to the other (E10): bytes/(links * link).

    Every chip of the smaller replica sends or receives its own share over its own link, so the links are those of
    the replica with fewer. Engines that send layer by layer while the prefill runs hide most of it: this is the
    whole, unhidden.

    Args:
        kv_bytes: KV cache of one request, as stored [bytes].
        link_bytes_s: bandwidth of one link in one direction [bytes/s].
        links: links that carry the transfer side by side [1].

    Returns:
        Seconds, broadcast shape.
    """
    return kv_bytes / (links * link_bytes_s)


def disaggregated_ttft_s(prefill_s: Num, transfer_s: Num, *, first_step_s: Num) -> Num:
    """Time to the first token across two pools, without queues (E10): prefill + KV transfer + first decode step.

    For engines whose decode pool speaks to the user. Where the prefill pool streams the first token itself, TTFT is
    the prefill alone and the other two terms fall between the first token and the second.

    Args:
        prefill_s: prefill of the prompt, t_p [s].
        transfer_s: KV cache to the decode pool, see `kv_transfer_s` [s].
        first_step_s: first step in the decode pool; 0 where it only hands the token on [s].

    Returns:
        Seconds, broadcast shape.
    """
    return prefill_s + transfer_s + first_step_s


def pool_ratio(prefill_chip_requests_s: Num, decode_chip_requests_s: Num) -> Num:
    """Prefill chips for each decode chip, so that neither pool waits for the other (E10).

    n_p r_p = n_d r_d, so n_p/n_d = r_d/r_p.

    Args:
        prefill_chip_requests_s: requests that one chip of the prefill pool takes, r_p [1/s].
        decode_chip_requests_s: requests that one chip of the decode pool ends, r_d [1/s].

    Returns:
        Prefill chips a decode chip, broadcast shape.
    """
    return decode_chip_requests_s / prefill_chip_requests_s
