"""What docs/claims.md says, held against the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.claims import CHECKS, METRICS, Claim, audit
from chipbrief.registry import Registry


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "claims.md").read_text()


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section
    lines = [line for line in section[1].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_check_stands_on_the_page_with_its_rule(page: str) -> None:
    assert [(row[0], row[1]) for row in rows(page, "Checks")] == [(f"`{c.name}`", c.rule) for c in CHECKS.values()]


def test_every_metric_stands_on_the_page_with_what_it_is(page: str) -> None:
    assert [(row[0], row[1]) for row in rows(page, "Metrics")] == [(f"`{m.name}`", m.title) for m in METRICS.values()]


def test_every_field_of_a_claim_stands_on_the_page(page: str) -> None:
    named = re.findall(r"`(\w+)`", " ".join(row[0] for row in rows(page, "Writing a file")))
    assert sorted(named) == sorted(Claim.model_fields)


def test_the_example_of_the_page_can_be_audited(
    page: str, read: Callable[[str], Any], registry: Registry, catalogue: Catalogue
) -> None:
    example = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert example
    found = audit(read(example[1]), registry, catalogue)
    assert {finding.id: finding.verdict for finding in found.findings} == {
        "speed": "consistent",
        "wait": "inconsistent",
        "power": "consistent",
    }
