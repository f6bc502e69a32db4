"""The roofline as a chart: slopes, ridges and points by hand, words that do not lie on one another."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief_reports.charts import RoofLine, RoofPoint, roofline_chart
from chipbrief_reports.charts.theme import apart
from chipbrief_reports.render import chart_svg

# DGX B200: 8 x 8 TB/s and, all in 16 bits, 8 x 2,250 TFLOPS (data sheet): a ridge at 18,000/64 = 281.25 FLOP a byte.
B200 = RoofLine(
    "DGX B200", 1, 64.0, 18_000.0, (RoofPoint("decode", 10.0, 160.0, "modelled by E3"),), "7.7 to 8 TB/s", "Sheet, 2025"
)
# CS-3: 21 PB/s, 15,625 TFLOPS: a ridge at 0.744.
CS3 = RoofLine("CS-3", 0, 21_000.0, 15_625.0, (RoofPoint("decode", 4.5, 540.0),))


def values(spec: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of every layer."""
    return [layer["data"]["values"] for layer in spec["layer"]]


def test_a_roof_rises_with_bandwidth_to_its_ridge_and_is_flat_beyond() -> None:
    assert B200.ridge == 281.25
    assert [B200.at(intensity) for intensity in (1.0, 10.0, 281.25, 5000.0)] == [64.0, 640.0, 18_000.0, 18_000.0]
    corners = values(roofline_chart([B200], x="x", y="y"))[0]
    assert [row["order"] for row in corners] == [0, 1, 2]
    assert corners[0]["y"] == pytest.approx(64.0 * corners[0]["x"])
    assert corners[1]["x"] == 281.25
    assert corners[1]["y"] == corners[2]["y"] == 18_000.0


def test_a_point_hangs_from_its_roof_and_says_its_share() -> None:
    """160 of the 640 TFLOP/s that 64 TB/s allow at 10 FLOP a byte: 25 %."""
    spec = roofline_chart([B200, CS3], x="FLOP a byte", y="TFLOP/s")
    [point, other] = values(spec)[1]
    assert (point["x"], point["y"], point["roof"], point["label"]) == (10.0, 160.0, 640.0, "DGX B200 decode, 25 %")
    assert point["tip"] == {
        "title": "DGX B200: decode",
        "Value": "160 TFLOP/s at 10 FLOP a byte, 25 % of its roof there",
        "Source": "modelled by E3",
    }
    assert other["label"] == "CS-3 decode, 3.5 %"  # 540/15,625
    assert {point["shape"], other["shape"]} == {"square", "circle"}  # told apart without colour


def test_the_ridge_says_what_the_roof_stands_on() -> None:
    [ridge] = values(roofline_chart([B200], x="x", y="TFLOP/s"))[2]
    assert ridge["tip"] == {
        "title": "DGX B200: ridge of its roof",
        "Value": "18\u202f000 TFLOP/s from 280 FLOP a byte on, 64 TB/s below",
        "Range": "7.7 to 8 TB/s",
        "Source": "Sheet, 2025",
    }


def test_names_at_ends_that_nearly_meet_stand_apart() -> None:
    """Peaks of 15.6, 15.7 and 15.8 PFLOP/s are a pixel from one another; the names stand ten or more."""
    lines = [RoofLine(name, i, 64.0, 15_600.0 + 100 * i) for i, name in enumerate(("One", "Two", "Three"))]
    svg = chart_svg(roofline_chart(lines, x="x", y="y"), "roofline", "Roofs.")
    found = re.findall(r"<text\b[^>]*translate\(([\d.]+),([\d.]+)\)[^>]*>(One|Two|Three)</text>", svg)
    heights = sorted(float(height) for _, height, _ in found)
    assert len(heights) == 3
    assert all(below - above >= 10 for above, below in pairwise(heights))


positive = st.lists(st.floats(1e-3, 1e6), max_size=8)


@given(positive, st.floats(1.01, 3.0))
def test_values_moved_apart_keep_their_order_and_their_distance(places: list[float], least: float) -> None:
    moved = apart(places, least)
    order = sorted(range(len(places)), key=lambda i: places[i])
    assert all(moved[b] / moved[a] >= least * (1 - 1e-9) for a, b in pairwise(order))
    assert math.prod(moved) == pytest.approx(math.prod(places), rel=1e-6)  # around their own middle


def test_values_that_are_apart_already_stay() -> None:
    assert apart([1.0, 10.0, 4.0], 2.0) == [1.0, 10.0, 4.0]
    assert apart([2.0, 2.0], 4.0) == [pytest.approx(1.0), pytest.approx(4.0)]
