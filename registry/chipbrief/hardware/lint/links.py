"""Rules of links: a link has the bandwidth of one direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chipbrief.hardware.lint.notes import both_ways, link_sums, states_direction
from chipbrief.hardware.lint.rule import Hit, Terms, close

if TYPE_CHECKING:
    from chipbrief.figures import Figure
    from chipbrief.hardware.profile import HardwareProfile

__all__ = ["link_both_ways", "link_direction"]


def link_direction(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A link's note says that it is one direction; a port's bits a second (`a 400 Gb/s port`) say it too."""
    for path, link in _links(profile):
        if not states_direction(link.note):
            yield path, f"is {link.text()} without a word on directions; say 'in one direction', or halve it"


def link_both_ways(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A link is not the bandwidth that its note, a reference figure or a sum of links in its note gives both ways."""
    for path, link in _links(profile):
        reason = next(_signs_of_both(profile, link), None)
        if reason:
            yield path, f"is {link.text()}, {reason}; one direction is {link.text(link.value / 2)}"


def _links(profile: HardwareProfile) -> Iterator[tuple[str, Figure]]:
    for name in ("chip", "stage", "scale_out"):
        link: Figure | None = getattr(profile.interconnect, name)
        if link is not None:
            yield f"interconnect.{name}", link


def _signs_of_both(profile: HardwareProfile, link: Figure) -> Iterator[str]:
    if any(close(both, link.value) for both in both_ways(link.note)):
        yield "which counts both directions by its own note"
    for text, total, counts_both in link_sums(link.note):
        if close(link.value, total * (1 if counts_both else 2)):
            yield f"where {text!r} in its note makes {link.text(total)}" + (" both ways" if counts_both else "")
    for name, reference in profile.reference.bandwidth.items():
        if "both" not in f"{name} {reference.note or ''}":
            continue
        for count in (1.0, profile.interconnect.domain.value, profile.system.chips.value):
            if close(link.value * count, reference.value):
                of = f" over {count:g} chips" if count > 1 else ""
                yield f"which is reference.bandwidth.{name}, {reference.text()} in both directions{of}"
