"""From results to their ledger."""

from __future__ import annotations

from collections.abc import Iterator

from chipbrief.evaluate import Results, cheapest_route, vendor_fleets
from chipbrief.finance import Finance
from chipbrief.ledger.entry import Entry, Ledger
from chipbrief.ledger.fleets import fleet, route
from chipbrief.ledger.given import given, models
from chipbrief.ledger.money import money
from chipbrief.ledger.speed import speed

__all__ = ["ledger_of"]


def ledger_of(results: Results) -> Ledger:
    """Every number of a run's classes, lanes, fleets and cheapest route, down to the Figures and the mix."""
    return Ledger({entry.id: entry for entry in _entries(results)}, results.figures())


def _entries(results: Results) -> Iterator[Entry]:
    finance = Finance.from_terms(results.terms)
    for outcome in results.outcomes:
        hardware, wanted = results.system(outcome.hardware), results.wanted(outcome.class_id)
        if outcome.metrics:
            yield from speed(outcome, hardware, wanted)
        yield from money(outcome, hardware, wanted, finance)
    for found in vendor_fleets(results):
        yield from fleet(results, found)
    yield from route(results, cheapest_route(results))
    yield from given(results.mix)
    yield from models(results.catalogue[name] for name in sorted({c.model for c in results.mix.classes}))
