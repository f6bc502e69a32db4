"""The scripts of benchmarks/ run, so that their figures can be had again; what they measure is not judged here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def printed(script: str, *args: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / script, *args, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_sweep_counts_its_points() -> None:
    told = printed("sweep.py", "--points", "2000", "--rounds", "1", "--no-peers")
    for name in ("tables", "best", "csv"):
        side = told["sides"][f"chipbrief, {name}"]
        assert side["points"] >= 2000
        assert side["points_per_cpu_second"] > 0
        assert side["max_rss_mb"] > 0
