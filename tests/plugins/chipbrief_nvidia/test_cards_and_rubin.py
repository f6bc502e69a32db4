"""L40S, RTX PRO 6000 and Vera Rubin against their data sheets and what fits on them."""

import pytest

from chipbrief import Hardware, load_catalogue
from chipbrief.finance import Finance, hourly_usd, load_finance_terms
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
L40S, RTX, RUBIN = (REGISTRY[f"nvidia-{name}"] for name in ("l40s", "rtx-pro-6000", "vera-rubin-nvl72"))


def smallest(hardware: Hardware, model: str, name: str | None = None) -> int:
    """Chips of the smallest deployment of a model, native or in a precision."""
    architecture = CATALOGUE[model]
    precision = architecture.precision(name) if name else architecture.native_precision()
    return hardware.throughput.deployments(architecture, precision, 4096)[0].chips


def test_an_l40s_has_the_dense_peaks_of_its_data_sheet_and_no_four_bit_unit() -> None:
    """NVIDIA prints dense | sparse: 362.05 | 733 BF16 and 733 | 1,466 FP8 TFLOPS; 864 GB/s of 48 GB."""
    profile = L40S.profile
    assert profile.compute.dense["bf16"].value == pytest.approx(362.05e12, rel=1e-3)
    assert profile.compute.dense["fp8"].value == 733e12
    assert profile.compute.sparse["bf16"].value == 733e12
    assert profile.compute.sparse["fp8"].value == 1466e12
    assert "fp4" not in profile.compute.dense
    assert (profile.memory.kind, profile.memory.capacity.value) == ("gddr", 48e9)
    assert profile.memory.bandwidth.value == 864e9


def test_the_marketed_four_bit_peak_of_an_rtx_card_is_sparse() -> None:
    """4 PFLOPS with 2:4 sparsity; 188 SMs at the observed 2,430 MHz do 1,871 dense, and FP8 and BF16 half by half."""
    compute = RTX.profile.compute
    assert compute.sparse["fp4"].value == 4e15
    clock_hz, multiply_adds_a_clock = 2430e6, 188 * 2048
    assert compute.dense["fp4"].value == pytest.approx(2 * multiply_adds_a_clock * clock_hz, rel=1e-3)
    assert compute.dense["fp8"].value == pytest.approx(compute.dense["fp4"].value / 2, rel=1e-3)
    assert compute.dense["bf16"].value == pytest.approx(compute.dense["fp4"].value / 4, rel=1e-3)


def test_an_rtx_server_card_has_96_gb_of_gddr7_slower_than_the_workstation_card() -> None:
    """AWS g7e: 1,597 GB/s a GPU; the workstation card has 512 bits at 28 Gb/s, 1,792 GB/s."""
    memory = RTX.profile.memory
    assert (memory.kind, memory.capacity.value) == ("gddr", 96e9)
    assert memory.bandwidth.value == 1597e9 < 512 / 8 * 28e9


def test_a_rubin_rack_has_the_memory_and_the_dense_peaks_of_its_data_sheet() -> None:
    """20.7 TB and 1,580 TB/s; 3,600 PFLOPS of NVFP4 are sparse, 2,520 dense; 17.5 FP8 a GPU."""
    profile = RUBIN.profile
    assert profile.chips == profile.interconnect.domain.value == 72
    assert 72 * profile.memory.capacity.value == pytest.approx(20.7e12, rel=3e-3)
    assert 72 * profile.memory.bandwidth.value == pytest.approx(1580e12, rel=3e-3)
    assert 72 * profile.reference.compute["fp4_inference"].value == 3600e15
    assert 72 * profile.compute.dense["fp4"].value == 2520e15
    assert profile.compute.dense["fp8"].value == 17.5e15


@pytest.mark.parametrize(
    ("hardware", "both_directions"),
    [(L40S, 64e9), (RTX, 128e9), (RUBIN, 260e12 / 72)],  # PCIe Gen4 and Gen5 x16; NVLink 6 of a rack
    ids=lambda value: getattr(value, "id", None),
)
def test_links_count_one_direction(hardware: Hardware, both_directions: float) -> None:
    link = hardware.profile.interconnect.chip
    assert link is not None
    assert link.value == pytest.approx(both_directions / 2, rel=5e-3)


@pytest.mark.parametrize(
    ("hardware", "model", "name", "chips"),
    [
        (L40S, "llama-3.3-70b", "fp8", 2),  # 70.6 GB; 90 % of 2 x 48 GB are 86.4
        (L40S, "llama-3.3-70b", "bf16", 4),  # 141 GB; 4 x 48 GB leave 172.8
        (L40S, "gpt-oss-120b", None, 2),  # about 63 GB in MXFP4
        (L40S, "deepseek-r1", None, 16),  # 671 GB: two servers of 384 GB leave 691
        (RTX, "llama-3.3-70b", "fp8", 1),  # 90 % of 96 GB are 86.4
        (RTX, "gpt-oss-120b", None, 1),
        (RTX, "deepseek-r1", None, 8),  # 671 GB in a server of 768 GB, which leaves 691
        (RUBIN, "deepseek-r1", "nvfp4", 2),  # about 380 GB; 2 x 288 GB leave 518
        (RUBIN, "deepseek-r1", None, 4),
    ],
    ids=lambda value: getattr(value, "id", None),
)
def test_what_fits_where(hardware: Hardware, model: str, name: str | None, chips: int) -> None:
    assert smallest(hardware, model, name) == chips


@pytest.mark.parametrize("hardware", [L40S, RTX, RUBIN], ids=lambda h: h.id)
def test_no_measured_point_of_theirs_went_into_the_constants(hardware: Hardware) -> None:
    seen = hardware.profile.calibrated_on
    assert hardware.id not in (*seen.times.hardware, *seen.throughput.hardware)


def test_owning_a_rubin_gpu_costs_about_half_as_much_again_as_a_gb300() -> None:
    """SemiAnalysis, July 2026, operator ownership: 3.57 against 2.36 USD a GPU and hour, 1.51 times."""
    terms = Finance.from_terms(load_finance_terms())
    ours, before = (float(hourly_usd(h.cost.lines("own", terms, 1.0))) for h in (RUBIN, REGISTRY["nvidia-gb300-nvl72"]))
    assert ours / before == pytest.approx(3.57 / 2.36, rel=0.3)


@pytest.mark.parametrize(
    ("alias", "name"),
    [("l40s", L40S.id), ("rtx-pro-6000", RTX.id), ("vr200", RUBIN.id), ("vr-nvl72", RUBIN.id)],
)
def test_they_answer_to_their_short_names(alias: str, name: str) -> None:
    assert REGISTRY[alias].id == name
