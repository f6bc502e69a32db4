"""The briefing prints its own error: the table, the sentence, the note, a word a system, and the files beside it."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chipbrief.catalogue import Catalogue, load_catalogue
from chipbrief.evaluate import Results, evaluate
from chipbrief.evidence import Point, Prediction
from chipbrief.evidence.model_error import ModelError, model_error
from chipbrief.hardware.profile import CalibratedOn, Seen
from chipbrief.registry import Registry, load_registry
from chipbrief_reports.briefing.compose import compose
from chipbrief_reports.briefing.desk import Desk
from chipbrief_reports.briefing.document import Briefing, Chart, Paragraph, Ref, Table, as_json, plain
from chipbrief_reports.briefing.sections.model_error import error_sentence, error_table, standing
from chipbrief_reports.export import csv_files, results_json, tables
from chipbrief_reports.request import read_request

MIX = (Path(__file__).parent / "data" / "small-mix.yaml").read_text(encoding="utf-8")
HEADER = "id,split,date,hardware,model,concurrency,scenario,speculative,metric,value,source_title,source_locator\n"
A = "a,validate,2026-02,b200,llama-3.1-8b,4,,,tpot_ms,10,Lab,https://lab.example/1\n"
POINTS = (
    HEADER
    + A
    + """\
b,validate,2025,b200,llama-3.1-8b,16,,,tpot_ms,20,Lab,https://lab.example/2
c,validate,,groq-lpu,llama-3.1-8b,,,unknown,tok_s_per_user,800,Blog,https://blog.example
f,validate,,h100,llama-3.1-8b,,offline,,tok_s_total,1000,Blog,https://blog.example
"""
)
RATIO = {"a": 1.1, "b": 0.7, "c": 1.5}  # predicted over measured; f is refused


def stand_in(points: Sequence[Point], registry: Registry, catalogue: Catalogue) -> list[Prediction]:
    told = []
    for point in points:
        value = (point.value or 0.0) * RATIO.get(point.id, 0.0)
        whole = Prediction(value, 0.75 * value, 1.25 * value, "ok", "")
        told.append(whole if value else Prediction(None, None, None, "refused", "too large"))
    return told


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(strict=True)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, registry: Registry, catalogue: Catalogue) -> Results:
    path = tmp_path_factory.mktemp("mix") / "mix.yaml"
    path.write_text(MIX)
    request = read_request(path, models=catalogue.names, hardware=registry.names)
    return evaluate(request.mix, registry, catalogue, as_of="2026-11-23", samples=10)


@pytest.fixture
def judged(tmp_path: Path, registry: Registry, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("chipbrief.evidence.model_error.predict", stand_in)

    def judge(text: str) -> ModelError:
        path = tmp_path / "points.csv"
        path.write_text(text)
        return model_error(registry, catalogue, path)

    return judge


def written(results: Results, error: ModelError, *sections: str) -> Briefing:
    return compose(results, error, title="T", organisation="", sections=sections, focus=[], theme={})


def cells(table: Table) -> list[list[str]]:
    return [[plain(cell.content) for cell in row.cells] for row in table.rows]


# -- the table ------------------------------------------------------------------------------------------------


def test_the_table_by_hand(results: Results, judged) -> None:
    table = error_table(Desk(results, judged(POINTS)))
    # time per token +10 % and -30 %: median 20, p90 10 + 0.9 * 20 = 28, bias -10; 10 lies in 8.25..13.75, 20 not in 10.5..17.5
    # speed +50 %, 800 not in 900..1500; all: median of 10, 30, 50 is 30, p90 30 + 0.8 * 20 = 46, bias +10, 1 of 3 inside
    assert cells(table) == [
        ["Time per token, HBM", "2", "2", "20", "28", "−10", "50"],
        ["Speed of a user, SRAM, speculation", "1", "1", "50", "50", "+50", "0"],
        ["Saturated throughput, HBM", "1", "0", "–", "–", "–", "–"],
        ["All", "4", "3", "30", "46", "+10", "33"],
    ]
    assert table.title == "Model against measurement: 1 of 3 measured values lies in the 80 % interval"
    assert [(column.name, column.unit) for column in table.columns] == [
        ("What is predicted", ""),
        ("Points", ""),
        ("Predicted", ""),
        ("Median error", "%"),
        ("90th percentile", "%"),
        ("Bias", "%"),
        ("In interval", "%"),
    ]
    assert [column.align for column in table.columns] == ["left", *["right"] * 6]


def test_the_counts_of_the_shipped_points_add_up(results: Results, registry: Registry, catalogue: Catalogue) -> None:
    table = error_table(Desk(results, model_error(registry, catalogue)))
    *groups, last = [[int(cell) for cell in row[1:3]] for row in cells(table)]
    assert [sum(counts) for counts in zip(*groups, strict=True)] == last
    assert last[0] >= 100


# -- the words ------------------------------------------------------------------------------------------------


def test_the_sentence_counts_points(results: Results, judged) -> None:
    assert plain(error_sentence(Desk(results, judged(POINTS)))) == (
        "On 2 points that the constants were not fitted to, predicted and measured time per token differ by 20 % in the "
        "median and by 28 % at the 90th percentile."
    )
    assert plain(error_sentence(Desk(results, judged(HEADER + A)))) == (
        "On 1 point that the constants were not fitted to, predicted and measured time per token differ by 10 %."
    )


def test_the_sentence_names_every_other_large_family(results: Results, judged, monkeypatch: pytest.MonkeyPatch) -> None:
    more = "".join(A.replace("a,", f"c{i},", 1).replace("tpot_ms,10", "ttft_ms,10") for i in range(10))
    for i in range(10):
        monkeypatch.setitem(RATIO, f"c{i}", 1.4)
    assert plain(error_sentence(Desk(results, judged(HEADER + A + more)))).endswith(
        "time per token differ by 10 %; time to the first token by 40 % on 10."
    )


def test_the_note_names_the_sources_and_where_the_rule_is_told(results: Results, judged) -> None:
    briefing = written(results, judged(POINTS), "evidence")
    [table] = [b for b in briefing.sections[0].blocks if isinstance(b, Table) and b.id == "model-error"]
    [ref] = [part for part in table.caption if isinstance(part, Ref)]
    note = briefing.notes[ref.note - 1]
    assert "4 measured points" in note.text
    assert "docs/calibration.md" in note.text
    assert note.sources == (
        ("Blog (2 points)", "https://blog.example", ""),
        ("Lab (2 points)", "", "2025 to 2026-02"),
    )
    assert note.short == "4 measured points: Blog and Lab; docs/calibration.md"


def test_the_section_opens_with_the_error_and_keeps_the_streams(results: Results, judged) -> None:
    [section] = written(results, judged(POINTS), "evidence").sections
    assert section.title == "The model is off by 30 % in the median on 3 measured points that it was not fitted to"
    assert isinstance(section.blocks[0], Paragraph)
    ids = [b.id for b in section.blocks if isinstance(b, Table | Chart)]
    assert ids == ["model-error", "observed", "replicas", "anchors", "fleets", "inputs"]
    [one] = written(results, judged(HEADER + A), "evidence").sections
    assert one.title == "The model is off by 10 % on 1 measured point that it was not fitted to"


def test_the_range_note_of_page_one_states_the_error(results: Results, judged) -> None:
    notes = written(results, judged(POINTS), "decision").notes
    [said] = [note for note in notes if note.text.startswith("80 % interval")]
    assert "and of the model's own error (30 % in the median on 3 measured points), see docs/physics.md" in said.text
    assert "ranges and the model's own error (30 % in the median on 3 measured points); sized at" in said.short


def test_without_points_the_briefing_says_so(results: Results, catalogue: Catalogue) -> None:
    nothing = model_error(Registry({}, {}, ()), catalogue)
    briefing = written(results, nothing, "decision", "systems", "evidence")
    [section] = [s for s in briefing.sections if s.id == "evidence"]
    assert section.title == "Every input, with its source"
    [opening] = [b for b in section.blocks if isinstance(b, Paragraph) and not b.heading]
    assert plain(opening.body) == "No measured point stands behind the systems of this registry."
    assert "model-error" not in [b.id for b in section.blocks if isinstance(b, Table)]


# -- a system -------------------------------------------------------------------------------------------------


def test_every_system_in_focus_says_how_many_points_stand_behind_it(results: Results, judged) -> None:
    sections = written(results, judged(POINTS), "systems").sections
    assert all(isinstance(section.blocks[0], Paragraph) for section in sections)
    said = {section.title: plain(section.blocks[0].body) for section in sections}
    assert len(said) == 2
    assert (
        "On 2 measured points that no constant was fitted to, its model is off by 20 % in the median."
        in said["NVIDIA DGX B200"]
    )
    [groq] = [words for name, words in said.items() if "Groq" in name]
    assert "On 1 measured point that no constant was fitted to, its model is off by 50 %." in groq
    assert groq.endswith("Its constants were fitted to its measured times, not to its throughput under load.")


def test_a_system_without_points_says_that_there_is_none(results: Results, judged, registry: Registry) -> None:
    desk = Desk(results, judged(POINTS))
    gb300 = registry["gb300"]
    others = CalibratedOn(times=Seen(hardware=("nvidia-b200",)))
    relative = replace(gb300, profile=gb300.profile.model_copy(update={"calibrated_on": others}))
    assert plain(standing(desk, relative)) == (
        "There is no measured point to judge its model on. "
        "Its constants were fitted to measurements of its relatives, none of its own."
    )
    unfitted = replace(gb300, profile=gb300.profile.model_copy(update={"calibrated_on": CalibratedOn()}))
    assert plain(standing(desk, unfitted)).endswith("None of its constants was fitted to a measurement of it.")
    assert plain(standing(desk, registry["h100"])).startswith(
        "Its model cannot predict the one measured point there is to judge it on."
    )


# -- the files ------------------------------------------------------------------------------------------------


def test_the_error_and_every_point_are_written_beside_the_briefing(results: Results, judged) -> None:
    error = judged(POINTS)
    files = csv_files(tables(results, error))
    scores = list(csv.DictReader(files[Path("data/model_error.csv")].decode().splitlines()))
    assert [(row["group"], row["points"]) for row in scores][-1] == ("all", "4")
    assert float(scores[0]["median_error"]) == pytest.approx(0.2)
    points = list(csv.DictReader(files[Path("data/measured_points.csv")].decode().splitlines()))
    assert [row["id"] for row in points] == ["a", "b", "c", "f"]
    assert (float(points[1]["predicted"]), points[3]["predicted"]) == (pytest.approx(14.0), "")
    document = json.loads(results_json(results, tables(results, error), as_json(written(results, error, "evidence"))))
    assert document["tables"]["measured_points"][3]["predicted"] is None
    assert len(document["tables"]["model_error"]) == 4


def test_a_point_that_looks_like_a_formula_is_quoted(results: Results, judged) -> None:
    error = judged(POINTS)
    hostile = replace(error, points=(replace(error.points[0], source_title="=1+1"), *error.points[1:]))
    text = csv_files(tables(results, hostile))[Path("data/measured_points.csv")].decode()
    assert ",'=1+1," in text
