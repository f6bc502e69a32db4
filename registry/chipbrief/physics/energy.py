"""E9: power and energy."""

from __future__ import annotations

from chipbrief.physics.numeric import Num

__all__ = ["joules_per_token", "power_at_load_w"]


def power_at_load_w(idle_w: Num, peak_w: Num, load: Num) -> Num:
    """Power at a load between 0 and 1 (E9): idle + (peak - idle) load. Watts in, watts out."""
    return idle_w + (peak_w - idle_w) * load


def joules_per_token(power_w: Num, tokens_per_s: Num) -> Num:
    """Energy of a token (E9): watts / (tok/s)."""
    return power_w / tokens_per_s
