"""How numbers read, against what a copy editor would write."""

from __future__ import annotations

import pytest

from chipbrief_reports import wording
from chipbrief_reports.wording import THIN


def test_the_narrow_space_does_not_break() -> None:
    assert THIN == "\u202f"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (153738, "150\u202f000"),
        (0.02514, "0.025"),
        (0, "0"),
        (1.0, "1.0"),
        (12.0, "12"),
        (99.6, "100"),
        (999.9, "1\u202f000"),
        (1_234_567, "1\u202f200\u202f000"),
        (-1500, "\u22121\u202f500"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert wording.number(value) == text


def test_number_of_more_digits() -> None:
    assert wording.number(6714, 3) == "6\u202f710"


@pytest.mark.parametrize(("value", "text"), [(1896, "1\u202f896"), (0.4, "0"), (1_000_000, "1\u202f000\u202f000")])
def test_whole(value: float, text: str) -> None:
    assert wording.whole(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 systems"), (1, "1 system"), (1.2, "1 system"), (1896, "1\u202f896 systems")]
)
def test_count(value: float, text: str) -> None:
    assert wording.count(value, "system") == text


def test_count_of_an_irregular_noun() -> None:
    assert wording.count(2, "class", "classes") == "2 classes"


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (153738, "$150\u202f000"),
        (0.02514, "$0.025"),
        (4.54, "$4.5"),
        (9_900_000, "$9\u202f900\u202f000"),
        (14_000_000, "$14 million"),
        (12_000_000_000, "$12 billion"),
    ],
)
def test_money(usd: float, text: str) -> None:
    assert wording.money(usd) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.064, "64 ms"),
        (3.5, "3.5 s"),
        (30, "30 s"),
        (1, "1 s"),
        (86400, "24 h"),
        (180, "3 min"),
        (0.0000059, "5.9 \u00b5s"),
    ],
)
def test_seconds(value: float, text: str) -> None:
    assert wording.seconds(value) == text


@pytest.mark.parametrize(("share", "text"), [(0.31, "31 %"), (0.958, "96 %"), (1.0, "100 %"), (0.0025, "0.2 %")])
def test_percent(share: float, text: str) -> None:
    assert wording.percent(share) == text


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_joined(words: list[str], text: str) -> None:
    assert wording.joined(words) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(10.2, 12.9, "10\u201313"), (10.1, 10.2, "10"), (120_000, 160_000, "120\u202f000\u2013160\u202f000")],
)
def test_a_range(low: float, high: float, text: str) -> None:
    assert wording.a_range(low, high) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (96_300, "96\u202f000"),
        (12e6, "12 million"),
        (2.4e9, "2.4 billion"),
        (200e9, "200 billion"),
        (996e6, "1.0 billion"),
        (1e9, "1 billion"),
    ],
)
def test_tokens(value: float, text: str) -> None:
    assert wording.tokens(value) == text


@pytest.mark.parametrize(("value", "text"), [(14_300, "14 kW"), (160e3, "160 kW"), (1.4e6, "1.4 MW"), (700, "700 W")])
def test_watts(value: float, text: str) -> None:
    assert wording.watts(value) == text


@pytest.mark.parametrize(("name", "text"), [("Coding agent", "coding agent"), ("RAG", "RAG"), ("", "")])
def test_midsentence(name: str, text: str) -> None:
    assert wording.midsentence(name) == text


@pytest.mark.parametrize(
    ("registry", "page"),
    [
        ("500,000 USD, 320,000 USD to 3 MUSD", "500\u202f000 USD, 320\u202f000 USD to 3 million USD"),
        ("4.933 us, 1.868 us to 13.03 us", "4.933 \u00b5s, 1.868 \u00b5s to 13.03 \u00b5s"),
        ("24.6 BUSD", "24.6 billion USD"),
        ("208,000,000,000", "208\u202f000\u202f000\u202f000"),
        ("through 500, 2,000, 10,000 tokens", "through 500, 2\u202f000, 10\u202f000 tokens"),
        ("2024,2025 and SC18,SC19", "2024,2025 and SC18,SC19"),
        ("0.79 USD/Mtok", "0.79 USD/Mtok"),
    ],
)
def test_a_quantity_of_the_registry_is_printed_like_every_other(registry: str, page: str) -> None:
    assert wording.printed(registry) == page
