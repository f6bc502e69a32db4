"""The SambaRack SN50 against its slides, its predecessor and what fits on it."""

import pytest

from chipbrief import load_catalogue
from chipbrief.errors import Refusal
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
SN40L, SN50 = REGISTRY["sambanova-sn40l"], REGISTRY["sn50"]


def test_a_rack_has_what_its_slides_say() -> None:
    """Hot Chips 2026: sixteen sockets, 51.2 PFLOPS of FP8, 64 GB at 1.84 TB/s each, 34 kW at most, 15 to 20 typical."""
    profile = SN50.profile
    assert profile.chips == 16
    assert 16 * profile.compute.dense["fp8"].value == pytest.approx(51.2e15)
    assert 16 * profile.memory.capacity.value == pytest.approx(1.024e12)
    assert 16 * profile.memory.bandwidth.value == pytest.approx(29.44e12)
    assert (profile.power.system.value, profile.reference.power["rack_typical"].low) == (34e3, 15e3)


def test_it_has_five_times_the_arithmetic_and_little_more_bandwidth_than_the_sn40l() -> None:
    """SambaNova: five times the SN40L's FLOPS, 3,200 in FP8 over 638 in BF16; 1.84 over 1.6 TB/s."""
    old, new = SN40L.profile, SN50.profile
    assert new.compute.dense["fp8"].value / old.compute.dense["bf16"].value == pytest.approx(5, rel=0.01)
    assert new.memory.bandwidth.value / old.memory.bandwidth.value == pytest.approx(1.15)
    assert new.memory.capacity.value == old.memory.capacity.value


def test_links_count_one_direction_of_two_terabytes_a_second() -> None:
    link = SN50.profile.interconnect.chip
    assert link is not None
    assert link.value == 2e12 / 2


@pytest.mark.parametrize(
    ("model", "name", "chips"),
    [
        ("llama-3.1-70b", "bf16", 4),  # 141 GB; 90 % of 4 x 64 GB are 230
        ("llama-3.1-70b", "fp8", 2),  # 70.6 GB in 115
        ("deepseek-r1", "fp8", 16),  # 671 GB in 922
    ],
)
def test_what_fits_where(model: str, name: str, chips: int) -> None:
    architecture = CATALOGUE[model]
    assert SN50.throughput.deployments(architecture, architecture.precision(name), 4096)[0].chips == chips


def test_long_prompts_in_eight_bits_pass_faster_than_on_the_sn40l() -> None:
    """Arithmetic limits them: 3,200 against 638 TFLOPS; latencies a pass are as before, so less than five times."""
    model = CATALOGUE["llama-3.1-70b"]
    old, new = (
        float(h.throughput.prefill_s(model, h.throughput.deployments(model, model.precision("fp8"), 4096)[0], 30e3, 0))
        for h in (SN40L, SN50)
    )
    assert 2 < old / new < 5.1


def test_four_bit_weights_are_refused_by_name() -> None:
    model = CATALOGUE["gpt-oss-120b"]
    with pytest.raises(Refusal, match="SN50 does not store mxfp4: it stores bf16, fp16, fp8"):
        SN50.throughput.deployments(model, model.native_precision(), 1000)
