"""Rules of memory: decimal and binary units, shipped and marketed, a chip's and a system's, DRAM and SRAM."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chipbrief.hardware.calibration import FITTED_SOURCES
from chipbrief.hardware.lint.notes import quantities
from chipbrief.hardware.lint.rule import Hit, Terms, close

if TYPE_CHECKING:
    from chipbrief.figures import Figure
    from chipbrief.hardware.profile import HardwareProfile

__all__ = ["driver_memory", "gb_gib", "marketed_memory", "memory_note", "sram_sum", "stream_time", "system_sum"]

GIB = 2.0**30 / 1e9
NEARBY = 0.15  # quantities in a note that are meant for the same thing
MANY_PORTS_REACHED = 0.8
STREAM_S = {"hbm": (8e-3, 0.2), "sram": (1e-7, 1e-3), "gddr": (8e-3, 0.2), "lpddr": (8e-3, 5.0)}
_SUM = re.compile(r"\bsum|aggregat|local port", re.IGNORECASE)
_WHOLE = re.compile(r"(?:rack|system)(?:_(?:memory|hbm|sram))?|hbm_rack")


def gb_gib(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A capacity is not another one of the same chip (marketed, driver) with GiB read as GB, or GB as GiB.

    It is where the two differ by 1.0737, to 0.4 %, and the range does not hold the other.
    """
    capacity = profile.memory.capacity
    for name, other in _others(profile):
        ratio = other.value / capacity.value
        if not _holds(capacity, other.value, 0.0) and (close(ratio, GIB, 0.004) or close(ratio, 1 / GIB, 0.004)):
            unit = "GiB read as GB" if ratio > 1 else "GB read as GiB"
            yield (
                "memory.capacity",
                f"is {capacity.text()} and {name} {other.text()}, a factor of 1.074 apart: {unit}; write the unit of "
                "the source, or a range that holds both",
            )


def driver_memory(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """The range of a capacity holds what the driver reports (`reference.capacity.driver`), to 1 %."""
    capacity, driver = profile.memory.capacity, profile.reference.capacity.get("driver")
    if driver and not _holds(capacity, driver.value):
        yield (
            "memory.capacity",
            f"is {_span(capacity)}, and the driver reports {driver.text()}; widen the range to it, or compute with it",
        )


def marketed_memory(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A capacity is not above the marketed one: what ships is what is marketed, or less."""
    capacity, marketed = profile.memory.capacity, profile.memory.capacity_marketed
    if marketed and capacity.value > marketed.value:
        yield (
            "memory.capacity",
            f"is {capacity.text()}, above the marketed {marketed.text()}; are they swapped?",
        )


def memory_note(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """The range of a capacity or bandwidth holds every other one within 15 % that its note names, to 1 %."""
    for path, figure in (
        ("memory.capacity", profile.memory.capacity),
        ("memory.bandwidth", profile.memory.bandwidth),
    ):
        for told in quantities(figure.note, figure.dimension.name):
            if close(told, figure.value, NEARBY) and not _holds(figure, told):
                yield path, f"is {_span(figure)}, and its note tells of {figure.text(told)}; give a range that holds it"


def stream_time(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A memory is read once through in a time of its kind.

    8 ms to 0.2 s for HBM and GDDR, to 5 s for LPDDR, 0.1 us to 1 ms for SRAM: else capacity and bandwidth are not of
    the same memory and the same number of chips.
    """
    memory = profile.memory
    seconds = memory.capacity.value / memory.bandwidth.value if memory.bandwidth.value else float("inf")
    least, most = STREAM_S[memory.kind]
    if not least <= seconds <= most:
        yield (
            "memory.bandwidth",
            f"is {memory.bandwidth.text()}, which reads {memory.capacity.text()} in {seconds:.2g} s, where "
            f"{memory.kind.upper()} takes {least:g} to {most:g} s; see whether both are of one chip's memory",
        )


def sram_sum(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A bandwidth of SRAM is a sum over local ports: its note says so, and at most 80 % of it streams weights.

    More may be fitted to measured points, but neither stated nor assumed.
    """
    memory, weights = profile.memory, profile.efficiency.weights
    if memory.kind != "sram":
        return
    if not _SUM.search(memory.bandwidth.note or ""):
        yield "memory.bandwidth", f"is {memory.bandwidth.text()} of SRAM without saying that it is a sum of local ports"
    if weights.value > MANY_PORTS_REACHED and weights.source not in FITTED_SOURCES and weights.kind != "calibrated":
        yield (
            "efficiency.weights",
            f"is {weights.text()} of a sum of local ports, which no stream of weights is known to reach; fit it to "
            f"measured speeds, or stay below {MANY_PORTS_REACHED:.0%}",
        )


def system_sum(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A capacity or bandwidth of a rack or system (`reference.capacity.rack_hbm`) is its chips times a chip's, to 5 %.

    The chips are those of a system, or of the systems of a rack; the range of a chip's figure counts.
    """
    chips, racks = profile.system.chips.value, profile.system.systems_per_rack
    counts = {chips, chips * racks.lowest, chips * racks.value, chips * racks.highest}
    for path, name, whole, part in _wholes(profile):
        if not any(_holds(part, whole.value / count, 0.05) for count in counts if count):
            yield (
                path,
                f"is {whole.text()}, and {chips:g} chips of {part.text()} make {part.text(chips * part.value)}; see "
                f"whether {name} is of one chip",
            )


def _wholes(profile: HardwareProfile) -> Iterator[tuple[str, str, Figure, Figure]]:
    reference, memory = profile.reference, profile.memory
    for name, capacity in reference.capacity.items():
        if _WHOLE.fullmatch(name):
            yield f"reference.capacity.{name}", "memory.capacity", capacity, memory.capacity
    for name, bandwidth in reference.bandwidth.items():
        if _WHOLE.fullmatch(name):
            yield f"reference.bandwidth.{name}", "memory.bandwidth", bandwidth, memory.bandwidth


def _others(profile: HardwareProfile) -> Iterator[tuple[str, Figure]]:
    if profile.memory.capacity_marketed:
        yield "memory.capacity_marketed", profile.memory.capacity_marketed
    if "driver" in profile.reference.capacity:
        yield "reference.capacity.driver", profile.reference.capacity["driver"]


def _holds(figure: Figure, value: float, share: float = 0.01) -> bool:
    return figure.lowest * (1 - share) <= value <= figure.highest * (1 + share)


def _span(figure: Figure) -> str:
    return f"{figure.text(figure.lowest)} to {figure.text(figure.highest)}" if figure.ranged else figure.text()
