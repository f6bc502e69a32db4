"""What a plan costs by year: cash as it is paid, and the P&L with straight-line depreciation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from chipbrief.finance.equations import HOURS_PER_MONTH, present_value_factor, straight_line
from chipbrief.finance.lines import ELECTRICITY_PRICE, capital_usd, hourly_usd, running_lines
from chipbrief.finance.plan import MoneyPlan
from chipbrief.finance.terms import Finance
from chipbrief.physics import Array, Num

__all__ = ["Year", "summed", "yearly_view"]

_BALANCES = ("book_value_usd", "commitment_usd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """Twelve months of a plan, the last of them perhaps fewer; all in USD unless the name says otherwise.

    Attributes:
        year: 1 for the first, which also holds what is paid before it (`MoneyPlan.before_months`); 0 for a sum.
        capex_usd: paid for systems with their network and storage, deposits credited.
        deposit_usd: paid ahead for systems and rentals, less what is credited to rent and returned.
        operating_usd: running cost of owned systems by cost line.
        rent_usd: rent of the year, before deposits are credited.
        api_usd: tokens bought by the token.
        residual_usd: received for systems at the end of their life, and at the horizon for those that still have one.
        decommissioning_usd: paid to take systems out.
        revenue_usd: received for tokens.
        tax_usd: tax on the year's profit, earlier losses set off.
        cash_flow_usd: received less paid, tax included.
        depreciation_usd: the year's share of price less residual, straight-line.
        provision_usd: the year's share of taking the systems out, straight-line.
        book_value_usd: price less depreciation of the systems still owned, at the year's end.
        cost_usd: the P&L's cost before tax: depreciation, provision, running cost, rent and tokens bought.
        levelised_usd: C1's payments of the year for the capital, due at the end of each year of ownership.
        discounted_usd: present value of the year's cash flow.
        discounted_levelised_usd: present value of those payments.
        commitment_usd: rent still owed at the year's end if nothing more is used.
        mtok: tokens delivered [Mtok].
    """

    year: int
    capex_usd: float
    deposit_usd: float
    operating_usd: Mapping[str, float]
    rent_usd: float
    api_usd: float
    residual_usd: float
    decommissioning_usd: float
    revenue_usd: float
    tax_usd: float
    cash_flow_usd: float
    depreciation_usd: float
    provision_usd: float
    book_value_usd: float
    cost_usd: float
    levelised_usd: float
    discounted_usd: float
    discounted_levelised_usd: float
    commitment_usd: float
    mtok: float

    @property
    def usd_mtok(self) -> float | None:
        """The P&L's cost of a million tokens delivered (C2); None where nothing is."""
        return self.cost_usd / self.mtok if self.mtok > 0 else None

    @property
    def levelised_cost_usd(self) -> float:
        """C1's payments with running cost, rent and tokens: what the fleet planner adds up."""
        return self.levelised_usd + sum(self.operating_usd.values()) + self.rent_usd + self.api_usd


def summed(years: Sequence[Year]) -> Year:
    """All years of a view as one, numbered 0: flows added up, book value and commitment those of the last.

    Raises:
        ValueError: no year.
    """
    if not years:
        raise ValueError("nothing to sum")
    names = [field.name for field in fields(Year) if field.name not in ("year", "operating_usd", *_BALANCES)]
    lines = dict.fromkeys(line for year in years for line in year.operating_usd)
    return Year(
        year=0,
        operating_usd={line: sum(year.operating_usd.get(line, 0.0) for year in years) for line in lines},
        **{name: sum(getattr(year, name) for year in years) for name in names},
        **{name: getattr(years[-1], name) for name in _BALANCES},
    )


def yearly_view(plans: MoneyPlan | Sequence[MoneyPlan], finance: Finance) -> tuple[Year, ...]:
    """Cash and P&L of a plan by year, or of several that one owner carries out together and is taxed for as one.

    A system is paid for at its delivery (its deposit at the order), depreciates from delivery over its economic life,
    delivers tokens and draws power after the lag, and leaves for its residual at the end of its life; what still has
    a life at the horizon is sold at book value there. Prices of running stay as they are; rent falls for contracts
    signed later, tokens bought month by month. Over the whole plan cash and P&L agree but for revenue and tax.

    Payments on a day (purchases, deposits) are discounted from it, running ones from the end of their month, C1's
    from the end of each year of ownership, all to the first day of the horizon; what is paid before it is worth more.
    Where rates are real every amount is in dollars of that day; present values are the same in both views.

    Args:
        plans: what is bought, rented and bought by the token, by month; several have one horizon.
        finance: the terms, each a single number and not sampled.

    Returns:
        One Year for every twelve months begun.

    Raises:
        ValueError: no plan, or plans of several horizons.
    """
    several = (plans,) if isinstance(plans, MoneyPlan) else tuple(plans)
    ledger = _Ledger(several, finance)
    for plan in several:
        _owned(ledger, plan)
        _rented(ledger, plan)
        _bought_by_the_token(ledger, plan)
        ledger.enter("revenue", ledger.by_month(plan, "revenue_usd"))
        ledger.mtok = ledger.mtok + ledger.by_month(plan, "served_mtok")
    _taxed(ledger)
    return tuple(_year(ledger, number) for number in range(1, len(ledger.ends) + 1))


class _Ledger:
    """Entries of plans by month, each with its present value and in the dollars that the view is in."""

    def __init__(self, plans: Sequence[MoneyPlan], finance: Finance) -> None:
        if len({plan.months for plan in plans}) != 1:
            raise ValueError("a yearly view needs plans of one horizon")
        self.finance = finance
        self.before = max(plan.before_months for plan in plans)
        self.months = self.before + plans[0].months
        self.month = np.arange(self.months, dtype=float) - self.before  # of the horizon: 0 is its first
        self.ends = (
            np.array([min(first + 12, plans[0].months) for first in range(0, plans[0].months, 12)]) + self.before
        )
        self.life_months = max(round(float(finance.economic_life_y) * 12), 1)
        self.lag_months = min(math.ceil(float(finance.lag_months) - 1e-9), self.life_months)
        self.nominal: dict[str, Array] = {}
        self.shown: dict[str, Array] = {}
        self.present: dict[str, Array] = {}
        self.book = self.commitment = self.mtok = np.zeros(self.months)
        self.running: list[str] = []

    def by_month(self, plan: MoneyPlan, name: str) -> Array:
        """One of a plan's arrays over the months of the ledger."""
        values = plan.by_month(name)
        return np.concatenate([np.zeros(self.months - len(values)), values])

    def enter(self, name: str, usd: Array, *, at_start: bool = False) -> None:
        """Add amounts in dollars of their day, due at the end of each month or at its start."""
        years = self._years(0.0 if at_start else 1.0)
        for book, factor in (
            (self.nominal, 1.0),
            (self.shown, self._deflator(years)),
            (self.present, present_value_factor(self.finance.cost_of_capital, years)),
        ):
            book[name] = book.get(name, np.zeros(self.months)) + usd * factor

    def enter_running(self, line: str, usd: Array) -> None:
        """Add running cost of a line, by month."""
        self.enter(f"operating:{line}", usd)
        if line not in self.running:
            self.running.append(line)

    def end_of_month(self, usd: Array) -> Array:
        """Balances at the end of each month in the dollars that the view is in."""
        balances: Array = usd * self._deflator(self._years(1.0))
        return balances

    def fallen(self, fall_per_year: Num) -> Array:
        """A price of each month over that of the first of the horizon."""
        factor: Array = (1.0 - float(fall_per_year)) ** (np.maximum(self.month, 0.0) / 12.0)
        return factor

    def _years(self, months_later: float) -> Array:
        years: Array = (self.month + months_later) / 12.0
        return years

    def _deflator(self, years: Array) -> Array:
        inflation = self.finance.inflation if self.finance.rates == "real" else 0.0
        deflator: Array = np.asarray(present_value_factor(inflation, years), dtype=float)
        return deflator

    def within(self, delivered: Array, since: int, until: int) -> Array:
        """Systems by month that were delivered at least `since` and less than `until` months before."""
        total = np.concatenate([[0.0], np.cumsum(delivered)])
        month = np.arange(self.months)
        held: Array = total[np.maximum(month + 1 - since, 0)] - total[np.maximum(month + 1 - until, 0)]
        return held


def _owned(ledger: _Ledger, plan: MoneyPlan) -> None:
    """Purchases, what they cost to run, and the tokens that so many live systems deliver."""
    finance, life = ledger.finance, ledger.life_months
    delivered = ledger.by_month(plan, "delivered")
    price, deposit = float(capital_usd(plan.own_lines)), float(finance.deposit)
    owned, live = ledger.within(delivered, 0, life), ledger.within(delivered, ledger.lag_months, life)
    ordered = np.zeros(ledger.months)
    np.add.at(ordered, np.maximum(np.arange(ledger.months) - plan.order_months, 0), delivered)
    ledger.enter("capex", price * (1.0 - deposit) * delivered, at_start=True)
    ledger.enter("deposit", price * deposit * ordered, at_start=True)
    for line in running_lines(plan.own_lines):
        paid_for = live if line.driven_by(ELECTRICITY_PRICE) else owned
        ledger.enter_running(line.id, float(line.usd_per_hour) * HOURS_PER_MONTH * paid_for)
    for line in plan.work_lines:
        ledger.enter_running(line.id, float(line.usd_per_hour) * HOURS_PER_MONTH * ledger.by_month(plan, "worked"))
    ledger.mtok = ledger.mtok + live * float(finance.availability) * plan.system_mtok
    _depreciated(ledger, price, delivered, owned)
    _levelised(ledger, price * delivered)


def _depreciated(ledger: _Ledger, price: float, delivered: Array, owned: Array) -> None:
    """Straight-line depreciation and provision, and what the end of the life or the horizon brings and costs."""
    finance, life = ledger.finance, ledger.life_months
    at_end = np.zeros(ledger.months)  # systems whose life ends with the month
    at_end[life - 1 :] = delivered[: max(ledger.months - life + 1, 0)]
    shares = {"residual": float(finance.residual), "decommissioning": float(finance.decommissioning)}
    depreciation = price * straight_line(1.0, shares["residual"], life) * owned
    provision = price * straight_line(shares["decommissioning"], 0.0, life) * owned
    ledger.enter("depreciation", depreciation)
    ledger.enter("provision", provision)
    received, taken_out = price * shares["residual"] * at_end, price * shares["decommissioning"] * at_end
    book = np.cumsum(price * delivered - depreciation - received)
    received[-1] += book[-1]
    book[-1] = 0.0
    taken_out[-1] += provision.sum() - taken_out.sum()
    ledger.enter("residual", received)
    ledger.enter("decommissioning", taken_out)
    ledger.book = ledger.book + book


def _levelised(ledger: _Ledger, paid: Array) -> None:
    """C1's payments for what was bought in each month; the last of them in proportion where a year is cut."""
    finance = ledger.finance
    payment = float(finance.capital_recovery)
    growth = 1.0 + (float(finance.inflation) if finance.rates == "real" else 0.0)
    due = np.zeros(ledger.months)
    for month in np.flatnonzero(paid):
        held = min(ledger.life_months, ledger.months - int(month))
        for start in range(0, held, 12):
            end = min(start + 12, held)
            due[month + end - 1] += paid[month] * payment * (end - start) / 12.0 * growth ** (end / 12.0)
    ledger.enter("levelised", due)


@dataclass(frozen=True, slots=True)
class _Contract:
    signed: int
    systems: float
    usd_month: float  # for a system


def _rented(ledger: _Ledger, plan: MoneyPlan) -> None:
    """Rent under contracts, their deposits, and what is owed for systems that stand unused."""
    finance, term = ledger.finance, plan.commitment_months
    used, owed_unused = ledger.by_month(plan, "rented"), float(finance.take_or_pay)
    new_usd = float(hourly_usd(plan.rent_lines)) * HOURS_PER_MONTH * ledger.fallen(finance.rent_price_fall)
    rent, paid, credited, commitment = (np.zeros(ledger.months) for _ in range(4))
    contracts: list[_Contract] = []
    for month in range(ledger.months):
        contracts = [c for c in contracts if month < c.signed + term]
        short = used[month] - sum(c.systems for c in contracts)
        if short > 1e-9:
            contracts.append(_Contract(month, short, float(new_usd[month])))
            paid[month] = float(finance.deposit) * short * new_usd[month] * term
        systems = sum(c.systems for c in contracts)
        full = sum(c.systems * c.usd_month for c in contracts)
        if systems:
            rent[month] = full * (used[month] + owed_unused * (systems - used[month])) / systems
        credited[month] = float(finance.deposit) * full
        commitment[month] = owed_unused * sum(
            c.systems * c.usd_month * (c.signed + term - month - 1) for c in contracts
        )
    credited[-1] += paid.sum() - credited.sum()  # returned at the horizon
    ledger.enter("rent", rent)
    ledger.enter("deposit", paid, at_start=True)
    ledger.enter("deposit", -credited)
    ledger.commitment = ledger.commitment + commitment
    ledger.mtok = ledger.mtok + used * plan.system_mtok


def _bought_by_the_token(ledger: _Ledger, plan: MoneyPlan) -> None:
    mtok = ledger.by_month(plan, "api_mtok")
    ledger.enter("api", mtok * plan.api_usd_mtok * ledger.fallen(ledger.finance.api_price_fall))
    ledger.mtok = ledger.mtok + mtok


def _costs(ledger: _Ledger) -> tuple[str, ...]:
    return ("depreciation", "provision", "rent", "api", *(f"operating:{name}" for name in ledger.running))


def _taxed(ledger: _Ledger) -> None:
    """Tax of each year on the profit since the start that was not taxed yet: losses are carried forward."""
    profit = ledger.nominal["revenue"] - sum(ledger.nominal[name] for name in _costs(ledger))
    ends = ledger.ends - 1
    so_far = np.maximum.accumulate(np.maximum(np.cumsum(profit)[ends], 0.0))
    tax = np.zeros(ledger.months)
    tax[ends] = float(ledger.finance.tax) * np.diff(so_far, prepend=0.0)
    ledger.enter("tax", tax)


_RECEIVED = ("revenue", "residual")
_PAID = ("capex", "deposit", "rent", "api", "decommissioning", "tax")


def _year(ledger: _Ledger, number: int) -> Year:
    of_year = slice(int(ledger.ends[number - 2]) if number > 1 else 0, int(ledger.ends[number - 1]))
    shown = {name: float(usd[of_year].sum()) for name, usd in ledger.shown.items()}
    present = {name: float(usd[of_year].sum()) for name, usd in ledger.present.items()}
    operating = {name: shown[f"operating:{name}"] for name in ledger.running}
    paid = (*_PAID, *(f"operating:{name}" for name in ledger.running))

    def flow(usd: Mapping[str, float]) -> float:
        return sum(usd[name] for name in _RECEIVED) - sum(usd[name] for name in paid)

    last = of_year.stop - 1
    return Year(
        year=number,
        **{f"{name}_usd": shown[name] for name in (*_RECEIVED, *_PAID, "depreciation", "provision", "levelised")},
        operating_usd=operating,
        cash_flow_usd=flow(shown),
        book_value_usd=float(ledger.end_of_month(ledger.book)[last]),
        cost_usd=sum(shown[name] for name in _costs(ledger)),
        discounted_usd=flow(present),
        discounted_levelised_usd=present["levelised"],
        commitment_usd=float(ledger.end_of_month(ledger.commitment)[last]),
        mtok=float(ledger.mtok[of_year].sum()),
    )
