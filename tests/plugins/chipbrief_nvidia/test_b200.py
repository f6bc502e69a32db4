"""The DGX B200 against its published placements, peaks and anchors."""

import pytest

from chipbrief import Pool, load_catalogue
from chipbrief.errors import Refusal
from chipbrief.finance import Finance, hourly_usd, load_finance_terms
from chipbrief.registry import load_registry

B200, CATALOGUE = load_registry(strict=True)["nvidia-b200"], load_catalogue()


def test_llama_3_405b_in_sixteen_bits_fits_on_eight_chips_and_not_on_four() -> None:
    """811.7 GB of weights against 4 x 180 = 720 GB and 8 x 180 = 1,440 GB."""
    model = CATALOGUE["llama-3.1-405b"]
    precision = model.precision("bf16")
    assert [d.chips for d in B200.throughput.deployments(model, precision, 4096)] == [8]
    four = Pool(hardware="nvidia-b200", chips=4, tensor=4, precision=precision)
    assert B200.bandwidth.weight_bytes(model, four) == pytest.approx(811.7e9, rel=1e-3)
    assert B200.bandwidth.memory_bytes(four) < 720e9 < 811.7e9 < B200.bandwidth.memory_bytes(four) * 2
    assert B200.bandwidth.running_batch_limit(model, four, 4096.0) == 0


def test_deepseek_r1_in_eight_bits_fits_in_one_system() -> None:
    """671 GB in 1,440 GB: MLPerf Inference v5.1 ran it on eight B200."""
    model = CATALOGUE["deepseek-r1"]
    assert max(d.chips for d in B200.throughput.deployments(model, model.native_precision(), 4096)) == 8


def test_peaks_are_the_dense_ones_and_not_the_headline() -> None:
    """DGX B200: "72 PFLOPS FP8, 144 PFLOPS FP4" are sparse and of eight chips (facts/traps.md)."""
    dense, sparse = B200.profile.compute.dense, B200.profile.compute.sparse
    assert dense["fp8"].value * 8 == 36e15
    assert sparse["fp8"].value * 8 == 72e15
    assert dense["fp4"].value * 8 == 72e15
    assert sparse["fp4"].value * 8 == 144e15


def test_memory_is_as_shipped_and_links_count_one_direction() -> None:
    profile = B200.profile
    assert profile.memory.capacity.value == 180e9  # not the 192 GB of eight stacks
    assert profile.interconnect.chip is not None
    assert profile.interconnect.chip.value == 900e9  # not the 1.8 TB/s of both directions


def test_chips_too_small_are_refused_with_the_arithmetic() -> None:
    model = CATALOGUE["llama-3.1-405b"]
    shrunk = B200.at({"nvidia-b200:memory.capacity": 10e9})  # eight systems: 64 x 10 GB x 0.9 = 576 GB
    with pytest.raises(Refusal) as refused:
        shrunk.throughput.deployments(model, model.precision("bf16"), 10_000)
    assert str(refused.value) == (
        "llama-3.1-405b bf16 needs 817 GB (812 GB of weights and 5.16 GB of KV cache at 10,000 tokens), "
        "64 x B200 have 640 GB, 576 GB of it to fill"
    )


def test_the_owned_chip_hour_is_within_twice_the_analysts_ones() -> None:
    """SemiAnalysis: 1.95 USD a GPU and hour for an owning hyperscaler, 2.34 for a neocloud."""
    usd = float(hourly_usd(B200.cost.lines("own", Finance.from_terms(load_finance_terms()), 1.0))) / 8
    assert 1.95 / 2 < usd < 1.95 * 2
