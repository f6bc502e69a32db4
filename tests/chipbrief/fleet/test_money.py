"""Fleets as money: a plan and each system alone, by year; by hand, against the plan's own cost, and against evaluate."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml
from chipbrief.errors import InputError
from chipbrief.evaluate import Results, evaluate, vendor_fleets
from chipbrief.finance import Finance, MoneyPlan, load_finance_terms, summed, yearly_view
from chipbrief.fleet import LaneMoney, Limits, SideBySide, fleet_report, plan_years, problem_of, side_by_side
from chipbrief.fleet.money import by_the_token, carried, money_plans, owned, rented
from chipbrief.registry import Registry
from chipbrief.workload import mix_from_document

VOICE = "id: voice, kind: voice, model: llama-3.1-8b, tokens: {input: 400, output: 60}"
EASY = "slo: {ttft_p95: 400 ms, tpot_p95: 30 ms}"
TERMS = Finance.from_terms(load_finance_terms())
YEAR = "horizon: {start: 2026-12, months: 12}\n"
AT_ONCE = "finance: {lag: 0 d}\n"


def results(catalogue: Catalogue, registry: Registry, rest: str, *classes: str) -> Results:
    text = "schema: workload-mix/1\nname: m\nclasses:\n" + "".join(f"  - {{{c}}}\n" for c in classes) + rest
    mix = mix_from_document(parse_yaml(text, "m.yaml"), Path(), models=catalogue.names, hardware=registry.names)
    return evaluate(mix, registry, catalogue, as_of="2026-11-24", samples=2)


def voice(requests_per_day: str, slo: str = EASY) -> str:
    return f"{VOICE}, arrival: {{requests_per_day: {requests_per_day}}}, {slo}"


def lane(found: SideBySide, system: str, name: str) -> LaneMoney:
    return next(each for each in found.of(system) if each.lane == name)


# -- one kind of money each -----------------------------------------------------------------------------------


def test_the_article_s_eight_gpus(registry: Registry) -> None:
    """8 x 37,000 / 48 + 8,000 = 14,166.67 USD a month; / (900 tok/s x 3600 x 730) = 5.99 USD/Mtok."""
    none = {"network_storage": 0.0, "support": 0.0, "colocation": 0.0, "electricity": 0.0, "lag_months": 0.0}
    finance = replace(TERMS, **none, staff=12 * 8_000.0)  # all running cost as staff
    eight = registry["nvidia-b200"].at({"nvidia-b200:price.system": 8 * 37_000.0})
    plan = owned(eight, finance, np.eye(48)[0], np.full(48, 0.5))
    years = yearly_view([plan, carried(np.full(48, 900 * 3600 * 730 / 1e6))], finance)
    for year in years:
        assert year.cost_usd / 12 == pytest.approx(14_166.67, abs=0.01)
        assert year.usd_mtok == pytest.approx(5.99, abs=0.005)
    assert summed(years).capex_usd == pytest.approx(296_000)


def test_energy_follows_the_load(registry: Registry) -> None:
    """14.3 kW, 20 % of it idle, PUE 1.25, 0.083 USD/kWh: half of two systems busy are 2 x 0.2 + 1 x 0.8 = 1.2 x 14.3 kW."""
    finance = replace(TERMS, lag_months=0.0, pue=1.25, electricity=0.083)
    plan = owned(registry["nvidia-b200"], finance, 2.0 * np.eye(12)[0], np.full(12, 1.0))
    [year] = yearly_view(plan, finance)
    assert year.operating_usd["energy"] == pytest.approx(1.2 * 14.3 * 1.25 * 0.083 * 8760)


def test_rent_is_by_the_chip_and_tokens_by_the_million(registry: Registry) -> None:
    """12 of 8 chips on demand at 4.54 USD/h; 10 Mtok a month at 0.60 USD."""
    plan = rented(registry["nvidia-b200"], TERMS, "rent_on_demand", np.full(12, 12.0))
    [year] = yearly_view([plan, by_the_token(np.full(12, 10.0), 0.60)], TERMS)
    assert year.rent_usd == pytest.approx(12 * 4.54 * 8760)
    assert year.api_usd == pytest.approx(72)


# -- each system alone, by hand -------------------------------------------------------------------------------


def test_one_system_over_two_years_by_hand(catalogue: Catalogue, registry: Registry) -> None:
    """500,000 USD and 15 % of network over 4 years, delivered a month before the first; 25 of 48 months are used up.

    Support is 5 % of 500,000 a year, colocation 14.3 kW x 184.1 USD a month, both from delivery on.
    """
    found = side_by_side(
        results(
            catalogue,
            registry,
            "horizon: {start: 2026-12, months: 24}\nfinance: {lag: 30 d, colocation: 184.1 USD/kW-month}\nhardware: [nvidia-b200]\n",
            voice("100k"),
        )
    )
    own = lane(found, "nvidia-b200", "own")
    assert own.systems == {"nvidia-b200": (1.0,) * 24}
    first, _ = own.years
    whole = own.total
    assert whole is not None
    assert (found.before_months, first.capex_usd) == (1, pytest.approx(575_000))
    assert whole.depreciation_usd == pytest.approx(575_000 * 25 / 48)
    assert whole.residual_usd == pytest.approx(575_000 * 23 / 48)
    assert whole.operating_usd["support"] == pytest.approx(25_000 / 12 * 25)
    assert whole.operating_usd["colocation"] == pytest.approx(14.3 * 184.1 * 25, rel=1e-4)
    assert whole.mtok == pytest.approx(100_000 / 86_400 * 3600 * 730 * 24 * 460 / 1e6)  # 400 in and 60 out, all served
    rent = lane(found, "nvidia-b200", "rent_three_years").total  # one chip of eight at 2.60 USD/h
    assert rent is not None
    assert rent.rent_usd == pytest.approx(2.60 * 730 * 24)
    assert rent.commitment_usd == pytest.approx(2.60 * 730 * 12)
    assert rent.mtok == pytest.approx(whole.mtok)


def test_whole_replicas_follow_growth_and_whole_systems_hold_them(catalogue: Catalogue, registry: Registry) -> None:
    """Demand of 1, 2 and 4: one chip each holds more than 4 x a thousandth, so that growth buys nothing."""
    steady = "horizon: {start: 2026-12, months: 25, growth_per_year: 2}\nhardware: [nvidia-b200]\n"
    small = lane(side_by_side(results(catalogue, registry, steady, voice("10k"))), "nvidia-b200", "own")
    assert small.systems == {"nvidia-b200": (1.0,) * 25}
    found = results(catalogue, registry, steady, voice("300M"))
    large = side_by_side(found)
    outcome = found.outcome("voice", "nvidia-b200")
    peak = outcome["utilisation"].value * outcome["replicas"].value * 1.5 * 2.0
    for month, factor in ((0, 1), (12, 2), (24, 4)):
        replicas = np.ceil(peak * factor)
        assert lane(large, "nvidia-b200", "rent_on_demand").systems["nvidia-b200"][month] == replicas / 8
        assert lane(large, "nvidia-b200", "own").systems["nvidia-b200"][month] == np.ceil(replicas / 8)


def test_a_system_is_replaced_at_the_end_of_its_life(catalogue: Catalogue, registry: Registry) -> None:
    """A life of 12 months of which the first is the lag: live for 11, so that 24 months take three, at 575,000 each."""
    rest = "horizon: {start: 2026-12, months: 24}\nfinance: {economic_life: 1 y}\nhardware: [nvidia-b200]\n"
    own = lane(side_by_side(results(catalogue, registry, rest, voice("100k"))), "nvidia-b200", "own")
    assert own.systems == {"nvidia-b200": (1.0,) * 24}
    assert own.total is not None
    assert own.total.capex_usd == pytest.approx(3 * 575_000)
    assert own.total.residual_usd == pytest.approx(575_000 * 9 / 12)  # the third has lived 3 of 12 months


def test_availability_and_spares_ask_for_more_owned_and_no_more_rented(
    catalogue: Catalogue, registry: Registry
) -> None:
    rest = f"{YEAR}hardware: [nvidia-b200]\n"
    whole = side_by_side(results(catalogue, registry, rest, voice("300M")))
    less = side_by_side(
        results(catalogue, registry, rest + "finance: {availability: 50 %}\nspares: 1\n", voice("300M"))
    )
    outcome = results(catalogue, registry, rest, voice("300M")).outcome("voice", "nvidia-b200")
    peak = outcome["utilisation"].value * outcome["replicas"].value * 1.5 * 2.0
    needed = np.ceil(np.ceil(peak / 0.5) / 8) + 1
    assert lane(less, "nvidia-b200", "own").systems["nvidia-b200"] == (needed,) * 12
    assert lane(whole, "nvidia-b200", "own").systems["nvidia-b200"][0] < needed
    for name in ("rent_three_years", "rent_on_demand"):
        assert lane(less, "nvidia-b200", name).total == lane(whole, "nvidia-b200", name).total


def test_a_deposit_is_due_at_the_order(catalogue: Catalogue, registry: Registry) -> None:
    """25 % of 575,000 three months before delivery: worth 1.1^(3/12) as much."""
    rest = f"{YEAR}finance: {{lag: 0 d, deposit: 25 %}}\nhardware: [nvidia-b200]\n"
    found = results(catalogue, registry, rest, voice("100k"))
    at_once, ahead = (lane(side_by_side(found, order_months=months), "nvidia-b200", "own").total for months in (0, 3))
    assert at_once is not None
    assert ahead is not None
    assert ahead.deposit_usd == at_once.deposit_usd == pytest.approx(0.25 * 575_000)
    assert at_once.discounted_usd - ahead.discounted_usd == pytest.approx(0.25 * 575_000 * (1.1 ** (3 / 12) - 1))
    assert ahead.cash_flow_usd == pytest.approx(at_once.cash_flow_usd)


def test_revenue_is_taxed(catalogue: Catalogue, registry: Registry) -> None:
    rest = f"{YEAR}finance: {{tax: 20 %}}\nhardware: [groq-lpu]\n"
    found = results(catalogue, registry, rest, voice("1M"))
    bare, sold = (lane(side_by_side(found, sold_at_usd_mtok=usd), "groq-lpu", "api").total for usd in (0.0, 1.0))
    assert bare is not None
    assert sold is not None
    assert (bare.revenue_usd, bare.tax_usd) == (0, 0)
    assert sold.revenue_usd == pytest.approx(sold.mtok)  # a dollar a million
    assert sold.tax_usd == pytest.approx(0.2 * (sold.mtok - sold.api_usd))
    assert sold.cash_flow_usd == pytest.approx(0.8 * (sold.mtok - sold.api_usd))


def test_a_lag_of_a_whole_life_is_refused(catalogue: Catalogue, registry: Registry) -> None:
    rest = f"{YEAR}finance: {{lag: 400 d, economic_life: 1 y}}\nhardware: [nvidia-b200]\n"
    with pytest.raises(InputError, match=r"finance\.lag: 14 months take all of an economic life of 12"):
        side_by_side(results(catalogue, registry, rest, voice("100k")))


# -- lanes ----------------------------------------------------------------------------------------------------


def test_every_lane_is_there_or_says_why_not(catalogue: Catalogue, registry: Registry) -> None:
    rest = f"{YEAR}hardware: [cerebras-cs3, nvidia-b200, groq-lpu, meta-mtia-2i]\n"
    found = side_by_side(results(catalogue, registry, rest, voice("1M")))
    told = {name: {each.lane: each.reason for each in found.of(name)} for name in found.systems}
    assert told == {
        "nvidia-b200": {"own": "", "rent_three_years": "", "rent_on_demand": "", "api": "no API price"},
        "groq-lpu": {"own": "", "rent": "not rented", "api": ""},
        "cerebras-cs3": {"own": "", "rent": "not rented", "api": "no API price"},
    }
    assert lane(found, "cerebras-cs3", "api").left_out == {"voice": "no API price of llama-3.1-8b"}
    assert found.idle == {"meta-mtia-2i": {"voice": "not sold; not rented; no API price of llama-3.1-8b"}}
    assert lane(found, "cerebras-cs3", "api").total is None


def test_a_class_that_misses_its_levels_is_left_out_of_every_lane(catalogue: Catalogue, registry: Registry) -> None:
    fast = voice("10k", "slo: {tpot_p95: 1 us}").replace("id: voice", "id: fast")
    found = side_by_side(results(catalogue, registry, f"{YEAR}hardware: [groq-lpu]\n", voice("10k"), fast))
    for name in ("own", "api"):
        each = lane(found, "groq-lpu", name)
        assert each.served == ("voice",)
        assert each.left_out["fast"].startswith("TPOT")


def test_the_first_month_is_what_evaluate_says(catalogue: Catalogue, registry: Registry) -> None:
    """Without growth, lag or a life that ends: twelve months of its fleets, idle chips included; C1 to the cent."""
    rest = f"{YEAR}{AT_ONCE}hardware: [cerebras-cs3, nvidia-b200, groq-lpu, nvidia-groq3-lpx]\n"
    users = "id: users, kind: chat, model: gpt-oss-120b, tokens: {input: 1000, output: 200}, arrival: {concurrent_users: 3000, think_time: 20 s}, slo: {ttft_p95: 3 s}"
    evaluated = results(catalogue, registry, rest, voice("40M"), users)
    found = side_by_side(evaluated)
    fleets = vendor_fleets(evaluated)
    assert {fleet.lane for fleet in fleets} >= {"own", "rent_three_years", "rent_on_demand", "api"}
    for fleet in fleets:
        each = lane(found, fleet.hardware, fleet.lane)
        assert each.served == fleet.served
        assert each.left_out.keys() == fleet.unserved.keys()
        assert each.total is not None
        assert each.total.levelised_cost_usd == pytest.approx(12 * fleet.usd_month.value, rel=1e-9)
        assert each.levelised_usd_mtok == pytest.approx(fleet.usd_mtok.value, rel=1e-9)
        if fleet.lane == "own":
            assert {name: counts[0] for name, counts in each.systems.items()} == fleet.by_system
    assert found.systems[0] == fleets[0].hardware


def test_two_sorts_of_system_are_both_paid_for(catalogue: Catalogue, registry: Registry) -> None:
    """Price of each sort x its whole systems x 1.15; support at 5 % of both."""
    found = results(catalogue, registry, f"{YEAR}{AT_ONCE}hardware: [nvidia-groq3-lpx]\n", voice("20M"))
    pair = found.system("nvidia-groq3-lpx")
    own = lane(side_by_side(found), pair.id, "own")
    assert len(own.systems) == 2
    price = sum(own.systems[sort.id][0] * sort.profile.price.system.value for sort in pair.systems)
    [year] = own.years
    assert year.capex_usd == pytest.approx(1.15 * price)
    assert year.operating_usd["support"] == pytest.approx(0.05 * price)
    rent = lane(side_by_side(found), pair.id, "rent")
    assert (rent.reason, rent.left_out) == ("not rented", {"voice": "nvidia-vera-rubin-nvl72 is not rented"})


def test_cost_rises_with_each_price_and_cash_and_pl_agree(catalogue: Catalogue, registry: Registry) -> None:
    rest = "horizon: {start: 2026-12, months: 18, growth_per_year: 1.5}\nhardware: [nvidia-b200, groq-lpu]\n"
    base = side_by_side(results(catalogue, registry, rest, voice("20M")))
    for each in base.lanes:
        if each.total:
            assert -each.total.cash_flow_usd == pytest.approx(each.total.cost_usd)
    dearer = {
        "electricity": "0.2 USD/kWh",
        "colocation": "300 USD/kW-month",
        "support": "10 %",
        "decommissioning": "2 %",
    }
    for term, value in dearer.items():
        other = side_by_side(results(catalogue, registry, f"{rest}finance: {{{term}: {value}}}\n", voice("20M")))
        for was, now in zip(base.lanes, other.lanes, strict=True):
            assert (was.hardware, was.lane) == (now.hardware, now.lane)
            if was.total and now.total:
                grows = was.lane == "own"
                assert (now.total.cost_usd > was.total.cost_usd) is grows
                assert (-now.total.discounted_usd > -was.total.discounted_usd) is grows


def test_prices_that_fall_act_on_rent_and_tokens(catalogue: Catalogue, registry: Registry) -> None:
    """24 months without growth: on demand half as dear after a year, 12 signings a year at 0.5^(m/12) each."""
    rest = "horizon: {start: 2026-12, months: 24}\nfinance: {rent_price_fall: 50 %, api_price_fall: 50 %}\n"
    found = side_by_side(results(catalogue, registry, f"{rest}hardware: [nvidia-b200, groq-lpu]\n", voice("1M")))
    for system, name, of in (("nvidia-b200", "rent_on_demand", "rent_usd"), ("groq-lpu", "api", "api_usd")):
        first, second = lane(found, system, name).years
        assert getattr(second, of) == pytest.approx(0.5 * getattr(first, of))


def test_what_a_contract_holds_unused_is_owed_in_part(catalogue: Catalogue, registry: Registry) -> None:
    """A load that halves: the chips of the first month are under contract, 70 % of the rent is owed for the unused ones."""
    rest = "horizon: {start: 2026-12, months: 12, steps: [{from: 2027-06, factor: 0.5}]}\nhardware: [nvidia-b200]\n"
    full, less = (
        lane(side_by_side(results(catalogue, registry, rest + terms, voice("300M"))), "nvidia-b200", "rent_three_years")
        for terms in ("", "finance: {take_or_pay: 70 %}\n")
    )
    used = np.array(less.systems["nvidia-b200"])
    assert used[6] < used[5] == used[0]
    assert full.total is not None
    assert less.total is not None
    usd_month = 8 * 2.60 * 730
    assert full.total.rent_usd == pytest.approx(12 * used[0] * usd_month)
    assert less.total.rent_usd == pytest.approx((used + 0.7 * (used[0] - used)).sum() * usd_month)


# -- a plan ---------------------------------------------------------------------------------------------------

GROWING = "horizon: {start: 2026-12, months: 18, growth_per_year: 2}\n"


@pytest.mark.parametrize(
    ("rest", "per_day", "lanes"),
    [
        (f"{GROWING}{AT_ONCE}hardware: [cerebras-cs3]\n", "30M", {"own"}),
        (f"{GROWING}finance: {{lag: 60 d, economic_life: 1 y}}\nhardware: [cerebras-cs3]\n", "30M", {"own"}),
        (f"{GROWING}finance: {{rent_price_fall: 20 %}}\nhardware: [nvidia-b200]\n", "30M", {"rent"}),
        (f"{GROWING}finance: {{api_price_fall: 30 %}}\nhardware: [groq-lpu]\n", "1M", {"api"}),
    ],
)
def test_the_money_of_a_plan_is_its_own_cost(
    catalogue: Catalogue, registry: Registry, rest: str, per_day: str, lanes: set[str]
) -> None:
    """C1 to the horizon, running cost, rent and tokens, the lag before the first month included: line by line."""
    found = results(catalogue, registry, rest, voice(per_day))
    plan = fleet_report(found, limits=Limits(seconds=5.0)).plan
    assert plan is not None
    assert {lane for _, lane in plan.share("voice")} == lanes
    years = plan_years(found, plan)
    whole = summed(years)
    assert [year.year for year in years] == [1, 2]
    assert whole.levelised_cost_usd == pytest.approx(plan.usd, rel=1e-6)
    assert whole.levelised_usd + sum(whole.operating_usd.values()) == pytest.approx(
        plan.lines["own"] + plan.lines["energy"], rel=1e-6, abs=1e-3
    )
    assert whole.operating_usd.get("energy", 0.0) == pytest.approx(plan.lines["energy"], rel=1e-6, abs=1e-3)
    assert (whole.rent_usd, whole.api_usd) == pytest.approx((plan.lines["rent"], plan.lines["api"]), rel=1e-6)
    assert whole.capex_usd == pytest.approx(plan.capex_usd)
    assert whole.mtok == pytest.approx(problem_of(found).tokens_mtok["voice"] * sum(plan.problem.growth), rel=1e-3)
    assert -whole.cash_flow_usd == pytest.approx(whole.cost_usd)


def test_the_pl_of_a_plan_differs_by_interest_alone(catalogue: Catalogue, registry: Registry) -> None:
    """Straight-line takes 1/48 of the price a month, C1 12.7 % more of it: CRF(10 %, 4 y) = 0.3155 against 0.25 a year."""
    found = results(catalogue, registry, f"{GROWING}hardware: [cerebras-cs3]\n", voice("30M"))
    plan = fleet_report(found, limits=Limits(seconds=5.0)).plan
    assert plan is not None
    whole = summed(plan_years(found, plan))
    assert whole.depreciation_usd / whole.levelised_usd == pytest.approx(0.25 / (0.14641 / 0.4641))
    assert plan.usd - whole.cost_usd == pytest.approx(whole.levelised_usd - whole.depreciation_usd, rel=1e-6)


def test_a_plan_has_a_money_plan_for_each_system_and_lane(catalogue: Catalogue, registry: Registry) -> None:
    found = results(catalogue, registry, f"{YEAR}hardware: [cerebras-cs3]\n", voice("30M"))
    plan = fleet_report(found, limits=Limits(seconds=5.0)).plan
    assert plan is not None
    served, bought = money_plans(found, plan)
    assert isinstance(bought, MoneyPlan)
    assert (bought.before_months, bought.months) == (1, 12)
    assert bought.delivered[0] == plan.months[0].fleets[0].bought
    assert not served.own_lines
    assert served.served_mtok.sum() > 0
