"""Predictions of points: what is filled in, what is refused, which shapes are tried, and what the interval stands on."""

import io
import math
from dataclasses import replace

import pytest

from chipbrief import physics
from chipbrief.catalogue import Catalogue
from chipbrief.evidence.jobs import Job, resolve
from chipbrief.evidence.operating import outlook
from chipbrief.evidence.points import Point, Prediction, parse_points
from chipbrief.evidence.predict import band_of, error_family, predict, predict_point, unlike_any
from chipbrief.hardware import Deployment
from chipbrief.registry import Registry

HEADER = (
    "hardware,n_chips,system,model,precision,isl,isl_effective,osl,concurrency,scenario,ttft_slo_ms,tpot_slo_ms,"
    "speculative,tp,dp,metric"
)


def point(**cells: object) -> Point:
    """A row of a points file; what is not named is empty."""
    given = {"metric": "tpot_ms", **cells}
    row = ",".join(str(given.get(name, "")) for name in HEADER.split(","))
    [found] = parse_points(io.BytesIO(f"{HEADER}\n{row}\n".encode()), "points.csv").points
    return found


@pytest.fixture
def told(registry: Registry, catalogue: Catalogue):
    def predicted(**cells: object) -> Prediction:
        return predict_point(point(**cells), registry, catalogue)

    return predicted


@pytest.fixture
def job(registry: Registry, catalogue: Catalogue):
    def resolved(**cells: object) -> Job:
        return resolve(point(**cells), registry, catalogue)

    return resolved


LLAMA = {"hardware": "h100", "model": "llama3.1-8b", "precision": "bf16", "isl": 1000, "osl": 200, "n_chips": 1}


# -- what is filled in ----------------------------------------------------------------------------------------


def test_a_row_that_says_everything_has_nothing_filled_in(told) -> None:
    found = told(**LLAMA, concurrency=8)
    assert (found.status, found.reason) == ("ok", "")
    assert found.low < found.predicted < found.high


def test_what_is_left_open_is_filled_in_and_said(told) -> None:
    found = told(hardware="h100", model="llama3.1-8b", metric="tok_s_per_user")
    assert found.reason == "precision bf16; isl 1,024; osl 1,024; a single stream; chips as the model chooses"


def test_a_native_precision_that_a_machine_cannot_store_gives_way_to_the_next_wider(job) -> None:
    # DeepSeek-R1 is published in FP8, which the SN40L stores; gpt-oss has MXFP4 experts, which it does not
    assert job(hardware="sn40l", model="gpt-oss-120b", n_chips=16).precision.expert not in ("mxfp4", "fp4")


def test_the_load_is_what_the_row_says_first_and_what_its_scenario_means_then(job) -> None:
    assert (job(**LLAMA, concurrency=4, scenario="offline").mode, job(**LLAMA, scenario="offline").mode) == (
        "in flight",
        "offline",
    )
    slo = job(**LLAMA, scenario="server", ttft_slo_ms=2000, tpot_slo_ms=100, metric="tok_s_total")
    assert (slo.mode, slo.ttft_slo_s, slo.tpot_slo_s) == ("slo", 2.0, 0.1)
    assert job(**LLAMA, scenario="interactive", metric="tok_s_total").ttft_slo_s == math.inf


def test_what_was_really_sent_counts_before_the_nominal_length(job) -> None:
    assert job(**LLAMA | {"isl": 1000, "isl_effective": 900}).request.new == 900


def test_requests_of_one_length_come_in_waves_only_where_the_row_says_so(job) -> None:
    waves = [job(**LLAMA, **more).waves for more in ({}, {"isl_effective": 1000}, {"isl_effective": 900})]
    assert waves == [False, True, False]


def test_names_are_accepted_in_any_case(told) -> None:
    assert told(**LLAMA | {"hardware": "H100", "model": "LLaMA3.1-8B"}).status == "ok"


# -- refusals -------------------------------------------------------------------------------------------------


def test_a_model_too_large_is_refused_with_the_arithmetic_and_the_chips_that_would_do(told) -> None:
    # Llama-3.1-70B has 70.55 billion parameters: 141.1 GB in 16 bits, 80 GB on one H100, 90 % of 160 GB on two
    found = told(hardware="h100", model="llama3.1-70b", precision="bf16", n_chips=1, isl=1024, osl=1024)
    assert found.status == "refused"
    assert "141 GB of weights" in found.reason
    assert "1 x H100 has 80 GB" in found.reason
    assert found.reason.endswith(": 2 or more")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"hardware": "h1000"}, "unknown hardware 'h1000'; did you mean"),
        ({"model": "llama-9"}, "unknown model 'llama-9'"),
        ({"hardware": "groq-lpu", "precision": "fp8", "n_chips": ""}, "does not store fp8"),
        ({"isl": 131_000, "osl": 100}, "context 131,100 > 131,072 tokens"),
        ({"tp": 16, "n_chips": 16}, "TP16 spans more than the 8 x H100"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(told, cells: dict[str, object], reason: str) -> None:
    found = told(**LLAMA | cells)
    assert (found.status, found.predicted, found.low, found.high) == ("refused", None, None, None)
    assert reason in found.reason


def test_levels_that_nothing_keeps_are_refused(told) -> None:
    # 16 GB of weights over 3.35 TB/s are 4.8 ms a token: no batch comes in 2 ms
    found = told(**LLAMA, scenario="server", ttft_slo_ms=2000, tpot_slo_ms=2, metric="tok_s_total")
    assert found.status == "refused"
    assert "no running batch keeps TTFT 2,000 ms and TPOT 2 ms at the 99th percentile" in found.reason


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"precision": "fp3"}, "unknown number format 'fp3'"),
        ({"n_chips": 4, "tp": 8, "concurrency": 1}, "TP8 x DP1 = 8 chips do not divide the 4 of the row"),
        ({"n_chips": 4, "tp": 1, "dp": 8, "concurrency": 1}, "TP1 x DP8 = 8 chips do not divide the 4"),
        ({"isl": 0.5}, "isl 0.5 is less than one token"),
        ({"concurrency": 1e300}, "requests in flight are more than"),
        ({"osl": 1, "concurrency": 4}, "an answer of one token has no time per token"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(told, cells: dict[str, object], reason: str) -> None:
    found = told(**LLAMA | cells)
    assert found.status == "refused"
    assert reason in found.reason


def test_attention_groups_that_do_not_divide_the_chips_are_refused(told) -> None:
    found = told(hardware="h100", model="gpt-oss-120b", n_chips=8, dp=3, isl=100, osl=100, concurrency=1)
    assert found.reason == "attention data parallel 3 does not divide 8 of 8 chips"


def test_formats_are_accepted_in_any_case(told) -> None:
    assert told(**LLAMA | {"precision": "BF16"}).predicted == told(**LLAMA).predicted


def test_a_shape_that_keeps_the_levels_is_taken_before_a_faster_one_that_misses(told, job) -> None:
    row = {"hardware": "h100", "model": "gpt-oss-120b", "n_chips": 8, "isl": 1024, "osl": 256, "scenario": "server"}
    row |= {"metric": "tok_s_total", "ttft_slo_ms": 10_000}
    found = job(**row)
    alone = []
    for candidate in found.candidates:
        one = replace(found, candidates=(candidate,), tpot_slo_s=1e-6)
        alone.append(float(outlook(one, found.hardware, 8, speculative=False).excess[0]) * 1e-3)  # ms at a batch of one
    assert told(**row, tpot_slo_ms=min(alone) * 1.02).status == "ok"
    assert told(**row, tpot_slo_ms=min(alone) * 0.98).status == "refused"


@pytest.mark.parametrize("osl", [1, 20, 500])
@pytest.mark.parametrize("concurrency", [1, 16, 256])
def test_requests_in_flight_never_get_more_than_a_saturated_replica_gives(told, osl: int, concurrency: int) -> None:
    row = {**LLAMA, "isl": 4000, "osl": osl, "metric": "tok_s_total"}
    load, most = told(**row, concurrency=concurrency), told(**row, scenario="offline")
    assert load.predicted <= most.predicted * 1.001


def test_where_the_prompt_is_all_of_the_time_the_interval_is_that_of_ttft(told) -> None:
    row = {**LLAMA, "isl": 8000, "osl": 1, "concurrency": 1}
    first, whole = (told(**row, metric=metric) for metric in ("ttft_ms", "e2e_ms"))
    assert (whole.low, whole.high) == (pytest.approx(first.low), pytest.approx(first.high))


def test_a_refused_row_leaves_the_others_alone(registry: Registry, catalogue: Catalogue) -> None:
    rows = [point(**LLAMA), point(**LLAMA | {"model": "nothing"}), point(**LLAMA)]
    assert [p.status for p in predict(rows, registry, catalogue)] == ["ok", "refused", "ok"]


# -- shapes ---------------------------------------------------------------------------------------------------


def shapes(job: Job) -> set[tuple[int, int, int]]:
    """Tensor degree, attention-data groups and replicas of every candidate."""
    return {(c.deployment.decode.tensor, c.deployment.decode.attention_data, c.replicas) for c in job.candidates}


def test_requests_in_flight_are_counted_on_one_replica_of_the_chips(job) -> None:
    assert shapes(job(**LLAMA | {"n_chips": 4}, concurrency=8)) == {(4, 1, 1)}


def test_a_benchmark_of_a_system_may_run_as_many_replicas_as_it_holds(job) -> None:
    found = shapes(job(**LLAMA | {"n_chips": 8}, scenario="offline", metric="tok_s_total"))
    assert found == {(1, 1, 8), (2, 1, 4), (4, 1, 2), (8, 1, 1)}


def test_a_shape_in_the_systems_name_is_one_replica(job) -> None:
    found = shapes(job(**LLAMA | {"n_chips": 8}, system="8x H100 TP8", scenario="offline", metric="tok_s_total"))
    assert found == {(8, 1, 1)}


def test_stated_data_parallel_degrees_share_experts_and_replicate_dense_models(job) -> None:
    experts = {"hardware": "b200", "model": "gpt-oss-120b", "isl": 1000, "osl": 200, "n_chips": 4, "concurrency": 8}
    assert shapes(job(**experts, tp=1, dp=4)) == {(4, 4, 1)}
    assert shapes(job(**LLAMA | {"n_chips": 4}, concurrency=8, tp=1, dp=4)) == {(1, 1, 4)}


def test_more_chips_than_a_domain_are_replicas_or_a_pipeline(job) -> None:
    found = job(hardware="h100", model="llama3.1-405b", precision="bf16", n_chips=16, isl=1000, osl=200, concurrency=1)
    # 812 GB of weights: 16 x 72 GB hold them, 8 do not
    assert [(c.deployment.decode.tensor, c.deployment.decode.pipeline) for c in found.candidates] == [(8, 2)]


def test_what_fits_only_at_the_upper_end_of_the_memory_says_so(told) -> None:
    # DeepSeek-R1 in FP8 is 671 GB: 90 % of 4 x 180 GB are 648 GB, and it was measured on four B200 all the same
    found = told(hardware="b200", model="deepseek-r1", precision="fp8", n_chips=4, isl=1024, osl=1024, concurrency=4)
    assert found.reason == "fits only at the upper end of the memory's range"


# -- metrics --------------------------------------------------------------------------------------------------


def test_metrics_of_one_operating_point_agree(told) -> None:
    """E2E = TTFT + (output - 1) TPOT, and one request in flight ends a residence (Little)."""
    row = {**LLAMA, "n_chips": 2, "concurrency": 1}
    value = {
        metric: told(**row | {"metric": metric}).predicted
        for metric in ("ttft_ms", "tpot_ms", "e2e_ms", "tok_s_total", "tok_s_per_chip", "tok_s_per_user")
    }
    assert value["e2e_ms"] == pytest.approx(value["ttft_ms"] + 199 * value["tpot_ms"])
    assert value["tok_s_total"] == pytest.approx(200 / (value["e2e_ms"] / 1e3))
    assert value["tok_s_per_chip"] == pytest.approx(value["tok_s_total"] / 2)
    assert value["tok_s_per_user"] == pytest.approx(1e3 / value["tpot_ms"])


def test_requests_beyond_the_memory_wait_and_do_not_slow_the_others(told) -> None:
    row = {**LLAMA, "isl": 8000, "osl": 1000}
    # 72 GB less 16 GB of weights over 131,072 B a token x 9,000 tokens: 47 sequences
    few, many = (told(**row, concurrency=n, metric="tpot_ms").predicted for n in (47, 188))
    assert many == pytest.approx(few, rel=0.02)
    waits = [told(**row, concurrency=n, metric="ttft_ms").predicted for n in (47, 188)]
    assert waits[1] > 10 * waits[0]


def test_service_levels_bound_throughput_and_looser_ones_never_cost(told) -> None:
    row = {**LLAMA, "metric": "tok_s_total"}
    offline = told(**row, scenario="offline").predicted
    levels = [told(**row, scenario="server", tpot_slo_ms=ms).predicted for ms in (10, 20, 40, 1000)]
    assert levels == sorted(levels)
    assert levels[0] < levels[-1] < offline


def test_levels_are_kept_at_the_operating_point(job, registry: Registry) -> None:
    found = job(**LLAMA, scenario="server", tpot_slo_ms=20, metric="tok_s_total")
    at = outlook(found, found.hardware, 1, speculative=False)
    tail = found.hardware.profile.scheduling.tpot_tail.value
    assert at.tpot_s[0] * tail == pytest.approx(0.020, rel=0.02)


# -- speculation ----------------------------------------------------------------------------------------------


def test_a_draft_model_is_a_named_multiplier_that_shrinks_with_the_load(told) -> None:
    row = {"hardware": "b200", "model": "deepseek-r1", "precision": "fp4", "n_chips": 8, "isl": 1024, "osl": 1024}
    gains = []
    for concurrency in (1, 512):
        plain, drafted = (told(**row, concurrency=concurrency, speculative=s) for s in ("no", "yes"))
        assert "speculation x" in drafted.reason
        gains.append(plain.predicted / drafted.predicted)
    # three drafted tokens at 70 % are (1 - 0.7^4)/(1 - 0.7) = 2.53 tokens a step at most
    assert 2.53 > gains[0] > gains[1]


def test_where_a_draft_is_unknown_the_interval_holds_both(told) -> None:
    row = {"hardware": "cerebras-cs3", "model": "glm-4.7", "metric": "tok_s_per_user"}
    plain, drafted, unknown = (told(**row, speculative=s) for s in ("no", "yes", "unknown"))
    assert unknown.low <= plain.predicted < unknown.predicted < drafted.predicted <= unknown.high
    assert unknown.predicted == pytest.approx(math.sqrt(plain.predicted * drafted.predicted), rel=1e-6)


# -- intervals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "family"),
    [
        ({"concurrency": 8}, "tpot"),
        ({"concurrency": 8, "metric": "ttft_ms"}, "ttft_light"),
        ({"concurrency": 9, "metric": "ttft_ms"}, "ttft_load"),
        ({"scenario": "offline", "metric": "tok_s_per_chip"}, "throughput_offline"),
        ({"scenario": "server", "metric": "tok_s_total"}, "throughput_slo"),
        ({"scenario": "server", "metric": "ttft_ms"}, "ttft_slo"),
        ({"scenario": "interactive", "metric": "tpot_ms"}, "tpot_slo"),
        ({"concurrency": 64, "metric": "tok_s_total"}, "tpot"),
        ({"metric": "tok_s_per_user"}, "speed"),
    ],
)
def test_every_metric_has_a_family_of_errors(job, cells: dict[str, object], family: str) -> None:
    row = {**LLAMA, **cells}
    assert error_family(str(row.get("metric", "tpot_ms")), job(**row)) == family


def test_attention_that_no_point_has_gets_the_widest_band(job) -> None:
    linear = job(hardware="h100", model="qwen3.5-397b-a17b", n_chips=8, precision="fp8", isl=1000, osl=200)
    assert unlike_any(linear, "tpot")
    bands = linear.hardware.profile.errors["tpot"].values()
    assert band_of(linear, "tpot") == (min(b.lowest for b in bands), max(b.highest for b in bands))


def test_a_family_without_any_point_is_half_to_double(job) -> None:
    assert band_of(job(**LLAMA), "a family that nobody measured") == (0.5, 2.0)


def test_a_rate_has_the_inverse_of_the_band_of_its_time(told) -> None:
    time, rate = (told(**LLAMA, concurrency=16, metric=m) for m in ("tpot_ms", "tok_s_per_user"))
    assert rate.high / rate.predicted == pytest.approx(time.predicted / time.low)
    assert rate.low / rate.predicted == pytest.approx(time.predicted / time.high)


def test_a_step_of_a_row_is_the_physics_of_its_machine(job) -> None:
    found = job(**LLAMA, concurrency=1)
    [candidate] = found.candidates
    assert candidate.deployment == Deployment.aggregated(candidate.deployment.decode)
    model = found.hardware.throughput
    step = model.decode_step_s(found.architecture, candidate.deployment, 1.0, 1100.0)
    blocking = model.prefill_blocking_s(found.architecture, candidate.deployment, 1000.0, 0.0)
    alone = physics.aggregated_tpot_s(step, blocking, batch=1.0, output_tokens=200.0)
    assert outlook(found, found.hardware, 1, speculative=False).tpot_s[0] == pytest.approx(float(alone))
