"""Weft's systems."""

from collections.abc import Iterable
from pathlib import Path

from chipbrief import Hardware, hookimpl


@hookimpl
def chipbrief_hardware() -> Iterable[Hardware]:
    """The one system, with a throughput model of its own."""
    from chipbrief_weft.model import LockstepThroughput

    return [Hardware.from_yaml(Path(__file__).parent / "w1.yaml", throughput=LockstepThroughput)]
