"""The page of commands is what the commands say of themselves."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chipbrief_reports.cli.app import COMMANDS

GENERATOR = Path(__file__).parents[2] / "docs" / "generate_cli.py"
PAGE = GENERATOR.with_name("cli.md")


@pytest.fixture(scope="module")
def generated() -> str:
    """In a process of its own: click keeps the help option of a command as it was when first asked for."""
    words = "import sys, generate_cli; sys.stdout.buffer.write(generate_cli.page().encode())"
    found = subprocess.run([sys.executable, "-c", words], cwd=GENERATOR.parent, capture_output=True, check=True)
    return found.stdout.decode()


def test_the_page_is_what_the_commands_print(generated: str) -> None:
    again = f"python docs/{GENERATOR.name}"
    assert again in PAGE.read_text()
    assert PAGE.read_text() == generated, f"run {again}"


def test_every_command_has_a_section_with_its_options(generated: str) -> None:
    sections = dict(re.findall(r"^## chipbrief (\S+)\n(.*?)(?=^## |\Z)", generated, re.MULTILINE | re.DOTALL))
    assert tuple(sections) == COMMANDS
    for name, section in sections.items():
        assert f"Usage: chipbrief {name} " in section
        assert "--help" in section
