"""E12: one layer on two pools, attention beside the KV cache and the feed-forward part elsewhere."""

from __future__ import annotations

from chipbrief.physics.numeric import Num

__all__ = ["split_step_s"]


def split_step_s(
    *,
    attention_s: Num,
    feed_forward_s: Num,
    layers: float,
    exchange_s: Num,
    payload_bytes: Num,
    link_bytes_s: Num,
) -> Num:
    """Time of one decode step whose layers are split between two pools (E12): t_a + t_f + 2 L (x + p/link).

    The pools take turns, layer by layer, and the activations of all sequences cross between them twice a layer. Two
    halves of a batch could keep both pools at work; that is not counted on.

    Args:
        attention_s: all layers' attention, its latency included [s].
        feed_forward_s: all layers' feed-forward part, its latency included [s].
        layers: L [1].
        exchange_s: latency of one crossing, x [s].
        payload_bytes: activations that cross each time, p [bytes].
        link_bytes_s: bandwidth between the pools in one direction [bytes/s].

    Returns:
        Seconds, broadcast shape.
    """
    return attention_s + feed_forward_s + 2.0 * layers * (exchange_s + payload_bytes / link_bytes_s)
