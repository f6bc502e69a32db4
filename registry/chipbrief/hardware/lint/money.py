"""Rules of money and power: a chip's beside a system's, one term beside another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from chipbrief.hardware.lint.rule import Hit, Terms, close

if TYPE_CHECKING:
    from chipbrief.figures import HourlyPrice
    from chipbrief.hardware.profile import HardwareProfile

__all__ = ["power_chips", "power_host", "price_currency", "price_parts", "rent_order", "rent_per_chip", "token_prices"]

HOURS_A_YEAR = 8760.0
PAID_BACK_YEARS = (0.3, 8.0)
AROUND_THE_CHIPS = 3.0
_CURRENCY = re.compile(r"[€£¥₩]|\b(?:EUR|GBP|CNY|RMB|JPY|KRW|TWD|CHF|CAD|AUD|INR|euros?|yuan|yen|won)\b")
_RATE = re.compile(r"\brate\b|\bat \d+(?:\.\d+)? USD|USD (?:a|per) ", re.IGNORECASE)


def power_chips(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """The power of a system is not below that of its chips together."""
    power, chips = profile.power, profile.chips
    if power.chip and power.system.highest < chips * power.chip.lowest:
        yield (
            "power.system",
            f"is {power.system.text()}, and {chips} chips of {power.chip.text()} draw "
            f"{power.system.text(chips * power.chip.value)}; give the power of all a system draws, or mend the chip's",
        )


def power_host(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """The power of a system is more than that of its chips together, by 2 %: hosts, fans and links draw some.

    A chip's power that is derived from the system's says nothing of it.
    """
    power, chips = profile.power, profile.chips
    if power.chip and power.chip.kind != "derived" and close(power.system.value, chips * power.chip.value):
        yield (
            "power.system",
            f"is {power.system.text()}, {chips} times the {power.chip.text()} of a chip: hosts, fans and links draw "
            "power too; add them",
        )


def price_parts(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """The price of a system is at least that of its chips (`reference.money.chip`, `card`), at most three times it.

    The lowest and highest of their prices and ranges count; both ends to 2 %.
    """
    parts = [f for name, f in profile.reference.money.items() if re.fullmatch(r"(?:chip|card)(?:_\w+)?", name)]
    if not parts:
        return
    price, chips = profile.price.system, profile.chips
    least, most = (chips * end for end in (min(f.lowest for f in parts), max(f.highest for f in parts)))
    if not 0.98 * least <= price.value <= 1.02 * AROUND_THE_CHIPS * most:
        yield (
            "price.system",
            f"is {price.text()}, and {chips} chips alone are {price.text(least)} to {price.text(most)}; see whether it "
            "is the price of a system, and those of chips",
        )


def rent_per_chip(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """The rent of all chips of a system pays for the system in 0.3 to 8 years; else it is of a system, or the price is.

    Rent is by chip and hour. The ranges of both count.
    """
    least, most = PAID_BACK_YEARS
    for path, rent in _rents(profile):
        price, yearly = profile.price.system, profile.chips * HOURS_A_YEAR
        low, high = price.lowest / (rent.highest * yearly or 1.0), price.highest / (rent.lowest * yearly or 1.0)
        if high < least or low > most:
            yield (
                path,
                f"is {rent.text()}, which pays the {price.text()} of a system of {profile.chips} in "
                f"{price.value / (rent.value * yearly or 1.0):.2g} years; rent is by chip and hour",
            )


def rent_order(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """Rent with a longer commitment costs no more than with a shorter one."""
    for (shorter, dear), (path, rent) in pairwise(_rents(profile)):
        if rent.value > dear.value:
            yield (
                path,
                f"is {rent.text()}, above {shorter} at {dear.text()}; see whether one is of a system, or of spot",
            )


def token_prices(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """An API's cached tokens cost no more than its input, and its input no more than its output."""
    for model, price in profile.api.items():
        if price.cached and price.cached.value > price.input.value:
            yield f"api.{model}.cached", f"is {price.cached.text()}, above the input at {price.input.text()}; swapped?"
        if price.input.value > price.output.value:
            yield f"api.{model}.input", f"is {price.input.text()}, above the output at {price.output.text()}; swapped?"


def price_currency(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A price that its note gives in another currency too states the rate that made USD of it."""
    for name, figure in profile.own_figures.items():
        if not figure.dimension.name.startswith(("money", "usd_")):
            continue
        found = _CURRENCY.search(figure.note or "")
        if found and not _RATE.search(figure.note or ""):
            yield (
                name.removeprefix(f"{profile.id}:"),
                f"is {figure.text()} and its note speaks of {found[0]}; state the rate, as in 'at 1.08 USD a euro'",
            )


def _rents(profile: HardwareProfile) -> Iterator[tuple[str, HourlyPrice]]:
    for name in ("on_demand", "one_year", "three_years"):
        rent: HourlyPrice | None = getattr(profile.price.rent, name)
        if rent is not None:
            yield f"price.rent.{name}", rent
