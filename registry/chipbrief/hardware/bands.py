"""How far off the model is on a machine: the bands of cross-validation, by how near a job is to what was measured."""

from __future__ import annotations

from collections.abc import Mapping

from chipbrief.architecture import Architecture
from chipbrief.figures import Proportion
from chipbrief.hardware.calibration import Nearness
from chipbrief.hardware.profile import HardwareProfile, Seen

__all__ = ["band", "is_rate_family", "known_attention", "nearness"]

UNKNOWN_RATIO = 2.0  # low and high where a family of errors has no measured point: half and double


def is_rate_family(family: str) -> bool:
    """Whether a family's errors are those of rates."""
    return family.startswith("throughput") or family == "speed"


def _seen(profile: HardwareProfile, family: str) -> Seen:
    on = profile.calibrated_on
    return on.throughput if family.startswith("throughput") else on.times


def nearness(profile: HardwareProfile, architecture: Architecture, family: str) -> Nearness:
    """How near a model on a machine is to what the constants were fitted to.

    The same machine and model, or one of them new; a family of chips is new where no point of it was fitted at all.
    """
    seen = _seen(profile, family)
    if not seen.hardware:
        return "new_family"
    if profile.id not in seen.hardware:
        return "new_hardware"
    if architecture.id in seen.models or architecture.size in seen.sizes:
        return "seen"
    return "new_expert_model" if architecture.experts else "new_model"


def known_attention(profile: HardwareProfile, architecture: Architecture, family: str) -> bool:
    """Whether every sort of attention of the model was measured on the machine's family of chips, or none was."""
    sorts = _seen(profile, family).attention
    return not sorts or all(group.sort in sorts for group in architecture.attention)


def band(
    profile: HardwareProfile, architecture: Architecture, family: str, *, unlike: bool = False
) -> tuple[float, float]:
    """The 80 % interval of measured over predicted, from cross-validation.

    The band of the nearness; the widest of the family of errors where no measured point is of the job's sort; half to
    double where the family has no band at all.

    Args:
        profile: the machine.
        architecture: the model.
        family: the family of errors, as in the calibration files.
        unlike: whether something else of the job was never measured, such as a draft model.
    """
    bands = profile.errors.get(family)
    if not bands:
        return 1.0 / UNKNOWN_RATIO, UNKNOWN_RATIO
    near = nearness(profile, architecture, family)
    if near not in bands or unlike or not known_attention(profile, architecture, family):
        told = list(bands.values())
    else:
        told = [bands[near], *(_below(bands) if near == "new_family" else [])]
    return min(figure.lowest for figure in told), max(figure.highest for figure in told)


def _below(bands: Mapping[Nearness, Proportion]) -> list[Proportion]:
    """The band of new systems: a new family of chips is no better known than one more system of a known one."""
    return [bands["new_hardware"]] if "new_hardware" in bands else []
