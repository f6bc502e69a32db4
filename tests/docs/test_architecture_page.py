"""The picture of the house is that of import-linter's contracts."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
LAYERS = {
    contract["containers"][0]: contract["layers"]
    for contract in CONFIG["importlinter"]["contracts"]
    if contract["type"] == "layers"
}
WHEEL = CONFIG["hatch"]["build"]["targets"]["wheel"]["packages"]
PICTURE = re.search(r"```text\n(reports/.*?)```", PAGE, re.DOTALL)
assert PICTURE


def floors(package: str) -> list[set[str]]:
    """The floors that the picture has under a package, from top to bottom."""
    found = re.search(rf"^\S+/{package} .*\n((?:    (?! ).*\n)+)", PICTURE[1], re.MULTILINE)
    assert found, f"the picture has no {package}"
    rows = [re.match(r"    (\w+(?:, \w+)*)(?:  .*)?$", line) for line in found[1].splitlines()]
    return [set(row[1].split(", ")) for row in rows if row]


@pytest.mark.parametrize("package", LAYERS)
def test_the_picture_has_the_floors_of_the_contract(package: str) -> None:
    assert floors(package) == [set(re.split(r" [|:] ", layer)) for layer in LAYERS[package]]


def test_the_picture_has_every_root_of_the_wheel() -> None:
    shown = re.findall(r"^(\w+/chipbrief\w*)", PICTURE[1], re.MULTILINE)
    assert set(shown) == {name for name in WHEEL if not name.startswith("plugins/")}


def test_every_package_of_the_floors_exists() -> None:
    for package in LAYERS:
        folder = next(ROOT / name for name in WHEEL if name.endswith(f"/{package}"))
        there = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
        assert set().union(*floors(package)) == there - {"__init__"}


def test_the_contracts_that_the_page_calls_its_proof_are_there() -> None:
    kinds = [contract["type"] for contract in CONFIG["importlinter"]["contracts"]]
    assert kinds.count("layers") == 2
    assert "independence" in kinds
    assert "forbidden" in kinds
    assert "lint-imports" in (ROOT / ".ci" / "run").read_text()
