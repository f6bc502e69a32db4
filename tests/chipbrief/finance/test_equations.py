"""C1 to C3 as plain functions, by hand and by their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.finance import (
    CAPITAL_RECOVERY,
    CostLine,
    Driver,
    capital_recovery_factor,
    capital_usd,
    hourly_usd,
    present_value_factor,
    real_rate,
    running_lines,
    straight_line,
    units_needed,
    usd_per_mtok,
)

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


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.integers(1, 10), st.floats(1.001, 2))
def test_c1_a_payment_rises_with_the_rate_and_falls_with_the_life(
    rate: float, more: float, years: int, longer: float
) -> None:
    factor = float(capital_recovery_factor(rate, float(years)))
    assert float(capital_recovery_factor(rate + more, float(years))) >= factor * (1 - 1e-12)
    assert float(capital_recovery_factor(rate, years * longer)) < factor


def test_c1_a_dollar_in_four_years_by_hand() -> None:
    assert present_value_factor(0.10, 4) == pytest.approx(1 / 1.4641)


def test_c1_the_real_rate_is_what_interest_is_above_inflation() -> None:
    assert real_rate(0.10, 0.02) == pytest.approx(1.10 / 1.02 - 1)  # 7.84 %
    assert real_rate(0.10, 0.0) == 0.10
    assert real_rate(0.02, 0.02) == 0


def test_pl_depreciation_is_the_price_less_what_is_left_in_equal_parts() -> None:
    assert straight_line(296_000, 0.0, 4.0) == 74_000
    assert straight_line(296_000, 0.25, 4.0) == 55_500


# -- C2 -------------------------------------------------------------------------------------------------------


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


def test_a_line_that_recovers_capital_tells_what_is_paid_once() -> None:
    recovery, price = Driver(CAPITAL_RECOVERY, 0.3), Driver("system_price_usd", 400_000.0)
    hardware = CostLine("hardware", "Hardware", 1 / 8760, (price, recovery), "C1", ())
    network = CostLine("network", "Network", 1 / 8760, (price, Driver("share", 0.15), recovery), "C1", ())
    support = CostLine("support", "Support", 1 / 8760, (price, Driver("share", 0.05)), "C1", ())
    assert capital_usd((hardware, network, support)) == pytest.approx(400_000 * 1.15)
    assert support.capital_usd == 0
    assert running_lines((hardware, network, support)) == (support,)
