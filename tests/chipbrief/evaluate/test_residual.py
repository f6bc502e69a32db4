"""What the model may be off by: the bands of cross-validation in the intervals of plans."""

from pathlib import Path

import numpy as np
import pytest

from chipbrief.catalogue import load_catalogue
from chipbrief.evaluate import Residual, evaluate
from chipbrief.evaluate.case import Setting
from chipbrief.finance import load_finance_terms
from chipbrief.hardware.bands import band, nearness
from chipbrief.hardware.calibration import CALIBRATION_SOURCE
from chipbrief.registry import load_registry
from chipbrief.workload import load_mix

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
LLAMA = CATALOGUE["llama-3.3-70b"]
MIX = """
schema: workload-mix/1
name: chat
classes:
  - id: chat
    kind: chat
    model: llama-3.3-70b
    precision: fp8
    tokens: {input: 1000, output: 300}
    arrival: {requests_per_day: 1M}
    slo: {tpot_p95: 80 ms}
hardware: [HARDWARE]
"""


def quantiles(values: object) -> tuple[float, float, float]:
    low, middle, high = np.quantile(np.asarray(values), [0.1, 0.5, 0.9])
    return float(low), float(middle), float(high)


@pytest.mark.parametrize("name", ["h100", "l40s", "gaudi3"])
def test_the_draws_have_the_ends_of_the_band(name: str) -> None:
    hardware = REGISTRY[name]
    drawn = Residual.drawn(hardware, LLAMA, 20_000, seed=3)
    for factors, family in ((drawn.tpot, "tpot"), (drawn.ttft, "ttft_load"), (drawn.rate, "throughput_slo")):
        low, high = band(hardware.profile, LLAMA, family)
        assert quantiles(factors) == pytest.approx((low, 1.0, high), rel=0.04)


def test_speeds_of_sram_machines_are_turned_into_times() -> None:
    hardware = REGISTRY["cs3"]
    low, high = band(hardware.profile, LLAMA, "speed")
    drawn = Residual.drawn(hardware, LLAMA, 20_000, seed=3)
    assert quantiles(drawn.tpot) == pytest.approx((1 / high, 1.0, 1 / low), rel=0.04)


def test_what_is_slow_by_the_token_has_a_low_rate() -> None:
    drawn = Residual.drawn(REGISTRY["b200"], LLAMA, 500, seed=1)
    assert np.corrcoef(np.ravel(np.log(drawn.tpot)), np.ravel(np.log(drawn.rate)))[0, 1] < -0.9


def test_a_draw_does_not_depend_on_what_else_is_drawn() -> None:
    one, other = (Residual.drawn(REGISTRY["b200"], LLAMA, 50, seed=1) for _ in range(2))
    assert np.array_equal(one.tpot, other.tpot)
    assert not np.array_equal(one.tpot, Residual.drawn(REGISTRY["b300"], LLAMA, 50, seed=1).tpot)


def test_constants_that_were_fitted_are_not_drawn_a_second_time() -> None:
    hardware = REGISTRY["b200"]
    sampled = Setting.sampled(hardware, load_finance_terms(), 10, 1).hardware.profile
    assert np.shape(sampled.memory.bandwidth.value) == (10, 1)
    assert sampled.latency.layer.source == CALIBRATION_SOURCE
    assert np.shape(sampled.latency.layer.value) == ()


@pytest.mark.parametrize(
    ("measured", "unmeasured"),
    [("h100", "l40s"), ("b200", "rtx-pro-6000"), ("h100", "gaudi3"), ("tpu-v7", "tpu-8i"), ("mi355x", "maia-200")],
)
def test_a_machine_without_points_has_the_wider_range(measured: str, unmeasured: str, tmp_path: Path) -> None:
    def spread(name: str) -> float:
        path = tmp_path / f"{name}.yaml"
        path.write_text(MIX.replace("HARDWARE", name))
        mix = load_mix(path, models=CATALOGUE.names, hardware=REGISTRY.names)
        results = evaluate(mix, REGISTRY, CATALOGUE, as_of="2026-11-24")
        found = results.outcome("chat", REGISTRY[name].id)["tpot_s"]
        assert found.low <= found.value <= found.high
        return found.high / found.low

    assert spread(unmeasured) > spread(measured)


def test_nearness_tells_machine_model_and_family_apart() -> None:
    wanted = {
        ("h100", "llama-3.3-70b"): "seen",
        ("h100", "kimi-k2"): "new_expert_model",
        ("l40s", "llama-3.3-70b"): "new_hardware",
        ("gaudi3", "llama-3.3-70b"): "new_family",
        ("mtia-300", "gpt-oss-120b"): "new_family",
    }
    for (hardware, model), near in wanted.items():
        assert nearness(REGISTRY[hardware].profile, CATALOGUE[model], "tpot") == near
