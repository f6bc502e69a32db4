"""TPU v5e and TPU 8i against Google's own pages, and what fits."""

import pytest

from chipbrief import load_catalogue
from chipbrief.errors import Refusal
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()


def test_v5e_is_that_of_the_page() -> None:
    """docs.cloud.google.com/tpu/docs/v5e: 16 GB, 819 GB/s, 197 TFLOPS BF16, 393 TOPS INT8, 8 chips a host."""
    profile = REGISTRY["tpu-v5e"].profile
    assert profile.chips == 8
    assert profile.memory.capacity.value == 16e9
    assert profile.memory.bandwidth.value == 819e9
    assert {name: figure.value for name, figure in profile.compute.dense.items()} == {"int8": 393e12, "bf16": 197e12}


def test_v5es_links_count_one_direction() -> None:
    """ICI 400 GB/s counts both directions; two cards of 100 Gb/s a host are 25 GB/s for eight chips."""
    links = REGISTRY["tpu-v5e"].profile.interconnect
    assert links.chip.value == 200e9
    assert links.scale_out.value == 25e9 / 8


@pytest.mark.parametrize(("precision", "chips"), [("int8", 8), ("bf16", 16)])
def test_llama_3_70b_takes_the_slices_that_google_names(precision: str, chips: int) -> None:
    """Google DeepMind, How to Scale Your Model, "Serving LLaMA 3-70B": 4x2 in INT8 (70 of 128 GB), 4x4 in BF16."""
    model = CATALOGUE["llama-3-70b"]
    deployments = REGISTRY["tpu-v5e"].throughput.deployments(model, model.precision(precision), 2048.0)
    assert deployments[0].chips == chips


def test_v5e_takes_no_four_bit_weights() -> None:
    model = CATALOGUE["gpt-oss-20b"]
    with pytest.raises(Refusal, match="does not store mxfp4"):
        REGISTRY["tpu-v5e"].throughput.deployments(model, model.native_precision(), 2048.0)


def test_8i_is_that_of_the_deep_dive() -> None:
    """288 GB at 8,601 GB/s, 10.1 PFLOPS labelled FP4; JAX: two cores of 550.5 TFLOPS BF16 and 4,404 FP8."""
    profile = REGISTRY["tpu-8i"].profile
    assert profile.memory.capacity.value == 288e9
    assert profile.memory.bandwidth.value == pytest.approx(8601e9)
    dense = profile.compute.dense
    assert (dense["fp4"].value, dense["fp8"].value, dense["bf16"].value) == (10.1e15, 2 * 4404e12, 2 * 550.5e12)


def test_8is_links_are_half_of_what_google_counts_twice() -> None:
    """19.2 Tb/s of both directions are 1.2 TB/s of one, twice Ironwood's 600 GB/s, as Google says."""
    assert REGISTRY["tpu-8i"].profile.interconnect.chip.value == 19.2e12 / 8 / 2
    assert REGISTRY["tpu-8i"].profile.interconnect.chip.value == 2 * REGISTRY["tpu-v7"].profile.interconnect.chip.value


def test_a_pod_of_8i_has_the_memory_and_the_flops_of_googles_chart() -> None:
    """1,152 chips: 331.8 TB and 11.6 exaflops, labelled FP8 there."""
    profile = REGISTRY["tpu-8i"].profile
    assert 1152 * profile.memory.capacity.value == pytest.approx(331.8e12, rel=1e-3)
    assert 1152 * profile.compute.dense["fp8"].highest == pytest.approx(11.6e18, rel=1e-3)


def test_neither_is_for_sale() -> None:
    assert not REGISTRY["tpu-v5e"].profile.price.sold
    assert not REGISTRY["tpu-8i"].profile.price.sold
    assert REGISTRY["tpu-v5e"].profile.price.rent.on_demand.value == pytest.approx(9.60 / 8)  # us-central1, 8 chips
