"""The SambaRack SN40L-16 against its published sizes, placements and speeds."""

import pytest

from chipbrief import load_catalogue
from chipbrief.errors import Refusal
from chipbrief.hardware import HbmThroughput
from chipbrief.registry import load_registry

SN40L, CATALOGUE = load_registry(strict=True)["sambanova-sn40l"], load_catalogue()


def test_a_rack_has_a_terabyte_of_memory_at_25_6_terabytes_a_second() -> None:
    """Hot Chips 2024: 64 GB of HBM a socket, 25.6 TB/s for sixteen."""
    profile = SN40L.profile
    assert profile.chips == 16
    assert profile.chips * profile.memory.capacity.value == pytest.approx(1.024e12)
    assert profile.chips * profile.memory.bandwidth.value == pytest.approx(25.6e12)


def test_it_decodes_from_hbm_and_not_from_a_pipeline_of_sram() -> None:
    """520 MB of SRAM a socket, 8.3 GB a rack, hold no large model: the weights stream from HBM (E3)."""
    assert SN40L.profile.memory.kind == "hbm"
    assert isinstance(SN40L.throughput, HbmThroughput)


def test_every_product_runs_at_the_sixteen_bit_peak() -> None:
    """638 TFLOPS of BF16, and no FP8 or FP4 unit (Hot Chips 2024)."""
    assert {name: figure.value for name, figure in SN40L.profile.compute.dense.items()} == {"bf16": 638e12}


def test_deepseek_r1_fits_one_rack_in_eight_bits_and_not_in_sixteen() -> None:
    """671 GB in 1,024 GB: served on sixteen sockets; 1,342 GB in BF16 would not fit."""
    model = CATALOGUE["deepseek-r1"]
    assert {d.chips for d in SN40L.throughput.deployments(model, model.native_precision(), 4096)} == {16}
    rack = SN40L.throughput.pools(model, model.precision("bf16"), 16)[0]
    assert SN40L.bandwidth.weight_bytes(model, rack) > 1.024e12
    assert SN40L.bandwidth.running_batch_limit(model, rack, 4096.0) == 0


def test_the_speed_of_one_user_matches_what_was_measured() -> None:
    """Artificial Analysis, September 2024: 1,042 tok/s for Llama-3.1-8B in BF16 on sixteen sockets."""
    model = CATALOGUE["llama-3.1-8b"]
    largest = SN40L.throughput.deployments(model, model.precision("bf16"), 1000.0)[-1]
    assert largest.chips == 16
    speed = 1.0 / float(SN40L.throughput.decode_step_s(model, largest, 1.0, 1000.0))
    assert speed == pytest.approx(1042, rel=0.30)


def test_four_bit_weights_are_refused_by_name() -> None:
    model = CATALOGUE["gpt-oss-120b"]
    with pytest.raises(Refusal, match="SN40L does not store mxfp4: it stores bf16, fp16, fp8"):
        SN40L.throughput.deployments(model, model.native_precision(), 1000)
