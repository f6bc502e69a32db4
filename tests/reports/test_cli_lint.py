"""`chipbrief systems --lint`: findings, exit codes, and what the command refuses."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chipbrief.hardware import Hardware, HardwareProfile
from chipbrief.hardware.lint import RULES
from chipbrief.registry import Registry
from chipbrief_reports.cli import loading
from chipbrief_reports.cli.app import root

ACME = Path(__file__).parents[1] / "data" / "acme-x1.yaml"
DAY = ("--as-of", "2026-11-24")


def invoke(*words: object) -> Result:
    return CliRunner().invoke(root, ["systems", *map(str, words)], prog_name="chipbrief")


def document(*words: object) -> dict[str, Any]:
    return json.loads(invoke("--lint", *words, "--json", *DAY).stdout)


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch):
    """Register nothing but acme-x1, with one text in its file replaced by another."""

    def make(old: str = "", new: str = "") -> None:
        text = ACME.read_text(encoding="utf-8")
        assert old in text
        made = Hardware.from_profile(HardwareProfile.from_text(text.replace(old, new, 1) if old else text))
        registry = Registry({"acme-x1": made}, {"acme-x1": "acme-x1", "x1": "acme-x1"}, ())
        monkeypatch.setattr(loading, "registry", lambda **_: registry)

    return make


def test_all_shipped_systems_are_linted_without_an_error() -> None:
    done = invoke("--lint", *DAY)
    assert done.exit_code == 0, done.stderr
    found = document()
    assert found["errors"] == 0
    assert len(found["systems"]) == len(json.loads(invoke("--json").stdout)["systems"])
    assert (
        done.stdout.strip()
        .splitlines()[-1]
        .startswith(
            f"0 errors, {found['warnings']} warnings, {found['notes']} notes in {len(found['systems'])} systems as of 2026-11-24"
        )
    )


def test_json_has_every_finding_with_its_rule_and_figure(acme) -> None:
    acme()
    found = document("x1")
    assert (found["as_of"], found["months"], found["price_months"], found["systems"]) == (
        "2026-11-24",
        18,
        6,
        ["acme-x1"],
    )
    assert found["warnings"] + found["errors"] + found["notes"] == len(found["findings"])
    assert found["accepted"] == []
    assert {
        "rule": "link-direction",
        "severity": "warning",
        "figure": "acme-x1:interconnect.chip",
        "message": "acme-x1:interconnect.chip is 100 GB/s without a word on directions; say 'in one direction', or halve it",
    } in found["findings"]
    assert {finding["rule"] for finding in found["findings"]} <= set(RULES)


def test_an_error_is_exit_code_1_and_comes_first(acme) -> None:
    acme(
        "bandwidth: {value: 2 TB/s, low: 1 TB/s, high: 3 TB/s", "bandwidth: {value: 80 TB/s, low: 1 TB/s, high: 80 TB/s"
    )
    done = invoke("--lint", *DAY)
    assert done.exit_code == 1
    first = done.stdout.splitlines()[2].split()
    assert first[:3] == ["error", "stream-time", "acme-x1:memory.bandwidth"]
    assert done.stdout.strip().splitlines()[-1].startswith("1 error, ")
    assert document()["errors"] == 1


def test_a_note_that_answers_takes_a_finding_out_of_the_count(acme) -> None:
    acme(
        "bandwidth: {value: 2 TB/s, low: 1 TB/s, high: 3 TB/s, ",
        'bandwidth: {value: 80 TB/s, note: "[stream-time: made up]", ',
    )
    done = invoke("--lint", *DAY)
    assert done.exit_code == 0
    assert done.stdout.strip().endswith("; 1 more accepted by a note")
    [accepted] = document()["accepted"]
    assert (accepted["rule"], accepted["reason"]) == ("stream-time", "made up")


def test_several_systems_by_id_or_alias_and_each_once() -> None:
    found = document("b200", "groq-lpu", "nvidia-b200")
    assert found["systems"] == ["nvidia-b200", "groq-lpu"]
    assert {finding["figure"].partition(":")[0] for finding in found["findings"]} == {"nvidia-b200", "groq-lpu"}


def test_months_move_what_is_stale() -> None:
    def stale(*words: object) -> set[str]:
        return {f["figure"] for f in document("groq-lpu", *words)["findings"] if f["rule"] == "stale-price"}

    assert stale() == {"groq-lpu:price.system"}  # of February 2024
    assert stale("--months", 120) == set()
    assert len(stale("--months", 3)) > 1  # prices of a month ago and more


def test_a_system_without_findings_prints_one_line(acme, monkeypatch: pytest.MonkeyPatch) -> None:
    acme()
    none = {name: dataclasses.replace(rule, check=lambda *_: iter(())) for name, rule in RULES.items()}
    monkeypatch.setattr("chipbrief.hardware.lint.table.RULES", none)
    assert invoke("--lint", *DAY).stdout == "0 errors, 0 warnings, 0 notes in 1 system as of 2026-11-24\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--lint", "nvdia-b200"), "ID: unknown hardware 'nvdia-b200'; did you mean 'nvidia-b200'?"),
        (("--lint", "b200", "nosuch"), "ID: unknown hardware 'nosuch'"),
        (("--lint", "--as-of", "2026-13-01"), "--as-of: expected a date such as 2026-11-23, got '2026-13-01'"),
        (("--lint", "--months", "0"), "0 is not in the range"),
        (("--months", "6"), "--months and --as-of are of --lint"),
        (("--as-of", "2026-11-23"), "--months and --as-of are of --lint"),
        (("--lint", "--evidence"), "--evidence and --lint are two lists: give one"),
        (("b200", "groq-lpu"), "one system at a time, got b200 and groq-lpu"),
    ],
)
def test_bad_input_is_exit_code_2_with_what_to_do(words: tuple[str, ...], told: str) -> None:
    done = invoke(*words)
    assert done.exit_code == 2
    assert told in done.stderr
    assert done.stdout == ""
