"""Time a peer's decode estimates over systems x models x batch x context, inside the peer's own interpreter.

A peer is asked in two ways. `entry` calls, once a point, the function that its documentation shows. `lean` calls only
the parts of it that a decode estimate needs and builds once what several points share: the best that its code allows
without changing it. `sweep.py` starts this file with the interpreter that `peers.peer_python` returns; nothing but the
standard library and the peer may be imported here.
"""

from __future__ import annotations

import argparse
import functools
import importlib.metadata
import itertools
import json
import logging
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from measure import rss_mb


class Gpu(NamedTuple):
    """One chip, from its datasheet."""

    memory: float  # GB
    bandwidth: float  # GB/s
    flops: float  # dense BF16, TFLOPS
    link: float  # GB/s in one direction


class Model(NamedTuple):
    """Dimensions of a model, from its config.json."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    width: int  # of the feed-forward part, gated
    vocabulary: int
    experts: int
    active_experts: int


class Point(NamedTuple):
    """One operating point: names of the chip and the model, sequences in the batch, tokens of context."""

    gpu: str
    model: str
    batch: int
    context: int


CHIPS = 8  # a point is one replica, tensor parallel over the eight chips of a server

GPUS = {  # they steer only which points fit: what is compared is the time that an estimate takes
    "H100": Gpu(80, 3350, 989, 450),
    "H200": Gpu(141, 4800, 989, 450),
    "B200": Gpu(180, 8000, 2250, 900),
    "MI300X": Gpu(192, 5300, 1307, 448),
    "MI325X": Gpu(256, 6000, 1307, 448),
}
MODELS = {
    "llama-3.1-8b": Model(32, 4096, 32, 8, 14336, 128256, 1, 1),
    "llama-3.1-70b": Model(80, 8192, 64, 8, 28672, 128256, 1, 1),
    "mixtral-8x7b": Model(32, 4096, 32, 8, 14336, 32000, 8, 2),
}
BATCHES = range(1, 129)
CONTEXTS = [64 * (1 + 37 * step % 128) for step in range(128)]  # 64 to 8,192, so mixed that any first part is fair
SAMPLE = Point("H100", "llama-3.1-70b", 32, 2048)


def points() -> Iterator[Point]:
    """All 245,760 points."""
    for context, model, gpu, batch in itertools.product(CONTEXTS, MODELS, GPUS, BATCHES):
        yield Point(gpu, model, batch, context)


class DoesNotFitError(Exception):
    """The peer refuses the point because its memory is too small."""


class LlmAnalysis:
    """llm-analysis: `LLMAnalysis.inference`, which also does the prefill, or its decode part alone."""

    def __init__(self, _scratch: str) -> None:
        from llm_analysis.analysis import LLMAnalysis as Analysis
        from llm_analysis.config import DtypeConfig, GPUConfig, ModelConfig, ParallelismConfig
        from llm_analysis.logger import logger

        logger.setLevel(logging.ERROR)
        configs = {
            name: ModelConfig(
                name,
                num_layers=model.layers,
                n_head=model.heads,
                hidden_dim=model.hidden,
                vocab_size=model.vocabulary,
                num_key_value_heads=model.kv_heads,
                ffn_embed_dim=model.width * 3 // 2,  # it counts two matrices where a gated part has three
                expansion_ratio=model.width * 1.5 / model.hidden,
                moe_num_experts=model.experts,
                moe_top_k=model.active_experts,
            )
            for name, model in MODELS.items()
        }
        chips = {
            name: GPUConfig(name, gpu.memory, gpu.bandwidth, gpu.link, 8e-6, gpu.flops) for name, gpu in GPUS.items()
        }
        parallel = ParallelismConfig(tp_size=CHIPS)
        self.analyses = {
            (gpu, model): Analysis(configs[model], chips[gpu], DtypeConfig(), parallel)
            for gpu, model in itertools.product(GPUS, MODELS)
        }

    def entry(self, point: Point) -> float:
        """Milliseconds of a decode step."""
        analysis = self.analyses[point.gpu, point.model]
        try:
            summary = analysis.inference(point.batch, point.context, num_tokens_to_generate=1)
        except AssertionError as error:
            raise DoesNotFitError from error
        return summary["decode_latency"] * 1e3

    def lean(self, point: Point) -> float:
        """The same sum as in `entry`, without the prefill, the check that it fits, the summary and the log lines."""
        analysis = self.analyses[point.gpu, point.model]
        step, _ = analysis.get_latency_fwd(point.batch, 1)
        kv = analysis.get_memory_kv_cache_per_layer(point.batch, point.context + 1) * analysis.model_config.num_layers
        return (step + 2 * kv / (analysis.get_gpu_hbm_bandwidth() * 1e9)) * 1e3


class GenzLlm:
    """GenZ: `decode_moddeling`, or only its table of layers and the sum over it."""

    def __init__(self, scratch: str) -> None:
        from GenZ import ModelConfig, get_inference_system, get_summary_table
        from GenZ.LLM_inference import llm_decode
        from GenZ.unit import Unit

        # it hands every model from one function to the next as a CSV file, which should not stay behind
        self.create = functools.partial(llm_decode.create_full_decode_model, data_path=scratch)
        self.table = functools.partial(llm_decode.get_model_df, data_path=scratch)
        llm_decode.create_full_decode_model, llm_decode.get_model_df = self.create, self.table
        self.estimate, self.summary, self.unit = llm_decode.decode_moddeling, get_summary_table, Unit()
        self.systems = {
            name: get_inference_system(
                {
                    "Flops": gpu.flops,
                    "Memory_size": gpu.memory,
                    "Memory_BW": gpu.bandwidth,
                    "ICN": gpu.link,
                    "real_values": True,
                }
            )
            for name, gpu in GPUS.items()
        }
        self.configs = {
            name: ModelConfig(
                name,
                vocab_size=model.vocabulary,
                hidden_size=model.hidden,
                intermediate_size=model.width,
                num_ffi=2,  # gated
                num_decoder_layers=model.layers,
                num_attention_heads=model.heads,
                num_key_value_heads=model.kv_heads,
                num_experts=model.experts,
                expert_top_k=model.active_experts,
            )
            for name, model in MODELS.items()
        }
        self.layers = functools.cache(self._layers)

    def entry(self, point: Point) -> float:
        """Milliseconds of a decode step."""
        try:
            output = self.estimate(
                self.configs[point.model],
                batch_size=point.batch,
                input_tokens=point.context,
                Bb=1,  # no beams
                system_name=self.systems[point.gpu],
                tensor_parallel=CHIPS,
            )
        except ValueError as error:
            raise DoesNotFitError from error
        return output["Latency"]

    def lean(self, point: Point) -> float:
        """The same sum as in `entry`, without the check that it fits and the breakdown by kind of layer."""
        layers = self.layers(point.model, point.context)
        frame = self.table(layers, self.systems[point.gpu], self.unit, point.batch, intermediate_on_chip=True)
        return self.summary(frame, self.unit)[f"Latency ({self.unit.unit_time})"].values[0]

    def _layers(self, model: str, context: int) -> str:
        return self.create(name=self.configs[model], input_sequence_length=context, tensor_parallel=CHIPS)


PEERS = {"llm-analysis": LlmAnalysis, "genz-llm": GenzLlm}


def sweep(estimate: Callable[[Point], float], limit: int, seconds: float) -> tuple[int, int]:
    """Evaluate points until the limit or the CPU seconds are used up; how many, and how many of them did not fit."""
    done = refused = 0
    end = time.process_time() + seconds
    for point in itertools.islice(points(), limit):
        try:
            estimate(point)
        except DoesNotFitError:
            refused += 1
        done += 1
        if time.process_time() >= end:
            break
    return done, refused


def report(peer: str, way: str, limit: int, seconds: float) -> dict[str, object]:
    """Sweep, and say what it took. Importing and building the peer's objects is counted apart."""
    with tempfile.TemporaryDirectory() as scratch:
        started = time.process_time()
        estimate = getattr(PEERS[peer](scratch), way)
        sample = float(estimate(SAMPLE))
        ready = time.process_time()
        done, refused = sweep(estimate, limit, seconds)
        cpu_seconds = time.process_time() - ready
    return {
        "peer": peer,
        "version": importlib.metadata.version(peer),
        "way": way,
        "points": done,
        "refused": refused,
        "set_up_cpu_seconds": ready - started,
        "cpu_seconds": cpu_seconds,
        "points_per_cpu_second": done / cpu_seconds,
        "max_rss_mb": rss_mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss),
        "sample": {**SAMPLE._asdict(), "chips": CHIPS, "decode_ms": sample},
    }


def main() -> None:
    """Sweep as the arguments say and print one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peer", choices=PEERS, default="llm-analysis")
    parser.add_argument("--way", choices=("entry", "lean"), default="entry")
    parser.add_argument("--points", type=int, default=1_000_000, help="at most so many points")
    parser.add_argument("--seconds", type=float, default=10, help="at most so many CPU seconds")
    arguments = parser.parse_args()
    print(json.dumps(report(arguments.peer, arguments.way, arguments.points, arguments.seconds)))


if __name__ == "__main__":
    main()
