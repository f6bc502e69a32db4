"""Rows a second and memory of `chipbrief mix from-trace`, beside `pandas.read_csv` of the same file.

The log is made up: arrivals in a day of waves, log-normal lengths, one row in ten thousand broken. pandas only reads
it; chipbrief also checks every row, counts minutes and tells exact quantiles. Each side is a process of its own.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measure import machine, run, table

CHUNK = 250_000
READ = "import sys, pandas; print(len(pandas.read_csv(sys.argv[1]).describe()))"
READ_JSON = "import sys, pandas; print(len(pandas.read_json(sys.argv[1], lines=True).describe()))"
IDLE = "import numpy, pydantic"


def make(folder: Path, rows: int) -> dict[str, Path]:
    """The same log as CSV, as gzip of it, and as JSON lines."""
    made = {"CSV": folder / "log.csv", "CSV, gzip": folder / "log.csv.gz", "JSON lines": folder / "log.jsonl"}
    rng = np.random.default_rng(1)
    with made["CSV"].open("w") as plain, made["JSON lines"].open("w") as objects:
        plain.write("arrival_s,input_tokens,output_tokens,cached_tokens\n")
        for start in range(0, rows, CHUNK):
            size = min(CHUNK, rows - start)
            span = 86_400.0 * size / rows
            times = np.sort(86_400.0 * start / rows + rng.random(size) * span)
            into = np.maximum(rng.lognormal(7.0, 1.2, size), 1).astype(int)
            out = np.maximum(rng.lognormal(5.0, 1.0, size), 1).astype(int)
            hit = (into * rng.random(size)).astype(int)
            into[rng.random(size) < 1e-4] *= -1
            for arrival, i, o, c in zip(times.tolist(), into.tolist(), out.tolist(), hit.tolist(), strict=True):
                plain.write(f"{arrival:.3f},{i},{o},{c}\n")
                objects.write(f'{{"ts": {arrival:.3f}, "prompt_tokens": {i}, "completion_tokens": {o}}}\n')
    with made["CSV"].open("rb") as plain, gzip.open(made["CSV, gzip"], "wb", 1) as packed:
        packed.writelines(iter(lambda: plain.read(1 << 20), b""))
    return made


def programs(made: dict[str, Path]) -> dict[str, list[str]]:
    """What is measured, by its name in the table."""
    ours, python = str(Path(sys.executable).with_name("chipbrief")), sys.executable
    found = {f"chipbrief, {name}": [ours, "mix", "from-trace", str(path)] for name, path in made.items()}
    found["pandas.read_csv, CSV"] = [python, "-c", READ, str(made["CSV"])]
    found["pandas.read_json, JSON lines"] = [python, "-c", READ_JSON, str(made["JSON lines"])]
    found["numpy and pydantic, imported"] = [python, "-c", IDLE]
    return found


def measured(commands: dict[str, list[str]], rows: int, rounds: int) -> dict[str, dict[str, float]]:
    """Median CPU and wall seconds, rows a wall second and the largest memory of every command."""
    costs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            began = time.perf_counter()
            cost = run(command)
            costs[name].append((cost.cpu_seconds, time.perf_counter() - began, cost.max_rss_mb))
    return {
        name: {
            "cpu_seconds": statistics.median(cpu for cpu, _, _ in found),
            "seconds": (seconds := statistics.median(wall for _, wall, _ in found)),
            "rows_s": rows / seconds,
            "max_rss_mb": max(rss for _, _, rss in found),
        }
        for name, found in costs.items()
    }


def text(report: dict) -> str:
    """The report as a table."""
    rows = [[f"{report['rows']:,} rows", "CPU s", "seconds", "rows/s", "memory"]]
    rows += [
        [
            name,
            f"{found['cpu_seconds']:.2f}",
            f"{found['seconds']:.2f}",
            "" if name.endswith("imported") else f"{found['rows_s']:,.0f}",
            f"{found['max_rss_mb']:.0f} MB",
        ]
        for name, found in report["programs"].items()
    ]
    return f"{report['machine']}, {report['rounds']} rounds, medians; starting up included\n\n{table(rows)}"


def main() -> None:
    """Measure as the arguments say and print a table, or one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the log (default: 1,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (default: 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        commands = programs(make(Path(folder), arguments.rows))
        found = measured(commands, arguments.rows, arguments.rounds)
    report = {"machine": machine(), "rows": arguments.rows, "rounds": arguments.rounds, "programs": found}
    print(json.dumps(report, indent=2) if arguments.json else text(report))


if __name__ == "__main__":
    main()
