"""E6: machines that hold whole layers in SRAM and pass activations from stage to stage."""

from __future__ import annotations

import numpy as np

from chipbrief.physics.numeric import Num

__all__ = ["pipeline_step_s", "pipeline_token_s"]


def pipeline_token_s(
    *, layers: float, layer_s: Num, stages: Num, hop_s: Num, activation_bytes: Num, link_bytes_s: Num
) -> Num:
    """Time of one token through all stages, alone (E6): L tau_layer + (stages - 1) (hop + activations/link).

    Args:
        layers: L [1].
        layer_s: latency of a layer, tau_layer [s].
        stages: pipeline stages [1].
        hop_s: latency between two stages [s].
        activation_bytes: what a stage hands on for one token [bytes].
        link_bytes_s: bandwidth between two stages, one direction [bytes/s].

    Returns:
        Seconds, broadcast shape.
    """
    return layers * layer_s + (stages - 1.0) * (hop_s + activation_bytes / link_bytes_s)


def pipeline_step_s(token_s: Num, stage_s: Num, *, batch: Num) -> Num:
    """Time in which every sequence in flight gains a token (E6): max(token, B * slowest stage).

    Throughput B/t is then min(in flight/token, 1/slowest stage).

    Args:
        token_s: one token through all stages [s].
        stage_s: time that one token keeps the slowest stage busy: compute, memory or link [s].
        batch: sequences in flight, B [1].

    Returns:
        Seconds, broadcast shape.
    """
    return np.maximum(token_s, batch * stage_s)
