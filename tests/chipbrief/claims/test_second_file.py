"""Another file, other vendors: the checks know no claim by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.claims import Audit, audit_file
from chipbrief.registry import Registry

VERDICTS = {
    "mi355x-fp8": "inconsistent",  # 5 PFLOPS dense, 10.1 sparse
    "mi355x-fp4": "consistent",
    "mi355x-memory": "consistent",
    "mi355x-power": "consistent",
    "mi355x-llama2": "consistent",  # MLPerf v6.0, offline, a system
    "trainium2-fp8": "inconsistent",  # 1.299 PFLOPS dense, 2.563 sparse
    "trainium2-memory": "consistent",
    "h100-fp8": "consistent",  # called sparse, and is
    "h100-transistors": "consistent",
    "dgx-fp8": "inconsistent",  # 8 x 4.5 = 36 dense, 72 sparse
    "nvl72-bandwidth": "consistent",  # 72 x 8 TB/s
    "nvl72-chip": "inconsistent",
    "groqrack": "inconsistent",  # 64 at work, 72 installed
    "groq-llama2": "consistent",  # 69 GB / 0.23 GB = 303 chips at the least
    "groq-price": "consistent",
    "groq-licence": "consistent",
    "sambanova-maverick": "consistent",
    "sambanova-r1": "unverifiable",  # below the published 250, which load may explain
    "v5e-int8": "inconsistent",  # 393; 197 is BF16
    "deepseek-gpus": "unverifiable",
    "deepseek-rent": "unverifiable",
    "deepseek-day": "consistent",  # 1,814 x 2 x 24 = 87,072
    "rubin-tenfold": "unverifiable",
}


@pytest.fixture(scope="module")
def vendors(data: Path, registry: Registry, catalogue: Catalogue) -> Audit:
    return audit_file(data / "claims-vendors.yaml", registry, catalogue)


def test_every_verdict_is_that_of_the_facts(vendors: Audit) -> None:
    assert {finding.id: finding.verdict for finding in vendors.findings} == VERDICTS


def test_the_traps_of_the_field_are_headlines(vendors: Audit) -> None:
    told = [headline.text for headline in vendors.headlines]
    assert "DGX B200: 72 PFLOPS of fp8 is the sparse peak" in told
    assert "chip and system are mixed: a GroqRack has 64 LPU v1, stated 576" in told
    assert "chip and system are mixed: 72 x 8 TB/s = 576 TB/s is what a system has, stated 576 TB/s of a chip" in told


def test_no_check_names_a_claim(root: Path, vendors: Audit, article: Audit) -> None:
    """No id, and no number of either file, stands in the code of the checks."""
    code = "\n".join(path.read_text() for path in (root / "registry/chipbrief/claims").rglob("*.py"))
    strings = set(re.findall(r'"([^"\n]*)"', re.sub(r'""".*?"""', "", code, flags=re.DOTALL)))
    ids = {finding.id for finding in (*vendors.findings, *article.findings)}
    assert ids & strings == set()
    assert not re.search(r"\bSC\d\d\b", code)


def test_no_file_of_claims_holds_a_verdict(root: Path, data: Path) -> None:
    shipped = root / "templates/chipbrief_templates/claims/openai-cerebras.yaml"
    for path in (shipped, data / "claims-vendors.yaml"):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        assert not re.search(r"consistent|unverifiable|verdict|expected:", "\n".join(lines))
