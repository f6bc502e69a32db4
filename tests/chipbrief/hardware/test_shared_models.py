"""The shared models on a machine of round numbers: E1 to E5b, E9, C1 and C4 with the arithmetic written out."""

import math
from pathlib import Path

import numpy as np
import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.errors import Refusal
from chipbrief.finance import Finance, hourly_usd, load_finance_terms
from chipbrief.hardware import Deployment, Hardware, HardwareProfile, Pool
from chipbrief.hardware.shared.links import ChipLinks


@pytest.fixture(scope="module")
def acme(data: Path) -> Hardware:
    return Hardware.from_yaml(data / "acme-x1.yaml")


@pytest.fixture
def llama(catalogue: Catalogue):
    return catalogue["llama-3.1-8b"]


def pool(llama, chips: int) -> Pool:
    return Pool(hardware="acme-x1", chips=chips, tensor=chips, precision=llama.precision("bf16"))


# Llama-3.1-8B by hand: 32 layers, hidden 4096, 8 KV heads of 128, 14,336 wide, 128,256 tokens in the vocabulary
ATTENTION = 32 * 4096 * 128 * 80
DENSE = 32 * 3 * 4096 * 14_336
HEAD = 4096 * 128_256
NORMS = 65 * 4096
ACTIVE = ATTENTION + DENSE + HEAD
KV_TOKEN = 131_072  # bytes


def test_e5b_memory_and_running_batch(acme: Hardware, llama) -> None:
    # 2 x 100 GB x 0.9 = 180 GB, less 16.06 GB of weights; 8,000 tokens are 1.0486 GB
    assert acme.bandwidth.memory_bytes(pool(llama, 2)) == 180e9
    weights = 2 * (ATTENTION + DENSE + 2 * HEAD + NORMS)
    assert acme.bandwidth.weight_bytes(llama, pool(llama, 2)) == weights
    room = (180e9 - weights) // (8000 * KV_TOKEN)
    assert acme.bandwidth.running_batch_limit(llama, pool(llama, 2), 8000.0) == room == 156


def test_e1_attention_data_parallelism_stores_the_attention_weights_in_every_group(
    acme: Hardware, catalogue: Catalogue
) -> None:
    model = catalogue["deepseek-v3"]
    shared = Pool(hardware="acme-x1", chips=4, tensor=4, precision=model.precision("fp8"))
    apart = Pool(hardware="acme-x1", chips=4, tensor=4, attention_data=4, precision=model.precision("fp8"))
    query = 7168 * 1536 + 1536 * 128 * 192
    latent = 7168 * 576 + 512 * 128 * 256
    attention = 61 * (query + latent + 128 * 128 * 7168)  # a byte each
    extra = acme.bandwidth.weight_bytes(model, apart) - acme.bandwidth.weight_bytes(model, shared)
    assert extra == pytest.approx(3 * attention)


def test_e2_a_latent_cache_is_copied_to_every_chip_that_shares_the_attention(
    acme: Hardware, catalogue: Catalogue
) -> None:
    big = acme.at({"acme-x1:memory.capacity": 1e12})
    model = catalogue["deepseek-v3"]
    shared = Pool(hardware="acme-x1", chips=4, tensor=4, precision=model.precision("fp8"))
    apart = Pool(hardware="acme-x1", chips=4, tensor=4, attention_data=4, precision=model.precision("fp8"))
    for pool_, copies, groups in ((shared, 4, 1), (apart, 1, 4)):
        room = 4 * 1e12 * 0.9 - big.bandwidth.weight_bytes(model, pool_)
        limit = big.bandwidth.running_batch_limit(model, pool_, 10_000.0)
        assert limit == groups * (room / groups // (copies * 35_136 * 10_000))


def test_e5b_a_sequence_needs_room_in_its_own_attention_group(acme: Hardware, catalogue: Catalogue) -> None:
    model = catalogue["deepseek-v3"]
    apart = Pool(hardware="acme-x1", chips=4, tensor=4, attention_data=4, precision=model.precision("fp8"))
    weights = acme.bandwidth.weight_bytes(model, apart)
    # 2.5 GB are left over on four chips together: 0.6 GB on each, less than the 0.7 GB of 20,000 tokens' latents
    tight = acme.at({"acme-x1:memory.capacity": (weights + 2.5e9) / 4 / 0.9})
    assert 20_000 * 35_136 > 2.5e9 / 4
    assert tight.bandwidth.running_batch_limit(model, apart, 20_000.0) == 0
    assert tight.bandwidth.running_batch_limit(model, apart, 10_000.0) == 4


def test_e2_chips_beyond_the_key_value_heads_hold_copies(acme: Hardware, llama) -> None:
    sixteen = pool(llama, 16)  # on 8 KV heads: every head twice
    room = 16 * 90e9 - acme.bandwidth.weight_bytes(llama, sixteen)
    assert acme.bandwidth.running_batch_limit(llama, sixteen, 8000.0) == room // (2 * 8000 * KV_TOKEN)


def test_e1_e2_e3_a_decode_step(acme: Hardware, llama) -> None:
    batch, context = 10.0, 4000.0
    deployment = Deployment.aggregated(pool(llama, 2))
    weights = 2 * (ATTENTION + DENSE + HEAD + NORMS) / 2  # on each of two chips; the input embedding is not read
    cache = batch * context * KV_TOKEN / 2
    memory = (weights / 0.5 + cache / 0.5) / 2e12
    compute = (2 * ACTIVE * batch + batch * context * 32 * 4 * 32 * 128) / (2 * 0.5 * 1e15)
    assert memory > compute
    floor = 32 * (10e-6 + 20e-6 / 3)  # two of eight chips: one doubling of three between 10 and 30 us
    collectives = 2 * 32 * (2 * (1 / 2) * batch * 4096 * 2 / (100e9 * 0.5))
    expected = memory + floor + collectives + batch * 1e-6
    assert acme.throughput.decode_step_s(llama, deployment, batch, context) == pytest.approx(expected, rel=1e-9)


def test_e3_a_step_of_many_short_requests_is_bound_by_compute(acme: Hardware, llama) -> None:
    batch = 2000.0
    deployment = Deployment.aggregated(pool(llama, 1))
    compute = (2 * ACTIVE * batch + batch * 32 * 4 * 32 * 128) / (0.5 * 1e15)
    expected = compute + 32 * 10e-6 + batch * 1e-6
    assert acme.throughput.decode_step_s(llama, deployment, batch, 1.0) == pytest.approx(expected, rel=1e-9)


def test_e4_a_prompt(acme: Hardware, llama) -> None:
    new, cached = 2500.0, 1000.0
    deployment = Deployment.aggregated(pool(llama, 1))
    linear = 2 * (ATTENTION + DENSE) * new / (0.5 * 1e15)  # the head is applied to the last token alone
    attention = 32 * 4 * 32 * 128 * new * (cached + new / 2) / (0.25 * 1e15)
    expected = linear + attention + 3 * 32 * 100e-6 + 10e-3  # three chunks of 1,000 tokens
    prefill = acme.throughput.prefill_s(llama, deployment, new, cached)
    assert prefill == pytest.approx(expected, rel=1e-9)
    blocking = acme.throughput.prefill_blocking_s(llama, deployment, new, cached)
    assert blocking == pytest.approx(expected - 10e-3, rel=1e-9)  # tokenising does not stop the others


def test_deployments_double_inside_the_scale_up_domain_smallest_first(acme: Hardware, llama) -> None:
    found = acme.throughput.deployments(llama, llama.precision("bf16"), 8000)
    assert [(d.chips, d.decode.tensor, d.decode.pipeline) for d in found] == [(1, 1, 1), (2, 2, 1), (4, 4, 1)]
    assert all(d.is_aggregated for d in found)


def test_what_one_domain_cannot_hold_is_pipelined_over_the_fewest(acme: Hardware, catalogue: Catalogue) -> None:
    # 811.7 GB over 4 x 90 GB: three domains
    model = catalogue["llama-3.1-405b"]
    [only] = acme.throughput.deployments(model, model.precision("bf16"), 1000)
    assert (only.chips, only.decode.tensor, only.decode.pipeline) == (12, 4, 3)
    assert str(only) == "12 chips, TP4, PP3, bf16"


def test_a_refusal_shows_what_is_needed_and_what_there_is(acme: Hardware, catalogue: Catalogue) -> None:
    model = catalogue["llama-3.1-405b"]
    small = acme.at({"acme-x1:memory.capacity": 25e9})  # 32 chips x 25 GB x 0.9 = 720 GB
    with pytest.raises(Refusal) as refused:
        small.throughput.deployments(model, model.precision("bf16"), 10_000)
    assert str(refused.value) == (
        "llama-3.1-405b bf16 needs 817 GB (812 GB of weights and 5.16 GB of KV cache at 10,000 tokens), "
        "32 x X1 have 800 GB, 720 GB of it to fill"
    )


def test_a_format_that_is_not_stored_is_refused_in_words(acme: Hardware, catalogue: Catalogue) -> None:
    model = catalogue["gpt-oss-120b"]
    with pytest.raises(Refusal, match="X1 does not store mxfp4: it stores bf16"):
        acme.throughput.deployments(model, model.native_precision("bf16"), 1000)


# -- shapes that are asked for --------------------------------------------------------------------------------


def test_pools_are_tensor_parallel_in_a_domain_and_a_pipeline_over_several(acme: Hardware, llama) -> None:
    shapes = {n: acme.throughput.pools(llama, llama.precision("bf16"), n) for n in (1, 3, 4, 8, 12)}
    assert {n: [(p.chips, p.tensor, p.pipeline) for p in pools] for n, pools in shapes.items()} == {
        1: [(1, 1, 1)],
        3: [(3, 3, 1)],
        4: [(4, 4, 1)],
        8: [(8, 4, 2)],
        12: [(12, 4, 3)],
    }


def test_models_with_experts_come_with_and_without_sharing_the_attention_weights(
    acme: Hardware, catalogue: Catalogue
) -> None:
    model = catalogue["deepseek-v3"]
    pools = acme.throughput.pools(model, model.precision("bf16"), 8)
    assert [(p.tensor, p.pipeline, p.expert, p.attention_data) for p in pools] == [(4, 2, 4, 1), (4, 2, 4, 4)]
    assert [p.attention_tensor for p in pools] == [4, 1]
    [alone] = acme.throughput.pools(model, model.precision("bf16"), 1)  # of one chip the two are the same
    assert (alone.expert, alone.attention_data) == (1, 1)


@pytest.mark.parametrize("chips", [5, 7, 10, 11])  # 5 in two stages, 7 in two, 10 and 11 in three
def test_chips_that_make_no_equal_stages_are_refused(acme: Hardware, llama, chips: int) -> None:
    with pytest.raises(Refusal) as refused:
        acme.throughput.pools(llama, llama.precision("bf16"), chips)
    assert str(refused.value) == f"{chips} x X1 make no equal pipeline stages: a scale-up domain has 4 chips"


def test_a_stage_wider_than_the_domain_is_refused(acme: Hardware, llama) -> None:
    with pytest.raises(Refusal) as refused:
        acme.throughput.pool(llama, llama.precision("bf16"), tensor=8)
    assert str(refused.value) == "TP8 spans more than the 4 x X1 of a scale-up domain"


def test_a_pool_of_a_format_that_is_not_stored_is_refused(acme: Hardware, llama) -> None:
    with pytest.raises(Refusal, match="X1 does not store fp8: it stores bf16"):
        acme.throughput.pools(llama, llama.precision("fp8"), 4)


# -- links ----------------------------------------------------------------------------------------------------


def links_of(acme: Hardware) -> ChipLinks:
    return ChipLinks.from_profile(acme.profile)


def test_e3_chips_that_share_the_attention_reduce_twice_a_layer(acme: Hardware, catalogue: Catalogue) -> None:
    # 64 tokens x 7,168 values x 2 bytes, 2 x 3/4 of it over half of 100 GB/s, twice in each of 61 layers
    model = catalogue["deepseek-v3"]
    shared = Pool(hardware="acme-x1", chips=4, tensor=4, expert=4, precision=model.precision("bf16"))
    expected = 2 * 61 * (2 * 3 / 4) * 64 * 7168 * 2 / 50e9
    assert links_of(acme).step_s(model, shared, 64.0) == pytest.approx(expected, rel=1e-12)


def test_e11_where_every_chip_holds_the_attention_tokens_travel_to_their_experts(
    acme: Hardware, catalogue: Catalogue
) -> None:
    # 16 tokens a chip go to 4 (1 - (3/4)^8) chips each, 3/4 of which are others: a byte a value there and two back,
    # in each of the 58 layers with experts; nothing is reduced
    model = catalogue["deepseek-v3"]
    apart = Pool(hardware="acme-x1", chips=4, tensor=4, expert=4, attention_data=4, precision=model.precision("bf16"))
    travel = 58 * 16 * 4 * (1 - (3 / 4) ** 8) * 7168 * (1 + 2) * (3 / 4) / 50e9
    assert links_of(acme).step_s(model, apart, 64.0) == pytest.approx(travel, rel=1e-12)


def test_e3_e11_groups_of_chips_reduce_inside_and_send_to_all(acme: Hardware, catalogue: Catalogue) -> None:
    # two groups of two chips: each group reduces its 32 tokens, 2 x 1/2 of them, and all travel as above
    model = catalogue["deepseek-v3"]
    groups = Pool(hardware="acme-x1", chips=4, tensor=4, expert=4, attention_data=2, precision=model.precision("bf16"))
    travel = 58 * 16 * 4 * (1 - (3 / 4) ** 8) * 7168 * (1 + 2) * (3 / 4) / 50e9
    reduced = 2 * 61 * (2 * 1 / 2) * 32 * 7168 * 2 / 50e9
    assert links_of(acme).step_s(model, groups, 64.0) == pytest.approx(travel + reduced, rel=1e-12)


def test_e3_one_chip_sends_nothing(acme: Hardware, llama) -> None:
    assert links_of(acme).step_s(llama, pool(llama, 1), 64.0) == 0.0


# -- what a calibration may add -------------------------------------------------------------------------------

FITTED = """
scheduling:
  overlap: {value: 2, kind: calibrated, source: acme, date: 2026}
  imbalance: {value: 1.5, kind: calibrated, source: acme, date: 2026}
  pass_share: {value: 40 %, kind: calibrated, source: acme, date: 2026}
"""
CITED = "kind: calibrated, source: acme, date: 2026"


@pytest.fixture(scope="module")
def fitted(data: Path) -> Hardware:
    """The same machine with everything that a calibration knows beyond the least, and deepseek's eight bits."""
    text = (data / "acme-x1.yaml").read_text(encoding="utf-8")
    changes = {
        "efficiency:\n": f"efficiency:\n  experts: {{value: 50 %, {CITED}}}\n",
        "latency:\n": (
            f"latency:\n  expert_layer: {{value: 5 us, {CITED}}}\n  chained_layer: {{value: 4 us, {CITED}}}\n"
            f"  prefill_expert_pass: {{value: 30 us, {CITED}}}\n  prefill_chained_pass: {{value: 20 us, {CITED}}}\n"
        ),
        "storage: [bf16]": "storage: [bf16, fp8]",
    }
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    return Hardware.from_profile(HardwareProfile.from_text(text + FITTED))


# DeepSeek-V3 a layer: queries and latents down and up, and the output
DEEPSEEK_ATTENTION = 7168 * 1536 + 1536 * 128 * 192 + 7168 * 576 + 512 * 128 * 256 + 128 * 128 * 7168
EXPERTS = 58 * 256 * 3 * 7168 * 2048  # DeepSeek-V3: weights of its routed experts
COVERED = {1: 8 / 256, 64: 1 - (1 - 8 / 256) ** 64}


@pytest.mark.parametrize("tokens", [1, 64])
def test_e1_the_busiest_chip_reads_more_of_the_experts_than_the_mean(
    acme: Hardware, fitted: Hardware, catalogue: Catalogue, tokens: int
) -> None:
    # a quarter of the experts on a chip, 2 bytes each, over half of 2 TB/s; of 87 % half as much again is all of them
    model = catalogue["deepseek-v3"]
    four = Pool(hardware="acme-x1", chips=4, tensor=4, expert=4, precision=model.precision("bf16"))
    even, uneven = (h.bandwidth.weights_s(model, four, float(tokens)) for h in (acme, fitted))
    busiest = min(1.5 * COVERED[tokens], 1.0)
    assert uneven - even == pytest.approx(EXPERTS / 4 * 2 * (busiest - COVERED[tokens]) / 1e12, rel=1e-9)


def test_e1_a_chip_alone_holds_every_expert_and_is_as_busy_as_the_mean(
    acme: Hardware, fitted: Hardware, catalogue: Catalogue
) -> None:
    model = catalogue["deepseek-v3"]
    one = Pool(hardware="acme-x1", chips=1, precision=model.precision("bf16"))
    assert fitted.bandwidth.weights_s(model, one, 1.0) == acme.bandwidth.weights_s(model, one, 1.0)


def test_e3_experts_and_chained_attention_add_their_latency_and_reading_overlaps_in_part(
    fitted: Hardware, catalogue: Catalogue
) -> None:
    model = catalogue["deepseek-v3"]
    one = Pool(hardware="acme-x1", chips=1, precision=model.precision("bf16"))
    step = fitted.throughput.decode_step_s(model, Deployment.aggregated(one), 1.0, 1000.0)
    memory = fitted.bandwidth.read_s(model, one, 1.0, 1000.0)
    attention, others = 61 * DEEPSEEK_ATTENTION, 3 * 3 * 7168 * 18_432 + 58 * (3 * 7168 * 2048 + 7168 * 256)
    linear = attention + others + 7168 * 129_280
    routed = 58 * 8 * 3 * 7168 * 2048  # at half the speed of the rest
    absorbed = 61 * 2 * 128 * (2 * 512 + 64) * 1000
    compute = (2 * linear + 2 * routed / 0.5 + absorbed) / (0.5 * 1e15)
    latency = 61 * 10e-6 + 58 * 5e-6 + 61 * 4e-6
    assert step == pytest.approx(math.hypot(memory, compute) + latency + 1e-6, rel=1e-9)


def test_e4_e5_experts_and_chained_attention_add_to_every_pass_and_decoding_pays_a_part(
    fitted: Hardware, catalogue: Catalogue
) -> None:
    model = catalogue["deepseek-v3"]
    one = Deployment.aggregated(Pool(hardware="acme-x1", chips=1, precision=model.precision("bf16")))
    slow = fitted.at({"acme-x1:scheduling.pass_share": 0.9})
    passes = 3 * (61 * 100e-6 + 58 * 30e-6 + 61 * 20e-6)  # 2,500 tokens in chunks of 1,000
    blocking = [h.throughput.prefill_blocking_s(model, one, 2500.0, 0.0) for h in (fitted, slow)]
    assert blocking[1] - blocking[0] == pytest.approx((0.9 - 0.4) * passes, rel=1e-9)
    # ten such prompts at once fill 25 passes: 2.5 for each
    packed = fitted.throughput.prefill_blocking_s(model, one, 2500.0, 0.0, 10.0)
    assert blocking[0] - packed == pytest.approx(0.4 * passes * 0.5 / 3, rel=1e-9)


def test_e7_the_tokens_of_a_draft_are_computed_together_and_share_cache_and_latency(acme: Hardware, llama) -> None:
    batch, context, each = 10.0, 4000.0, 4.0
    deployment = Deployment.aggregated(pool(llama, 2))
    weights = 2 * (ATTENTION + DENSE + HEAD + NORMS) / 2
    cache = batch * context * KV_TOKEN / 2  # once a sequence
    memory = (weights / 0.5 + cache / 0.5) / 2e12
    compute = each * batch * (2 * ACTIVE + context * 32 * 4 * 32 * 128) / (2 * 0.5 * 1e15)
    assert memory > compute
    floor = 32 * (10e-6 + 20e-6 / 3)
    collectives = 2 * 32 * (2 * (1 / 2) * each * batch * 4096 * 2 / (100e9 * 0.5))
    verify = acme.throughput.decode_step_s(llama, deployment, batch, context, each)
    assert verify == pytest.approx(memory + floor + collectives + batch * 1e-6, rel=1e-9)  # sampled once a sequence


def test_e7_the_tokens_of_a_draft_touch_more_experts(acme: Hardware, catalogue: Catalogue) -> None:
    model = catalogue["deepseek-v3"]
    one = Pool(hardware="acme-x1", chips=1, precision=model.precision("bf16"))
    plain, drafted = (acme.bandwidth.read_s(model, one, 2.0, 1000.0, each) for each in (1.0, 4.0))
    coverage = [1 - (1 - 8 / 256) ** tokens for tokens in (2, 8)]
    assert drafted - plain == pytest.approx(EXPERTS * 2 * (coverage[1] - coverage[0]) / 1e12, rel=1e-9)


def finance(**changes: float) -> Finance:
    return Finance.from_terms(load_finance_terms(), {f"finance:{k}": v for k, v in changes.items()})


def test_c1_the_lines_of_a_system_hour(acme: Hardware) -> None:
    year = 365 * 86_400.0
    terms = finance(
        economic_life=4 * year,
        cost_of_capital=0.0,
        residual=0.0,
        pue=1.2,
        electricity=0.10,
        colocation=146.0,
        network_storage=0.10,
        support=0.05,
        software=438.0,
        staff=876.0,
    )
    lines = {line.id: line.usd_per_hour for line in acme.cost.lines("own", terms, 0.5)}
    assert lines == {
        "hardware": pytest.approx(100_000 / 4 / 8760),
        "network_storage": pytest.approx(10_000 / 4 / 8760),
        "support": pytest.approx(5_000 / 8760),
        "energy": pytest.approx(6.0 * 1.2 * 0.10),  # kW at half load, PUE, USD/kWh
        "colocation": pytest.approx(10.0 * 146 * 12 / 8760),  # the maximum, not the load
        "software": pytest.approx(4 * 438 / 8760),  # a chip
        "staff": pytest.approx(876 / 8760),  # a system
    }


def test_c4_a_rented_system_is_its_chips_by_the_hour_and_nothing_else(acme: Hardware) -> None:
    [line] = acme.cost.lines("rent_on_demand", finance(), 0.1)
    assert line.usd_per_hour == 8.0
    assert acme.cost.lines("rent_one_year", finance(), 0.1) == ()


def test_e9_power(acme: Hardware) -> None:
    assert acme.cost.power_w(np.array([0.0, 0.5, 1.0])) == pytest.approx([2000.0, 6000.0, 10_000.0])
    energy = [float(hourly_usd(acme.cost.lines("own", finance(), load))) for load in (0.0, 1.0)]
    assert energy[1] - energy[0] == pytest.approx(8.0 * 1.25 * 0.083)
