"""The physics of inference as plain functions of numbers; every one broadcasts over NumPy arrays.

Equation numbers (E1 to E9) tie a function to the docstrings, tests and footnotes that use it. Symbols: B running
batch (sequences), L layers, n chips of a replica, W weight bytes, K key-value bytes of a sequence, F floating-point
operations. All quantities are SI.
"""

from chipbrief.physics.batching import aggregated_tpot_s, requests_per_s, running_batch_limit, time_in_queue_s
from chipbrief.physics.decode import all_reduce_s, compute_s, decode_step_s, layer_floor_s
from chipbrief.physics.energy import joules_per_token, power_at_load_w
from chipbrief.physics.memory import (
    expert_coverage,
    kv_grouped_query_bytes,
    kv_latent_bytes,
    visible_context,
    weights_read_bytes,
)
from chipbrief.physics.numeric import Array, Num
from chipbrief.physics.pipeline import pipeline_step_s, pipeline_token_s
from chipbrief.physics.prefill import causal_pairs, prefill_s

__all__ = [
    "Array",
    "Num",
    "aggregated_tpot_s",
    "all_reduce_s",
    "causal_pairs",
    "compute_s",
    "decode_step_s",
    "expert_coverage",
    "joules_per_token",
    "kv_grouped_query_bytes",
    "kv_latent_bytes",
    "layer_floor_s",
    "pipeline_step_s",
    "pipeline_token_s",
    "power_at_load_w",
    "prefill_s",
    "requests_per_s",
    "running_batch_limit",
    "time_in_queue_s",
    "visible_context",
    "weights_read_bytes",
]
