"""Tranches and the caps of a plan: what a mix accepts, and every fault with its place."""

from pathlib import Path

import pytest

from chipbrief.config import parse_yaml
from chipbrief.errors import InputError
from chipbrief.workload import Tranche, WorkloadMix, mix_from_document

MODELS = {"llama-3.1-8b": "llama-3.1-8b"}
HARDWARE = {"acme-x1": "acme-x1", "x1": "acme-x1", "acme-x2": "acme-x2"}
MIX = """\
schema: workload-mix/1
name: small
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 900, output: 100}
    arrival: {requests_per_day: 2M}
"""


def mix(more: str) -> WorkloadMix:
    return mix_from_document(parse_yaml(MIX + more, "mix.yaml"), Path(), models=MODELS, hardware=HARDWARE)


def problems(more: str) -> list[str]:
    with pytest.raises(InputError) as refused:
        mix(more)
    return [str(problem) for problem in refused.value.problems]


def test_tranches_are_ranges_of_power_or_of_units_in_the_order_of_their_months() -> None:
    found = mix("""\
tranches:
  - {hardware: x1, by: 2026-12, power: {low: 50 MW, value: 100 MW, high: 250 MW}, delay_months: 6, basis: the press}
  - {hardware: acme-x2, by: 2026-12, power: 20 MW}
  - {hardware: acme-x1, by: 2027-06, units: {low: 10, value: 12.5, high: 1k}}
""").tranches
    assert [(t.hardware, t.by, t.delay_months) for t in found] == [
        ("acme-x1", "2026-12", 6),
        ("acme-x2", "2026-12", 0),
        ("acme-x1", "2027-06", 0),
    ]
    power, alone, units = found[0].power, found[1].power, found[2].units
    assert power is not None
    assert alone is not None
    assert units is not None
    assert (power.low, power.value, power.high) == (50e6, 100e6, 250e6)
    assert (alone.low, alone.value, alone.high) == (20e6, 20e6, 20e6)
    assert (units.low, units.value, units.high) == (10, 12.5, 1000)
    assert found[0].basis == "the press"


def test_a_mix_without_caps_has_none() -> None:
    found = mix("")
    assert (found.tranches, found.capital_cap, found.power_cap, found.spares) == ((), None, None, 0)


def test_the_caps_of_a_plan() -> None:
    found = mix("capital_cap: 50 MUSD\npower_cap: 20 MW\nspares: 1\n")
    assert (found.capital_cap, found.power_cap, found.spares) == (50e6, 20e6, 1)
    assert mix("capital_cap: $1.5B\n").capital_cap == 1.5e9


def test_every_fault_of_the_tranches_at_once() -> None:
    assert problems("""\
capital_cap: 50 MW
spares: 1.5
hardware: [acme-x1]
tranches:
  - {hardware: acme-x3, by: 2027-12, power: 5 MW}
  - {hardware: acme-x1, by: 2026-12, power: 5 MW}
  - {hardware: acme-x1, by: 2028, units: 5}
  - {hardware: acme-x1, by: 2028-12, units: 5, power: 5 MW}
  - {hardware: acme-x1, by: 2028-12}
  - {hardware: acme-x1, by: 2028-12, power: {low: 9 MW, value: 5 MW, high: 10 MW}}
  - {hardware: acme-x1, by: 2028-12, power: {low: 9 MW, value: 9 MW, hihg: 10 MW}}
  - {hardware: acme-x1, by: 2028-12, power: 5, delay_months: -1}
  - {hardware: acme-x1, by: 2028-12, units: 0}
""") == [
        "mix.yaml:9:14: capital_cap: expected an amount of money such as 37000 USD, got '50 MW'",
        "mix.yaml:10:9: spares: expected a whole number, got '1.5'",
        "mix.yaml:13:16: tranches[0].hardware: unknown hardware 'acme-x3'; did you mean 'acme-x2'?",
        "mix.yaml:14:29: tranches[1].by: tranches out of order: 2026-12 stands after 2027-12",
        "mix.yaml:15:29: tranches[2].by: expected a month such as 2026-12, got '2028'",
        "mix.yaml:16:5: tranches[3]: give exactly one of power and units",
        "mix.yaml:17:5: tranches[4]: give exactly one of power and units",
        "mix.yaml:18:38: tranches[5].power: expected low <= value <= high, and all of them more than 0",
        "mix.yaml:19:38: tranches[6].power.high: is missing",
        "mix.yaml:19:76: tranches[6].power.hihg: is not a field here; did you mean 'high'?",
        "mix.yaml:20:45: tranches[7].power: expected a power such as 14.3 kW, got '5'; did you mean '5 kW'?",
        "mix.yaml:20:62: tranches[7].delay_months: expected a number that is not negative, got '-1'",
        "mix.yaml:21:45: tranches[8].units: expected low <= value <= high, and all of them more than 0",
    ]


def test_tranches_of_hardware_that_the_mix_leaves_out_are_refused() -> None:
    found = problems("hardware: [acme-x1]\ntranches:\n  - {hardware: acme-x2, by: 2026-12, units: 3}\n")
    assert found == ["mix.yaml:10:1: tranches: tranches of acme-x2, which the mix's hardware does not name"]


def test_the_order_is_checked_without_a_file_too() -> None:
    late, early = ({"hardware": "a", "by": month, "units": 1} for month in ("2027-01", "2026-12"))
    document = parse_yaml(MIX, "mix.yaml").data
    with pytest.raises(ValueError, match="tranches out of order: 2027-01, 2026-12"):
        WorkloadMix.model_validate({**document, "tranches": [late, early]})
    assert Tranche.model_validate(early).by == "2026-12"
