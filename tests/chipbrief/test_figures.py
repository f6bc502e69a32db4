"""No number without its unit, kind, source and date."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from chipbrief.config import Strict, parse_yaml, validate
from chipbrief.errors import InputError
from chipbrief.figures import Bandwidth, Capacity, Source, figures_in, replace_figures

GOOD = {"value": "8 TB/s", "low": "7.67 TB/s", "kind": "vendor_spec", "source": "sheet", "date": "2025-09-09"}


class Part(Strict):
    bandwidth: Bandwidth
    sizes: dict[str, Capacity] = {}
    more: tuple[Bandwidth, ...] = ()
    note: str = ""
    sources: dict[str, Source] = {}


def figure(**changes: Any) -> Bandwidth:
    given = {k: v for k, v in (GOOD | changes).items() if v is not ...}
    return Bandwidth.model_validate(given, context={"sources": {"sheet", "driver-report"}})


def problem(**changes: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        figure(**changes)
    [error] = refused.value.errors()
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def test_a_figure_holds_si_values_and_its_evidence() -> None:
    bandwidth = figure(note="driver reports 7.67")
    assert (bandwidth.value, bandwidth.lowest, bandwidth.highest) == (8e12, 7.67e12, 8e12)
    assert (bandwidth.kind, bandwidth.source, bandwidth.date) == ("vendor_spec", "sheet", "2025-09-09")
    assert bandwidth.ranged
    assert bandwidth.text() == "8 TB/s"
    assert bandwidth.text(7.67e12) == "7.67 TB/s"


def test_without_a_range_both_ends_are_the_value() -> None:
    bandwidth = figure(low=...)
    assert bandwidth.lowest == bandwidth.highest == 8e12
    assert not bandwidth.ranged


def test_a_bare_number_is_refused_and_shown_how_to_be_written() -> None:
    with pytest.raises(InputError) as refused:
        validate(parse_yaml("bandwidth: 8 TB/s\n", "x1.yaml"), Part)
    assert str(refused.value) == (
        "x1.yaml:1:12: bandwidth: a number needs its source: write {value: 8 TB/s, kind: ..., source: ..., date: ...}"
    )


@pytest.mark.parametrize("absent", ["value", "kind", "source", "date"])
def test_nothing_of_the_evidence_may_be_left_out(absent: str) -> None:
    assert problem(**{absent: ...}) == f"{absent}: Field required"


def test_an_unknown_source_is_told_the_nearest() -> None:
    assert "unknown source 'sheets'; did you mean 'sheet'?" in problem(source="sheets")


@pytest.mark.parametrize(
    "date", ["", "yesterday", "2025-13", "2025-00", "2025-02-30", "2025-2-3", "25-01-01", "٢٠٢٥", "2025-01-01T00:00"]
)
def test_a_date_is_a_day_of_the_calendar_a_month_or_a_year(date: str) -> None:
    assert f"expected a date such as 2026-11-23, 2026-11 or 2026, got {date!r}" in problem(date=date)


@pytest.mark.parametrize("date", ["2024", "2024-02", "2024-02-29"])
def test_dates_may_be_as_coarse_as_the_source(date: str) -> None:
    assert figure(date=date).date == date


@pytest.mark.parametrize("ends", [{"low": "9 TB/s"}, {"high": "7 TB/s"}, {"low": "8.1 TB/s", "high": "9 TB/s"}])
def test_a_value_outside_its_own_range_is_refused(ends: dict[str, str]) -> None:
    assert "expected low <= value <= high" in problem(**ends)


def test_a_unit_of_another_dimension_is_refused_in_every_number() -> None:
    assert problem(value="8 TB").startswith("value: Value error, expected a bandwidth such as 8 TB/s, got '8 TB'")
    assert problem(low="7 GB").startswith("low: Value error, expected a bandwidth")


def test_a_kind_outside_the_list_is_refused() -> None:
    assert problem(kind="rumour").startswith("kind: ")


def part() -> Part:
    size = {"value": "1 GB", "kind": "assumed", "source": "sheet", "date": "2026"}
    return Part.model_validate({"bandwidth": GOOD, "sizes": {"l2": size, "l3": size}, "more": [GOOD, GOOD]})


def test_every_figure_of_a_part_is_found_with_its_path() -> None:
    assert [path for path, _ in figures_in(part())] == [
        ("bandwidth",),
        ("sizes", "l2"),
        ("sizes", "l3"),
        ("more", 0),
        ("more", 1),
    ]


def test_replacing_figures_changes_those_and_no_others_and_leaves_the_original() -> None:
    before = part()
    values = {("bandwidth",): np.array([1.0, 2.0]), ("sizes", "l3"): 5.0, ("more", 1): 7.0}
    after = replace_figures(before, values)
    assert after.bandwidth.value.tolist() == [1.0, 2.0]
    assert [f.value for f in after.sizes.values()] == [1e9, 5.0]
    assert [f.value for f in after.more] == [8e12, 7.0]
    assert after.bandwidth.source == "sheet"
    assert before == part()
