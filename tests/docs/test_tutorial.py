"""The tutorial of plugins: its excerpts are its finished plugins, its session runs as typed, and both plugins work."""

from __future__ import annotations

import json
import os
import re
import shutil
import site
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from .typed import ROOT, lines

HERE = ROOT / "docs" / "plugins"
PAGE = HERE / "index.md"
EXCERPT = re.compile(r"\]\((chipbrief-[^)]+)\)[^\[]*?```(?:python|yaml|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PLUGINS = {"chipbrief-acme": ("acme", "acme-a1"), "chipbrief-weft": ("weft", "weft-w1")}
MIX = """
schema: workload-mix/1
name: tutorial
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 1000, output: 200}
    arrival: {requests_per_day: 200k}
    slo: {ttft_p95: 2 s, tpot_p95: 50 ms}
"""


class Environment:
    """A virtual environment of its own that sees this one's packages, and from which plugins can be taken again."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        self.bin = folder / "bin"
        packages = next(folder.glob("lib/python*/site-packages"))
        seen = [path for path in site.getsitepackages() if path.endswith("site-packages")]
        (packages / "project.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in seen))
        for name, module in (("chipbrief", "chipbrief_reports.cli"), ("pytest", "pytest")):
            script = self.bin / name
            script.write_text(f"#!{self.bin / 'python'}\nimport sys\nfrom {module} import main\nsys.exit(main())\n")
            script.chmod(0o755)

    def type_in(self, folder: Path, line: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"PATH": f"{self.bin}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1", **more}
        return subprocess.run(
            ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=900
        )

    def typed(self, folder: Path, line: str, **more: str) -> str:
        done = self.type_in(folder, line, **more)
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("environment") / "venv")


def mix_of(systems: Sequence[str]) -> str:
    return f"{MIX}hardware: [{', '.join(systems)}]\n"


@pytest.mark.parametrize("excerpt", EXCERPT.findall(PAGE.read_text()), ids=lambda excerpt: Path(excerpt[0]).name)
def test_every_excerpt_is_a_part_of_its_file(excerpt: tuple[str, str]) -> None:
    path, text = excerpt
    assert text in (HERE / path).read_text()


def test_every_block_of_code_is_an_excerpt() -> None:
    blocks = re.findall(r"^```(?:python|yaml|toml)$", PAGE.read_text(), re.MULTILINE)
    assert len(EXCERPT.findall(PAGE.read_text())) == len(blocks) == 8


@pytest.mark.parametrize("folder", PLUGINS)
def test_every_source_of_an_invented_machine_says_that_it_is_invented(folder: str) -> None:
    for path in (HERE / folder).glob("chipbrief_*/*.yaml"):
        sources = path.read_text().partition("\nsources:\n")[2].splitlines()
        assert sources
        for line in sources:
            assert "(invented: " in line or line.lstrip().startswith(("typical:", "by-hand:")), line


def test_every_file_of_the_finished_plugins_names_its_schema() -> None:
    files = sorted(HERE.glob("*/*/*.yaml"))
    assert len(files) == 4
    for path in files:
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text())
        assert named
        assert (path.parent / named[1]).is_file()


@pytest.mark.slow
def test_the_session_runs_as_typed(environment: Environment, tmp_path: Path) -> None:
    profile = HERE / "chipbrief-acme" / "chipbrief_acme" / "a1.yaml"
    editor = tmp_path / "editor"  # whoever fills in the profile
    editor.write_text(f'#!/bin/sh\nexec cp {profile} "$1"\n')
    editor.chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(profile, folder)
    (folder / "mix.yaml").write_text(mix_of(["acme-a1", "nvidia-b200"]))
    said = []
    for line in lines(PAGE):
        done = environment.type_in(folder, line.bare, EDITOR=str(editor))
        assert done.returncode == line.code, f"{line.text}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        said.append(done.stdout)
    shown = re.search(r"^```text\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert shown
    assert [line for line in shown[1].splitlines() if not any(line in text for text in said)] == []
    assert (folder / "out" / "briefing.pdf").is_file()


@pytest.mark.slow
def test_the_finished_plugins_install_pass_their_tests_print_and_go(environment: Environment, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    for folder in PLUGINS:
        shutil.copytree(HERE / folder, tmp_path / folder)
        environment.typed(tmp_path, f"pip wheel --quiet --no-deps --wheel-dir {wheels} ./{folder}")
    environment.typed(tmp_path, "pip install --quiet --no-deps --no-index wheels/*.whl")
    for folder, (name, system) in PLUGINS.items():
        assert " passed" in environment.typed(
            tmp_path / folder / "tests", "pytest --strict-markers -p no:cacheprovider"
        )
        found = json.loads(environment.typed(tmp_path, f"chipbrief plugin check {name} --json"))
        assert [(plugin["passed"], plugin["hardware"]) for plugin in found["plugins"]] == [(True, [system])]
    systems = [system for _, system in PLUGINS.values()]
    (tmp_path / "mix.yaml").write_text(mix_of(systems))
    printed = environment.typed(tmp_path, "chipbrief build mix.yaml --strict --output out --format html,csv")
    assert "briefing.html" in printed
    rows = (tmp_path / "out" / "data" / "operating_points.csv").read_text().splitlines()
    assert [system for system in systems if not any(f",{system}," in row and ",meets," in row for row in rows)] == []
    environment.typed(tmp_path, f"pip uninstall --yes --quiet {' '.join(PLUGINS)}")
    left = json.loads(environment.typed(tmp_path, "chipbrief plugins --json"))
    assert {plugin["name"] for plugin in left["plugins"]} & {name for name, _ in PLUGINS.values()} == set()
    gone = environment.type_in(tmp_path, "chipbrief compare mix.yaml")
    assert gone.returncode == 2
    assert "acme-a1" in gone.stderr
