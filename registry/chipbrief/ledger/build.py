"""From results to their ledger."""

from __future__ import annotations

from collections.abc import Iterator

from chipbrief.evaluate import Results, cheapest_route, vendor_fleets
from chipbrief.finance import Finance
from chipbrief.ledger.entry import Entry, Ledger
from chipbrief.ledger.fleets import fleet, route, shares
from chipbrief.ledger.given import given, models
from chipbrief.ledger.money import money
from chipbrief.ledger.speed import speed
from chipbrief.ledger.turns import saving, turns
from chipbrief.sensitivity import ranking

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
    fleets, cheapest = vendor_fleets(results), cheapest_route(results)
    for found in fleets:
        yield from fleet(results, found)
    yield from route(results, cheapest)
    yield from shares(results, fleets, cheapest)
    yield from saving(results, fleets, cheapest)
    for wanted in results.mix.classes:
        yield from _ranked(results, wanted.id)
        yield from turns(results, wanted.id)
    yield from given(results.mix)
    yield from models(results.catalogue[name] for name in sorted({c.model for c in results.mix.classes}))


def _ranked(results: Results, class_id: str) -> Iterator[Entry]:
    """In what share of the draws each offer of a class is the cheapest."""
    offers = ranking(results, class_id).offers
    prices = tuple(f"{class_id}.{o.offer.hardware}.{o.offer.lane}.usd_mtok" for o in offers)
    for ranked, price in zip(offers, prices, strict=True):
        yield Entry(
            id=f"{price.removesuffix('.usd_mtok')}.cheapest_share",
            label=f"share of {results.samples} draws, seed {results.seed}, in which it is cheapest for {class_id}",
            value=ranked.cheapest_share,
            inputs=prices,
        )
