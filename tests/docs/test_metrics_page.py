"""The words of metric version 1: frozen, complete, and what the code computes."""

import hashlib
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from chipbrief import load_catalogue
from chipbrief.evaluate import OutcomeMetric
from chipbrief.registry import load_registry
from chipbrief.sweep import evaluate_sweep, load_sweep
from chipbrief.sweep.metrics import METRICS
from chipbrief_reports.changes.method import METRIC_VERSION

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
DEFINITION = re.compile(r"^\| ([^|`]+?) \| ([^|]+?) \|$", re.MULTILINE)
# Change a digest only with the version: add a line, and say in the changelog what the word meant before.
FROZEN = {1: "20c92867c7ec7385"}
SWEEP = """
schema: sweep/1
name: words
axes:
  hardware: [nvidia-b200, groq-lpu]
  model: [llama-3.1-8b]
  input: [2000]
  output: [500]
  batch: [1, 4]
  utilisation: [40 %]
  pue: [1.3]
metrics: [METRICS]
"""


def part(heading: str) -> str:
    return re.split(r"^## ", PAGE.split(f"## {heading}\n")[1], flags=re.MULTILINE)[0]


def definitions() -> dict[str, str]:
    found = {}
    for heading in ("Chip, system, replica, deployment", "Time and speed", "Money and energy"):
        found |= dict(DEFINITION.findall(part(heading)))
    return {word: said for word, said in found.items() if word not in ("word", "metric", "---")}


def test_the_page_and_the_code_have_one_version() -> None:
    assert f"metric version {METRIC_VERSION}." in PAGE
    assert re.findall(r"definition, version (\d+)", PAGE) == [str(METRIC_VERSION)] * 2


def test_the_words_of_a_version_stay_as_they_are() -> None:
    assert max(FROZEN) == METRIC_VERSION
    text = "\n".join(f"{word}: {said}" for word, said in definitions().items())
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == FROZEN[METRIC_VERSION]


def test_every_word_of_the_design_is_defined() -> None:
    wanted = "TTFT TPOT interactivity E2E throughput goodput utilisation USD/Mtok J/token tok/s/MW chip system replica"
    assert {*wanted.split(), "deployment"} <= set(definitions())


def test_every_metric_of_a_sweep_and_of_a_plan_has_its_row() -> None:
    sweep, plan = part("The columns").split("These are of a sweep")
    assert set(re.findall(r"^\| `(\w+)`", sweep, re.MULTILINE)) == set(METRICS)
    named = {name for row in re.findall(r"^\| (`.*?) \|", plan, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == set(get_args(OutcomeMetric))


def test_units_are_those_of_the_code() -> None:
    for name, unit in re.findall(r"^\| `(\w+)` \| (\S+) \| (?:`|\|)", part("The columns").split("These are")[0], re.M):
        assert METRICS[name].unit == unit, name


@pytest.mark.parametrize("system", ["nvidia-b200", "groq-lpu"])
def test_what_follows_from_others_is_what_the_code_computes(system: str, tmp_path: Path) -> None:
    formulas = re.findall(r"^\| `(\w+)` \| \S+ \| `(.+?)` \|$", part("The columns"), re.MULTILINE)
    assert len(formulas) == 9
    registry, catalogue = load_registry(), load_catalogue()
    (tmp_path / "sweep.yaml").write_text(SWEEP.replace("METRICS", ", ".join(METRICS)))
    sweep = load_sweep(tmp_path / "sweep.yaml", models=catalogue.names, hardware=registry.names)
    tables = [table.arrays() for table in evaluate_sweep(sweep, registry, catalogue)]
    columns = next(table for table in tables if table["hardware"][0] == system)
    profile = registry[system].profile
    known = {
        **columns,
        "chips_of_a_system": profile.chips,
        "power_w_of_a_chip": profile.power.system.value / profile.chips,
    }
    for name, formula in formulas:
        computed = eval(formula, {"__builtins__": {}}, known)  # of our own page
        np.testing.assert_allclose(columns[name], computed, rtol=1e-9, err_msg=name)
