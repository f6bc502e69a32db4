"""Outside values that C1 to C4 must reproduce, with the arithmetic written out; months of 730 hours.

Each goes through the public functions: cost lines, utilisation, rental contracts and the yearly view.
"""

from dataclasses import replace

import numpy as np
import pytest

from chipbrief.finance import (
    CAPITAL_RECOVERY,
    HOURS_PER_MONTH,
    HOURS_PER_YEAR,
    CostLine,
    Driver,
    Finance,
    MoneyPlan,
    Year,
    hourly_usd,
    load_finance_terms,
    straight_line,
    units_needed,
    usd_per_mtok,
    yearly_view,
)
from chipbrief.physics import joules_per_token
from chipbrief.registry import load_registry

TERMS = Finance.from_terms(load_finance_terms())
GPU_USD, GPUS, RUNNING_USD_MONTH = 37_000.0, 8, 8_000.0


def rent(usd_chip_hour: float, chips: int) -> tuple[CostLine, ...]:
    return (CostLine("rent", "Rent", float(chips), (Driver("rent_usd_chip_hour", usd_chip_hour),), "C4", ()),)


def owned(price_usd: float, running_usd_month: float, finance: Finance) -> tuple[CostLine, ...]:
    """Hardware that recovers its price, and everything else as one running line."""
    price = (Driver("system_price_usd", price_usd), Driver(CAPITAL_RECOVERY, finance.capital_recovery))
    return (
        CostLine("hardware", "Hardware", 1 / HOURS_PER_YEAR, price, "C1", ()),
        CostLine("running", "Running", running_usd_month / HOURS_PER_MONTH, (), "C1", ()),
    )


# -- InferenceX -----------------------------------------------------------------------------------------------


def test_inferencex_gpt_oss_120b() -> None:
    """20,938.8 tok/s of input and output a B200 at 1.95 USD and 2.17 kW of utility power.

    1.95 / (20,938.8 x 3600) x 1e6 = 0.02587 USD/Mtok; 20,938.8 / 2,170 W = 9.649 tok/J, and so M tok/s/MW.
    """
    usd_hour = hourly_usd(rent(1.95, 1))
    assert usd_per_mtok(usd_hour, 20_938.8, 1.0) == pytest.approx(0.0259, abs=5e-5)
    assert 1.0 / joules_per_token(2170.0, 20_938.8) == pytest.approx(9.649, abs=5e-4)


def test_inferencex_by_year_at_half_the_utilisation_costs_twice_as_much() -> None:
    """A year of one GPU that works half the time: 1.95 x 8,760 USD for 20,938.8 x 3600 x 8,760 / 2 tokens."""
    mtok = 20_938.8 * 3600 * HOURS_PER_MONTH / 1e6 * 0.5
    plan = MoneyPlan(months=12, rented=np.ones(12), rent_lines=rent(1.95, 1), system_mtok=mtok)
    [year] = yearly_view(plan, TERMS)
    assert year.rent_usd == pytest.approx(1.95 * 8760)
    assert year.usd_mtok == pytest.approx(2 * 0.02587, abs=5e-5)
    assert year.usd_mtok == pytest.approx(usd_per_mtok(1.95, 20_938.8, 0.5))


# -- DeepSeek's production day --------------------------------------------------------------------------------

INPUT, OUTPUT = 608e9, 168e9  # tokens of the day, cached ones among the input
NODE_USD_H = float(hourly_usd(rent(2.0, 8)))  # eight H800 at 2 USD


def test_deepseek_needs_227_nodes() -> None:
    """608e9 / 86,400 / 73,700 = 95.48 nodes of prefill, 168e9 / 86,400 / 14,800 = 131.38 of decode: 226.86."""
    usd_day = INPUT / 1e6 * usd_per_mtok(NODE_USD_H, 73_700, 1.0) + OUTPUT / 1e6 * usd_per_mtok(NODE_USD_H, 14_800, 1.0)
    nodes = usd_day / (24 * NODE_USD_H)
    assert nodes == pytest.approx(226.9, abs=0.05)
    assert nodes == pytest.approx(226.75, rel=0.001)  # published
    whole = units_needed(INPUT / 86_400, 73_700) + units_needed(OUTPUT / 86_400, 14_800)
    assert whole == 96 + 132


def test_deepseek_pays_87072_dollars_a_day() -> None:
    """226.75 nodes x 8 x 24 x 2 USD = 87,072 USD; a month of it rented on demand is 730/24 days."""
    days = HOURS_PER_MONTH / 24
    plan = MoneyPlan(months=1, rented=np.array([226.75]), rent_lines=rent(2.0, 8))
    [month] = yearly_view(plan, TERMS)
    assert month.rent_usd / days == pytest.approx(87_072, abs=0.5)
    assert month.cost_usd == month.rent_usd == pytest.approx(-month.cash_flow_usd)


@pytest.mark.parametrize(("tokens", "usd"), [(INPUT + OUTPUT, 0.112), (OUTPUT, 0.518)])
def test_deepseek_pays_a_tenth_of_a_dollar_a_million_tokens(tokens: float, usd: float) -> None:
    """87,072 / 776,000 Mtok = 0.1122; / 168,000 Mtok of output = 0.5183."""
    assert usd_per_mtok(226.75 * NODE_USD_H, tokens / 86_400, 1.0) == pytest.approx(usd, abs=5e-4)
    node_mtok = tokens / 1e6 * (HOURS_PER_MONTH / 24) / 226.75
    plan = MoneyPlan(months=1, rented=np.array([226.75]), rent_lines=rent(2.0, 8), system_mtok=node_mtok)
    assert yearly_view(plan, TERMS)[0].usd_mtok == pytest.approx(usd, abs=5e-4)


# -- the article ----------------------------------------------------------------------------------------------


def article(months: int, *, gpus: int = GPUS, running: float = RUNNING_USD_MONTH, tok_s: float = 0.0) -> list[Year]:
    """Eight GPUs over some months, straight-line as its P&L has it, with 8,000 USD of running cost a month."""
    finance = replace(TERMS, economic_life_y=months / 12, cost_of_capital=0.0, lag_months=0.0)
    delivered = np.zeros(months)
    delivered[0] = 1.0
    plan = MoneyPlan(
        months=months,
        delivered=delivered,
        own_lines=owned(gpus * GPU_USD, running, finance),
        system_mtok=tok_s * 3600 * HOURS_PER_MONTH / 1e6,
    )
    return list(yearly_view(plan, finance))


def test_the_article_over_48_months() -> None:
    """8 x 37,000 / 48 + 8,000 = 6,166.67 + 8,000 = 14,166.67 USD a month; / (900 x 3600 x 730) = 5.99 USD/Mtok."""
    for year in article(48, tok_s=900):
        assert year.cost_usd / 12 == pytest.approx(14_167, abs=0.5)
        assert year.depreciation_usd == pytest.approx(straight_line(296_000, 0.0, 4.0))
        assert year.usd_mtok == pytest.approx(5.99, abs=0.005)
    assert sum(year.capex_usd for year in article(48)) == 296_000
    hour = hourly_usd(owned(296_000, RUNNING_USD_MONTH, replace(TERMS, cost_of_capital=0.0)))  # C1 without interest
    assert hour * HOURS_PER_MONTH == pytest.approx(14_167, abs=0.5)
    assert usd_per_mtok(hour, 900, 1.0) == pytest.approx(5.99, abs=0.005)


def test_the_article_over_36_months_needs_19290_tokens_a_second() -> None:
    """8 x 37,000 / 36 + 8,000 = 16,222 USD a month; / 730 / 3600 / 0.32 x 1e6 = 19,290 tok/s."""
    [first, *_] = article(36, tok_s=19_290)
    assert first.cost_usd / 12 == pytest.approx(16_222, abs=0.5)
    assert first.usd_mtok == pytest.approx(0.32, abs=5e-6)
    usd_hour = first.cost_usd / 12 / HOURS_PER_MONTH
    assert usd_per_mtok(usd_hour, 1.0, 1.0) / 0.32 == pytest.approx(19_290, abs=0.5)  # tok/s that make it 0.32


def test_the_article_prices_one_gpu_without_running_cost() -> None:
    """37,000 / (4 x 8,760 h x 3600 x 900) x 1e6 = 0.3260 USD/Mtok, x 0.68 = 0.2217."""
    for year in article(48, gpus=1, running=0.0, tok_s=900):
        assert year.usd_mtok == pytest.approx(0.326, abs=5e-4)
        assert year.usd_mtok is not None
        assert year.usd_mtok * 0.68 == pytest.approx(0.22, abs=0.005)


# -- all-in anchors -------------------------------------------------------------------------------------------

REGISTRY = load_registry(strict=True)


@pytest.mark.parametrize(
    ("system", "anchor", "ratio"),
    [
        ("nvidia-b200", 1.95, 1.84),  # SemiAnalysis, a hyperscaler that owns
        ("nvidia-b200", 2.34, 1.53),  # a neocloud that owns
        ("nvidia-b200", 2.90, 1.23),  # rented for three years
        ("cerebras-cs3", 41.96, 1.32),  # SemiAnalysis, a system
    ],
)
def test_the_model_s_owned_hour_stands_this_far_above_the_anchors(system: str, anchor: float, ratio: float) -> None:
    """Nothing is fitted to them: list prices, and colocation, network and support that a hyperscaler has for less."""
    hardware = REGISTRY[system]
    usd = float(hourly_usd(hardware.cost.lines("own", TERMS, 1.0))) / hardware.profile.chips
    assert usd / anchor == pytest.approx(ratio, abs=0.005)
