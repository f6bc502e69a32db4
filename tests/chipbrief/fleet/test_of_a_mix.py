"""Plans of real mixes: what evaluate found, as operating points, rates and fleets."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml
from chipbrief.evaluate import Results, evaluate
from chipbrief.fleet import FleetReport, Limits, fleet_report, plan, problem_of
from chipbrief.registry import Registry
from chipbrief.workload import mix_from_document

VOICE = "id: voice, kind: voice, model: llama-3.1-8b, tokens: {input: 400, output: 60}"


def results(catalogue: Catalogue, registry: Registry, classes: list[str], rest: str) -> Results:
    text = "schema: workload-mix/1\nname: m\nclasses:\n" + "".join(f"  - {{{c}}}\n" for c in classes) + rest
    mix = mix_from_document(parse_yaml(text, "m.yaml"), Path(), models=catalogue.names, hardware=registry.names)
    return evaluate(mix, registry, catalogue, as_of="2026-11-24", samples=40)


@pytest.fixture(scope="module")
def docs_bot(catalogue: Catalogue, registry: Registry) -> Results:
    bot = (
        "id: docs-bot, kind: documentation, model: gpt-oss-120b, tokens: {input: 1155, output: 211}, "
        "arrival: {tokens_per_day: 12M}, slo: {ttft_p95: 3 s, tpot_p95: 80 ms}"
    )
    return results(catalogue, registry, [bot], "hardware: [cerebras-cs3, nvidia-b200, groq-lpu]\n")


def test_twelve_million_tokens_a_day_are_bought_by_the_token(docs_bot: Results) -> None:
    report = fleet_report(docs_bot)
    assert report.status == "planned"
    assert report.plan is not None
    assert {lane for _, lane in report.plan.share("docs-bot")} == {"api"}
    # 12M tokens a day for 365 days at a list price of 0.05 to 1 USD/Mtok, shorter months of 730 hours
    assert 0.05 * 12 * 365 < report.plan.usd < 1.0 * 12 * 365
    assert report.saving_usd(next(a for a in report.alternatives if a.name == "API only")) == pytest.approx(0.0)


def test_a_point_carries_what_evaluate_says_that_its_deployment_does(catalogue: Catalogue, registry: Registry) -> None:
    large = f"{VOICE}, arrival: {{requests_per_day: 900M}}, slo: {{ttft_p95: 400 ms, tpot_p95: 30 ms}}"
    found = results(catalogue, registry, [large], "hardware: [nvidia-b200]\n")
    problem, outcome = problem_of(found), found.outcome("voice", "nvidia-b200")
    best = min(max(p.loads) * sum(problem.replicas[p.replica].chips.values()) for p in problem.points)
    assert best == pytest.approx(outcome["chips"].value, rel=0.02)
    assert problem.points[0].mean == pytest.approx(problem.points[0].loads[0] / (1.5 * 2.0), rel=1e-6)


def test_classes_with_peaks_at_different_hours_share_replicas(catalogue: Catalogue, registry: Registry) -> None:
    day, night = [1] * 12 + [3] * 12, [3] * 12 + [1] * 12
    levels = "slo: {ttft_p95: 400 ms, tpot_p95: 30 ms}"

    def voice(name: str, hourly: str) -> str:
        return f"{VOICE.replace('voice', name, 1)}, arrival: {{requests_per_day: 900M{hourly}}}, {levels}"

    rest = "hardware: [nvidia-b200]\n"
    apart = [voice("a", f", hourly: {day}"), voice("b", f", hourly: {night}")]
    alike = [voice("a", f", hourly: {day}"), voice("b", f", hourly: {day}")]
    pooled, summed = (problem_of(results(catalogue, registry, classes, rest)) for classes in (apart, alike))
    assert pooled.slices == ("00:00", "12:00")
    assert summed.slices == ("peak",)
    assert pooled.points[0].loads == pytest.approx((summed.points[0].loads[0] / 3, summed.points[0].loads[0]))
    plans = [plan(problem, Limits(gap=1e-4)) for problem in (pooled, summed)]
    assert plans[0] is not None
    assert plans[1] is not None
    assert plans[0].usd == pytest.approx(plans[1].usd * 4 / 6, rel=0.05)  # 3 + 1 at any hour, against 3 + 3


def test_a_class_whose_hours_are_not_known_has_its_peak_in_all_of_them(
    catalogue: Catalogue, registry: Registry
) -> None:
    day = [1] * 12 + [3] * 12
    classes = [
        f"{VOICE}, arrival: {{requests_per_day: 900M, hourly: {day}}}",
        f"{VOICE.replace('voice', 'other', 1)}, arrival: {{requests_per_day: 900M}}",
    ]
    problem = problem_of(results(catalogue, registry, classes, "hardware: [nvidia-b200]\n"))
    assert problem.slices == ("peak",)


def test_the_rates_of_a_system_add_up_to_its_cost_lines(docs_bot: Results) -> None:
    from chipbrief.finance import Finance, hourly_usd

    finance = Finance.from_terms(docs_bot.terms)
    for system in problem_of(docs_bot).systems:
        full = float(hourly_usd(docs_bot.system(system.id).cost.lines("own", finance, 1.0))) * 730
        assert system.own_usd_month + system.live_usd_month + system.load_usd_month == pytest.approx(full)
        # price with network and storage at 15 %
        price = docs_bot.system(system.id).profile.price.system.value
        assert system.capital_usd is None or system.capital_usd == pytest.approx(1.15 * price)


def test_levels_that_nobody_keeps_are_told_and_the_rest_is_planned(catalogue: Catalogue, registry: Registry) -> None:
    fast = f"{VOICE}, arrival: {{requests_per_day: 10k}}, slo: {{tpot_p95: 1 us}}"
    easy = fast.replace("id: voice", "id: easy").replace("1 us", "50 ms")
    found = results(catalogue, registry, [fast, easy], "hardware: [nvidia-b200, groq-lpu]\n")
    report = fleet_report(found)
    assert report.status == "partial"
    assert report.unserved["voice"].startswith("no offer serves voice: nvidia-b200: TPOT")
    assert report.plan is not None
    assert report.plan.problem.classes == ("easy",)
    alone = fleet_report(results(catalogue, registry, [fast], "hardware: [nvidia-b200]\n"))
    assert (alone.status, alone.plan) == ("infeasible", None)


def test_tranches_of_power_become_whole_systems_of_their_month(catalogue: Catalogue, registry: Registry) -> None:
    busy = f"{VOICE}, arrival: {{requests_per_day: 1M}}, slo: {{tpot_p95: 30 ms}}"
    rest = (
        "horizon: {start: 2026-12, months: 4}\nhardware: [cerebras-cs3]\npower_cap: 5 MW\n"
        "tranches:\n  - {hardware: cerebras-cs3, by: 2027-02, power: {low: 60 kW, value: 100 kW, high: 200 kW}, delay_months: 1}\n"
    )
    found = results(catalogue, registry, [busy], rest)
    (system,) = problem_of(found).systems
    assert system.arrivals is not None
    # 23 kW x PUE 1.25 = 28.75 kW of utility power each: 100 kW are 3 systems
    assert system.power_w == pytest.approx(28_750.0)
    assert [(a.month, a.systems, a.delay_months) for a in system.arrivals] == [(2, 3, 1)]
    assert system.there(4).tolist() == [0, 0, 3, 3]
    report = fleet_report(found, limits=Limits(seconds=5.0))
    assert report.status == "short"
    assert report.missing == ("cerebras-cs3 is short by 1 system in 2026-12 (short in 2 months from 2026-12)",)
    assert report.plan is not None
    assert report.plan.problem.carried_share() == pytest.approx(0.5)
    assert report.delay is not None
    assert report.delay.plan is not None
    assert report.delay.plan.problem.carried_share() == pytest.approx(0.25)
    assert report.low is not None
    assert report.high is not None
    assert report.more_power is not None
    assert report.megawatt_usd == pytest.approx(0.0)


def test_the_range_holds_the_cost(catalogue: Catalogue, registry: Registry) -> None:
    busy = f"{VOICE}, arrival: {{requests_per_day: 300M}}, slo: {{tpot_p95: 30 ms}}"
    report = fleet_report(results(catalogue, registry, [busy], "hardware: [nvidia-b200]\n"))
    assert report.usd is not None
    assert report.plan is not None
    assert report.usd.low < report.usd.value < report.usd.high
    assert report.usd.value == report.plan.usd


# -- laws, from the mix to the plan --------------------------------------------------------------------------------

asked = st.fixed_dictionaries(
    {
        "requests": st.integers(1_000, 3 * 10**8),
        "answer": st.integers(20, 1500),
        "ttft": st.floats(0.4, 5.0),
        "tpot": st.floats(5e-3, 0.1),
    }
)
some = settings(max_examples=12, deadline=None)
GAP = 1e-3


def planned(catalogue: Catalogue, registry: Registry, wanted: Mapping[str, float], rest: str = "") -> FleetReport:
    """A chat beside a voice class, over four months that grow."""
    chat = (
        f"id: chat, kind: chat, model: llama-3.1-8b, tokens: {{input: 900, output: {wanted['answer']}}}, "
        f"arrival: {{requests_per_day: {wanted['requests']}}}, "
        f"slo: {{ttft_p95: {wanted['ttft']:.6f} s, tpot_p95: {wanted['tpot']:.6f} s}}"
    )
    voice = f"{VOICE}, arrival: {{requests_per_day: 2M}}, slo: {{ttft_p95: 400 ms, tpot_p95: 30 ms}}"
    horizon = "horizon: {start: 2026-12, months: 4, growth_per_year: 3}\nhardware: [cerebras-cs3, nvidia-b200]\n"
    found = results(catalogue, registry, [chat, voice], f"{horizon}{rest}")
    return fleet_report(found, limits=Limits(gap=GAP))


def usd(report: FleetReport) -> float:
    assert report.plan is not None
    return report.plan.usd


@some
@given(asked, st.floats(1.0, 4.0), st.floats(1.0, 4.0))
def test_a_looser_level_never_makes_a_plan_dearer(catalogue, registry, wanted, ttft, tpot) -> None:
    tight = planned(catalogue, registry, wanted)
    loose = planned(catalogue, registry, wanted | {"ttft": wanted["ttft"] * ttft, "tpot": wanted["tpot"] * tpot})
    if tight.status == "planned":
        assert loose.status == "planned"
        assert usd(loose) <= usd(tight) * (1 + GAP)


@some
@given(asked, st.floats(1.0, 20.0))
def test_more_demand_never_makes_a_plan_cheaper(catalogue, registry, wanted, more) -> None:
    less = planned(catalogue, registry, wanted)
    greater = planned(catalogue, registry, wanted | {"requests": int(wanted["requests"] * more) + 1})
    if less.status == "planned":
        assert usd(less) <= usd(greater) * (1 + GAP)


@some
@given(asked, st.floats(1.0, 5.0), st.sampled_from(["electricity: {:.4f} USD/kWh", "colocation: {:.2f} USD/kW-month"]))
def test_a_higher_price_never_makes_a_plan_cheaper(catalogue, registry, wanted, factor, term) -> None:
    base = 0.08 if "electricity" in term else 180.0
    cheap, dear = (
        planned(catalogue, registry, wanted, f"finance: {{{term.format(base * f)}}}\n") for f in (1.0, factor)
    )
    assert cheap.status == dear.status
    if cheap.status == "planned":
        assert usd(cheap) <= usd(dear) * (1 + GAP)


@some
@given(asked)
def test_a_mixed_fleet_of_a_mix_never_costs_more_than_what_stands_beside_it(catalogue, registry, wanted) -> None:
    report = planned(catalogue, registry, wanted)
    for other in report.alternatives:
        saving = report.saving_usd(other)
        assert saving is None or saving >= -1e-6 * usd(report)
