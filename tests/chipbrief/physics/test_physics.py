"""E1 to E6 and E9 against arithmetic written out by hand, and the laws between them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief import physics
from chipbrief.physics import collectives, disaggregation, queueing, speculation

POSITIVE = st.floats(min_value=1e-6, max_value=1e9)


# -- E1 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "experts", "active", "share"),
    [
        (1, 128, 4, 4 / 128),
        (2, 4, 2, 0.75),  # 1 - (1/2)^2
        (3, 4, 1, 0.578125),  # 1 - (3/4)^3 = 1 - 27/64
        (0, 8, 2, 0.0),
        (7, 1, 1, 1.0),
    ],
)
def test_e1_a_step_touches_the_experts_that_its_tokens_pick(tokens, experts, active, share) -> None:
    assert physics.expert_coverage(tokens, experts=experts, active=active) == pytest.approx(share, rel=1e-12)


def test_e1_coverage_agrees_with_drawing_the_experts() -> None:
    rng = np.random.default_rng(7)
    experts, active, tokens, runs = 32, 4, 12, 4000
    picks = np.argsort(rng.random((runs, tokens, experts)), axis=2)[:, :, :active]
    touched = np.mean([len(set(run.ravel())) for run in picks]) / experts
    assert physics.expert_coverage(tokens, experts=experts, active=active) == pytest.approx(touched, rel=0.01)


def test_e1_weights_of_the_busiest_chip() -> None:
    # 8 GB attention over 4 chips, 16 GB dense over 8, 64 GB of experts over 8, half of them touched, 1.2 times the mean
    read = physics.weights_read_bytes(
        8e9, 16e9, 64e9, attention_tensor=4, tensor=8, chips=8, coverage=0.5, imbalance=1.2
    )
    assert read == pytest.approx(2e9 + 2e9 + 64e9 / 8 * 0.5 * 1.2)  # 8.8 GB


def test_e1_attention_data_parallelism_reads_all_attention_weights_on_every_chip() -> None:
    assert physics.weights_read_bytes(8e9, 0.0, 0.0, attention_tensor=1, tensor=8, chips=8) == 8e9


# -- E2 -------------------------------------------------------------------------------------------------------


def test_e2_grouped_query_cache() -> None:
    # Llama-3.1-70B: 2 x 8 heads x 128 x 2 bytes = 4096 bytes a layer and token
    assert physics.kv_grouped_query_bytes(1000.0, kv_heads=8, head_dim=128, value_bytes=2) == 4_096_000


def test_e2_latent_cache() -> None:
    # DeepSeek: (512 + 64) x 2 bytes = 1152 bytes a layer and token; x 61 layers = 70,272
    assert physics.kv_latent_bytes(1.0, rank=512, rope_dim=64, value_bytes=2) * 61 == 70_272


def test_e2_a_window_stops_the_growth() -> None:
    assert physics.visible_context(np.array([64.0, 128.0, 4096.0]), 128).tolist() == [64.0, 128.0, 128.0]
    assert physics.visible_context(1e7, math.inf) == 1e7


def test_e2_index_keys_of_every_token_are_read() -> None:
    # DeepSeek-V3.2: a key of 128 FP8 values and a float32 scale = 132 bytes a layer and token; 61 layers x 1,000 tokens
    assert physics.index_key_bytes(1000.0, key_bytes=132.0) * 61 == 8_052_000


def test_e2_a_linear_state_does_not_grow_with_the_context() -> None:
    # 64 heads x 128 x 128 x 4 bytes = 4,194,304, and 3 kept inputs x 12,288 channels x 2 bytes = 73,728
    terms = {"heads": 64, "key_dim": 128, "value_dim": 128, "state_bytes": 4, "convolved": 12_288, "kernel": 4}
    states = physics.linear_state_bytes(np.array([1.0, 1e6]), convolution_bytes=2, **terms)
    assert states.tolist() == [4_268_032, 4_268_032]


# -- E3 -------------------------------------------------------------------------------------------------------


def test_e3_the_layer_floor_is_straight_in_the_logarithm_of_the_chips() -> None:
    floors = physics.layer_floor_s(np.array([1, 2, 4, 8]), single_s=20e-6, spread_s=30e-6)
    assert floors == pytest.approx([20e-6, 30e-6, 40e-6, 50e-6])
    # 64 chips are twice as many doublings as eight: 20 + 2 x 30
    assert physics.layer_floor_s(64.0, single_s=20e-6, spread_s=30e-6) == pytest.approx(80e-6)


def test_e3_layers_add_their_latencies_and_those_of_their_experts_and_chains() -> None:
    # DeepSeek-V3: 61 layers, 58 with routed experts, 61 with latent attention
    latency = physics.layers_latency_s(
        50e-6, layers=61, expert_layer_s=10e-6, expert_layers=58, chained_layer_s=20e-6, chained_layers=61
    )
    assert latency == pytest.approx(3050e-6 + 580e-6 + 1220e-6)
    assert physics.layers_latency_s(50e-6, layers=32) == pytest.approx(1.6e-3)
    # experts cost nothing where no layer has them
    assert physics.layers_latency_s(50e-6, layers=32, expert_layer_s=10e-6) == pytest.approx(1.6e-3)


@pytest.mark.parametrize(
    ("sharpness", "together"),
    [
        (1.0, 7e-3),  # 3 + 4
        (2.0, 5e-3),  # sqrt(9 + 16)
        (3.0, 91 ** (1 / 3) * 1e-3),  # cube root of 27 + 64
        (np.inf, 4e-3),  # the longer one
    ],
)
def test_e3_reading_and_computing_overlap_as_sharply_as_they_are_said_to(sharpness: float, together: float) -> None:
    assert physics.overlapped_s(3e-3, 4e-3, sharpness) == pytest.approx(together, rel=1e-12)
    assert physics.overlapped_s(4e-3, 3e-3, sharpness) == pytest.approx(together, rel=1e-12)


def test_e3_nothing_beside_something_and_nothing_beside_nothing_overlap_without_a_warning() -> None:
    assert physics.overlapped_s(0.0, 3e-3, 1.5) == pytest.approx(3e-3)
    assert physics.overlapped_s(0.0, 0.0, 1.5) == 0.0


@given(POSITIVE, POSITIVE, st.floats(1.0, 50.0), st.floats(1.0, 2.0))
def test_e3_an_overlap_lies_between_the_longer_one_and_the_sum_and_falls_with_sharpness(
    memory: float, compute: float, sharpness: float, more: float
) -> None:
    together = physics.overlapped_s(memory, compute, sharpness)
    assert max(memory, compute) <= together <= (memory + compute) * (1 + 1e-12)
    assert physics.overlapped_s(memory, compute, sharpness * more) <= together * (1 + 1e-12)


def test_e3_ring_all_reduce() -> None:
    # 8 chips, 1 MB, 100 GB/s: 2 x 7/8 x 1e6 / 1e11 = 17.5 us
    assert physics.all_reduce_s(1e6, chips=8, link_bytes_s=1e11) == pytest.approx(17.5e-6)
    assert physics.all_reduce_s(1e6, chips=1, link_bytes_s=1e11) == 0.0


def test_e3_compute_time() -> None:
    # 140 GFLOP on 4 chips at half of 1 PFLOP/s: 140e9 / (4 x 0.5 x 1e15) = 70 us
    assert physics.compute_s(140e9, chips=4, peak_flop_s=1e15, efficiency=0.5) == pytest.approx(70e-6)


def test_e3_a_step_is_the_slower_of_memory_and_compute_and_then_latency() -> None:
    terms = {"latency_s": 80 * 25e-6, "collective_s": 400e-6, "batch": 10, "sequence_s": 5e-6}
    # 3 ms + 80 x 25 us + 0.4 ms + 10 x 5 us = 5.45 ms, whichever of the two is the slower
    assert physics.decode_step_s(memory_s=3e-3, compute_s=1e-3, **terms) == pytest.approx(5.45e-3)
    assert physics.decode_step_s(memory_s=1e-3, compute_s=3e-3, **terms) == pytest.approx(5.45e-3)
    # sqrt(3^2 + 4^2) = 5 ms in the place of the slower one, 4 ms: 7.45 ms
    assert physics.decode_step_s(memory_s=3e-3, compute_s=4e-3, sharpness=2.0, **terms) == pytest.approx(7.45e-3)


# -- E4 -------------------------------------------------------------------------------------------------------


def test_e4_causal_pairs() -> None:
    # 100 new tokens behind 1000 cached ones: 100 x (1000 + 50)
    assert physics.causal_pairs(100.0, 1000.0, math.inf) == 105_000
    assert physics.causal_pairs(100.0, 1000.0, 128) == 12_800


@given(st.floats(1, 1e5), st.floats(1, 1e5))
def test_e4_a_prompt_in_two_parts_has_the_pairs_of_the_whole(first: float, second: float) -> None:
    parts = physics.causal_pairs(first, 0.0, math.inf) + physics.causal_pairs(second, first, math.inf)
    assert parts == pytest.approx(physics.causal_pairs(first + second, 0.0, math.inf))


def test_e4_prefill() -> None:
    # max(200 ms, 50 ms) + 3 passes x 10 ms + 40 ms
    terms = {"passes": 3, "pass_s": 10e-3, "host_s": 40e-3}
    assert physics.prefill_s(compute_s=0.2, weights_s=0.05, **terms) == pytest.approx(0.27)
    assert physics.prefill_s(compute_s=0.05, weights_s=0.2, **terms) == pytest.approx(0.27)
    # sqrt(60^2 + 80^2) = 100 ms of reading and computing at a sharpness of 2
    assert physics.prefill_s(compute_s=0.06, weights_s=0.08, sharpness=2.0, **terms) == pytest.approx(0.17)


@pytest.mark.parametrize(
    ("new", "together", "passes"),
    [
        (1000.0, 1.0, 1.0),
        (1001.0, 1.0, 2.0),
        (2500.0, 1.0, 3.0),
        (2500.0, 2.0, 2.5),  # 3/2 is less than the tokens fill: 2.5 chunks
        (100.0, 4.0, 0.25),  # four share a pass
        (100.0, 10.0, 0.1),  # ten fill one
        (100.0, 1000.0, 0.1),  # and a thousand fill a hundred: a tenth each
        (100.0, 0.5, 1.0),  # less than one prompt is one
    ],
)
def test_e4_prompts_that_are_ready_together_share_the_passes(new: float, together: float, passes: float) -> None:
    assert physics.passes_a_prompt(new, chunk=1000.0, together=together) == pytest.approx(passes)


def test_e5_a_prompt_takes_its_computing_and_its_share_of_the_latency() -> None:
    # 50 ms + 40 % of 3 passes x 10 ms
    assert physics.prefill_blocking_s(compute_s=50e-3, passes=3.0, pass_s=10e-3, pass_share=0.4) == pytest.approx(62e-3)
    assert physics.prefill_blocking_s(compute_s=50e-3, passes=3.0, pass_s=10e-3, pass_share=0.0) == 50e-3


# -- E5 -------------------------------------------------------------------------------------------------------


def test_e5_decode_waits_while_the_others_prefill() -> None:
    # 10 ms + (33 - 1)/200 x 50 ms = 18 ms
    assert physics.aggregated_tpot_s(10e-3, 50e-3, batch=33, output_tokens=200) == pytest.approx(18e-3)
    assert physics.aggregated_tpot_s(10e-3, 50e-3, batch=1, output_tokens=200) == 10e-3


def test_e5_of_the_others_prompts_a_share_falls_between_the_tokens_and_a_share_before_the_first() -> None:
    # 10 ms + 0.75 x 32/200 x 50 ms = 16 ms between the tokens; 0.25 x 32 x 50 ms = 400 ms before the first
    assert physics.aggregated_tpot_s(10e-3, 50e-3, batch=33, output_tokens=200, stall=0.75) == pytest.approx(16e-3)
    assert physics.prompt_wait_s(50e-3, batch=33, share=0.25) == pytest.approx(0.4)
    assert physics.prompt_wait_s(50e-3, batch=1, share=0.25) == 0.0


def test_e5_prompts_come_in_bunches_of_sixteen_at_most() -> None:
    # 15 others of a bunch at 40 % and 17 beyond it at 10 %: 7.7 prompts of 50 ms
    wait = physics.prompt_wait_s(50e-3, batch=np.array([9.0, 16.0, 33.0]), share=0.1, share_in_bunch=0.4)
    assert wait == pytest.approx([8 * 0.4 * 0.05, 15 * 0.4 * 0.05, (15 * 0.4 + 17 * 0.1) * 0.05])


@given(POSITIVE, POSITIVE, st.integers(1, 4096), st.integers(1, 100_000), st.floats(0.0, 1.0))
def test_e5_no_prompt_is_lost_between_stall_and_wait(step, prefill, batch, output, stall) -> None:
    """What does not fall between a request's tokens falls before them, so the time that it is in flight is kept."""
    tpot = physics.aggregated_tpot_s(step, prefill, batch=batch, output_tokens=output, stall=stall)
    wait = physics.prompt_wait_s(prefill, batch=batch, share=1.0 - stall)
    in_flight = batch / physics.requests_per_s(step, prefill, batch=batch, output_tokens=output)
    assert prefill + wait + output * tpot == pytest.approx(in_flight)


def test_e5_a_full_replica_ends_requests() -> None:
    # 32 requests of 200 tokens: 200 x 10 ms of steps and 32 x 50 ms of prefill = 3.6 s for 32
    assert physics.requests_per_s(10e-3, 50e-3, batch=32, output_tokens=200) == pytest.approx(32 / 3.6)


@given(POSITIVE, POSITIVE, st.integers(1, 4096), st.integers(1, 100_000))
def test_e5_the_time_of_a_replica_is_conserved(step: float, prefill: float, batch: int, output: int) -> None:
    """Little's law: in a full batch a request stays B over the rate: its own prefill and `output` tokens at TPOT."""
    rate = physics.requests_per_s(step, prefill, batch=batch, output_tokens=output)
    tpot = physics.aggregated_tpot_s(step, prefill, batch=batch, output_tokens=output)
    assert batch / rate == pytest.approx(prefill + output * tpot)


def test_e5b_the_running_batch_is_what_the_cache_has_room_for() -> None:
    # 8 x 180 GB x 0.9 = 1296 GB, less 141 GB of weights, over 2.7 GB a sequence: 427.8
    assert physics.running_batch_limit(8 * 180e9 * 0.9, 141e9, 2.7e9) == 427
    assert physics.running_batch_limit(100e9, 141e9, 2.7e9) == 0


def test_e5b_what_exceeds_the_cap_waits_whole_residences() -> None:
    waits = physics.time_in_queue_s(np.array([50.0, 100.0, 300.0]), 100.0, 4.0)
    assert waits.tolist() == [0.0, 0.0, 8.0]  # (300/100 - 1) x 4 s


# -- E6 -------------------------------------------------------------------------------------------------------


def test_e6_a_token_pays_every_layer_and_every_hop() -> None:
    # 80 layers x 28 us + 3 hops x (5 us + 16,384 bytes / 150 GB/s)
    token = physics.pipeline_token_s(
        layers=80, layer_s=28e-6, stages=4, hop_s=5e-6, activation_bytes=16_384, link_bytes_s=150e9
    )
    assert token == pytest.approx(2240e-6 + 15e-6 + 3 * 16_384 / 150e9)


def test_e6_in_flight_tokens_share_the_pipeline_until_its_slowest_stage_is_full() -> None:
    steps = physics.pipeline_step_s(2e-3, 1e-4, batch=np.array([1, 10, 20, 40]))
    assert steps == pytest.approx([2e-3, 2e-3, 2e-3, 4e-3])
    assert (np.array([1, 10, 20, 40]) / steps).max() == pytest.approx(1 / 1e-4)  # never more than 1/slowest stage


# -- E9 -------------------------------------------------------------------------------------------------------


def test_e9_power_and_energy() -> None:
    assert physics.power_at_load_w(2860.0, 14_300.0, 0.5) == pytest.approx(8580.0)
    assert physics.joules_per_token(14_300.0, 101_527.0) == pytest.approx(0.14085, rel=1e-4)


# -- shapes ---------------------------------------------------------------------------------------------------

S, N = 3, 4
ROWS = np.linspace(1.0, 2.0, S)[:, np.newaxis]
COLUMNS = np.linspace(1.0, 8.0, N)

BROADCAST = {
    "expert_coverage": lambda x, y: physics.expert_coverage(y, experts=64.0 * x, active=4.0),
    "weights_read_bytes": lambda x, y: physics.weights_read_bytes(
        1e9 * x, 2e9, 3e9, attention_tensor=4, tensor=8, chips=8, coverage=y / 10.0
    ),
    "kv_grouped_query_bytes": lambda x, y: physics.kv_grouped_query_bytes(
        1e3 * y, kv_heads=8, head_dim=128, value_bytes=x
    ),
    "kv_latent_bytes": lambda x, y: physics.kv_latent_bytes(1e3 * y, rank=512, rope_dim=64, value_bytes=x),
    "visible_context": lambda x, y: physics.visible_context(y, 3.0 * x),
    "index_key_bytes": lambda x, y: physics.index_key_bytes(1e3 * y, key_bytes=132.0 * x),
    "linear_state_bytes": lambda x, y: physics.linear_state_bytes(
        y,
        heads=64,
        key_dim=128,
        value_dim=128,
        state_bytes=4.0 * x,
        convolved=12288,
        kernel=4,
        convolution_bytes=2,
    ),
    "layer_floor_s": lambda x, y: physics.layer_floor_s(y, single_s=1e-5 * x, spread_s=4e-5),
    "layers_latency_s": lambda x, y: physics.layers_latency_s(
        1e-5 * x, layers=61, expert_layer_s=1e-6 * y, expert_layers=58, chained_layer_s=2e-6 * x, chained_layers=61
    ),
    "overlapped_s": lambda x, y: physics.overlapped_s(1e-3 * y, 4e-3, x),
    "all_reduce_s": lambda x, y: physics.all_reduce_s(1e6 * y, chips=8, link_bytes_s=1e11 * x),
    "compute_s": lambda x, y: physics.compute_s(1e12 * y, chips=4, peak_flop_s=1e15, efficiency=0.3 * x),
    "decode_step_s": lambda x, y: physics.decode_step_s(
        memory_s=1e-3 * y,
        compute_s=2e-3 * x,
        latency_s=8e-4 * x,
        collective_s=1e-5 * y,
        batch=y,
        sequence_s=x * 1e-6,
        sharpness=2.0 * x,
    ),
    "split_step_s": lambda x, y: physics.split_step_s(
        attention_s=1e-3 * y,
        feed_forward_s=2e-4 * x,
        layers=64,
        exchange_s=3e-6 * x,
        payload_bytes=1e4 * y,
        link_bytes_s=5e10,
    ),
    "causal_pairs": lambda x, y: physics.causal_pairs(100.0 * y, 1000.0 * x, 1200.0),
    "prefill_s": lambda x, y: physics.prefill_s(
        compute_s=1e-2 * y, weights_s=3e-2 * x, passes=np.ceil(y), pass_s=1e-3 * x, host_s=1e-2, sharpness=1.5 * x
    ),
    "passes_a_prompt": lambda x, y: physics.passes_a_prompt(1e3 * y, chunk=700.0 * x, together=y),
    "prefill_blocking_s": lambda x, y: physics.prefill_blocking_s(
        compute_s=1e-2 * y, passes=np.ceil(y), pass_s=1e-3 * x, pass_share=0.4 * x
    ),
    "aggregated_tpot_s": lambda x, y: physics.aggregated_tpot_s(
        1e-2 * x, 2e-2, batch=y, output_tokens=100.0, stall=0.4 * x
    ),
    "prompt_wait_s": lambda x, y: physics.prompt_wait_s(2e-2, batch=y, share=0.3 * x),
    "requests_per_s": lambda x, y: physics.requests_per_s(1e-2 * x, 2e-2, batch=y, output_tokens=100.0),
    "running_batch_limit": lambda x, y: physics.running_batch_limit(1e12 * x, 1e11, 1e9 * y),
    "time_in_queue_s": lambda x, y: physics.time_in_queue_s(10.0 * y, 20.0, x),
    "pipeline_token_s": lambda x, y: physics.pipeline_token_s(
        layers=80, layer_s=1e-5 * x, stages=y, hop_s=5e-6, activation_bytes=1e4, link_bytes_s=1e11
    ),
    "pipeline_step_s": lambda x, y: physics.pipeline_step_s(4e-3 * x, 1e-3, batch=y),
    "power_at_load_w": lambda x, y: physics.power_at_load_w(1e3 * x, 1e4, y / 10.0),
    "joules_per_token": lambda x, y: physics.joules_per_token(1e3 * x, 1e2 * y),
}


def test_every_equation_is_held_to_its_shapes() -> None:
    """The equations of four modules are held to theirs in the test files of those modules."""
    apart = {name for module in (collectives, disaggregation, queueing, speculation) for name in module.__all__}
    assert set(BROADCAST) == set(physics.__all__) - {"Array", "Num"} - apart


@pytest.mark.parametrize("name", BROADCAST)
def test_samples_and_points_broadcast_and_agree_with_scalars(name: str) -> None:
    call = BROADCAST[name]
    together = call(ROWS, COLUMNS)
    assert together.shape == (S, N)
    one_by_one = [[call(float(x), float(y)) for y in COLUMNS] for x in ROWS[:, 0]]
    np.testing.assert_allclose(together, one_by_one, rtol=1e-14)


def test_a_split_layer_by_hand() -> None:
    """E12: 2 ms + 0.3 ms + 2 x 60 x (3 us + 640 kB / 50 GB/s) = 2.3 ms + 120 x 15.8 us = 4.196 ms."""
    step = physics.split_step_s(
        attention_s=2e-3, feed_forward_s=0.3e-3, layers=60, exchange_s=3e-6, payload_bytes=640e3, link_bytes_s=50e9
    )
    assert step == pytest.approx(4.196e-3)
