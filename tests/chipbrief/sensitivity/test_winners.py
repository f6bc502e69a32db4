"""The winner map: today's answer in its middle, the other axes' answers along it, and nothing beyond the context."""

import pytest

from chipbrief.evaluate import Results
from chipbrief.sensitivity import Offer, chosen_again_lines, winner_map

RENT, API = Offer("acme-x1", "rent_on_demand"), Offer("acme-x1", "api")


@pytest.fixture(scope="module")
def against_api(machine, run, figure) -> Results:
    """A chip at 2 USD an hour beside a list price of 0.50 USD a million; owning is out of the question."""
    rent = {"on_demand": figure("2 USD/h")}
    return run(machine(system="100000000 USD", rent=rent, api=("0.5 USD/Mtok", "0.5 USD/Mtok")))


def test_the_middle_is_today_and_the_middle_row_is_the_axis_of_output(against_api: Results) -> None:
    found = winner_map(against_api, "chat")
    assert (found.inputs[3], found.outputs[3]) == (1000.0, 100.0)
    outcome, cost = min(against_api.offers("chat"), key=lambda offer: offer[1].usd_mtok.value)
    assert found.cells[3][3].winner == Offer(outcome.hardware, cost.lane)
    assert found.cells[3][3].usd_mtok == pytest.approx(cost.usd_mtok.value)
    along = next(line for line in chosen_again_lines(against_api, "chat") if line.axis == "output_tokens")
    by_value = {round(point.value, 6): point.winner for point in along.grid}
    assert [cell.winner for cell in found.cells[3]] == [by_value[round(out, 6)] for out in found.outputs]


def test_a_chip_that_idles_loses_to_tokens_where_requests_are_short(against_api: Results) -> None:
    found = winner_map(against_api, "chat")
    assert found.winners == tuple(sorted({RENT, API}, key=lambda offer: (-_count(found, offer), offer)))
    shortest, longest = found.cells[0][0], found.cells[-1][-1]
    assert shortest.winner == API  # a million tokens in ever more requests, on a chip that is paid by the hour
    assert shortest.usd_mtok == pytest.approx(0.5)
    assert longest.winner in (RENT, None)


def test_no_offer_beyond_the_context_of_the_model(machine, run) -> None:
    found = winner_map(run(machine()), "chat", factors=(1.0, 200.0))  # 131,072 tokens of context
    assert found.cells[0][0].winner is not None
    assert [cell.winner for cell in found.cells[1]] == [None, None]


def _count(found, offer: Offer) -> int:
    return sum(cell.winner == offer for row in found.cells for cell in row)
