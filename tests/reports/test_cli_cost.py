"""`chipbrief cost` and the yearly view of `chipbrief plan`: documents, text and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chipbrief_reports.cli.app import root
from chipbrief_reports.cli.years_text import before, scale, years_table

SCRIPT = Path(sys.executable).parent / "chipbrief"
VOICE = "id: voice, kind: voice, model: llama-3.1-8b, tokens: {input: 400, output: 60}"
DAILY = "arrival: {requests_per_day: 20M}, slo: {ttft_p95: 400 ms, tpot_p95: 30 ms}"
GROWING = "horizon: {start: 2026-12, months: 19, growth_per_year: 2}\nhardware: [nvidia-b200, groq-lpu, cerebras-cs3]\n"


def invoke(*args: object, command: str = "cost") -> Result:
    return CliRunner().invoke(root, [command, *map(str, args), "--as-of", "2026-11-24"])


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def make(rest: str, *classes: str) -> Path:
        path = tmp_path / "mix.yaml"
        listed = "".join(f"  - {{{one}}}\n" for one in classes or (f"{VOICE}, {DAILY}",))
        path.write_text(f"schema: workload-mix/1\nname: m\nclasses:\n{listed}{rest}")
        return path

    return make


def told(*args: object, command: str = "cost") -> dict[str, Any]:
    done = invoke(*args, "--json", command=command)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# -- as data --------------------------------------------------------------------------------------------------


def test_every_system_has_every_lane_or_its_reason(write: Any) -> None:
    found = told(write(GROWING))
    assert found["horizon"]["before_months"] == 1
    assert len(found["horizon"]["growth_by_month"]) == 19
    lanes: dict[str, list[tuple[str, str | None]]] = {}
    for each in found["lanes"]:
        lanes.setdefault(each["system"], []).append((each["lane"], each["reason"]))
    assert lanes["groq-lpu"] == [("own", None), ("rent", "not rented"), ("api", None)]
    assert lanes["cerebras-cs3"] == [("own", None), ("rent", "not rented"), ("api", "no API price")]
    assert [name for name, _ in lanes["nvidia-b200"]] == ["own", "rent_three_years", "rent_on_demand", "api"]


def test_the_years_add_up(write: Any) -> None:
    for each in told(write(GROWING), "--sold-at", "0.20 USD/Mtok")["lanes"]:
        if each["total"] is None:
            assert each["years"] == []
            continue
        first, second = each["years"]
        assert (first["first_month"], first["last_month"]) == ("2026-12", "2027-11")
        assert (second["first_month"], second["last_month"]) == ("2027-12", "2028-06")
        total = each["total"]
        assert (total["first_month"], total["last_month"]) == ("2026-12", "2028-06")
        for name in (
            "capex_usd",
            "cash_flow_usd",
            "pl_cost_usd",
            "levelised_cost_usd",
            "revenue_usd",
            "tax_usd",
            "mtok",
        ):
            assert first[name] + second[name] == pytest.approx(total[name])
        assert total["revenue_usd"] == pytest.approx(0.20 * total["mtok"])
        after_tax = total["revenue_usd"] - total["pl_cost_usd"] - total["tax_usd"]
        assert total["cash_flow_usd"] == pytest.approx(after_tax)
        assert each["net_cash_usd"] == -total["cash_flow_usd"]
        assert each["pl_usd_mtok"] == pytest.approx(total["pl_cost_usd"] / total["mtok"])


def test_all_lanes_of_a_system_deliver_the_same_tokens(write: Any) -> None:
    found = told(write(GROWING), "--hardware", "nvidia-b200")
    assert len({round(each["total"]["mtok"], 3) for each in found["lanes"] if each["total"]}) == 1


def test_a_term_of_the_mix_acts_and_is_told(write: Any) -> None:
    base = told(write(GROWING), "--hardware", "cerebras-cs3")["lanes"][0]
    found = told(write(f"{GROWING}finance: {{availability: 80 %}}\n"), "--hardware", "cerebras-cs3")
    assert found["terms"]["availability"] == "80 %"
    assert found["lanes"][0]["pl_usd_mtok"] > base["pl_usd_mtok"]


def test_a_mix_without_a_horizon_is_priced_over_a_year(write: Any) -> None:
    found = told(write("hardware: [groq-lpu]\n"))
    assert found["horizon"]["start"] == "2026-11"
    assert found["horizon"]["growth_by_month"] == [1.0] * 12


def test_the_plan_tells_the_same_money_by_year(write: Any) -> None:
    found = told(write(GROWING), "--samples", "2", command="plan")
    assert [year["year"] for year in found["years"]] == [1, 2]
    assert found["years_total"]["levelised_cost_usd"] == pytest.approx(found["plan"]["usd"], rel=1e-4)
    assert found["years_total"]["capex_usd"] == pytest.approx(found["plan"]["capex_usd"])
    shown = invoke(write(GROWING), "--samples", "2", command="plan").stdout
    assert "Cash and P&L by year, thousand USD" in shown


def test_a_plan_without_a_fleet_has_no_years(write: Any) -> None:
    path = write("hardware: [nvidia-b200]\n", f"{VOICE}, arrival: {{requests_per_day: 10k}}, slo: {{tpot_p95: 1 us}}")
    done = invoke(path, "--samples", "2", "--json", command="plan")
    assert done.exit_code == 1
    assert (json.loads(done.stdout)["years"], json.loads(done.stdout)["years_total"]) == ([], None)


def test_only_the_document_is_on_standard_output(write: Any) -> None:
    done = subprocess.run([SCRIPT, "cost", write(GROWING), "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["mix"] == "m"
    assert "voice on nvidia-b200" in done.stderr


# -- as text --------------------------------------------------------------------------------------------------


def test_the_default_example_fits_120_columns() -> None:
    done = invoke()
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 120
    assert "no API price of llama-3.1-8b" in done.stdout
    tables = [line for line in done.stdout.splitlines() if "cash and P&L by year" in line]
    assert [line.split(":")[0] for line in tables] == ["nvidia-b200, rent 3 y", "cerebras-cs3, own", "groq-lpu, API"]
    assert "Year 1 holds the 1 month before it too" in done.stdout


def test_a_system_is_told_in_every_lane(write: Any) -> None:
    shown = invoke(write(GROWING), "--system", "b200").stdout
    tables = [line.split(":")[0] for line in shown.splitlines() if "cash and P&L by year" in line]
    assert tables == [f"nvidia-b200, {lane}" for lane in ("own", "rent 3 y", "on demand")]


def test_a_class_that_is_left_out_is_told_once(write: Any) -> None:
    fast = f"{VOICE}, arrival: {{requests_per_day: 10k}}, slo: {{tpot_p95: 1 us}}".replace("id: voice", "id: fast")
    shown = invoke(write("hardware: [groq-lpu]\n", f"{VOICE}, {DAILY}", fast)).stdout
    assert "1 of 2" in shown
    assert shown.count("groq-lpu, without fast: TPOT") == 1


def test_no_class_that_is_carried_is_a_failure(write: Any) -> None:
    path = write("hardware: [groq-lpu]\n", f"{VOICE}, arrival: {{requests_per_day: 10k}}, slo: {{tpot_p95: 1 us}}")
    done = invoke(path)
    assert done.exit_code == 1
    assert "No system carries any class" in done.stdout
    assert "groq-lpu: TPOT" in done.stdout


def amounts(**changes: float) -> dict[str, Any]:
    names = [
        "capex",
        "deposit",
        "rent",
        "api",
        "residual",
        "decommissioning",
        "revenue",
        "tax",
        "cash_flow",
        "discounted_cash_flow",
        "depreciation",
        "provision",
        "pl_cost",
        "book_value",
        "levelised_cost",
        "commitment",
    ]
    year: dict[str, Any] = {f"{name}_usd": 0.0 for name in names}
    return {**year, "operating_usd_by_line": {}, "mtok": 10.0, "pl_usd_mtok": 2.0, "last_month": "2027-11", **changes}


def test_years_beside_one_another_and_what_is_received_with_a_minus() -> None:
    year = amounts(rent_usd=2_500_000.0, residual_usd=500_000.0, operating_usd_by_line={"energy": 1_000.0})
    total = amounts(rent_usd=17_500_000.0, residual_usd=3_500_000.0, operating_usd_by_line={"energy": 7_000.0})
    shown = years_table("A", [year] * 7, total)
    first, _, _, cash, energy, rent, received, *_ = shown.splitlines()
    assert energy.split() == ["Energy", *["0.001"] * 6]
    assert shown.count("Energy") == shown.count("Rent ") == 4  # cash and P&L, in both parts
    assert (first, cash) == ("A, million USD", "Cash")
    assert rent.split() == ["Rent", *["2.500"] * 6]
    assert received.split()[-6:] == ["\u22120.500"] * 6
    assert shown.count("Million tokens") == 2  # six years, then the seventh beside the total
    assert "Deposits" not in shown


@pytest.mark.parametrize(
    ("usd", "unit"), [(2e9, "billion USD"), (-3e6, "million USD"), (4e3, "thousand USD"), (0, "USD")]
)
def test_the_unit_of_a_table(usd: float, unit: str) -> None:
    assert scale(usd)[1] == unit


def test_a_year_that_holds_no_month_before_says_nothing() -> None:
    assert before(0) == ""
    assert before(2).startswith("Year 1 holds the 2 months before it too")


# -- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--system", "nvidia-b20"), "--system: unknown hardware 'nvidia-b20'; did you mean 'nvidia-b200'?"),
        (("--hardware", "nvidia-b20"), "--hardware: unknown hardware 'nvidia-b20'; did you mean 'nvidia-b200'?"),
        (("--system", "nvidia-h100"), "--system: nvidia-h100 is not among the systems considered (nvidia-b200, "),
        (("--sold-at", "3"), "--sold-at: expected a price of tokens such as 0.60 USD/Mtok, got '3'"),
        (("--order-months", "-1"), "--order-months"),
        (("--as-of", "soon"), "--as-of"),
    ],
)
def test_bad_options(write: Any, options: tuple[str, str], said: str) -> None:
    done = CliRunner().invoke(root, ["cost", str(write(GROWING)), *options])
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_lag_of_a_whole_life_is_bad_input(write: Any) -> None:
    done = invoke(write("hardware: [nvidia-b200]\nfinance: {lag: 400 d, economic_life: 1 y}\n"))
    assert done.exit_code == 2
    assert "finance.lag: 14 months take all of an economic life of 12" in done.stderr
