"""`chipbrief mix`, the mixes that ship, and their names wherever a mix is taken."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel

from chipbrief.catalogue import load_catalogue
from chipbrief.config import parse_yaml
from chipbrief.registry import load_registry
from chipbrief.workload import (
    Arrival,
    FinanceOverrides,
    Horizon,
    OutputDistribution,
    ServiceLevels,
    TokenDistribution,
    Tokens,
    Tranche,
    WorkloadClass,
    WorkloadMix,
    load_mix,
    mix_from_document,
)
from chipbrief.workload.from_trace import KINDS
from chipbrief_reports.cli.app import root
from chipbrief_templates import MIXES, example_mixes

ROOT = Path(__file__).parents[2]
SCRIPT = Path(sys.executable).parent / "chipbrief"
REQUESTS = ROOT / "tests" / "data" / "requests.csv"
NAMES = (
    "agentic-coding",
    "batch-classification",
    "docs-bot-12m",
    "five-workloads",
    "long-reasoning",
    "openai-750mw",
    "voice",
)


def invoke(*args: object, **kwargs: object) -> Result:
    return CliRunner().invoke(root, [str(arg) for arg in args], prog_name="chipbrief", **kwargs)


def shipped(name: str) -> WorkloadMix:
    registry = load_registry(strict=True)
    return load_mix(MIXES / f"{name}.yaml", models=load_catalogue().names, hardware=registry.names)


# -- the mixes that ship --------------------------------------------------------------------------------------


def test_these_mixes_ship() -> None:
    assert tuple(example_mixes()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_mix_says_what_it_asks_and_what_it_rests_on(name: str) -> None:
    mix = shipped(name)
    assert mix.name == name
    assert mix.title
    assert mix.question is not None
    assert mix.question.endswith("?")
    citation = r"ISCA 2024|NSDI 2026|CC-BY 4\.0|SemiAnalysis|MLPerf"
    for wanted in mix.classes:
        assert wanted.basis is not None
        assert "assumed" in wanted.basis or "article" in wanted.basis
        assert re.search(citation, wanted.basis), wanted.id


@pytest.mark.parametrize("name", NAMES)
def test_a_mix_compares_by_its_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = invoke("compare", name, "--samples", 20, "--json")
    assert found.exit_code == 0, found.stderr
    document = json.loads(found.stdout)
    assert document["mix"] == name
    for wanted in document["classes"]:
        assert "meets" in [outcome["status"] for outcome in wanted["outcomes"]], wanted["id"]


def test_the_documentation_bot_has_the_tokens_of_the_article() -> None:
    (bot,) = shipped("docs-bot-12m").classes
    assert bot.demand.mean_requests_s is not None
    tokens = bot.demand.mean_requests_s * 86_400 * (bot.shape.input_mean + bot.shape.output_mean)
    assert tokens == pytest.approx(12e6)


def test_long_reasoning_has_fixed_lengths() -> None:
    first, second, logged = shipped("long-reasoning").classes
    assert (first.shape.output_p50, first.shape.output_p95) == pytest.approx((2000, 2000))
    assert (second.shape.output_p50, second.shape.output_p95) == pytest.approx((10_000, 10_000))
    # ServeGen: 16 % of answers reach 2,000 tokens and 1.7 % reach 10,000
    assert logged.tokens.output.quantile(1 - 0.16) < 3000
    assert logged.tokens.output.quantile(1 - 0.16) > 2000
    assert logged.tokens.output.quantile(1 - 0.017) == pytest.approx(10_000, rel=0.1)


# -- 750 MW ---------------------------------------------------------------------------------------------------


def test_the_tranches_are_three_ranges_to_2028_that_add_up_to_the_deal() -> None:
    mix = shipped("openai-750mw")
    ranges = [tranche.power for tranche in mix.tranches]
    assert [t.hardware for t in mix.tranches] == ["cerebras-cs3"] * 3
    assert [t.by for t in mix.tranches] == ["2026-12", "2027-12", "2028-12"]
    assert all(r is not None and r.low < r.value < r.high for r in ranges)
    assert sum(r.value for r in ranges if r is not None) == 750e6 == mix.power_cap
    assert all(t.basis and t.delay_months == 6 for t in mix.tranches)


def test_the_arithmetic_of_the_750_mw_is_right() -> None:
    text = (MIXES / "openai-750mw.yaml").read_text()
    for told, watts, system, pue in (
        ("3,478", 100e6, 23e3, 1.25),
        ("1,203", 50e6, 27e3, 1.54),
        ("9,881", 250e6, 23e3, 1.10),
        ("26,087", 750e6, 23e3, 1.25),
        ("18,038", 750e6, 27e3, 1.54),
        ("29,644", 750e6, 23e3, 1.10),
    ):
        assert told in text
        assert int(told.replace(",", "")) == pytest.approx(watts / system / pue, abs=1)
    mix = shipped("openai-750mw")
    assert mix.horizon is not None
    assert [step.factor for step in mix.horizon.steps] == [375 / 100, 750 / 100]
    assert [step.from_ for step in mix.horizon.steps] == [tranche.by for tranche in mix.tranches[1:]]
    for wanted, systems, speed in zip(mix.classes, (1217, 2226, 35), (26_000, 820, 69_000), strict=True):
        assert f"{systems:,} x {speed:,}" in (wanted.basis or "")
        served = systems * speed / wanted.demand.peak_factor / wanted.shape.output_mean
        assert wanted.demand.mean_requests_s == pytest.approx(served, rel=0.1)


def test_the_750_mw_say_that_no_throughput_under_load_is_public() -> None:
    mix = shipped("openai-750mw")
    for wanted in mix.classes:
        assert "no public CS-3 throughput under load exists" in (wanted.basis or "")
        assert "assumed" in (wanted.basis or "")
    assert "No throughput of a CS-3 under load has been published" in (MIXES / "openai-750mw.yaml").read_text()


def test_the_demand_of_the_750_mw_is_about_that_of_the_first_tranche() -> None:
    document = json.loads(invoke("compare", "openai-750mw", "--samples", 50, "--json").stdout)
    (fleet,) = [f for f in document["fleets"] if f["system"] == "cerebras-cs3" and f["lane"] == "own"]
    first = shipped("openai-750mw").tranches[0].power
    assert first is not None
    assert len(fleet["served"]) == 3
    assert first.low < fleet["power_w"]["value"] * 1.25 < first.high  # IT power times PUE


# -- names ----------------------------------------------------------------------------------------------------


def test_list_names_them_all() -> None:
    listed = json.loads(invoke("mix", "list", "--json").stdout)["mixes"]
    assert tuple(mix["name"] for mix in listed) == NAMES
    assert all(mix["question"] and mix["classes"] and mix["models"] for mix in listed)
    text = invoke("mix", "list").stdout
    assert all(re.search(rf"^{name} ", text, re.MULTILINE) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_show_prints_the_file(name: str) -> None:
    content = (MIXES / f"{name}.yaml").read_text(encoding="utf-8")
    assert invoke("mix", "show", name).stdout == content
    assert json.loads(invoke("mix", "show", name, "--json").stdout) == {"name": name, "text": content}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mix", "show", "voise"), "error: unknown mix 'voise'; did you mean 'voice'?"),
        (("mix", "show", "zzz"), f"error: unknown mix 'zzz'; expected one of {', '.join(NAMES)}"),
        (("compare", "docs-bot"), "docs-bot: is neither a file nor an example mix; did you mean 'docs-bot-12m'?"),
        (("compare", "voice.yaml"), "voice.yaml: is neither a file nor an example mix; did you mean 'voice'?"),
        (("build", "zzz"), "zzz: is neither a file nor an example mix; chipbrief mix list names them"),
        (("compare", "none.yaml"), "none.yaml: cannot be read: No such file or directory"),
        (("compare", "no/voice"), "no/voice: cannot be read: No such file or directory"),
    ],
)
def test_a_name_that_is_none_is_told_the_nearest(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = invoke(*words)
    assert (found.exit_code, found.stdout, found.stderr) == (2, "", f"{message}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_command_of_the_group_that_is_mistyped() -> None:
    found = invoke("mix", "from-trase")
    assert found.exit_code == 2
    assert found.stderr.splitlines()[-1] == "Error: No such command 'from-trase'; did you mean 'from-trace'?"


SMALL = "schema: workload-mix/1\nname: mine\nclasses:\n  - {id: a, kind: chat, model: llama-3.1-8b, tokens: {input: 9, output: 9}, arrival: {requests_per_day: 1k}}\nhardware: [nvidia-b200]\n"


def test_a_file_goes_before_an_example_and_a_folder_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("voice").mkdir()
    words = ("compare", "voice", "--samples", 2, "--json")
    assert json.loads(invoke(*words).stdout)["mix"] == "voice"
    Path("voice").rmdir()
    Path("voice").write_text(SMALL)
    assert json.loads(invoke(*words).stdout)["mix"] == "mine"


@pytest.mark.slow
def test_build_takes_a_name_and_so_does_a_briefing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--format", "json", "--samples", 2, "--as-of", "2026-11-24")
    assert invoke("build", "docs-bot-12m", "-o", "one", *options).exit_code == 0
    Path("briefing.yaml").write_text("schema: briefing/1\nmix: docs-bot-12m\nsections: [decision]\n")
    assert invoke("build", "briefing.yaml", "-o", "two", *options).exit_code == 0
    Path("briefing.yaml").write_text("schema: briefing/1\nmix: docs-bot-21m\n")
    found = invoke("build", "briefing.yaml", "-o", "three", *options)
    assert found.exit_code == 2
    assert (
        "briefing.yaml:2:6: mix: docs-bot-21m is neither a file nor an example mix; did you mean 'docs-bot-12m'?"
        in found.stderr
    )
    assert not Path("three").exists()


# -- from a log -----------------------------------------------------------------------------------------------


def test_a_mix_from_a_log_compares(tmp_path: Path) -> None:
    path = tmp_path / "mix.yaml"
    found = invoke("mix", "from-trace", REQUESTS, "--model", "llama3.1-8b", "--kind", "rag", "--output", path)
    assert (found.exit_code, found.stdout) == (0, f"{path}\n")
    assert found.stderr == "10 requests over 14,400 s\n"
    text = path.read_text()
    assert "model: llama-3.1-8b  # given: --model" in text
    assert "kind: rag  # given: --kind" in text
    compared = invoke("compare", path, "--hardware", "nvidia-b200", "--samples", 2, "--json")
    (only,) = json.loads(compared.stdout)["classes"]
    assert only["input_tokens"]["mean"] == 550  # of 100, 200, ... 1,000
    assert only["cached_fraction"] == 0.5


def test_a_log_through_a_pipe_compares(tmp_path: Path) -> None:
    command = f"'{SCRIPT}' mix from-trace - < '{REQUESTS}' | '{SCRIPT}' compare /dev/stdin --hardware b200 --samples 2"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Requests (requests): gpt-oss-120b" in done.stdout


def test_from_trace_in_json(tmp_path: Path) -> None:
    log = tmp_path / "log.csv.gz"
    log.write_bytes(gzip.compress(b"ts,in,out\n0,100,10\n600,300,30\n-5,1,1\n"))
    columns = "arrival=ts,input=in,output=out"
    found = invoke("mix", "from-trace", log, "--columns", columns, "--max-broken", "50 %", "--json")
    document = json.loads(found.stdout)
    assert (document["rows"], document["broken_rows"], document["span_s"]) == (2, 1, 600)
    assert document["broken"] == [{"reason": "arrival is negative", "first_line": 4, "rows": 1}]
    assert document["requests_per_day"] == 288  # 2 in 600 s
    assert document["input_tokens"]["p50"] == 200
    assert document["hour"] is None
    assert document["minute"]["busiest"] == 1
    assert document["mix"].startswith("# From 2 requests of log.csv.gz")
    assert found.stderr.splitlines() == [
        "2 requests over 600 s; times taken as s, --time-unit says otherwise",
        f"warning: {log}:4: arrival is negative; rows left out: 1",
    ]


def test_too_many_broken_rows_end_with_nothing_written(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("arrival,input,output\n0,100,10\n600,300,30\n-5,1,1\n7,NaN,1\n")
    found = invoke("mix", "from-trace", log, "--output", tmp_path / "mix.yaml", "--json")
    assert found.exit_code == 2
    assert found.stderr.splitlines() == [
        f"{log}: 2 of 4 rows are broken, more than 1 % (--max-broken)",
        f"{log}:4:1: arrival is negative, in 1 of 4 rows",
        f"{log}:5:1: input is no whole number, in 1 of 4 rows",
    ]
    assert [p["line"] for p in json.loads(found.stdout)["error"]["problems"]] == [None, 4, 5]
    assert list(tmp_path.iterdir()) == [log]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "gpt-oss-12b"), "error: --model: unknown model 'gpt-oss-12b'; did you mean 'gpt-oss-120b'?"),
        (("--kind", "voise"), "error: --kind: unknown kind 'voise'; did you mean 'voice'?"),
        (("--ttft-p95", "2"), "error: --ttft-p95: expected a time such as 2 s, got '2'; did you mean '2 s'?"),
        (("--deadline", "0 h"), "error: --deadline: must be more than 0 s"),
        (("--name", "../x"), "error: --name: expected an id"),
        (("--columns", "arival=ts"), "error: --columns: unknown column 'arival'; did you mean 'arrival'?"),
        (("--max-broken", "5"), "error: --max-broken: expected a share of at most 1, got '5'; did you mean '5 %'?"),
        (("--time-unit", "min"), "Error: Invalid value for '--time-unit': 'min' is not one of"),
        (("--output", "."), "error: --output: cannot be written: .: Is a directory"),
    ],
)
def test_an_option_that_is_wrong(options: tuple[str, ...], message: str) -> None:
    found = invoke("mix", "from-trace", REQUESTS, *options)
    assert (found.exit_code, found.stdout) == (2, "")
    assert message in found.stderr


def test_every_option_that_is_wrong_at_once() -> None:
    found = invoke("mix", "from-trace", REQUESTS, "--kind", "x", "--tpot-p95", "-1 s", "--max-broken", "many")
    assert [line.split(":")[1].strip() for line in found.stderr.splitlines()] == [
        "--kind",
        "--tpot-p95",
        "--max-broken",
    ]


@pytest.mark.parametrize(("log", "reason"), [("none.csv", "No such file or directory"), (".", "Is a directory")])
def test_a_log_that_cannot_be_read(log: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = invoke("mix", "from-trace", log)
    assert (found.exit_code, found.stdout, found.stderr) == (2, "", f"{log}: cannot be read: {reason}\n")


# -- the page -------------------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "mixes.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "model",
    [
        WorkloadMix,
        WorkloadClass,
        Horizon,
        Tokens,
        TokenDistribution,
        OutputDistribution,
        Arrival,
        ServiceLevels,
        FinanceOverrides,
        Tranche,
    ],
)
def test_the_page_names_every_field(model: type[BaseModel]) -> None:
    names = [info.alias or name for name, info in model.model_fields.items()]
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_the_page_names_every_example_and_kind() -> None:
    assert [name for name in (*NAMES, *KINDS) if f"`{name}`" not in PAGE] == []


def test_the_mix_of_the_page_loads() -> None:
    shown = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert shown
    names = load_registry(strict=True).names
    mix = mix_from_document(parse_yaml(shown[1], "page"), Path(), models=load_catalogue().names, hardware=names)
    assert (mix.capital_cap, mix.spares, len(mix.tranches)) == (50e6, 1, 2)
