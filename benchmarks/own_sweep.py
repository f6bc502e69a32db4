"""Time chipbrief's sweep over systems x models x batch x context, in one process; the report is that of `peer_sweep`.

Only axes that change the speed are swept: prices would multiply the points at almost no cost. Four ways:

    tables  every column of every point as arrays in memory, block by block, over the systems and models of the peers
    best    the same points, of which only the cheapest of each system and model is kept
    csv     the same points as rows of CSV files
    all     tables again, over every system and model of the registry, each model on as few chips as hold it
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import resource
import tempfile
import time
from pathlib import Path

from measure import rss_mb

from chipbrief.catalogue import Catalogue, load_catalogue
from chipbrief.config import parse_yaml
from chipbrief.engine import SerialEngine
from chipbrief.registry import Registry, load_registry
from chipbrief.sweep import Sweep, Tally, evaluate_sweep, reduce_sweep, run_sweep, sweep_from_document

WAYS = ("tables", "best", "csv", "all")
SYSTEMS = ["nvidia-h100", "nvidia-h200", "nvidia-b200", "amd-mi300x", "amd-mi325x"]  # the peers' chips, eight of each
MODELS = ["llama-3.1-8b", "llama-3.1-70b", "mixtral-8x7b"]
SAMPLE = {"hardware": ["nvidia-h100"], "model": ["llama-3.1-70b"], "batch": [32], "input": [2048]}
OUTPUT = 256  # tokens of each answer


def document(axes: dict[str, object], reduce: dict[str, object] | None = None) -> str:
    """A sweep file with these axes, in JSON, which is YAML."""
    whole = {"output": OUTPUT, "chips": 8, "precision": "bf16", **axes}
    return json.dumps({"schema": "sweep/1", "name": "benchmark", "axes": whole, "reduce": reduce})


def written(way: str, points: int, registry: Registry, catalogue: Catalogue) -> str:
    """The file of a way, with as many contexts as it takes to reach about that many points, refused ones included."""
    named: dict[str, object] = {"hardware": SYSTEMS, "model": MODELS}
    batch: dict[str, object] = {"from": 1, "to": 128, "step": 1}
    others = len(SYSTEMS) * len(MODELS) * 128
    if way == "all":
        named = {"chips": "smallest", "precision": "native"}
        batch = {"from": 1, "to": 256, "per_doubling": 8}
        others = len(registry) * len(catalogue.models) * 50  # whole numbers among the 65 values
    contexts = {"from": 64, "to": 8192, "count": max(math.ceil(points / others), 2)}
    reduce = {"kind": "best", "metric": "usd_mtok", "by": ["hardware", "model"]} if way == "best" else None
    return document({**named, "batch": batch, "input": contexts}, reduce)


def sample(registry: Registry, catalogue: Catalogue) -> dict[str, object]:
    """The point that the peers tell too; its time per token also holds the prompts of other requests (E5)."""
    sweep = read(document(SAMPLE), registry, catalogue)
    (table,) = evaluate_sweep(sweep, registry, catalogue)
    return {
        name: float(table.column(name)[0]) for name in ("batch", "input_tokens", "output_tokens", "chips", "tpot_s")
    }


def read(text: str, registry: Registry, catalogue: Catalogue) -> Sweep:
    """The sweep of a file's text."""
    return sweep_from_document(parse_yaml(text, "benchmark"), models=catalogue.names, hardware=registry.names)


def sweep_in(way: str, sweep: Sweep, registry: Registry, catalogue: Catalogue) -> Tally:
    """Compute all points in this process; what became of them."""
    if way == "best":
        return reduce_sweep(sweep, registry, catalogue).tally
    if way == "csv":
        with tempfile.TemporaryDirectory() as folder, SerialEngine() as engine:
            return run_sweep(sweep, registry, catalogue, engine, Path(folder) / "sweep").tally
    tables = evaluate_sweep(sweep, registry, catalogue)
    rows = sum(len(table.arrays()["tpot_s"]) for table in tables)
    assert rows == tables.tally.rows
    return tables.tally


def report(way: str, points: int) -> dict[str, object]:
    """Sweep, and say what it took. Points that were refused are not counted as points."""
    registry, catalogue = load_registry(), load_catalogue()
    sweep = read(written(way, points, registry, catalogue), registry, catalogue)
    told = sample(registry, catalogue)
    ready = time.process_time()
    tally = sweep_in(way, sweep, registry, catalogue)
    cpu_seconds = time.process_time() - ready
    return {
        "version": importlib.metadata.version("chipbrief"),
        "way": way,
        "systems": len(sweep.axes.hardware or ()),
        "models": len(sweep.axes.model or ()),
        "points": tally.computed,
        "refused": tally.points - tally.computed,
        "set_up_cpu_seconds": ready,  # all of the process until here, imports and registry included
        "cpu_seconds": cpu_seconds,
        "points_per_cpu_second": tally.computed / cpu_seconds,
        "max_rss_mb": rss_mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss),
        "sample": told,
    }


def main() -> None:
    """Sweep as the arguments say and print one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--way", choices=WAYS, default="tables")
    parser.add_argument("--points", type=int, default=1_000_000, help="about so many points, refused ones included")
    arguments = parser.parse_args()
    print(json.dumps(report(arguments.way, arguments.points)))


if __name__ == "__main__":
    main()
