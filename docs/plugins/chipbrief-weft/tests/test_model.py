"""The lockstep model against arithmetic by hand, and against what must hold of a ring."""

from pathlib import Path

import chipbrief_weft
import pytest

from chipbrief import Deployment, Hardware, load_catalogue

MODEL = load_catalogue()["llama-3.1-8b"]
(W1,) = chipbrief_weft.chipbrief_hardware()


def four_chips(hardware: Hardware) -> Deployment:
    """Four stages of eight layers each, in FP8."""
    (pool,) = hardware.throughput.pools(MODEL, MODEL.precision("fp8"), 4)
    return Deployment.aggregated(pool)


def test_a_step_is_what_arithmetic_by_hand_gives() -> None:
    """32 layers of 6.98 billion parameters in FP8, with 32 heads of 128, and an LM head of 0.525 at sixteen bits."""
    linear = 2 * 6.98e9 / (4 * 800e12 * 0.25) + 2 * 0.525e9 / (4 * 400e12 * 0.25)  # 17.5 and 2.6 us
    attention = 4 * 32 * 128 * 1000 * 32 / (4 * 400e12 * 0.25)  # 1.3 us, at sixteen bits
    reading = (6.98e9 + 2 * 0.525e9) / 0.5 / (4 * 200e12)  # 20.1 us of weights, beside which the cache is nothing
    beat = max(linear + attention, reading) + 8 * 8e-6 + 1e-6
    assert W1.throughput.decode_step_s(MODEL, four_chips(W1), 1.0, 1000.0) == pytest.approx(4 * beat, rel=0.01)


def test_a_ring_carries_as_many_as_it_has_stages_for_nothing() -> None:
    """Then each further one costs a beat."""
    one, four, eight = W1.throughput.decode_step_s(MODEL, four_chips(W1), [1.0, 4.0, 8.0], 1000.0)
    assert one == four
    assert eight == pytest.approx(2 * four)


@pytest.mark.parametrize("method", ["decode_step_s", "prefill_s", "prefill_blocking_s"])
def test_what_a_method_does_not_name_does_not_move_it(method: str) -> None:
    """And all that it names is there: a footnote lists these Figures."""
    named = W1.trail("throughput", method).figures
    others = {name: figure.value * 0.9 for name, (_, figure) in W1.profile.figures.items() if name not in named}
    asked = (MODEL, four_chips(W1), 300.0, 5000.0)
    assert len(named) >= 5
    assert getattr(W1.at(others).throughput, method)(*asked) == getattr(W1.throughput, method)(*asked)


def test_in_lockstep_latency_costs_throughput_too() -> None:
    """A machine that overlaps has the throughput of its slowest stage, whatever its latency (E6)."""
    slower = W1.at({"weft-w1:latency.layer": 16e-6})
    shared = Hardware.from_yaml(Path(chipbrief_weft.__file__).parent / "w1.yaml")
    steps = [h.throughput.decode_step_s(MODEL, four_chips(h), 1000.0, 1000.0) for h in (W1, slower, shared)]
    assert steps[1] > 1.5 * steps[0]
    assert steps[2] < 0.5 * steps[0]
