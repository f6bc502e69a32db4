"""Trainium3 against AWS's own pages and the one public run on a chip of it."""

import pytest

from chipbrief import load_catalogue
from chipbrief.errors import Refusal
from chipbrief.registry import load_registry

TRAINIUM3, CATALOGUE = load_registry(strict=True)["trainium3"], load_catalogue()


def test_figures_are_those_of_the_page() -> None:
    """AWS Neuron documentation: 144 GiB at 4.9 TB/s; 2,517 TFLOPS MXFP8, 671 BF16."""
    profile = TRAINIUM3.profile
    assert profile.memory.capacity.value == 144e9
    assert profile.memory.capacity.highest == 144 * 2**30
    assert profile.memory.bandwidth.value == 4.9e12
    assert profile.compute.dense["fp8"].value == 2517e12
    assert profile.compute.dense["bf16"].value == 671e12


def test_four_bits_bring_no_more_flops() -> None:
    """MXFP4 is converted to MXFP8 before the product (facts/traps.md)."""
    dense = TRAINIUM3.profile.compute.dense
    assert dense["fp4"].value == dense["fp8"].value


def test_the_sparse_peak_of_sixteen_bits_is_not_a_dense_one() -> None:
    assert TRAINIUM3.profile.compute.sparse["bf16"].value == 2517e12
    assert "fp8" not in TRAINIUM3.profile.compute.sparse


def test_an_ultraserver_of_144_chips_adds_up() -> None:
    """Trn3 Gen2: 362,448 TFLOPS, 20,736 GiB, 705.6 TB/s, 28,800 Gb/s of EFA."""
    profile = TRAINIUM3.profile
    assert 36 * profile.chips == 144
    assert 144 * profile.compute.dense["fp8"].value == 362448e12
    assert 144 * profile.memory.capacity.highest == 20736 * 2**30
    assert 144 * profile.memory.bandwidth.value == pytest.approx(705.6e12)
    assert 144 * profile.interconnect.scale_out.value == 28800e9 / 8


def test_links_are_nine_of_eight_pcie_lanes_in_one_direction() -> None:
    """PCIe 6.0: 64 GT/s a lane, so eight lanes are 64 GB/s; four links in the server and five in the rack."""
    link = TRAINIUM3.profile.interconnect.chip
    assert link.value == (4 + 5) * 8 * 8e9
    assert link.highest == 2.56e12 / 2


def test_llama_3_405b_needs_four_chips_in_eight_bits_and_eight_in_sixteen() -> None:
    """405.9 GB against 4 x 144 = 576 GB, 811.7 GB against 8 x 144 = 1,152; each less a tenth."""
    model = CATALOGUE["llama-3.1-405b"]
    smallest = [TRAINIUM3.throughput.deployments(model, model.precision(p), 4096.0)[0].chips for p in ("fp8", "bf16")]
    assert smallest == [4, 8]


def test_eight_bit_integers_are_refused() -> None:
    model = CATALOGUE["llama-3-8b"]
    with pytest.raises(Refusal, match="does not store int8"):
        TRAINIUM3.throughput.deployments(model, model.precision("int8"), 2048.0)


def test_one_stream_of_gpt_oss_20b_is_within_twice_the_measured_one() -> None:
    """nki-moe-megakernel, one chip in BF16 at 2,048 tokens: 5.50 ms a token without hand-written kernels."""
    model = CATALOGUE["gpt-oss-20b"]
    alone = TRAINIUM3.throughput.deployments(model, model.precision("bf16"), 4096.0)[0]
    assert alone.chips == 1
    step = float(TRAINIUM3.throughput.decode_step_s(model, alone, 1.0, 2048.0))
    assert 5.50e-3 / 2 < step < 5.50e-3 * 2
