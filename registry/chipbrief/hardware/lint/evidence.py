"""Rules of evidence: who said it, who measured it, and what a note owes the reader."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chipbrief.hardware.calibration import FITTED_SOURCES
from chipbrief.hardware.lint.rule import Hit, Terms

if TYPE_CHECKING:
    from chipbrief.figures import Figure, Source
    from chipbrief.hardware.profile import HardwareProfile

__all__ = ["assumed_note", "claim_computed", "claim_fitted", "derived_note", "range_note", "third_party"]

COMPUTED = (
    "system",
    "memory",
    "compute",
    "efficiency",
    "latency",
    "scheduling",
    "speculation",
    "interconnect",
    "limits",
    "power",
    "price",
)
NOT_COMPUTED = ("compute.sparse.", "memory.capacity_marketed", "power.chip", "price.owned_hour_anchor")


def claim_computed(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """No Figure that results are computed from is a vendor's claim (`vendor_claim`)."""
    for path, figure in _own(profile):
        computed = path.split(".")[0] in COMPUTED and not path.startswith(NOT_COMPUTED)
        if computed and figure.kind == "vendor_claim":
            yield (
                path,
                f"is {figure.text()}, a vendor's claim that results are computed from; find a specification or a "
                "measurement",
            )


def claim_fitted(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """No observed speed that constants were fitted to is a vendor's claim."""
    for i, seen in enumerate(profile.observed):
        if seen.fitted and seen.speed.kind == "vendor_claim":
            yield (
                f"observed.{i}.speed",
                f"is {seen.speed.text()} on {seen.model}, a vendor's claim that constants were fitted to; fit to "
                "measured speeds, and hold the claim against them",
            )


def third_party(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """What a third party measured (`third_party_measured`) has a source that is not the vendor's own.

    A source is the vendor's own where its site has the vendor's name, its title begins with it, or lists it as who
    submitted. One finding a source.
    """
    by_source: defaultdict[str, list[tuple[str, Figure]]] = defaultdict(list)
    for path, figure in _own(profile):
        if figure.kind == "third_party_measured":
            by_source[figure.source].append((path, figure))
    for name, figures in by_source.items():
        if _is_of(profile.vendor, profile.sources[name]):
            path, figure = figures[0]
            more = f", with {len(figures) - 1} more of that source," if len(figures) > 1 else ""
            yield (
                path,
                f"is {figure.text()}{more} from {profile.sources[name].title!r}, which {profile.vendor} published or "
                "submitted itself; cite who measured it, or call it vendor_measured",
            )


def _is_of(vendor: str, source: Source) -> bool:
    word = re.escape(vendor.split()[0])
    host = urlsplit(source.locator).hostname or ""
    if vendor.split()[0].lower() in host.split("."):
        return True
    return bool(re.search(rf"^{word}\s|,\s{word}(?:,| and\b)", source.title))


def assumed_note(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """What is assumed says in a note why."""
    for path, figure in _own(profile):
        if figure.kind == "assumed" and not figure.note and figure.source not in FITTED_SOURCES:
            yield path, f"is {figure.text()}, assumed without a note; say what it is taken from"


def derived_note(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """What is derived says in a note from what."""
    for path, figure in _own(profile):
        if figure.kind == "derived" and not figure.note and figure.source not in FITTED_SOURCES:
            yield path, f"is {figure.text()}, derived without a note; write the arithmetic, as in '8 x 180 GB'"


def range_note(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A range, unless it is fitted or assumed, says in a note where its ends come from."""
    for path, figure in _own(profile):
        fitted = figure.source in FITTED_SOURCES or figure.kind in ("calibrated", "assumed")
        if figure.ranged and not figure.note and not fitted:
            yield (
                path,
                f"is {figure.text(figure.lowest)} to {figure.text(figure.highest)} without a note; say which source "
                "gives which end",
            )


def _own(profile: HardwareProfile) -> Iterator[tuple[str, Figure]]:
    for name, figure in profile.own_figures.items():
        yield name.removeprefix(f"{profile.id}:"), figure
