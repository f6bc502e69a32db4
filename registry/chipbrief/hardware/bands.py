"""How far off the model is on a machine: the bands of cross-validation, by how near a job is to what was measured."""

from __future__ import annotations

from chipbrief.architecture import Architecture
from chipbrief.hardware.calibration import Nearness
from chipbrief.hardware.profile import HardwareProfile, Seen

__all__ = ["LIGHT_LOAD", "band", "is_rate_family", "known_attention", "nearness"]

LIGHT_LOAD = 8.0  # requests in flight up to which TTFT is the prompt's own time, mostly
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
    return _levels(profile, architecture, family)[-1]


def _levels(profile: HardwareProfile, architecture: Architecture, family: str) -> list[Nearness]:
    """All that is new, the furthest last. A new machine is no better known than a measured one with the same model."""
    seen = _seen(profile, family)
    known = architecture.id in seen.models or architecture.size in seen.sizes
    new: list[Nearness] = [] if known else ["new_expert_model" if architecture.experts else "new_model"]
    if profile.id in seen.hardware:
        return new or ["seen"]
    further: list[Nearness] = ["new_hardware"] if seen.hardware else ["new_hardware", "new_family"]
    return ["seen", *new, *further]


def known_attention(profile: HardwareProfile, architecture: Architecture, family: str) -> bool:
    """Whether every sort of attention of the model was measured on the machine's family of chips, or none was."""
    sorts = _seen(profile, family).attention
    return not sorts or all(group.sort in sorts for group in architecture.attention)


def band(
    profile: HardwareProfile, architecture: Architecture, family: str, *, unlike: bool = False
) -> tuple[float, float]:
    """The 80 % interval of measured over predicted, from cross-validation.

    From the lowest to the highest end of the bands of all that is new; the widest of the family of errors where no
    measured point is of the job's sort; half to double where the family has no band at all. Times to the first token
    of a system with a partner are those of the partner, which runs its prompts.

    Args:
        profile: the machine.
        architecture: the model.
        family: the family of errors, as in the calibration files.
        unlike: whether something else of the job was never measured, such as a draft model.
    """
    if profile.partner and family.startswith("ttft"):
        profile = profile.partner
    bands = profile.errors.get(family)
    if not bands:
        return 1.0 / UNKNOWN_RATIO, UNKNOWN_RATIO
    levels = _levels(profile, architecture, family)
    if levels[-1] not in bands or unlike or not known_attention(profile, architecture, family):
        told = list(bands.values())
    else:
        told = [bands[level] for level in levels if level in bands]
    return min(figure.lowest for figure in told), max(figure.highest for figure in told)
