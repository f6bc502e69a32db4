"""What the README says can be typed, typed."""

import re
import shutil
import subprocess
import sys
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


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_session_works_as_typed(command: str, tmp_path: Path) -> None:
    shutil.copy(DEFAULT_MIX, tmp_path / "mix.yaml")
    shutil.copy(EXAMPLE_SWEEP, tmp_path / "sweep.yaml")
    (tmp_path / "points.csv").write_text(POINTS[1])
    script, *arguments = command.split()
    assert script == ".venv/bin/chipbrief"
    program = Path(sys.executable).with_name("chipbrief")
    done = subprocess.run([program, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_error_that_the_readme_shows_is_the_one_that_comes(tmp_path: Path) -> None:
    shown = re.search(r"^mix\.yaml:\d+:\d+: (.*)$", README, re.MULTILINE)
    assert shown
    wrong = re.sub(r"ttft_p95: 3 s", "ttft_p95: 2", DEFAULT_MIX.read_text(), count=1)
    (tmp_path / "mix.yaml").write_text(wrong)
    program = Path(sys.executable).with_name("chipbrief")
    done = subprocess.run([program, "compare", "mix.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False)
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
