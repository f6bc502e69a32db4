"""Fleets as money: what is delivered, rented and bought by the token in each month, with its cost lines (C1, C4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chipbrief.evaluate import Results
from chipbrief.finance import CostLine, Finance, Lane, MoneyPlan, Year, running_lines, yearly_view
from chipbrief.fleet.plan import Plan
from chipbrief.fleet.points import COMMITMENT_MONTHS
from chipbrief.hardware import Hardware
from chipbrief.physics import Array

__all__ = ["by_the_token", "carried", "money_plans", "owned", "plan_years", "rented"]


# -- one kind of money each -------------------------------------------------------------------------------------


def owned(
    hardware: Hardware,
    finance: Finance,
    delivered: Array,
    worked: Array,
    *,
    order_months: int = 0,
) -> MoneyPlan:
    """Systems of one sort that are bought.

    Args:
        hardware: the system, without its partner.
        finance: the terms.
        delivered: systems delivered in each month, first those before the horizon.
        worked: systems' worth of busy chips in each month of the horizon, shape (months,).
        order_months: from order to delivery.
    """
    idle = hardware.cost.lines("own", finance, 0.0)
    return MoneyPlan(
        months=len(worked),
        before_months=len(delivered) - len(worked),
        delivered=delivered,
        own_lines=idle,
        worked=worked,
        work_lines=_of_load(idle, hardware.cost.lines("own", finance, 1.0)),
        order_months=order_months,
    )


def _of_load(idle: tuple[CostLine, ...], full: tuple[CostLine, ...]) -> tuple[CostLine, ...]:
    """What full load adds to an idle hour, by running line (E9)."""
    was = {line.id: float(line.usd_per_hour) for line in idle}
    more = {line: float(line.usd_per_hour) - was.get(line.id, 0.0) for line in running_lines(full)}
    return tuple(
        CostLine(line.id, line.label, usd, (), line.equation, line.figures) for line, usd in more.items() if usd
    )


def rented(hardware: Hardware, finance: Finance, lane: Lane, chips: Array) -> MoneyPlan:
    """Chips of one sort that are in use from a provider in each month of the horizon, shape (months,)."""
    return MoneyPlan(
        months=len(chips),
        rented=chips / hardware.profile.chips,
        rent_lines=hardware.cost.lines(lane, finance, 1.0),
        commitment_months=COMMITMENT_MONTHS[lane],
    )


def by_the_token(mtok: Array, usd_mtok: float) -> MoneyPlan:
    """Tokens bought in each month [Mtok] at their price in the first [USD/Mtok]; they may be free."""
    return MoneyPlan(months=len(mtok), api_mtok=mtok, api_usd_mtok=usd_mtok) if usd_mtok else carried(mtok)


def carried(mtok: Array) -> MoneyPlan:
    """Tokens that owned and rented systems deliver in each month [Mtok]; what they cost stands elsewhere."""
    return MoneyPlan(months=len(mtok), served_mtok=mtok)


# -- a plan -----------------------------------------------------------------------------------------------------


def plan_years(results: Results, plan: Plan) -> tuple[Year, ...]:
    """Cash and P&L of a plan by year.

    Where rates are nominal, C1's payments, running cost, rent and tokens of all years add up to the plan's own cost:
    both charge capital by C1 up to the horizon, and the lag before the first month is in the first year of both.
    """
    return yearly_view(money_plans(results, plan), Finance.from_terms(results.terms))


def money_plans(results: Results, plan: Plan) -> tuple[MoneyPlan, ...]:
    """What a plan buys, rents and buys by the token, one MoneyPlan a system and lane, and an offer of tokens."""
    finance = Finance.from_terms(results.terms)
    sorts = {sort.id: sort for hardware in results.systems for sort in hardware.systems}
    found = [carried(_carried_mtok(plan))]
    for system in plan.problem.systems:
        found += _of_system(plan, sorts[system.id], finance)
    return (*found, *_of_tokens(plan))


def _of_system(plan: Plan, hardware: Hardware, finance: Finance) -> Iterator[MoneyPlan]:
    """What is bought and rented of one system; it is delivered a lag before the month that it goes live in."""
    months, lag = plan.problem.months, plan.problem.lag_months
    live_from, worked = np.zeros(months), np.zeros(months)
    chips: dict[Lane, Array] = {}
    for t, month in enumerate(plan.months):
        for fleet in month.fleets:
            if fleet.system != hardware.id:
                continue
            live_from[t], worked[t] = fleet.bought, fleet.live * fleet.utilisation
            for lane in COMMITMENT_MONTHS:
                if lane in fleet.rented_chips:
                    chips.setdefault(lane, np.zeros(months))[t] = fleet.rented_chips[lane]
    if live_from.any():
        yield owned(hardware, finance, np.concatenate([live_from, np.zeros(lag)]), worked)
    for lane, under_contract in chips.items():
        yield rented(hardware, finance, lane, under_contract)


def _mtok(plan: Plan, class_id: str) -> Array:
    """Tokens of a class in each month [Mtok]."""
    first: Array = plan.problem.tokens_mtok.get(class_id, 0.0) * np.array(plan.problem.growth)
    return first


def _carried_mtok(plan: Plan) -> Array:
    """Tokens of all classes on owned and rented systems, in each month [Mtok]."""
    total = np.zeros(plan.problem.months)
    for t, month in enumerate(plan.months):
        for route in month.routes:
            if route.lane != "api":
                total[t] += _mtok(plan, route.class_id)[t] * route.share
    return total


def _of_tokens(plan: Plan) -> Iterator[MoneyPlan]:
    """Tokens of every class from every API that has a share of it."""
    for offer in plan.problem.tokens:
        mtok, first = _mtok(plan, offer.class_id), plan.problem.tokens_mtok.get(offer.class_id, 0.0)
        share = np.zeros(plan.problem.months)
        for t, month in enumerate(plan.months):
            share[t] = sum(
                route.share
                for route in month.routes
                if (route.class_id, route.hardware, route.lane) == (offer.class_id, offer.hardware, "api")
            )
        if share.any() and first:
            yield by_the_token(mtok * share, offer.usd_month / first)
