"""Every equation has its source, and how to cite says what is so."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from chipbrief.ledger.equations import RULES
from chipbrief_reports.changes.method import METRIC_VERSION

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {"E": (DOCS / "physics.md").read_text(), "C": (DOCS / "finance.md").read_text()}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("equation", RULES)
def test_every_equation_has_a_section_with_its_source(equation: str) -> None:
    found = re.search(rf"^## {equation}: (.*?)(?=^## |\Z)", PAGES[equation[0]], re.MULTILINE | re.DOTALL)
    assert found
    assert re.search(r"\bSources?\b[^:]*:\s\S", found[1])


def test_no_equation_is_on_a_page_that_the_code_does_not_know() -> None:
    named = [name for page in PAGES.values() for name in re.findall(r"^## ([EC]\d+b?): ", page, re.MULTILINE)]
    assert sorted(named) == sorted(RULES)


def test_the_rows_of_the_fleet_program_are_numbered_and_sourced() -> None:
    plan = (DOCS / "plan.md").read_text()
    assert re.findall(r"^\| (F\d+) \|", plan, re.MULTILINE) == [f"F{i}" for i in range(1, 12)]
    assert "F1 to F10 are counting" in plan
    assert re.search(r"F11 is a mixed-integer rounding row \(.*\d{4}\)", plan)


def test_the_citation_is_that_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    page = (DOCS / "cite.md").read_text()
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert citation["keywords"] == PROJECT["keywords"]
    assert f"Version {PROJECT['version']}, {citation['date-released'].year}" in page
    assert f"metrics {METRIC_VERSION}." in page
