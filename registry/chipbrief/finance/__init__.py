"""Money: capital recovery, cost lines, prices of tokens, units to buy, and what a plan costs by year. C1 to C4.

Years have 8,760 hours and months 730. Rates are nominal unless the terms say `rates: real`. docs/finance.md has the
equations, every term with its default, and where each one acts.
"""

from chipbrief.finance.equations import (
    HOURS_PER_MONTH,
    HOURS_PER_YEAR,
    SECONDS_PER_MONTH,
    SECONDS_PER_YEAR,
    capital_recovery_factor,
    present_value_factor,
    real_rate,
    straight_line,
    units_needed,
    usd_per_mtok,
)
from chipbrief.finance.lines import (
    CAPITAL_RECOVERY,
    ELECTRICITY_PRICE,
    LANES,
    CostLine,
    Driver,
    Lane,
    capital_usd,
    hourly_usd,
    running_lines,
)
from chipbrief.finance.plan import MoneyPlan, deliveries, grown
from chipbrief.finance.terms import Finance, FinanceTerms, Rates, load_finance_terms
from chipbrief.finance.years import Year, summed, yearly_view

__all__ = [
    "CAPITAL_RECOVERY",
    "ELECTRICITY_PRICE",
    "HOURS_PER_MONTH",
    "HOURS_PER_YEAR",
    "LANES",
    "SECONDS_PER_MONTH",
    "SECONDS_PER_YEAR",
    "CostLine",
    "Driver",
    "Finance",
    "FinanceTerms",
    "Lane",
    "MoneyPlan",
    "Rates",
    "Year",
    "capital_recovery_factor",
    "capital_usd",
    "deliveries",
    "grown",
    "hourly_usd",
    "load_finance_terms",
    "present_value_factor",
    "real_rate",
    "running_lines",
    "straight_line",
    "summed",
    "units_needed",
    "usd_per_mtok",
    "yearly_view",
]
