"""Points files: what a row means, and every way in which one can be wrong."""

import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.errors import InputError
from chipbrief.evidence import points
from chipbrief.evidence.points import FAMILIES, METRICS, PointsFile, parse_points, read_points

HEADER = "id,split,use,hardware,n_chips,model,concurrency,scenario,ttft_slo_ms,speculative,metric,value,unit,note"
ROW = "p1,validate,yes,acme-x1,8.0,llama-3.1-8b,16,server,2000,no,tok_s_total,1500.5,output tok/s,as found"
MINIMAL = "hardware,model,metric\n"


def parse(text: str | bytes) -> PointsFile:
    return parse_points(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "points.csv")


def refused(text: str | bytes) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse(text)
    return str(caught.value).splitlines()


# -- what is read ---------------------------------------------------------------------------------------------


def test_a_row_is_typed_and_its_milliseconds_are_seconds() -> None:
    [point] = parse(f"{HEADER}\n{ROW}\n").points
    assert (point.line, point.id, point.split, point.hardware, point.model) == (
        2,
        "p1",
        "validate",
        "acme-x1",
        "llama-3.1-8b",
    )
    assert (point.n_chips, point.concurrency, point.value) == (8, 16.0, 1500.5)
    assert isinstance(point.n_chips, int)
    assert (point.ttft_slo_s, point.tpot_slo_s) == (2.0, None)
    assert (point.scenario, point.speculative, point.metric, point.unit) == (
        "server",
        "no",
        "tok_s_total",
        "output tok/s",
    )


def test_three_columns_are_enough_and_the_rest_is_empty() -> None:
    [point] = parse(MINIMAL + "acme-x1,llama-3.1-8b,tpot_ms\n").points
    assert (point.n_chips, point.precision, point.isl, point.isl_effective, point.osl) == (None,) * 5
    assert (point.concurrency, point.ttft_slo_s, point.tpot_slo_s, point.tp, point.dp, point.ep) == (None,) * 6
    assert point.value is None
    assert (point.id, point.split, point.scenario, point.unit, point.engine, point.kind, point.date) == ("",) * 7


def test_header_and_rows_stay_as_they_are() -> None:
    file = parse(f'{HEADER}\n{ROW}\n\n{ROW.replace("as found", " =1+1 ")}\n{ROW.replace("as found", "")}"a\nb"\n')
    assert ",".join(file.header) == HEADER
    assert [row[-1] for row in file.rows] == ["as found", " =1+1 ", "a\nb"]
    assert ",".join(file.rows[0]) == ROW  # 8.0 chips, not 8
    assert [point.line for point in file.points] == [2, 4, 5]  # the blank line counts, and is no row


def test_marks_line_ends_and_spaces_of_other_programs() -> None:
    file = parse(b"\xef\xbb\xbfhardware , model,metric\r\n acme-x1 ,m,ttft_ms\r\n")
    assert (file.points[0].hardware, file.points[0].metric) == ("acme-x1", "ttft_ms")
    assert file.header == ("hardware ", " model", "metric")


@pytest.mark.parametrize(
    ("metric", "scenario", "family"),
    [
        ("tpot_ms", "", "TPOT"),
        ("ttft_ms", "server", "TTFT"),
        ("e2e_ms", "", "E2E"),
        ("tok_s_per_user", "interactive", "speed per user"),
        ("tok_s_total", "offline", "throughput offline"),
        ("tok_s_per_chip", "offline", "throughput offline"),
        ("tok_s_total", "server", "throughput under SLO"),
        ("tok_s_per_chip", "interactive", "throughput under SLO"),
        ("tok_s_total", "", "throughput at concurrency"),
    ],
)
def test_families(metric: str, scenario: str, family: str) -> None:
    [point] = parse(f"hardware,model,metric,scenario\nx,y,{metric},{scenario}\n").points
    assert point.family == family
    assert family in FAMILIES


@pytest.mark.parametrize(("use", "scored"), [("yes", True), ("", True), ("context", False), ("no", False)])
def test_context_is_not_scored(use: str, scored: bool) -> None:
    assert parse(f"hardware,model,metric,use\nx,y,tpot_ms,{use}\n").points[0].scored is scored


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_a_number_that_python_writes_is_the_number_that_is_read(value: float) -> None:
    assert parse(f"hardware,model,metric,value\nx,y,tpot_ms,{value!r}\n").points[0].value == value


# -- what is refused ------------------------------------------------------------------------------------------


def one(column: str, text: str) -> str:
    """A file whose only row has this text in this column, the fourth."""
    return f"hardware,model,metric,{column}\nx,y,tpot_ms,{text}\n"


PLAIN = "expected a number such as 1024, got"
BAD: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "points.csv:1:1: is empty, expected CSV with a heading line"),
    "blank": ("\n\n", "points.csv:1:1: is empty, expected CSV with a heading line"),
    "heading only": (MINIMAL, "points.csv:1:1: holds no points, only a heading line"),
    "column": (
        "hardware,Model,metric\nx,y,tpot_ms\n",
        "points.csv:1:1: model: this column is missing; did you mean 'Model'?",
    ),
    "twice": (
        "hardware,model,metric,tp,tp\nx,y,tpot_ms,1,1\n",
        "points.csv:1:5: tp: stands twice in the heading line, first as column 4",
    ),
    "no hardware": (MINIMAL + "x,y,tpot_ms\n ,y,tpot_ms\n", "points.csv:3:1: hardware: is empty"),
    "no model": (MINIMAL + "x,,tpot_ms\n", "points.csv:2:2: model: is empty"),
    "no metric": (MINIMAL + "x,y,\n", "points.csv:2:3: metric: is empty"),
    "metric": (MINIMAL + "x,y,tpot\n", "points.csv:2:3: metric: unknown metric 'tpot'; did you mean 'tpot_ms'?"),
    "word": (one("value", "abc"), f"points.csv:2:4: value: {PLAIN} 'abc'"),
    "nan": (one("value", "nan"), f"points.csv:2:4: value: {PLAIN} 'nan'"),
    "inf": (one("isl", "inf"), f"points.csv:2:4: isl: {PLAIN} 'inf'"),
    "1e400": (one("osl", "1e400"), f"points.csv:2:4: osl: {PLAIN} '1e400'"),
    "octal": (one("concurrency", "010"), f"points.csv:2:4: concurrency: {PLAIN} '010'"),
    "with a unit": (one("ttft_slo_ms", "200 ms"), f"points.csv:2:4: ttft_slo_ms: {PLAIN} '200 ms'"),
    "negative": (
        one("tpot_slo_ms", "-5"),
        "points.csv:2:4: tpot_slo_ms: expected a number that is not negative, got '-5'",
    ),
    "no chips": (one("n_chips", "0"), "points.csv:2:4: n_chips: expected a number above 0, got '0'"),
    "too small": (one("value", "1e-400"), "points.csv:2:4: value: expected a number above 0, got '1e-400'"),
    "half a chip": (one("n_chips", "1.5"), "points.csv:2:4: n_chips: expected a whole number, got '1.5'"),
    "half a rank": (one("tp", "2.5"), "points.csv:2:4: tp: expected a whole number, got '2.5'"),
    "unit": (one("unit", "s"), "points.csv:2:4: unit: expected 'ms' for tpot_ms, got 's'"),
    "unit of another": (
        one("unit", "output tok/s"),
        "points.csv:2:4: unit: expected 'ms' for tpot_ms, got 'output tok/s'",
    ),
    "scenario": (
        one("scenario", "Offline"),
        "points.csv:2:4: scenario: unknown scenario 'Offline'; did you mean 'offline'?",
    ),
    "speculative": (
        one("speculative", "maybe"),
        "points.csv:2:4: speculative: unknown speculative 'maybe'; known: yes, unknown, no",
    ),
    "too few": (MINIMAL + "x,y\n", "points.csv:2:3: has 2 cells where the heading line has 3"),
    "too many": (MINIMAL + "x,y,tpot_ms,\n", "points.csv:2:4: has 4 cells where the heading line has 3"),
    "NUL": (MINIMAL + "x,y\0,tpot_ms\n", "points.csv:2:2: holds a NUL byte"),
    "NUL above": ("hardware,model,metric,a\0b\nx,y,tpot_ms,\n", "points.csv:1:4: holds a NUL byte"),
    "bytes": (MINIMAL.encode() + b"x,y,tpot_ms\nx,\xff,tpot_ms\n", "points.csv:3:1: is not UTF-8 text"),
    "UTF-16": (MINIMAL.encode("utf-16"), "points.csv:1:1: is not UTF-8 text"),
    "open quote": (MINIMAL + 'x,y,tpot_ms\n"x,y,tpot_ms\n', "points.csv:3:1: is not CSV: unexpected end of data"),
    "huge cell": (MINIMAL + "x" * 200_000, "points.csv:2:1: is not CSV: field larger than field limit (131072)"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_named_by_its_place(name: str) -> None:
    text, wanted = BAD[name]
    assert refused(text) == [wanted]


def test_the_rows_below_a_heading_line_that_is_wrong_are_checked_too() -> None:
    assert refused("model,model,metric,n_chips\nx,y,tpot_ms,0\n") == [
        "points.csv:1:1: hardware: this column is missing",
        "points.csv:1:2: model: stands twice in the heading line, first as column 1",
        "points.csv:2:4: n_chips: expected a number above 0, got '0'",
    ]


@pytest.mark.parametrize(("metric", "unit"), METRICS.items())
def test_each_metric_has_one_unit_or_none_stated(metric: str, unit: str) -> None:
    header = "hardware,model,metric,unit\n"
    assert [p.unit for p in parse(f"{header}x,y,{metric},{unit}\nx,y,{metric},\n").points] == [unit, ""]
    for other in set(METRICS.values()) - {unit}:
        assert refused(f"{header}x,y,{metric},{other}\n") == [
            f"points.csv:2:4: unit: expected {unit!r} for {metric}, got {other!r}"
        ]


def test_every_problem_at_once_in_the_order_of_the_file() -> None:
    rows = [
        "x,y,tpot_ms,1,5,ms",
        ",y,tpot_ms,eight,5,ms",
        'x,"a\nb",tok_s,1,-1,output tok',
        "x,y",
        "x,y,tpot_ms,1.5,5,ms",
    ]
    found = refused("hardware,model,metric,n_chips,value,unit\n" + "\n".join(rows))
    assert [line.partition(" ")[0] for line in found] == [
        "points.csv:3:1:",
        "points.csv:3:4:",
        "points.csv:4:3:",
        "points.csv:4:5:",
        "points.csv:4:6:",
        "points.csv:6:3:",  # row four takes two lines
        "points.csv:7:4:",
    ]
    assert found[4] == "points.csv:4:6: unit: unknown unit 'output tok'; did you mean 'output tok/s'?"


def test_the_first_fifty_problems_are_listed_and_the_rest_counted() -> None:
    assert [len(refused(MINIMAL + "x,y,speed\n" * wrong)) for wrong in (50, 51, 52)] == [50, 51, 51]
    found = refused(MINIMAL + "x,y,speed\n" * 1234)
    assert len(found) == 51
    assert found[49].startswith("points.csv:51:3: metric: unknown metric 'speed'")
    assert found[50] == "points.csv:52:3: and 1,184 more problems from here on"


def test_a_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "MAX_CHARACTERS", 2_000_000)
    row = "x,y,tpot_ms\n"
    assert len(parse(MINIMAL + row * 1000).points) == 1000
    assert (
        refused(MINIMAL + row * 200_000)[-1]
        == f"points.csv:{(2_000_000 - len(MINIMAL)) // len(row) + 2}:1: is larger than 2 MB"
    )


@pytest.mark.parametrize(
    ("make", "why"),
    [(lambda path: None, "No such file or directory"), (lambda path: path.mkdir(), "Is a directory")],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, make: Callable[[Path], None], why: str) -> None:
    make(tmp_path / "points.csv")
    with pytest.raises(InputError) as caught:
        read_points(tmp_path / "points.csv")
    assert str(caught.value) == f"{tmp_path / 'points.csv'}: cannot be read: {why}"


def test_the_stream_is_left_open_for_its_owner() -> None:
    stream = io.BytesIO(MINIMAL.encode())
    with pytest.raises(InputError):
        parse_points(stream, "points.csv")
    assert not stream.closed


def test_names_that_no_registry_knows_are_read() -> None:
    file = parse(MINIMAL + "x,y,tpot_ms\nz,y,tpot_ms\nx,y,ttft_ms\n")
    assert Counter(point.hardware for point in file.points) == {"x": 2, "z": 1}
