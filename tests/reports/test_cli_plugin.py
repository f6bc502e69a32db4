"""`chipbrief plugin` and `--plugin`: from a name to a system in a briefing, and back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chipbrief import Hardware
from chipbrief.conformance import CHECKS
from chipbrief.registry import candidates, code_fingerprint, load_registry, registry_fingerprint
from chipbrief_reports.cli.app import root
from chipbrief_reports.unchanged import basis_of

SCRIPT = Path(sys.executable).with_name("chipbrief")
ACME = Path(__file__).parents[1] / "data" / "acme-x1.yaml"
KINDS = ("hbm", "sram", "custom")
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
hardware: [nvidia-b200, acme-x1]
"""
# what a data sheet would say of a machine between two known ones
VALUES = {
    "hbm": {
        "system.chips": "8",
        "system.systems_per_rack": "4",
        "memory.capacity": "96 GB",
        "memory.bandwidth": "4 TB/s",
        "compute.dense.bf16": "1000 TFLOPS",
        "compute.dense.fp8": "2000 TFLOPS",
        "interconnect.chip": "450 GB/s",
        "interconnect.domain": "8",
        "power.system": "10 kW",
        "price.system": '"$300,000"',
    },
    "sram": {
        "system.chips": "16",
        "system.systems_per_rack": "1",
        "memory.capacity": "10 GB",
        "memory.bandwidth": "500 TB/s",
        "compute.dense.bf16": "1000 TFLOPS",
        "compute.dense.fp8": "2000 TFLOPS",
        "interconnect.stage": "100 GB/s",
        "interconnect.domain": "16",
        "power.system": "20 kW",
        "price.system": "2000000 USD",
    },
}
VALUES["custom"] = {**VALUES["hbm"], "latency.hop": "4 us"}


def run(*words: object, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Any:
    return subprocess.run(
        [str(SCRIPT), *map(str, words)],
        capture_output=True,
        text=True,
        env=os.environ | (env or {}),
        cwd=cwd,
        check=False,
    )


def filled(text: str, values: Mapping[str, str]) -> str:
    """A scaffolded profile with every TODO answered, line by line, as its author would."""
    path: list[str] = []
    lines = []
    for line in text.splitlines():
        if line.strip().startswith("#"):
            lines.append(line)
            continue
        found = re.match(r"( *)([\w-]+):", line)
        if found:
            path = [*path[: len(found[1]) // 2], found[2]]
        value = values.get(".".join(path), "a word")
        line = line.replace("value: TODO", f"value: {value}").replace("source: TODO", "source: acme-datasheet")
        lines.append(line.replace("date: TODO", "date: 2026-11").replace("TODO", "a word"))
    return "\n".join(lines) + "\n"


# -- new ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_scaffold_is_a_whole_package(tmp_path: Path, kind: str) -> None:
    found = run("plugin", "new", "acme", "--kind", kind, "--json", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    folder = tmp_path / "chipbrief-acme"
    written = {Path(name) for name in json.loads(found.stdout)["written"]}
    there = {path.relative_to(tmp_path) for path in folder.rglob("*") if path.is_file()}
    assert written == there
    names = {path.relative_to("chipbrief-acme").as_posix() for path in there}
    assert names - {"chipbrief_acme/model.py"} == {
        "README.md",
        "cases.schema.json",
        "chipbrief_acme/__init__.py",
        "chipbrief_acme/cases.yaml",
        "chipbrief_acme/py.typed",
        "chipbrief_acme/x1.yaml",
        "profile.schema.json",
        "pyproject.toml",
        "tests/test_conformance.py",
    }
    assert ("chipbrief_acme/model.py" in names) == (kind == "custom")
    assert not [path for path in written if "{{" in (tmp_path / path).read_text(encoding="utf-8")]
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--line-length", "120", folder], check=True)
    subprocess.run([*ruff, "format", "--check", "--line-length", "120", folder], check=True)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Acme", "such as acme, got 'Acme'; did you mean 'acme'?"),
        ("acme_two", "did you mean 'acme-two'?"),
        ("../acme", "did you mean 'acme'?"),
        ("acme--two", "did you mean 'acme-two'?"),
        ("-acme", "No such option"),
        ("2acme", "expected letters a to z"),
        ("a" * 41, "40 at most"),
        ("", "expected letters a to z"),
        ("chipbrief-acme", "leave chipbrief- out, it is put before; did you mean 'acme'?"),
        ("groq", "groq is a plugin of chipbrief"),
        ("reports", "the package chipbrief_reports exists already"),
        ("templates", "the package chipbrief_templates exists already"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_and_nothing_written(tmp_path: Path, name: str, told: str) -> None:
    found = run("plugin", "new", name, cwd=tmp_path)
    assert found.returncode == 2
    assert told in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "chipbrief-acme").mkdir()
    found = run("plugin", "new", "acme", "-o", tmp_path)
    assert found.returncode == 2
    assert "chipbrief-acme exists already; give another name, or -o" in found.stderr
    assert list((tmp_path / "chipbrief-acme").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = run("plugin", "new", "acme", "-o", tmp_path / "file" / "below")
    assert found.returncode == 2
    assert found.stderr.startswith("error: --output: cannot be written: ")
    assert "Traceback" not in found.stderr


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = iter(range(3))
    write = Path.write_text

    def fail(self: Path, *args: Any, **named: Any) -> int:
        if next(writes, None) is None:
            raise OSError(28, "No space left on device")
        return write(self, *args, **named)

    monkeypatch.setattr(Path, "write_text", fail)
    found = CliRunner().invoke(root, ["plugin", "new", "acme", "-o", str(tmp_path)])
    assert found.exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_that_is_filled_in_loads_and_names_no_todo(tmp_path: Path, kind: str) -> None:
    assert run("plugin", "new", "acme", "--kind", kind, cwd=tmp_path).returncode == 0
    path = tmp_path / "chipbrief-acme" / "chipbrief_acme" / "x1.yaml"
    path.write_text(filled(path.read_text(encoding="utf-8"), VALUES[kind]), encoding="utf-8")
    system = Hardware.from_yaml(path)
    assert system.profile.vendor == "Acme"
    assert {figure.source for figure in system.profile.own_figures.values()} == {"acme-datasheet", "typical"}


# -- the author's journey -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment that sees chipbrief and its requirements, and nothing that is installed in it later."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    [site] = folder.glob("lib/python*/site-packages")
    above = [path for path in sys.path if path.endswith("site-packages")]
    (site / "base.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in above))
    return folder / "bin"


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.parametrize("kind", KINDS)
def test_the_journey_of_an_author(environment: Path, tmp_path: Path, kind: str) -> None:
    """Scaffold, install, fail with a list, fill in, pass, print a briefing with it, uninstall."""
    folder, python = tmp_path / "chipbrief-acme", environment / "python"

    def call(*words: object, cwd: Path = folder) -> subprocess.CompletedProcess[str]:
        command = [str(python), *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)

    chipbrief = ("-c", "from chipbrief_reports.cli import main; main()")
    assert call(*chipbrief, "plugin", "new", "acme", "--kind", kind, cwd=tmp_path).returncode == 0
    installed = call("-m", "pip", "install", "--quiet", "--no-deps", "-e", ".")
    assert installed.returncode == 0, installed.stderr
    try:
        first = call("-m", "pytest", "-q")
        assert first.returncode == 1, first.stdout
        assert "x1.yaml: memory.bandwidth has no source" in first.stdout
        assert "acme: does not load until its to-do list is done" in first.stdout
        failed = call(*chipbrief, "plugins", "--json")
        assert '"status": "failed"' in failed.stdout
        path = folder / "chipbrief_acme" / "x1.yaml"
        path.write_text(filled(path.read_text(encoding="utf-8"), VALUES[kind]), encoding="utf-8")
        again = call("-m", "pytest", "-q")
        assert again.returncode == 0, again.stdout
        assert f"{len(CHECKS)} passed" in again.stdout
        checked = call(*chipbrief, "plugin", "check", "acme")
        assert checked.stdout == f"acme (chipbrief-acme 0.1.0): {len(CHECKS)} checks passed: acme-x1\n"
        (tmp_path / "mix.yaml").write_text(MIX)
        built = call(*chipbrief, "build", "mix.yaml", "--summary", "--format", "md,json", "--samples", 20, cwd=tmp_path)
        assert built.returncode == 0, built.stderr
        assert "acme-x1" in (tmp_path / "briefing" / "data" / "results.json").read_text()
    finally:
        gone = call("-m", "pip", "uninstall", "--quiet", "--yes", "chipbrief-acme")
    assert gone.returncode == 0
    assert "acme" not in call(*chipbrief, "plugins", cwd=tmp_path).stdout


# -- a single file --------------------------------------------------------------------------------------------


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    path = tmp_path / "acme.yaml"
    path.write_bytes(ACME.read_bytes())
    return path


def test_a_file_is_a_plugin_of_its_own(acme: Path) -> None:
    found = run("--plugin", acme, "plugins", "--json")
    [plugin] = [plugin for plugin in json.loads(found.stdout)["plugins"] if plugin["name"] == "acme"]
    assert (plugin["distribution"], plugin["status"], plugin["hardware"]) == ("file", "loaded", ["acme-x1"])
    assert re.fullmatch(r"[0-9a-f]{12}", plugin["version"])
    by_environment = run("plugins", "--json", env={"CHIPBRIEF_PLUGINS": str(acme)})
    assert by_environment.stdout == found.stdout
    assert "acme" not in run("plugins").stdout


def test_several_files_may_be_given_and_a_bad_one_is_one_line(acme: Path, tmp_path: Path) -> None:
    other = tmp_path / "w1.yaml"
    other.write_bytes(ACME.with_name("acme-w1.yaml").read_bytes())
    bad = tmp_path / "bad.yaml"
    bad.write_text("schema: hardware/1\n")
    twice = tmp_path / "twice.yaml"
    twice.write_bytes(acme.read_bytes())
    gone = tmp_path / "gone.yaml"
    named = os.pathsep.join(map(str, (bad, twice, acme, gone, "")))
    found = run("--plugin", other, "--plugin", acme, "plugins", "--json", env={"CHIPBRIEF_PLUGINS": named})
    assert found.returncode == 0
    listed = {plugin["name"]: plugin for plugin in json.loads(found.stdout)["plugins"]}
    assert listed["acme"]["hardware"] == ["acme-x1"]
    assert listed["w1"]["hardware"] == ["acme-w1"]
    assert "bad.yaml:1:1: id: is missing" in listed["bad"]["error"]
    assert "belongs to acme-x1 (file)" in listed["twice"]["error"]
    assert "cannot be read" in listed["gone"]["error"]
    assert len([line for line in found.stderr.splitlines() if line.startswith("warning: plugin ")]) == 3


def test_a_file_that_is_not_there_is_a_misuse_of_the_option(tmp_path: Path) -> None:
    found = run("--plugin", tmp_path / "none.yaml", "plugins")
    assert found.returncode == 2
    assert "does not exist" in found.stderr


def test_its_system_is_in_a_briefing_in_every_engine(acme: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(MIX)
    words = (
        "build",
        "one.yaml",
        "two.yaml",
        "--engine",
        "processes:2",
        "--summary",
        "--format",
        "json",
        "--samples",
        20,
    )
    found = run("--plugin", acme, *words, cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    for name in ("one", "two"):
        assert "acme-x1" in (tmp_path / "briefing" / name / "data" / "results.json").read_text()


def test_it_counts_in_every_fingerprint(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def prints() -> tuple[dict[str, str], dict[str, str], object]:
        basis = basis_of(None)
        assert basis
        return registry_fingerprint(), code_fingerprint(), basis.digests["program"]

    without = prints()
    monkeypatch.setenv("CHIPBRIEF_PLUGINS", str(acme))
    first = prints()
    assert first[0]["plugin acme of file"].startswith("sha256:")
    assert first[1]["plugin acme of file"] == "no code"
    assert first[2] != without[2]
    acme.write_text("# a remark\n" + acme.read_text())
    remarked = prints()
    assert remarked[0] == first[0]  # contents count, as of any plugin
    acme.write_text(acme.read_text().replace("value: 10 kW", "value: 11 kW"))
    dearer = prints()
    assert dearer[0] != first[0]
    assert dearer[1] == first[1]  # a price is no method
    assert dearer[2] != first[2]
    other = acme.parent / "other" / "acme.yaml"
    other.parent.mkdir()
    other.write_bytes(ACME.read_bytes())
    monkeypatch.setenv("CHIPBRIEF_PLUGINS", os.pathsep.join(map(str, (acme, other))))
    assert prints()[0]["plugin acme of file"].endswith("; unknown failed") is False
    assert "failed" in prints()[0]["plugin acme of file"]


def test_a_build_is_made_again_when_the_file_changes(acme: Path, tmp_path: Path) -> None:
    (tmp_path / "mix.yaml").write_text(MIX)
    states = []
    for _ in range(2):
        for _ in range(2):
            found = run(
                "--plugin",
                acme,
                "build",
                "mix.yaml",
                "--summary",
                "--format",
                "json",
                "--samples",
                20,
                "--json",
                cwd=tmp_path,
            )
            states.append(json.loads(found.stdout)["unchanged"])
        acme.write_text(acme.read_text().replace("value: 10 kW", "value: 11 kW"))
    assert states == [False, True, False, True]


def test_the_option_ends_with_its_command(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHIPBRIEF_PLUGINS", raising=False)
    assert CliRunner().invoke(root, ["--plugin", str(acme), "plugins"]).exit_code == 0
    assert "CHIPBRIEF_PLUGINS" not in os.environ
    assert "acme-x1" not in load_registry()
    assert "acme" not in {candidate.name for candidate in candidates()}


# -- check ----------------------------------------------------------------------------------------------------


def test_a_file_can_be_checked(acme: Path) -> None:
    found = run("--plugin", acme, "plugin", "check", "acme", "--json")
    assert found.returncode == 0, found.stderr
    [plugin] = json.loads(found.stdout)["plugins"]
    assert plugin["passed"] is True
    assert plugin["not_reached"] == []
    acme.write_text(acme.read_text().replace("low: 1 TB/s", "low: 0 TB/s"))
    found = run("--plugin", acme, "plugin", "check", "acme")
    assert found.returncode == 1
    assert "  positive: acme-x1:memory.bandwidth is 0 MB/s to 3 TB/s: " in found.stdout


def test_an_unknown_plugin_is_bad_input() -> None:
    found = run("plugin", "check", "nvidi")
    assert (found.returncode, found.stderr.strip()) == (
        2,
        "error: no plugin 'nvidi' is installed; did you mean 'nvidia'?",
    )
