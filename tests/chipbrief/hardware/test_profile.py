"""Profiles: a made-up one with round numbers, and the faults that a vendor's file may have."""

from pathlib import Path

import numpy as np
import pytest

from chipbrief.errors import InputError
from chipbrief.hardware import Hardware, HardwareProfile


@pytest.fixture(scope="module")
def text(data: Path) -> str:
    return (data / "acme-x1.yaml").read_text(encoding="utf-8")


def problems(text: str, *changes: tuple[str, str]) -> list[str]:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with pytest.raises(InputError) as refused:
        HardwareProfile.from_text(text, "x1.yaml")
    return [str(p) for p in refused.value.problems]


def test_figures_are_found_by_the_id_of_the_profile_and_their_path(text: str) -> None:
    profile = HardwareProfile.from_text(text)
    path, figure = profile.figures["acme-x1:memory.bandwidth"]
    assert path == ("memory", "bandwidth")
    assert (figure.value, figure.lowest, figure.highest) == (2e12, 1e12, 3e12)
    assert profile.figure_id("memory.bandwidth") == "acme-x1:memory.bandwidth"
    assert "acme-x1:compute.dense.bf16" in profile.figures
    assert profile.chips == 4


def test_a_figure_set_to_another_value_is_that_value_everywhere(text: str) -> None:
    profile = HardwareProfile.from_text(text)
    assert profile.figures["acme-x1:memory.bandwidth"][1].value == 2e12  # read before, so that a cache would show
    moved = profile.at({"acme-x1:memory.bandwidth": 1e12})
    assert moved.memory.bandwidth.value == 1e12
    assert moved.figures["acme-x1:memory.bandwidth"][1].value == 1e12
    assert moved.at({"acme-x1:memory.capacity": 5e10}).memory.bandwidth.value == 1e12
    assert profile.memory.bandwidth.value == 2e12


def test_samples_get_a_leading_axis_and_figures_of_others_are_passed_over(text: str) -> None:
    profile = HardwareProfile.from_text(text)
    moved = profile.at({"acme-x1:memory.bandwidth": np.array([1e12, 2e12]), "other:memory.bandwidth": 1.0})
    assert moved.memory.bandwidth.value.shape == (2, 1)
    assert profile.at({"other:memory.bandwidth": 1.0}) == profile


def test_one_yaml_file_is_a_machine(data: Path) -> None:
    hardware = Hardware.from_yaml(data / "acme-x1.yaml")
    assert hardware.id == "acme-x1"
    assert hardware.cost.power_w(0.5) == pytest.approx(6000.0)  # 2 kW idle + half of 8 kW


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "bandwidth: {value: 2 TB/s, low: 1 TB/s, high: 3 TB/s, kind: assumed, source: acme, date: 2026-11}",
            "bandwidth: 2 TB/s",
            "x1.yaml:16:14: memory.bandwidth: a number needs its source: write {value: 2 TB/s, kind",
        ),
        (
            "{value: 2 TB/s, low: 1 TB/s, high: 3 TB/s, kind: assumed, source: acme, date: 2026-11}",
            "{value: 2 TB/s, kind: assumed, date: 2026-11}",
            "x1.yaml:16:3: memory.bandwidth.source: is missing",
        ),
        (
            "{value: 2 TB/s, low: 1 TB/s",
            "{value: 2 TB, low: 1 TB/s",
            "x1.yaml:16:22: memory.bandwidth.value: expected a bandwidth such as 8 TB/s, got '2 TB'; "
            "did you mean '2 TB/s'?",
        ),
        (
            "capacity: {value: 100 GB, kind: assumed, source: acme,",
            "capacity: {value: 100 GB, kind: assumed, source: acne,",
            "memory.capacity.source: unknown source 'acne'; did you mean 'acme'?",
        ),
        ("low: 1 TB/s", "low: 2.5 TB/s", "expected low <= value <= high, got 2.5 TB/s, 2 TB/s, 3 TB/s"),
        (
            "bf16: {value: 2000",
            "bf16: {value: 900",
            "the dense bf16 peak is not below the sparse one: are they swapped?",
        ),
        ("[bf16]", "[bf16, fp9]", "formats.storage[1]: unknown number format 'fp9'"),
        ("[bf16]", "[]", "formats.storage: expected at least 1, got none"),
        ('"$100,000"', "$100,000", "price.system: has a key that is not text (000): quote values that hold a comma"),
        (
            "  sequence: {value: 1 us,",
            "  sequenze: {value: 1 us,",
            "latency.sequenze: is not a field here; did you mean",
        ),
        (
            "  kind: hbm",
            "  kind: hmb",
            "memory.kind: expected 'hbm', 'gddr', 'lpddr' or 'sram', got 'hmb'; did you mean 'hbm'?",
        ),
        ("id: acme-x1", "id: acme/x1", "x1.yaml:3:5: id: expected an id of letters, digits"),
        ("usable: {value: 90 %", "usable: {value: 90", "memory.usable.value: expected a share of at most 1, got '90'"),
        ("vendor: Acme\n", "", "vendor: is missing"),
        (
            "{title: Acme data sheet, locator: tests/data/acme-x1.yaml}",
            "{title: Acme data sheet}",
            "sources.acme.locator",
        ),
    ],
)
def test_a_fault_of_a_profile_is_named_with_its_place(text: str, old: str, new: str, message: str) -> None:
    found = problems(text, (old, new))
    assert any(message in p for p in found), found
    assert all(p.startswith("x1.yaml:") for p in found)


def test_what_a_kind_of_machine_needs_is_asked_for_by_name(text: str) -> None:
    found = problems(text, ("  sequence: {value: 1 us, kind: assumed, source: acme, date: 2026}\n", ""))
    assert found == ["x1.yaml:2:1: a machine that reads HBM also needs latency.sequence"]


def test_every_fault_of_a_profile_is_reported_at_once(text: str) -> None:
    found = problems(
        text,
        ("capacity: {value: 100 GB,", "capacity: {value: 100 GB/s,"),
        ("domain: {value: 4, kind: assumed", "domain: {value: four, kind: assumed"),
        ("idle: {value: 20 %, kind: assumed, source: acme", "idle: {value: 20 %, kind: guess, source: acne"),
    )
    assert [p.split(": ")[1] for p in found] == [
        "memory.capacity.value",
        "interconnect.domain.value",
        "power.idle.kind",
        "power.idle.source",
    ]
