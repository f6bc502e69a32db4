"""A system without a measured point says so wherever it is shown."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from chipbrief.catalogue import load_catalogue
from chipbrief.evaluate import evaluate, vendor_fleets
from chipbrief.evidence.model_error import model_error
from chipbrief.registry import load_registry
from chipbrief.workload import load_mix
from chipbrief_reports.briefing.compose import UNMEASURED, compose
from chipbrief_reports.briefing.document import Briefing
from chipbrief_reports.cli.app import root
from chipbrief_reports.export import tables

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
ERROR = model_error(REGISTRY, CATALOGUE)
NO_POINTS = {
    # what no row of a public benchmark with a cited source names, as of November 2026
    "aws-trainium3",
    "cerebras-cs4",
    "google-tpu-8i",
    "google-tpu-v5e",
    "intel-gaudi3",
    "meta-mtia-2i",
    "meta-mtia-300",
    "meta-mtia-400",
    "microsoft-maia-200",
    "nvidia-groq3-lpx",
    "nvidia-l40s",
    "nvidia-rtx-pro-6000",
    "sambanova-sn50",
}
MIX = """
schema: workload-mix/1
name: chat
classes:
  - id: chat
    kind: chat
    model: qwen3-32b
    tokens: {input: 1000, output: 300}
    arrival: {requests_per_day: 1M}
    slo: {tpot_p95: 80 ms}
hardware: [HARDWARE]
"""


def invoke(*args: str) -> str:
    done = CliRunner().invoke(root, args, prog_name="chipbrief", catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.fixture
def mix(tmp_path: Path):
    def write(*hardware: str) -> Path:
        path = tmp_path / "mix.yaml"
        path.write_text(MIX.replace("HARDWARE", ", ".join(hardware)))
        return path

    return write


def briefing(path: Path, sections: tuple[str, ...]) -> Briefing:
    wanted = load_mix(path, models=CATALOGUE.names, hardware=REGISTRY.names)
    results = evaluate(wanted, REGISTRY, CATALOGUE, as_of="2026-11-24", samples=50)
    return compose(results, ERROR, title="Chat", organisation="", sections=sections, focus=(), theme={})


def test_the_list_names_them() -> None:
    listed = {s["id"]: s for s in json.loads(invoke("systems", "--json"))["systems"]}
    assert {name for name, system in listed.items() if not system["measured"]} == NO_POINTS
    assert listed["nvidia-vera-rubin-nvl72"]["measured_points"] == 1  # MLPerf v6.1
    rows = {line.split()[0]: line.split()[-1] for line in invoke("systems").splitlines() if line}
    assert {name for name in listed if rows[name] == "none"} == NO_POINTS
    assert rows["nvidia-gh200"] == "fitted"


@pytest.mark.parametrize(("system", "said"), [("gaudi3", True), ("h100", False)])
def test_the_profile_says_it(system: str, said: bool) -> None:
    assert ("! no measured point behind it" in invoke("systems", system)) is said


def test_the_table_of_evidence_says_whose_constants_it_has() -> None:
    told = {s["id"]: s for s in json.loads(invoke("systems", "--evidence", "--json"))["systems"]}
    constants = {name: told[name]["constants"] for name in ("nvidia-b200", "nvidia-l40s", "intel-gaudi3")}
    assert constants == {"nvidia-b200": "own", "nvidia-l40s": "family", "intel-gaudi3": "pooled"}
    assert told["intel-gaudi3"]["median_error"] is None
    assert told["nvidia-b200"]["measured_points"] > 50
    assert all(entry["assumed"] or entry["figures_assumed"] == 0 for entry in told.values())
    assert CliRunner().invoke(root, ["systems", "b200", "--evidence"]).exit_code == 2


def test_a_prediction_and_the_data_files_say_it(tmp_path: Path, mix) -> None:
    rows = "hardware,model,metric,n_chips,isl,osl,concurrency\n" + "".join(
        f"{name},qwen3-32b,tpot_ms,8,1000,200,8\n" for name in ("h100", "gaudi3")
    )
    (tmp_path / "points.csv").write_text(rows)
    measured, unmeasured = json.loads(invoke("predict", str(tmp_path / "points.csv"), "--json"))["predictions"]
    assert "no measured point behind it" in unmeasured["reason"]
    assert "no measured point" not in measured["reason"]
    wanted = load_mix(mix("nvidia-h100", "intel-gaudi3"), models=CATALOGUE.names, hardware=REGISTRY.names)
    results = evaluate(wanted, REGISTRY, CATALOGUE, as_of="2026-11-24", samples=20)
    for name in ("operating_points", "costs", "cost_lines", "frontier"):
        table = tables(results, ERROR)[name]
        assert dict(zip(table["hardware"], table["measured"], strict=True)) == {
            "nvidia-h100": True,
            "intel-gaudi3": False,
        }


def test_both_sorts_of_rack_are_named_and_counted(mix) -> None:
    """Qwen3-32B on LPX: half a rack of LPUs beside a few of an NVL72's GPUs are a rack of each to buy."""
    wanted = load_mix(mix("nvidia-groq3-lpx"), models=CATALOGUE.names, hardware=REGISTRY.names)
    results = evaluate(wanted, REGISTRY, CATALOGUE, as_of="2026-11-24", samples=20)
    [fleet] = [f for f in vendor_fleets(results) if f.lane == "own"]
    assert fleet.by_system == {"nvidia-vera-rubin-nvl72": 1.0, "nvidia-groq3-lpx": 1.0}
    assert sum(fleet.by_system.values()) == fleet.systems.value
    printed = repr(briefing(mix("nvidia-groq3-lpx"), ("decision",)).sections)
    assert "1 Groq 3 LPX† and 1 Vera Rubin NVL72 for chat" in printed


def test_a_comparison_marks_them(mix) -> None:
    path = str(mix("nvidia-h100", "intel-gaudi3"))
    text = invoke("compare", path, "--samples", "20")
    assert json.loads(invoke("compare", path, "--samples", "20", "--json"))["unmeasured"] == ["intel-gaudi3"]
    assert "intel-gaudi3 (*)" in text
    assert "nvidia-h100 (*)" not in text
    assert text.rstrip().endswith("(*) no measured point behind it, and so a wider range: intel-gaudi3")
    assert "(*)" not in invoke("compare", str(mix("nvidia-h100")), "--samples", "20")


def test_a_briefing_marks_and_explains_them_in_every_section_that_shows_one(mix) -> None:
    sections = ("decision", "speed-cost", "latency", "capacity", "cost", "sensitivity", "power")
    printed = briefing(mix("nvidia-h100", "intel-gaudi3"), sections)
    for section in printed.sections:
        assert re.search("Gaudi 3 servers?†", repr(section)), section.id
        assert not re.search("Gaudi 3 server(?!s?†)", repr(section)), section.id
        assert UNMEASURED in repr(section.blocks[-1]), section.id
    first = repr(printed.sections[0])
    assert "No measured point stands behind Gaudi 3 server†" in first
    assert "DGX H100†" not in first
    plain = briefing(mix("nvidia-h100"), sections)
    assert "†" not in repr(plain.sections)
