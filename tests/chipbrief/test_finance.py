"""C1 to C4 against outside values, and the laws of money."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.figures import Share
from chipbrief.finance import (
    HOURS_PER_MONTH,
    HOURS_PER_YEAR,
    CostLine,
    Driver,
    Finance,
    FinanceTerms,
    capital_recovery_factor,
    hourly_usd,
    load_finance_terms,
    units_needed,
    usd_per_mtok,
)
from chipbrief.physics import joules_per_token

# -- C1 -------------------------------------------------------------------------------------------------------


def test_c1_capital_recovery_by_hand() -> None:
    # 10 % over 4 years: 0.1 x 1.1^4 / (1.1^4 - 1) = 0.14641 / 0.4641
    assert capital_recovery_factor(0.10, 4.0) == pytest.approx(0.14641 / 0.4641)
    # 8 % over 2 years: 0.08 x 1.1664 / 0.1664
    assert capital_recovery_factor(0.08, 2.0) == pytest.approx(0.560769, rel=1e-6)


def test_c1_without_interest_is_straight_line() -> None:
    assert capital_recovery_factor(0.0, 4.0) == 0.25
    assert capital_recovery_factor(np.array([0.0, 0.0]), np.array([3.0, 6.0])) == pytest.approx([1 / 3, 1 / 6])


RATES = st.just(0.0) | st.floats(1e-300, 0.5)


@given(RATES, st.floats(1, 10))
def test_c1_a_payment_is_at_least_straight_line_and_at_most_with_simple_interest(rate: float, years: float) -> None:
    factor = float(capital_recovery_factor(rate, years))
    assert 1 / years * (1 - 1e-9) <= factor <= (1 / years + rate) * (1 + 1e-9)


@given(RATES, st.integers(1, 10))
def test_c1_over_whole_years_the_discounted_payments_add_up_to_the_price(rate: float, years: int) -> None:
    factor = float(capital_recovery_factor(rate, float(years)))
    assert sum(factor / (1 + rate) ** t for t in range(1, years + 1)) == pytest.approx(1.0)


def finance(**changes: float) -> Finance:
    values = {f"finance:{name}": value for name, value in changes.items()}
    return Finance.from_terms(load_finance_terms(), values)


def test_c1_what_is_left_at_the_end_is_discounted_to_today() -> None:
    terms = finance(residual=0.2)  # 10 % over 4 years
    assert terms.capital_recovery == pytest.approx(0.14641 / 0.4641 * (1 - 0.2 / 1.1**4))


def test_the_shipped_terms_are_those_of_the_design() -> None:
    terms = finance()
    assert terms.economic_life_y == pytest.approx(4.0)
    assert terms.cost_of_capital == pytest.approx(0.10)
    assert terms.residual == 0
    assert terms.pue == 1.25
    assert terms.electricity == pytest.approx(0.083)
    assert terms.colocation == pytest.approx(184, rel=0.001)
    assert terms.network_storage == pytest.approx(0.15)
    assert terms.support == pytest.approx(0.05)
    assert terms.utilisation == 0.5


def test_every_shipped_term_has_its_range_and_a_source() -> None:
    terms = load_finance_terms()
    assert len(terms.figures) == 11
    for name, figure in terms.figures.items():
        assert figure.source in terms.sources, name
        assert figure.lowest <= figure.value <= figure.highest
    assert set(terms.sources) == {figure.source for figure in terms.figures.values()}


def test_sampled_terms_have_a_leading_axis() -> None:
    assert finance(pue=np.array([1.1, 1.25, 1.54])).pue.shape == (3, 1)
    assert np.shape(finance(cost_of_capital=np.array([0.06, 0.15])).capital_recovery) == (2, 1)


def test_a_term_that_the_reader_sets_has_the_reader_as_its_source_and_no_range() -> None:
    terms: FinanceTerms = load_finance_terms().override({"pue": 1.4}, where="the mix m", date="2026-11-23")
    assert (terms.pue.value, terms.pue.source, terms.pue.date) == (1.4, "user", "2026-11-23")
    assert not terms.pue.ranged
    assert terms.sources["user"].locator == "the mix m"
    assert "the default is 1.25" in (terms.pue.note or "")
    assert terms.electricity == load_finance_terms().electricity
    assert load_finance_terms().override({}, where="x", date="2026") == load_finance_terms()
    assert isinstance(terms.support, Share)


# -- C2: golden values ----------------------------------------------------------------------------------------


def test_c2_inferencex_gpt_oss_120b() -> None:
    """20,938.8 tok/s a GPU, input and output, at 1.95 USD/GPU-h: 0.0259 USD/Mtok; 2.17 kW utility power a GPU."""
    assert usd_per_mtok(1.95, 20_938.8, 1.0) == pytest.approx(0.0259, abs=5e-5)
    assert 1.0 / joules_per_token(2170.0, 20_938.8) == pytest.approx(9.649, abs=5e-4)  # tok/J is M tok/s/MW


def test_c3_deepseek_production_day() -> None:
    """608 G input tokens at 73,700 tok/s a node and 168 G output tokens at 14,800, 24 hours."""
    node_hour = 16.0  # eight H800 at 2 USD
    usd_day = 608e3 * usd_per_mtok(node_hour, 73_700, 1.0) + 168e3 * usd_per_mtok(node_hour, 14_800, 1.0)
    assert usd_day / (24 * node_hour) == pytest.approx(226.9, abs=0.05)  # nodes
    assert usd_day == pytest.approx(87_072, rel=0.001)  # published, with 226.75 nodes
    assert units_needed(608e9 / 86_400, 73_700) + units_needed(168e9 / 86_400, 14_800) == 228  # whole nodes a pool


def test_c2_deepseek_production_day() -> None:
    """226.75 nodes of eight H800 at 2 USD/GPU-h: 0.112 USD/Mtok of input and output, 0.518 of output alone."""
    usd_per_hour = 226.75 * 8 * 2
    assert usd_per_mtok(usd_per_hour, (608e9 + 168e9) / 86_400, 1.0) == pytest.approx(0.112, abs=5e-4)
    assert usd_per_mtok(usd_per_hour, 168e9 / 86_400, 1.0) == pytest.approx(0.518, abs=5e-4)


def article_month(years: float) -> float:
    """Eight GPUs at 37,000 USD straight-line (CRF without interest) and 8,000 USD of running cost a month."""
    return 8 * 37_000 * float(capital_recovery_factor(0.0, years)) / 12 + 8_000


def test_c1_c2_the_article_over_48_months() -> None:
    assert article_month(4) == pytest.approx(14_167, abs=0.5)
    assert usd_per_mtok(article_month(4) / HOURS_PER_MONTH, 900, 1.0) == pytest.approx(5.99, abs=0.005)


def test_c2_the_article_over_36_months_needs_another_speed() -> None:
    assert article_month(3) == pytest.approx(16_222, abs=0.5)
    assert usd_per_mtok(article_month(3) / HOURS_PER_MONTH, 19_290, 1.0) == pytest.approx(0.32, abs=5e-5)


def test_c2_the_article_prices_one_gpu_without_running_cost() -> None:
    usd_per_hour = 37_000 / (4 * HOURS_PER_YEAR)
    assert usd_per_mtok(usd_per_hour, 900, 1.0) == pytest.approx(0.326, abs=5e-4)
    assert usd_per_mtok(usd_per_hour, 900, 1.0) * 0.68 == pytest.approx(0.22, abs=0.005)


def test_c2_half_the_utilisation_is_twice_the_price() -> None:
    assert usd_per_mtok(3.6, 1000.0, 1.0) == pytest.approx(1.0)  # 3.6 USD/h over 3.6 Mtok/h
    assert usd_per_mtok(3.6, 1000.0, 0.5) == pytest.approx(2.0)


MONEY = st.floats(0.01, 1e6)


@given(MONEY, MONEY, st.floats(0.01, 1), st.floats(1, 10))
def test_c2_price_rises_with_cost_and_falls_with_speed_and_utilisation(
    usd: float, speed: float, utilisation: float, factor: float
) -> None:
    base = usd_per_mtok(usd, speed, utilisation)
    assert usd_per_mtok(usd * factor, speed, utilisation) == pytest.approx(base * factor)
    assert usd_per_mtok(usd, speed * factor, utilisation) == pytest.approx(base / factor)
    assert usd_per_mtok(usd, speed, utilisation / factor) == pytest.approx(base * factor)


# -- C3 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peak", "capacity", "units"),
    [(0.0, 10.0, 1), (1.0, 10.0, 1), (10.0, 10.0, 1), (10.001, 10.0, 2), (0.3, 0.1, 3), (99.0, 10.0, 10)],
)
def test_c3_units_are_whole_enough_and_never_none(peak: float, capacity: float, units: int) -> None:
    assert units_needed(peak, capacity) == units


@given(st.floats(1e-3, 1e9), st.floats(1e-3, 1e6))
def test_c3_the_units_carry_the_peak_and_one_less_would_not(peak: float, capacity: float) -> None:
    units = float(units_needed(peak, capacity))
    assert units * capacity >= peak * (1 - 1e-6) - 1e-6 * capacity
    assert units == 1 or (units - 1) * capacity < peak


# -- lines ----------------------------------------------------------------------------------------------------


def test_a_line_is_its_coefficient_times_its_drivers() -> None:
    line = CostLine("energy", "Energy", 14.3, (Driver("pue", 1.25), Driver("usd_per_kwh", 0.083)), "C1", ())
    assert line.usd_per_hour == pytest.approx(14.3 * 1.25 * 0.083)
    staff = CostLine("staff", "Staff", 2.0, (), "C1", ())
    assert hourly_usd((line, staff)) == pytest.approx(14.3 * 1.25 * 0.083 + 2.0)
    assert hourly_usd(()) == 0
