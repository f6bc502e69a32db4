"""`chipbrief schema`: what it accepts is what the readers accept, on every file that ships and on known-bad ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from chipbrief.catalogue import load_catalogue
from chipbrief.claims import CHECKS, load_claims
from chipbrief.conformance import read_cases
from chipbrief.errors import ChipbriefError, UnitError
from chipbrief.hardware import HardwareProfile
from chipbrief.hardware.calibration import CALIBRATION_FILE
from chipbrief.registry import load_registry
from chipbrief.sweep import load_sweep
from chipbrief.units import DIMENSIONS
from chipbrief.workload import load_mix
from chipbrief_reports.cli.app import root
from chipbrief_reports.cli.schema_of import SCHEMAS, json_schema, quantity
from chipbrief_reports.request import read_request
from chipbrief_templates import CLAIMS, MIXES
from chipbrief_templates import SCHEMAS as SHIPPED

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
NAMES: dict[str, Mapping[str, str]] = {"models": load_catalogue().names, "hardware": load_registry().names}
VALIDATORS = {name: Draft202012Validator(json_schema(name)) for name in SCHEMAS}
FILES = {
    "profile": [*sorted(ROOT.glob("plugins/*/*.yaml")), *sorted(DATA.glob("acme-*.yaml"))],
    "mix": sorted(MIXES.glob("*.yaml")),
    "claims": [*sorted(CLAIMS.glob("*.yaml")), DATA / "claims-vendors.yaml"],
    "sweep": sorted((ROOT / "templates" / "chipbrief_templates" / "sweeps").glob("*.yaml")),
}
BRIEFING = """
schema: briefing/1
title: Chat
as_of: 2026-11-23
mix: %s
focus: [nvidia-b200]
sections: [decision, evidence]
claims: [openai-cerebras]
formats: [html, pdf]
theme: {accent: "#B4441C", paper: Letter}
schedule: {cron: "0 7 * * MON", timezone: Europe/Berlin, keep: {editions: 26}, retries: {wait: 5 min},
  deliver: [{smtp: {host: mail.example.com, from: a@example.com, to: [b@example.com]}}]}
"""
CASES = """
schema: reference-cases/1
cases:
  - {system: acme-x1, metric: speed, model: llama-3.1-8b, expected: 900 tok/s, tolerance: 20 %, source: a, date: 2026}
sources: {a: {title: A, locator: 405}}
"""


def read(text: str) -> Any:
    """YAML 1.2, as an editor's language server reads it."""
    loader = YAML(typ="safe", pure=True)
    loader.version = (1, 2)  # type: ignore[assignment] # a pair, whatever its annotation says
    return json.loads(json.dumps(loader.load(text), default=str))


def problems(name: str, text: str) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATORS[name].iter_errors(read(text))]


# -- the schemas ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_command_prints_what_ships(name: str) -> None:
    found = CliRunner().invoke(root, ["schema", name])
    assert found.exit_code == 0
    schema = json.loads(found.output)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    shipped = (SHIPPED / f"{name}.json").read_text(encoding="utf-8")
    assert shipped == found.output, f"chipbrief schema {name} > templates/chipbrief_templates/schemas/{name}.json"


def test_without_a_name_it_lists_them_and_a_wrong_one_is_told_the_nearest() -> None:
    listed = CliRunner().invoke(root, ["schema"])
    assert [line.split()[0] for line in listed.output.splitlines()[2:]] == list(SCHEMAS)
    assert {path.stem for path in SHIPPED.glob("*.json")} == set(SCHEMAS)
    wrong = CliRunner().invoke(root, ["schema", "profil"])
    assert wrong.exit_code == 2
    assert "unknown schema 'profil'; did you mean 'profile'?" in wrong.output


def test_every_pattern_is_one_that_javascript_knows() -> None:
    """Editors compile it with the flag u: no inline flags, named groups of Python or escapes of letters."""
    text = json.dumps([json_schema(name) for name in SCHEMAS])
    patterns = set(re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', text))
    assert len(patterns) >= len(DIMENSIONS) - 2
    for pattern in patterns:
        plain = json.loads(f'"{pattern}"')
        assert "(?P" not in plain
        assert not re.search(r"\\[^s.$+]", plain), plain


# -- files that ship ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name, paths in FILES.items() for path in paths if path.name != CALIBRATION_FILE],
    ids=lambda value: value if isinstance(value, str) else value.stem,
)
def test_every_shipped_file_is_valid(name: str, path: Path) -> None:
    assert problems(name, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("mix", ["voice", "{schema: workload-mix/1, name: m, classes: [{id: a, kind: chat, model: llama-3.1-8b, "
    "tokens: {input: {p50: 900, p95: 4k}, output: 300}, arrival: {requests_per_day: 1M}}]}"])  # fmt: skip
def test_a_briefing_with_a_mix_of_any_form_is_valid(mix: str, tmp_path: Path) -> None:
    text = BRIEFING % mix
    (tmp_path / "briefing.yaml").write_text(text)
    read_request(tmp_path / "briefing.yaml", **NAMES)
    assert problems("briefing", text) == []


def test_cases_are_valid(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text(CASES)
    assert read_cases(tmp_path / "cases.yaml", load_catalogue()).cases
    assert problems("cases", CASES) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name in ("mix", "claims", "sweep") for path in FILES[name] if path.parent != DATA],
    ids=lambda value: value if isinstance(value, str) else value.stem,
)
def test_every_example_names_its_schema_for_editors(name: str, path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found
    assert (path.parent / found[1]).resolve() == SHIPPED / f"{name}.json"


# -- what is bad ----------------------------------------------------------------------------------------------

PROFILE = (DATA / "acme-x1.yaml").read_text(encoding="utf-8")
VOICE = (MIXES / "voice.yaml").read_text(encoding="utf-8")
SWEEP = FILES["sweep"][0].read_text(encoding="utf-8")
CLAIM = (DATA / "claims-vendors.yaml").read_text(encoding="utf-8")


def accepts_profile(path: Path) -> object:
    return HardwareProfile.from_yaml(path)


READERS: dict[str, Callable[[Path], object]] = {
    "profile": accepts_profile,
    "mix": lambda path: load_mix(path, **NAMES),
    "briefing": lambda path: read_request(path, **NAMES),
    "claims": lambda path: load_claims(path, checks=CHECKS, **NAMES),
    "sweep": lambda path: load_sweep(path, **NAMES),
    "cases": lambda path: read_cases(path, load_catalogue()),
}
ADDED = r"\Z"
BAD = {
    "no source": ("profile", PROFILE, r"capacity: \{value: 100 GB.*\}", "capacity: 100 GB"),
    "wrong unit": ("profile", PROFILE, r"value: 2 TB/s, low", "value: 2 TB, low"),
    "no unit": ("profile", PROFILE, "value: 10 kW", "value: 10"),
    "over 100 %": ("profile", PROFILE, r"usable: \{value: 90 %", "usable: {value: 1.2"),
    "a kind of memory": ("profile", PROFILE, "kind: hbm", "kind: hmb"),
    "a kind of evidence": ("profile", PROFILE, "value: 90 %, kind: assumed", "value: 90 %, kind: guessed"),
    "a misspelt field": ("profile", PROFILE, "vendor: Acme", "vendour: Acme"),
    "another schema": ("profile", PROFILE, "schema: hardware/1", "schema: hardware/2"),
    "no latency": ("profile", PROFILE, r"  sequence: .*\n", ""),
    "no efficiency": ("profile", PROFILE, r"  kv: .*\n", ""),
    "a month 13": ("profile", PROFILE, "date: 2026-11", "date: 2026-13"),
    "a bad id": ("profile", PROFILE, "id: acme-x1", "id: acme x1"),
    "a comma in a price": ("profile", PROFILE, r'value: "\$100,000"', "value: $100,000"),
    "a number format": ("profile", PROFILE, r"storage: \[bf16\]", "storage: [bf17]"),
    "a bad source id": ("profile", PROFILE, "  acme: {title", "  a cme: {title"),
    "a time without unit": ("mix", VOICE, r"ttft_p95: [\w. ]+", "ttft_p95: 2"),
    "a kind of class": ("mix", VOICE, "kind: voice", "kind: voicy"),
    "no classes": ("mix", "schema: workload-mix/1\nname: a\nclasses: [x]\n", r"\[x\]", "[]"),
    "fewer than none": ("mix", VOICE, r"(requests_per_day|concurrent_users): [\w.]+", r"\1: -1"),
    "no such section": ("briefing", BRIEFING % "voice", "decision,", "decisions,"),
    "no cron": ("briefing", BRIEFING % "voice", r'cron: "[^"]*", ', ""),
    "no mix": ("briefing", BRIEFING % "voice", "mix: voice\n", ""),
    "a paper": ("briefing", BRIEFING % "voice", "paper: Letter", "paper: A3"),
    "a verdict": ("claims", CLAIM, ADDED, "verdict: consistent\n"),
    "a format of rows": ("sweep", SWEEP, ADDED, "format: xlsx\n"),
    "a metric of a case": ("cases", CASES, "metric: speed", "metric: pace"),
    "no tolerance": ("cases", CASES, "tolerance: 20 %, ", ""),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_what_the_reader_refuses_the_schema_refuses(case: tuple[str, str, str, str], tmp_path: Path) -> None:
    name, text, old, new = case
    bad, changes = re.subn(old, new, text, count=1)
    assert changes == 1
    path = tmp_path / "file.yaml"
    path.write_text(bad)
    with pytest.raises(ChipbriefError):
        READERS[name](path)
    try:
        assert problems(name, bad)
    except MarkedYAMLError:  # what is no YAML is refused by any editor
        assert "$100,000" in bad


# -- quantities -----------------------------------------------------------------------------------------------

UNITS = sorted({unit for dimension in DIMENSIONS.values() for unit in dimension.units})


@given(
    st.sampled_from(list(DIMENSIONS.values())),
    st.sampled_from(
        ["8", "8.5", "1e3", "1,000", "37,000.5", "010", "1_000", "-1", "+2", "", "1 2", "0.5", "12:30", "NaN"]
    ),
    st.sampled_from(["", " "]),
    st.sampled_from([*UNITS, "xB", "tb/s", "USD/h/d"]),
    st.booleans(),
)
def test_a_text_is_valid_where_it_can_be_parsed(dimension: Any, number: str, gap: str, unit: str, dollar: bool) -> None:
    text = f"{'$' if dollar else ''}{number}{gap}{unit}"
    try:
        dimension.parse(text)
        read_by_us = True
    except UnitError as error:
        if "at most" in str(error):  # which a pattern cannot say
            return
        read_by_us = False
    assert Draft202012Validator(quantity(dimension)).is_valid(text) == read_by_us, text


def test_a_bare_number_is_valid_where_the_dimension_has_no_unit() -> None:
    bare = {name for name, dimension in DIMENSIONS.items() if Draft202012Validator(quantity(dimension)).is_valid(0.5)}
    assert bare == {"count", "fraction", "ratio"}
    assert not Draft202012Validator(quantity(DIMENSIONS["fraction"])).is_valid(1.5)
