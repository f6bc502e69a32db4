"""`chipbrief predict` and `chipbrief validate`: what goes in, what comes out, what is refused.

The physics has tests of its own. Here a stand-in that is right by a known factor takes its place, so that every
printed error is one that can be worked out by hand.
"""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chipbrief.evidence.points import Point, Prediction
from chipbrief_reports.cli.app import root
from chipbrief_reports.cli.predict import _figures, _safe

HEADER = "id,split,use,hardware,n_chips,model,concurrency,scenario,speculative,metric,value,kind,note"
ROWS = """\
p1,validate,yes,b200,8.0,llama-3.1-8b,4,,,tpot_ms,10,vendor_measured,-5
p2,validate,yes,nvidia-b200,8,llama-3.1-8b,16,,yes,tpot_ms,20,vendor_measured,=1+1
p3,validate,yes,groq-lpu,,llama-3.1-8b,,,,tok_s_per_user,800,vendor_claim,"one, two"
p4,validate,yes,abacus,,llama-3.1-8b,,,,tok_s_per_user,1,vendor_claim,
p5,calibrate,yes,b200,1,llama-3.1-70b,,offline,,tok_s_total,1000,vendor_measured,
p6,validate,context,b200,1,llama-3.1-70b,,offline,,tok_s_total,1000,vendor_measured,
p7,validate,yes,b200,1,llama-3.1-70b,,offline,,tok_s_total,,vendor_measured,
"""
FACTOR = {"p1": 1.1, "p2": 0.7, "p3": 1.5, "p5": 2.0}


def stand_in(
    points: Sequence[Point], registry: object, catalogue: object, progress: Callable[[str], None] = lambda _: None
) -> list[Prediction]:
    """Off by the factor of the row's id, with an interval of a fifth to either side."""
    return [_told(point, progress) for point in points]


def _told(point: Point, progress: Callable[[str], None]) -> Prediction:
    progress(f"{point.model} on {point.hardware}")
    if point.hardware == "abacus":
        return Prediction(None, None, None, "refused", "unknown hardware 'abacus'")
    value = (point.value or 1234567.89) * FACTOR.get(point.id, 1.0)
    return Prediction(value, 0.8 * value, 1.2 * value, "ok", "" if point.n_chips else "-1 chip assumed")


@pytest.fixture(autouse=True)
def _predictor(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("chipbrief.evidence.predict")
    module.predict = stand_in  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture(autouse=True)
def _shipped(monkeypatch: pytest.MonkeyPatch, points: Path) -> None:
    monkeypatch.setattr("chipbrief.evidence.SHIPPED", points, raising=False)


@pytest.fixture
def points(tmp_path: Path) -> Path:
    path = tmp_path / "points.csv"
    path.write_text(f"{HEADER}\n{ROWS}")
    return path


def invoke(*args: object, given: bytes | None = None) -> Result:
    return CliRunner().invoke(root, [str(arg) for arg in args], prog_name="chipbrief", input=given)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# -- predict --------------------------------------------------------------------------------------------------


def test_predict_adds_five_columns_and_keeps_the_rest(points: Path) -> None:
    found = invoke("predict", points)
    assert (found.exit_code, found.stderr) == (0, "7 rows: 6 predicted, 1 refused\n")
    given, rows = rows_of(points.read_text()), rows_of(found.stdout)
    assert list(rows[0]) == [*HEADER.split(","), "predicted", "low", "high", "status", "reason"]
    unchanged = [name for name in HEADER.split(",") if name != "note"]
    assert [[row[name] for name in unchanged] for row in rows] == [[row[name] for name in unchanged] for row in given]
    assert [row["predicted"] for row in rows] == ["11", "14", "1200", "", "2000", "1000", "1234570"]  # six figures
    assert (rows[0]["low"], rows[0]["high"]) == ("8.8", "13.2")
    assert (rows[3]["low"], rows[3]["high"], rows[3]["status"]) == ("", "", "refused")
    assert rows[3]["reason"] == "unknown hardware 'abacus'"


def test_predict_quotes_text_that_a_spreadsheet_would_run(points: Path) -> None:
    rows = rows_of(invoke("predict", points).stdout)
    assert [row["note"] for row in rows[:3]] == ["-5", "'=1+1", "one, two"]
    assert rows[2]["reason"] == "'-1 chip assumed"


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("-5", "-5"),
        ("+1.5e-3", "+1.5e-3"),
        ("-.5", "-.5"),
        ("-1+cmd", "'-1+cmd"),
        ("+A1", "'+A1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-", "'-"),
        ("'=1", "'=1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_which_cells_are_quoted(cell: str, safe: str) -> None:
    assert _safe(cell) == safe


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567.89, "1234570"), (0.000123456789, "0.000123457"), (8.0, "8"), (1 / 3, "0.333333"), (999999.6, "1000000")],
)
def test_numbers_have_six_significant_figures(value: float, text: str) -> None:
    assert _figures(value) == text


def test_predict_of_its_own_output_replaces_what_it_added(points: Path, tmp_path: Path) -> None:
    once, twice = tmp_path / "once.csv", tmp_path / "twice.csv"
    assert invoke("predict", points, "--output", once).stdout == f"{once}\n"
    assert invoke("predict", once, "-o", twice).exit_code == 0
    assert once.read_bytes() == twice.read_bytes()
    assert once.read_bytes().count(b"predicted") == 1
    assert once.read_text() == invoke("predict", points).stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["once.csv", "points.csv", "twice.csv"]


def test_predict_writes_over_its_input_and_into_new_folders(points: Path, tmp_path: Path) -> None:
    wanted = invoke("predict", points).stdout
    assert invoke("predict", points, "--output", tmp_path / "a" / "b" / "out.csv").exit_code == 0
    assert invoke("predict", points, "--output", points).exit_code == 0
    assert (tmp_path / "a" / "b" / "out.csv").read_text() == points.read_text() == wanted


def test_predict_leaves_a_device_a_device(points: Path) -> None:
    assert invoke("predict", points, "--output", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


def test_predict_reads_standard_input(points: Path) -> None:
    found = invoke("predict", "-", given=points.read_bytes())
    assert found.stdout == invoke("predict", points).stdout
    broken = invoke("predict", "-", given=b"hardware,model\n")
    assert (broken.exit_code, broken.stdout) == (2, "")
    assert broken.stderr == "<stdin>:1:1: metric: this column is missing\n"


def test_predict_in_json_is_a_prediction_a_row(points: Path, tmp_path: Path) -> None:
    document = json.loads(invoke("predict", points, "--json").stdout)
    assert (document["rows"], document["predicted"], document["refused"], document["written"]) == (7, 6, 1, None)
    first, refused = document["predictions"][0], document["predictions"][3]
    assert first == {
        "line": 2,
        "id": "p1",
        "hardware": "b200",
        "model": "llama-3.1-8b",
        "metric": "tpot_ms",
        "unit": "ms",
        "predicted": pytest.approx(11),
        "low": pytest.approx(8.8),
        "high": pytest.approx(13.2),
        "status": "ok",
        "reason": None,
    }
    assert (refused["predicted"], refused["status"]) == (None, "refused")
    output = tmp_path / "out.csv"
    assert json.loads(invoke("predict", points, "--json", "-o", output).stdout)["written"] == str(output)
    assert len(rows_of(output.read_text())) == 7


def test_predict_names_every_problem_and_writes_nothing(points: Path, tmp_path: Path) -> None:
    points.write_text(f"{HEADER}\n{ROWS.replace('b200,8.0', 'b200,1.5').replace('tpot_ms,20', 'tpot,nan')}")
    found = invoke("predict", points, "--output", tmp_path / "out.csv")
    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr.splitlines() == [
        f"{points}:2:5: n_chips: expected a whole number, got '1.5'",
        f"{points}:3:10: metric: unknown metric 'tpot'; did you mean 'tpot_ms'?",
        f"{points}:3:11: value: expected a number such as 1024, got 'nan'",
    ]
    assert list(tmp_path.iterdir()) == [points]
    listed = json.loads(invoke("validate", points, "--json").stdout)["error"]["problems"]
    assert [(p["line"], p["column"], p["field"]) for p in listed] == [
        (2, 5, "n_chips"),
        (3, 10, "metric"),
        (3, 11, "value"),
    ]


@pytest.mark.parametrize(
    ("output", "why"), [("", "Is a directory"), ("points.csv/out.csv", "Not a directory"), ("/proc/no/out.csv", "")]
)
def test_predict_refuses_a_place_that_cannot_be_written(points: Path, tmp_path: Path, output: str, why: str) -> None:
    found = invoke("predict", points, "--output", tmp_path / output)
    assert (found.exit_code, found.stdout) == (2, "")
    last = found.stderr.splitlines()[-1]
    assert last.startswith(f"error: --output: cannot be written: {tmp_path / output}: {why}")
    assert list(tmp_path.iterdir()) == [points]


@pytest.mark.parametrize("command", ["predict", "validate"])
def test_a_file_that_is_not_there(command: str, tmp_path: Path) -> None:
    found = invoke(command, tmp_path / "none.csv")
    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr == f"{tmp_path / 'none.csv'}: cannot be read: No such file or directory\n"


# -- validate -------------------------------------------------------------------------------------------------


def validate(*args: object) -> dict[str, Any]:
    found = invoke("validate", *args, "--json")
    assert found.exit_code == 0, found.stderr
    document: dict[str, Any] = json.loads(found.stdout)
    return document


def test_validate_judges_the_scored_rows_of_the_split(points: Path) -> None:
    document = validate(points)
    assert (document["file"], document["split"], document["points"]) == (str(points), "validate", 4)  # p1 to p4
    # errors +10 %, -30 %, +50 %: median of 10, 30, 50 is 30; p90 at 0.9 * 2 = 1.8: 30 + 0.8 * 20; their own median +10
    # intervals: 10 in 8.8..13.2 yes, 20 in 11.2..16.8 no, 800 in 960..1440 no
    assert document["all"] == {
        "group": "all",
        "points": 4,
        "covered": 3,
        "coverage": 0.75,
        "median_error": pytest.approx(0.3),
        "p90_error": pytest.approx(0.46),
        "bias": pytest.approx(0.1),
        "inside_interval": pytest.approx(1 / 3),
    }
    groups = {name: {s["group"]: s for s in scores} for name, scores in document["groups"].items()}
    assert list(groups) == ["family", "hardware", "metric", "model", "machine"]
    assert groups["family"]["TPOT"]["median_error"] == pytest.approx(0.2)
    assert groups["family"]["speed per user"]["coverage"] == 0.5
    assert groups["hardware"]["abacus"]["median_error"] is None
    assert groups["metric"].keys() == {"tpot_ms", "tok_s_per_user"}
    assert list(groups["machine"]) == [
        "TPOT, HBM",
        "TPOT, HBM, speculation",
        "speed per user, SRAM",
        "speed per user, unknown",
    ]
    assert document["refused"] == [{"reason": "unknown hardware 'abacus'", "points": 1}]


def test_validate_prints_percent(points: Path) -> None:
    found = invoke("validate", points)
    assert found.exit_code == 0
    assert found.stderr == ""
    assert found.stdout.startswith(f"4 points of {points}, split validate\n")
    assert re.search(r"^family +points +covered +median +p90 +bias +inside 80 %$", found.stdout, re.MULTILINE)
    assert re.search(r"^TPOT +2 +100\.0% +20\.0% +28\.0% +-10\.0% +50\.0%$", found.stdout, re.MULTILINE)
    assert re.search(r"^abacus +1 +0\.0% +- +- +- +-$", found.stdout, re.MULTILINE)
    assert re.search(r"^ +1 +unknown hardware 'abacus'$", found.stdout, re.MULTILINE)
    assert len(re.findall(r"^all +4 +75\.0% +30\.0% +46\.0% +\+10\.0% +33\.3%$", found.stdout, re.MULTILINE)) == 5


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["--split", "all"], 5),
        (["--split", "calibrate"], 1),
        (["--hardware", "b200"], 2),  # and what the file calls nvidia-b200
        (["--hardware", "b200,groq-lpu"], 3),
        (["--hardware", "nvidia-b200", "--hardware", "abacus"], 3),
        (["--family", "tpot"], 2),
        (["--metric", "tok_s_per_user"], 2),
        (["--kind", "vendor_measured"], 2),
        (["--model", "meta-llama/Meta-Llama-3.1-8B"], 4),
        (["--max-concurrency", "8"], 1),
        (["--stated"], 2),
        (["--no-speculation"], 3),
        (["--no-speculation", "--family", "TPOT", "--stated"], 1),
    ],
)
def test_validate_filters(points: Path, words: list[str], count: int) -> None:
    assert validate(points, *words)["points"] == count


def test_validate_without_a_split_column_takes_all(points: Path) -> None:
    points.write_text("hardware,model,metric,value\nb200,llama-3.1-8b,tpot_ms,10\n")
    assert validate(points)["split"] == "all"


def test_validate_without_a_file_takes_the_shipped_points(points: Path) -> None:
    assert validate() == validate(points)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--split", "validat"], "points.csv: --split: no scored row of split 'validat'; did you mean 'validate'?"),
        (["--split", "x"], "points.csv: --split: no scored row of split 'x'; there are all, calibrate, validate"),
        (["--hardware", "nvidia-b20"], "error: --hardware: no point of 'nvidia-b20'; did you mean 'nvidia-b200'?"),
        (["--metric", "ttft_ms"], "error: --metric: no point of 'ttft_ms'"),
        (["--max-concurrency", "3"], "points.csv: no point is left by these filters"),
    ],
)
def test_validate_refuses_what_leaves_no_point(points: Path, words: list[str], said: str) -> None:
    found = invoke("validate", points, *words)
    assert (found.exit_code, found.stdout) == (2, "")
    assert said in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_validate_needs_measured_values(points: Path) -> None:
    points.write_text("hardware,model,metric\nb200,llama-3.1-8b,tpot_ms\n")
    found = invoke("validate", points)
    assert found.exit_code == 2
    assert found.stderr == f"{points}: holds no scored row with a value to judge on\n"


def test_every_filter_that_matches_nothing_is_named(points: Path) -> None:
    found = invoke("validate", points, "--model", "gpt,llama-3.1-8b", "--kind", "guess")
    assert [line.split(";")[0] for line in found.stderr.splitlines()] == [
        "error: --model: no point of 'gpt'",
        "error: --kind: no point of 'guess'",
    ]


# -- the process ----------------------------------------------------------------------------------------------


def test_a_bar_on_a_terminal_and_silence_elsewhere(points: Path, tmp_path: Path) -> None:
    """In a process of its own, whose predictor is the stand-in of this file."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_cli_evidence as t, types\n"
    code += "m = types.ModuleType('chipbrief.evidence.predict'); m.predict = t.stand_in; sys.modules[m.__name__] = m\n"
    code += f"sys.argv = ['chipbrief', 'predict', {str(points)!r}]\nfrom chipbrief_reports.cli import main; main()"
    words = [sys.executable, "-c", code]
    quiet = subprocess.run(words, capture_output=True, text=True, check=True)
    assert quiet.stderr == "7 rows: 6 predicted, 1 refused\n"
    master, slave = pty.openpty()
    env = {**os.environ, "TERM": "xterm"}
    shown = subprocess.run(words, stdout=subprocess.PIPE, stderr=slave, text=True, check=True, env=env)
    os.close(slave)
    told = os.read(master, 65536).decode()
    os.close(master)
    assert "\x1b[" in told
    assert "llama-3.1-70b on b200" in told
    assert told.endswith("7 rows: 6 predicted, 1 refused\r\n")
    assert shown.stdout == quiet.stdout
