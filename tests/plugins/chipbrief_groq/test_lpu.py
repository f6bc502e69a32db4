"""The GroqRack against its published placements and speeds."""

import pytest

from chipbrief import Architecture, Pool, load_catalogue
from chipbrief.errors import Refusal
from chipbrief.registry import load_registry

LPU, CATALOGUE = load_registry(strict=True)["groq-lpu"], load_catalogue()


def llama_2_70b() -> Architecture:
    """Llama-3.1-70B's dimensions with the vocabulary and context of Llama 2: 68.98e9 parameters."""
    three = CATALOGUE["llama-3.1-70b"]
    return three.model_copy(update={"id": "llama-2-70b", "vocab": 32_000})


def test_the_dimensions_of_llama_2_70b_give_its_published_parameters() -> None:
    assert llama_2_70b().parameters == 68_976_648_192


def test_a_rack_of_64_chips_holds_14_72_gigabytes() -> None:
    profile = LPU.profile
    assert profile.chips == 64
    assert profile.chips * profile.memory.capacity.value == pytest.approx(14.72e9)
    pool = Pool(hardware="groq-lpu", chips=64, precision=llama_2_70b().precision("int8"))
    assert LPU.bandwidth.memory_bytes(pool) < 14.72e9


def test_llama_2_70b_needs_hundreds_of_chips_and_no_more_than_were_published() -> None:
    """576 chips (SemiWiki, June 2024); 69 GB in eight bits over 0.23 GB is 300 chips at the very least."""
    model = llama_2_70b()
    smallest = LPU.throughput.deployments(model, model.precision("int8"), 4096)[0]
    assert 300 <= smallest.chips <= 576
    assert smallest.chips % 8 == 0  # whole nodes


def test_the_speed_of_one_user_matches_what_was_measured() -> None:
    """Artificial Analysis, September 2024: 751 tok/s for Llama-3.1-8B."""
    model = CATALOGUE["llama-3.1-8b"]
    deployment = LPU.throughput.deployments(model, model.precision("int8"), 1000.0)[0]
    speed = 1.0 / float(LPU.throughput.decode_step_s(model, deployment, 1.0, 1000.0))
    assert speed == pytest.approx(751, rel=0.30)


def test_four_bit_weights_are_refused_by_name() -> None:
    model = CATALOGUE["gpt-oss-120b"]
    with pytest.raises(Refusal, match="LPU v1 does not store mxfp4"):
        LPU.throughput.deployments(model, model.native_precision(), 1000)
