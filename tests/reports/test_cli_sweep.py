"""`chipbrief sweep` as it is typed: what it prints and writes, and that nothing it is killed in is lost or doubled."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chipbrief.sweep import METRICS
from chipbrief.sweep.axes import Axes
from chipbrief_reports.cli.app import root

ROOT = Path(__file__).parents[2]
SCRIPT = Path(sys.executable).parent / "chipbrief"
SWEEP = """\
schema: sweep/1
name: small
axes:
  hardware: [nvidia-h100, cs3]
  model: llama-3.1-8b
  context: [1k, 8k, 200k]
  output: [100, 500]
  batch: {from: 1, to: 64, per_doubling: 1}
  pue: [1.1, 1.3]
"""
REDUCED = SWEEP + "reduce: {kind: best, metric: usd_mtok, by: [context, pue]}\n"


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "sweep.yaml"
    path.write_text(SWEEP)
    return path


def invoke(*args: object) -> Result:
    return CliRunner().invoke(root, ["sweep", *map(str, args)], prog_name="chipbrief")


def run(*args: object, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    """The real script, in a process of its own."""
    kwargs = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | kwargs
    return subprocess.run([SCRIPT, "sweep", *map(str, args)], text=True, timeout=120, check=False, **kwargs)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


# -- what it says and writes ----------------------------------------------------------------------------------


def test_every_row_is_written_and_all_is_accounted_for(sweep: Path, tmp_path: Path) -> None:
    found = invoke(sweep, "--json")
    document = json.loads(found.stdout)
    assert found.exit_code == 0
    assert document["output"] == "small-sweep"
    rows = rows_of(tmp_path / "small-sweep" / "parts" / "part-000000.csv")
    assert document["points"] == 2 * 1 * 3 * 2 * 7 * 2
    assert document["computed"] == document["rows"] == len(rows)
    assert document["points"] == len(rows) + sum(document["refused"].values())
    # 200k tokens are beyond the model's 131,072, on both systems
    assert document["refused"]["context"] == document["points"] / 3
    assert [c["name"] for c in document["columns"]] == list(rows[0])
    assert {(row["hardware"], row["context_tokens"]) for row in rows} == {
        (name, context) for name in ("nvidia-h100", "cerebras-cs3") for context in ("1000", "8000")
    }


def test_the_text_counts_and_names_the_files(sweep: Path) -> None:
    text = invoke(sweep, "--output", "out").stdout
    assert re.match(r"small: 1 part, [0-9.]+ s, [0-9,]+ points/s\n", text)
    assert re.search(r"^points +168$", text, re.MULTILINE)
    assert re.search(r"^  longer than the model's context +56$", text, re.MULTILINE)
    assert text.endswith("out/parts/part-*.csv\nout/refusals.csv\nout/result.json\n")
    assert re.match(r"small: 1 part, 1 of them from before\n", invoke(sweep, "--output", "out").stdout)


def test_a_reduction_prints_its_rows(sweep: Path, tmp_path: Path) -> None:
    sweep.write_text(REDUCED)
    found = invoke(sweep)
    rows = rows_of(tmp_path / "small-sweep" / "result.csv")
    assert [(row["context_tokens"], row["pue"]) for row in rows] == [
        ("1000", "1.1"),
        ("1000", "1.3"),
        ("8000", "1.1"),
        ("8000", "1.3"),
    ]
    heading, *shown = [line.split() for line in found.stdout.split("\n\n")[1].splitlines() if not line.startswith("--")]
    assert {"hardware", "model", "context_tokens", "pue", "usd_mtok"} <= set(heading)
    assert [line[0] for line in shown] == [row["hardware"] for row in rows]
    document = json.loads((tmp_path / "small-sweep" / "result.json").read_text())
    assert document["units"]["usd_mtok"] == "USD/Mtok"
    assert [f"{row['usd_mtok']:.10g}" for row in document["result"]] == [row["usd_mtok"] for row in rows]
    assert json.loads(invoke(sweep, "--json").stdout)["result"] == document["result"]


def test_the_best_point_is_what_compare_says_of_it(sweep: Path, tmp_path: Path) -> None:
    """The same tokens in a mix that may wait: `compare` gives the same time per token in the full batch it chooses."""
    mix = tmp_path / "mix.yaml"
    mix.write_text(
        "schema: workload-mix/1\nname: one\nhardware: [nvidia-h100]\nclasses:\n  - id: chat\n    kind: chat\n"
        "    model: llama-3.1-8b\n    tokens: {input: 7500, output: 500}\n    arrival: {requests_per_day: 1M}\n"
        "    slo: {deadline: 24 h}\n"
    )
    compared = CliRunner().invoke(root, ["compare", str(mix), "--samples", "2", "--json"], prog_name="chipbrief")
    (outcome,) = json.loads(compared.stdout)["classes"][0]["outcomes"]
    point = {name: metric["value"] for name, metric in outcome["metrics"].items()}
    axes = {
        "hardware": "[nvidia-h100]",
        "context": "8k",
        "output": "500",
        "batch": f"{point['batch']:.0f}",
        "chips": "all",
        "pue": None,
    }
    lines = [line for line in SWEEP.splitlines() if line.split(":")[0].strip() not in axes]
    lines[lines.index("axes:") + 1 : 0] = [f"  {name}: {value}" for name, value in axes.items() if value]
    sweep.write_text("\n".join([*lines, "reduce: {kind: top, k: 99, metric: tpot_s}"]))
    rows = json.loads(invoke(sweep, "--json").stdout)["result"]
    (row,) = [row for row in rows if row["deployment"] == outcome["deployment"]["text"]]
    assert row["usd_mtok"] == pytest.approx(point["usd_mtok_capacity"], rel=1e-9)
    assert row["tpot_s"] == pytest.approx(point["tpot_s"], rel=1e-9)
    assert row["tok_s_chip"] == pytest.approx(point["tok_s_chip"], rel=1e-9)


def test_a_dry_run_counts_and_writes_nothing(sweep: Path, tmp_path: Path) -> None:
    text = invoke(sweep, "--dry-run").stdout
    assert re.search(r"^batch +7$", text, re.MULTILINE)
    assert text.endswith("168 points in 1 part, to small-sweep; nothing was run\n")
    assert json.loads(invoke(sweep, "--dry-run", "--json").stdout)["points"] == 168
    assert list(tmp_path.iterdir()) == [sweep]


def test_the_example_runs_as_it_is_printed(sweep: Path) -> None:
    printed = invoke("--example").stdout
    sweep.write_text(printed.replace("per_doubling: 4", "per_doubling: 1"))
    document = json.loads(invoke(sweep, "--json").stdout)
    assert document["name"] == "cheapest-tokens"
    assert document["result"]
    for row in document["result"]:
        assert row["tpot_s"] <= 0.05
        assert row["usd_mtok_low"] < row["usd_mtok"] < row["usd_mtok_high"]
        assert row["measured"] is True
    assert invoke("--example").stdout == printed


def test_the_page_runs_as_it_is_printed(sweep: Path) -> None:
    page = (ROOT / "docs" / "sweep.md").read_text()
    (written,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (program,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    sweep.write_text(written)
    assert json.loads(invoke(sweep, "--json").stdout)["result"]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    computed = json.loads(invoke(sweep, "--json").stdout)["computed"]
    assert done.stdout.startswith(f"{computed} {{'memory': ")
    named = set(re.findall(r"`(\w+)`", page[page.index("`metrics` names") : page.index("`where` keeps")]))
    assert set(METRICS) <= named
    table = page[page.index("| axis |") : page.index("`context` is what")]
    assert {name.removesuffix("_factor") for name in Axes.model_fields} <= set(re.findall(r"`(\w+)`", table))


# -- what it refuses ------------------------------------------------------------------------------------------

BAD = {
    "axis": (SWEEP.replace("batch:", "batches:"), "axes.batches: is not a field here; did you mean 'batch'?"),
    "empty": (SWEEP.replace("[1k, 8k, 200k]", "[]"), "axes.context: expected at least 1, got none"),
    "turned": (SWEEP.replace("from: 1, to: 64", "from: 64, to: 1"), "axes.batch: from 64 is more than to 1"),
    "nan": (SWEEP.replace("8k,", "NaN,"), "axes.context[1]: expected a number such as 12M, got 'NaN'"),
    "infinite": (SWEEP.replace("8k,", "1e400,"), "expected a number such as 12M, got '1e400'"),
    "hardware": (SWEEP.replace("cs3", "cs33"), "axes.hardware[1]: unknown hardware 'cs33'; did you mean 'cs3'?"),
    "unit": (SWEEP + "where: {tpot_s: {max: 3}}\n", "where.tpot_s.max: expected a time such as 2 s, got '3'"),
    "metric": (SWEEP + "reduce: {kind: best, metric: usd}\n", "reduce.metric: unknown metric 'usd'"),
    "schema": (SWEEP.replace("sweep/1", "sweep/7"), "expected 'sweep/1'"),
    "broken": (SWEEP + "  - [", "is not valid YAML"),
    "list": ("- 1\n", "expected a mapping of fields"),
    "huge": (
        SWEEP.replace("per_doubling: 1", "step: 1")
        .replace("64,", "99999,")
        .replace("[1.1, 1.3]", "{from: 1, to: 2, step: 0.001}"),
        "the axes make 1,201,187,988 points, each a row, more than 100,000,000: --yes runs them all the same",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_nothing_is_written(sweep: Path, tmp_path: Path, name: str) -> None:
    text, wanted = BAD[name]
    sweep.write_text(text)
    found = invoke(sweep)
    assert (found.exit_code, found.stdout) == (2, "")
    assert wanted in found.stderr
    assert all(line.startswith(f"{sweep}:") for line in found.stderr.strip().splitlines())
    assert list(tmp_path.iterdir()) == [sweep]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ((), "Missing argument 'SWEEP.yaml'; --example prints one."),
        (("none.yaml",), "none.yaml: cannot be read: No such file or directory"),
        (("sweep.yaml", "--engine", "procesess"), "unknown engine 'procesess'"),
        (("sweep.yaml", "--output", "sweep.yaml"), "sweep.yaml: is a file, and a folder is wanted"),
        (("sweep.yaml", "--output", "."), "holds sweep.yaml and no sweep.json: it is not the folder of a sweep"),
        (("sweep.yaml", "--output", "/proc/none"), "/proc/none: none: No such file or directory"),
    ],
)
def test_wrong_usage_is_told(sweep: Path, tmp_path: Path, words: Sequence[str], wanted: str) -> None:
    found = invoke(*words, "--json")
    assert found.exit_code == 2
    assert wanted in found.stderr
    assert json.loads(found.stdout)["error"]["exit_code"] == 2
    assert list(tmp_path.iterdir()) == [sweep]


def test_another_sweep_in_the_folder_is_refused_until_asked(sweep: Path, tmp_path: Path) -> None:
    invoke(sweep, "--output", "out")
    sweep.write_text(SWEEP.replace("[1.1, 1.3]", "[1.1, 1.2]"))
    found = invoke(sweep, "--output", "out")
    assert found.exit_code == 2
    assert found.stderr == (
        "out: holds another sweep, which differs in sweep.axes.pue, sweep_sha256; --restart begins anew, "
        "--output takes another folder\n"
    )
    assert invoke(sweep, "--output", "out", "--restart").exit_code == 0
    assert invoke(sweep, "--output", "fresh").exit_code == 0
    assert files(tmp_path / "out") == files(tmp_path / "fresh")


# -- progress -------------------------------------------------------------------------------------------------


def test_progress_is_a_bar_on_a_terminal_with_rate_and_rest(sweep: Path) -> None:
    sweep.write_text(SWEEP.replace("per_doubling: 1", "per_doubling: 12") + "part_points: 1000\n")
    assert run(sweep).stderr == ""  # done before a line is due
    master, slave = pty.openpty()
    found = run(sweep, "--restart", "--json", stderr=slave, env={**os.environ, "TERM": "xterm", "COLUMNS": "120"})
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert re.search(r"\d of \d parts, [\d,]+ points, [\d,]+ points/s, \d+ s left", shown)
    assert json.loads(found.stdout)["rows"]
    assert run(sweep, "--restart", "--quiet").stderr == ""


# -- killed ---------------------------------------------------------------------------------------------------

LONG = """\
schema: sweep/1
name: long
axes:
  hardware: [nvidia-h100, nvidia-b200, groq-lpu, cerebras-cs3]
  model: [llama-3.1-8b, gpt-oss-120b]
  chips: all
  context: {from: 1k, to: 100k, count: 3}
  output: [100, 500]
  batch: {from: 1, to: 300, step: 1}
metrics: [tpot_s, tok_s_chip, usd_mtok]
part_points: 1000
"""
LONG_REDUCED = LONG + "reduce: {kind: pareto, metrics: [tok_s_user, usd_mtok], by: [model, context]}\n"


def kill_when(condition: Callable[[], bool], *words: object) -> bool:
    """Start the command and kill it, and its workers' reason to be, at a moment; whether it was still at work."""
    with subprocess.Popen(
        [SCRIPT, "sweep", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        while process.poll() is None and not condition():
            time.sleep(0.001)
        process.kill()
        process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("text", [LONG, LONG_REDUCED], ids=["rows", "reduction"])
def test_a_killed_sweep_goes_on_without_a_lost_or_doubled_part(sweep: Path, tmp_path: Path, text: str) -> None:
    sweep.write_text(text)
    out, whole = tmp_path / "out", tmp_path / "whole"
    assert run(sweep, "--output", whole, "--quiet").returncode == 0
    parts = len(list((whole / "records").iterdir()))
    assert parts > 50

    def records() -> int:
        return len(list((out / "records").glob("[0-9]*"))) if out.exists() else 0

    moments: dict[str, Callable[[], bool]] = {
        "in the first part": lambda: (out / "records").exists(),
        "after some parts": lambda: records() > parts // 8,
        "in the middle of a write": lambda: records() > parts // 4 and any(out.rglob(".*.tmp")),
        "near the end": lambda: records() > parts - 8,
    }
    for moment in moments if text == LONG else ["in the middle of a write"]:
        assert kill_when(moments[moment], sweep, "--output", out, "--quiet"), moment
    by_two = (sweep, "--output", out, "--quiet", "--engine", "processes:2")
    assert kill_when(lambda: records() < parts // 5, *by_two, "--restart")  # while the old ones are thrown away
    assert kill_when(lambda: records() > parts // 2, *by_two)
    kept = sum(1 for path in (out / "records").glob("[0-9]*"))
    assert parts // 2 < kept < parts
    found = run(sweep, "--output", out, "--json")
    assert json.loads(found.stdout)["parts_kept_from_before"] == kept
    assert files(out) == files(whole)


def test_ctrl_c_says_how_to_go_on(sweep: Path, tmp_path: Path) -> None:
    sweep.write_text(LONG)
    with subprocess.Popen(
        [SCRIPT, "sweep", sweep, "-o", "out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and not any((tmp_path / "out" / "records").glob("[0-9]*")):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines() == [
        "stopped; the same command goes on from the complete parts in out",
        "error: interrupted",
    ]


# -- a cluster ------------------------------------------------------------------------------------------------


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A scheduler and two workers on loopback; gives the address."""
    place, processes = tmp_path / "dask", []
    place.mkdir()

    def start(module: str, *words: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words, "--no-dashboard"]
        with (place / f"{len(processes)}.log").open("wb") as log:
            processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    try:
        found = place / "scheduler.json"
        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(found))
        until = time.monotonic() + 60
        while not (found.exists() and found.read_bytes().endswith(b"}")):
            assert time.monotonic() < until
            time.sleep(0.05)
        address = str(json.loads(found.read_text())["address"])
        for _ in range(2):
            start(
                "dask_worker",
                address,
                "--no-nanny",
                "--nthreads",
                "1",
                "--host",
                "127.0.0.1",
                "--memory-limit",
                "0",
                "--local-directory",
                str(place),
            )
        yield address
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_cluster_writes_the_same_bytes(sweep: Path, tmp_path: Path, cluster: str) -> None:
    sweep.write_text(LONG_REDUCED.replace("count: 3", "count: 2"))
    assert run(sweep, "--output", tmp_path / "here").returncode == 0
    found = run(sweep, "--output", tmp_path / "there", "--engine", f"dask:{cluster}")
    assert found.returncode == 0, found.stderr
    assert files(tmp_path / "here") == files(tmp_path / "there")
