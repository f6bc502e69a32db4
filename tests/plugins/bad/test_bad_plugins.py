"""A really installed distribution of bad plugins: each is one named line, and the briefing is built without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .distribution import ASKED, LOADING, NAME, VERSION, install

SCRIPT = str(Path(sys.executable).with_name("chipbrief"))
DATA = Path(__file__).parents[2] / "data"
MIX = """
schema: workload-mix/1
name: chat
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 2000, output: 300}
    arrival: {requests_per_day: 1M}
    slo: {ttft_p95: 5 s, tpot_p95: 100 ms}
hardware: [%s]
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    profile = (DATA / "acme-x1.yaml").read_text(encoding="utf-8")
    return install(tmp_path_factory.mktemp("bad"), profile, [*LOADING, *ASKED, "forever"])


@pytest.fixture
def run(site: Path, tmp_path: Path) -> Run:
    def call(*words: object) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(site)}
        command = [SCRIPT, *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)

    return call


def id_of(name: str) -> str:
    return f"bad-{name.replace('_', '-')}"


def mix(folder: Path, *names: str) -> Path:
    path = folder / "mix.yaml"
    path.write_text(MIX % ", ".join(["nvidia-b200", *map(id_of, names)]))
    return path


def test_every_bad_plugin_is_one_line_with_its_distribution_and_version(run: Run) -> None:
    found = run("plugins", "--json")
    assert found.returncode == 0
    listed = {plugin["name"]: plugin for plugin in json.loads(found.stdout)["plugins"]}
    for name, (_, said) in LOADING.items():
        plugin = listed[name]
        assert (plugin["status"], plugin["distribution"], plugin["version"]) == ("failed", NAME, VERSION)
        assert said in plugin["error"]
        assert plugin["hardware"] == []
        assert [line for line in found.stderr.splitlines() if line.startswith(f"warning: plugin {name} (")]
    assert {name for name, plugin in listed.items() if plugin["status"] == "failed"} == set(LOADING)
    assert listed["nvidia"]["status"] == "loaded"  # the owner of the id keeps it
    assert run("--strict", "plugins").returncode == 1


def test_a_briefing_is_built_without_them_and_names_them_on_page_one(run: Run, tmp_path: Path) -> None:
    path = mix(tmp_path, *ASKED)
    found = run("build", path, "-o", "out", "--summary", "--format", "html,md,json", "--samples", "20", "--json")
    assert found.returncode == 0, found.stderr
    page = (tmp_path / "out" / "summary.md").read_text(encoding="utf-8").replace("\\", "")
    missing = json.loads((tmp_path / "out" / "data" / "results.json").read_text())["missing_plugins"]
    assert len(missing) == len(LOADING) + len(ASKED)
    for name, (_, said) in {**LOADING, **ASKED}.items():
        [line] = [line for line in missing if line.startswith(f"{name} ({NAME} {VERSION})")]
        assert said in line
        assert "\n" not in line
        assert f"{name} ({NAME} {VERSION})" in page
    for name in ASKED:
        assert f"{name} ({NAME} {VERSION}): {id_of(name)} failed: " in page
    assert "DGX B200" in page
    warnings = json.loads(found.stdout)["warnings"]
    assert len(warnings) == len(ASKED)


def test_nothing_is_kept_as_unchanged_while_a_model_fails(run: Run, tmp_path: Path) -> None:
    path = mix(tmp_path, "gives_nan")
    for _ in range(2):
        found = run("build", path, "-o", "out", "--summary", "--format", "md", "--samples", "20", "--json")
        assert json.loads(found.stdout)["unchanged"] is False


def test_other_commands_go_on_without_them_too(run: Run, tmp_path: Path) -> None:
    found = run("compare", mix(tmp_path, "raises", "negative"), "--samples", "20", "--json")
    assert found.returncode == 0, found.stderr
    told: dict[str, Any] = json.loads(found.stdout)
    assert len(told["plugins_failed"]) == len(LOADING) + 2
    assert "warning: plugin raises (chipbrief-bad 6.6.6): bad-raises failed: ZeroDivisionError: boom" in found.stderr


def test_strict_makes_a_model_that_fails_fatal(tmp_path: Path) -> None:
    profile = (DATA / "acme-x1.yaml").read_text(encoding="utf-8")
    site = install(tmp_path / "one", profile, ["raises"])
    environment = os.environ | {"PYTHONPATH": str(site)}
    command = [SCRIPT, "compare", str(mix(tmp_path, "raises")), "--samples", "20"]
    good, strict = (
        subprocess.run([*command, *more], capture_output=True, text=True, env=environment, check=False)
        for more in ((), ("--strict",))
    )
    assert (good.returncode, strict.returncode) == (0, 1)
    line = "error: plugin raises (chipbrief-bad 6.6.6): bad-raises failed: ZeroDivisionError: boom"
    assert strict.stderr.splitlines()[-1] == line


def test_with_no_system_left_the_command_fails_and_says_why(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mix.yaml"
    path.write_text(MIX % "bad-raises")
    found = run("build", path, "-o", "out", "--samples", "20")
    assert found.returncode == 1
    assert "bad-raises failed: ZeroDivisionError: boom" in found.stderr
    assert not (tmp_path / "out").exists()


CHECKS = {
    "import_error": "loads",
    "system_exit": "loads",
    "wrong_hook": "loads",
    "wrong_arguments": "loads",
    "raises_late": "loads",
    "duplicate_id": "loads",
    "raises": "numbers",
    "exits": "numbers",
    "gives_nan": "numbers",
    "wrong_shape": "numbers",
    "negative": "numbers",
}


def test_plugin_check_finds_each_and_names_the_check(run: Run) -> None:
    found = run("plugin", "check", *CHECKS, "--json")
    assert found.returncode == 1
    for plugin in json.loads(found.stdout)["plugins"]:
        name = plugin["name"]
        assert (plugin["distribution"], plugin["version"], plugin["passed"]) == (NAME, VERSION, False)
        [first, *others] = plugin["findings"]
        assert first["check"] == CHECKS[name], plugin
        assert others == []
        said = {**LOADING, **ASKED}[name][1]
        assert (said if name not in ("raises", "exits") else said.split(":")[0]) in first["message"]


def test_a_plugin_that_takes_for_ever_is_ended(run: Run) -> None:
    found = run("plugin", "check", "forever", "--seconds", "8", "--json")
    assert found.returncode == 1
    [plugin] = json.loads(found.stdout)["plugins"]
    [one] = plugin["findings"]
    assert one["check"] == "ends"
    assert "took more than 8 s, and was ended (numbers of bad-forever)" in one["message"]
    assert "more-work" in plugin["not_reached"]
    assert "cited" not in plugin["not_reached"]
