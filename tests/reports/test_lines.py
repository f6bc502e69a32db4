"""Time by length: where two lines cross, by hand, and what the chart says there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief_reports.charts import LengthLine, crossovers, leads, length_chart
from chipbrief_reports.render import chart_svg

# Binary fractions, so that the hand's arithmetic is the machine's.
WAFER = LengthLine("Wafer", 0, 0.5, 0.0078125)  # 1/2 s, then 1/128 s a token
GPU = LengthLine("GPU", 1, 0.25, 0.015625)  # 1/4 s, then 1/64 s a token
SLOW = LengthLine("Slow", 2, 1.0, 0.03125)  # behind both at every length


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """All rows of data with a tip."""
    found: list[dict[str, Any]] = []

    def look(part: Any) -> None:
        if isinstance(part, dict):
            found.extend([part] if "tip" in part else [])
            for child in part.values():
                look(child)
        elif isinstance(part, list):
            for child in part:
                look(child)

    look(spec)
    return found


def test_a_crossover_by_hand() -> None:
    """1/2 + (n - 1)/128 = 1/4 + (n - 1)/64: n - 1 = (1/4)/(1/128) = 32. At 33 both take 3/4 s; from 34 on W is ahead."""
    [crossing] = crossovers([WAFER, GPU], 10_000)
    assert (crossing.ahead, crossing.behind) == (WAFER, GPU)
    assert (crossing.tokens, crossing.first) == (33.0, 34)
    assert WAFER.time_s(33) == GPU.time_s(33) == 0.75
    assert WAFER.time_s(34) < GPU.time_s(34)


def test_lines_that_do_not_cross_have_no_crossover() -> None:
    assert crossovers([SLOW, GPU], 10_000) == []
    assert crossovers([WAFER, GPU], 30) == []  # they would at 33
    assert crossovers([WAFER, LengthLine("Same", 1, 0.75, 0.0078125)], 10_000) == []  # never meet
    assert crossovers([], 10) == []


def test_the_lead_is_handed_on() -> None:
    assert leads([WAFER, GPU, SLOW], 10_000) == [(1, GPU), (34, WAFER)]
    assert leads([SLOW, GPU], 10_000) == [(1, GPU)]
    assert leads([], 10) == []


seconds = st.floats(0.001, 100.0)
some_lines = st.lists(st.tuples(seconds, seconds), min_size=1, max_size=5)


@given(some_lines, st.integers(1, 5000))
def test_who_leads_is_nowhere_slower_than_another(pairs: list[tuple[float, float]], tokens: int) -> None:
    lines = [LengthLine(f"System {i}", i, first, each) for i, (first, each) in enumerate(pairs)]
    found = leads(lines, 5001)
    assert [start for start, _ in found] == sorted({start for start, _ in found})
    leader = [line for start, line in found if start <= tokens][-1]
    assert leader.time_s(tokens) <= min(line.time_s(tokens) for line in lines) * (1 + 1e-9)


def test_the_chart_marks_the_crossover_and_says_it() -> None:
    spec = length_chart([WAFER, GPU, SLOW], longest=10_000)
    [dot] = [row for row in rows(spec) if row["tip"]["title"] == "Wafer passes GPU" and "label" in row][:1]
    assert (dot["x"], dot["y"], dot["label"]) == (33.0, 0.75, "from 34: Wafer")
    assert dot["tip"]["Value"] == "from 34 tokens on Wafer is ahead of GPU; both take 0.75 s there"
    assert "from 34: Wafer" in chart_svg(spec, "times", "Times.")


def test_a_place_on_a_line_says_its_time_and_where_it_comes_from() -> None:
    line = LengthLine("GPU", 1, 0.25, 0.015625, "modelled by E1–E5b")
    [at] = [row for row in rows(length_chart([line], longest=1000)) if row["x"] == 200 and "label" not in row]
    assert at["y"] == 0.25 + 199 / 64
    assert at["tip"] == {
        "title": "GPU: 200 tokens",
        "Value": "3.4 s, 250 ms of it to the first token",
        "Source": "modelled by E1–E5b",
    }


@pytest.mark.parametrize("width", [284, 602])
def test_a_chart_is_as_wide_as_it_is_told(width: int) -> None:
    svg = chart_svg(length_chart([WAFER, GPU, SLOW], longest=10_000, height=120, width=width), "times", "Times.")
    assert f'width="{width}"' in svg


def test_the_same_chart_twice_is_the_same_drawing() -> None:
    spec = length_chart([WAFER, GPU], longest=10_000)
    first, second = (chart_svg(spec, "times", "Times.") for _ in range(2))
    assert first == second
    assert 'id="times-1"' in first or "clip" not in first
