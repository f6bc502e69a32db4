"""Rules of dates: too old, too coarse to tell, or still to come."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from chipbrief.hardware.calibration import FITTED_SOURCES
from chipbrief.hardware.lint.rule import Hit, Terms

if TYPE_CHECKING:
    from chipbrief.figures import Figure
    from chipbrief.hardware.profile import HardwareProfile

__all__ = ["future_date", "price_date", "stale_figure", "stale_price"]

AGEING = ("efficiency", "latency", "scheduling", "speculation", "limits", "power", "observed")
PRICES = ("price", "api")


def stale_price(profile: HardwareProfile, terms: Terms) -> Iterator[Hit]:
    """A price (`price`, `api`) is no older than 6 months, or a third of the months asked for."""
    for path, figure in _below(profile, PRICES):
        if _last_day(figure.date) < terms.day(terms.price_months):
            yield (
                path,
                f"is {figure.text()} of {figure.date}, more than {terms.price_months} months old; look it up again",
            )


def stale_figure(profile: HardwareProfile, terms: Terms) -> Iterator[Hit]:
    """What software reaches, limits, power and speeds seen, unless the vendor's specification, is under 18 months old.

    The months are those asked for; fitted constants carry the date of their fit; what a chip is made of does not age.
    """
    for path, figure in _below(profile, AGEING):
        if figure.kind == "vendor_spec" or figure.source in FITTED_SOURCES:
            continue
        if _last_day(figure.date) < terms.day(terms.months):
            yield (
                path,
                f"is {figure.text()} of {figure.date}, more than {terms.months} months old; see whether it still holds",
            )


def price_date(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A price (`price`, `api`) has at least the month of its date, so that its age can be told."""
    for path, figure in _below(profile, PRICES):
        if len(figure.date) == len("2026"):
            yield path, f"is {figure.text()} of {figure.date}; give the month in which the source names it"


def future_date(profile: HardwareProfile, terms: Terms) -> Iterator[Hit]:
    """No Figure is dated after the day of the run."""
    for name, figure in profile.own_figures.items():
        if _first_day(figure.date) > terms.as_of:
            yield (
                name.removeprefix(f"{profile.id}:"),
                f"is dated {figure.date}, after {terms.as_of}; give the day of the source, not of the launch",
            )


def _below(profile: HardwareProfile, heads: tuple[str, ...]) -> Iterator[tuple[str, Figure]]:
    for name, figure in profile.own_figures.items():
        path = name.removeprefix(f"{profile.id}:")
        if path.split(".")[0] in heads:
            yield path, figure


def _first_day(text: str) -> date:
    year, month, day = (int(part) for part in (*text.split("-"), "1", "1")[:3])
    return date(year, month, day)


def _last_day(text: str) -> date:
    """The last day that a date may mean: the benefit of the doubt."""
    parts = [int(part) for part in text.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else 12
    return date(year, month, parts[2] if len(parts) > 2 else monthrange(year, month)[1])
