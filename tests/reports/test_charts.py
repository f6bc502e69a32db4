"""Charts: plain data that Vega draws; every line is named, every kind of evidence has a mark of its own."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

import chipbrief_reports.charts as charts
from chipbrief_reports.charts import (
    FOCUS_COLOURS,
    GREY,
    Bar,
    DotRow,
    FieldMark,
    FieldRow,
    FrontierLine,
    HistoryLine,
    HistoryPoint,
    LengthLine,
    MapCell,
    MethodMark,
    RoofLine,
    RoofPoint,
    capacity_steps,
    colour_of,
    day_chart,
    dot_strip,
    field_chart,
    frontier_chart,
    history_chart,
    length_chart,
    roofline_chart,
    stacked_bars,
    tornado_chart,
    winner_map_chart,
)
from chipbrief_reports.charts.theme import SHAPES, log_axis, shape_of
from chipbrief_reports.render import chart_svg
from chipbrief_reports.render.theme import contrast

SYSTEMS = ("CS-3", "DGX B200", "GroqRack", "MI355X ×8")

DOTS = dot_strip(
    [
        DotRow("Coding agent", 0.02, 0, "20 ms", 0.01, 0.05, "hollow"),
        DotRow("Coding agent", 0.4, 1, "400 ms", fill="solid"),
        DotRow("Voice < & >", 7.0, 2, "7 s", 5.0, 9.0, "crossed"),
        DotRow("Voice < & >", 7.0, 3, "7.0 s"),
    ],
    axis="seconds to the answer",
)
FRONTIER = frontier_chart(
    [
        FrontierLine("CS-3", 0, ((500, 0.02), (1000, 0.03), (2000, 0.1)), (1000, 0.03)),
        FrontierLine("DGX B200", 1, ((20, 0.01), (100, 0.014), (400, 0.03)), (100, 0.014)),
        FrontierLine("MI355X ×8", 3, ((30, 0.012), (90, 0.02)), None),
        FrontierLine("Nothing fits", 4, (), None),
    ],
    x="tok/s/user",
    y="USD/Mtok",
    limit=60.0,
)
STACKED = stacked_bars(
    [
        Bar("CS-3", "Hardware", 30.0),
        Bar("CS-3", "Energy", 5.0),
        Bar("DGX B200", "Hardware", 11.0),
        Bar("DGX B200", "Energy", 4.0),
    ],
    axis="USD per system-hour",
    totals={"CS-3": "$35", "DGX B200": "$15"},
)
TORNADO = tornado_chart(
    [("price: system", 0.01, 0.08, "0.5 to 3 MUSD"), ("economic life", 0.03, 0.02, "3 to 6 years")],
    base=0.025,
    axis="USD/Mtok",
)
STEPS = capacity_steps(
    [
        ("CS-3", 0, [("2026-12", 4), ("2027-03", 6), ("2027-06", 14)]),
        ("GroqRack", 2, [("2026-12", 40), ("2027-03", 66), ("2027-06", 97)]),
    ],
    axis="systems",
)
DAY = day_chart([float(hour) for hour in range(1, 25)], [("mean", 12.5), ("provisioned, X1", 30.0)], axis="requests/s")
FIELD = field_chart(
    [
        FieldRow(
            "Power of a system, kW",
            FieldMark("CS-3", 23.0, "23.0", "20.0–27.0", "Data sheet, 2025"),
            (FieldMark("Small", 10.0, "10.0"), FieldMark("Rack", 132.0, "132")),
            "2 of 3",
        ),
        FieldRow(
            "Price of a system, $ thousand",
            FieldMark("CS-3", 1000.0, "1000"),
            (FieldMark("Small", 270.0, "270"), FieldMark("Rack", 500.0, "500")),
            "3 of 3",
        ),
    ],
    system=0,
)
MAP = winner_map_chart(
    [
        MapCell("120", "1000", "B200 rent", 1),
        MapCell("500", "1000", "CS-3 own", 0, True, "CS-3, owned", "0.028 $/Mtok", "modelled by E1"),
        MapCell("120", "4000", "–", None),
        MapCell("500", "4000", "B200 rent", 1),
    ],
    x="answer, mean tokens",
    y="prompt, mean tokens",
)
LINES = length_chart(
    [LengthLine("CS-3", 0, 0.5, 0.001), LengthLine("DGX B200", 1, 0.25, 0.0111), LengthLine("GroqRack", 2, 0.6, 0.002)],
    longest=10_000,
    x="tokens",
    y="seconds",
)
ROOFLINE = roofline_chart(
    [
        RoofLine("CS-3", 0, 21_000.0, 15_600.0, (RoofPoint("decode", 4.5, 540.0),)),
        RoofLine(
            "DGX B200", 1, 64.0, 21_000.0, (RoofPoint("decode", 7.8, 180.0), RoofPoint("prefill", 2000.0, 5200.0))
        ),
        RoofLine("GroqRack", 2, 5100.0, 15_000.0, (RoofPoint("decode", 4.2, 57.0),)),
    ],
    x="FLOP a byte",
    y="TFLOP/s",
)
ALL = {
    "lines": (LINES, ("CS-3", "DGX B200", "GroqRack", "from 26: CS-3", "from 40: GroqRack", "tokens", "seconds")),
    "roofline": (ROOFLINE, ("CS-3", "DGX B200", "DGX B200 decode, 36 %", "FLOP a byte", "TFLOP/s")),
    "day": (DAY, ("mean", "provisioned, X1", "00", "24")),
    "field": (FIELD, ("Power of a system, kW", "23.0", "2 of 3", "1000", "3 of 3")),
    "map": (MAP, ("B200 rent", "CS-3 own", "–", "120", "500", "1000", "4000", "answer, mean tokens")),
    "dots": (DOTS, ("Coding agent", "Voice < & >", "20 ms", "400 ms", "7 s", "7.0 s")),
    "frontier": (FRONTIER, ("CS-3", "DGX B200", "MI355X ×8", "service level", "tok/s/user", "USD/Mtok")),
    "stacked": (STACKED, ("CS-3", "DGX B200", "Hardware", "Energy", "$35", "$15", "USD per system-hour")),
    "tornado": (TORNADO, ("price: system", "economic life", "0.5 to 3 MUSD", "3 to 6 years", "USD/Mtok")),
    "steps": (STEPS, ("CS-3", "GroqRack", "2026-12", "2027-03", "2027-06", "systems")),
}


def edition(day: int, value: float) -> HistoryPoint:
    """A price in the edition of a day of November, half of it to twice."""
    return HistoryPoint(datetime(2026, 11, day, tzinfo=UTC), value, value / 2, value * 2, f"{value} USD/Mtok")


HISTORY = history_chart(
    [
        HistoryLine("CS-3", 0, ((edition(2, 0.02), edition(9, 0.03)),)),
        HistoryLine("The whole mix", None, ((edition(9, 0.3),),)),
    ],
    y="USD/Mtok",
    marks=[MethodMark(datetime(2026, 11, 9, tzinfo=UTC), "draws")],
)
ALL |= {"history": (HISTORY, ("CS-3", "The whole mix", "USD/Mtok"))}
REST = {"colour_of", "crossovers", "leads"}  # no drawings
BUILDERS = {"dots": "dot_strip", "frontier": "frontier_chart", "stacked": "stacked_bars", "tornado": "tornado_chart"}
BUILDERS |= {"lines": "length_chart", "roofline": "roofline_chart"}
BUILDERS |= {"steps": "capacity_steps", "day": "day_chart", "field": "field_chart", "map": "winner_map_chart"}
BUILDERS |= {"history": "history_chart"}


def words(svg: str) -> list[str]:
    """The texts of a drawing."""
    found = re.findall(r"<text\b[^>]*>([^<]*)</text>", svg)
    return [word.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for word in found]


def drawn(spec: dict[str, Any]) -> str:
    return chart_svg(spec, "c", "A chart.")


def marks(svg: str) -> list[dict[str, str]]:
    """The attributes of the point marks, in the order drawn."""
    groups = re.findall(r"<g[^>]*>(?:(?!<g\b|</g>).)*</g>", svg, re.S)
    paths = [path for group in groups for path in re.findall(r"<path\b[^>]*transform=[^>]*>", group)]
    return [dict(re.findall(r'([\w-]+)="([^"]*)"', path)) for path in paths]


def every(part: Any, key: str) -> list[Any]:
    """All values of a key, at any depth."""
    if isinstance(part, dict):
        return [v for k, v in part.items() if k == key] + [v for child in part.values() for v in every(child, key)]
    if isinstance(part, list):
        return [v for child in part for v in every(child, key)]
    return []


def test_every_builder_is_tested_here() -> None:
    assert set(BUILDERS.values()) == {name for name in charts.__all__ if name[0].islower()} - REST
    assert set(BUILDERS) == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_chart_is_plain_data_with_its_values_inside(name: str) -> None:
    spec, _ = ALL[name]
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    assert every(spec, "url") == []


@pytest.mark.parametrize("name", ALL)
def test_a_chart_names_every_line_in_the_pages_font(name: str) -> None:
    spec, expected = ALL[name]
    svg = drawn(spec)
    assert set(expected) <= set(words(svg))
    fonts = re.findall(r'<text\b[^>]*font-family="([^"]*)"', svg)
    assert set(fonts) == {"Inter"}
    assert len(fonts) == svg.count("<text ")


@pytest.mark.parametrize("name", ALL)
def test_no_text_of_a_chart_stands_outside_it(name: str) -> None:
    """The drawing is as wide as the text block, 602 px, whatever its labels say."""
    svg = drawn(ALL[name][0])
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert size
    assert float(size[1]) == pytest.approx(602, abs=1)
    assert 60 < float(size[2]) < 500


# -- what a mark says, and what fades while it does ------------------------------------------------------------


def told(spec: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What the marks of a chart say, by title."""
    return {words["title"]: words for words in every(spec, "tip")}


@pytest.mark.parametrize("name", ALL)
def test_every_chart_tells_its_values_and_fades_what_is_not_meant(name: str) -> None:
    spec, _ = ALL[name]
    assert all(words["title"] and words["Value"] for words in every(spec, "tip"))
    assert len(told(spec)) >= 2
    rows = [row for rows in every(spec, "values") for row in rows if isinstance(row, dict) and "tip" in row]
    assert all(row["who"] for row in rows)
    assert any("chosen" in str(condition) for condition in every(spec, "condition"))


def test_a_dot_says_name_value_range_and_source() -> None:
    row = DotRow("Voice", 0.57, 0, "570 ms", 0.2, 0.9, "hollow", "CS-3", "modelled by E6", words="570 ms")
    [words] = told(dot_strip([row], axis="seconds")).values()
    assert words == {
        "title": "Voice: CS-3",
        "Value": "570 ms",
        "Range": "0.20–0.90 seconds",
        "Source": "modelled by E6",
    }


def test_a_dot_without_words_says_its_number_with_the_axis_unit() -> None:
    [words] = told(dot_strip([DotRow("Voice", 0.57, 0, "fitted")], axis="J/token")).values()
    assert words == {"title": "Voice", "Value": "0.57 J/token"}


def test_the_field_says_whose_each_grey_mark_is() -> None:
    words = told(FIELD)
    assert words["CS-3: power of a system"] == {
        "title": "CS-3: power of a system",
        "Value": "23.0 kW, rank 2 of 3",
        "Range": "20.0–27.0 kW",
        "Source": "Data sheet, 2025",
    }
    assert words["Rack: power of a system"]["Value"] == "132 kW"
    assert words["Small: price of a system"]["Value"] == "270 thousand $"


def test_a_cell_of_the_map_says_who_wins_at_which_lengths_and_price() -> None:
    assert told(MAP)["Prompt 1000, answer 500 tokens (today)"] == {
        "title": "Prompt 1000, answer 500 tokens (today)",
        "Value": "CS-3, owned, 0.028 $/Mtok",
        "Source": "modelled by E1",
    }


def test_the_day_says_each_hour_and_level() -> None:
    words = told(DAY)
    assert words["03 to 04 h, UTC"]["Value"] == "4.0 requests/s"
    assert words["mean"]["Value"] == "12 requests/s, 42 % of provisioned, X1"  # 12.5 of 30
    assert words["provisioned, X1"]["Value"] == "30 requests/s"


# -- colours and marks ----------------------------------------------------------------------------------------


def grey(colour: str) -> float:
    """Contrast with white, the one thing that is left of a colour in greyscale."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return contrast((red, green, blue), (255, 255, 255))


def test_colour_is_for_the_systems_in_focus_only() -> None:
    assert [colour_of(i) for i in range(3)] == list(FOCUS_COLOURS)
    assert {colour_of(i) for i in (3, 4, 17, None)} == {GREY}
    assert len({*FOCUS_COLOURS, GREY}) == 4


def test_systems_differ_without_colour() -> None:
    assert len({shape_of(i) for i in range(len(SHAPES))}) == len(SHAPES)
    assert len({shape_of(i) for i in range(3)}) == 3


@pytest.mark.parametrize("colour", [*FOCUS_COLOURS, GREY])
def test_a_mark_is_seen_on_white_paper(colour: str) -> None:
    """3 to 1: WCAG 2.2, success criterion 1.4.11."""
    assert grey(colour) >= 3


def evidence(fill: Any) -> dict[str, str]:
    """How the mark of a value of one system is drawn, by its kind of evidence."""
    [mark] = marks(drawn(dot_strip([DotRow("a", 2.0, 0, fill=fill)], axis="x")))
    return {key: value for key, value in mark.items() if key in ("d", "fill", "stroke")}


def test_measured_modelled_and_claimed_have_marks_of_their_own() -> None:
    """Measured solid, modelled hollow, claimed crossed: the briefing's own legend."""
    measured, modelled, claimed = evidence("solid"), evidence("hollow"), evidence("crossed")
    colour = FOCUS_COLOURS[0].lower()
    assert measured["fill"].lower() == colour
    assert modelled["fill"].lower() in ("white", "#fff", "#ffffff")
    assert modelled["stroke"].lower() == colour
    assert measured["d"] == modelled["d"]
    assert claimed["d"] != measured["d"]
    assert claimed["fill"].lower() == colour


def test_a_claim_of_the_fifth_system_is_no_measurement() -> None:
    """The cross means a claim, so no system may wear it as its own mark."""
    assert all(shape_of(i) != "cross" for i in range(12))


def test_two_systems_of_one_value_stand_apart() -> None:
    rows = [DotRow("a", 2.0, system) for system in range(3)]
    places = {mark["transform"] for mark in marks(drawn(dot_strip(rows, axis="x")))}
    assert len(places) == 3


def test_a_range_is_a_line_from_its_low_to_its_high_end() -> None:
    spec = dot_strip([DotRow("a", 2.0, 0, low=1.0, high=4.0), DotRow("b", 3.0, 1)], axis="x")
    [first, second] = next(values for values in every(spec, "values") if values and isinstance(values[0], dict))
    assert (first["low"], first["value"], first["high"]) == (1.0, 2.0, 4.0)
    assert second["low"] == second["value"] == second["high"]


# -- axes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [(1.0, 10.0), (0.003, 4.0), (12.0, 13.0), (7.0,), (50.0, 2_000_000.0), (0.0, 5.0), (1e-6, 1e6), (3.0, 3.3)],
)
def test_a_logarithmic_axis_covers_its_data(values: tuple[float, ...]) -> None:
    found = log_axis(values)
    low, high = found["scale"].to_dict()["domain"]
    ticks = found["axis"].to_dict()["values"]
    seen = [v for v in values if v > 0]
    assert low <= min(seen)
    assert max(seen) <= high
    assert all(low <= tick <= high for tick in ticks)
    assert all(f"{tick:.0e}"[0] in "125" for tick in ticks)
    assert all(a < b for a, b in pairwise(ticks))


@pytest.mark.parametrize("values", [(1.0, 10.0), (0.003, 4.0), (12.0, 13.0), (7.0,), (3.0, 3.3), (610.0, 700.0)])
def test_a_logarithmic_axis_has_ticks_to_read_it_by(values: tuple[float, ...]) -> None:
    """One tick alone gives a place, two a scale."""
    assert len(log_axis(values)["axis"].to_dict()["values"]) >= 2


def test_the_ticks_of_a_drawing_are_numbers_one_can_read() -> None:
    """2, 5 and 10 from 2 to 13, then thousands by thin spaces and millions in words, as the text has them."""
    assert {"2", "5", "10"} <= set(words(drawn(dot_strip([DotRow("a", 2.0, 0), DotRow("b", 13.0, 1)], axis="x"))))
    long = words(drawn(dot_strip([DotRow("a", 2e4, 0), DotRow("b", 3e6, 1)], axis="x")))
    assert {"20\u202f000", "100\u202f000", "1 million"} <= set(long)


def test_the_range_in_words_has_room_behind_the_longest_bar() -> None:
    [domain] = {
        tuple(found) for found in every(TORNADO, "domain") if isinstance(found, list) and 0.08 in (*found, 0.08)
    } - {("low", "high")}
    assert domain[0] <= 0.01
    assert domain[1] > 0.08 * 1.2


def test_the_pieces_of_a_stack_keep_their_order_and_their_sum() -> None:
    svg = drawn(STACKED)
    assert words(svg).index("Hardware") < words(svg).index("Energy")
    ends = [row for rows in every(STACKED, "values") for row in rows if isinstance(row, dict) and "label" in row]
    assert {row["label"]: row["value"] for row in ends} == {"$35": 35.0, "$15": 15.0}


def test_a_chart_without_a_service_level_has_none() -> None:
    spec = frontier_chart([FrontierLine("CS-3", 0, ((5, 2), (9, 3)), None)], x="x", y="y", limit=None)
    assert "service level" not in words(drawn(spec))


def test_the_steepest_and_the_flattest_line_are_drawn() -> None:
    spec = frontier_chart([FrontierLine("One point", 0, ((5.0, 2.0),), (5.0, 2.0))], x="x", y="y", limit=2.0)
    assert "One point" in words(drawn(spec))
    assert math.isfinite(log_axis([5.0])["scale"].to_dict()["domain"][0])


# -- words do not lie on one another --------------------------------------------------------------------------


def boxes(svg: str, expected: set[str]) -> list[tuple[str, float, float, float, float]]:
    """(words, left, right, top, bottom) of some texts of a drawing, five pixels a letter."""
    found = []
    for attributes, raw in re.findall(r"<text\b([^>]*)>([^<]*)</text>", svg):
        place = re.search(r"translate\(([-\d.]+),\s*([-\d.]+)\)", attributes)
        if raw not in expected or not place:
            continue
        x, y, wide = float(place[1]), float(place[2]), 5.0 * len(raw)
        left = x - wide if 'text-anchor="end"' in attributes else x
        found.append((raw, left, left + wide, y - 8.0, y))
    return list(dict.fromkeys(found))  # what stands on white is drawn twice


def overlaps(found: list[tuple[str, float, float, float, float]]) -> list[tuple[str, str]]:
    return [
        (one[0], other[0])
        for i, one in enumerate(found)
        for other in found[i + 1 :]
        if one[1] < other[2] and other[1] < one[2] and one[3] < other[4] and other[3] < one[4]
    ]


@pytest.mark.parametrize("systems", [2, 4, 6])
def test_labels_of_many_systems_stand_apart(systems: int) -> None:
    rows = [
        DotRow(line, 0.5 + 0.01 * i, min(i, 3), f"{500 + 10 * i} ms {name} {i}", lane=name + str(i))
        for line in ("Chat", "Agent", "Voice")
        for i, name in enumerate(["DGX B200", "CS-3", "Rack", "MI355X", "TPU", "LPU"][:systems])
    ]
    labels = boxes(drawn(dot_strip(rows, axis="s")), {row.label for row in rows})
    assert len(labels) >= 3 * systems
    assert overlaps(labels) == []


def test_a_label_stands_behind_the_marks_of_its_lane() -> None:
    rows = [DotRow("a", 100.0, 0, "2 fitted"), DotRow("a", 104.0, 0), DotRow("a", 900.0, 0), DotRow("b", 1.0, 0)]
    spec = dot_strip(rows, axis="tok/s")
    [label] = [row for values in every(spec, "values") for row in values if isinstance(row, dict) and row.get("label")]
    assert label["end"] == 104.0


def test_the_names_of_lines_that_end_together_stand_apart() -> None:
    lines = [
        FrontierLine(f"System {i}", min(i, 3), ((20.0, 0.01), (500.0 + 3 * i, 10.0 + 0.2 * i)), None) for i in range(6)
    ]
    names = {line.name for line in lines}
    labels = boxes(drawn(frontier_chart(lines, x="tok/s/user", y="$/Mtok", limit=60.0)), names)
    assert {label[0] for label in labels} == names
    assert overlaps(labels) == []
    assert min(label[3] for label in labels) > -14  # none above the drawing


def test_what_works_has_colour_and_what_is_idle_is_grey() -> None:
    bars = [Bar("CS-3", "Idle", 3.0), Bar("CS-3", "Energy", 1.0)]
    spec = stacked_bars(bars, axis="$/Mtok", totals={"CS-3": "$4"}, idle=["Idle"])
    [colours] = [found for found in every(spec, "range") if isinstance(found, list) and len(found) == 2]
    red, green, blue = (int(colours[0][i : i + 2], 16) for i in (1, 3, 5))
    assert max(red, green, blue) - min(red, green, blue) < 20


@pytest.mark.parametrize("name", ["a\x00b", "a\x1bb", "a\x9fb", "a\ud800b", "'\"\\", "]]>\u2028x"])
def test_a_name_that_cannot_be_drawn_ends_nothing(name: str) -> None:
    """A control character made vl-convert abort the whole process (exit 134)."""
    svg = drawn(dot_strip([DotRow(name, 2.0, 0, name), DotRow("b", 20.0, 1)], axis="s"))
    assert sum("a\ufffdb" in word or word == name for word in words(svg)) == 2
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", svg)
    assert "<title" in chart_svg(STACKED, "c", f"A chart of {name}.")
