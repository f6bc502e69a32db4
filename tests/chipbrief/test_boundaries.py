"""The house: what names what, what is exported, and what goes into the wheel."""

import ast
import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import chipbrief

SOURCE_ROOTS = ("registry", "plugins", "templates", "reports")
TEXT = {".py", ".pyi", ".toml", ".yaml", ".yml", ".json", ".html", ".j2", ".css", ".js", ".svg", ".txt", ".csv"}


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def vendors(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "plugins").glob("chipbrief_*") if path.is_dir())


def packages(root: Path) -> set[str]:
    return {f"{top}/{path.parent.name}" for top in SOURCE_ROOTS for path in (root / top).glob("*/__init__.py")}


def test_nothing_but_data_and_examples_names_a_vendor(root: Path, vendors: list[str]) -> None:
    names = [vendor.removeprefix("chipbrief_") for vendor in vendors]
    assert len(names) >= 3
    common = {"meta"}  # a word of HTML too: only "Meta" and a path name the vendor
    spelt = [f"(?i:{name})" if name not in common else f"{name.title()}|chipbrief_{name}" for name in names]
    word = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(spelt)})(?![A-Za-z])")  # "draws" names nobody
    found = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for top in ("registry", "reports", "templates")
        for path in sorted((root / top).rglob("*"))
        if path.suffix in TEXT
        and not {"mixes", "sweeps", "fonts"} & set(path.parts)
        and (root / "registry/chipbrief/data") not in path.parents
        and (root / "templates/chipbrief_templates/claims") not in path.parents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if word.search(line)
    ]
    assert found == []


def test_the_contracts_know_every_vendor(project: dict[str, Any], vendors: list[str]) -> None:
    linter = project["tool"]["importlinter"]
    contracts = {contract["name"]: contract for contract in linter["contracts"]}
    [independent] = [c for c in contracts.values() if c["type"] == "independence"]
    assert sorted(independent["modules"]) == vendors
    assert sorted(contracts["nothing names a vendor"]["forbidden_modules"]) == vendors
    [below] = [
        c
        for c in contracts.values()
        if "chipbrief_reports" in c.get("forbidden_modules", ()) and "evaluate" in " ".join(c["forbidden_modules"])
    ]
    assert sorted(below["source_modules"]) == vendors
    assert set(vendors) <= set(linter["root_packages"])


def test_every_vendor_folder_is_an_entry_point(project: dict[str, Any], vendors: list[str]) -> None:
    points = project["project"]["entry-points"]["chipbrief"]
    assert points == {vendor.removeprefix("chipbrief_"): vendor for vendor in vendors}


def test_the_wheel_holds_every_package_of_the_four_roots(root: Path, project: dict[str, Any]) -> None:
    listed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert len(listed) == len(set(listed))
    assert set(listed) == packages(root)
    names = {package.split("/")[1] for package in listed}
    assert len(names) == len(listed)
    assert names == set(project["tool"]["mypy"]["packages"]) == set(project["tool"]["importlinter"]["root_packages"])


def test_every_package_says_that_it_is_typed(root: Path) -> None:
    assert {package for package in packages(root) if not (root / package / "py.typed").is_file()} == set()


def test_the_face_exports_what_it_declares_to_type_checkers() -> None:
    tree = ast.parse(Path(chipbrief.__file__).read_text(encoding="utf-8"))
    [guarded] = [node for node in tree.body if isinstance(node, ast.If)]
    declared = {
        (f"{node.module}", alias.name)
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert {name for _, name in declared} == set(chipbrief.__all__)
    assert len(declared) == len(guarded.body)
    assert {(chipbrief._MODULE_OF[name], name) for name in chipbrief.__all__} == declared


def test_everything_that_is_exported_exists() -> None:
    assert all(getattr(chipbrief, name) is not None for name in chipbrief.__all__)
    assert dir(chipbrief) == chipbrief.__all__


def test_what_is_not_exported_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'chipbrief' has no attribute 'evaluate_everything'"):
        _ = chipbrief.evaluate_everything


MODULES = sorted(
    "chipbrief." + ".".join(path.relative_to(Path(chipbrief.__file__).parent).with_suffix("").parts)
    for path in Path(chipbrief.__file__).parent.rglob("*.py")
    if path.name != "__init__.py"
)


@pytest.mark.parametrize("module", MODULES)
def test_every_name_that_a_module_lists_exists(module: str) -> None:
    """`__all__` names what exists, once."""
    loaded = importlib.import_module(module)
    listed = loaded.__all__
    assert len(listed) == len(set(listed))
    assert [name for name in listed if not hasattr(loaded, name)] == []
