"""Metrics: what a claim may be about, each with the dimension that its values are read in.

Values are coherent: seconds, tokens, US dollars, bytes, watts and FLOP, so that products of claims need no factors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chipbrief.units import DIMENSIONS, Dimension

__all__ = ["DATED", "METRICS", "QUALITATIVE", "Metric"]

Sort = Literal["quantity", "date", "text"]
_SCALE = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_PERIODS = {"day": 86400.0, "month": 730.0 * 3600.0, "y": 365.0 * 86400.0, "year": 365.0 * 86400.0}


def _scaled(suffix: str, si: float = 1.0) -> dict[str, float]:
    return {prefix + suffix: factor * si for prefix, factor in _SCALE.items()}


def _per_period(unit: str) -> dict[str, float]:
    rates: dict[str, float] = {}
    for period, seconds in _PERIODS.items():
        rates |= _scaled(f"{unit}/{period}", 1.0 / seconds)
    return rates


_SPENDING = Dimension("spending", "an amount by time", "USD/s", "8000 USD/month", _per_period("USD"), ("USD/y",))
_VOLUME = Dimension("volume", "a volume of tokens by time", "tok/s", "12M tok/day", _per_period("tok"), ("tok/day",))
_TOKEN_PRICE = Dimension(
    "token_price", "a price of tokens", "USD/tok", "0.60 USD/Mtok", {"USD/Mtok": 1e-6}, ("USD/Mtok",)
)
_HOURLY = Dimension("hourly", "an hourly price", "USD/s", "2.60 USD/h", {"USD/h": 1.0 / 3600.0}, ("USD/h",))
_ENERGY = Dimension(
    "energy", "an energy a token", "J/tok", "0.5 J/token", {"J/token": 1.0, "J/tok": 1.0, "kJ/token": 1e3}, ("J/token",)
)
_BITS = Dimension("bits", "a number of bits", "bit", "8 bit", {"bit": 1.0, "bits": 1.0}, ("bit",))
_TIMES = Dimension("times", "a ratio", "", "2.5 x", {"x": 1.0, "": 1.0}, ("x",))


@dataclass(frozen=True, slots=True)
class Metric:
    """A kind of claim; `dimension` is None where the value is a date or only words."""

    name: str
    title: str
    dimension: Dimension | None = None
    sort: Sort = "quantity"


DATED, QUALITATIVE = "date", "statement"

METRICS: Mapping[str, Metric] = {
    m.name: m
    for m in (
        Metric("e2e_latency", "time from request to last token", DIMENSIONS["time"]),
        Metric("decode_time", "time from first to last token", DIMENSIONS["time"]),
        Metric("ttft", "time to the first token", DIMENSIONS["time"]),
        Metric("duration", "any other time", DIMENSIONS["time"]),
        Metric("speed", "output tokens a second of one user", DIMENSIONS["speed"]),
        Metric("throughput", "output tokens a second of all users together", DIMENSIONS["speed"]),
        Metric("tokens_per_day", "volume of tokens", _VOLUME),
        Metric("output_tokens", "tokens of an answer", DIMENSIONS["count"]),
        Metric("ratio", "the first of two claims over the second", _TIMES),
        Metric("reduction", "share by which the second of two claims is below the first", DIMENSIONS["fraction"]),
        Metric("cost_per_mtok", "what tokens cost to make", _TOKEN_PRICE),
        Metric("list_price_input", "what input tokens are sold at", _TOKEN_PRICE),
        Metric("list_price_output", "what output tokens are sold at", _TOKEN_PRICE),
        Metric("price", "what a chip or a system costs to buy", DIMENSIONS["money"]),
        Metric("rent", "what a chip costs to rent", _HOURLY),
        Metric("operating_cost", "power and facilities of a chip or a system", _SPENDING),
        Metric("spending", "any other amount by time", _SPENDING),
        Metric("amount", "any other amount of money", DIMENSIONS["money"]),
        Metric("power", "power of a chip, a system or a site", DIMENSIONS["power"]),
        Metric("energy_per_token", "energy of an output token", _ENERGY),
        Metric("memory_bandwidth", "bandwidth of the memory that holds the weights", DIMENSIONS["bandwidth"]),
        Metric("memory_capacity", "size of the memory that holds the weights", DIMENSIONS["capacity"]),
        Metric("compute", "peak of arithmetic in a number format", DIMENSIONS["compute"]),
        Metric("precision", "bits of the native number format", _BITS),
        Metric("transistors", "transistors of a chip", DIMENSIONS["count"]),
        Metric("cores", "cores of a chip", DIMENSIONS["count"]),
        Metric("chips", "chips in a system", DIMENSIONS["count"]),
        Metric("chips_per_model", "chips that hold one copy of a model", DIMENSIONS["count"]),
        Metric("count", "any other number of things", DIMENSIONS["count"]),
        Metric("date", "a day, month, quarter or year, or a span of them", sort="date"),
        Metric("statement", "words without a number", sort="text"),
    )
}
