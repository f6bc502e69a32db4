"""The CS-3 against its published placements, speeds and arithmetic."""

import pytest

from chipbrief import load_catalogue
from chipbrief.errors import Refusal
from chipbrief.finance import Finance, hourly_usd, load_finance_terms
from chipbrief.registry import load_registry

CS3, CATALOGUE = load_registry(strict=True)["cerebras-cs3"], load_catalogue()


def user_speed(model: str, name: str, context: float = 1000.0) -> float:
    """Output tokens a second of one user on the smallest deployment."""
    architecture = CATALOGUE[model]
    deployment = CS3.throughput.deployments(architecture, architecture.precision(name), context)[0]
    return 1.0 / float(CS3.throughput.decode_step_s(architecture, deployment, 1.0, context))


def test_llama_3_70b_takes_four_wafers() -> None:
    """SemiAnalysis, Cerebras - Faster Tokens Please (2026-05-13); 141.1 GB of weights over 44 GB a wafer is 3.2."""
    model = CATALOGUE["llama-3.1-70b"]
    smallest = CS3.throughput.deployments(model, model.precision("bf16"), 4096)[0]
    assert smallest.chips == smallest.decode.pipeline == 4


def test_llama_8b_fits_on_one_wafer_and_405b_needs_at_least_nineteen() -> None:
    small, large = CATALOGUE["llama-3.1-8b"], CATALOGUE["llama-3.1-405b"]
    assert CS3.throughput.deployments(small, small.precision("bf16"), 4096)[0].chips == 1
    assert CS3.throughput.deployments(large, large.precision("bf16"), 4096)[0].chips >= 811.7 / 44


@pytest.mark.parametrize(("model", "measured"), [("llama-3.1-8b", 1837), ("llama-3.1-70b", 445)])
def test_speeds_of_one_user_match_what_was_measured(model: str, measured: float) -> None:
    """Artificial Analysis, September 2024, tabulated by SambaNova; 16-bit weights."""
    assert user_speed(model, "bf16") == pytest.approx(measured, rel=0.15)


def test_bandwidth_is_not_what_limits_a_wafer() -> None:
    """21 PB/s over 16 GB would be 1,300,000 tok/s; the machine runs at 1,800 (facts/traps.md)."""
    assert 500 * user_speed("llama-3.1-8b", "bf16") < 21e15 / 16.06e9


def test_peaks_are_dense_sixteen_bit_and_there_is_no_eight_or_four_bit_unit() -> None:
    dense = CS3.profile.compute.dense
    assert set(dense) <= {"fp16", "bf16"}
    assert dense["fp16"].value == pytest.approx(125e15 / 8)  # the 125 PFLOPS of the data sheet are 8:1 sparse


def test_an_eight_bit_float_is_refused_by_name() -> None:
    model = CATALOGUE["deepseek-r1"]
    with pytest.raises(Refusal, match="WSE-3 does not store fp8: it stores bf16, fp16, int8, mxfp4"):
        CS3.throughput.deployments(model, model.native_precision(), 1000)


def test_a_wafer_too_small_is_refused_with_the_arithmetic() -> None:
    model = CATALOGUE["llama-3.1-405b"]
    shrunk = CS3.at({"cerebras-cs3:memory.capacity": 100e6})  # 126 layers x 64 wafers x 0.1 GB x 0.9 = 725.8 GB
    with pytest.raises(Refusal) as refused:
        shrunk.throughput.deployments(model, model.precision("bf16"), 10_000)
    assert str(refused.value) == (
        "llama-3.1-405b bf16 needs 817 GB (812 GB of weights and 5.16 GB of KV cache at 10,000 tokens), "
        "8,064 x WSE-3 have 806 GB, 726 GB of it to fill"
    )


def test_the_owned_hour_is_near_the_analysts_one() -> None:
    """SemiAnalysis: 41.96 USD a system and hour; ours carries colocation, network and support at list price."""
    usd = float(hourly_usd(CS3.cost.lines("own", Finance.from_terms(load_finance_terms()), 1.0)))
    assert 41.96 / 1.5 < usd < 41.96 * 1.5
