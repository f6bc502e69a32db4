"""Several briefings in one command: each in a folder of its own, the same as alone, whoever else fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(sys.executable).parent / "chipbrief"
DATE = {"SOURCE_DATE_EPOCH": "1795392000"}  # 2026-11-23
MIX = """\
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
BRIEFING = "schema: briefing/1\ntitle: TITLE\nsections: [decision]\nmix: small.yaml\n"


def written(folder: Path) -> Path:
    (folder / "small.yaml").write_text(MIX)
    (folder / "one.yaml").write_text(BRIEFING.replace("TITLE", "The first"))
    (folder / "two.yaml").write_text(BRIEFING.replace("TITLE", "The second"))
    (folder / "wrong.yaml").write_text("schema: briefing/1\nmix: small.yaml\nsections: [dezision]\ntitel: x\n")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path)


def build(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPT), "build", *words, "--samples", "10"]
    environment = {**os.environ, **DATE}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".chipbrief.json"
    }


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """What each of both is when it is built by itself."""
    folder = written(tmp_path_factory.mktemp("alone"))
    for name in ("one", "two"):
        assert build(folder, f"{name}.yaml", "-o", name).returncode == 0
    return {name: contents(folder / name) for name in ("one", "two")}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["serial", "processes:2"])
def test_each_is_what_it_is_alone_and_one_that_fails_is_named(
    folder: Path, alone: dict[str, dict[str, bytes]], engine: str
) -> None:
    found = build(folder, "one.yaml", "wrong.yaml", "two.yaml", "-o", "out", "--engine", engine, "--json")
    documents: list[dict[str, Any]] = json.loads(found.stdout)
    assert [document["name"] for document in documents] == ["one", "wrong", "two"]
    assert found.returncode == 2
    assert documents[1]["error"]["exit_code"] == 2
    assert {problem["field"] for problem in documents[1]["error"]["problems"]} == {"sections[0]", "titel"}
    lines = found.stderr.splitlines()
    assert "wrong.yaml:3:12: sections[0]: unknown section 'dezision'; did you mean 'decision'?" in lines
    assert {"one: PDF", "two: PDF"} <= set(lines)
    assert sum(line.endswith(" of 3") for line in lines) == 3
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["one", "two"]
    for name, files in alone.items():
        assert contents(folder / "out" / name) == files
    assert alone["one"] != alone["two"]


@pytest.mark.slow
def test_only_what_has_changed_is_printed_again(folder: Path) -> None:
    words = ("one.yaml", "two.yaml", "-o", "out", "--format", "html", "--engine", "local:2")
    assert build(folder, *words).returncode == 0
    with (folder / "two.yaml").open("a") as file:
        file.write("organisation: Example\n")
    found = build(folder, *words)
    assert found.returncode == 0
    assert found.stdout.splitlines() == ["out/one/briefing.html", "out/two/briefing.html"]
    assert "one: unchanged since it was built; --force builds it again" in found.stderr
    assert "two: written, 1 of 1" in found.stderr
    assert "Example" in (folder / "out" / "two" / "briefing.html").read_text()


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_one_briefings_own_trouble(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "one").write_text("a file where a folder belongs")
    found = build(folder, "one.yaml", "two.yaml", "-o", "out", "--format", "html")
    assert found.returncode == 2
    assert found.stdout == "out/two/briefing.html\n"
    assert "one: error: --output: is no folder" in found.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("one.yaml", "sub/One.yaml"), "sub/One.yaml: would go to the folder One as one.yaml does; build it by itself"),
        (("one.yaml", "one.yaml"), "one.yaml: would go to the folder one as one.yaml does; build it by itself"),
        (("one.yaml", ".."), "..: has no name for a folder"),
        (("one.yaml", "two.yaml", "--engine", "prozesses"), "unknown engine 'prozesses'"),
        (("one.yaml", "--engine", "processes:0"), "expected a number of processes such as processes:4"),
    ],
)
def test_what_is_refused_at_once(folder: Path, words: tuple[str, ...], told: str) -> None:
    before = contents(folder)
    found = build(folder, *words, "-o", "out")
    assert found.returncode == 2
    assert told in found.stderr
    assert contents(folder) == before
