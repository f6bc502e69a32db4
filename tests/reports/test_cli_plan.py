"""`chipbrief plan`: its document, its text, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chipbrief_reports.cli.app import root

SCRIPT = Path(sys.executable).parent / "chipbrief"
MIXES = Path(__file__).parents[2] / "templates" / "chipbrief_templates" / "mixes"
VOICE = "id: voice, kind: voice, model: llama-3.1-8b, tokens: {input: 400, output: 60}"
DAILY = "arrival: {requests_per_day: 20M}, slo: {ttft_p95: 400 ms, tpot_p95: 30 ms}"


def invoke(*args: object) -> Result:
    return CliRunner().invoke(root, ["plan", *map(str, args), "--as-of", "2026-11-24", "--samples", "20"])


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def make(rest: str, one: str = f"{VOICE}, {DAILY}") -> Path:
        path = tmp_path / "mix.yaml"
        path.write_text(f"schema: workload-mix/1\nname: m\nclasses:\n  - {{{one}}}\n{rest}")
        return path

    return make


GROWING = "horizon: {start: 2026-12, months: 7, growth_per_year: 2}\nhardware: [nvidia-b200, groq-lpu]\n"


def test_the_document_adds_up(write: Any) -> None:
    done = invoke(write(GROWING), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["status"] == "planned"
    assert [month["month"] for month in told["months"]] == ["2026-12", *(f"2027-0{n}" for n in range(1, 7))]
    assert sum(month["usd"] for month in told["months"]) == pytest.approx(told["plan"]["usd"])
    for month in told["months"]:
        assert sum(month["usd_by_line"].values()) == pytest.approx(month["usd"])
        assert sum(route["share"] for route in month["routes"]) == pytest.approx(1.0, abs=1e-3)
    usd = told["plan"]["usd_range"]
    assert usd["low"] <= usd["value"] <= usd["high"]
    assert told["plan"]["gap"] <= told["solver"]["gap"]
    assert {other["name"] for other in told["alternatives"]} == {"NVIDIA", "Groq", "API only"}
    for other in told["alternatives"]:
        if other["complete"]:
            assert other["saving_usd"] == pytest.approx(other["plan"]["usd"] - told["plan"]["usd"])
            assert other["saving_usd"] >= -1e-6
    assert told["one_more_mw"] is None
    assert told["delay"] is None


def test_the_same_mix_gives_the_same_bytes(write: Any) -> None:
    path = write(GROWING)
    assert invoke(path, "--json").stdout == invoke(path, "--json").stdout


def test_the_docs_bot_buys_tokens() -> None:
    done = invoke(MIXES / "docs-bot-12m.yaml")
    assert done.exit_code == 0, done.output
    headline = done.stdout.split("\n\n")[1]
    assert headline.startswith("Buy tokens: ")
    assert "By quarter" in done.stdout
    assert "at this load a replica is not filled" in done.stdout


def test_only_the_document_is_on_standard_output(write: Any) -> None:
    done = subprocess.run([SCRIPT, "plan", write(GROWING), "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["mix"] == "m"
    assert "the mixed fleet" in done.stderr


def test_a_cap_below_one_replica_is_told_with_what_is_missing(write: Any) -> None:
    # a wafer is 23 kW x PUE 1.25 = 28.75 kW of utility power, 18.75 more than the cap, and nobody sells this model's tokens on it
    path = write("hardware: [cerebras-cs3]\npower_cap: 10 kW\n", f"{VOICE}, arrival: {{requests_per_day: 10k}}")
    done = invoke(path, "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["status"], told["plan"]) == ("infeasible", None)
    assert told["missing"][0].startswith(
        ("power is short by 0.0187 MW in ", "power is short by 0.0188 MW in ")
    )  # 23 kW x 1.25 - 10 kW = 18.75 kW
    assert told["missing"][0] in done.stderr
    assert "No fleet carries this mix." in invoke(path).stdout


def test_a_power_cap_that_binds_has_a_value_for_one_more_mw(write: Any) -> None:
    # tens of wafers are needed; the cap holds all, so that one more MW is worth nothing
    path = write("hardware: [cerebras-cs3]\npower_cap: 20 MW\n", f"{VOICE}, arrival: {{requests_per_day: 10M}}")
    done = invoke(path, "--json")
    assert done.exit_code == 0, done.output
    more = json.loads(done.stdout)["one_more_mw"]
    assert more["method"] == "solved again with one more MW under the cap"
    assert more["saving_usd"] == pytest.approx(0.0)
    assert "One more MW is worth nothing (solved again" in invoke(path).stdout


def test_levels_that_nobody_keeps(write: Any) -> None:
    done = invoke(
        write("hardware: [nvidia-b200]\n", f"{VOICE}, arrival: {{requests_per_day: 10k}}, slo: {{tpot_p95: 1 us}}")
    )
    assert done.exit_code == 1
    assert "no offer serves voice: nvidia-b200: TPOT" in done.stderr
    assert "What fails, and why" in done.stdout


def test_a_delay_and_the_ends_of_tranches_are_planned_again(write: Any) -> None:
    rest = (
        "horizon: {start: 2026-12, months: 3}\nhardware: [cerebras-cs3]\ntranches:\n"
        "  - {hardware: cerebras-cs3, by: 2026-12, units: {low: 1, value: 40, high: 60}, delay_months: 1}\n"
    )
    done = invoke(write(rest, f"{VOICE}, arrival: {{requests_per_day: 10M}}"), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["delay"]["plan"]["carried_share"] == pytest.approx(2 / 3, abs=1e-3)
    assert told["delay"]["missing"][0].startswith("cerebras-cs3 is short by ")
    assert told["tranches_high"]["plan"]["usd"] == pytest.approx(told["plan"]["usd"], rel=0.01)


@pytest.mark.parametrize(
    ("rest", "one", "said"),
    [
        (
            "tranches:\n  - {hardware: nvidia-b200, by: 2027-06, units: 1}\n  - {hardware: nvidia-b200, by: 2027-01, units: 1}\n",
            f"{VOICE}, {DAILY}",
            "tranches out of order",
        ),
        ("", VOICE, "arrival"),
        ("power_cap: 0\n", f"{VOICE}, {DAILY}", "power_cap"),
        ("spares: -1\n", f"{VOICE}, {DAILY}", "spares"),
    ],
)
def test_bad_input(write: Any, rest: str, one: str, said: str) -> None:
    done = invoke(write(rest, one))
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_bad_options(write: Any) -> None:
    for option in (("--gap", "2"), ("--seconds", "0"), ("--lead-months", "-1"), ("--hardware", "nvidia-b2000")):
        assert invoke(write(""), *option).exit_code == 2
