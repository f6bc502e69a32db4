"""Scores against a calculation by hand."""

from typing import Any

import pytest

from chipbrief.evidence.points import Point, Prediction
from chipbrief.evidence.scores import Score, Selection, refusals, score, score_table

EMPTY: dict[str, Any] = dict.fromkeys(Point.__dataclass_fields__, "") | dict.fromkeys(
    ("n_chips", "isl", "isl_effective", "osl", "concurrency", "ttft_slo_s", "tpot_slo_s", "tp", "dp", "ep", "value")
)


def point(**known: Any) -> Point:
    return Point(**(EMPTY | {"line": 2, "hardware": "x", "model": "m", "metric": "tpot_ms", "value": 100.0} | known))


def told(predicted: float, low: float | None = None, high: float | None = None) -> Prediction:
    return Prediction(predicted, low, high, "ok", "")


def refused(reason: str) -> Prediction:
    return Prediction(None, None, None, "refused", reason)


POINTS = [point(value=value) for value in (100.0, 200.0, 50.0, 10.0, 80.0)]
PREDICTIONS = [told(110, 90, 130), told(150, 120, 190), told(60, 50, 70), told(10, 10, 10), refused("does not fit")]


def test_a_score_by_hand() -> None:
    # errors: +0.10, -0.25, +0.20, 0; absolute and in order: 0, 0.10, 0.20, 0.25
    # median (0.10 + 0.20)/2; p90 at 0.9 * 3 = 2.7: 0.20 + 0.7 * 0.05; bias: of -0.25, 0, 0.10, 0.20 it is 0.05
    # inside: 100 in 90..130 yes, 200 in 120..190 no, 50 in 50..70 yes (the ends belong), 10 in 10..10 yes
    found = score("all", POINTS, PREDICTIONS)
    assert (found.group, found.points, found.covered) == ("all", 5, 4)
    assert found.coverage == pytest.approx(0.8)
    assert found.median == pytest.approx(0.15)
    assert found.p90 == pytest.approx(0.235)
    assert found.bias == pytest.approx(0.05)
    assert found.inside == pytest.approx(0.75)


def test_a_group_that_is_refused_altogether_has_no_errors() -> None:
    assert score("none", POINTS[:2], [refused("a"), refused("b")]) == Score("none", 2, 0, None, None, None, None)
    assert score("none", POINTS[:2], [refused("a"), refused("b")]).coverage == 0
    assert score("empty", [], []).coverage == 0


def test_a_prediction_without_an_interval_holds_nothing() -> None:
    assert score("bare", POINTS[:1], [told(100)]).inside == 0


def test_a_prediction_is_needed_for_every_point() -> None:
    with pytest.raises(ValueError, match="shorter"):
        score("short", POINTS, PREDICTIONS[:-1])


def test_groups_by_family_hardware_metric_and_model() -> None:
    points = [
        point(metric="tok_s_total", scenario="offline", hardware="y"),
        point(),
        point(model="n"),
        point(metric="ttft_ms"),
        point(metric="tok_s_per_user"),
    ]
    table = score_table(points, [told(100 + 10 * i) for i in range(5)])
    assert {name: [(s.group, s.points) for s in scores] for name, scores in table.items()} == {
        "family": [("TPOT", 2), ("TTFT", 1), ("speed per user", 1), ("throughput offline", 1)],
        "hardware": [("x", 4), ("y", 1)],
        "metric": [("tok_s_per_user", 1), ("tok_s_total", 1), ("tpot_ms", 2), ("ttft_ms", 1)],
        "model": [("m", 4), ("n", 1)],
    }
    assert table["family"][0].median == pytest.approx(0.15)  # of 10 and 20 %
    assert table["model"][1].median == pytest.approx(0.20)


def test_other_groupings_keep_the_order_of_the_families() -> None:
    points = [point(hardware="b", metric="ttft_ms"), point(hardware="b"), point(hardware="a")]
    table = score_table(points, [told(100)] * 3, {"both": lambda p: f"{p.family}, {p.hardware}"})
    assert [s.group for s in table["both"]] == ["TPOT, a", "TPOT, b", "TTFT, b"]


def test_refusals_by_reason_the_costliest_first() -> None:
    told_all = [refused("b"), told(1), refused("c"), refused("a"), refused("c")]
    assert refusals(told_all) == [("c", 2), ("a", 1), ("b", 1)]


SELECTED = [
    (Selection(), {}, True),
    (Selection(), {"value": None}, False),
    (Selection(), {"use": "context"}, False),
    (Selection(split="validate"), {"split": "validate"}, True),
    (Selection(split="validate"), {"split": "calibrate"}, False),
    (Selection(names={"hardware": frozenset({"x", "y"})}), {}, True),
    (Selection(names={"hardware": frozenset({"y"})}), {}, False),
    (Selection(names={"family": frozenset({"TPOT"}), "model": frozenset({"n"})}), {}, False),
    (Selection(max_concurrency=8), {"concurrency": 8.0}, True),
    (Selection(max_concurrency=8), {"concurrency": 9.0}, False),
    (Selection(max_concurrency=8), {}, False),
    (Selection(stated=True), {"n_chips": 8, "concurrency": 1.0}, True),
    (Selection(stated=True), {"n_chips": 8}, False),
    (Selection(stated=True), {"concurrency": 1.0}, False),
    (Selection(no_speculation=True), {}, True),
    (Selection(no_speculation=True), {"speculative": "no"}, True),
    (Selection(no_speculation=True), {"speculative": "yes"}, False),
    (Selection(no_speculation=True), {"speculative": "unknown"}, False),
]


@pytest.mark.parametrize(("selection", "known", "holds"), SELECTED)
def test_a_selection(selection: Selection, known: dict[str, Any], holds: bool) -> None:
    found = point(**known)
    assert selection.of([found]) == ([found] if holds else [])
