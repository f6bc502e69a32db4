"""What the documentation says of the physics, the constants, the registry and the error, held against the code."""

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from chipbrief import physics
from chipbrief.calibrate.constants import CONSTANTS, Constant, assumptions
from chipbrief.catalogue import load_catalogue
from chipbrief.evidence import SHIPPED, read_points
from chipbrief.registry import load_registry

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PHYSICS = (ROOT / "docs" / "physics.md").read_text()
SYSTEMS = (ROOT / "docs" / "systems.md").read_text()
CALIBRATION = (ROOT / "docs" / "calibration.md").read_text()
EQUATION = re.compile(r"\bE(?:10|11|12|[1-9]b?)\b")
NUMBERED = [
    name
    for name in physics.__all__
    if inspect.isfunction(function := getattr(physics, name)) and EQUATION.search(function.__doc__ or "")
]


def section(equation: str) -> str:
    """The part of the page under the heading of an equation; a function may stand in that of a relative."""
    found = re.search(rf"^## {equation}: .*?(?=^## )", PHYSICS, re.MULTILINE | re.DOTALL)
    assert found, f"docs/physics.md has no section of {equation}"
    return found[0]


@pytest.mark.parametrize("equation", [f"E{i}" for i in range(1, 13)] + ["E5b"])
def test_every_equation_has_its_section_with_formula_and_code(equation: str) -> None:
    text = section(equation)
    assert "```text" in text
    assert "`chipbrief.physics." in text


@pytest.mark.parametrize("name", NUMBERED)
def test_every_function_with_an_equation_number_stands_under_it(name: str) -> None:
    first = EQUATION.search(getattr(physics, name).__doc__)
    assert first
    assert f"`chipbrief.physics.{name}`" in section(first[0])


def test_every_function_that_the_page_names_exists() -> None:
    named = set(re.findall(r"chipbrief\.physics\.(\w+)", PHYSICS))
    assert len(named) > 30
    assert named <= set(physics.__all__)


def bounds(constant: Constant) -> str:
    """`60 to 93 %`, as the table of constants writes them."""
    factor, unit = {"share": (1e2, " %"), "ratio": (1.0, ""), "count": (1.0, ""), "time": (1e6, " us")}[constant.unit]
    if constant.unit == "time" and constant.low >= 1e-3:
        factor, unit = 1e3, " ms"
    if constant.unit == "time" and constant.high < 1e-7:
        factor, unit = 1e9, " ns"
    low, high = (f"{round(end * factor, 6):,g}" for end in (constant.low, constant.high))
    return f"{low} to {high}{unit}"


@pytest.mark.parametrize("constant", CONSTANTS, ids=lambda constant: f"{constant.path}-{constant.memory[0]}")
def test_every_fitted_constant_stands_in_the_table_with_its_bounds(constant: Constant) -> None:
    of = " (SRAM)" if constant.memory == ("sram",) else ""
    row = re.search(rf"^\| `{re.escape(constant.path)}`{re.escape(of)} \|.*$", PHYSICS, re.MULTILINE)
    assert row
    assert row[0].split("|")[-2].strip() == bounds(constant)


def test_every_assumed_constant_is_named() -> None:
    named = {assumed.path for kind in ("hbm", "sram") for assumed in assumptions(kind)}
    assert {path for path in named if f"`{path}`" not in PHYSICS} == set()


def test_the_readme_counts_what_ships() -> None:
    registry = load_registry(strict=True)
    vendors = sorted({hardware.profile.vendor for hardware in registry})
    words = " ".join(README.split())
    counted = re.search(r"(\d+) systems of (\w+) vendors \(([^)]*)\) and (\d+) model architectures", words)
    assert counted
    assert int(counted[1]) == len(registry)
    assert counted[2] == {4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}[len(vendors)]
    assert counted[3].split(", ") == vendors
    assert int(counted[4]) == len(load_catalogue().models)


def test_the_page_counts_the_points_that_ship() -> None:
    assert f"They are {len(read_points(SHIPPED).points)} points:" in CALIBRATION


def test_the_error_table_of_the_shipped_points_is_what_validate_prints() -> None:
    shown = re.search(r"^```console\n\$ (chipbrief validate)\n(.*?)^```", CALIBRATION, re.MULTILINE | re.DOTALL)
    assert shown
    program = Path(sys.executable).with_name("chipbrief")
    command = [program, *shlex.split(shown[1])[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert shown[2].strip() == done.stdout.split("\n\n")[1].strip()


def test_the_page_of_systems_is_what_the_command_prints() -> None:
    shown = re.search(r"^```console\n\$ (chipbrief systems --evidence)\n(.*?)^```", SYSTEMS, re.MULTILINE | re.DOTALL)
    assert shown
    program = Path(sys.executable).with_name("chipbrief")
    done = subprocess.run([program, *shlex.split(shown[1])[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert shown[2].strip() == done.stdout.strip()


def test_links_of_the_documentation_lead_somewhere() -> None:
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    links = [(page, target) for page in pages for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())]
    assert links
    assert [(page.name, target) for page, target in links if not (page.parent / target).exists()] == []
