"""The page of hooks has every hook, every method of the contract, each with its exact signature."""

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chipbrief import hookspecs
from chipbrief.hardware import BandwidthModel, CostModel, Hardware, ThroughputModel, contract, uses

PAGE = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text()
EQUATION = re.compile(r"\b[EC]\d+b?\b")
PROTOCOLS = (BandwidthModel, ThroughputModel, CostModel)
HOOKS = {
    name: found
    for name, found in vars(hookspecs).items()
    if inspect.isfunction(found) and hasattr(found, f"{hookspecs.PROJECT}_spec")
}
METHODS = {
    f"{protocol.__name__}.{name}": getattr(protocol, name)
    for protocol in PROTOCOLS
    for name, found in vars(protocol).items()
    if not name.startswith("_") and (inspect.isfunction(found) or isinstance(found, classmethod))
}
OTHERS: dict[str, Callable[..., Any]] = {
    "Hardware.from_folder": Hardware.from_folder,
    "Hardware.from_yaml": Hardware.from_yaml,
    "Hardware.at": Hardware.at,
    "Hardware.trail": Hardware.trail,
    "uses": uses,
}
DOCUMENTED = HOOKS | METHODS | OTHERS


def section(name: str) -> str:
    found = re.search(rf"^### {re.escape(name)}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/hooks.md has no section of {name}"
    return found[1]


def normal(definition: str) -> str:
    """A definition without the way it is set."""
    return ast.unparse(ast.parse(definition))


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_hook_and_method_stands_there_with_its_exact_signature(name: str) -> None:
    shown = re.match(r"\s*```python\n(.*?)```", section(name), re.DOTALL)
    assert shown
    signature = str(inspect.signature(DOCUMENTED[name])).replace("'", "")  # annotations are text here
    assert normal(shown[1]) == normal(f"def {name.rpartition('.')[2]}{signature}: ...")


@pytest.mark.parametrize("name", METHODS)
def test_every_method_names_the_equations_of_its_docstring(name: str) -> None:
    stated = set(EQUATION.findall(METHODS[name].__doc__ or ""))
    assert stated <= set(EQUATION.findall(section(name)))


def test_there_are_no_sections_of_what_does_not_exist() -> None:
    assert sorted(re.findall(r"^### (.*)$", PAGE, re.MULTILINE)) == sorted(DOCUMENTED)


def test_what_is_compared_is_all_there_is() -> None:
    assert set(HOOKS) == {name for name in hookspecs.__all__ if name.startswith("chipbrief_")}
    assert {protocol.__name__ for protocol in PROTOCOLS} == {n for n in contract.__all__ if n.endswith("Model")}
    assert len(METHODS) == 16


def test_the_page_tells_every_attribute_of_hardware() -> None:
    table = PAGE.split("## Hardware\n")[1].split("\n### ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(Hardware.__dataclass_fields__)
