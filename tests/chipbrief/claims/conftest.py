"""A claims file from a few lines, and the article's own, audited once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.claims import CHECKS, Audit, Finding, audit, audit_file, claims_from_document
from chipbrief.config import parse_yaml
from chipbrief.registry import Registry
from chipbrief_templates import example_claims

HEAD = """\
schema: claims/1
name: test
title: A test
text: {title: a page, locator: "https://example.com", date: 2026-01-14}
"""

Audited = Callable[..., dict[str, Finding]]


@pytest.fixture(scope="session")
def read(registry: Registry, catalogue: Catalogue) -> Callable[[str], Any]:
    """A claims file from its text."""

    def parsed(text: str) -> Any:
        return claims_from_document(
            parse_yaml(text, "claims.yaml"), models=catalogue.names, hardware=registry.names, checks=CHECKS
        )

    return parsed


@pytest.fixture(scope="session")
def audited(registry: Registry, catalogue: Catalogue, read: Callable[[str], Any]) -> Audited:
    """Findings by id of some claims, each a flow mapping without its braces; `more` goes before them."""

    def ruled(*claims: str, more: str = "") -> dict[str, Finding]:
        rows = "".join(f"  - {{says: it is so, {claim}}}\n" for claim in claims)
        found = audit(read(f"{HEAD}{more}claims:\n{rows}"), registry, catalogue)
        return {finding.id: finding for finding in found.findings}

    return ruled


@pytest.fixture(scope="session")
def article(registry: Registry, catalogue: Catalogue) -> Audit:
    return audit_file(example_claims()["openai-cerebras"], registry, catalogue)
