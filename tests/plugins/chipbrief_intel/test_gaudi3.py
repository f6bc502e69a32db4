"""Gaudi 3 against Intel's documentation and Intel's own table of speeds."""

import pytest

from chipbrief import Deployment, load_catalogue
from chipbrief.errors import Refusal
from chipbrief.registry import load_registry

GAUDI3, CATALOGUE = load_registry(strict=True)["gaudi3"], load_catalogue()


def placed(name: str, precision: str, chips: int) -> Deployment:
    model = CATALOGUE[name]
    return next(d for d in GAUDI3.throughput.deployments(model, model.precision(precision), 4096.0) if d.chips == chips)


def test_figures_are_those_of_the_slides() -> None:
    """Hot Chips 2024: 128 GB of HBM2e at 3.67 TB/s, 900 W air-cooled; a server has eight."""
    profile = GAUDI3.profile
    assert profile.chips == 8
    assert profile.memory.capacity.value == 128e9
    assert profile.memory.bandwidth.value == pytest.approx(3.67e12)
    assert profile.power.chip.value == 900


def test_peaks_are_those_of_the_clock_that_shipped() -> None:
    """1,835 TFLOPS at 1.75 GHz in the white paper; at 1.6 GHz 1,677, FP8 and BF16 alike (facts/traps.md)."""
    dense = GAUDI3.profile.compute.dense
    assert dense["bf16"].value == dense["fp8"].value == 1677e12
    assert dense["bf16"].value == pytest.approx(1835e12 * 1.6 / 1.75, rel=1e-3)
    assert set(dense) == {"fp8", "bf16"}


def test_21_of_24_ports_stay_in_the_server() -> None:
    """docs.habana.ai, network configuration: 21 x 200 Gb/s = 525 GB/s up, 3 x 200 Gb/s = 75 GB/s out, one direction."""
    links = GAUDI3.profile.interconnect
    assert links.chip.value == 21 * 25e9
    assert links.scale_out.value == 3 * 25e9
    assert links.chip.value + links.scale_out.value == 600e9
    assert links.domain.value == 8


def test_the_board_lists_at_125000_dollars() -> None:
    profile = GAUDI3.profile
    assert profile.reference.money["board_of_eight"].value == 125_000
    assert profile.price.system.lowest > 125_000  # a server costs more than its board
    assert profile.price.sold


def test_llama_3_405b_in_sixteen_bits_takes_the_whole_server() -> None:
    """811.7 GB against 4 x 128 = 512 GB and 8 x 128 = 1,024."""
    model = CATALOGUE["llama-3.1-405b"]
    assert [d.chips for d in GAUDI3.throughput.deployments(model, model.precision("bf16"), 4096.0)] == [8]


@pytest.mark.parametrize(("name", "precision"), [("llama-3-8b", "int8"), ("gpt-oss-120b", "mxfp4")])
def test_what_has_no_unit_is_refused(name: str, precision: str) -> None:
    model = CATALOGUE[name]
    with pytest.raises(Refusal, match=f"does not store .*{precision}"):
        GAUDI3.throughput.deployments(model, model.precision(precision), 2048.0)


# Intel, model performance data for Gaudi 3, software 1.18.0: FP8, static batches, prefill in the time
INTEL = [
    ("llama-3.1-8b", 1, 768, 128, 2048, 18_830),
    ("llama-3.1-70b", 2, 175, 2048, 2048, 2_588),
    ("llama-3.1-70b", 8, 600, 2048, 2048, 8_946),
]
runs = pytest.mark.parametrize(("name", "chips", "batch", "prompt", "output", "tokens_s"), INTEL)


@runs
def test_the_batches_that_intel_ran_fit(
    name: str, chips: int, batch: int, prompt: int, output: int, tokens_s: float
) -> None:
    deployment = placed(name, "fp8", chips)
    assert GAUDI3.throughput.running_batch_limit(CATALOGUE[name], deployment, float(prompt + output)) >= batch


@runs
def test_speeds_are_within_twice_intels_own(
    name: str, chips: int, batch: int, prompt: int, output: int, tokens_s: float
) -> None:
    """A batch reads its prompts, then makes all its tokens; no speed of this machine went into the constants."""
    model, deployment = CATALOGUE[name], placed(name, "fp8", chips)
    step = float(GAUDI3.throughput.decode_step_s(model, deployment, float(batch), prompt + output / 2))
    prefill = batch * float(GAUDI3.throughput.prefill_s(model, deployment, float(prompt), 0.0))
    assert tokens_s / 2 < batch * output / (prefill + output * step) < tokens_s * 2
