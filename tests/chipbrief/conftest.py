"""What the tests of the registry share: the shipped data, read once."""

from pathlib import Path

import pytest

from chipbrief.catalogue import Catalogue, load_catalogue
from chipbrief.registry import Registry, load_registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def data() -> Path:
    return ROOT / "tests" / "data"


@pytest.fixture(scope="session")
def shipped_mix() -> Path:
    return ROOT / "templates" / "chipbrief_templates" / "mixes" / "five-workloads.yaml"


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_registry(strict=True)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()
