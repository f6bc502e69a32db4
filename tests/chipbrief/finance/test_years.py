"""Cash and P&L by year: small plans by hand, and the laws that every plan keeps."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.finance import (
    CAPITAL_RECOVERY,
    ELECTRICITY_PRICE,
    HOURS_PER_MONTH,
    HOURS_PER_YEAR,
    CostLine,
    Driver,
    Finance,
    MoneyPlan,
    Year,
    deliveries,
    grown,
    load_finance_terms,
    summed,
    yearly_view,
)

SHIPPED = Finance.from_terms(load_finance_terms())
PRICE, NETWORK = 400_000.0, 0.15
CAPITAL = PRICE * (1 + NETWORK)  # 460,000


def terms(**changes: Any) -> Finance:
    return replace(SHIPPED, **{"lag_months": 0.0, **changes})


def own_lines(finance: Finance, factor: float = 1.0) -> tuple[CostLine, ...]:
    """400,000 USD with 15 % of network, 1,000 USD of support and 500 USD of energy a month."""
    price, recovery = Driver("system_price_usd", PRICE * factor), Driver(CAPITAL_RECOVERY, finance.capital_recovery)
    hourly = 1 / HOURS_PER_YEAR
    return (
        CostLine("hardware", "Hardware", hourly, (price, recovery), "C1", ()),
        CostLine("network", "Network", hourly, (price, Driver("share", NETWORK), recovery), "C1", ()),
        CostLine("support", "Support", 1000.0 / HOURS_PER_MONTH * factor, (), "C1", ()),
        CostLine("energy", "Energy", 500.0 / HOURS_PER_MONTH, (Driver(ELECTRICITY_PRICE, factor),), "C1", ()),
    )


RENT = (CostLine("rent", "Rent", 8.0, (Driver("rent_usd_chip_hour", 2.5),), "C4", ()),)  # 14,600 USD a month


def one_system(months: int) -> np.ndarray[Any, Any]:
    return np.concatenate([[1.0], np.zeros(months - 1)])


def total(years: tuple[Year, ...], name: str) -> float:
    return float(sum(getattr(year, name) for year in years))


# -- by hand --------------------------------------------------------------------------------------------------


def test_a_purchase_by_hand() -> None:
    finance = terms(residual=0.10, decommissioning=0.02, deposit=0.25)
    plan = MoneyPlan(months=48, delivered=one_system(48), own_lines=own_lines(finance), system_mtok=100.0)
    first, _, _, last = yearly_view(plan, finance)
    assert (first.capex_usd, first.deposit_usd) == (pytest.approx(0.75 * CAPITAL), pytest.approx(0.25 * CAPITAL))
    assert first.operating_usd == pytest.approx({"support": 12_000, "energy": 6_000})
    assert first.depreciation_usd == pytest.approx(CAPITAL * 0.9 / 4)
    assert first.provision_usd == pytest.approx(CAPITAL * 0.02 / 4)
    assert first.book_value_usd == pytest.approx(CAPITAL * (1 - 0.9 / 4))
    assert first.cost_usd == pytest.approx(CAPITAL * 0.92 / 4 + 18_000)
    assert first.cash_flow_usd == pytest.approx(-CAPITAL - 18_000)
    assert (last.residual_usd, last.decommissioning_usd) == (
        pytest.approx(CAPITAL * 0.1),
        pytest.approx(CAPITAL * 0.02),
    )
    assert last.book_value_usd == pytest.approx(0)
    assert first.levelised_usd == pytest.approx(CAPITAL * 0.14641 / 0.4641 * (1 - 0.08 / 1.1**4))
    assert first.usd_mtok == pytest.approx((CAPITAL * 0.92 / 4 + 18_000) / 1200)


def test_what_is_discounted_and_from_when() -> None:
    """10 %: the price is paid today, a month of running cost at its end, (1.1)^(-1/12) and so on."""
    plan = MoneyPlan(months=2, delivered=one_system(2), own_lines=own_lines(terms()))
    [year] = yearly_view(plan, terms())
    sold = CAPITAL * 46 / 48  # at book value, at the horizon
    running = 1500 * (1.1 ** (-1 / 12) + 1.1 ** (-2 / 12))
    assert year.discounted_usd == pytest.approx(-CAPITAL - running + sold * 1.1 ** (-2 / 12))


def test_the_lag_eats_into_the_life() -> None:
    """Three months dark: support is paid from delivery, power drawn and tokens delivered once live."""
    finance = terms(lag_months=2.5)
    plan = MoneyPlan(months=60, delivered=one_system(60), own_lines=own_lines(finance), system_mtok=100.0)
    years = yearly_view(plan, finance)
    assert years[0].operating_usd == pytest.approx({"support": 12_000, "energy": 500 * 9})
    assert [year.mtok for year in years] == pytest.approx([900, 1200, 1200, 1200, 0])
    assert (years[4].cost_usd, years[4].cash_flow_usd) == (0, pytest.approx(0, abs=1e-6))


def test_availability_is_what_an_owned_system_delivers() -> None:
    plan = MoneyPlan(months=12, delivered=one_system(12), own_lines=own_lines(terms()), system_mtok=100.0)
    [whole], [less] = yearly_view(plan, terms()), yearly_view(plan, terms(availability=0.97))
    assert less.mtok == pytest.approx(0.97 * whole.mtok)
    assert less.usd_mtok == pytest.approx(whole.usd_mtok / 0.97)


def test_a_contract_is_owed_while_it_stands_unused() -> None:
    """Two systems for a year, one of them unused in its second half; 90 % is owed for it: 14,600 x (12 + 6 + 0.9 x 6)."""
    used = np.array([2.0] * 6 + [1.0] * 6)
    plan = MoneyPlan(months=12, rented=used, rent_lines=RENT, commitment_months=12, system_mtok=100.0)
    [full], [less] = (yearly_view(plan, terms(take_or_pay=share)) for share in (1.0, 0.9))
    assert full.rent_usd == pytest.approx(14_600 * 24)
    assert less.rent_usd == pytest.approx(14_600 * (18 + 0.9 * 6))
    assert full.mtok == 100 * 18
    [on_demand] = yearly_view(replace(plan, commitment_months=1), terms())
    assert on_demand.rent_usd == pytest.approx(14_600 * 18)


def test_a_rental_deposit_comes_back_as_the_contract_runs() -> None:
    """A contract of 24 months at 14,600: 20 % ahead, half of it credited in each year."""
    plan = MoneyPlan(months=24, rented=np.ones(24), rent_lines=RENT, commitment_months=24)
    first, second = yearly_view(plan, terms(deposit=0.2))
    assert first.deposit_usd == pytest.approx(0.2 * 24 * 14_600 / 2)
    assert second.deposit_usd == pytest.approx(-0.2 * 24 * 14_600 / 2)
    assert first.rent_usd == second.rent_usd == pytest.approx(12 * 14_600)
    assert first.commitment_usd == pytest.approx(12 * 14_600)
    assert second.commitment_usd == 0
    [cut] = yearly_view(MoneyPlan(months=12, rented=np.ones(12), rent_lines=RENT, commitment_months=24), terms())
    assert cut.commitment_usd == pytest.approx(12 * 14_600)  # owed beyond the horizon


def test_prices_fall_for_later_contracts_and_month_by_month_for_tokens() -> None:
    finance = terms(rent_price_fall=0.2, api_price_fall=0.5)
    rental = MoneyPlan(months=24, rented=np.ones(24), rent_lines=RENT, commitment_months=12)
    first, second = yearly_view(rental, finance)
    assert second.rent_usd == pytest.approx(0.8 * first.rent_usd)
    tokens = MoneyPlan(months=13, api_mtok=np.full(13, 10.0), api_usd_mtok=3.0)
    years = yearly_view(tokens, finance)
    assert years[0].api_usd == pytest.approx(30 * sum(0.5 ** (m / 12) for m in range(12)))
    assert years[1].api_usd == pytest.approx(15)


def test_tax_is_on_profit_after_earlier_losses() -> None:
    """Tokens for 100 a month; revenue 0, then 250: a loss of 1,200, a profit of 1,800, of which 600 is taxed."""
    revenue = np.array([0.0] * 12 + [250.0] * 12 + [50.0] * 12 + [200.0] * 12)
    plan = MoneyPlan(months=48, api_mtok=np.full(48, 100.0), api_usd_mtok=1.0, revenue_usd=revenue)
    years = yearly_view(plan, terms(tax=0.25))
    assert [year.tax_usd for year in years] == pytest.approx([0, 150, 0, 150])  # 600 lost and 1,200 made at the end
    assert years[1].cash_flow_usd == pytest.approx(3000 - 1200 - 150)
    assert total(yearly_view(replace(plan, revenue_usd=np.zeros(0)), terms(tax=0.25)), "tax_usd") == 0


def test_in_real_terms_amounts_are_in_dollars_of_the_first_day() -> None:
    """4 % inflation: 12 months of 100 USD in the second year, each deflated from its end."""
    plan = MoneyPlan(months=24, api_mtok=np.full(24, 100.0), api_usd_mtok=1.0)
    real, nominal = (yearly_view(plan, terms(rates=rates, inflation=0.04)) for rates in ("real", "nominal"))
    assert real[1].api_usd == pytest.approx(sum(100 * 1.04 ** (-m / 12) for m in range(13, 25)))
    assert nominal[1].api_usd == pytest.approx(1200)
    assert [y.discounted_usd for y in real] == pytest.approx([y.discounted_usd for y in nominal])


def test_what_is_delivered_before_the_horizon_counts_to_its_first_year() -> None:
    """Ordered a month before it is delivered, and that a month before the first: 25 % ahead, 1.1^(2/12) dearer by then."""
    finance = terms(deposit=0.25, lag_months=1.0)
    plan = MoneyPlan(
        months=12,
        before_months=2,
        order_months=1,
        delivered=np.eye(14)[1],
        own_lines=own_lines(finance),
        system_mtok=100.0,
    )
    [year] = yearly_view(plan, finance)
    assert year.mtok == 1200  # live on the first day
    assert (year.capex_usd, year.deposit_usd) == (pytest.approx(0.75 * CAPITAL), pytest.approx(0.25 * CAPITAL))
    assert year.operating_usd == pytest.approx({"support": 13_000, "energy": 6_000})
    assert year.depreciation_usd == pytest.approx(CAPITAL * 13 / 48)
    paid = CAPITAL * (0.25 * 1.1 ** (2 / 12) + 0.75 * 1.1 ** (1 / 12))
    running = 1000 * 1.1**0 + sum(1500 * 1.1 ** (-month / 12) for month in range(1, 13))
    assert year.discounted_usd == pytest.approx(-paid - running + CAPITAL * 35 / 48 / 1.1)


def test_years_end_with_the_horizon_s_and_prices_fall_from_its_first_month() -> None:
    plan = MoneyPlan(months=24, before_months=3, api_mtok=np.full(24, 10.0), api_usd_mtok=3.0)
    years = yearly_view(plan, terms(api_price_fall=0.5))
    assert [year.mtok for year in years] == [120, 120]
    assert years[0].api_usd == pytest.approx(30 * sum(0.5 ** (m / 12) for m in range(12)))


def test_what_load_adds_is_paid_for_busy_systems_and_tokens_may_follow_the_load() -> None:
    """Two systems of which 1.5, then 0.5 are busy, at 100 USD a month above idle; 40 Mtok a month by the load."""
    more = (CostLine("energy", "Energy", 100.0 / HOURS_PER_MONTH, (), "C1", ()),)
    plan = MoneyPlan(
        months=24,
        delivered=2.0 * one_system(24),
        own_lines=own_lines(terms()),
        worked=np.repeat([1.5, 0.5], 12),
        work_lines=more,
        served_mtok=np.full(24, 40.0),
    )
    first, second = yearly_view(plan, terms())
    assert first.operating_usd["energy"] == pytest.approx(12 * (2 * 500 + 1.5 * 100))
    assert second.operating_usd["energy"] == pytest.approx(12 * (2 * 500 + 0.5 * 100))
    assert first.mtok == second.mtok == 480


def test_several_plans_add_up_and_are_taxed_as_one() -> None:
    """One loses 1,200 a year, the other earns 2,400: tax of 25 % on the 1,200 between them."""
    dear = MoneyPlan(months=12, api_mtok=np.full(12, 100.0), api_usd_mtok=1.0)
    free = MoneyPlan(months=12, before_months=2, revenue_usd=np.full(12, 200.0))
    [together] = yearly_view([dear, free], terms(tax=0.25))
    assert (together.api_usd, together.revenue_usd) == (1200, 2400)
    assert together.tax_usd == pytest.approx(300)
    assert together.mtok == 1200
    with pytest.raises(ValueError, match="one horizon"):
        yearly_view([dear, MoneyPlan(months=13)], terms())


def test_all_years_as_one() -> None:
    """48 months of one system and a contract of 60: flows add up, what is owed at the end stands."""
    finance = terms()
    plan = MoneyPlan(
        months=48,
        delivered=one_system(48),
        own_lines=own_lines(finance),
        rented=np.ones(48),
        rent_lines=RENT,
        commitment_months=60,
    )
    whole = summed(yearly_view(plan, finance))
    assert (whole.year, whole.capex_usd, whole.depreciation_usd) == (0, pytest.approx(CAPITAL), pytest.approx(CAPITAL))
    assert whole.operating_usd == pytest.approx({"support": 48_000, "energy": 24_000})
    assert whole.commitment_usd == pytest.approx(12 * 14_600)
    recovery = 4 * CAPITAL * 0.14641 / 0.4641
    assert whole.levelised_cost_usd == pytest.approx(recovery + 72_000 + 48 * 14_600)
    with pytest.raises(ValueError, match="nothing to sum"):
        summed(())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"months": 0}, "a month or more"),
        ({"before_months": -1}, "before its order"),
        ({"before_months": 2, "delivered": np.ones(12)}, "delivered needs a value for each of 14 months"),
        ({"delivered": np.ones(3)}, "delivered needs a value for each of 12 months"),
        ({"rented": np.ones(12)}, "rented has no price"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MoneyPlan(**{"months": 12, **wrong})


# -- growth and deliveries ------------------------------------------------------------------------------------


def test_a_load_grows_by_its_factor_in_a_year() -> None:
    assert grown(10.0, 1.8, 25)[[0, 12, 24]] == pytest.approx([10, 18, 32.4])


def test_systems_are_delivered_ahead_of_need_and_replaced() -> None:
    needed = np.array([1.0, 1, 1, 2, 2, 2])
    assert deliveries(needed, life_months=3, lag_months=1).tolist() == [1, 0, 2, 0, 2, 0]
    assert deliveries(needed, life_months=99).tolist() == [1, 0, 0, 1, 0, 0]
    with pytest.raises(ValueError, match="ends within a lag"):
        deliveries(needed, life_months=2, lag_months=2)


WHOLE = st.lists(st.integers(0, 9), min_size=1, max_size=60)


@given(WHOLE, st.integers(1, 40), st.integers(0, 5))
def test_the_live_systems_are_those_needed(needed: list[int], life: int, lag: int) -> None:
    life += lag
    bought = deliveries(np.array(needed, dtype=float), life_months=life, lag_months=lag)
    for month, wanted in enumerate(needed):
        live = bought[max(month - life + 1, 0) : max(month - lag + 1, 0)].sum()
        assert live >= wanted or month < lag


# -- laws -----------------------------------------------------------------------------------------------------

SHARE, RATE = st.floats(0, 1), st.floats(0, 0.3)
FINANCE = st.builds(
    lambda **changes: terms(**changes),
    economic_life_y=st.integers(1, 6),
    cost_of_capital=RATE,
    residual=SHARE,
    decommissioning=st.floats(0, 0.1),
    lag_months=st.integers(0, 5),
    deposit=SHARE,
    take_or_pay=SHARE,
    rent_price_fall=st.floats(0, 0.9),
    api_price_fall=st.floats(0, 0.9),
    inflation=st.floats(0, 0.1),
)


@st.composite
def plans(draw: st.DrawFn) -> tuple[MoneyPlan, Finance]:
    finance, months = draw(FINANCE), draw(st.integers(1, 60))
    month = st.lists(st.integers(0, 4), min_size=months, max_size=months).map(lambda x: np.array(x, dtype=float))
    plan = MoneyPlan(
        months=months,
        delivered=draw(month),
        own_lines=own_lines(finance),
        order_months=draw(st.integers(0, 3)),
        rented=draw(month),
        rent_lines=RENT,
        commitment_months=draw(st.sampled_from([1, 12, 36])),
        system_mtok=100.0,
        api_mtok=draw(month),
        api_usd_mtok=0.6,
    )
    return plan, finance


@given(plans())
def test_over_the_whole_plan_cash_and_pl_agree(case: tuple[MoneyPlan, Finance]) -> None:
    plan, finance = case
    years = yearly_view(plan, finance)
    assert len(years) == -(-plan.months // 12)
    assert -total(years, "cash_flow_usd") == pytest.approx(total(years, "cost_usd"), rel=1e-9, abs=1e-3)
    assert years[-1].book_value_usd == pytest.approx(0, abs=1e-3)
    assert all(year.book_value_usd >= -1e-3 for year in years)


@given(plans(), plans())
def test_that_holds_of_several_plans_too(one: tuple[MoneyPlan, Finance], other: tuple[MoneyPlan, Finance]) -> None:
    plan, finance = one
    delivered = np.resize(other[0].delivered, plan.months + 3)
    shifted = MoneyPlan(months=plan.months, before_months=3, delivered=delivered, own_lines=plan.own_lines)
    years = yearly_view([plan, shifted], finance)
    assert -total(years, "cash_flow_usd") == pytest.approx(total(years, "cost_usd"), rel=1e-9, abs=1e-3)
    assert years[-1].book_value_usd == pytest.approx(0, abs=1e-3)


@given(plans())
def test_depreciation_is_what_was_paid_less_what_came_back(case: tuple[MoneyPlan, Finance]) -> None:
    plan, finance = case
    years = yearly_view(plan, finance)
    bought = CAPITAL * float(plan.by_month("delivered").sum())
    left = bought - total(years, "residual_usd")
    assert total(years, "depreciation_usd") == pytest.approx(left, rel=1e-9, abs=1e-3)


@given(FINANCE, st.sampled_from(["nominal", "real"]), st.integers(0, 24))
def test_c1s_payments_are_worth_the_price_less_what_is_left(finance: Finance, rates: str, bought: int) -> None:
    """Discounted over the whole life: price - PV of residual + PV of taking the systems out, in both views."""
    finance = replace(finance, rates=rates, deposit=0.0)
    life = int(finance.economic_life_y)
    delivered = np.zeros(bought + 12 * life)
    delivered[bought] = 1.0
    plan = MoneyPlan(months=len(delivered), delivered=delivered, own_lines=own_lines(finance))
    years = yearly_view(plan, finance)
    at_the_end = (1 + finance.cost_of_capital) ** -(bought / 12 + life)
    price = CAPITAL * (1 + finance.cost_of_capital) ** -(bought / 12)
    worth = price - CAPITAL * (finance.residual - finance.decommissioning) * at_the_end
    assert total(years, "discounted_levelised_usd") == pytest.approx(worth, rel=1e-9, abs=1e-3)
    running = replace(plan, own_lines=own_lines(finance)[2:], delivered=delivered)  # the same without the capital
    capital = total(yearly_view(running, finance), "discounted_usd") - total(years, "discounted_usd")
    assert total(years, "discounted_levelised_usd") == pytest.approx(capital, rel=1e-9, abs=1e-3)


@given(plans())
def test_real_and_nominal_have_the_same_present_value_and_agree_without_inflation(
    case: tuple[MoneyPlan, Finance],
) -> None:
    plan, finance = case
    real, nominal = (yearly_view(plan, replace(finance, rates=rates)) for rates in ("real", "nominal"))
    assert total(real, "discounted_usd") == pytest.approx(total(nominal, "discounted_usd"), rel=1e-9, abs=1e-3)
    still = replace(finance, inflation=0.0)
    for one, other in zip(yearly_view(plan, replace(still, rates="real")), yearly_view(plan, still), strict=True):
        assert one.cost_usd == pytest.approx(other.cost_usd)
        assert one.levelised_usd == pytest.approx(other.levelised_usd)
        assert one.cash_flow_usd == pytest.approx(other.cash_flow_usd)


@given(plans(), st.floats(1, 3))
def test_cost_never_falls_when_a_price_rises(case: tuple[MoneyPlan, Finance], factor: float) -> None:
    plan, finance = case
    base = yearly_view(plan, finance)
    dearer = (
        replace(plan, own_lines=own_lines(finance, factor)),
        replace(plan, rent_lines=tuple(replace(line, coefficient=8.0 * factor) for line in RENT)),
        replace(plan, api_usd_mtok=0.6 * factor),
    )
    for other in dearer:
        for was, now in zip(base, yearly_view(other, finance), strict=True):
            assert now.cost_usd >= was.cost_usd * (1 - 1e-9)
            assert now.levelised_usd >= was.levelised_usd * (1 - 1e-9)


@given(plans(), st.floats(0.05, 1), st.floats(0.05, 1))
def test_a_million_tokens_costs_less_the_more_are_delivered(
    case: tuple[MoneyPlan, Finance], one: float, other: float
) -> None:
    plan, finance = case
    low, high = sorted((one, other))
    idle, busy = (yearly_view(replace(plan, system_mtok=100.0 * use), finance) for use in (low, high))
    for a, b in zip(idle, busy, strict=True):
        assert a.usd_mtok is None or b.usd_mtok is None or b.usd_mtok <= a.usd_mtok * (1 + 1e-9)
