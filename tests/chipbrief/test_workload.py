"""Workload mixes: the shipped one, every fault of a file at once, and the arithmetic of tokens and arrivals."""

import math
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml
from chipbrief.errors import InputError
from chipbrief.registry import Registry
from chipbrief.workload import Shape, TokenDistribution, WorkloadClass, WorkloadMix, load_mix, mix_from_document

NORMAL = NormalDist()
MODELS = {"gpt-oss-120b": "gpt-oss-120b", "openai/gpt-oss-120b": "gpt-oss-120b", "llama-3.1-8b": "llama-3.1-8b"}
HARDWARE = {"acme-x1": "acme-x1", "x1": "acme-x1", "acme-x2": "acme-x2"}

GOOD = """\
schema: workload-mix/1
name: small
classes:
  - id: chat
    kind: chat
    model: gpt-oss-120b
    tokens:
      input: {p50: 900, p95: 4000}
      output: 200
    arrival: {requests_per_day: 2M}
    slo: {ttft_p95: 2 s, tpot_p95: 50 ms, e2e_p95: null}
hardware: [acme-x1, acme-x2]
"""


def mix(text: str, folder: Path = Path()) -> WorkloadMix:
    return mix_from_document(parse_yaml(text, "mix.yaml"), folder, models=MODELS, hardware=HARDWARE)


def changed(*changes: tuple[str, str]) -> str:
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def problems(text: str, folder: Path = Path()) -> list[str]:
    with pytest.raises(InputError) as refused:
        mix(text, folder)
    return [str(problem) for problem in refused.value.problems]


def one_class(*changes: tuple[str, str]) -> WorkloadClass:
    return mix(changed(*changes)).classes[0]


# -- what ships -----------------------------------------------------------------------------------------------


def test_the_shipped_mix_loads(shipped_mix: Path, catalogue: Catalogue, registry: Registry) -> None:
    shipped = load_mix(shipped_mix, models=catalogue.names, hardware=registry.names)
    assert [c.id for c in shipped.classes] == [
        "docs-bot",
        "coding-agent",
        "reasoning-2k",
        "reasoning-10k",
        "voice",
        "batch-classification",
    ]
    assert set(shipped.hardware or ()) <= set(registry.hardware)
    docs = shipped.classes[0]
    # 12 million tokens a day over 1155 + 211 tokens a request
    assert (docs.demand.mean_requests_s or 0) * 86_400 == pytest.approx(12e6 / 1366)
    assert shipped.horizon is not None
    assert shipped.horizon.growth_at_end == pytest.approx(1.8**2)


def test_every_class_of_the_shipped_mix_says_what_it_rests_on(
    shipped_mix: Path, catalogue: Catalogue, registry: Registry
) -> None:
    shipped = load_mix(shipped_mix, models=catalogue.names, hardware=registry.names)
    assert all(c.basis and len(c.basis) > 20 for c in shipped.classes)


def test_the_fields_of_the_design_are_accepted() -> None:
    wanted = mix(
        changed(
            ("output: 200", "output: {p50: 213, p95: 2000, reasoning_share: 0.0}\n      cached_fraction: 0.96"),
            ("requests_per_day: 2M", "requests_per_day: 2M, peak_to_mean: 1.5, burst: 2.0"),
            ("e2e_p95: null", "e2e_p95: null, attainment: 0.95"),
            ("hardware:", "finance: {lane: own, pue: 1.3}\npower_cap: 20 MW\nhardware:"),
        )
    )
    assert wanted.power_cap == 20e6
    assert wanted.finance.changed == {"pue": 1.3}
    assert wanted.classes[0].slo.e2e_p95 is None
    assert wanted.classes[0].tokens.cached_fraction == 0.96


def test_names_and_aliases_become_ids_and_are_counted_once() -> None:
    wanted = mix(
        changed(("model: gpt-oss-120b", "model: openai/gpt-oss-120b"), ("[acme-x1, acme-x2]", "[x1, acme-x1]"))
    )
    assert wanted.classes[0].model == "gpt-oss-120b"
    assert wanted.hardware == ("acme-x1",)


# -- demand over the day and over the months ------------------------------------------------------------------

DAY = [0] * 12 + [2] * 12  # nothing before noon, then twice the mean


def test_the_shape_of_a_day_tells_its_busiest_hour() -> None:
    demand = one_class(("requests_per_day: 2M", f"requests_per_day: 2M, burst: 1, hourly: {DAY}")).demand
    assert demand.peak_factor == 2.0  # 24 x 2 / 24
    assert demand.hours == (0.0,) * 12 + (1.0,) * 12


def test_a_shape_is_stretched_to_the_peak_that_is_given() -> None:
    arrival = f"requests_per_day: 2M, burst: 1, peak_to_mean: 1.5, hourly: {DAY}"
    demand = one_class(("requests_per_day: 2M", arrival)).demand
    assert demand.peak_factor == 1.5
    assert demand.hours == pytest.approx((0.5 / 1.5,) * 12 + (1.0,) * 12)  # 1 -+ 0.5 about the mean


def test_work_that_may_wait_a_day_has_no_hours() -> None:
    waits = ("slo: {ttft_p95: 2 s, tpot_p95: 50 ms, e2e_p95: null}", "slo: {deadline: 24 h}")
    demand = one_class(("requests_per_day: 2M", f"requests_per_day: 2M, hourly: {DAY}"), waits).demand
    assert (demand.peak_factor, demand.hours) == (1.0, None)


@given(st.lists(st.integers(0, 100), min_size=24, max_size=24).filter(lambda day: max(day) > min(day)))
def test_no_hour_of_a_day_asks_more_than_its_busiest(day: list[int]) -> None:
    demand = one_class(("requests_per_day: 2M", f"requests_per_day: 2M, burst: 1, hourly: {day}")).demand
    assert demand.hours is not None
    assert max(demand.hours) == 1.0
    assert min(demand.hours) >= 0.0
    assert sum(demand.hours) / 24 * demand.peak_factor == pytest.approx(1.0)  # the mean stays the mean


def test_steps_and_growth_multiply() -> None:
    steps = "steps: [{from: 2027-12, factor: 3}, {from: 2028-12, factor: 5}]"
    horizon = mix(
        changed(("hardware:", f"horizon: {{start: 2026-12, months: 30, growth_per_year: 4, {steps}}}\nhardware:"))
    )
    assert horizon.horizon is not None
    growth = horizon.horizon.growth_by_month()
    assert len(growth) == 30
    # twice in half a year, four times in one, and from then on three times that; 16 x 5 after two
    assert [growth[m] for m in (0, 6, 11, 12, 24)] == pytest.approx([1, 2, 4 ** (11 / 12), 12, 80])
    assert horizon.horizon.growth_at_end == pytest.approx(4**2.5 * 5)


# -- faults ---------------------------------------------------------------------------------------------------


def test_every_fault_of_a_mix_is_reported_at_once_with_line_and_column() -> None:
    text = """\
schema: workload-mix/1
name: broken mix
horizon: {start: 2026-13, months: 6}
classes:
  - id: chat
    kind: chatt
    model: gpt-oss-12b
    tokens:
      input: {p50: 4000, p95: 900}
      output: -200
    arrival: {requests_per_day: 2M, tokens_per_day: 1M}
    slo: {ttft_p95: 2, tpot_p95: 0 ms}
  - id: chat
    kind: chat
    model: gpt-oss-120b
    precision: fp9
    tokens: {input: 100, cached_fraction: 96, outptu: 5}
    arrival: {concurrent_users: 0}
finance: {lane: lease, pue: 0.9, electricity: 0.083}
power_cap: 20
hardware: [acme-x1, acme-x3]
"""
    assert problems(text) == [
        "mix.yaml:2:7: name: expected an id of letters, digits, '-', '.' and '_', got 'broken mix'",
        "mix.yaml:3:18: horizon.start: expected a month such as 2026-12, got '2026-13'",
        "mix.yaml:6:11: classes[0].kind: expected 'chat', 'documentation', 'code_completion', 'agentic_coding', "
        "'long_reasoning', 'rag', 'voice', 'batch', 'classification', 'summarisation', 'translation' or 'other', "
        "got 'chatt'; did you mean 'chat'?",
        "mix.yaml:7:12: classes[0].model: unknown model 'gpt-oss-12b'; did you mean 'gpt-oss-120b'?",
        "mix.yaml:9:7: classes[0].tokens.input: quantiles must not fall: p50 4000, p95 900",
        "mix.yaml:10:15: classes[0].tokens.output: expected a number that is not negative, got '-200'",
        "mix.yaml:11:5: classes[0].arrival: give exactly one of requests_per_day, tokens_per_day and concurrent_users",
        "mix.yaml:12:21: classes[0].slo.ttft_p95: expected a time such as 2 s, got '2'; did you mean '2 s'?",
        "mix.yaml:12:34: classes[0].slo.tpot_p95: must be more than 0 s",
        "mix.yaml:13:9: classes[1].id: the class id 'chat' stands twice",
        "mix.yaml:16:16: classes[1].precision: unknown number format 'fp9'; did you mean 'fp8'?",
        "mix.yaml:17:5: classes[1].tokens.output: is missing",
        "mix.yaml:17:43: classes[1].tokens.cached_fraction: expected a share of at most 1, got '96'; "
        "did you mean '96 %'?",
        "mix.yaml:17:55: classes[1].tokens.outptu: is not a field here; did you mean 'output'?",
        "mix.yaml:18:33: classes[1].arrival.concurrent_users: must be more than 0",
        "mix.yaml:19:17: finance.lane: expected 'own', 'rent' or 'api', got 'lease'",
        "mix.yaml:19:29: finance.pue: is at least 1",
        "mix.yaml:19:47: finance.electricity: expected an electricity price such as 0.083 USD/kWh, got '0.083'; "
        "did you mean '0.083 USD/kWh'?",
        "mix.yaml:20:12: power_cap: expected a power such as 14.3 kW, got '20'; did you mean '20 kW'?",
        "mix.yaml:21:21: hardware[1]: unknown hardware 'acme-x3'; did you mean 'acme-x2'?",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("workload-mix/1", "workload-mix/2", "mix.yaml:1:9: schema: expected 'workload-mix/1', got 'workload-mix/2'"),
        ("ttft_p95: 2 s", "ttft_p95: 0 s", "classes[0].slo.ttft_p95: must be more than 0 s"),
        ("ttft_p95: 2 s", "ttft_p95: 12:30", "classes[0].slo.ttft_p95: expected a time such as 2 s, got '12:30'"),
        ("ttft_p95: 2 s", "ttft_p95: 2 s, ttft: 1 s", "classes[0].slo.ttft: is not a field here; did you mean"),
        ("output: 200", "output: NO", "classes[0].tokens.output: expected a number such as 12M, got 'NO'"),
        ("output: 200", "output: 0", "classes[0].tokens.output.mean: expected more than 0 tokens"),
        ("output: 200", "output: {}", "classes[0].tokens.output: give a number, a mean, quantiles"),
        ("output: 200", "output: [1, 2]", "classes[0].tokens.output: expected a number such as 12M, got a list"),
        ("output: 200", "output: 1e400", "classes[0].tokens.output: expected a number such as 12M, got '1e400'"),
        ("output: 200", "output: 200 GB", "classes[0].tokens.output: expected a number such as 12M, got '200 GB'"),
        ("p95: 4000", "p59: 4000", "classes[0].tokens.input.p59: is not a field here; did you mean 'p9"),
        ("requests_per_day: 2M", "requests_per_day: 2M, burst: 0.5", "arrival.burst: is at least 1"),
        ("{requests_per_day: 2M}", "{}", "give exactly one of requests_per_day, tokens_per_day and concurrent_users"),
        ("requests_per_day: 2M", "requests_per_day: true", "expected a number such as 12M, got 'true'"),
        ("requests_per_day: 2M", "requests_per_day: 2,000", "quote values that hold a comma"),
        ("id: chat", "id: ../chat", "classes[0].id: expected an id of letters, digits"),
        ("model: gpt-oss-120b", "model: [a]", "classes[0].model: expected text, got ['a']"),
        ("hardware: [acme-x1, acme-x2]", "hardware: acme-x1", "hardware: expected a list, got 'acme-x1'"),
        ("hardware: [acme-x1, acme-x2]", "hardware: []", "mix.yaml:12:1: hardware: expected at least 1, got none"),
        ("hardware: [acme-x1, acme-x2]", "finance: {utilisation: 0 %}", "finance.utilisation: must be more than 0"),
        ("hardware: [acme-x1, acme-x2]", "finance: {pue: 0.9}", "finance.pue: is at least 1"),
        ("hardware: [acme-x1, acme-x2]", "horizon: {start: ２０２６-12}", "horizon.start: expected a month"),
        ("hardware: [acme-x1, acme-x2]", "horizon: {start: 2026-12, months: 0}", "horizon.months: must be more than 0"),
        (
            "hardware: [acme-x1, acme-x2]",
            "horizon: {start: 2026-12, steps: [{from: 2027-05, factor: 2}, {from: 2027-03, factor: 3}]}",
            "horizon.steps[1].from: steps out of order: 2027-03 stands after 2027-05",
        ),
        (
            "hardware: [acme-x1, acme-x2]",
            "horizon: {start: 2026-12, steps: [{from: 2027-12, factor: 2}]}",
            "horizon.steps: steps lie after the first month and within the 12 of the horizon, not 2027-12",
        ),
        (
            "hardware: [acme-x1, acme-x2]",
            "horizon: {start: 2026-12, steps: [{from: 2027-03, factor: 0}]}",
            "steps[0].factor: must be more than 0",
        ),
        ("requests_per_day: 2M", "requests_per_day: 2M, hourly: [1, 2, 3]", "expected 24 loads, got 3"),
        (
            "requests_per_day: 2M",
            f"requests_per_day: 2M, hourly: {[0] * 24}",
            "arrival.hourly: expected 24 loads, got only zeros",
        ),
        (
            "requests_per_day: 2M",
            f"requests_per_day: 2M, peak_to_mean: 1.5, hourly: {[7] * 24}",
            "a flat day has no hour of 1.5 times the mean; leave peak_to_mean out",
        ),
        (
            "hardware: [acme-x1, acme-x2]",
            "power-cap: 1 MW",
            "power-cap: is not a field here; did you mean 'power_cap'?",
        ),
    ],
)
def test_a_fault_is_named_in_the_fields_own_terms(old: str, new: str, message: str) -> None:
    [problem] = [p for p in problems(changed((old, new))) if message in p]
    assert problem.startswith("mix.yaml:")
    assert len(problem.split(":")) > 3


def test_an_empty_list_of_classes_is_refused() -> None:
    head, tail = GOOD.split("classes:")
    [problem] = problems(head + "classes: []\n" + tail[tail.index("hardware") :])
    assert problem == "mix.yaml:3:1: classes: expected at least 1, got none"


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (None, "cannot be read"),
        ("arrival,output_tokens\n0,5\n", "log.csv:1:1: has no column input_tokens"),
        ("input_tokens,output_tokens\n100,5\n7,x\nmany,5\n", "log.csv:4:1: input_tokens: expected a number"),
        ("input_tokens,output_tokens\n100,5\n-7,5\n", "log.csv:3:1: input_tokens: expected a number that is not neg"),
        ("input_tokens,output_tokens\n0,5\n", "no row with input_tokens above 0"),
        ("input_tokens,output_tokens\n", "no row with input_tokens above 0"),
        ("", "has no column input_tokens"),
    ],
    ids=["missing", "column", "word", "negative", "zeros", "no-rows", "empty"],
)
def test_a_trace_that_cannot_be_read_is_a_problem_of_its_line_in_the_mix(
    tmp_path: Path, log: str | None, reason: str
) -> None:
    if log is not None:
        (tmp_path / "log.csv").write_text(log)
    text = changed(("{p50: 900, p95: 4000}", "{trace: log.csv}"), ("tpot_p95: 50 ms", "tpot_p95: 50"))
    first, second = problems(text, tmp_path)
    assert first.startswith("mix.yaml:8:7: classes[0].tokens.input: ")
    assert reason in first
    assert "\n" not in first
    assert second.startswith("mix.yaml:11:36: classes[0].slo.tpot_p95: ")


# -- tokens ---------------------------------------------------------------------------------------------------


def quantiles(**points: float) -> TokenDistribution:
    return TokenDistribution.model_validate({name: str(value) for name, value in points.items()})


@pytest.mark.parametrize(("p50", "p95"), [(1020, 4083), (96_300, 122_000), (129, 451), (60, 150)])
def test_two_quantiles_are_a_log_normal(p50: float, p95: float) -> None:
    tokens = quantiles(p50=p50, p95=p95)
    sigma = math.log(p95 / p50) / NORMAL.inv_cdf(0.95)
    for level in (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99):
        expected = p50 * math.exp(sigma * NORMAL.inv_cdf(level))
        assert tokens.quantile(level) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("p50", "p95"), [(1020, 4083), (96_300, 122_000), (129, 451), (60, 150)])
def test_the_mean_is_that_of_the_log_normal_between_its_half_percent_tails(p50: float, p95: float) -> None:
    sigma = math.log(p95 / p50) / NORMAL.inv_cdf(0.95)
    whole = p50 * math.exp(sigma**2 / 2)
    z = NORMAL.inv_cdf(0.995)
    truncated = whole * (NORMAL.cdf(z - sigma) - NORMAL.cdf(-z - sigma)) / 0.99
    assert quantiles(p50=p50, p95=p95).average == pytest.approx(truncated, rel=0.02)
    assert quantiles(p50=p50, p95=p95).average == pytest.approx(whole, rel=0.04)  # and the tails hold little


def test_a_mean_that_is_given_is_kept_beside_the_quantiles() -> None:
    tokens = quantiles(p50=208, p95=6714, mean=1268)
    assert tokens.average == 1268
    assert tokens.quantile(0.5) == pytest.approx(208)


def test_one_number_is_every_request() -> None:
    tokens = TokenDistribution.model_validate("2000")
    assert tokens.average == 2000
    assert tokens.quantile(0.01) == tokens.quantile(0.99) == pytest.approx(2000)


@given(st.lists(st.integers(1, 10**6), min_size=3, max_size=3), st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_quantiles_pass_through_their_points_and_never_fall(counts: list[int], a: float, b: float) -> None:
    p50, p90, p99 = sorted(counts)
    tokens = quantiles(p50=p50, p90=p90, p99=p99)
    assert [tokens.quantile(x) for x in (0.5, 0.9, 0.99)] == pytest.approx([p50, p90, p99])
    low, high = sorted((a, b))
    assert tokens.quantile(low) <= tokens.quantile(high) * (1 + 1e-12)


def test_a_trace_gives_the_quantiles_and_the_mean_of_its_column(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    into = rng.integers(1, 9000, 500)
    out = rng.integers(1, 300, 500)
    rows = "".join(f"{i},{a},{b}\n" for i, (a, b) in enumerate(zip(into, out, strict=True)))
    (tmp_path / "log.csv").write_text("arrival,input_tokens,output_tokens\n" + rows + "500,0,0\n")  # a failed request
    text = changed(("{p50: 900, p95: 4000}", "{trace: log.csv}"), ("output: 200", "output: {trace: log.csv}"))
    tokens = mix(text, tmp_path).classes[0].tokens
    for side, values in ((tokens.input, into), (tokens.output, out)):
        assert side.average == pytest.approx(values.mean())
        for level in (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99):
            assert side.quantile(level) == pytest.approx(np.quantile(values, level), rel=1e-6)


def test_the_shape_of_a_class() -> None:
    shape = one_class(("output: 200", "output: 200\n      cached_fraction: 50 %")).shape
    assert shape.input_p50 == pytest.approx(900)
    assert shape.input_p95 == pytest.approx(4000)
    assert shape.context_p95 == pytest.approx(4200)
    assert shape.context_mean == pytest.approx(shape.input_mean + 100)  # a running request has written half its answer
    assert shape.cached_fraction == 0.5
    assert Shape(10, 10, 20, 4, 4, 6, 0).context_p95 == 26


# -- arrivals -------------------------------------------------------------------------------------------------


def test_requests_a_day_are_spread_and_the_peak_is_hour_times_minute() -> None:
    demand = one_class(("requests_per_day: 2M", "requests_per_day: 86400, peak_to_mean: 1.5, burst: 2")).demand
    assert demand.mean_requests_s == 1.0
    assert demand.peak_factor == 3.0


def test_tokens_a_day_are_input_and_output_together() -> None:
    demand = one_class(("{p50: 900, p95: 4000}", "800"), ("requests_per_day: 2M", "tokens_per_day: 86.4M")).demand
    assert demand.mean_requests_s == pytest.approx(1.0)  # 86.4M over 800 + 200 tokens and 86,400 seconds


@pytest.mark.parametrize(
    ("deadline", "factor"), [("1 min", 6.0), ("59 min", 6.0), ("1 h", 3.0), ("6 h", 3.0), ("24 h", 1.0), ("7 d", 1.0)]
)
def test_work_that_may_wait_flattens_its_own_peaks(deadline: str, factor: float) -> None:
    demand = one_class(
        ("requests_per_day: 2M", "requests_per_day: 2M, peak_to_mean: 3, burst: 2"),
        ("{ttft_p95: 2 s, tpot_p95: 50 ms, e2e_p95: null}", f"{{deadline: {deadline}}}"),
    ).demand
    assert demand.peak_factor == factor


def test_users_are_requests_in_flight_with_time_to_think() -> None:
    demand = one_class(("requests_per_day: 2M", "concurrent_users: 300, think_time: 30 s")).demand
    assert (demand.mean_requests_s, demand.mean_in_flight, demand.think_time_s) == (None, 300, 30)
