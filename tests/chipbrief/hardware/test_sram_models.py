"""The shared models of SRAM pipelines on a machine of round numbers: E6 with the arithmetic written out."""

from pathlib import Path

import numpy as np
import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.errors import Refusal
from chipbrief.hardware import Deployment, Hardware

# Llama-3.1-8B by hand: 32 layers, hidden 4096, 8 KV heads of 128, 14,336 wide, 128,256 tokens in the vocabulary
ATTENTION = 32 * 4096 * 128 * 80
DENSE = 32 * 3 * 4096 * 14_336
HEAD = 4096 * 128_256
NORMS = 65 * 4096
ACTIVE = ATTENTION + DENSE + HEAD
WEIGHT_BYTES = 2 * (ATTENTION + DENSE + 2 * HEAD + NORMS)  # 16.06 GB
KV_TOKEN = 131_072  # bytes


@pytest.fixture(scope="module")
def acme(data: Path) -> Hardware:
    return Hardware.from_yaml(data / "acme-w1.yaml")


@pytest.fixture
def llama(catalogue: Catalogue):
    return catalogue["llama-3.1-8b"]


def placed(acme: Hardware, model, name: str, chips: int) -> Deployment:
    [pool] = acme.throughput.pools(model, model.precision(name), chips)
    return Deployment.aggregated(pool)


def token_s(stages: int) -> float:
    """32 layers x 10 us, and between the stages 2 us and 4,096 values of 2 bytes over 10 GB/s."""
    return 32 * 10e-6 + (stages - 1) * (2e-6 + 4096 * 2 / 10e9)


# -- shapes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chips", "stages", "tensor"),
    [(4, 4, 1), (32, 32, 1), (40, 32, 1), (64, 32, 2), (2048, 32, 64)],  # never more stages than the 32 layers
)
def test_e6_stages_are_whole_layers_until_there_is_a_chip_for_each(
    acme: Hardware, llama, chips: int, stages: int, tensor: int
) -> None:
    pool = placed(acme, llama, "bf16", chips).decode
    assert (pool.chips, pool.pipeline, pool.tensor) == (chips, stages, tensor)


def test_e6_a_layer_over_more_chips_than_anybody_has_spread_one_is_refused(acme: Hardware, llama) -> None:
    with pytest.raises(Refusal) as refused:
        acme.throughput.pools(llama, llama.precision("bf16"), 2049)
    assert str(refused.value) == "2,049 x W1 are more than 64 for each of the 32 layers of llama-3.1-8b"


def test_e6_a_pool_of_a_format_that_is_not_stored_is_refused(acme: Hardware, llama) -> None:
    with pytest.raises(Refusal, match="W1 does not store fp8: it stores bf16, mxfp4"):
        acme.throughput.pools(llama, llama.precision("fp8"), 4)


def test_e6_the_smallest_deployment_is_whole_boards_that_hold_weights_and_one_sequence(acme: Hardware, llama) -> None:
    # 16.06 GB and 0.52 GB of KV over 9 GB a chip: two, of which a board has four
    sizes = [d.chips for d in acme.throughput.deployments(llama, llama.precision("bf16"), 4000)]
    assert sizes[0] == 4
    assert sizes == sorted(set(sizes))
    assert all(size % 4 == 0 for size in sizes)


def test_e6_what_may_be_in_flight_is_what_the_cache_has_room_for(acme: Hardware, llama) -> None:
    room = (4 * 9e9 - WEIGHT_BYTES) // (8000 * KV_TOKEN)
    deployment = placed(acme, llama, "bf16", 4)
    assert acme.throughput.running_batch_limit(llama, deployment, 8000.0) == room == 19  # 19.94 GB over 1.0486 GB


# -- decode ---------------------------------------------------------------------------------------------------


def test_e6_a_token_alone_pays_layers_and_hops(acme: Hardware, llama) -> None:
    step = acme.throughput.decode_step_s(llama, placed(acme, llama, "bf16", 4), 1.0, 4000.0)
    assert step == pytest.approx(token_s(4), rel=1e-12)  # 328.5 us


def test_e6_many_in_flight_are_paced_by_the_slowest_stage(acme: Hardware, llama) -> None:
    compute = (2 * ACTIVE + 4000 * 32 * 4 * 32 * 128) / (4 * 0.5 * 100e12)  # 85.5 us
    read = (2 * (ATTENTION + DENSE + HEAD + NORMS) / 0.5 + 4000 * KV_TOKEN / 0.5) / (4 * 100e12)  # 77.7 us
    assert compute > read
    batch = np.array([1.0, 3.0, 10.0])
    steps = acme.throughput.decode_step_s(llama, placed(acme, llama, "bf16", 4), batch, 4000.0)
    assert steps == pytest.approx([token_s(4), token_s(4), 10 * compute], rel=1e-9)


def test_e6_stages_of_unequal_size_are_as_slow_as_the_largest(acme: Hardware, llama) -> None:
    # 32 layers in twelve stages: three in most, so that a stage takes 3 x 12/32 of the mean
    compute = (2 * ACTIVE + 4000 * 32 * 4 * 32 * 128) / (12 * 0.5 * 100e12)
    step = acme.throughput.decode_step_s(llama, placed(acme, llama, "bf16", 12), 100.0, 4000.0)
    assert step == pytest.approx(100 * compute * 1.125, rel=1e-9)


def test_e6_a_slow_link_between_stages_is_the_slowest_stage(acme: Hardware, llama) -> None:
    slow = acme.at({"acme-w1:interconnect.stage": 50e6})  # 8,192 bytes a token: 163.84 us
    step = slow.throughput.decode_step_s(llama, placed(acme, llama, "bf16", 4), 100.0, 4000.0)
    assert step == pytest.approx(100 * 163.84e-6, rel=1e-9)


def test_e7_the_tokens_of_a_draft_share_the_latency_and_not_the_arithmetic(acme: Hardware, llama) -> None:
    compute = (2 * ACTIVE + 4000 * 32 * 4 * 32 * 128) / (4 * 0.5 * 100e12)
    verify = acme.throughput.decode_step_s(llama, placed(acme, llama, "bf16", 4), np.array([1.0, 10.0]), 4000.0, 3.0)
    # three tokens of one sequence keep a stage busy for 256 us, which the 328 us of the layers cover
    assert verify == pytest.approx([token_s(4), 10 * 3 * compute], rel=1e-9)


def test_e6_layers_with_experts_are_slower(acme: Hardware, catalogue: Catalogue) -> None:
    # gpt-oss-120b, 36 layers of 10 + 5 us on eight stages, 2,880 values of 2 bytes between them
    model = catalogue["gpt-oss-120b"]
    deployment = placed(acme, model, "mxfp4", 8)
    expected = 36 * 15e-6 + 7 * (2e-6 + 2880 * 2 / 10e9)
    assert acme.throughput.decode_step_s(model, deployment, 1.0, 1000.0) == pytest.approx(expected, rel=1e-12)


# -- prefill --------------------------------------------------------------------------------------------------


def test_e4_e6_a_prompt_fills_the_pipeline_and_then_flows_through_all_stages_at_once(acme: Hardware, llama) -> None:
    new, cached = 2500.0, 1000.0
    deployment = placed(acme, llama, "bf16", 4)
    linear = 2 * (ATTENTION + DENSE) * new / (4 * 0.5 * 100e12)
    attention = 32 * 4 * 32 * 128 * new * (cached + new / 2) / (4 * 0.25 * 100e12)
    passes = 3 * 32 * 20e-6  # three chunks of 1,000 tokens
    prefill = acme.throughput.prefill_s(llama, deployment, new, cached)
    assert prefill == pytest.approx(token_s(4) + linear + attention + passes + 10e-3, rel=1e-9)
    for together in (1.0, 8.0):
        blocking = acme.throughput.prefill_blocking_s(llama, deployment, new, cached, together)
        assert blocking == pytest.approx(linear + attention, rel=1e-9)
