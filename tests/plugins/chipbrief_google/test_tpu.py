"""Trillium and Ironwood against Google's own pages."""

import pytest

from chipbrief.registry import load_registry

REGISTRY = load_registry(strict=True)


@pytest.mark.parametrize(
    ("name", "gigabytes", "terabytes_s", "bf16"),
    [
        # cloud.google.com/tpu/docs: v6e 32 GB at 1.6 TB/s, 918 TFLOPS; TPU7x 192 GB at 7.37 TB/s, 2,307 TFLOPS
        ("tpu-v6e", 32, 1.6, 918),
        ("tpu-v7", 192, 7.37, 2307),
    ],
)
def test_figures_are_those_of_the_pages(name: str, gigabytes: float, terabytes_s: float, bf16: float) -> None:
    profile = REGISTRY[name].profile
    assert profile.memory.capacity.value == gigabytes * 1e9
    assert profile.memory.bandwidth.value == pytest.approx(terabytes_s * 1e12, rel=0.03)
    assert profile.compute.dense["bf16"].value == pytest.approx(bf16 * 1e12, rel=0.001)


def test_links_count_one_direction() -> None:
    assert REGISTRY["tpu-v7"].profile.interconnect.chip.value == 600e9  # 1,200 GB/s counts both
