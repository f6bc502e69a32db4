"""Hopper and Blackwell against their data sheets and published placements."""

import pytest

from chipbrief import load_catalogue
from chipbrief.errors import Refusal
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
HOPPER = ("nvidia-h100", "nvidia-h200", "nvidia-gh200")
BLACKWELL = ("nvidia-b200", "nvidia-b300", "nvidia-gb200-nvl72", "nvidia-gb300-nvl72")


@pytest.mark.parametrize("name", HOPPER)
def test_hopper_peaks_are_the_dense_ones_and_there_is_no_four_bit_unit(name: str) -> None:
    """H100 data sheet: 1,979 BF16 and 3,958 FP8 TFLOPS with sparsity, half of them dense (facts/traps.md)."""
    compute = REGISTRY[name].profile.compute
    assert compute.dense["bf16"].value == 989e12
    assert compute.dense["fp8"].value == 1979e12
    assert compute.sparse["bf16"].value == 1979e12
    assert compute.sparse["fp8"].value == 3958e12
    assert "fp4" not in compute.dense


@pytest.mark.parametrize(
    ("name", "gigabytes", "terabytes_s"),
    [
        ("nvidia-h100", 80, 3.35),  # SXM5; the PCIe card has 2.0 TB/s
        ("nvidia-h200", 141, 4.8),
        ("nvidia-gh200", 144, 4.9),
        ("nvidia-gb200-nvl72", 186, 8.0),  # MLPerf v6.1; 192 GB is marketed
        ("nvidia-b300", 270, 8.0),  # MLPerf v6.0; 288 GB is marketed
    ],
)
def test_memory_is_as_shipped(name: str, gigabytes: float, terabytes_s: float) -> None:
    memory = REGISTRY[name].profile.memory
    assert memory.capacity.value == pytest.approx(gigabytes * 1e9)
    assert memory.bandwidth.value == pytest.approx(terabytes_s * 1e12)


@pytest.mark.parametrize(("names", "gigabytes_s"), [(HOPPER, 450), (BLACKWELL, 900)])
def test_links_count_one_direction(names: tuple[str, ...], gigabytes_s: float) -> None:
    """NVLink 4: 900 GB/s in both directions; NVLink 5: 1.8 TB/s."""
    for name in names:
        link = REGISTRY[name].profile.interconnect.chip
        assert link is not None
        assert link.value == gigabytes_s * 1e9


@pytest.mark.parametrize(
    ("name", "chips", "domain"),
    [
        ("nvidia-h100", 8, 8),
        ("nvidia-h200", 8, 8),
        ("nvidia-gh200", 1, 1),
        ("nvidia-b300", 8, 8),
        ("nvidia-gb200-nvl72", 72, 72),
        ("nvidia-gb300-nvl72", 72, 72),
    ],
)
def test_systems_are_what_is_bought(name: str, chips: int, domain: int) -> None:
    profile = REGISTRY[name].profile
    assert profile.chips == chips
    assert profile.interconnect.domain.value == domain


def test_a_rack_of_72_has_the_memory_and_the_dense_peaks_of_its_data_sheet() -> None:
    """GB200 NVL72: 13.4 TB and 576 TB/s; 1,440 PFLOPS FP4 and 720 FP8 are sparse, half of them dense."""
    profile = REGISTRY["nvidia-gb200-nvl72"].profile
    assert 72 * profile.memory.capacity.value == pytest.approx(13.4e12, rel=1e-3)
    assert 72 * profile.memory.bandwidth.value == 576e12
    assert 72 * profile.compute.dense["fp4"].value == 720e15
    assert 72 * profile.compute.dense["fp8"].value == 360e15


def test_blackwell_ultra_is_faster_in_four_bits_alone() -> None:
    """GB300 NVL72: 1,080 PFLOPS of dense NVFP4 a rack against 720; FP8 as before."""
    ultra, plain = (REGISTRY[f"nvidia-{name}-nvl72"].profile.compute.dense for name in ("gb300", "gb200"))
    assert 72 * ultra["fp4"].value == 1080e15
    assert ultra["fp8"].value == plain["fp8"].value


def test_llama_3_70b_in_sixteen_bits_needs_two_h100() -> None:
    """141.1 GB of weights against 80 and 160 GB."""
    model, h100 = CATALOGUE["llama-3.1-70b"], REGISTRY["nvidia-h100"]
    one, two = (h100.throughput.pools(model, model.precision("bf16"), n)[0] for n in (1, 2))
    assert h100.bandwidth.running_batch_limit(model, one, 4096.0) == 0
    assert h100.bandwidth.weight_bytes(model, two) == pytest.approx(141.1e9, rel=1e-3)
    smallest = h100.throughput.deployments(model, model.precision("bf16"), 4096)[0]
    assert smallest.chips == 2


def test_deepseek_r1_in_eight_bits_fits_eight_h200_and_not_eight_h100() -> None:
    """671 GB against 8 x 141 = 1,128 GB, and 8 x 80 = 640 GB: two H100 systems."""
    model = CATALOGUE["deepseek-r1"]
    found = {name: REGISTRY[name].throughput.deployments(model, model.native_precision(), 4096) for name in HOPPER[:2]}
    assert {(d.chips, d.decode.pipeline) for d in found["nvidia-h200"]} == {(8, 1)}
    assert {(d.chips, d.decode.pipeline) for d in found["nvidia-h100"]} == {(16, 2)}


def test_a_single_superchip_makes_a_pipeline_of_what_it_cannot_hold() -> None:
    """GH200 has no NVLink to a neighbour: a model of 141 GB takes two stages of one chip."""
    model, gh200 = CATALOGUE["llama-3.1-70b"], REGISTRY["nvidia-gh200"]
    [only] = gh200.throughput.deployments(model, model.precision("bf16"), 4096)
    assert (only.chips, only.decode.tensor, only.decode.pipeline) == (2, 1, 2)
    with pytest.raises(Refusal, match="TP2 spans more than the 1 x GH200 of a scale-up domain"):
        gh200.throughput.pool(model, model.precision("bf16"), tensor=2)


def test_four_bit_floats_save_hopper_memory_and_no_arithmetic() -> None:
    """gpt-oss-120b runs on one H100 in MXFP4 (OpenAI's model card: a single 80 GB GPU)."""
    model, h100 = CATALOGUE["gpt-oss-120b"], REGISTRY["nvidia-h100"]
    smallest = h100.throughput.deployments(model, model.native_precision(), 4096)[0]
    assert smallest.chips == 1
    sixteen_bits = 2 * model.active_parameters / 989e12  # FLOP of a token over the dense peak of BF16
    step = h100.throughput.decode_step_s(model, smallest, 10_000.0, 1.0)
    assert step >= 10_000 * sixteen_bits
