"""Rules of peaks: dense and sparse ones, and those of one format beside those of another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chipbrief.hardware.lint.notes import sparsity
from chipbrief.hardware.lint.rule import Hit, Terms, close

if TYPE_CHECKING:
    from chipbrief.figures import Figure
    from chipbrief.hardware.profile import ComputeName, HardwareProfile

__all__ = ["above_peak", "below_peak", "dense_sparse", "peak_ladder", "sparse_ratio"]

USUAL_SPARSITY = 2.0
FOUR_OVER_EIGHT = (1.0, 2.0, 3.0)  # three where a chip trades other units for four-bit ones
EIGHT_OVER_SIXTEEN = (1.0, 2.0, 4.0, 8.0)
NEAR = 0.08
REACHED_LEAST = 0.42  # the lowest share of a dense peak that a large matrix product is known to reach is 44 %
_COUNTS_SPARSITY = re.compile(r"(?:(?:with|counts) )?(?:\d+:\d+ )?(?:structured |unstructured )?(?:sparsity|sparse)\b")
_STEPS: tuple[tuple[tuple[ComputeName, ...], tuple[ComputeName, ...], tuple[float, ...]], ...] = (
    (("fp4",), ("fp8", "int8"), FOUR_OVER_EIGHT),
    (("fp8", "int8"), ("bf16", "fp16"), EIGHT_OVER_SIXTEEN),
    (("bf16",), ("fp16",), (1.0,)),
)


def dense_sparse(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A dense peak is below the sparse one of its format, is no sparse reference figure, and its note is no sparse one.

    A reference figure is one named so for its format (`reference.compute.fp8_sparse`), of a chip or of a system.
    """
    compute = profile.compute
    for name, dense in compute.dense.items():
        if name in compute.not_below_sparse:
            reason = f"the sparse peak {compute.sparse[name].text()}"
        else:
            reason = next(_signs_of_sparsity(profile, name, dense), "")
        if reason:
            yield f"compute.dense.{name}", f"is {dense.text()}, {reason}; give the dense peak, half of it at 2:4"


def _signs_of_sparsity(profile: HardwareProfile, format_name: ComputeName, dense: Figure) -> Iterator[str]:
    words = _COUNTS_SPARSITY.match(dense.note or "")
    if words:
        yield f"{words[0]!r} by its own note"
    for name, reference in profile.reference.compute.items():
        named = {"sparse", format_name} <= set(name.split("_"))
        if named and any(close(dense.value * count, reference.value, 0.005) for count in (1, profile.chips)):
            yield f"which is the sparse reference.compute.{name}, {reference.text()}"


def sparse_ratio(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """A sparse peak is as many times the dense one as the pattern in its note (2:4, 8:1) says, twice without one."""
    for name, sparse in profile.compute.sparse.items():
        dense = profile.compute.dense.get(name)
        if dense is None or name in profile.compute.not_below_sparse:
            continue
        stated = sparsity(sparse.note, dense.note)
        expected = stated or USUAL_SPARSITY
        if not _ratio_may_be(sparse, dense, expected):
            pattern = "its note states" if stated else "2:4 sparsity makes"
            yield (
                f"compute.sparse.{name}",
                f"is {sparse.text()}, {sparse.value / dense.value:.3g} times the dense {dense.text()}, where {pattern} "
                f"{expected:g} times; see whether both are of one chip and clock, or state the pattern (as 8:1)",
            )


def peak_ladder(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """Dense peaks of half the width are 1 or 2 times as high (3 at four bits; 4 or 8 at eight, with a note), to 8 %."""
    dense = profile.compute.dense
    for narrow, wide, usual in _STEPS:
        for one in narrow:
            other = next((name for name in wide if name in dense), None)
            if one in dense and other and (fault := _off_the_ladder(dense[one], dense[other], usual)):
                yield (
                    f"compute.dense.{one}",
                    f"is {dense[one].text()}, {dense[one].value / dense[other].value:.3g} times the {other} peak of "
                    f"{dense[other].text()}; {fault}",
                )


def _off_the_ladder(narrow: Figure, wide: Figure, usual: tuple[float, ...]) -> str | None:
    nearest = next((ratio for ratio in usual if _ratio_may_be(narrow, wide, ratio)), None)
    if nearest is None:
        told = " or ".join(f"{ratio:g}" for ratio in usual)
        return f"chips have {told} times: see whether both are dense and of one chip"
    if nearest >= 4 and not (narrow.note or wide.note):
        return "a sparse peak beside a dense one makes the same: say in a note why"
    return None


def _ratio_may_be(one: Figure, other: Figure, ratio: float) -> bool:
    """Whether the ranges of two peaks leave room for a ratio, to 8 %."""
    least, most = one.lowest / (other.highest or 1.0), one.highest / (other.lowest or 1.0)
    return least * (1 - NEAR) <= ratio <= most * (1 + NEAR)


# -- peaks and what is reached ----------------------------------------------------------------------------------


def above_peak(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """What is reached (`reference.compute.fp8_achieved`, `reference.bandwidth.hbm_reached`) is not above its peak."""
    for path, reached, peak in _reached(profile):
        if reached.value > peak.highest and not close(reached.value, peak.highest, 0.005):
            yield (
                path,
                f"is {reached.text()}, above the peak of {peak.text(peak.highest)}; one of the two is of another chip, "
                "clock or count of chips",
            )


def below_peak(profile: HardwareProfile, _: Terms) -> Iterator[Hit]:
    """What matrix products reach (`reference.compute.fp8_achieved`) is at least 42 % of the dense peak."""
    for path, reached, peak in _reached(profile):
        if path.startswith("reference.compute.") and reached.value < REACHED_LEAST * peak.lowest:
            yield (
                path,
                f"is {reached.text()}, {reached.value / peak.value:.0%} of the dense {peak.text()}; see whether that "
                "peak is a sparse one",
            )


def _reached(profile: HardwareProfile) -> Iterator[tuple[str, Figure, Figure]]:
    for name, reached in profile.reference.compute.items():
        peak = profile.compute.dense.get(name.removesuffix("_achieved"))  # type: ignore[call-overload] # or None
        if name.endswith("_achieved") and peak:
            yield f"reference.compute.{name}", reached, peak
    for name, bandwidth in profile.reference.bandwidth.items():
        if name == f"{profile.memory.kind}_reached":
            yield f"reference.bandwidth.{name}", bandwidth, profile.memory.bandwidth
