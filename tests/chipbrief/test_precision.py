"""Number formats: bytes a value, and the compute path that runs them."""

import pytest

from chipbrief.precision import FORMATS, compute_format


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("bf16", 16),
        ("fp16", 16),
        ("fp8", 8),
        ("int8", 8),
        ("fp4", 4 + 8 / 16),  # what reports call NVFP4 and MXFP4 alike: the wider of both
        ("mxfp4", 4 + 8 / 32),  # OCP MX: a block of 32 shares an 8-bit scale
        ("nvfp4", 4 + 8 / 16),  # a block of 16 shares an 8-bit scale
        ("int4", 4 + 16 / 32),  # Kimi-K2.5: group_size 32, scales in the 16 bits of the model
    ],
)
def test_a_value_takes_its_bits_and_its_share_of_the_scale(name: str, bits: float) -> None:
    assert FORMATS[name].value_bytes * 8 == pytest.approx(bits, rel=1e-12)


@pytest.mark.parametrize(
    ("storage", "peaks", "path"),
    [
        ("mxfp4", {"fp4", "fp8", "bf16"}, "fp4"),
        ("mxfp4", {"fp8", "bf16"}, "bf16"),  # Marlin on Hopper: four-bit weights against 16-bit activations
        ("nvfp4", {"fp8", "bf16"}, "bf16"),
        ("mxfp4", {"fp16"}, "fp16"),
        ("fp8", {"fp4", "bf16"}, "bf16"),  # never on a narrower path than it is stored in
        ("int8", {"fp8", "fp16"}, "fp16"),
        ("int4", {"fp4", "fp8", "int8", "bf16"}, "bf16"),  # W4A16: group scales change along the sum
        ("bf16", {"fp8", "fp4"}, None),
    ],
)
def test_weights_run_on_the_fastest_path_that_keeps_their_bits(storage: str, peaks: set[str], path: str | None) -> None:
    assert compute_format(storage, peaks) == path
