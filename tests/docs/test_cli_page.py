"""The page of commands is what the commands say of themselves."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from chipbrief_reports.cli.app import COMMANDS

GENERATOR = Path(__file__).parents[2] / "docs" / "generate_cli.py"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_cli", GENERATOR)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_commands_print(generator: ModuleType) -> None:
    again = f"python docs/{GENERATOR.name}"
    assert again in generator.PAGE.read_text()
    assert generator.PAGE.read_text() == generator.page(), f"run {again}"


def test_every_command_has_a_section_with_its_options(generator: ModuleType) -> None:
    page = generator.page()
    sections = dict(re.findall(r"^## chipbrief (\S+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert tuple(sections) == COMMANDS
    for name, section in sections.items():
        assert f"Usage: chipbrief {name} " in section
        assert "--help" in section
