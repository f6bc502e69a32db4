"""Every rule fires on a profile with its fault, and none on one without; ages, notes that answer, and the page."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from chipbrief.hardware import HardwareProfile
from chipbrief.hardware.lint import RULES, SEVERITIES, Finding, Terms, lint
from chipbrief.hardware.lint.notes import both_ways, link_sums, quantities, sparsity, states_direction
from chipbrief.registry import Registry

TODAY = Terms(date(2026, 11, 24))
Changes = Mapping[str, Any]


def figure(value: object, kind: str = "vendor_spec", **more: object) -> dict[str, Any]:
    return {"value": value, "kind": kind, "source": "acme", "date": "2026-11", **more}


PRICE = {"date": "2026-11", "kind": "list_price"}
CLEAN: Changes = {  # acme-x1 with a vendor's specification behind every number, and something for each rule to read
    "system.chips": figure(4),
    "memory.capacity": figure("180 GB", low="180 GB", high="183359 MiB", note="the driver reports 183,359 MiB"),
    "memory.capacity_marketed": figure("192 GB"),
    "memory.bandwidth": figure("8 TB/s", low="7.672 TB/s", high="8 TB/s", note="the driver reports 7.672 TB/s"),
    "compute.dense.bf16": figure("2250 TFLOPS"),
    "compute.dense.fp8": figure("4500 TFLOPS"),
    "compute.dense.fp4": figure("9000 TFLOPS"),
    "compute.sparse.bf16": figure("4500 TFLOPS", note="2:4 structured sparsity"),
    "compute.sparse.fp8": figure("9000 TFLOPS", note="2:4 structured sparsity"),
    "interconnect.chip": figure("900 GB/s", note="18 links of 50 GB/s in one direction; 1.8 TB/s counts both"),
    "interconnect.scale_out": figure("50 GB/s", note="one 400 Gb/s port a chip"),
    "power.chip": figure("1 kW"),
    "power.system": figure("7 kW"),
    "price.system": {**figure("250000 USD", low="200000 USD", high="300000 USD", note="of two lists"), **PRICE},
    "price.rent.on_demand": {**figure("4.54 USD/h"), **PRICE},
    "price.rent.three_years": {**figure("2.60 USD/h"), **PRICE},
    "api": {
        "gpt-oss-120b": {
            "provider": "Acme Cloud",
            "input": {**figure("0.15 USD/Mtok"), **PRICE},
            "output": {**figure("0.60 USD/Mtok"), **PRICE},
            "cached": {**figure("0.05 USD/Mtok"), **PRICE},
        }
    },
    "observed": [
        {"model": "gpt-oss-120b", "fitted": True, "speed": figure("1000 tok/s", "third_party_measured", source="bench")}
    ],
    "reference": {
        "capacity": {"driver": figure("183359 MiB"), "rack": figure("1.44 TB")},  # eight of 180 GB
        "compute": {
            "bf16_achieved": figure("1745 TFLOPS", "third_party_measured", source="bench"),
            "fp8_sparse": figure("36 PFLOPS", note="2:4 sparsity, four chips"),
        },
        "bandwidth": {"rack_links": figure("14.4 TB/s", note="both directions of eight chips")},
        "money": {"chip": figure("40000 USD", low="35000 USD", high="50000 USD", note="of two lists")},
    },
    "sources": {
        "acme": {"title": "Acme data sheet", "locator": "https://acme.example/x1"},
        "bench": {"title": "Bench Weekly, the X1 of Acme", "locator": "https://bench.example/x1"},
    },
}
SRAM: Changes = {
    "memory.kind": "sram",
    "memory.capacity": figure("230 MB"),
    "memory.bandwidth": figure("80 TB/s", note="the sum of local ports"),
    "memory.capacity_marketed": None,
    "reference": {},
    "observed": [],
}


@pytest.fixture(scope="module")
def base(data: Path) -> Mapping[str, Any]:
    """acme-x1 with every number cited and dated this month."""
    text = (data / "acme-x1.yaml").read_text(encoding="utf-8")
    text = text.replace("kind: assumed", "kind: vendor_spec").replace("date: 2026}", "date: 2026-11}")
    return MappingProxyType(yaml.load(text, Loader=yaml.BaseLoader))


def profile(base: Mapping[str, Any], *changes: Changes) -> HardwareProfile:
    """The clean profile with some of its parts replaced, or left out where they are None."""
    made = copy.deepcopy(dict(base))
    for path, value in [pair for change in (CLEAN, *changes) for pair in change.items()]:
        *above, last = path.split(".")
        part = made
        for name in above:
            part = part.setdefault(name, {})
        if value is None:
            part.pop(last, None)
        else:
            part[last] = copy.deepcopy(value)
    return HardwareProfile.from_text(yaml.safe_dump(made), "x1.yaml")


def found(profile: HardwareProfile, rule: str, terms: Terms = TODAY) -> list[Finding]:
    return [finding for finding in lint(profile, terms) if finding.rule == rule]


def test_a_clean_profile_has_no_finding(base) -> None:
    assert lint(profile(base), TODAY) == ()
    assert lint(profile(base, SRAM), TODAY) == ()


FAULTS: list[tuple[str, str, Changes, str]] = [
    # the marketed figure of an eight-chip box, divided by eight: 72 PFLOPS / 8 = 9 PFLOPS, of which half is dense
    (
        "dense-sparse",
        "compute.dense.fp8",
        {"compute.dense.fp8": figure("9 PFLOPS", note="2:4 structured sparsity"), "compute.sparse": {}},
        "is 9 PFLOPS, '2:4 structured sparsity' by its own note",
    ),
    (
        "dense-sparse",
        "compute.dense.fp8",
        {"compute.dense.fp8": figure("9 PFLOPS"), "compute.sparse": {}},
        "is 9 PFLOPS, which is the sparse reference.compute.fp8_sparse, 36 PFLOPS",  # 4 x 9
    ),
    (
        "sparse-ratio",
        "compute.sparse.fp8",
        {"compute.sparse.fp8": figure("36 PFLOPS")},
        "8 times the dense 4.5 PFLOPS, where 2:4 sparsity makes 2 times",
    ),
    (
        "sparse-ratio",
        "compute.sparse.fp8",
        {"compute.sparse.fp8": figure("9 PFLOPS", note="8:1 unstructured sparsity")},
        "2 times the dense 4.5 PFLOPS, where its note states 8 times",
    ),
    (
        "peak-ladder",
        "compute.dense.fp8",
        {"compute.dense.fp8": figure("6.5 PFLOPS"), "compute.dense.fp4": None, "compute.sparse": {}},
        "2.89 times the bf16 peak of 2.25 PFLOPS; chips have 1 or 2 or 4 or 8 times",
    ),
    (
        "peak-ladder",
        "compute.dense.fp8",
        {"compute.dense.fp8": figure("9.0 PFLOPS"), "compute.sparse": {}},
        "4 times the bf16 peak of 2.25 PFLOPS; a sparse peak beside a dense one makes the same",
    ),
    (
        "peak-ladder",
        "compute.dense.fp4",
        {"compute.dense.fp4": figure("2.25 PFLOPS")},
        "0.5 times the fp8 peak of 4.5 PFLOPS; chips have 1 or 2 or 3 times",
    ),
    (
        "above-peak",
        "reference.compute.bf16_achieved",
        {"reference.compute.bf16_achieved": figure("2.3 PFLOPS")},
        "is 2.3 PFLOPS, above the peak of 2.25 PFLOPS",
    ),
    (
        "above-peak",
        "reference.bandwidth.hbm_reached",
        {"reference.bandwidth.hbm_reached": figure("8.1 TB/s")},
        "above the peak of 8 TB/s",
    ),
    (
        "below-peak",
        "reference.compute.bf16_achieved",
        {"reference.compute.bf16_achieved": figure("900 TFLOPS")},
        "40% of the dense 2.25 PFLOPS",
    ),
    (
        "link-both-ways",
        "interconnect.chip",
        {"interconnect.chip": figure("1.8 TB/s", note="1.8 TB/s counts both directions"), "reference.bandwidth": {}},
        "is 1.8 TB/s, which counts both directions by its own note; one direction is 900 GB/s",
    ),
    (
        "link-both-ways",
        "interconnect.chip",
        {
            "interconnect.chip": figure("1.8 TB/s", note="18 links of 50 GB/s in one direction"),
            "reference.bandwidth": {},
        },
        "where '18 links of 50 GB/s' in its note makes 900 GB/s; one direction is 900 GB/s",
    ),
    (
        "link-both-ways",
        "interconnect.chip",
        {
            "interconnect.chip": figure("1.8 TB/s", note="18 x 100 GB/s, bidirectional"),
            "reference.bandwidth": {},
        },
        "where '18 x 100 GB/s' in its note makes 1.8 TB/s both ways",
    ),
    (
        "link-both-ways",
        "interconnect.chip",
        {
            "interconnect.chip": figure("1.8 TB/s", note="in one direction"),
            "interconnect.domain": figure(72),
            "reference.bandwidth": {"rack": figure("130 TB/s", note="both directions, 72 chips")},  # 72 x 1.8 = 129.6
        },
        "which is reference.bandwidth.rack, 130 TB/s in both directions over 72 chips; one direction is 900 GB/s",
    ),
    ("link-direction", "interconnect.chip", {"interconnect.chip": figure("900 GB/s")}, "without a word on directions"),
    (
        "gb-gib",  # 192 GB are 178.8 GiB, here written as 178.8 GB
        "memory.capacity",
        {"memory.capacity": figure("178.8 GB"), "reference.capacity": {}},
        "is 178.8 GB and memory.capacity_marketed 192 GB, a factor of 1.074 apart: GiB read as GB",
    ),
    (
        "gb-gib",
        "memory.capacity",
        {"memory.capacity": figure("192 GiB"), "reference.capacity": {}},
        "is 206.2 GB and memory.capacity_marketed 192 GB, a factor of 1.074 apart: GB read as GiB",
    ),
    (
        "driver-memory",
        "memory.capacity",
        {"memory.capacity": figure("192 GB"), "reference.capacity": {"driver": figure("178.35 GB")}},
        "is 192 GB, and the driver reports 178.3 GB",
    ),
    (
        "marketed-memory",
        "memory.capacity",
        {"memory.capacity": figure("192 GB"), "memory.capacity_marketed": figure("180 GB")},
        "is 192 GB, above the marketed 180 GB; are they swapped?",
    ),
    (
        "memory-note",
        "memory.capacity",
        {"memory.capacity": figure("192 GB", note="180 GB in a server of eight"), "reference.capacity": {}},
        "is 192 GB, and its note tells of 180 GB",
    ),
    (
        "memory-note",
        "memory.bandwidth",
        {"memory.bandwidth": figure("8 TB/s", note="the driver reports 7.67 TB/s")},
        "is 8 TB/s, and its note tells of 7.67 TB/s",
    ),
    (
        "stream-time",  # the bandwidth of a cache beside the capacity of HBM: 180e9 / 80e12 = 2.25 ms
        "memory.bandwidth",
        {"memory.bandwidth": figure("80 TB/s")},
        "is 80 TB/s, which reads 180 GB in 0.0022 s, where HBM takes 0.008 to 0.2 s",
    ),
    (
        "sram-sum",
        "memory.bandwidth",
        {**SRAM, "memory.bandwidth": figure("80 TB/s")},
        "is 80 TB/s of SRAM without saying that it is a sum",
    ),
    (
        "sram-sum",
        "efficiency.weights",
        {**SRAM, "efficiency.weights": figure("100 %", "assumed", note="all ports at once")},
        "is 100 % of a sum of local ports",
    ),
    (
        "system-sum",
        "reference.capacity.rack",
        {"reference.capacity.rack": figure("180 GB")},
        "is 180 GB, and 4 chips of 180 GB make 720 GB",
    ),
    (
        "power-chips",
        "power.system",
        {"power.system": figure("3 kW")},
        "is 3 kW, and 4 chips of 1 kW draw 4 kW",
    ),
    ("power-host", "power.system", {"power.system": figure("4 kW")}, "is 4 kW, 4 times the 1 kW of a chip"),
    (
        "price-parts",
        "price.system",
        {"price.system": {**figure("40000 USD"), **PRICE}},
        "is 40,000 USD, and 4 chips alone are 140,000 USD to 200,000 USD",
    ),
    (
        "price-currency",
        "price.system",
        {"price.system": {**figure("250000 USD", note="230,000 EUR"), **PRICE}},
        "is 250,000 USD and its note speaks of EUR; state the rate",
    ),
    (
        "price-date",
        "price.system",
        {"price.system": {**figure("250000 USD"), **PRICE, "date": "2026"}},
        "is 250,000 USD of 2026; give the month",
    ),
    (
        "rent-per-chip",  # 300,000 / (4 x 36 x 8,760) = 0.24 years
        "price.rent.on_demand",
        {"price.rent.on_demand": {**figure("36 USD/h"), **PRICE}},
        "is 36 USD/h, which pays the 250,000 USD of a system of 4 in 0.2 years",
    ),
    (
        "rent-order",
        "price.rent.three_years",
        {"price.rent.three_years": {**figure("5 USD/h"), **PRICE}},
        "is 5 USD/h, above price.rent.on_demand at 4.54 USD/h",
    ),
    (
        "token-prices",
        "api.gpt-oss-120b.cached",
        {"api.gpt-oss-120b.cached": {**figure("0.2 USD/Mtok"), **PRICE}},
        "is 0.2 USD/Mtok, above the input at 0.15 USD/Mtok",
    ),
    (
        "token-prices",
        "api.gpt-oss-120b.input",
        {"api.gpt-oss-120b.input": {**figure("0.9 USD/Mtok"), **PRICE}},
        "is 0.9 USD/Mtok, above the output at 0.6 USD/Mtok",
    ),
    (
        "stale-price",
        "price.system",
        {"price.system": {**figure("250000 USD"), **PRICE, "date": "2026-05-23"}},
        "is 250,000 USD of 2026-05-23, more than 6 months old",
    ),
    (
        "stale-figure",
        "observed.0.speed",
        {"observed": [{"model": "gpt-oss-120b", "speed": figure("900 tok/s", "vendor_measured", date="2025-04")}]},
        "is 900 tok/s of 2025-04, more than 18 months old",
    ),
    (
        "future-date",
        "memory.usable",
        {"memory.usable": figure("90 %", date="2026-12")},
        "is dated 2026-12, after 2026-11-24",
    ),
    (
        "claim-computed",
        "memory.usable",
        {"memory.usable": figure("90 %", "vendor_claim")},
        "is 90 %, a vendor's claim that results are computed from",
    ),
    (
        "claim-fitted",
        "observed.0.speed",
        {"observed": [{"model": "gpt-oss-120b", "fitted": True, "speed": figure("1000 tok/s", "vendor_claim")}]},
        "is 1,000 tok/s on gpt-oss-120b, a vendor's claim that constants were fitted to",
    ),
    (
        "third-party",
        "observed.0.speed",
        {"sources.bench": {"title": "Speeds of the X1", "locator": "https://blog.acme.example/x1"}},
        "is 1,000 tok/s, with 1 more of that source, from 'Speeds of the X1', which Acme published or submitted itself",
    ),
    (
        "third-party",
        "observed.0.speed",
        {"sources.bench": {"title": "A benchmark, closed division, Acme, X1", "locator": "https://bench.example"}},
        "which Acme published or submitted itself",
    ),
    ("assumed-note", "memory.usable", {"memory.usable": figure("90 %", "assumed")}, "is 90 %, assumed without a note"),
    ("derived-note", "memory.usable", {"memory.usable": figure("90 %", "derived")}, "is 90 %, derived without a note"),
    (
        "range-note",
        "power.system",
        {"power.system": figure("7 kW", low="6 kW")},
        "is 6 kW to 7 kW without a note",
    ),
]


@pytest.mark.parametrize(
    ("rule", "path", "changes", "message"), FAULTS, ids=[f"{f[0]}-{i}" for i, f in enumerate(FAULTS)]
)
def test_a_rule_finds_its_fault(base, rule: str, path: str, changes: Changes, message: str) -> None:
    faults = {finding.figure: finding for finding in found(profile(base, changes), rule)}
    assert list(faults) == [f"acme-x1:{path}"]
    [finding] = faults.values()
    assert message in finding.message
    assert finding.sentence.startswith(f"acme-x1:{path} is ")
    assert finding.severity == RULES[rule].severity
    assert finding.accepted is None


NEAR_MISSES: list[tuple[str, Changes]] = [
    # the note says that the number elsewhere, not this one, counts sparsity
    (
        "dense-sparse",
        {"compute.dense.fp8": figure("4500 TFLOPS", note="without sparsity; 9,000 in the press is sparse")},
    ),
    ("sparse-ratio", {"compute.sparse.fp8": figure("36 PFLOPS", note="8:1 unstructured sparsity")}),
    (
        "sparse-ratio",
        {"compute.dense.fp8": figure("4500 TFLOPS", low="4200 TFLOPS", note="clocks"), "compute.sparse": {}},
    ),
    ("peak-ladder", {"compute.dense.fp8": figure("9 PFLOPS", note="a unit of its own"), "compute.sparse": {}}),
    ("peak-ladder", {"compute.dense.fp4": figure("13.5 PFLOPS")}),  # three times eight bits
    ("below-peak", {"reference.compute.bf16_achieved": figure("1000 TFLOPS")}),  # 44 %
    ("link-both-ways", {"interconnect.chip": figure("900 GB/s", note="half of 1.8 TB/s, which count both directions")}),
    ("link-direction", {"interconnect.chip": figure("900 GB/s", note="in each direction")}),
    (
        "gb-gib",
        {
            "memory.capacity": figure("178.8 GB", high="192 GB", note="one source says 192 GB"),
            "reference.capacity": {},
        },
    ),
    ("memory-note", {"memory.capacity": figure("192 GB", note="1.44 TB a server, 64 GB in the smaller variant")}),
    ("power-host", {"power.system": figure("4 kW"), "power.chip": figure("1 kW", "derived", note="a quarter of 4 kW")}),
    ("price-currency", {"price.system": {**figure("250000 USD", note="231,000 EUR at 1.08 USD a euro"), **PRICE}}),
    ("rent-per-chip", {"price.system": {**figure("1 MUSD", low="250000 USD", note="of two"), **PRICE}}),
    ("stale-price", {"price.system": {**figure("250000 USD"), **PRICE, "date": "2026-05"}}),  # it may be 31 May
    ("stale-figure", {"power.system": figure("7 kW", date="2021")}),  # a specification does not age
    ("claim-computed", {"compute.sparse.bf16": figure("4500 TFLOPS", "vendor_claim")}),
    ("third-party", {"sources.bench": {"title": "Bench Weekly on Acme", "locator": "https://acmeology.example/x1"}}),
]


@pytest.mark.parametrize(("rule", "changes"), NEAR_MISSES, ids=[f"{m[0]}-{i}" for i, m in enumerate(NEAR_MISSES)])
def test_a_rule_passes_what_only_looks_like_its_fault(base, rule: str, changes: Changes) -> None:
    assert found(profile(base, changes), rule) == []


def test_every_rule_has_a_profile_that_it_finds_fault_with() -> None:
    assert {fault[0] for fault in FAULTS} == set(RULES)


def test_peaks_that_the_loader_refuses_are_the_ones_that_the_rule_finds(base) -> None:
    clean = profile(base)
    dense, sparse = clean.compute.dense, clean.compute.sparse
    swapped = clean.compute.model_copy(update={"dense": {**dense, "fp8": sparse["fp8"]}})
    assert swapped.not_below_sparse == ("fp8",)
    [finding] = found(clean.model_copy(update={"compute": swapped}), "dense-sparse")
    assert finding.sentence.startswith(
        "acme-x1:compute.dense.fp8 is 9 PFLOPS, the sparse peak 9 PFLOPS; give the dense"
    )


def test_the_table_is_frozen_and_its_ids_are_its_rules() -> None:
    assert all(name == rule.id and rule.severity in SEVERITIES for name, rule in RULES.items())
    with pytest.raises(TypeError):
        RULES["dense-sparse"] = RULES["gb-gib"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        RULES["dense-sparse"].severity = "note"  # type: ignore[misc]


# -- notes that answer ----------------------------------------------------------------------------------------


def test_a_note_that_names_the_rule_and_a_reason_accepts_the_finding(base) -> None:
    old = {**figure("250000 USD"), **PRICE, "date": "2024-11"}
    for note, reason in (
        ("one list [stale-price: no later price was published]", "no later price was published"),
        ("[stale-price: ]", None),
        ("[price-date: no later price was published]", None),
        ("stale-price: no later price was published", None),
    ):
        [finding] = found(profile(base, {"price.system": {**old, "note": note}}), "stale-price")
        assert finding.accepted == reason, note


def test_figures_of_a_partner_are_not_linted_twice(registry: Registry) -> None:
    partnered = [hardware.profile for hardware in registry if hardware.profile.partner]
    assert partnered
    for one in partnered:
        assert {finding.figure.partition(":")[0] for finding in lint(one, Terms(date(2030, 1, 1)))} == {one.id}


# -- ages -----------------------------------------------------------------------------------------------------


def test_months_back_end_on_days_that_exist() -> None:
    assert Terms(date(2026, 8, 31)).day(6) == date(2026, 2, 28)
    assert Terms(date(2026, 1, 15)).day(1) == date(2025, 12, 15)
    assert Terms(date(2026, 11, 24)).day(2400 * 12) == date.min
    assert [Terms(date(2026, 1, 1), months).price_months for months in (1, 3, 18, 36)] == [1, 1, 6, 12]


@pytest.mark.parametrize(("months", "stale"), [(15, True), (18, False)])
def test_a_price_is_stale_after_a_third_of_the_months(base, months: int, stale: bool) -> None:
    old = profile(base, {"price.system": {**figure("250000 USD"), **PRICE, "date": "2026-06-01"}})
    assert bool(found(old, "stale-price", Terms(date(2026, 11, 24), months))) is stale


# -- what notes say in numbers --------------------------------------------------------------------------------


def test_quantities_of_a_note_are_those_of_their_dimension() -> None:
    note = "183,359 MiB, 7.672 TB/s, 192GB; a 400 Gb/s port"
    assert list(quantities(note, "capacity")) == [183359 * 2**20, 192e9]
    assert list(quantities(note, "bandwidth")) == [7.672e12, 50e9]
    assert list(quantities(None, "capacity")) == []


def test_links_of_a_note() -> None:
    assert list(both_ways("half of 19.2 Tb/s, which count both directions of all links; 900 GB/s in one")) == [2.4e12]
    assert list(both_ways("900 GB/s in one direction, 1.8 TB/s counts both")) == [1.8e12]
    assert list(link_sums("seven links of 64 GB/s in one direction")) == [("seven links of 64 GB/s", 448e9, False)]
    assert [states_direction(note) for note in ("one direction", "12 x 100 Gb Ethernet", "eight links", None)] == [
        True,
        True,
        False,
        False,
    ]


def test_a_pattern_of_sparsity_is_a_ratio() -> None:
    assert [sparsity(note) for note in ("2:4 structured sparsity", "8:1 sparsity", "sparsity of 16:4", "at 12:30")] == [
        2.0,
        8.0,
        4.0,
        None,
    ]
    assert sparsity(None, "0:4 sparsity") is None


# -- what ships, and what is written of it --------------------------------------------------------------------


def test_no_shipped_profile_has_an_error(registry: Registry) -> None:
    terms = Terms(date(2026, 11, 24))
    findings = [finding for hardware in registry for finding in lint(hardware.profile, terms)]
    assert [f.sentence for f in findings if f.severity == "error" and f.accepted is None] == []
    assert not [f for f in findings if f.figure.split(":")[0] not in registry.hardware]


def test_the_page_lists_every_rule_as_the_code_states_it(root: Path) -> None:
    page = (root / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (.+) \|$", page, re.MULTILINE)
    assert rows == [(rule.id, rule.severity, rule.text) for rule in RULES.values()]
