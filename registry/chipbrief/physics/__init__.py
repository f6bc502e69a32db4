"""The physics of inference as plain functions of numbers; every one broadcasts over NumPy arrays.

Equation numbers (E1 to E12) tie a function to the docstrings, tests and footnotes that use it. Symbols: B running
batch (sequences), L layers, n chips of a replica, W weight bytes, K key-value bytes of a sequence, F floating-point
operations. All quantities are SI.
"""

from chipbrief.physics.batching import (
    aggregated_tpot_s,
    prompt_wait_s,
    requests_per_s,
    running_batch_limit,
    time_in_queue_s,
)
from chipbrief.physics.collectives import (
    all_reduce_two_level_s,
    all_to_all_s,
    destination_chips,
    expert_parallel_s,
    point_to_point_s,
)
from chipbrief.physics.decode import (
    all_reduce_s,
    compute_s,
    decode_step_s,
    layer_floor_s,
    layers_latency_s,
    overlapped_s,
)
from chipbrief.physics.disaggregation import (
    disaggregated_requests_s,
    disaggregated_ttft_s,
    kv_transfer_s,
    pool_ratio,
)
from chipbrief.physics.energy import joules_per_token, power_at_load_w
from chipbrief.physics.memory import (
    expert_coverage,
    index_key_bytes,
    kv_grouped_query_bytes,
    kv_latent_bytes,
    linear_state_bytes,
    visible_context,
    weights_read_bytes,
)
from chipbrief.physics.numeric import Array, Num
from chipbrief.physics.pipeline import pipeline_step_s, pipeline_token_s
from chipbrief.physics.prefill import causal_pairs, passes_a_prompt, prefill_blocking_s, prefill_s
from chipbrief.physics.queueing import (
    batch_variance,
    percentile_of_sum_s,
    prefill_wait_s,
    running_batch_at_load,
    slot_load,
    slot_wait_probability,
    slot_wait_s,
    wait_quantile_s,
)
from chipbrief.physics.speculation import accepted_tokens, speculation_multiplier, speculative_tpot_s
from chipbrief.physics.split import split_step_s

__all__ = [
    "Array",
    "Num",
    "accepted_tokens",
    "aggregated_tpot_s",
    "all_reduce_s",
    "all_reduce_two_level_s",
    "all_to_all_s",
    "batch_variance",
    "causal_pairs",
    "compute_s",
    "decode_step_s",
    "destination_chips",
    "disaggregated_requests_s",
    "disaggregated_ttft_s",
    "expert_coverage",
    "expert_parallel_s",
    "index_key_bytes",
    "joules_per_token",
    "kv_grouped_query_bytes",
    "kv_latent_bytes",
    "kv_transfer_s",
    "layer_floor_s",
    "layers_latency_s",
    "linear_state_bytes",
    "overlapped_s",
    "passes_a_prompt",
    "percentile_of_sum_s",
    "pipeline_step_s",
    "pipeline_token_s",
    "point_to_point_s",
    "pool_ratio",
    "power_at_load_w",
    "prefill_blocking_s",
    "prefill_s",
    "prefill_wait_s",
    "prompt_wait_s",
    "requests_per_s",
    "running_batch_at_load",
    "running_batch_limit",
    "slot_load",
    "slot_wait_probability",
    "slot_wait_s",
    "speculation_multiplier",
    "speculative_tpot_s",
    "split_step_s",
    "time_in_queue_s",
    "visible_context",
    "wait_quantile_s",
    "weights_read_bytes",
]
