"""Where the cheapest offer changes, against arithmetic written out."""

import pytest

from chipbrief.evaluate import Results
from chipbrief.evaluate.case import Setting
from chipbrief.sensitivity import AxisLine, Offer, chosen_again_lines, straight_lines
from chipbrief.sensitivity.axes import cheapest
from chipbrief.sensitivity.chosen_again import offers_at, with_output, with_volume
from chipbrief.sensitivity.straight import Straight, crossings

# C1 of a dollar of price: CRF(10 %, 4 y) = 0.1 x 1.1^4 / (1.1^4 - 1), with 15 % of network and storage, 5 % support
CRF = 0.1 * 1.1**4 / (1.1**4 - 1)
PER_PRICE = (CRF * 1.15 + 0.05) / 8760
NO_SPACE = "{colocation: 0 USD/kW-month}"
X1, X2 = Offer("acme-x1", "own"), Offer("acme-x2", "own")
RENT, API = Offer("acme-x1", "rent_on_demand"), Offer("acme-x1", "api")


@pytest.fixture(scope="module")
def twins(machine, run) -> Results:
    """Two machines as fast as one another; the second is cheaper by 20,000 USD and draws twice the power."""
    return run(machine("acme-x1"), machine("acme-x2", system="80000 USD", power="20 kW"), finance=NO_SPACE)


@pytest.fixture(scope="module")
def against_api(machine, run, figure) -> Results:
    """A chip at 2 USD an hour beside a list price of 0.50 USD a million, in and out; owning is out of the question."""
    rent = {"on_demand": figure("2 USD/h")}
    return run(machine(system="100000000 USD", rent=rent, api=("0.5 USD/Mtok", "0.5 USD/Mtok")))


def line(lines: list[AxisLine], axis: str, of: Offer | None = None) -> AxisLine:
    return next(found for found in lines if (found.axis, found.of) == (axis, of))


def share_of_power(results: Results) -> float:
    """Watts over the peak at the plan's load: a fifth when idle."""
    return 0.2 + 0.8 * results.outcome("chat", "acme-x1")["utilisation"].value


def test_the_electricity_price_at_which_the_thriftier_machine_is_the_cheaper_one(twins: Results) -> None:
    """20,000 USD more x C1 a dollar = 10 kW x share x PUE 1.25 x USD/kWh."""
    found = line(straight_lines(twins, "chat"), "usd_per_kwh")
    assert found.today == 0.083
    [change] = found.changes
    assert change.value == pytest.approx(20_000 * PER_PRICE / (10 * share_of_power(twins) * 1.25))
    assert (change.before, change.after) == (X2, X1)
    assert not found.chosen_again


def test_the_price_at_which_another_machine_is_the_cheaper_one(twins: Results) -> None:
    """Of the second: 100,000 USD less what 10 kW more cost. Of the first: 80,000 USD more than that."""
    lines = straight_lines(twins, "chat")
    more = 10 * share_of_power(twins) * 1.25 * 0.083 / PER_PRICE  # dollars of price that the power is worth
    [second] = line(lines, "system_price_usd", X2).changes
    assert second.value == pytest.approx(100_000 - more)
    assert (second.before, second.after) == (X2, X1)
    [first] = line(lines, "system_price_usd", X1).changes
    assert first.value == pytest.approx(80_000 + more)
    assert (first.before, first.after) == (X1, X2)


@pytest.mark.parametrize(("factor", "winner"), [(0.999, X2), (1.001, X1)])
def test_a_system_at_its_break_even_price_gives_way(twins: Results, run, factor: float, winner: Offer) -> None:
    [change] = line(straight_lines(twins, "chat"), "system_price_usd", X2).changes
    dearer = twins.system("acme-x2").at({"acme-x2:price.system": change.value * factor})
    again = run(twins.system("acme-x1"), dearer, finance=NO_SPACE)
    prices = {Offer(o.hardware, cost.lane): cost.usd_mtok.value for o, cost in again.offers("chat")}
    assert cheapest(prices) == winner


@pytest.mark.parametrize(("factor", "winner"), [(0.999, X2), (1.001, X1)])
def test_at_the_break_even_of_electricity_the_winner_changes(twins: Results, run, factor: float, winner: Offer) -> None:
    [change] = line(straight_lines(twins, "chat"), "usd_per_kwh").changes
    finance = f"{{colocation: 0 USD/kW-month, electricity: {change.value * factor:.9f} USD/kWh}}"
    again = run(*twins.systems, finance=finance)
    prices = {Offer(o.hardware, cost.lane): cost.usd_mtok.value for o, cost in again.offers("chat")}
    assert cheapest(prices) == winner


def test_the_volume_from_which_a_rented_chip_is_cheaper_than_tokens(against_api: Results) -> None:
    """24 h x 2 USD = 48 USD a day; a request of 1,100 tokens costs 0.00055 USD: 87,273 requests a day."""
    assert against_api.outcome("chat", "acme-x1")["chips"].value == 1
    found = line(chosen_again_lines(against_api, "chat"), "requests_per_day")
    assert found.today == pytest.approx(100_000)
    [change] = found.changes
    assert change.value == pytest.approx(48 / 0.00055, rel=1e-4)
    assert (change.before, change.after) == (API, RENT)
    assert found.chosen_again


def test_the_output_length_from_which_a_rented_chip_is_cheaper_than_tokens(machine, run, figure) -> None:
    """100,000 requests a day at 0.10 USD/Mtok in and 5 USD/Mtok out: 10 + 0.5 x output = 48 USD at 76 tokens."""
    rent = {"on_demand": figure("2 USD/h")}
    results = run(machine(system="100000000 USD", rent=rent, api=("0.1 USD/Mtok", "5 USD/Mtok")))
    [change] = line(chosen_again_lines(results, "chat"), "output_tokens").changes
    assert change.value == pytest.approx(76, rel=1e-3)
    assert (change.before, change.after) == (API, RENT)
    assert not change.by_levels


def test_the_utilisation_from_which_a_rented_chip_is_cheaper_than_tokens(against_api: Results) -> None:
    """C2: 2 USD/h / (Mtok/h x utilisation) = 0.50 USD/Mtok."""
    outcome = against_api.outcome("chat", "acme-x1")
    mtok_hour = outcome["tok_s_replica"].value / 100 * 1100 * 3600 / 1e6
    found = line(straight_lines(against_api, "chat"), "utilisation")
    assert found.high == 1.0
    [change] = found.changes
    assert change.value == pytest.approx(2 / 0.5 / mtok_hour)
    assert (change.before, change.after) == (API, RENT)


def test_utilisation_counts_the_power_that_a_load_draws(machine, run) -> None:
    """An owned system at utilisation u: capital + 10 kW x (0.2 + 0.8 u) x 1.25 x 0.5 USD/kWh, four chips in it."""
    results = run(
        machine(api=("0.2 USD/Mtok", "0.2 USD/Mtok")),
        finance="{colocation: 0 USD/kW-month, electricity: 0.5 USD/kWh}",
        arrival="requests_per_day: 20M",
    )
    outcome = results.outcome("chat", "acme-x1")
    mtok_hour = outcome["tok_s_replica"].value / outcome["chips"].value * outcome["replicas"].value / 100 * 1.1 * 3.6
    found = line(straight_lines(results, "chat"), "utilisation")
    point = found.grid[6]
    assert point.value == 0.5
    owned = (100_000 * PER_PRICE + 10 * 0.6 * 1.25 * 0.5) / 4 / mtok_hour / 0.5
    assert outcome["usd_mtok_capacity"].value == pytest.approx(owned)
    [change] = found.changes
    idle, busy = 100_000 * PER_PRICE + 2 * 1.25 * 0.5, 8 * 1.25 * 0.5
    assert change.value == pytest.approx(idle / (0.2 * 4 * mtok_hour - busy))


def test_rent_and_list_price_break_even_at_each_others_price(against_api: Results) -> None:
    """100,000 requests of 1,100 tokens a day are 55 USD: the chip's rent may rise to 55/24 USD an hour."""
    lines = straight_lines(against_api, "chat")
    [rent] = line(lines, "rent_usd_chip_hour", RENT).changes
    assert rent.value == pytest.approx(55 / 24)
    assert (rent.before, rent.after) == (RENT, API)
    [listed] = line(lines, "api_usd_mtok", API).changes
    assert listed.value == pytest.approx(48 / 110)
    assert (listed.before, listed.after) == (API, RENT)


def test_a_level_that_is_missed_ends_an_offer_in_words(machine, run) -> None:
    """E2E within 1 s: 15 GB of weights at half of 4 x 2 TB/s are 3.8 ms a token, 3 s for 800 tokens, 0.05 s for 12."""
    results = run(machine(), slo="{e2e_p95: 1 s}")
    found = line(chosen_again_lines(results, "chat"), "output_tokens")
    [change] = found.changes
    assert change.before == X1
    assert change.after is None
    assert change.by_levels
    assert found.grid[-1].winner is None
    assert found.grid[-1].usd_mtok is None


ARRIVALS = {
    "at random": ("requests_per_day: 5M", "{ttft_p95: 2 s, tpot_p95: 50 ms}"),
    "users": ("concurrent_users: 900, think_time: 3 s", "{ttft_p95: 2 s, tpot_p95: 50 ms}"),
    "offline": ("requests_per_day: 5M", "{deadline: 24 h}"),
}


@pytest.mark.parametrize(("arrival", "slo"), ARRIVALS.values(), ids=ARRIVALS)
def test_today_stands_on_every_axis_at_the_prices_of_the_run(machine, run, figure, arrival: str, slo: str) -> None:
    rent = {"on_demand": figure("2 USD/h"), "one_year": figure("1.5 USD/h")}
    results = run(
        machine(rent=rent, api=("0.1 USD/Mtok", "0.4 USD/Mtok")), machine("acme-x2"), arrival=arrival, slo=slo
    )
    prices = {Offer(o.hardware, cost.lane): cost.usd_mtok.value for o, cost in results.offers("chat")}
    assert len(prices) == 5
    wanted = results.wanted("chat")
    settings = [Setting.plain(hardware, results.terms) for hardware in results.systems]
    assert offers_at(results, wanted, settings) == pytest.approx(prices)
    assert offers_at(results, wanted, settings, same_requests=True) == pytest.approx(prices)
    for axis in (*chosen_again_lines(results, "chat"), *straight_lines(results, "chat")):
        [today] = [point for point in axis.grid if point.value == pytest.approx(axis.today)]
        if axis.axis != "utilisation":  # of the bare price at capacity, another price
            assert today.winner == cheapest(prices)
            assert today.usd_mtok == pytest.approx(min(prices.values()))


def test_longer_answers_and_more_requests_are_what_they_say(against_api: Results) -> None:
    wanted = against_api.wanted("chat")
    longer = with_output(wanted, 2.0).shape
    assert (longer.output_mean, longer.output_p50, longer.output_p95) == pytest.approx((200, 200, 200))
    assert longer.input_mean == 1000
    assert with_volume(wanted, 3.0).demand.mean_requests_s == pytest.approx(300_000 / 86400)


def test_the_lowest_of_three_lines_changes_twice_and_one_that_never_leads_does_not_show() -> None:
    """x, 2 + x/2 and 5: x leads to 4, then 2 + x/2 to 6, then 5; 9 never."""
    names = [Offer(name, "own") for name in "abcd"]
    lines = dict(zip(names, (Straight(0, 1), Straight(2, 0.5), Straight(5), Straight(9)), strict=True))
    a, b, c, _ = names
    assert crossings(lines, 0.0, 10.0) == [(4.0, a, b), (6.0, b, c)]
    assert crossings(lines, 0.0, 3.0) == []


def test_systems_that_are_left_out_of_the_search_would_not_have_changed_it(machine, run, figure, monkeypatch) -> None:
    """Five machines from 40,000 to 640,000 USD, with rents and list prices between."""
    machines = [
        machine(f"acme-y{i}", system=f"{40_000 * 2**i} USD", rent={"on_demand": figure(f"{3 - i / 2} USD/h")})
        for i in range(5)
    ]
    machines.append(machine("acme-z", system="100000000 USD", api=("0.05 USD/Mtok", "2 USD/Mtok")))
    results = run(*machines, arrival="requests_per_day: 150k")
    found = chosen_again_lines(results, "chat")
    assert all(axis.changes for axis in found)
    everybody = {hardware.id for hardware in results.systems}
    monkeypatch.setattr("chipbrief.sensitivity.chosen_again._contenders", lambda *_: everybody)
    assert chosen_again_lines(results, "chat") == found


def test_nothing_is_found_where_nobody_keeps_the_levels(machine, run) -> None:
    results = run(machine(), slo="{ttft_p95: 1 ms}")
    assert straight_lines(results, "chat") == []
    assert all(not axis.changes for axis in chosen_again_lines(results, "chat"))
