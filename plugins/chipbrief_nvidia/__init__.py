"""NVIDIA's systems."""

from collections.abc import Iterable
from pathlib import Path

from chipbrief import Hardware, hookimpl

HERE = Path(__file__).parent
LPX = "groq3_lpx.yaml"  # LPUs beside GPUs: the one machine here with a model of its own


@hookimpl
def chipbrief_hardware() -> Iterable[Hardware]:
    """One YAML file a system."""
    from chipbrief_nvidia.model import LpxThroughput

    return [*Hardware.from_folder(HERE, but=[LPX]), Hardware.from_yaml(HERE / LPX, throughput=LpxThroughput)]
