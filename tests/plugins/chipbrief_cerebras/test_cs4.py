"""The CS-4 against Cerebras's slides and against the CS-3, whose wafer it runs at twice the clock."""

import pytest

from chipbrief import Hardware, load_catalogue
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
CS3, CS4 = REGISTRY["cerebras-cs3"], REGISTRY["cs-4"]


def user_speed(hardware: Hardware, model: str, name: str) -> float:
    """Output tokens a second of one user on the smallest deployment."""
    architecture = CATALOGUE[model]
    deployment = hardware.throughput.deployments(architecture, architecture.precision(name), 1000.0)[0]
    return 1.0 / float(hardware.throughput.decode_step_s(architecture, deployment, 1.0, 1000.0))


def test_a_rack_has_what_its_slides_say() -> None:
    """Hot Chips 2026: 132 GB, 129.6 PB/s, 750 PFLOPS with 8:1 sparsity and 7.2 Tb/s off the wafers."""
    profile = CS4.profile
    assert profile.chips == 3
    assert 3 * profile.memory.capacity.value == 132e9
    assert 3 * profile.memory.bandwidth.value == pytest.approx(129.6e15)
    assert 3 * profile.compute.sparse["fp16"].value == 750e15
    assert profile.compute.dense["fp16"].value == pytest.approx(750e15 / 3 / 8)
    assert profile.interconnect.stage is not None
    assert 3 * profile.interconnect.stage.value == 7.2e12 / 8


def test_a_cs4_holds_three_times_a_cs3_because_it_has_three_of_its_wafers() -> None:
    rack, one = CS4.profile, CS3.profile
    assert rack.chips * rack.memory.capacity.value == 3 * one.chips * one.memory.capacity.value
    assert rack.memory.capacity.value == one.memory.capacity.value


def test_llama_3_70b_takes_as_many_wafers_as_on_cs3_and_so_more_than_one_rack() -> None:
    """141.1 GB of weights over 44 GB a wafer is 3.2, so four of them; a rack holds three."""
    model = CATALOGUE["llama-3.1-70b"]
    four = {h.throughput.deployments(model, model.precision("bf16"), 4096)[0].chips for h in (CS3, CS4)}
    assert four == {4}


def test_hops_are_the_published_ones() -> None:
    """3 us through switches, 2 us over direct links; 5 us for a CS-3."""
    hop = CS4.profile.latency.hop
    assert hop is not None
    assert (hop.low, hop.value, hop.high) == pytest.approx((2e-6, 3e-6, 3e-6))


@pytest.mark.parametrize("name", ["layer", "layer_per_hidden", "expert_layer"])
def test_times_on_the_wafer_halve_with_the_clock_and_may_not_halve_at_all(name: str) -> None:
    """The range holds the half of what was fitted to the CS-3, and the whole of it."""
    slow, fast = (getattr(h.profile.latency, name) for h in (CS3, CS4))
    assert fast.value == pytest.approx(slow.value / 2, rel=0.02)
    assert fast.low < slow.value / 2 < slow.value < fast.high


@pytest.mark.parametrize("model", ["llama-3.1-8b", "llama-3.1-70b"])
def test_one_user_sees_about_twice_the_speed_of_a_cs3(model: str) -> None:
    """SemiAnalysis, August 2026: near 4,000 tok/s where a CS-3 has 2,000."""
    assert 1.7 < user_speed(CS4, model, "bf16") / user_speed(CS3, model, "bf16") < 2.1


def test_gpt_oss_comes_near_what_cerebras_claims() -> None:
    """More than 4,400 tok/s for one user on gpt-oss-120b (August 2026), a claim and not fitted."""
    assert user_speed(CS4, "gpt-oss-120b", "mxfp4") == pytest.approx(4400, rel=0.30)


def test_power_is_nearly_twice_a_cs3s_a_wafer() -> None:
    """SemiAnalysis: 125 to 135 kW a rack of three, against 23 kW for a CS-3."""
    rack, one = CS4.profile.power.system, CS3.profile.power.system
    assert 125e3 <= rack.value <= 135e3
    assert 1.7 < rack.value / 3 / one.value < 2.0
