"""Number formats: how many bytes a value takes, and on which compute path it runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

__all__ = ["FORMATS", "Format", "compute_format"]


@dataclass(frozen=True, slots=True)
class Format:
    """A storage format of weights or KV cache.

    `value_bytes` counts shared block scales (mxfp4: one byte for 32 values; nvfp4: one for 16; int4: two for 32, as
    in the compressed-tensors checkpoints of Kimi-K2-Thinking and K2.5). `computes_as` are the compute formats that can
    run it, the fastest first: a machine without the first upcasts. Weights in int4 with group scales run against
    16-bit activations (W4A16): their scales change along the sum, so that an integer path cannot run it. Four-bit
    floats on a machine without an FP4 unit run the same way, as Marlin's kernels for Hopper do.
    """

    name: str
    value_bytes: float
    computes_as: tuple[str, ...]


_SIXTEEN = ("bf16", "fp16")

FORMATS: Mapping[str, Format] = {
    f.name: f
    for f in (
        Format("bf16", 2.0, _SIXTEEN),
        Format("fp16", 2.0, ("fp16", "bf16")),
        Format("fp8", 1.0, ("fp8", *_SIXTEEN)),
        Format("int8", 1.0, ("int8", *_SIXTEEN)),
        Format("int4", 0.5 + 2 / 32, _SIXTEEN),
        Format("fp4", 0.5 + 1 / 16, ("fp4", *_SIXTEEN)),
        Format("nvfp4", 0.5 + 1 / 16, ("fp4", *_SIXTEEN)),
        Format("mxfp4", 0.5 + 1 / 32, ("fp4", *_SIXTEEN)),
    )
}


def compute_format(storage: str, peaks: Collection[str]) -> str | None:
    """The fastest compute format among `peaks` that can run weights stored as `storage`; None if there is none."""
    return next((name for name in FORMATS[storage].computes_as if name in peaks), None)
