"""How sure the ranking is: in what share of the draws each offer is the cheapest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipbrief.evaluate import Interval, LaneCost, Outcome, Residual, Results, sample_figures
from chipbrief.evaluate.case import Setting
from chipbrief.evaluate.economics import api_usd_month
from chipbrief.physics import Array
from chipbrief.sensitivity.axes import Offer
from chipbrief.sensitivity.held import Held

__all__ = ["RankedOffer", "Ranking", "cheapest_shares", "ranking"]

ALIKE = 1e-9  # prices that differ by no more than this share are equal


@dataclass(frozen=True, slots=True)
class RankedOffer:
    """An offer that keeps the service levels at the inputs' values.

    Attributes:
        offer: the system and lane.
        provider: of an API.
        usd_mtok: price with its 80 % interval [USD/Mtok].
        usd_month: cost of a month with its 80 % interval [USD].
        cheapest_share: share of the draws in which it is the cheapest; a draw with n equals counts 1/n for each [1].
    """

    offer: Offer
    provider: str
    usd_mtok: Interval
    usd_month: Interval
    cheapest_share: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The offers of a class in the order of their typical price, and the share of draws with more than one cheapest."""

    offers: tuple[RankedOffer, ...]
    tied_share: float

    @property
    def leader(self) -> RankedOffer | None:
        """The first offer; None where no system keeps the levels."""
        return self.offers[0] if self.offers else None


def ranking(results: Results, class_id: str) -> Ranking:
    """Share of the draws in which each offer of a class is the cheapest by the token.

    All offers see the same draw of a Figure that they share, and each machine and model its own draw of the model's
    residual. Offers and their deployments are those at the inputs' values: in a draw in which a deployment misses its
    level it still counts, at its price.
    """
    offers = results.offers(class_id)
    if not offers:
        return Ranking((), 0.0)
    drawn = np.array([np.broadcast_to(_usd_mtok(results, *offer), (results.samples,)) for offer in offers])
    shares, tied = cheapest_shares(drawn)
    ranked = (
        RankedOffer(Offer(outcome.hardware, cost.lane), cost.note, cost.usd_mtok, cost.usd_month, float(share))
        for (outcome, cost), share in zip(offers, shares, strict=True)
    )
    return Ranking(tuple(ranked), tied)


def cheapest_shares(prices: Array) -> tuple[Array, float]:
    """Share of the draws in which each row is the least, equals sharing the draw, and the share with equals.

    Args:
        prices: shape (offers, samples).

    Returns:
        Shares of shape (offers,), which sum to 1, and the share of draws with more than one least.
    """
    least = prices <= prices.min(axis=0) * (1.0 + ALIKE)
    equals = least.sum(axis=0)
    shares: Array = (least / equals).mean(axis=1)
    return shares, float((equals > 1).mean())


def _usd_mtok(results: Results, outcome: Outcome, cost: LaneCost) -> Array:
    """Draws of an offer's price [USD/Mtok]; shape (samples,) or (1,)."""
    wanted = results.wanted(outcome.class_id)
    if cost.lane == "api":
        return _api_usd_mtok(results, outcome)
    if wanted.demand.mean_in_flight is None:  # the tokens are the mix's, whatever the machine
        return outcome.draws[cost.lane] * (cost.usd_mtok.value / cost.usd_month.value)
    hardware = results.system(outcome.hardware)
    sampled = Setting.sampled(hardware, results.terms, results.samples, results.seed)
    residual = Residual.drawn(hardware, results.catalogue[outcome.model], results.samples, results.seed)
    return Held.of_results(results, outcome.class_id, outcome.hardware).usd_mtok(sampled, residual)[cost.lane]


def _api_usd_mtok(results: Results, outcome: Outcome) -> Array:
    """Draws of a list price within its range, blended over the class's tokens (C4) [USD/Mtok]."""
    hardware, shape = results.system(outcome.hardware), results.wanted(outcome.class_id).shape
    price = hardware.cost.api_price(outcome.model)
    assert price is not None
    named = {"input": price.input, "cached": price.cached or price.input, "output": price.output}
    ids = {name: hardware.profile.figure_id(f"api.{outcome.model}.{name}") for name in named}
    if price.cached is None:
        ids["cached"] = ids["input"]
    drawn = sample_figures({ids[name]: figure for name, figure in named.items()}, results.samples, results.seed)
    into, cached, out = (drawn.get(ids[name], figure.value) for name, figure in named.items())
    usd = api_usd_month(1e6 / (shape.input_mean + shape.output_mean), shape, into, cached, out)
    return np.atleast_1d(np.asarray(usd, dtype=float))
