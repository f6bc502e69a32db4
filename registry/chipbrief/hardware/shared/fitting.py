"""What both kinds of machine share: peaks by precision, and refusals that show their arithmetic."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipbrief.architecture import Architecture, Precision
from chipbrief.errors import Refusal
from chipbrief.hardware.profile import HardwareProfile
from chipbrief.physics import Num
from chipbrief.precision import compute_format
from chipbrief.units import DIMENSIONS

__all__ = ["attention_peak", "check_formats", "dense_peaks", "does_not_fit", "part_peak"]

_CAPACITY = DIMENSIONS["capacity"]


def dense_peaks(profile: HardwareProfile) -> dict[str, Num]:
    """Dense peak of one chip by compute format [FLOP/s]."""
    return {name: figure.value for name, figure in profile.compute.dense.items()}


def part_peak(peaks: Mapping[str, Num], precision: Precision, part: str) -> Num:
    """Peak that a part of a model runs at, by the format it is stored in [FLOP/s]."""
    return _peak_for(peaks, getattr(precision, part))


def attention_peak(peaks: Mapping[str, Num]) -> Num:
    """PEAK16, the peak that attention itself runs at [FLOP/s]."""
    return _peak_for(peaks, "bf16")


def _peak_for(peaks: Mapping[str, Num], storage: str) -> Num:
    name = compute_format(storage, peaks)
    if name is None:
        raise Refusal(f"no compute path for {storage} weights: this chip runs {', '.join(sorted(peaks))}")
    return peaks[name]


def check_formats(profile: HardwareProfile, precision: Precision) -> None:
    """Refuse a precision that the machine does not store."""
    absent = [name for name in precision.storage() if name not in profile.formats.stored]
    if absent:
        raise Refusal(
            f"{profile.chip} does not store {' or '.join(absent)}: it stores {', '.join(profile.formats.storage)}"
        )


def does_not_fit(
    profile: HardwareProfile,
    architecture: Architecture,
    precision: Precision,
    context: float,
    chips: int,
    memory: Num,
    enough: int | None = None,
) -> Refusal:
    """The refusal of a model that is too large for some chips, with its arithmetic.

    Args:
        profile: the machine.
        architecture: the model.
        precision: how it would be stored.
        context: tokens of the one sequence that must fit [tokens].
        chips: chips that were tried, the largest deployment where none was asked for.
        memory: bytes that may be filled on all of them [bytes].
        enough: the fewest chips that would do, where that is known.
    """
    weights = architecture.weight_bytes(precision).total
    cache = float(architecture.kv_bytes(context, precision))
    installed = float(np.max(profile.memory.capacity.value)) * chips
    return Refusal(
        f"{architecture.id} {precision.name} needs {_CAPACITY.format(weights + cache, 3)} "
        f"({_CAPACITY.format(weights, 3)} of weights and {_CAPACITY.format(cache, 3)} of KV cache at "
        f"{context:,.0f} tokens), {chips:,} x {profile.chip} {'has' if chips == 1 else 'have'} "
        f"{_CAPACITY.format(installed, 3)}, {_CAPACITY.format(float(memory), 3)} of it to fill"
        + (f": {enough:,} or more" if enough else "")
    )
