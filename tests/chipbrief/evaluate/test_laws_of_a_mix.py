"""What must hold for any mix: monotonic costs, honest reasons, intervals around values, sums that add up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chipbrief.catalogue import load_catalogue
from chipbrief.config import parse_yaml
from chipbrief.evaluate import Outcome, Results, cheapest_route, evaluate, vendor_fleets
from chipbrief.evaluate.pareto import unbeaten
from chipbrief.registry import load_registry
from chipbrief.workload import mix_from_document
from chipbrief_templates import DEFAULT_MIX

REGISTRY, CATALOGUE = load_registry(), load_catalogue()
MIX = """
schema: workload-mix/1
name: one
classes:
  - id: chat
    kind: chat
    model: {model}
    tokens: {{input: {input}, output: {output}}}
    arrival: {{requests_per_day: {requests}}}
    slo: {slo}
finance: {finance}
hardware: {hardware}
"""
PLAIN = {
    "model": "gpt-oss-120b",
    "input": "{p50: 1000, p95: 4000}",
    "output": "{p50: 300, p95: 900}",
    "requests": "2M",
    "slo": "{ttft_p95: 3 s, tpot_p95: 20 ms}",
    "finance": "{}",
    "hardware": "[cerebras-cs3, nvidia-b200, groq-lpu]",
}
ALL = ("cerebras-cs3", "nvidia-b200", "groq-lpu")


def run(samples: int = 60, **changes: str) -> Results:
    text = MIX.format(**{**PLAIN, **changes})
    mix = mix_from_document(parse_yaml(text, "mix.yaml"), Path(), models=CATALOGUE.names, hardware=REGISTRY.names)
    return evaluate(mix, REGISTRY, CATALOGUE, as_of="2026-11-23", samples=samples)


def usd(results: Results, hardware: str, lane: str = "own") -> float:
    cost = results.outcome("chat", hardware).lane(lane)
    assert cost is not None
    return cost.usd_month.value


@pytest.mark.parametrize("hardware", ALL)
def test_a_looser_service_level_never_needs_more_chips(hardware: str) -> None:
    levels = ("{tpot_p95: 4 ms}", "{tpot_p95: 10 ms}", "{tpot_p95: 40 ms}", "{}")
    found = [run(slo=slo).outcome("chat", hardware) for slo in levels]
    chips = [o["chips"].value for o in found if o.status == "meets"]
    assert len(chips) >= 3
    assert chips == sorted(chips, reverse=True)


@pytest.mark.parametrize("hardware", ALL)
def test_more_demand_never_costs_less(hardware: str) -> None:
    bills = [usd(run(requests=r), hardware) for r in ("10k", "500k", "5M", "50M")]
    assert bills == sorted(bills)
    assert bills[-1] > bills[0]


@pytest.mark.parametrize(
    ("term", "values"),
    [
        ("electricity", ("0.05 USD/kWh", "0.20 USD/kWh")),
        ("colocation", ("150 USD/kW-month", "250 USD/kW-month")),
        ("cost_of_capital", ("6 %", "15 %")),
        ("support", ("3 %", "10 %")),
        ("pue", ("1.1", "1.5")),
    ],
)
def test_owning_costs_more_when_a_term_rises(term: str, values: tuple[str, str]) -> None:
    low, high = (run(finance=f"{{{term}: {value}}}") for value in values)
    assert all(usd(high, name) > usd(low, name) for name in ALL)


def test_owning_costs_less_a_month_when_the_hardware_lives_longer() -> None:
    short, long = run(finance="{economic_life: 3 y}"), run(finance="{economic_life: 6 y}")
    assert all(usd(long, name) < usd(short, name) for name in ALL)


def test_the_price_at_capacity_falls_with_utilisation_and_the_plan_does_not_depend_on_it() -> None:
    idle, busy = run(finance="{utilisation: 20 %}"), run(finance="{utilisation: 60 %}")
    for name in ALL:
        assert (
            idle.outcome("chat", name)["usd_mtok_capacity"].value
            > busy.outcome("chat", name)["usd_mtok_capacity"].value
        )
        assert usd(idle, name) == usd(busy, name)


def test_an_impossible_level_is_missed_in_words_and_not_hidden() -> None:
    outcome = run(slo="{ttft_p95: 1 ms}").outcome("chat", "nvidia-b200")
    assert outcome.status == "misses"
    assert outcome.reason.startswith("TTFT p95 ")
    assert outcome.reason.endswith("> 1 ms")


def test_a_context_beyond_the_models_limit_is_refused_with_both_numbers() -> None:
    outcome = run(input="{p50: 96.3k, p95: 250k}", output="2k").outcome("chat", "cerebras-cs3")
    assert outcome.status == "refused"
    assert outcome.reason == "context 252,000 > 131,072 tokens of gpt-oss-120b"
    assert not outcome.lanes


def test_nobody_is_ranked_who_misses_the_level() -> None:
    results = run(slo="{tpot_p95: 1 ms}")  # 1,000 tok/s for every user: only the wafer's model reaches it
    assert {o.hardware for o, _ in results.offers("chat")} == {"cerebras-cs3"}


def test_tokens_from_an_api_cost_what_the_price_list_says() -> None:
    """Groq's list price of gpt-oss-120b, 0.15 and 0.60 USD/Mtok: 1,000 in and 200 out, a million times a day.

    A month is 730 hours: 30.4167 days x (1e9 x 0.15 + 0.2e9 x 0.60) / 1e6 = 8,212.50 USD.
    """
    results = run(input="1000", output="200", requests="1M")
    assert usd(results, "groq-lpu", "api") == pytest.approx(8212.5)


def test_rented_chips_cost_their_hours() -> None:
    """2.60 USD an hour for three years (SemiAnalysis, August 2026) x 730 hours x the chips in use."""
    results = run()
    chips = results.outcome("chat", "nvidia-b200")["chips"].value
    assert usd(results, "nvidia-b200", "rent_three_years") == pytest.approx(chips * 2.60 * 730)


def test_the_owned_hour_is_the_sum_of_its_lines_written_out() -> None:
    """DGX B200 at 500,000 USD, 4 years, 10 %: CRF = 0.1 x 1.1^4 / (1.1^4 - 1) = 0.315471.

    Hardware 500,000 x CRF / 8,760 = 18.006; network and storage 15 % of it 2.701; support 5 % a year 2.854;
    energy 14.3 kW x 1.25 x 0.083 = 1.484; colocation 14.3 x 184.06 x 12 / 8,760 = 3.606 USD/h at full load.
    """
    table = run().lines_table()
    rows = table[(table["hardware"] == "nvidia-b200") & (table["lane"] == "own")]
    own = rows.set_index("line")["usd_per_system_hour"]
    written = {"hardware": 18.006, "network_storage": 2.701, "support": 2.854, "energy": 1.484, "colocation": 3.606}
    for line, value in written.items():
        assert own[line] == pytest.approx(value, abs=5e-4)
    assert own.sum() == pytest.approx(28.650, abs=2e-3)


def test_the_same_seed_gives_the_same_results_to_the_last_bit_and_another_does_not() -> None:
    first, again = run().points_table(), run().points_table()
    assert first.equals(again)
    assert not run(samples=61).points_table().equals(first)


@pytest.mark.parametrize("hardware", ALL)
def test_every_interval_holds_its_value(hardware: str) -> None:
    outcome = run().outcome("chat", hardware)
    for value in (
        *outcome.metrics.values(),
        *(c.usd_month for c in outcome.lanes),
        *(c.usd_mtok for c in outcome.lanes),
    ):
        assert value.low <= value.value <= value.high


def test_token_classes_of_hardware_add_up_to_the_whole() -> None:
    results = run(input="1000", output="200", requests="1M")
    for name in ALL:
        cost = results.outcome("chat", name).lane("own")
        assert cost is not None
        assert cost.usd_mtok_input is not None
        assert cost.usd_mtok_output is not None
        requests = 1e6 * 730 / 24
        parts = requests * (1000 * cost.usd_mtok_input + 200 * cost.usd_mtok_output) / 1e6
        assert parts == pytest.approx(cost.usd_month.value)


def test_fleets_pool_the_classes_and_name_what_they_do_not_serve() -> None:
    mix = mix_from_document(
        parse_yaml(DEFAULT_MIX.read_text(), "mix.yaml"), Path(), models=CATALOGUE.names, hardware=REGISTRY.names
    )
    results = evaluate(mix, REGISTRY, CATALOGUE, as_of="2026-11-23", samples=40)
    for fleet in vendor_fleets(results):
        assert set(fleet.served) | set(fleet.unserved) == {c.id for c in mix.classes}
        assert fleet.idle_usd_month >= 0
        parts = [
            cost.usd_month.value for c in fleet.served if (cost := results.outcome(c, fleet.hardware).lane(fleet.lane))
        ]
        assert fleet.usd_month.value == pytest.approx(sum(parts) + fleet.idle_usd_month)
        if fleet.lane == "own":
            alone = sum(results.outcome(c, fleet.hardware)["systems"].value for c in fleet.served)
            assert fleet.systems.value <= alone  # pooling never needs more systems than each class alone
    route = cheapest_route(results)
    whole = min(f.usd_month.value for f in vendor_fleets(results) if not f.unserved)
    assert route.usd_month.value <= whole
    assert route.usd_month.value == pytest.approx(sum(leg.usd_month.value for leg in route.legs))


def test_the_documentation_bot_is_too_small_for_hardware() -> None:
    """12 million tokens a day: at 0.15 and 0.60 USD/Mtok some 80 USD a month, less than two days of one rented GPU."""
    mix = mix_from_document(
        parse_yaml(DEFAULT_MIX.read_text(), "mix.yaml"), Path(), models=CATALOGUE.names, hardware=REGISTRY.names
    )
    results = evaluate(mix, REGISTRY, CATALOGUE, as_of="2026-11-23", samples=20)
    _, best = results.offers("docs-bot")[0]
    share = 1155 / (1155 + 211)
    assert best.lane == "api"
    assert best.usd_month.value == pytest.approx(12 * 730 / 24 * (share * 0.15 + (1 - share) * 0.60))
    assert best.usd_month.value < 2 * 24 * 2.60


def test_users_in_flight_are_carried_together() -> None:
    """Little's law: 800 users at once, no thinking, need at least 800 places in running batches."""
    text = MIX.format(**{**PLAIN, "requests": "1"}).replace("requests_per_day: 1", "concurrent_users: 800, burst: 1")
    mix = mix_from_document(parse_yaml(text, "mix.yaml"), Path(), models=CATALOGUE.names, hardware=REGISTRY.names)
    results = evaluate(mix, REGISTRY, CATALOGUE, as_of="2026-11-23", samples=20)
    for name in ALL:
        outcome = results.outcome("chat", name)
        assert outcome["replicas"].value * outcome["batch"].value == pytest.approx(800)
        assert outcome["requests_s"].value * outcome["e2e_p50_s"].value == pytest.approx(800)


# -- one class on one system, whatever its tokens, levels and machine ------------------------------------------

MACHINES = ("cerebras-cs3", "nvidia-b200", "groq-lpu", "nvidia-h100", "amd-mi300x")
classes = st.fixed_dictionaries(
    {
        "hardware": st.sampled_from(MACHINES),
        "model": st.sampled_from(["gpt-oss-120b", "llama-3.1-8b"]),
        "prompt": st.integers(50, 20_000),
        "answer": st.integers(2, 2000),
        "requests": st.integers(1, 10**8),
        "ttft": st.floats(0.1, 20.0),
        "tpot": st.floats(1e-3, 0.2),
    }
)


def solved(found: Mapping[str, Any], finance: str = "{}") -> Outcome:
    tokens = {"input": f"{{p50: {found['prompt']}, p95: {3 * found['prompt']}}}", "output": str(found["answer"])}
    slo = f"{{ttft_p95: {found['ttft']:.6f} s, tpot_p95: {found['tpot']:.6f} s}}"
    plan = run(
        2,
        **tokens,
        model=found["model"],
        requests=str(found["requests"]),
        slo=slo,
        finance=finance,
        hardware=f"[{found['hardware']}]",
    )
    return plan.outcome("chat", found["hardware"])


def owned(outcome: Outcome) -> float:
    cost = outcome.lane("own")
    assert cost is not None
    return cost.usd_month.value


@settings(max_examples=40, deadline=None)
@given(classes, st.floats(1.0, 5.0), st.floats(1.0, 5.0))
def test_a_looser_level_never_costs_more(found, ttft, tpot) -> None:
    tight = solved(found)
    loose = solved({**found, "ttft": found["ttft"] * ttft, "tpot": found["tpot"] * tpot})
    if tight.status == "meets":
        assert loose.status == "meets"
        assert owned(loose) <= owned(tight) * (1 + 1e-9)


@settings(max_examples=40, deadline=None)
@given(classes, st.floats(1.0, 50.0))
def test_more_requests_never_cost_less_in_all(found, more) -> None:
    some, many = solved(found), solved({**found, "requests": int(found["requests"] * more) + 1})
    assert (some.status == "meets") == (many.status == "meets")  # a level is kept or missed at any volume
    if some.status == "meets":
        assert owned(many) >= owned(some) * (1 - 1e-9)


@settings(max_examples=25, deadline=None)
@given(classes, st.sampled_from(["electricity: {} USD/kWh", "colocation: {} USD/kW-month"]), st.floats(1.0, 4.0))
def test_a_higher_price_never_costs_less(found, term, factor) -> None:
    base = 0.08 if "electricity" in term else 180.0
    cheap, dear = (solved(found, f"{{{term.format(round(base * f, 4))}}}") for f in (1.0, factor))
    assert cheap.status == dear.status
    assert owned(dear) >= owned(cheap) * (1 - 1e-9)


@pytest.mark.parametrize("hardware", ALL)
def test_next_to_no_requests_cost_one_replica_of_the_smallest_deployment_that_is_fast_enough(hardware: str) -> None:
    results = run(requests="1", slo="{}", hardware=f"[{hardware}]")
    outcome = results.outcome("chat", hardware)
    assert outcome["replicas"].value == 1
    assert outcome["chips"].value == min(c.deployment.chips for c in results.frontiers["chat", hardware])
    assert outcome["utilisation"].value < 1e-3
    lone = outcome["batch"].value
    assert 0 < lone < 0.01  # hardly anything runs
    assert outcome["batch_at_capacity"].value > 1


# -- the operating point --------------------------------------------------------------------------------------


@pytest.mark.parametrize("hardware", ALL)
def test_times_are_those_of_the_peak_and_capacity_that_of_the_levels(hardware: str) -> None:
    """Two million requests a day, at the peak three times as many: 69.4 a second over the replicas."""
    outcome = run().outcome("chat", hardware)
    assert outcome.status == "meets"
    assert outcome["batch"].value <= outcome["batch_at_capacity"].value
    assert outcome["tpot_s"].value <= outcome["tpot_p95_s"].value <= 20e-3
    assert outcome["tok_s_user"].value >= outcome["tok_s_user_at_capacity"].value
    output = run().wanted("chat").shape.output_mean
    a_replica = 2e6 / 86400 * 3 / outcome["replicas"].value
    assert a_replica <= outcome["tok_s_replica"].value / output * (1 + 1e-9)
    # Little: what runs is what arrives times how long it stays, with a prompt's own time
    tokens = a_replica * output * outcome["tpot_s"].value
    assert tokens <= outcome["batch"].value <= tokens + a_replica * outcome["ttft_p50_s"].value


def test_the_lane_that_is_asked_for_decides() -> None:
    """Rented chips cost the same at any load, so that of shapes with as many chips the fastest is taken."""
    own, rent = (run(finance=f"{{lane: {lane}}}").outcome("chat", "nvidia-b200") for lane in ("own", "rent"))
    cost = own.lane("rent_three_years"), rent.lane("rent_three_years")
    assert cost[0] is not None
    assert cost[1] is not None
    assert cost[1].usd_month.value <= cost[0].usd_month.value


# -- the frontier ---------------------------------------------------------------------------------------------


def test_unbeaten_points() -> None:
    speed, chip, price = np.array([[9, 1, 5], [5, 5, 3], [5, 5, 3], [4, 6, 4], [4, 4, 4], [1, 9, 1], [8, 8, np.inf]]).T
    # the second stands twice and counts once; the fourth has more of a chip; the fifth has nothing; the last no price
    assert unbeaten(speed, chip, price).tolist() == [True, True, False, True, False, True, False]


def test_the_frontier_holds_the_fastest_and_the_cheapest_and_nothing_beats_it() -> None:
    table = run().frontier_table()
    for _, points in table.groupby("hardware"):
        best = points[points["pareto"]]
        assert 2 < len(best) < len(points)
        for column, top in (("tok_s_user", "max"), ("tok_s_chip", "max"), ("usd_mtok_capacity", "min")):
            assert getattr(best[column], top)() == pytest.approx(getattr(points[column], top)(), rel=1e-6)
        for point in best.itertuples():
            better = (
                (points["tok_s_user"] > point.tok_s_user * (1 + 1e-6))
                & (points["tok_s_chip"] > point.tok_s_chip * (1 + 1e-6))
                & (points["usd_mtok_capacity"] < point.usd_mtok_capacity * (1 - 1e-6))
            )
            assert not better.any()
