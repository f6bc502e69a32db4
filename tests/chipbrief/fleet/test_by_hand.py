"""Fleets whose cheapest plan is known by arithmetic, written out beside each."""

from dataclasses import replace

import pytest

from chipbrief.fleet import Arrival, Rent, plan
from chipbrief.fleet import solve as solving
from chipbrief.fleet.formulate import formulate
from chipbrief.fleet.run import more_power

from .instances import EXACT, on_demand, point, problem, replica, solved, system, tokens


def test_the_cheaper_of_two_systems_is_bought_whole() -> None:
    # a: 3.5 replicas of 8 chips are 4 systems x 1,000 = 4,000 a month; b: 1.9 are 2 x 1,200 = 2,400
    wanted = problem(
        12,
        systems=(system("a"), system("b", 1200.0)),
        replicas=(replica("a"), replica("b")),
        points=(point(3.5), point(1.9, on=1)),
    )
    found = solved(wanted)
    assert found.usd == pytest.approx(12 * 2400.0)
    assert [(f.system, f.live) for f in found.months[0].fleets] == [("b", 2)]
    assert [f.bought for m in found.months for f in m.fleets] == [2] + [0] * 11
    assert found.gap == 0.0


def test_a_class_is_split_where_that_fills_whole_systems() -> None:
    # one a carries 1/2.5 of the class for 1,000, one b the other 60 %: 0.6 x 1.2 = 0.72 of a replica for 1,200
    found = solved(
        problem(
            1,
            systems=(system("a"), system("b", 1200.0)),
            replicas=(replica("a"), replica("b")),
            points=(point(2.5), point(1.2, on=1)),
        )
    )
    assert found.usd == pytest.approx(2200.0)
    assert {f.system: f.live for f in found.months[0].fleets} == {"a": 1, "b": 1}


def test_capex_power_racks_use_and_idle_chips_of_a_month() -> None:
    # 1.25 replicas of 4 chips: 2 replicas, 8 chips, 1 system of 12 chips, 4 of them idle; the mean load is 0.625
    # replicas, 2.5 of 12 chips; idle energy 10, full load 24 more: 10 + 24 x 2.5/12 = 15
    box = system("a", chips=12, power_w=40_000.0, systems_per_rack=2.0, live_usd_month=10.0, load_usd_month=24.0)
    found = solved(problem(1, systems=(box,), replicas=(replica("a", 4),), points=(point(1.25),)))
    (fleet,) = found.months[0].fleets
    assert (fleet.live, fleet.racks, fleet.idle_chips) == (1, 1, 4.0)
    assert fleet.utilisation == pytest.approx(2.5 / 12)
    assert found.months[0].replicas == {("a", "m", "4 chips"): (2, 0)}
    assert (found.capex_usd, found.power_w) == (50_000.0, 40_000.0)
    assert found.lines == {"own": 1000.0, "energy": pytest.approx(15.0), "rent": 0.0, "api": 0.0}


def test_the_lag_is_paid_before_a_system_is_live() -> None:
    # one system for 6 months, delivered 2 months before: 8 x 1,000
    found = solved(problem(6, points=(point(1.0),), lag_months=2))
    assert found.usd == pytest.approx(8000.0)


def test_a_system_retires_at_the_end_of_its_life_and_is_replaced() -> None:
    # a life of 12 months in a horizon of 18: bought in month 0 and in month 12
    found = solved(problem(18, points=(point(1.0),), life_months=12))
    assert [m.capex_usd for m in found.months] == [50_000.0] + [0.0] * 11 + [50_000.0] + [0.0] * 5
    assert found.usd == pytest.approx(18_000.0)


def test_growth_is_followed_by_whole_systems() -> None:
    # peaks of 0.9, 1.8 and 2.7 replicas are 1, 2 and 3 systems: 6 system-months
    found = solved(problem(growth=(1.0, 2.0, 3.0), points=(point(0.9),)))
    assert [m.fleets[0].live for m in found.months] == [1, 2, 3]
    assert found.usd == pytest.approx(6000.0)


def test_an_owned_system_is_kept_where_demand_falls() -> None:
    # 2 systems in the first month are owned in the second too: nobody takes one back in between
    assert solved(problem(growth=(1.0, 0.5), points=(point(2.0),))).usd == pytest.approx(4000.0)


def test_rent_takes_the_cheapest_commitment_that_is_used() -> None:
    # 4 chips for 18 months: a year's contract at 60, then a second that the horizon cuts: 4 x 60 x 18
    # a fifth chip's worth for one month only: on demand at 100, not 60 for the rest
    rents = (on_demand(100.0), Rent("rent_one_year", 60.0, 12))
    lone = problem(18, systems=(system("a", None, rents=rents),), replicas=(replica("a", 4),), points=(point(1.0),))
    assert solved(lone).usd == pytest.approx(4 * 60.0 * 18)
    peak = replace(lone, growth=(1.0, 2.0, *(1.0,) * 10))
    assert solved(peak).usd == pytest.approx(4 * 60.0 * 12 + 4 * 100.0)


def test_rent_falls_for_contracts_signed_later_only() -> None:
    # half the price a year later: a year's contract keeps its price, the second year costs half
    rents = (Rent("rent_one_year", 100.0, 12),)
    wanted = problem(24, systems=(system("a", None, rents=rents),), points=(point(1.0),), rent_price_fall=0.5)
    assert solved(wanted).usd == pytest.approx(8 * 100.0 * (12 + 6))


def test_tokens_grow_with_demand_and_fall_in_price() -> None:
    # 100 x 1 in the first month; a year later twice the demand at half the price
    wanted = problem(growth=(1.0,) * 12 + (2.0,), systems=(), replicas=(), tokens=(tokens(100.0),), api_price_fall=0.5)
    # the price of month t is 0.5^(t/12)
    assert solved(wanted).usd == pytest.approx(sum(100.0 * 0.5 ** (t / 12) for t in range(12)) + 100.0)


def test_classes_of_one_model_share_a_replica_and_others_do_not() -> None:
    shared = problem(1, classes=("c", "d"), points=(point(0.4), point(0.5, "d")))
    assert solved(shared).usd == pytest.approx(1000.0)
    apart = replace(shared, replicas=(replica(), replica(model="n")), points=(point(0.4), point(0.5, "d", on=1)))
    assert solved(apart).usd == pytest.approx(2000.0)


def test_peaks_at_different_hours_pool() -> None:
    together = problem(1, classes=("c", "d"), points=(point(0.9), point(0.9, "d")))
    assert solved(together).usd == pytest.approx(2000.0)
    apart = replace(together, slices=("day", "night"), points=(point((0.9, 0.1)), point((0.1, 0.9), "d")))
    assert solved(apart).usd == pytest.approx(1000.0)


def test_small_replicas_do_not_straddle_two_systems() -> None:
    # one replica of 5 chips to a system of 8: two replicas need two systems
    assert solved(problem(1, replicas=(replica("a", 5),), points=(point(1.5),))).usd == pytest.approx(2000.0)


def test_a_replica_on_two_sorts_of_system_needs_both() -> None:
    pair = replica("pair")
    pair = replace(pair, chips={"a": 8, "b": 4})
    wanted = problem(1, systems=(system("a"), system("b", 300.0)), replicas=(pair,), points=(point(1.5),))
    found = solved(wanted)
    assert {f.system: f.live for f in found.months[0].fleets} == {"a": 2, "b": 1}
    assert found.usd == pytest.approx(2300.0)


def test_spares_stand_by_for_every_kind_in_use() -> None:
    # 3 at work and 1 that stands by; nothing stands by for what is not in use
    both = problem(1, systems=(system("a"), system("b", 9000.0)), replicas=(replica("a"), replica("b")), spares=1)
    found = solved(replace(both, points=(point(2.5), point(2.5, on=1))))
    (fleet,) = found.months[0].fleets
    assert (fleet.system, fleet.live, fleet.spares, fleet.idle_chips) == ("a", 4, 1, 8.0)
    assert found.usd == pytest.approx(4000.0)


def test_availability_asks_for_more_owned_and_no_more_rented() -> None:
    # 2.8 / 0.9 = 3.1 replicas: 4 systems owned, 3 rented
    assert solved(problem(1, points=(point(2.8),), availability=0.9)).usd == pytest.approx(4000.0)
    rented = system("a", None, rents=(on_demand(100.0),))
    assert solved(problem(1, systems=(rented,), points=(point(2.8),), availability=0.9)).usd == pytest.approx(2400.0)


def test_nothing_is_owned_before_the_lead_time() -> None:
    # renting 8 chips at 200 is 1,600 a month until the system of 1,000 a month may be live
    box = system("a", rents=(on_demand(200.0),))
    assert solved(problem(5, systems=(box,), points=(point(1.0),), lead_months=2)).usd == pytest.approx(
        2 * 1600 + 3 * 1000
    )


def test_no_demand_costs_the_least_replica_or_nothing_by_the_token() -> None:
    assert solved(problem(1, points=(point(0.0),))).usd == pytest.approx(1000.0)
    assert solved(problem(1, points=(point(0.0),), tokens=(tokens(0.0),))).usd == 0.0


def test_a_small_load_buys_tokens_and_a_large_one_systems() -> None:
    # a system carries 1 replica for 1,000; the same load by the token costs 5,000
    wanted = problem(1, points=(point(0.1),), tokens=(tokens(500.0),))
    assert solved(wanted).share("c") == {("api", "api"): pytest.approx(1.0)}
    larger = replace(wanted, points=(point(1.0),), tokens=(tokens(5000.0),))
    assert solved(larger).share("c") == {("a", "own"): pytest.approx(1.0)}


def test_tokens_carry_what_a_last_system_would_be_too_dear_for() -> None:
    # 1.1 replicas: one system, and a share of 0.1/1.1 by the token at 2,200 is 200
    found = solved(problem(1, points=(point(1.1),), tokens=(tokens(2200.0),)))
    assert found.usd == pytest.approx(1200.0)
    assert found.share("c") == {("a", "own"): pytest.approx(1 / 1.1), ("api", "api"): pytest.approx(0.1 / 1.1)}


def test_a_tranche_and_its_delay() -> None:
    # two systems are there from month 3 of 6; until then 16 chips are rented at 150: 3 x 2,400 + 3 x 2,000
    # with 2 months of delay: 5 x 2,400 + 1 x 2,000
    box = system("a", rents=(on_demand(150.0),), arrivals=(Arrival(3, 2, delay_months=2),))
    wanted = problem(6, systems=(box,), points=(point(2.0),))
    assert solved(wanted).usd == pytest.approx(3 * 2400.0 + 3 * 2000.0)
    assert solved(wanted.delayed()).usd == pytest.approx(5 * 2400.0 + 1 * 2000.0)


def test_a_power_cap_moves_the_rest_to_rent() -> None:
    # 3 replicas; 1.1 MW hold two systems of 0.5 MW, the third is rented at 1,600; with 2.1 MW all three are owned
    box = system("a", power_w=500_000.0, rents=(on_demand(200.0),))
    wanted = problem(1, systems=(box,), points=(point(3.0),), power_cap_w=1.1e6)
    assert solved(wanted).usd == pytest.approx(2 * 1000.0 + 1600.0)
    assert solved(replace(wanted, power_cap_w=2.1e6)).usd == pytest.approx(3000.0)
    more = more_power(wanted, solved(wanted), EXACT)
    assert more is not None
    assert more.plan is not None
    assert more.plan.usd == pytest.approx(3000.0)
    assert more_power(replace(wanted, power_cap_w=None), solved(wanted), EXACT) is None


def test_a_capital_cap_counts_all_that_is_bought() -> None:
    box = system("a", rents=(on_demand(200.0),))
    wanted = problem(2, systems=(box,), growth=(1.0, 3.0), points=(point(1.0),), capital_cap_usd=120_000.0)
    found = solved(wanted)
    assert found.capex_usd == 100_000.0
    assert found.usd == pytest.approx(1000.0 + 2000.0 + 1600.0)


def test_the_months_add_up_to_what_the_solver_minimised() -> None:
    box = system(
        "a", rents=(on_demand(140.0), Rent("rent_one_year", 120.0, 12)), live_usd_month=7.0, load_usd_month=20.0
    )
    wanted = problem(
        18,
        growth=tuple(1.05**t for t in range(18)),
        systems=(box,),
        points=(point(1.3),),
        tokens=(tokens(4000.0),),
        rent_price_fall=0.2,
        api_price_fall=0.3,
        lag_months=1,
    )
    found = solved(wanted)
    assert found.usd == pytest.approx(float(formulate(wanted).cost @ found.values), rel=1e-6)


def test_a_large_program_is_solved_in_steps_to_the_same_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = problem(
        growth=tuple(1.1**t for t in range(5)),
        classes=("c", "d"),
        systems=(system("a", rents=(on_demand(180.0),)), system("b", 1500.0)),
        replicas=(replica("a", 4), replica("b"), replica("a", 8)),
        points=(point(5.3), point(2.2, on=1), point(2.4, on=2), point(3.1, "d"), point(1.2, "d", on=1)),
        tokens=(tokens(9000.0),),
    )
    whole = solved(wanted)
    monkeypatch.setattr(solving, "SMALL", 0)
    stepped = plan(wanted, replace(EXACT, gap=0.005))
    assert stepped is not None
    assert whole.usd * (1.0 - 1e-9) <= stepped.usd <= whole.usd * 1.005
    assert stepped.bound <= whole.usd * (1.0 + 1e-9)
