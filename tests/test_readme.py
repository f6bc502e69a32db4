"""What the README says can be typed, typed."""

import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from chipbrief_templates import DEFAULT_MIX, EXAMPLE_SWEEP

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SESSION = re.search(r"```console\n(.*?)```", README, re.DOTALL)
POINTS = re.search(r"```csv\n(.*?)```", README, re.DOTALL)
assert SESSION
assert POINTS
COMMANDS = [line.removeprefix("$ ").split("#")[0].strip() for line in SESSION[1].splitlines()]
PROGRAM = Path(sys.executable).with_name("chipbrief")
SERVE = ".venv/bin/chipbrief serve"  # the one that goes on until it is told to end
MIX = """
schema: workload-mix/1
name: two-classes
horizon: {start: 2026-12, months: 6, growth_per_year: 1.5}
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 1000, output: 200}
    arrival: {requests_per_day: 200k}
    slo: {ttft_p95: 2 s, tpot_p95: 50 ms}
  - id: voice
    kind: voice
    model: gpt-oss-120b
    tokens: {input: 600, output: 80}
    arrival: {requests_per_day: 50k}
    slo: {ttft_p95: 1 s, tpot_p95: 30 ms}
hardware: [nvidia-b200, groq-lpu]
"""
WEEKLY = """
schema: briefing/1
mix:
  schema: workload-mix/1
  name: small
  classes:
    - id: chat
      kind: chat
      model: llama-3.1-8b
      tokens: {input: 1000, output: 200}
      arrival: {requests_per_day: 200k}
  hardware: [nvidia-b200]
sections: [decision]
formats: [md]
schedule: {cron: "0 7 * * MON", timezone: Europe/Berlin}
"""
EDITIONS = {"2026-11-24T20:00:00Z": "200k", "2026-12-01T00:00:00Z": "300k"}


def typed(command: str) -> list[str]:
    """The words of a line, with two editions that there are for A and B."""
    script, *words = command.split()
    assert script == ".venv/bin/chipbrief"
    named = {"A": "weekly/2026-11-23T0600Z", "B": "weekly/2026-11-30T0600Z"}
    return [str(PROGRAM), *(named.get(word, word) for word in words)]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two editions of a weekly briefing."""
    folder = tmp_path_factory.mktemp("printed")
    for now, requests in EDITIONS.items():
        (folder / "weekly.yaml").write_text(WEEKLY.replace("200k", requests))
        subprocess.run(
            [PROGRAM, "schedule", "tick", "--engine", "serial", "--no-site", "--now", now],
            cwd=folder,
            capture_output=True,
            check=True,
        )
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the lines name."""
    (tmp_path / "mix.yaml").write_text(MIX)
    shutil.copy(EXAMPLE_SWEEP, tmp_path / "sweep.yaml")
    (tmp_path / "weekly.yaml").write_text(WEEKLY)
    (tmp_path / "points.csv").write_text(POINTS[1])
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in COMMANDS if command != SERVE])
def test_every_command_of_the_session_works_as_typed(
    command: str, folder: Path, request: pytest.FixtureRequest
) -> None:
    if "editions" in command.split():
        folder = request.getfixturevalue("printed")
    done = subprocess.run(typed(command), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.slow
def test_the_editions_are_served_until_ctrl_c(printed: Path) -> None:
    assert SERVE in COMMANDS
    words = [*typed(SERVE), "--port", "0"]  # 8000 may be taken where the test runs
    with subprocess.Popen(words, cwd=printed, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with urllib.request.urlopen(process.stdout.readline().strip(), timeout=30) as answer:
            assert b"weekly" in answer.read()
        process.send_signal(signal.SIGINT)
    assert process.returncode in (0, 130)


def test_the_error_that_the_readme_shows_is_the_one_that_comes(tmp_path: Path) -> None:
    shown = re.search(r"^mix\.yaml:\d+:\d+: (.*)$", README, re.MULTILINE)
    assert shown
    wrong = re.sub(r"ttft_p95: 3 s", "ttft_p95: 2", DEFAULT_MIX.read_text(), count=1)
    (tmp_path / "mix.yaml").write_text(wrong)
    done = subprocess.run([PROGRAM, "compare", "mix.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().endswith(shown[1])


def test_links_to_files_of_the_project_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert len(targets) >= 4
    assert [t for t in targets if not (ROOT / t).exists()] == []


def test_the_licence_and_the_texts_of_the_fonts_are_there() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    fonts = ROOT / "templates/chipbrief_templates/theme/fonts"
    families = {path.name.split("-")[0] for path in fonts.glob("*.ttf")}
    assert families
    for family in families:
        assert "SIL OPEN FONT LICENSE" in (fonts / f"{family}-OFL.txt").read_text().upper()
