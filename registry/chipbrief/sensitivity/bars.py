"""The tornado of a class: every ranged input moved alone, in the price of the leading offer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipbrief.evaluate import Residual, Results, TornadoBar, tornado
from chipbrief.evaluate.case import Setting, figures_of
from chipbrief.evaluate.economics import api_usd_month
from chipbrief.hardware.bands import band, is_rate_family
from chipbrief.physics import Array, Num
from chipbrief.sensitivity.axes import Offer
from chipbrief.sensitivity.held import Held

__all__ = ["MODEL_RATE", "MODEL_TPOT", "leading_tornado", "model_bands"]

MODEL_RATE = "model:rate"  # what the model is off by in the rate of a full replica
MODEL_TPOT = "model:tpot"  # and in TPOT, where users in flight make the tokens


def leading_tornado(results: Results, class_id: str, offer: Offer) -> list[TornadoBar]:
    """Every ranged input at its low and its high end alone, in an offer's price [USD/Mtok]; largest swing first.

    The deployment and its most load are today's, the replicas follow. Beside the Figures stands the model's own
    error, at the ends of its 80 % band.
    """
    if offer.lane == "api":
        return _of_list_price(results, class_id, offer)
    hardware, held = results.system(offer.hardware), Held.of_results(results, class_id, offer.hardware)

    def price(values: Mapping[str, Array]) -> Num:
        return held.usd_mtok(Setting.moved(hardware, results.terms, values))[offer.lane]

    bars = tornado(figures_of(hardware, results.terms), price)
    plain = Setting.plain(hardware, results.terms)
    for name, ends in model_bands(results, class_id, offer).items():
        factors = np.array(ends)[:, np.newaxis]
        residual = Residual(rate=factors) if name == MODEL_RATE else Residual(tpot=factors)
        low, high = np.broadcast_to(held.usd_mtok(plain, residual)[offer.lane], (2,))
        bars.append(TornadoBar(name, float(low), float(high)))
    return sorted(bars, key=lambda bar: (-bar.swing, bar.figure))


def model_bands(results: Results, class_id: str, offer: Offer) -> Mapping[str, tuple[float, float]]:
    """The 80 % bands of measured over predicted that an offer's price stands on; none for a list price."""
    if offer.lane == "api":
        return {}
    wanted, profile = results.wanted(class_id), results.system(offer.hardware).profile
    architecture = results.catalogue[wanted.model]
    found = {MODEL_RATE: band(profile, architecture, "throughput_slo")}
    if wanted.demand.mean_in_flight is not None:
        speed = "speed" if profile.memory.machine == "sram" else "tpot"
        low, high = band(profile, architecture, speed)
        found[MODEL_TPOT] = (1.0 / high, 1.0 / low) if is_rate_family(speed) else (low, high)
    return found


def _of_list_price(results: Results, class_id: str, offer: Offer) -> list[TornadoBar]:
    hardware, wanted = results.system(offer.hardware), results.wanted(class_id)
    model, shape = results.catalogue[wanted.model].id, wanted.shape
    price = hardware.cost.api_price(model)
    assert price is not None
    named = {"input": price.input, "output": price.output} | ({"cached": price.cached} if price.cached else {})
    ids = {name: hardware.profile.figure_id(f"api.{model}.{name}") for name in named}

    def blended(values: Mapping[str, Array]) -> Num:
        usd = {name: values.get(ids[name], figure.value) for name, figure in named.items()}
        requests = 1e6 / (shape.input_mean + shape.output_mean)
        return api_usd_month(requests, shape, usd["input"], usd.get("cached", usd["input"]), usd["output"])

    return tornado({ids[name]: figure for name, figure in named.items()}, blended)
