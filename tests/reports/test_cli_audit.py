"""`chipbrief audit`: what it prints, as text and as data, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chipbrief_reports.cli.app import root
from chipbrief_reports.cli.audit import VERDICTS
from chipbrief_templates import example_claims

VENDORS = Path(__file__).parents[1] / "data" / "claims-vendors.yaml"


def invoke(*args: object, columns: int = 100) -> Result:
    words = ["audit", *map(str, args)]
    return CliRunner().invoke(root, words, prog_name="chipbrief", env={"COLUMNS": str(columns)})


@pytest.fixture(scope="module")
def text() -> str:
    done = invoke("openai-cerebras")
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_the_summary_and_the_headlines_come_before_the_claims(text: str) -> None:
    assert text.index("26 consistent, 19 inconsistent, 11 unverifiable") < text.index("* ") < text.index("SC01")
    head = " ".join(text[: text.index("SC01  ")].split())
    for told in ("one constant 182 tok/s", "leave no time to the first token", "625 times", "19,290", "52,980"):
        assert told in head


def test_every_claim_stands_with_its_verdict_arithmetic_and_source(text: str) -> None:
    found = re.findall(r"^(SC\d\d)  (CONSISTENT|INCONSISTENT|UNVERIFIABLE)  ", text, re.MULTILINE)
    assert [name for name, _ in found] == [f"SC{number:02}" for number in range(1, 57)]
    claim = " ".join(text[text.index("SC32  ") : text.index("SC33  ")].split())
    assert "= product: 12M tok/day x 0.32 USD/Mtok = 3.84 USD/day, stated 3.84 USD/day" in claim
    assert "held against SC31, SC26 of the text itself" in claim


@pytest.mark.parametrize("columns", [60, 80, 120, 300])
def test_lines_keep_to_the_width_of_the_terminal(columns: int) -> None:
    lines = invoke("openai-cerebras", columns=columns).stdout.splitlines()
    words = [line for line in lines if " " in line.strip()]  # a locator is one word, and stays whole
    assert max(map(len, words)) <= min(columns, 120)
    assert max(map(len, words)) > 0.9 * min(columns, 120)


def test_the_document_has_a_verdict_for_every_claim() -> None:
    document = json.loads(invoke("openai-cerebras", "--json").stdout)
    assert document["name"] == "openai-cerebras"
    assert document["counts"] == {"consistent": 26, "inconsistent": 19, "unverifiable": 11}
    assert len(document["claims"]) == 56
    for claim in document["claims"]:
        assert {"id", "verdict", "arithmetic", "source", "reason", "checks"} <= set(claim)
        assert claim["verdict"] in VERDICTS
    assert all(headline["claims"] for headline in document["headlines"])


@pytest.mark.parametrize("verdict", VERDICTS)
def test_only_some_verdicts(verdict: str) -> None:
    document = json.loads(invoke(VENDORS, "--only", verdict, "--json").stdout)
    assert {claim["verdict"] for claim in document["claims"]} == {verdict}
    assert document["counts"][verdict] == len(document["claims"])
    assert sum(document["counts"].values()) == 23


def test_the_exit_code_is_0_whatever_the_verdicts_unless_asked(tmp_path: Path) -> None:
    assert invoke(VENDORS).exit_code == 0
    assert invoke(VENDORS, "--fail-on", "inconsistent").exit_code == 1
    assert invoke(VENDORS, "--only", "consistent", "--fail-on", "inconsistent").exit_code == 1
    good = tmp_path / "good.yaml"
    content = example_claims()["openai-cerebras"].read_text().split("  - id: SC02")[0]
    good.write_text(content)
    assert invoke(good, "--fail-on", "inconsistent").exit_code == 0
    assert invoke(good, "--fail-on", "unverifiable").exit_code == 1


def test_a_name_nearly_right_is_told() -> None:
    done = invoke("openai-cerebra")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.strip() == (
        "openai-cerebra: is neither a file nor a claims file that ships; did you mean 'openai-cerebras'?"
    )


def test_a_file_that_is_not_there_is_told() -> None:
    done = invoke("there/is/none.yaml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "cannot be read" in done.stderr


BAD = """\
schema: claims/1
name: bad
title: Bad
text: {title: a page, locator: here, date: 2026}
claims:
  - {id: a, says: one, subject: nvidia-b20, metric: speed, value: 900 tok/s}
  - {id: b, says: two, subject: nvidia-b200, metric: speed, value: 900 tk/s}
  - {id: c, says: three, subject: nvidia-b200, metric: speed, value: 900 tok/s, checks: [mesured]}
"""


def test_all_mistakes_of_a_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    done = invoke(path)
    assert (done.exit_code, done.stdout) == (2, "")
    told = done.stderr.strip().splitlines()
    assert [re.sub(r"^.*bad\.yaml:", "", line) for line in told] == [
        "6:33: claims[0].subject: unknown subject 'nvidia-b20'; did you mean 'nvidia-b200'?",
        "7:68: claims[1].value: expected a speed in tokens such as 900 tok/s, got '900 tk/s'; did you mean '900 tok/s'?",
        "8:90: claims[2].checks[0]: unknown check 'mesured'; did you mean 'measured'?",
    ]
    as_json = json.loads(invoke(path, "--json").stdout)
    assert [problem["line"] for problem in as_json["error"]["problems"]] == [6, 7, 8]


def test_help_shows_an_example() -> None:
    done = invoke("--help")
    assert "chipbrief audit claims.yaml --only inconsistent" in done.stdout
