"""Maia 200 against Microsoft's slides and paper, and what fits."""

import pytest

from chipbrief import load_catalogue
from chipbrief.errors import Refusal
from chipbrief.registry import load_registry

MAIA, CATALOGUE = load_registry(strict=True)["maia-200"], load_catalogue()


def test_figures_are_those_of_the_slides() -> None:
    """Hot Chips 2026: 216 GB at 7 TB/s; FP4 10,145, FP8 5,072, BF16 1,268 TFLOPS; 750 W."""
    profile = MAIA.profile
    assert profile.memory.capacity.value == 216e9
    assert profile.memory.bandwidth.value == 7e12
    dense = {name: figure.value for name, figure in profile.compute.dense.items()}
    assert dense == {"fp4": 10145e12, "fp8": 5072e12, "bf16": 1268e12}
    assert profile.power.chip.value == 750


def test_28_ports_of_400_gigabits_split_into_a_tray_and_a_network() -> None:
    """arXiv 2608.24664: twenty fixed, eight switched; all 28 make 1,400 GB/s in one direction, 2.8 TB/s count both."""
    links = MAIA.profile.interconnect
    assert links.chip.value == 20 * 50e9
    assert links.scale_out.value == 8 * 50e9
    assert links.chip.value + links.scale_out.value == 2.8e12 / 2
    assert links.domain.value == MAIA.profile.chips == 4


@pytest.mark.parametrize(("name", "chips"), [("deepseek-r1", 4), ("kimi-k2", 8)])
def test_large_models_take_one_tray_or_two(name: str, chips: int) -> None:
    """671 GB and 1,026 GB in FP8 against 4 x 216 = 864 GB, less a tenth."""
    model = CATALOGUE[name]
    assert MAIA.throughput.deployments(model, model.native_precision(), 4096.0)[0].chips == chips


def test_eight_bit_integers_are_refused() -> None:
    model = CATALOGUE["llama-3-8b"]
    with pytest.raises(Refusal, match="does not store int8"):
        MAIA.throughput.deployments(model, model.precision("int8"), 2048.0)


def test_microsoft_sells_and_rents_none() -> None:
    price = MAIA.profile.price
    assert not price.sold
    assert price.rent.on_demand is None
    assert price.system.kind == "assumed"
