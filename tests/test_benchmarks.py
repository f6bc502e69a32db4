"""The scripts of benchmarks/ run, so that their figures can be had again; what they measure is not judged here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def printed(script: str, *args: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / script, *args, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_sweep_counts_its_points() -> None:
    told = printed("sweep.py", "--points", "2000", "--rounds", "1", "--no-peers")
    for name in ("tables", "best", "csv"):
        side = told["sides"][f"chipbrief, {name}"]
        assert side["points"] >= 2000
        assert side["points_per_cpu_second"] > 0
        assert side["max_rss_mb"] > 0


SMALL = """\
schema: briefing/1
sections: [decision, capacity]
mix:
  schema: workload-mix/1
  name: small
  classes:
    - id: chat
      title: Chat
      kind: chat
      model: llama-3.1-8b
      tokens: {input: 1000, output: 100}
      arrival: {requests_per_day: 1M}
      slo: {ttft_p95: 2 s, tpot_p95: 50 ms}
  hardware: [nvidia-b200]
"""


@pytest.mark.slow
def test_a_build_is_held_against_weasyprint_alone(tmp_path: Path) -> None:
    mix = tmp_path / "mix.yaml"
    mix.write_text(SMALL)
    told = printed("build.py", "--rounds", "1", "--samples", "10", "--mix", str(mix))
    found = told["median"]
    assert found["pages"] == found["pages_weasyprint"] > 1
    for phases in (found["phases_cold"], found["phases_warm"]):
        assert {"evaluate", "plan", "xlsx, md", "charts", "html", "pdf"} <= phases.keys()
        assert all(phases[name] > 0 for name in ("evaluate", "plan", "xlsx, md", "html", "pdf"))
    assert abs(sum(found["phases_warm"].values()) - found["warm"]["build"]) < 1e-6
    assert 0 < found["unchanged"]["cpu_seconds"] < found["cold"]["build"]
    assert told["ratios"]["cold"] > 0
    assert told["ratios"]["warm"] > 0
