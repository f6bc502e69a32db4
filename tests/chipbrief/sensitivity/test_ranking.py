"""How sure the ranking is, and what moves it: shares, ties, draws and bars."""

import numpy as np
import pytest

from chipbrief.evaluate import Results
from chipbrief.evaluate.lanes import interval
from chipbrief.sensitivity import MODEL_RATE, MODEL_TPOT, Offer, leading_tornado, ranking, sensitivity
from chipbrief.sensitivity.ranking import _usd_mtok, cheapest_shares

CRF = 0.1 * 1.1**4 / (1.1**4 - 1)
DEAR = "100000000 USD"
RENT = Offer("acme-x1", "rent_three_years")


def shares(results: Results) -> dict[str, float]:
    return {ranked.offer.lane: ranked.cheapest_share for ranked in ranking(results, "chat").offers}


def test_shares_of_a_table_written_out() -> None:
    """Four draws of three offers: the first wins one, ties one with the second, the second wins two."""
    prices = np.array([[1.0, 2.0, 5.0, 9.0], [2.0, 2.0, 4.0, 8.0], [3.0, 3.0, 6.0, 9.0]])
    found, tied = cheapest_shares(prices)
    assert found.tolist() == [0.375, 0.625, 0.0]
    assert tied == 0.25


def test_the_share_is_the_probability_that_a_ranged_rent_is_below_a_fixed_one(machine, run, figure) -> None:
    """A triangle from 1 over 2 to 3 USD/h lies below 2.50 with probability 1 - 0.5^2/(2 x 1) = 87.5 %."""
    rent = {"three_years": figure("2 USD/h", "1 USD/h", "3 USD/h"), "on_demand": figure("2.5 USD/h")}
    found = shares(run(machine(system=DEAR, rent=rent), samples=4000))
    assert found["rent_three_years"] == pytest.approx(0.875, abs=0.02)
    assert found["rent_on_demand"] == pytest.approx(0.125, abs=0.02)
    assert sum(found.values()) == pytest.approx(1.0)


def test_an_offer_that_costs_more_in_every_draw_has_no_share(machine, run, figure) -> None:
    rent = {"three_years": figure("2 USD/h"), "on_demand": figure("2.01 USD/h")}
    found = shares(run(machine(system=DEAR, rent=rent)))
    assert found == {"rent_three_years": 1.0, "rent_on_demand": 0.0, "own": 0.0}


def test_equal_offers_share_every_draw(machine, run, figure) -> None:
    rent = {"three_years": figure("2 USD/h"), "on_demand": figure("2 USD/h")}
    found = ranking(run(machine(system=DEAR, rent=rent)), "chat")
    assert [ranked.cheapest_share for ranked in found.offers] == [0.5, 0.5, 0.0]
    assert found.tied_share == 1.0


def test_a_list_price_with_a_range_is_drawn_within_it(machine, run, figure) -> None:
    """0.40 to 0.60 USD/Mtok for both sorts of tokens; what they blend to lies between, and is not all one."""
    price = figure("0.5 USD/Mtok", "0.4 USD/Mtok", "0.6 USD/Mtok")
    results = run(machine(system=DEAR, api=(price, price)), samples=300)
    [(outcome, cost)] = [offer for offer in results.offers("chat") if offer[1].lane == "api"]
    drawn = _usd_mtok(results, outcome, cost)
    assert drawn.shape == (300,)
    assert 0.4 < drawn.min() < 0.45
    assert 0.55 < drawn.max() < 0.6


@pytest.mark.parametrize(
    ("arrival", "slo"),
    [
        ("requests_per_day: 5M", "{ttft_p95: 2 s, tpot_p95: 50 ms}"),
        ("concurrent_users: 900, think_time: 3 s", "{ttft_p95: 2 s, tpot_p95: 50 ms}"),
        ("requests_per_day: 5M", "{deadline: 24 h}"),
    ],
)
def test_the_draws_are_those_behind_the_runs_intervals(machine, run, figure, arrival: str, slo: str) -> None:
    results = run(machine(rent={"on_demand": figure("2 USD/h")}), arrival=arrival, slo=slo, samples=100)
    offers = results.offers("chat")
    assert len(offers) == 2
    for outcome, cost in offers:
        again = interval(cost.usd_mtok.value, _usd_mtok(results, outcome, cost))
        assert (again.low, again.high) == pytest.approx((cost.usd_mtok.low, cost.usd_mtok.high))
    assert sum(shares(results).values()) == pytest.approx(1.0)


# -- the tornado ----------------------------------------------------------------------------------------------


def test_bars_of_a_rented_offer_follow_its_rent(machine, run, figure) -> None:
    rent = {"three_years": figure("2 USD/h", "1 USD/h", "3 USD/h")}
    results = run(machine(system=DEAR, rent=rent))
    bars = {bar.figure: bar for bar in leading_tornado(results, "chat", RENT)}
    price = results.outcome("chat", "acme-x1").lane("rent_three_years").usd_mtok.value
    rented = bars["acme-x1:price.rent.three_years"]
    assert (rented.low, rented.high) == pytest.approx((price / 2, price * 1.5))
    assert bars["finance:electricity"].swing == 0.0
    assert bars["acme-x1:memory.bandwidth"].swing == 0.0  # one replica, whatever it can do


def test_the_bar_of_a_price_is_its_capital_written_out(machine, run, figure) -> None:
    """80,000 to 150,000 USD: CRF x 1.15 + 5 % support of the difference, over the year's tokens of the replicas."""
    results = run(machine(system=figure("100000 USD", "80000 USD", "150000 USD")))
    bars = {bar.figure: bar for bar in leading_tornado(results, "chat", Offer("acme-x1", "own"))}
    bar = bars["acme-x1:price.system"]
    systems = results.outcome("chat", "acme-x1")["chips"].value / 4
    mtok_year = 100_000 * 1100 / 1e6 * 365
    assert bar.high - bar.low == pytest.approx(70_000 * (CRF * 1.15 + 0.05) * systems / mtok_year)


def test_the_models_own_error_stands_among_the_bars(machine, run) -> None:
    """A machine that nobody measured: half to double the rate, so about double to half the price of many replicas."""
    results = run(machine(), arrival="requests_per_day: 500M")
    own = Offer("acme-x1", "own")
    bars = leading_tornado(results, "chat", own)
    assert [bar.swing for bar in bars] == sorted((bar.swing for bar in bars), reverse=True)
    [error] = [bar for bar in bars if bar.figure == MODEL_RATE]
    price = results.outcome("chat", "acme-x1").lane("own").usd_mtok.value
    assert error.low > 1.5 * price
    assert error.high < price / 1.5
    users = run(machine(), arrival="concurrent_users: 900")
    assert MODEL_TPOT in {bar.figure for bar in leading_tornado(users, "chat", own)}


def test_a_list_price_without_a_range_has_no_bars_and_one_with_a_range_has(machine, run, figure) -> None:
    api = Offer("acme-x1", "api")
    flat = run(machine(api=("0.01 USD/Mtok", "0.01 USD/Mtok")))
    assert leading_tornado(flat, "chat", api) == []
    ranged = run(machine(api=(figure("0.01 USD/Mtok", "0.005 USD/Mtok", "0.02 USD/Mtok"), "0.01 USD/Mtok")))
    [bar] = leading_tornado(ranged, "chat", api)
    assert bar.figure == "acme-x1:api.llama-3.1-8b.input"
    assert (bar.low, bar.high) == pytest.approx(((5 + 1) / 1100, (20 + 1) / 1100))


# -- the whole ------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_answer_and_another_another(machine, run) -> None:
    machines = machine("acme-x1"), machine("acme-x2", system="101000 USD")
    first, again = sensitivity(run(*machines)), sensitivity(run(*machines))
    assert first == again
    assert sensitivity(run(*machines, seed=2)) != first


def test_a_class_that_nobody_serves_has_no_leader(machine, run) -> None:
    told: list[str] = []
    [found] = sensitivity(run(machine(), slo="{ttft_p95: 1 ms}"), told.append)
    assert found.ranking.leader is None
    assert found.tornado == ()
    assert told == ["chat: where the cheapest offer changes"]
