"""A small sweep, and how tests make others of it."""

from typing import Protocol

import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml
from chipbrief.registry import Registry
from chipbrief.sweep import Sweep, sweep_from_document

AXES = {
    "hardware": "[nvidia-b200, cerebras-cs3]",
    "model": "[llama-3.1-8b, gpt-oss-120b]",
    "context": "[1000, 9000, 100k]",
    "output": "[100, 500]",
    "batch": "[1, 8, 64, 512]",
}


class Text(Protocol):
    def __call__(self, *, more: str = "", **axes: str | None) -> str: ...


class Make(Protocol):
    def __call__(self, *, more: str = "", **axes: str | None) -> Sweep: ...


def _text_of(*, more: str = "", **axes: str | None) -> str:
    lines = [f"  {name}: {value}" for name, value in {**AXES, **axes}.items() if value is not None]
    return "\n".join(["schema: sweep/1", "name: small", "axes:", *lines, more, ""])


@pytest.fixture(scope="session")
def text_of() -> Text:
    """A sweep file: the axes above with some changed (None leaves one out), and whatever stands beside them."""
    return _text_of


@pytest.fixture(scope="session")
def make(registry: Registry, catalogue: Catalogue) -> Make:
    """The same, read."""

    def one(*, more: str = "", **axes: str | None) -> Sweep:
        document = parse_yaml(_text_of(more=more, **axes), "sweep.yaml")
        return sweep_from_document(document, models=catalogue.names, hardware=registry.names)

    return one
