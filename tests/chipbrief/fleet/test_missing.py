"""What is missing where caps leave no fleet: in words, with the amount."""

from dataclasses import replace

import pytest

from chipbrief.fleet import Arrival, compared, plan, shortages
from chipbrief.fleet.infeasible import carriable, no_offer

from .instances import EXACT, point, problem, solved, system, tokens


def test_power() -> None:
    # 3 systems of 0.5 MW under 1.3 MW lack 0.2
    box = system("a", power_w=500_000.0)
    wanted = problem(growth=(1.0, 3.0), systems=(box,), points=(point(1.0),), power_cap_w=1.3e6)
    assert plan(wanted, EXACT) is None
    assert shortages(wanted, EXACT) == ("power is short by 0.2 MW in 2027-01",)


def test_power_over_several_months() -> None:
    box = system("a", power_w=1e6)
    wanted = problem(growth=(1.0, 2.0, 3.0), systems=(box,), points=(point(1.0),), power_cap_w=1e6)
    assert shortages(wanted, EXACT) == ("power is short by 2 MW in 2027-02 (short in 2 months from 2027-01)",)


def test_a_cap_below_one_replica() -> None:
    wanted = problem(1, systems=(system("a", power_w=500_000.0),), points=(point(0.01),), power_cap_w=0.1e6)
    assert shortages(wanted, EXACT) == ("power is short by 0.4 MW in 2026-12",)
    assert carriable(wanted, EXACT) is None


def test_capital() -> None:
    # 3 systems of 50,000 under 110,000
    wanted = problem(1, points=(point(3.0),), capital_cap_usd=110_000.0)
    assert shortages(wanted, EXACT) == ("capital is short by 0.04 million USD",)


def test_a_tranche() -> None:
    wanted = problem(2, systems=(system("a", arrivals=(Arrival(0, 1), Arrival(1, 1))),), points=(point(2.5),))
    assert shortages(wanted, EXACT) == ("a is short by 2 systems in 2026-12 (short in 2 months from 2026-12)",)


def test_a_lead_time_that_nothing_bridges() -> None:
    wanted = problem(3, points=(point(1.0),), lead_months=1)
    assert shortages(wanted, EXACT) == ("nothing can carry 100% of c in 2026-12",)


def test_as_much_as_the_caps_let_is_carried_at_its_own_cost() -> None:
    # one system is there and carries 1 of 2.5 replicas: 40 %; by the month 1,000
    wanted = problem(1, systems=(system("a", arrivals=(Arrival(0, 1),)),), points=(point(2.5),))
    less = carriable(wanted, EXACT)
    assert less is not None
    assert less.carried_share() == pytest.approx(0.4)
    assert solved(less).usd == pytest.approx(1000.0)


def test_no_offer_names_the_reason_of_every_system() -> None:
    wanted = problem(1, reasons={"c": {"a": "TPOT 20 ms > 5 ms", "b": "does not fit"}})
    assert wanted.unserved() == ("c",)
    assert no_offer(wanted, "c") == "no offer serves c: a: TPOT 20 ms > 5 ms; b: does not fit"


def test_a_vendor_that_serves_a_part_is_told_apart_and_saves_nothing() -> None:
    wanted = problem(
        1,
        classes=("c", "d"),
        points=(point(1.0),),
        tokens=(tokens(10.0, "d"),),
        reasons={"d": {"a": "TTFT p95 2 s > 1 s"}},
    )
    mixed, alternatives = compared(wanted, EXACT)
    assert mixed is not None
    assert {a.name: dict(a.unserved) for a in alternatives} == {
        "a-maker": {"d": "a: TTFT p95 2 s > 1 s"},
        "API only": {"c": "no API that keeps its service levels publishes a price"},
    }
    assert {a.name: a.plan and a.plan.usd for a in alternatives} == {"a-maker": 1000.0, "API only": 10.0}
    assert mixed.usd == pytest.approx(1010.0)


def test_a_single_vendor_keeps_the_caps_too() -> None:
    wanted = problem(1, points=(point(3.0),), tokens=(tokens(99_000.0),), capital_cap_usd=60_000.0)
    _, alternatives = compared(wanted, EXACT)
    assert next(a for a in alternatives if a.name == "a-maker").plan is None
    _, uncapped = compared(replace(wanted, capital_cap_usd=None), EXACT)
    assert next(a.plan.usd for a in uncapped if a.name == "a-maker" and a.plan) == pytest.approx(3000.0)


def test_a_cap_of_a_dollar_is_told_as_capital_that_is_missing() -> None:
    wanted = problem(1, systems=(system("a", capital_usd=2e6),), points=(point(0.5),), capital_cap_usd=1.0)
    assert shortages(wanted, EXACT) == ("capital is short by 2 million USD",)
