"""The chart of a figure over the editions: what it keeps of a thousand, where its ticks stand, how it draws."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief_reports.charts import HALF, HistoryLine, HistoryPoint, MethodMark, history_chart
from chipbrief_reports.charts.history import _ticks, thinned
from chipbrief_reports.render import chart_svg

START = datetime(2026, 3, 2, 6, tzinfo=UTC)


def point(day: float, value: float) -> HistoryPoint:
    return HistoryPoint(START + timedelta(days=day), value, value * 0.9, value * 1.2, f"${value}")


values = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=400)


@given(values, st.integers(4, 60))
def test_thinning_keeps_ends_and_extremes_in_order(found: list[float], most: int) -> None:
    points = [point(day, value) for day, value in enumerate(found)]
    kept = thinned(points, most)
    assert len(kept) <= max(most, 2)
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert [p.at for p in kept] == sorted({p.at for p in kept})
    assert {p.value for p in kept} >= {min(found), max(found)}
    assert set(kept) <= set(points)
    if len(points) <= most:
        assert kept == points


@given(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), st.floats(0.0, 400_000.0), st.integers(2, 9))
def test_ticks_are_few_and_stand_between_the_ends(first: datetime, hours: float, most: int) -> None:
    first = first.replace(tzinfo=UTC)
    last = first + timedelta(hours=hours)
    ticks, words = _ticks(first, last, most)
    assert 1 <= len(ticks) <= most + 1
    assert all(first <= tick <= last for tick in ticks)
    assert ticks == sorted(ticks)
    assert words.startswith("%")


@pytest.mark.parametrize(
    ("first", "last", "expected", "words"),
    [
        ("2026-03-02", "2026-08-24", ["2026-04-01", "2026-07-01"], "%b %Y"),
        ("2026-03-02", "2026-03-30", ["2026-03-02", "2026-03-16", "2026-03-30"], "%-d %b %Y"),
        ("2026-01-01", "2045-04-24", ["2030-01-01", "2040-01-01"], "%Y"),
        ("2026-03-02", "2026-03-02", ["2026-03-02"], "%-d %b, %H:%M"),
    ],
)
def test_ticks_are_round(first: str, last: str, expected: list[str], words: str) -> None:
    ends = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, last)]
    ticks, how = _ticks(ends[0], ends[1], 3)
    assert ([tick.date().isoformat() for tick in ticks], how) == (expected, words)


def lines(number: int) -> list[HistoryLine]:
    names = ("owned", "rented, 3 years", "by the token")
    return [
        HistoryLine(name, 0, (tuple(point(day, 5.0 * (i + 1) + day % 3) for day in range(number)),))
        for i, name in enumerate(names)
    ]


@pytest.mark.parametrize("number", [1, 2, 12, 1000])
@pytest.mark.parametrize("width", [HALF, 602])
def test_it_draws_every_line_with_its_name(number: int, width: int) -> None:
    marks = [MethodMark(START, "NumPy: 2, was 1")]
    spec = history_chart(lines(number), y="USD", marks=marks, width=width)
    json.dumps(spec, allow_nan=False)
    svg = chart_svg(spec, "price", "Line chart")
    assert svg == chart_svg(history_chart(lines(number), y="USD", marks=marks, width=width), "price", "Line chart")
    for name in ("owned", "rented, 3 years", "by the token"):
        assert f">{name}<" in svg
    assert len(svg) < 200_000
    assert set(re.findall(r'\sid="([^"]+)"', svg)) <= {"price-title", *(f"price-{n}" for n in range(1, 50))}
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert size
    assert (int(size[1]), int(size[2])) == (width, 200)


def test_lines_differ_without_colour() -> None:
    points = history_chart(lines(12), y="USD")["datasets"]["points"]
    looks = {(p["who"], tuple(p["dash"]), p["shape"]) for p in points}
    assert len({dash for _, dash, _ in looks}) == len({shape for _, _, shape in looks}) == 3
    assert len({p["colour"] for p in points}) == 1  # of the system


def test_names_do_not_touch() -> None:
    close = [HistoryLine(f"line {n}", None, ((point(0, 5.0), point(9, 5.0 + n / 1000)),)) for n in range(4)]
    svg = chart_svg(history_chart(close, y="USD", height=200), "close", "Line chart")
    places = sorted(float(y) for y in re.findall(r'translate\([\d.]+,([\d.]+)\)"[^<>]*>line \d<', svg))
    assert len(places) == 4
    assert all(b - a >= 9.0 for a, b in pairwise(places))
