"""MTIA 2i, 300 and 400 against Meta's papers, slides and announcement."""

import pytest

from chipbrief import load_catalogue
from chipbrief.errors import Refusal
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
NAMES = ("meta-mtia-2i", "meta-mtia-300", "meta-mtia-400")


@pytest.mark.parametrize(
    ("name", "kind", "chips", "gigabytes", "gigabytes_s", "bf16"),
    [
        ("meta-mtia-2i", "lpddr", 24, 128, 204.8, 177),  # ISCA 2025, Table 2 and section 3.4
        ("meta-mtia-300", "hbm", 16, 216, 6100, 560),  # ISCA 2026, Table I
        ("meta-mtia-400", "hbm", 72, 288, 9200, 3000),  # the announcement of March 2026
    ],
)
def test_figures_are_metas(name: str, kind: str, chips: int, gigabytes: float, gigabytes_s: float, bf16: float) -> None:
    profile = REGISTRY[name].profile
    assert profile.memory.kind == kind
    assert profile.chips == chips
    assert profile.memory.capacity.value == gigabytes * 1e9
    assert profile.memory.bandwidth.value == pytest.approx(gigabytes_s * 1e9)
    assert profile.compute.dense["bf16"].value == bf16 * 1e12


def test_2is_peaks_are_dense_and_not_the_sparse_ones() -> None:
    """354 TOPS INT8 and 177 TFLOPS FP16 dense, 708 and 354 with 2:4 sparsity."""
    compute = REGISTRY["mtia-2i"].profile.compute
    assert (compute.dense["int8"].value, compute.sparse["int8"].value) == (354e12, 708e12)
    assert (compute.dense["fp16"].value, compute.sparse["fp16"].value) == (177e12, 354e12)


@pytest.mark.parametrize(("name", "gigabytes"), [("llama-2-7b", 13.2), ("llama-3.1-8b", 15.0)])
def test_2i_misses_60_ms_a_token_with_models_of_7_and_8_billion(name: str, gigabytes: float) -> None:
    """ISCA 2025, section 3.6: Llama 2 7B misses 60 ms a token; its weights alone take 13.2 GB / 204.8 GB/s = 64 ms."""
    machine, model = REGISTRY["meta-mtia-2i"], CATALOGUE[name]
    alone = machine.throughput.deployments(model, model.native_precision(), 4096.0)[0]
    assert alone.chips == 1
    step = float(machine.throughput.decode_step_s(model, alone, 1.0, 1.0))
    assert step > gigabytes / 204.8 > 0.060


def test_2i_reads_a_prompt_in_time() -> None:
    """The same paper: prefill of Llama 2 7B meets 600 ms; the prompt's length is not stated, 1,024 tokens here."""
    machine, model = REGISTRY["meta-mtia-2i"], CATALOGUE["llama-2-7b"]
    alone = machine.throughput.deployments(model, model.native_precision(), 4096.0)[0]
    assert float(machine.throughput.prefill_s(model, alone, 1024.0, 0.0)) < 0.600


def test_the_sram_of_2i_is_a_reference_and_no_memory_of_weights() -> None:
    """256 MB at 2.7 TB/s hold one part in fifty of Llama 2 7B."""
    profile = REGISTRY["meta-mtia-2i"].profile
    assert profile.reference.capacity["sram"].value == 256e6
    assert profile.reference.bandwidth["sram"].value == 2.7e12
    assert profile.memory.machine == "hbm"  # the equations of any DRAM that each step reads


def test_links_count_one_direction() -> None:
    """PCIe Gen5 x8 is 32 GB/s; eight ports of 800 Gb/s are 800 GB/s, and the other four 400; MTIA 400: 1.2 TB/s."""
    links = {name: REGISTRY[name].profile.interconnect for name in NAMES}
    assert [link.chip.value for link in links.values()] == [32e9, 8 * 100e9, 1200e9]
    assert [link.domain.value for link in links.values()] == [12, 16, 72]
    assert links["meta-mtia-2i"].scale_out.value == pytest.approx(2 * 25e9 / 12, rel=1e-3)
    assert links["meta-mtia-300"].chip.value + links["meta-mtia-300"].scale_out.value == 12 * 100e9


def test_deepseek_r1_fits_the_eight_chips_that_meta_ran_it_on() -> None:
    """ISCA 2026: eight MTIA 300, FP8 experts; 671 GB against 8 x 216 = 1,728, and 3 x 216 = 648 are too few."""
    model = CATALOGUE["deepseek-r1"]
    chips = {d.chips for d in REGISTRY["mtia-300"].throughput.deployments(model, model.native_precision(), 2048.0)}
    assert 8 in chips
    assert min(chips) == 4


def test_four_bits_have_a_unit_in_400_and_none_in_300() -> None:
    """MX4 arrives with MTIA 400, at twice FP8 and four times BF16."""
    model = CATALOGUE["gpt-oss-120b"]
    with pytest.raises(Refusal, match="does not store mxfp4"):
        REGISTRY["mtia-300"].throughput.deployments(model, model.native_precision(), 2048.0)
    newer = REGISTRY["mtia-400"]
    dense = newer.profile.compute.dense
    assert dense["fp4"].value == 2 * dense["fp8"].value == 4 * dense["bf16"].value == 12e15
    assert newer.throughput.deployments(model, model.native_precision(), 2048.0)[0].chips == 1  # 65 of 288 GB


def test_a_rack_of_400_holds_20_7_terabytes() -> None:
    assert 72 * REGISTRY["mtia-400"].profile.memory.capacity.value == pytest.approx(20.7e12, rel=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_meta_sells_and_rents_none(name: str) -> None:
    price = REGISTRY[name].profile.price
    assert not price.sold
    assert price.rent.on_demand is None
    assert price.system.kind == "assumed"
