"""Inferentia and Trainium against AWS's own pages, and what cannot run there."""

import pytest

from chipbrief import load_catalogue
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()


@pytest.mark.parametrize(
    ("name", "chips", "gigabytes", "terabytes_s", "bf16"),
    [
        # AWS Neuron documentation: Inferentia2 and Trainium 32 GiB at 820 GB/s, 190 TFLOPS; Trainium2 96 GiB at
        # 2.9 TB/s, 667 TFLOPS; inf2.48xlarge has 12 chips, trn1.32xlarge and trn2.48xlarge 16
        ("inferentia2", 12, 32, 0.82, 190),
        ("trainium1", 16, 32, 0.82, 190),
        ("trainium2", 16, 96, 2.9, 667),
    ],
)
def test_figures_are_those_of_the_pages(
    name: str, chips: int, gigabytes: float, terabytes_s: float, bf16: float
) -> None:
    profile = REGISTRY[name].profile
    assert profile.chips == chips
    assert profile.memory.capacity.value == gigabytes * 1e9
    assert profile.memory.bandwidth.value == pytest.approx(terabytes_s * 1e12)
    assert profile.compute.dense["bf16"].value == bf16 * 1e12


def test_trainium2s_sparse_peak_is_not_a_dense_one() -> None:
    compute = REGISTRY["trainium2"].profile.compute  # 1,299 TFLOPS dense FP8; 2,563 needs 4:1 sparsity
    assert (compute.dense["fp8"].value, compute.sparse["fp8"].value) == (1299e12, 2563e12)


def test_weights_in_int8_are_expanded_and_run_at_sixteen_bits() -> None:
    machine, model = REGISTRY["trainium1"], CATALOGUE["llama-3-8b"]
    assert "int8" in machine.profile.formats.storage
    assert "int8" not in machine.profile.compute.dense
    eight, sixteen = (machine.throughput.deployments(model, model.precision(p), 2048.0) for p in ("int8", "bf16"))
    assert min(d.chips for d in eight) <= min(d.chips for d in sixteen)
