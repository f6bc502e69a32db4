"""Acme's systems."""

from collections.abc import Iterable
from pathlib import Path

from chipbrief import Hardware, hookimpl


@hookimpl
def chipbrief_hardware() -> Iterable[Hardware]:
    """One YAML file a system."""
    return Hardware.from_folder(Path(__file__).parent)
