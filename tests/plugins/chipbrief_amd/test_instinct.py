"""The Instinct systems against their data sheets and published placements."""

import pytest

from chipbrief import load_catalogue
from chipbrief.finance import Finance, hourly_usd, load_finance_terms
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
NAMES = ("amd-mi300x", "amd-mi325x", "amd-mi350x", "amd-mi355x")


@pytest.mark.parametrize(
    ("name", "gigabytes", "terabytes_s"),
    [("amd-mi300x", 192, 5.3), ("amd-mi325x", 256, 6.0), ("amd-mi350x", 288, 8.0), ("amd-mi355x", 288, 8.0)],
)
def test_memory_is_that_of_the_data_sheet(name: str, gigabytes: float, terabytes_s: float) -> None:
    memory = REGISTRY[name].profile.memory
    assert memory.capacity.value == pytest.approx(gigabytes * 1e9)
    assert memory.bandwidth.value == pytest.approx(terabytes_s * 1e12)


def test_peaks_are_the_dense_ones_and_not_the_headline() -> None:
    """MI355X: 10.1 PFLOPS FP8 and 20.1 FP4 in the press are sparse (facts/traps.md)."""
    compute = REGISTRY["amd-mi355x"].profile.compute
    assert compute.dense["fp8"].value == pytest.approx(5.0e15, rel=0.02)
    assert compute.dense["fp4"].value == pytest.approx(10.1e15, rel=0.02)
    assert compute.sparse["fp8"].value == pytest.approx(10.1e15, rel=0.02)
    assert compute.sparse["fp4"].value == pytest.approx(20.1e15, rel=0.02)


@pytest.mark.parametrize("name", ["amd-mi300x", "amd-mi325x"])
def test_the_third_generation_has_no_four_bit_unit(name: str) -> None:
    """CDNA 3: 2,614.9 TFLOPS FP8 and 1,307.4 BF16."""
    dense = REGISTRY[name].profile.compute.dense
    assert dense["fp8"].value == pytest.approx(2614.9e12, rel=0.01)
    assert dense["bf16"].value == pytest.approx(1307.4e12, rel=0.01)
    assert "fp4" not in dense


def test_links_are_seven_of_64_gigabytes_a_second_in_one_direction() -> None:
    """MI300X: 896 GB/s counts both directions of seven links; a pair of chips has one of them (facts/traps.md)."""
    link = REGISTRY["amd-mi300x"].profile.interconnect.chip
    assert link is not None
    assert link.value == 7 * 64e9
    newer = REGISTRY["amd-mi355x"].profile.interconnect.chip
    assert newer is not None
    assert newer.value == pytest.approx(7 * 76.8e9)  # 1,075.2 GB/s over seven links and two directions


def test_llama_3_70b_in_sixteen_bits_fits_one_chip() -> None:
    """141.1 GB of 192 GB: AMD submitted Llama-2-70B on a single MI300X to MLPerf Inference v4.1."""
    model = CATALOGUE["llama-3.1-70b"]
    for name in NAMES:
        assert REGISTRY[name].throughput.deployments(model, model.precision("bf16"), 4096)[0].chips == 1


def test_llama_3_405b_in_sixteen_bits_fits_one_system_of_mi300x_and_not_half_of_it() -> None:
    """811.7 GB against 4 x 192 = 768 GB and 8 x 192 = 1,536 GB; four MI325X hold 1,024."""
    model = CATALOGUE["llama-3.1-405b"]
    smallest = {n: REGISTRY[n].throughput.deployments(model, model.precision("bf16"), 4096)[0].chips for n in NAMES[:2]}
    assert smallest == {"amd-mi300x": 8, "amd-mi325x": 4}


def test_gpt_oss_runs_in_four_bits_on_sixteen_bit_arithmetic() -> None:
    model, mi300x = CATALOGUE["gpt-oss-120b"], REGISTRY["amd-mi300x"]
    smallest = mi300x.throughput.deployments(model, model.native_precision(), 4096)[0]
    assert smallest.chips == 1  # 65 GB
    step = mi300x.throughput.decode_step_s(model, smallest, 10_000.0, 1.0)
    assert step >= 10_000 * 2 * model.active_parameters / 1307.4e12


@pytest.mark.parametrize(("name", "owned"), [("amd-mi300x", 1.12), ("amd-mi355x", 1.48)])
def test_the_owned_chip_hour_is_within_twice_the_analysts_ones(name: str, owned: float) -> None:
    """SemiAnalysis, April 2026: USD a GPU and hour for an owning hyperscaler."""
    usd = float(hourly_usd(REGISTRY[name].cost.lines("own", Finance.from_terms(load_finance_terms()), 1.0))) / 8
    assert owned / 2 < usd < owned * 2
