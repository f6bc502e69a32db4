"""How far off the model is: no machine is better known than one that was measured."""

import pytest

from chipbrief.catalogue import load_catalogue
from chipbrief.hardware.bands import band, nearness
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
FAMILIES = ("tpot", "ttft_light", "ttft_load", "throughput_offline", "throughput_slo", "tpot_slo", "ttft_slo")
PAIRS = [
    ("h100", "l40s"),
    ("b200", "vr200"),
    ("b200", "rtx-pro-6000"),
    ("tpu-v7", "tpu-8i"),
    ("trainium2", "trainium3"),
]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("model", ["llama-3.3-70b", "gpt-oss-120b", "kimi-k2", "qwen3.5-397b-a17b"])
@pytest.mark.parametrize(("measured", "new"), PAIRS)
def test_a_new_machine_of_a_family_is_never_better_known(measured: str, new: str, model: str, family: str) -> None:
    known, unknown = (band(REGISTRY[name].profile, CATALOGUE[model], family) for name in (measured, new))
    assert unknown[0] <= known[0]
    assert unknown[1] >= known[1]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("model", ["llama-3.3-70b", "gpt-oss-120b"])
@pytest.mark.parametrize("name", ["gaudi3", "mtia-400", "maia-200"])
def test_a_new_family_is_no_better_known_than_a_new_machine(name: str, model: str, family: str) -> None:
    bands = REGISTRY[name].profile.errors[family]
    low, high = band(REGISTRY[name].profile, CATALOGUE[model], family)
    assert nearness(REGISTRY[name].profile, CATALOGUE[model], family) == "new_family"
    for level in ("seen", "new_hardware", "new_family"):
        assert low <= bands[level].lowest <= bands[level].highest <= high


def test_prompts_of_a_system_with_a_partner_are_the_partners() -> None:
    lpx, rubin = REGISTRY["lpx"].profile, REGISTRY["vr200"].profile
    model = CATALOGUE["gpt-oss-120b"]
    assert band(lpx, model, "ttft_load") == band(rubin, model, "ttft_load")
