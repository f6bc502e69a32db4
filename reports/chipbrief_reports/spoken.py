"""Figures in plain words, as a reader of charts and sentences needs them."""

from __future__ import annotations

__all__ = ["spoken"]

_SPOKEN = {
    "model:rate": "the model's own error in throughput",
    "model:tpot": "the model's own error in time per token",
    "compute.dense.bf16": "dense BF16 peak",
    "compute.dense.fp16": "dense FP16 peak",
    "compute.dense.fp4": "dense FP4 peak",
    "compute.dense.fp8": "dense FP8 peak",
    "compute.dense.int8": "dense INT8 peak",
    "efficiency.attention": "share of the peak reached in attention",
    "efficiency.collectives": "share of link bandwidth reached",
    "efficiency.decode": "share of the peak reached in decode",
    "efficiency.experts": "speed of routed experts over dense layers",
    "efficiency.kv": "share of bandwidth reached for KV cache",
    "efficiency.prefill": "share of the peak reached in prefill",
    "efficiency.weights": "share of bandwidth reached for weights",
    "interconnect.chip": "link bandwidth of a chip",
    "interconnect.domain": "chips of a scale-up domain",
    "interconnect.scale_out": "bandwidth to other systems",
    "interconnect.stage": "bandwidth between stages",
    "latency.chained_layer": "added latency of a latent or linear layer",
    "latency.attention_share": "attention's share of a layer's latency",
    "latency.exchange": "latency between the two systems",
    "latency.expert_layer": "added latency of a layer with experts",
    "latency.hop": "latency between stages",
    "latency.host": "host time",
    "latency.layer": "latency a layer",
    "latency.layer_spread": "added latency of a layer over eight chips",
    "latency.layer_per_hidden": "latency a layer and width",
    "latency.prefill_chained_pass": "latent or linear layers' latency in prefill",
    "latency.prefill_chunk": "prompt tokens a prefill pass",
    "latency.prefill_expert_pass": "added latency of experts in prefill",
    "latency.prefill_pass": "latency of a prefill pass",
    "latency.sequence": "host time a sequence",
    "memory.bandwidth": "memory bandwidth",
    "memory.capacity": "memory of a chip",
    "memory.usable": "usable share of memory",
    "power.idle": "idle share of power",
    "power.system": "power of a system",
    "price.rent.on_demand": "rent on demand",
    "price.rent.one_year": "rent for a year",
    "price.rent.three_years": "rent for three years",
    "price.system": "price of a system",
    "scheduling.imbalance": "expert load of the busiest chip over mean",
    "scheduling.overlap": "overlap of reading and computing",
    "scheduling.pass_share": "share of prefill latency that decode bears",
    "scheduling.prompt_wait": "share of other prompts before a first token",
    "scheduling.prompt_wait_in_waves": "prompts before a first token, equal lengths",
    "scheduling.stall": "share of other prompts between tokens",
    "scheduling.stall_in_waves": "prompts between tokens, equal lengths",
}


def spoken(figure: str) -> str:
    """`acme-x1:latency.layer` as `latency a layer`."""
    if figure in _SPOKEN:
        return _SPOKEN[figure]
    path = figure.split(":", 1)[1]
    return _SPOKEN.get(path, path.replace("_", " ").replace(".", " "))
