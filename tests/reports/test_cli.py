"""The command line: the installed script in processes of its own where the promise is about the process."""

from __future__ import annotations

import itertools
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from chipbrief.evaluate import SAMPLES, SEED
from chipbrief_reports import request
from chipbrief_reports.cli import build, doctor
from chipbrief_reports.cli.app import COMMANDS, root
from chipbrief_reports.cli.output import table, to_json

ROOT = Path(__file__).parents[2]
SCRIPT = Path(sys.executable).parent / "chipbrief"
HEAVY = {"pandas", "numpy", "pydantic", "altair", "weasyprint", "vl_convert", "jinja2", "yaml", "pluggy", "rich"}
B200 = ROOT / "plugins" / "chipbrief_nvidia" / "b200.yaml"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The real script, in a process of its own."""

    def call(*args: object, env: Mapping[str, str] | None = None, **kwargs: Any) -> subprocess.CompletedProcess[str]:
        words = [str(SCRIPT), *map(str, args)]
        kwargs = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path} | kwargs
        return subprocess.run(words, text=True, env={**os.environ, **(env or {})}, timeout=120, check=False, **kwargs)

    return call


def invoke(*args: object) -> Result:
    """The same, in this process."""
    return CliRunner().invoke(root, [str(arg) for arg in args], prog_name="chipbrief")


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


MIX = (Path(__file__).parent / "data" / "small-mix.yaml").read_text(encoding="utf-8")


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    path = tmp_path / "mix.yaml"
    path.write_text(MIX)
    return path


@pytest.fixture
def install(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Install a fourth plugin as pip would, in a folder on PYTHONPATH; gives the environment to run in."""

    def make(code: str) -> dict[str, str]:
        site = tmp_path / "site"
        (site / "chipbrief_acme").mkdir(parents=True)
        (site / "chipbrief_acme" / "__init__.py").write_text(code)
        info = site / "chipbrief_acme-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: chipbrief-acme\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text("[chipbrief]\nacme = chipbrief_acme\n")
        return {"PYTHONPATH": str(site)}

    return make


BROKEN = "raise RuntimeError('no licence\\nfor this machine')"
HOOK = f"""
from pathlib import Path
from chipbrief import Hardware, hookimpl
{{extra}}
@hookimpl
def chipbrief_hardware():
    return [Hardware.from_yaml(Path({str(ROOT / "tests" / "data" / "acme-x1.yaml")!r}){{models}})]
"""


# -- help -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["--help", "-h", "--version", "", *(f"{c} --help" for c in COMMANDS)])
def test_help_imports_nothing_heavy(words: str) -> None:
    found = subprocess.run(
        [sys.executable, "-X", "importtime", str(SCRIPT), *words.split()], capture_output=True, text=True, check=False
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines(found.stderr) if "|" in line}
    assert {"click", "chipbrief_reports"} <= imported
    assert not imported & HEAVY
    assert found.returncode == (0 if words else 2)


def test_version_is_the_one_of_the_project(run: Run) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run("--version").stdout == f"chipbrief {version}\n"


def test_help_of_the_group_lists_every_command_in_a_full_sentence() -> None:
    text = invoke("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z].*[^.]\.$", text, re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_an_example(name: str) -> None:
    text = invoke(name, "-h").stdout
    assert re.search(rf"Examples?:\n +chipbrief {name}", text)
    assert "--json" in text
    assert text == invoke(name, "--help").stdout


def test_help_states_the_defaults_that_hold() -> None:
    text = " ".join(invoke("build", "--help").stdout.split())
    assert f"[default: {SAMPLES}]" in text
    assert f"[default: {SEED}]" in text
    assert build.FORMATS == request.FORMATS


def test_shell_completes_ids(run: Run) -> None:
    for words, wanted in (
        ("systems nvidia-b2", "nvidia-b200"),
        ("models llama-3.1-8", "llama-3.1-8b"),
        ("do", "doctor"),
    ):
        env = {"_CHIPBRIEF_COMPLETE": "bash_complete", "COMP_WORDS": f"chipbrief {words}"}
        found = run(env={**env, "COMP_CWORD": str(len(words.split()))})
        assert found.stdout == f"plain,{wanted}\n"


# -- systems, models, plugins ---------------------------------------------------------------------------------


def test_systems_lists_whole_systems() -> None:
    listed = {s["id"]: s for s in json.loads(invoke("systems", "--json").stdout)["systems"]}
    assert list(listed) == sorted(listed)
    assert set(listed) >= {"amd-mi300x", "cerebras-cs3", "groq-lpu", "nvidia-b200", "sambanova-sn40l"}
    b200 = listed["nvidia-b200"]
    assert b200["chips_per_system"] == 8
    assert b200["memory_per_system"] == {"value": 1.44e12, "unit": "bytes", "text": "1.44 TB"}  # 8 x 180 GB
    assert b200["bandwidth_per_system"]["value"] == 64e12  # 8 x 8 TB/s
    assert listed["cerebras-cs3"]["memory_per_system"]["text"] == "44 GB"  # one WSE-3
    text = invoke("systems").stdout
    assert all(name in text for name in ("Cerebras CS-3", "WSE-3", "14.3 kW", "500,000 USD"))


def figures_of(node: Any, path: str = "") -> dict[str, dict[str, str]]:
    """Every cited number of a profile, read without chipbrief."""
    if isinstance(node, dict) and {"value", "kind", "source"} <= node.keys():
        return {path: node}
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return {k: v for key, inner in pairs for k, v in figures_of(inner, f"{path}.{key}".lstrip(".")).items()}


def with_calibration(profile: dict[str, Any]) -> dict[str, Any]:
    """A profile with the family of the calibration beside it, which a section of its own overlays."""
    beside = yaml.load((B200.parent / "calibration.yaml").read_text(), yaml.BaseLoader)
    family = beside["families"][profile["calibration"]]
    fitted = {section: {**part, **profile.get(section, {})} for section, part in family.items()}
    return {**profile, **fitted, "sources": {**beside["sources"], **profile["sources"]}}


def test_a_system_shows_every_figure_with_its_source() -> None:
    profile = with_calibration(yaml.load(B200.read_text(), yaml.BaseLoader))  # it makes nothing but text
    wanted = figures_of(profile)
    document = json.loads(invoke("systems", "nvidia-b200", "--json").stdout)
    shown = {figure["path"]: figure for figure in document["figures"]}
    rows = {line.split()[0]: line for line in lines(invoke("systems", "nvidia-b200").stdout) if line}
    assert set(shown) == set(wanted)
    for path, figure in wanted.items():
        source = profile["sources"][figure["source"]]
        assert shown[path]["source_title"] == source["title"]
        assert shown[path]["note"] == figure.get("note")
        for part in (figure["kind"], figure["date"], source["title"], source["locator"], figure.get("note", "")):
            assert part in rows[path], path


def test_a_system_shows_values_with_units_and_ranges() -> None:
    text = invoke("systems", "nvidia-b200").stdout
    assert "180 GB" in text
    assert "MLPerf" in text
    assert re.search(r"^memory\.bandwidth +8 TB/s +7\.672 TB/s to 8 TB/s +vendor_spec +2025 ", text, re.MULTILINE)
    figures = {f["path"]: f for f in json.loads(invoke("systems", "b200", "--json").stdout)["figures"]}
    bandwidth = figures["memory.bandwidth"]
    assert (bandwidth["value"], bandwidth["low"], bandwidth["unit"]) == (8e12, 7.672e12, "bytes/s")
    assert figures["power.system"]["value"] == 14_300  # W


def test_models_against_published_counts() -> None:
    text = invoke("models").stdout
    assert re.search(r"^llama-3\.1-8b .* 8\.03 B ", text, re.MULTILINE)
    model = json.loads(invoke("models", "llama-3.1-8b", "--json").stdout)
    assert model["parameters"]["computed"] == 8_030_261_248  # of the published safetensors
    assert model["kv_bytes_per_token_at_1024_tokens"] == 2 * 8 * 128 * 2 * 32  # K and V, heads, size, BF16, layers
    listed = json.loads(invoke("models", "--json").stdout)["models"]
    assert all(abs(m["parameters"]["deviation"]) <= 0.015 for m in listed)  # DESIGN.md section 5


def test_a_model_shows_its_layers_by_any_of_its_names() -> None:
    text = invoke("models", "meta-llama/Meta-Llama-3.1-8B").stdout
    assert "8.03 B computed, 8 B published (+0.4%)" in text
    assert "32 layers, full: heads 32, kv_heads 8, head_dim 128" in text


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("systems", "nvdia-b200"), "nvidia-b200"),
        (("models", "llama3.1-8"), "llama3.1-8b"),
        (("compare", "--hardware", "groq-lpus"), "groq-lpu"),
    ],
)
def test_an_unknown_name_is_told_the_nearest(words: tuple[str, ...], near: str) -> None:
    found = invoke(*words, "--json")
    assert found.exit_code == 2
    assert len(lines(found.stderr)) == 1
    assert f"did you mean {near!r}?" in found.stderr
    (problem,) = json.loads(found.stdout)["error"]["problems"]
    assert problem["message"] in found.stderr


@pytest.mark.slow
def test_a_broken_plugin_is_named_and_the_rest_works(run: Run, install: Callable[[str], dict[str, str]]) -> None:
    env = install(BROKEN)
    warning = "warning: plugin acme (chipbrief-acme 1.2.3) failed: RuntimeError: no licence for this machine"
    plugins = run("plugins", "--json", env=env)
    (acme,) = [p for p in json.loads(plugins.stdout)["plugins"] if p["status"] == "failed"]
    assert (acme["name"], acme["distribution"], acme["version"]) == ("acme", "chipbrief-acme", "1.2.3")
    assert acme["error"] == "RuntimeError: no licence for this machine"
    assert plugins.returncode == 0
    for words in (["plugins"], ["systems"], ["compare", "--samples", "2", "--json"]):
        found = run(*words, env=env)
        assert found.returncode == 0
        assert lines(found.stderr)[0] == warning
    assert "nvidia-b200" in run("systems", env=env).stdout


@pytest.mark.parametrize("words", [("--strict", "systems"), ("systems", "--strict"), ("plugins", "--strict")])
def test_strict_makes_a_broken_plugin_fatal(
    run: Run, install: Callable[[str], dict[str, str]], words: tuple[str, ...]
) -> None:
    found = run(*words, "--json", env=install(BROKEN))
    assert found.returncode == 1
    message = "plugin acme (chipbrief-acme 1.2.3) failed: RuntimeError: no licence for this machine"
    assert found.stderr == f"error: {message}\n"
    assert json.loads(found.stdout)["error"] == {
        "exit_code": 1,
        "problems": [{"file": None, "line": None, "column": None, "field": None, "message": message}],
    }


# -- compare --------------------------------------------------------------------------------------------------


def test_compare_prints_a_table_a_class_and_one_of_fleets() -> None:
    found = invoke("compare", "--samples", 20, "--as-of", "2026-11-23")
    headings = re.findall(r"^.*\(([a-z0-9-]+)\): [a-z0-9.-]+;", found.stdout, re.MULTILINE)
    assert headings == ["docs-bot", "coding-agent", "reasoning-2k", "reasoning-10k", "voice", "batch-classification"]
    assert "TPOT p95 16.7 ms" in found.stdout  # as in the mix, not rounded
    assert "Fleets of one system" in found.stdout
    assert "as of 2026-11-23, 20 samples, seed 1" in found.stdout
    assert found.exit_code == 0


def test_compare_in_json_agrees_with_a_calculation_by_hand(mix: Path) -> None:
    document = json.loads(invoke("compare", mix, "--json").stdout)
    (chat,) = document["classes"]
    assert [o["system"] for o in chat["outcomes"]] == ["nvidia-b200", "groq-lpu"]
    (api,) = [lane for lane in chat["outcomes"][1]["lanes"] if lane["lane"] == "api"]
    # 1M requests a day, 365/12 days a month; 0.05 USD a million tokens in and 0.08 out: Groq's list price
    assert api["usd_month"]["value"] == pytest.approx(1e6 * 365 / 12 * (1000 * 0.05 + 100 * 0.08) / 1e6)
    point = chat["outcomes"][0]["metrics"]
    assert point["ttft_p95_s"]["value"] <= 2
    assert point["tpot_s"]["value"] <= 0.05
    assert all(m["low"] <= m["value"] <= m["high"] for m in point.values())
    assert {"system", "lane", "usd_month", "usd_mtok", "power_w"} <= document["fleets"][0].keys()
    assert (document["samples"], document["seed"]) == (SAMPLES, SEED)


def test_the_frontier_has_no_point_that_another_beats_and_says_which_keep_the_levels(mix: Path) -> None:
    document = json.loads(invoke("compare", mix, "--samples", 10, "--frontier", "--json").stdout)
    seen = 0
    for wanted in document["classes"]:
        limits = {name: wanted["slo"][name] for name in ("ttft_p95_s", "tpot_p95_s", "e2e_p95_s")}
        for outcome in wanted["outcomes"]:
            points = outcome["frontier"]
            speeds = [point["tok_s_user"] for point in points]
            assert speeds == sorted(speeds, reverse=True)
            for a, b in itertools.combinations(points, 2):  # the first is the faster one
                assert b["tok_s_chip"] > a["tok_s_chip"] or b["usd_mtok_capacity"] < a["usd_mtok_capacity"] or a == b
            kept = [all(p[name] <= limit for name, limit in limits.items() if limit is not None) for p in points]
            assert [point["meets"] for point in points] == kept
            seen += len(points)
    assert seen > 10
    assert "Pareto frontier of" in invoke("compare", mix, "--samples", 10, "--frontier").stdout
    assert "frontier" not in invoke("compare", mix, "--samples", 10, "--json").stdout


def test_compare_says_why_a_system_is_refused(mix: Path) -> None:
    mix.write_text(MIX.replace("input: 1000", "input: 200k"))
    found = invoke("compare", mix)
    assert "groq-lpu: refused, context 200,100 > 131,072 tokens of llama-3.1-8b" in found.stdout
    assert found.exit_code == 0


def test_compare_takes_other_hardware_and_repeats_itself(mix: Path) -> None:
    words = ("compare", mix, "--hardware", "cs3", "--hardware", "cerebras-cs3", "--json", "--seed", 7)
    first = invoke(*words)
    assert json.loads(first.stdout)["systems"] == ["cerebras-cs3"]
    assert invoke(*words).stdout == first.stdout
    assert invoke(*words[:-1], 8).stdout != first.stdout


def test_the_date_is_the_option_then_the_epoch(mix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert json.loads(invoke("compare", mix, "--json").stdout)["as_of"] == "1970-01-02"
    assert json.loads(invoke("compare", mix, "--json", "--as-of", "2026-11-23").stdout)["as_of"] == "2026-11-23"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    found = invoke("compare", mix)
    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr == "error: SOURCE_DATE_EPOCH: expected seconds since 1970, got 'soon'\n"


@pytest.mark.parametrize("text", ["2026-13-01", "2026-1-1", "20261123", "tomorrow", "2026-W01-1", ""])
def test_a_date_that_is_none_is_refused(text: str) -> None:
    found = invoke("compare", "--as-of", text)
    assert found.exit_code == 2
    assert found.stderr == f"error: --as-of: expected a date such as 2026-11-23, got {text!r}\n"


SLO = "slo: {ttft_p95: 2 s, tpot_p95: 50 ms}"
BAD = {
    "broken": (MIX + "  - [", "is not valid YAML"),
    "empty": ("", "expected a mapping of fields, found none"),
    "list": ("- 1\n", "expected a mapping of fields"),
    "unit-less": (MIX.replace("2 s", "2"), "mix.yaml:9:21: classes[0].slo.ttft_p95: expected a time such as 2 s"),
    "negative": (MIX.replace("1M", "-5"), "mix.yaml:8:33: classes[0].arrival.requests_per_day: expected a number that"),
    "zero": (MIX.replace("2 s", "0 s"), "slo.ttft_p95: must be more than 0 s"),
    "not-a-number": (MIX.replace("1M", "NaN"), "expected a number such as 12M, got 'NaN'"),
    "infinite": (MIX.replace("1M", "1e400"), "expected a number such as 12M, got '1e400'"),
    "clock": (MIX.replace("2 s", "12:30"), "expected a time such as 2 s, got '12:30'"),
    "hardware": (MIX.replace("groq-lpu", "groq-lpux"), "unknown hardware 'groq-lpux'; did you mean 'groq-lpu'?"),
    "model": (MIX.replace("llama-3.1-8b", "lama-3.1-8b"), "unknown model 'lama-3.1-8b'; did you mean 'llama-3.1-8b'?"),
    "field": (MIX.replace("slo:", "sloo:"), "is not a field here; did you mean 'slo'?"),
    "twice": (MIX + "name: again\n", "stands twice"),
    "tag": (MIX.replace("name: small", "name: !!python/name:os.system small"), "tags are not read"),
    "schema": (MIX.replace("workload-mix/1", "workload-mix/9"), "expected 'workload-mix/1'"),
    "kind": (MIX.replace("kind: chat", "kind: chatt"), "did you mean 'chat'?"),
    "trace": (MIX.replace("input: 1000", "input: {trace: no.csv}"), "no.csv: cannot be read"),
    "huge": ("#" * 1_000_001, "is larger than 1000 kB"),
    "deep": ("a: " + "[" * 100 + "]" * 100, "is nested more than 40 deep"),
    "bomb": (
        "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)),
        "holds more than 100000 values",
    ),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["compare", "build"])
def test_bad_input_is_one_line_a_problem(tmp_path: Path, name: str, command: str) -> None:
    text, wanted = BAD[name]
    path = tmp_path / "mix.yaml"
    path.write_text(text)
    options = ["--output", tmp_path / "out"] if command == "build" else []
    found = invoke(command, path, *options)
    assert (found.exit_code, found.stdout) == (2, "")
    no_schema = command == "build" and name in ("empty", "list", "schema")  # build reads two kinds of file
    assert ("expected 'workload-mix/1' or 'briefing/1'" if no_schema else wanted) in found.stderr
    assert all(line.startswith(f"{path}:") for line in lines(found.stderr))
    assert list(tmp_path.iterdir()) == [path]  # nothing written


def test_every_problem_of_a_file_at_once(mix: Path) -> None:
    mix.write_text(MIX.replace("2 s", "2").replace("50 ms", "-50 ms").replace("1M", "many"))
    found = invoke("compare", mix, "--json")
    listed = json.loads(found.stdout)["error"]["problems"]
    assert [p["field"] for p in listed] == [
        "classes[0].arrival.requests_per_day",
        "classes[0].slo.ttft_p95",
        "classes[0].slo.tpot_p95",
    ]
    assert [p["line"] for p in listed] == [8, 9, 9]
    assert lines(found.stderr) == [
        f"{p['file']}:{p['line']}:{p['column']}: {p['field']}: {p['message']}" for p in listed
    ]


@pytest.mark.parametrize("command", ["compare", "build"])
def test_a_file_that_cannot_be_read(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"name: \xff\xfe")
    for name, reason in (
        ("none.yaml", "cannot be read: No such file or directory"),
        (".", "cannot be read: Is a directory"),
        ("bytes.yaml", "is not UTF-8 text (byte 6)"),
    ):
        found = run(command, name)
        assert (found.returncode, found.stdout, found.stderr) == (2, "", f"{name}: {reason}\n")


@pytest.mark.parametrize(
    "words", [("--samples", "0"), ("--samples", "many"), ("--seed", "-1"), ("--sample", "3"), ("a", "b")]
)
def test_wrong_usage_is_json_too(words: tuple[str, ...]) -> None:
    found = invoke("compare", *words, "--json")
    assert found.exit_code == 2
    assert json.loads(found.stdout)["error"]["exit_code"] == 2
    assert "Usage: chipbrief compare" in found.stderr


def test_an_unknown_command_is_told_the_nearest(run: Run) -> None:
    found = run("sytems")
    assert found.returncode == 2
    assert lines(found.stderr)[-1] == "Error: No such command 'sytems'; did you mean 'systems'?"


def test_control_characters_of_a_file_do_not_reach_the_terminal(mix: Path) -> None:
    mix.write_text(MIX + '"\\e[31mred\\nline": 1\n')
    found = invoke("compare", mix)
    assert "\ufffd[31mred\\nline: holds U+001B, which cannot be printed" in found.stderr
    assert "\x1b" not in found.stderr
    assert len(lines(found.stderr)) == 1


# -- the process ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["systems", "systems groq-lpu", "models", "models gpt-oss-20b", "plugins", "compare", "doctor"]
)
def test_json_is_all_there_is_on_standard_output(
    run: Run, install: Callable[[str], dict[str, str]], words: str
) -> None:
    env = install("print('hello from acme')\n" + HOOK.format(extra="", models=""))
    found = run(*words.split(), "--json", env=env)
    assert found.returncode == 0
    assert json.loads(found.stdout)
    assert found.stdout.isascii()
    assert ("hello from acme" in found.stderr) == (not words.startswith("models"))


def test_a_closed_pipe_is_quiet() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    found = subprocess.run(
        [SCRIPT, "systems", "nvidia-b200"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (found.returncode, found.stderr) == (141, "")


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_a_full_disk_is_one_line(run: Run, json_too: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        found = run("systems", *json_too, stdout=full)
    assert (found.returncode, found.stderr) == (
        1,
        "Error: cannot write to standard output: No space left on device\n",
    )


def test_ctrl_c_ends_with_130(install: Callable[[str], dict[str, str]]) -> None:
    env = {**os.environ, **install("import sys, time\nprint('ready', file=sys.stderr, flush=True)\ntime.sleep(60)")}
    with subprocess.Popen(
        [SCRIPT, "plugins", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert lines(err) == ["error: interrupted"]
    assert json.loads(out)["error"]["exit_code"] == 130


def test_what_nobody_expected_is_one_line(run: Run, install: Callable[[str], dict[str, str]], mix: Path) -> None:
    env = install(
        "import chipbrief.catalogue\nchipbrief.catalogue.load_catalogue = lambda: 1 / 0\n"
        + HOOK.format(extra="", models="")
    )
    words = ("compare", mix, "--hardware", "acme-x1", "--json")
    found = run(*words, env=env)
    said = "unexpected ZeroDivisionError: division by zero; run with CHIPBRIEF_DEBUG=1 for the traceback"
    assert found.returncode == 1
    assert lines(found.stderr) == [f"error: {said}"]
    assert json.loads(found.stdout)["error"]["problems"][0]["message"] == said
    assert "Traceback (most recent call last)" in run(*words, env=env | {"CHIPBRIEF_DEBUG": "1"}).stderr


def test_the_traceback_of_a_model_that_fails_is_shown_where_asked(
    run: Run, install: Callable[[str], dict[str, str]], mix: Path
) -> None:
    extra = """
from chipbrief.hardware import HbmThroughput
class Broken(HbmThroughput):
    def deployments(self, *_):
        return 1 / 0
"""
    env = install(HOOK.format(extra=extra, models=", throughput=Broken"))
    words = ("compare", mix, "--hardware", "acme-x1", "--json")
    found = run(*words, env=env)
    said = "plugin acme (chipbrief-acme 1.2.3): acme-x1 failed: ZeroDivisionError: division by zero"
    assert found.returncode == 1
    assert lines(found.stderr) == ["chat on acme-x1", f"error: {said}"]
    assert json.loads(found.stdout)["error"]["problems"][0]["message"] == said
    assert "return 1 / 0" in run(*words, env=env | {"CHIPBRIEF_DEBUG": "1"}).stderr


def test_a_terminal_that_lacks_a_sign_gets_an_escape(run: Run, install: Callable[[str], dict[str, str]]) -> None:
    env = install("raise RuntimeError('a \\u2192 b')") | {"PYTHONIOENCODING": "latin-1"}
    found = run("plugins", env=env)
    assert found.returncode == 0
    assert "RuntimeError: a \\u2192 b" in found.stdout


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(run: Run, mix: Path) -> None:
    assert lines(run("compare", mix, "--json").stderr) == ["chat on nvidia-b200", "chat on groq-lpu"]
    master, slave = pty.openpty()
    found = run("compare", mix, "--json", stderr=slave, env={"TERM": "xterm"})
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert "\x1b[" in shown  # the bar moves the cursor
    assert "chat on groq-lpu" in shown
    assert json.loads(found.stdout)["mix"] == "small"


# -- build ----------------------------------------------------------------------------------------------------


NO_PANGO = """
import cffi
def dlopen(self, name, flags=0, found=cffi.FFI.dlopen):
    if name and "pango" in name:
        raise OSError(f"cannot load library '{name}'")
    return found(self, name, flags)
cffi.FFI.dlopen = dlopen
"""


@pytest.fixture
def short(mix: Path) -> Path:
    """A briefing of the mix that is built quickly: its first section alone."""
    path = mix.with_name("short.yaml")
    path.write_text("schema: briefing/1\nmix: mix.yaml\nsections: [decision]\n")
    return path


@pytest.fixture
def no_pango(tmp_path: Path) -> dict[str, str]:
    """An environment whose loader does not find Pango, as on a machine without it."""
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "sitecustomize.py").write_text(NO_PANGO)
    return {"PYTHONPATH": str(tmp_path / "hide")}


def test_build_of_some_formats_tells_them_in_json(run: Run, short: Path, tmp_path: Path) -> None:
    found = run("build", short, "-o", "out", "--format", "json,html,json", "--json", "--samples", 20, "--seed", 3)
    document = json.loads(found.stdout)
    assert sorted(document["written"]) == ["out/briefing.html", "out/data/results.json"]
    assert document["pages"] is None
    assert "error" not in document
    results = json.loads((tmp_path / "out" / "data" / "results.json").read_text())
    assert (results["samples"], results["seed"]) == (20, 3)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".chipbrief.json", "briefing.html", "data"]


def test_build_takes_the_date_of_a_briefing_file(mix: Path, tmp_path: Path) -> None:
    briefing = tmp_path / "briefing.yaml"
    briefing.write_text("schema: briefing/1\nas_of: 2025-05-05\nmix: mix.yaml\nsections: [decision]\nformats: [json]\n")
    for options, date in ([], "2025-05-05"), (["--as-of", "2026-11-23"], "2026-11-23"):
        assert invoke("build", briefing, "-o", tmp_path / "out", *options).exit_code == 0
        assert json.loads((tmp_path / "out" / "data" / "results.json").read_text())["as_of"] == date


def test_build_without_pango_writes_the_rest(run: Run, short: Path, tmp_path: Path, no_pango: dict[str, str]) -> None:
    found = run("build", short, "-o", "out", "--json", env=no_pango)
    document = json.loads(found.stdout)
    assert found.returncode == 1
    assert {"out/briefing.html", "out/data/results.json", "out/data/inputs.csv"} <= set(document["written"])
    assert not (tmp_path / "out" / "briefing.pdf").exists()
    assert "apt-get install libpango-1.0-0" in document["pdf_refused"]
    assert document["error"]["exit_code"] == 1
    assert lines(found.stderr)[-1] == f"error: {document['pdf_refused']}"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("htm", "did you mean 'html'?"),
        ("", "expected some of html,pdf,xlsx,csv,json,md"),
        ("html,,pdf", "unknown format ''"),
    ],
)
def test_build_refuses_what_is_no_format(value: str, said: str) -> None:
    found = invoke("build", "--format", value)
    assert found.exit_code == 2
    assert said in found.stderr


def test_build_refuses_a_folder_that_cannot_be_written(run: Run, mix: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for output in ("file", "file/below", "/proc/nowhere"):
        found = run("build", mix, "-o", output)
        assert (found.returncode, found.stdout) == (2, "")
        assert len(lines(found.stderr)) == 1
        assert lines(found.stderr)[0].startswith("error: --output: ")
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "mix.yaml"]


def test_a_build_that_fails_leaves_the_last_one_alone(mix: Path, short: Path, tmp_path: Path) -> None:
    words = ("build", short, "-o", tmp_path / "out", "--format", "csv,html")
    assert invoke(*words).exit_code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    mix.write_text(MIX.replace("2 s", "2"))
    assert invoke(*words).exit_code == 2
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


# -- doctor ---------------------------------------------------------------------------------------------------


def test_doctor_finds_this_machine_well(run: Run) -> None:
    found = run("doctor", "--json")
    document = json.loads(found.stdout)
    assert (found.returncode, document["ok"]) == (0, True)
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = [check["name"] for check in document["checks"]]
    assert {re.split("[><=]", line)[0] for line in required} <= set(names)
    assert {"Python", "Pango", "fonts", "chart", "temporary files", "plugins"} <= set(names)


def test_doctor_says_what_to_do_without_pango(run: Run, no_pango: dict[str, str]) -> None:
    found = run("doctor", env=no_pango)
    assert found.returncode == 1
    (failed,) = [line for line in lines(found.stdout) if line.startswith("FAILED")]
    assert "Pango" in failed
    assert "apt-get install libpango-1.0-0" in failed


def test_doctor_warns_of_a_broken_plugin_and_fails_if_strict(
    run: Run, install: Callable[[str], dict[str, str]]
) -> None:
    env = install(BROKEN)
    found = run("doctor", env=env)
    assert found.returncode == 0
    assert re.search(r"^warning +plugins .*no licence", found.stdout, re.MULTILINE)
    assert run("doctor", "--strict", env=env).returncode == 1


def test_doctor_names_a_library_that_is_missing_or_old() -> None:
    absent = doctor._library("no-such-library>=1")
    assert (absent.status, absent.advice) == ("FAILED", "pip install 'no-such-library>=1'")
    assert doctor._library("click<99,>=8.2").status == "ok"
    assert doctor._library("click>=99").status == "FAILED"
    assert doctor._library("click<8").status == "FAILED"


def test_doctor_reports_a_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    assert doctor._temporary().status == "ok"
    code = f"import tempfile; tempfile.tempdir = {str(tmp_path / 'nowhere')!r}"
    (tmp_path / "sitecustomize.py").write_text(code)
    found = run("doctor", env={"PYTHONPATH": str(tmp_path)})
    assert found.returncode == 1
    assert re.search(r"^FAILED +temporary files .*set TMPDIR", found.stdout, re.MULTILINE)


# -- printing -------------------------------------------------------------------------------------------------


def test_json_has_no_number_that_json_lacks() -> None:
    given = {"b": [float("inf"), float("nan"), 1.5], "a": Path("x/y"), 1: None}
    assert json.loads(to_json(given)) == {"b": [None, None, 1.5], "a": "x/y", "1": None}
    assert to_json({"b": 1, "a": "é"}) == '{\n  "b": 1,\n  "a": "\\u00e9"\n}'


def test_table_aligns_its_columns() -> None:
    assert table(("name", ">n"), [("a", "1"), ("bcdef", "1,000"), ("g\nh", "")]).splitlines() == [
        "name       n",
        "-----  -----",
        "a          1",
        "bcdef  1,000",
        "g\\nh",
    ]
