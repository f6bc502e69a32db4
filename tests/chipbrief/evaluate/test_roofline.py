"""Where a system works below its roof, by hand: llama-3.1-8b in bf16 on machines of round numbers.

A token multiplies with 32 x (2 x 4096^2 + 2 x 4096 x 1024 + 3 x 4096 x 14336) + 4096 x 128256 = 7,504,658,432 weights,
and reads them with 65 x 4096 norms: 15,009,849,344 bytes. Attention takes 4 x 32 x 128 x 32 = 524,288 FLOP and
2 x 8 x 128 x 2 x 32 = 131,072 bytes a token of context; at 1,000 tokens of it 15,533,604,864 FLOP in all.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.evaluate import Roof, roofline
from chipbrief.evaluate.outcome import Interval, Outcome
from chipbrief.evaluate.roofline import roof_of
from chipbrief.hardware import Deployment, Hardware, Pool
from chipbrief.registry import Registry
from chipbrief.workload import Shape

SHAPE = Shape(900.0, 900.0, 900.0, 200.0, 200.0, 200.0, 0.0)  # a context of 1,000 tokens on average
FLOP, WEIGHTS, CACHE = 15_533_604_864, 15_009_849_344, 131_072_000


def worked(deployment: Deployment, batch: float) -> Outcome:
    """An outcome with the most load that its levels allow, all that a roofline reads of it."""
    most = {"batch_at_capacity": Interval(batch, batch, batch)}
    return Outcome("chat", deployment.decode.hardware, "llama-3.1-8b", "meets", deployment=deployment, metrics=most)


@pytest.fixture(scope="module")
def llama(catalogue: Catalogue):
    return catalogue["llama-3.1-8b"]


@pytest.fixture(scope="module")
def hbm(data: Path) -> Hardware:
    """4 chips of 2 TB/s and 1,000 TFLOPS: 8 TB/s, 4 PFLOP/s, a ridge at 500 FLOP a byte."""
    return Hardware.from_yaml(data / "acme-x1.yaml")


@pytest.fixture(scope="module")
def sram(data: Path) -> Hardware:
    """8 chips of 100 TB/s and 100 TFLOPS: a ridge at 1 FLOP a byte."""
    return Hardware.from_yaml(data / "acme-w1.yaml")


@pytest.fixture(scope="module")
def one_chip(llama) -> Deployment:
    return Deployment.aggregated(Pool(hardware="acme-x1", chips=1, precision=llama.precision("bf16")))


@pytest.fixture(scope="module")
def eight_stages(llama, sram: Hardware) -> Deployment:
    return Deployment.aggregated(sram.throughput.pools(llama, llama.precision("bf16"), 8)[0])


def test_a_roof_is_the_lower_of_slope_and_peak() -> None:
    roof = Roof(bandwidth_bytes_s=8e12, peak_flop_s=4e15)
    assert roof.ridge == 500.0
    assert [roof.at(intensity) for intensity in (1.0, 500.0, 900.0)] == [8e12, 4e15, 4e15]


def test_decode_from_hbm_by_hand(hbm: Hardware, llama, one_chip: Deployment) -> None:
    """8 sequences share one reading: I = FLOP/(W/8 + K). A step is (W + 8 K)/(0.5 x 2 TB/s) + 0.32 ms + 8 us."""
    line = roofline(hbm, llama, worked(one_chip, 8.0), SHAPE)
    assert line
    assert (line.roof.bandwidth_bytes_s, line.roof.peak_flop_s) == (8e12, pytest.approx(4e15))
    assert line.roof.figures == ("memory.bandwidth", "compute.dense.bf16")
    assert line.decode.intensity == pytest.approx(FLOP / (WEIGHTS / 8 + CACHE))
    assert line.decode.intensity == pytest.approx(7.7385, rel=1e-4)
    step_s = (WEIGHTS + 8 * CACHE) / 1e12 + 320e-6 + 8e-6
    assert line.decode.flop_s == pytest.approx(4 * 8 * FLOP / step_s)  # of a system of four such chips
    assert line.limit == "memory"
    assert line.reached(line.decode) == pytest.approx((WEIGHTS + 8 * CACHE) / 2e12 / step_s)


def test_prefill_from_hbm_by_hand(hbm: Hardware, llama, one_chip: Deployment) -> None:
    """900 new tokens without the head: 12.563 TFLOP at half the peak, 0.212 of attention at a quarter, one pass."""
    line = roofline(hbm, llama, worked(one_chip, 8.0), SHAPE)
    assert line
    assert line.prefill
    linear, attention = 2 * (7_504_658_432 - 525_336_576) * 900, 524_288 * 900 * 450
    taken_s = linear / 0.5e15 + attention / 0.25e15 + 32 * 100e-6
    assert line.prefill.flop_s == pytest.approx(4 * (linear + attention) / taken_s)
    assert line.prefill.intensity == pytest.approx((linear + attention) / WEIGHTS)
    assert line.prefill.intensity > line.roof.ridge


def test_beside_sram_every_token_reads_and_a_short_step_is_latency(
    sram: Hardware, llama, eight_stages: Deployment
) -> None:
    """32 layers of 10 us and 7 hops of 2 us + 8,192 bytes at 10 GB/s: 339.7 us, for one sequence and for four."""
    line = roofline(sram, llama, worked(eight_stages, 4.0), SHAPE)
    assert line
    assert line.roof.ridge == pytest.approx(1.0)
    assert line.decode.intensity == pytest.approx(FLOP / (WEIGHTS + CACHE))
    assert line.decode.flop_s == pytest.approx(4 * FLOP / 339.7344e-6)
    assert line.limit == "latency"
    assert line.prefill is None  # its model reads no weights, so there is no intensity


def test_beside_sram_many_sequences_keep_the_stages_busy(sram: Hardware, llama, eight_stages: Deployment) -> None:
    """16 tokens of 38.8 us at half of 800 TFLOPS are more than 339.7 us: half the peak, above the ridge."""
    line = roofline(sram, llama, worked(eight_stages, 16.0), SHAPE)
    assert line
    assert line.limit == "compute"
    assert line.decode.flop_s == pytest.approx(0.5 * 800e12)
    assert line.reached(line.decode) == pytest.approx(0.5)


def test_no_point_without_metrics_or_with_split_layers(hbm: Hardware, llama, one_chip: Deployment) -> None:
    refused = Outcome("chat", "acme-x1", "llama-3.1-8b", "refused", "does not fit")
    assert roofline(hbm, llama, refused, SHAPE) is None
    split = replace(one_chip, split_layers=True)
    assert roofline(hbm, llama, worked(split, 8.0), SHAPE) is None


def test_a_prompt_that_is_all_cached_has_no_point(hbm: Hardware, llama, one_chip: Deployment) -> None:
    line = roofline(hbm, llama, worked(one_chip, 8.0), replace(SHAPE, cached_fraction=1.0))
    assert line
    assert line.prefill is None


def test_a_peak_of_several_formats_lies_between_theirs(registry: Registry, catalogue: Catalogue) -> None:
    """gpt-oss-120b has experts in FP4 (9,000 TFLOPS on a B200) and the rest in 16 bits (2,250)."""
    hardware, model = registry["nvidia-b200"], catalogue["gpt-oss-120b"]
    pool = hardware.throughput.pools(model, model.native_precision(), 1)[0]
    short, long = (roof_of(hardware.profile, model, pool, context) for context in (1e3, 1e5))
    assert 8 * 2250e12 < long.peak_flop_s < short.peak_flop_s < 8 * 9000e12  # more context, more 16-bit attention
    assert set(short.figures) == {"memory.bandwidth", "compute.dense.fp4", "compute.dense.bf16"}


@pytest.mark.parametrize("shape", [{"tensor": 1}, {"tensor": 4}, {"tensor": 8, "groups": 8}, {"tensor": 8}])
@pytest.mark.parametrize("batch", [1.0, 64.0])
def test_the_bytes_are_those_that_the_bandwidth_model_reads(
    registry: Registry, catalogue: Catalogue, shape: dict[str, int], batch: float
) -> None:
    """At full efficiency and even experts, n chips of 8 TB/s read in `read_s` what the intensity counts (E1, E2)."""
    hardware, model = registry["nvidia-b200"], catalogue["gpt-oss-120b"]
    pool = hardware.throughput.pool(model, model.native_precision(), **shape)  # type: ignore[attr-defined]
    exact = ("efficiency.weights", "efficiency.kv", "scheduling.imbalance")
    even = hardware.at({f"nvidia-b200:{path}": 1.0 for path in exact})
    line = roofline(hardware, model, worked(Deployment.aggregated(pool), batch), SHAPE)
    assert line
    read = float(even.bandwidth.read_s(model, pool, batch, SHAPE.context_mean)) * 8e12 * pool.tensor
    flop = batch * (model.linear_flop + float(model.decode_attention_flop(SHAPE.context_mean)))
    assert line.decode.intensity == pytest.approx(flop / read)
