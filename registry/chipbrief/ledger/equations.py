"""The equations in a line each; docs/physics.md and docs/finance.md have them whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["RULES", "rule"]

RULES: Mapping[str, str] = {
    "E1": "weights that a step reads: attention, dense and the experts that the batch touches",
    "E2": "KV cache of a sequence, summed over its layers",
    "E3": "decode step = reading and computing, partly at once, plus a latency a layer, collectives and host time",
    "E4": "prefill = linear layers and attention over the prompt, never less than a read of the weights, plus passes",
    "E5": "a token waits for the prefills of the other requests",
    "E5b": "the running batch is what the KV cache leaves room for",
    "E6": "SRAM pipeline: layers and hops set a token's time, the slowest stage the throughput",
    "E7": "speculation: accepted tokens over the time of a verify step and its drafts",
    "E8": "requests arrive at random; waits and percentiles at the load of a replica",
    "E9": "watts = idle + (peak - idle) x load",
    "E10": "prefill and decode pools: the smaller throughput, and the KV cache over the link",
    "E11": "expert parallel: what all-to-all moves, over the link",
    "E12": "layers split between two sorts of chip",
    "C1": "owned hour = capital recovery of price, network and storage, support, energy, colocation, software, staff",
    "C2": "dollars over tokens",
    "C3": "whole units for the peak, never less than one; idle is paid for",
    "C4": "rent by the chip-hour; API at list price",
}


def rule(equations: Iterable[str]) -> str:
    """Some equations with their rules: `C2: dollars over tokens`."""
    return "; ".join(f"{name}: {RULES[name]}" for name in equations)
