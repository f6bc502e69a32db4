"""Quantities as text: what is read, what is refused, and that printing and reading agree."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.errors import UnitError
from chipbrief.units import DIMENSIONS

YEAR_S = 365 * 24 * 3600

READ = [
    ("bandwidth", "8 TB/s", 8e12),
    ("bandwidth", "8TB/s", 8e12),
    ("bandwidth", "8 Tb/s", 1e12),  # a bit is an eighth of a byte
    ("bandwidth", "8 TiB/s", 8 * 1024**4),
    ("bandwidth", "21 PB/s", 21e15),
    ("bandwidth", "214 Pb/s", 26.75e15),  # the wafer's fabric, in bits and in bytes
    ("capacity", "180 GB", 180e9),
    ("capacity", "180 GiB", 193_273_528_320),
    ("capacity", "1 EB", 1e18),
    ("capacity", "230 MB", 230e6),
    ("compute", "4500 TFLOPS", 4.5e15),
    ("compute", "4,500 TFLOP/s", 4.5e15),
    ("compute", "750 TOPS", 0.75e15),
    ("compute", "1.5 EFLOPS", 1.5e18),
    ("power", "14.3 kW", 14_300.0),
    ("power", "750 MW", 750e6),
    ("time", "2 s", 2.0),
    ("time", "16.7 ms", 0.0167),
    ("time", "5 us", 5e-6),
    ("time", "5 µs", 5e-6),  # MICRO SIGN
    ("time", "5 μs", 5e-6),  # GREEK SMALL LETTER MU
    ("time", "2.7 ns", 2.7e-9),
    ("time", "24 h", 86_400.0),
    ("time", "4 y", 4 * YEAR_S),
    ("money", "$37,000", 37_000.0),
    ("money", "$1.0M", 1e6),
    ("money", "$ 1.0 M", 1e6),
    ("money", "37000 USD", 37_000.0),
    ("money", "20 BUSD", 20e9),
    ("usd_per_hour", "$1.95/h", 1.95),
    ("usd_per_year", "4500 USD/y", 4500.0),
    ("usd_per_mtok", "$0.60/Mtok", 0.60),
    ("usd_per_kwh", "0.083 USD/kWh", 0.083),
    ("usd_per_kw_month", "$184.06/kW-month", 184.06),
    ("speed", "900 tok/s", 900.0),
    ("count", "12M", 12e6),
    ("count", "12 Mtok", 12e6),
    ("count", "96,300", 96_300.0),
    ("count", "300k", 300e3),
    ("count", "671B", 671e9),
    ("count", "1e3", 1000.0),
    ("fraction", "50 %", 0.5),
    ("fraction", "0.5", 0.5),
    ("fraction", "100%", 1.0),
    ("ratio", "150 %", 1.5),
    ("ratio", "1.25", 1.25),
    ("power", "5\u202fkW", 5000.0),  # a narrow space between number and unit
]


@pytest.mark.parametrize(("dimension", "text", "si"), READ)
def test_text_is_read_as_its_si_value(dimension: str, text: str, si: float) -> None:
    assert DIMENSIONS[dimension].parse(text) == pytest.approx(si, rel=1e-12)


@pytest.mark.parametrize("dimension", DIMENSIONS.values(), ids=lambda d: d.name)
def test_the_example_that_a_message_gives_can_be_typed(dimension) -> None:
    example = dimension.example or "12M"
    assert dimension.parse(example) > 0


@pytest.mark.parametrize("dimension", DIMENSIONS.values(), ids=lambda d: d.name)
def test_every_unit_in_the_table_can_be_reached(dimension) -> None:
    unread = []
    for unit, factor in dimension.units.items():
        try:
            assert dimension.parse(f"1 {unit}") == pytest.approx(factor)
        except UnitError:
            unread.append(unit)
    assert not unread


BROKEN = [
    "",
    " ",
    "NaN",
    "nan W",
    "inf",
    "-inf W",
    "Infinity W",
    "1e400 W",
    "9" * 400 + " W",
    "010 W",
    "00.5 W",
    "12:30",
    "-5 W",
    "−5 W",
    "-0 W",
    "1_000 W",
    "0x10 W",
    "1,00 W",
    "10,00 W",
    "1,000,00 W",
    ".5 W",
    "5. W",
    "1.2.3 W",
    "1 2 W",
    "1 000 W",
    "1e5e3 W",
    "1e W",
    "½ W",
    "٣ W",
    "１２ W",
    "5",
    "W",
    "5 W 3",
    "$5 W",
    "5 kWh",
    True,
    False,
    None,
    [],
    ["5 W"],
    {},
    float("nan"),
    float("inf"),
    -1.0,
]


@pytest.mark.parametrize("text", BROKEN, ids=repr)
def test_what_is_no_power_is_refused(text: object) -> None:
    with pytest.raises(UnitError, match=r"^expected a power"):
        DIMENSIONS["power"].parse(text)


@pytest.mark.parametrize(
    ("dimension", "text", "hint"),
    [
        ("bandwidth", "8 TB", "did you mean '8 TB/s'?"),
        ("bandwidth", "8 Tb", "did you mean '8 Tb/s'?"),
        ("capacity", "180 GB/s", "did you mean '180 GB'?"),
        ("time", "2", "did you mean '2 s'?"),
        ("power", "14.3 kw", "did you mean '14.3 kW'?"),
        ("usd_per_hour", "2.60 USD", "did you mean '2.60 USD/h'?"),
        ("fraction", "50", "did you mean '50 %'?"),
    ],
)
def test_a_near_miss_is_told_what_to_write(dimension: str, text: str, hint: str) -> None:
    with pytest.raises(UnitError) as refused:
        DIMENSIONS[dimension].parse(text)
    assert hint in str(refused.value)
    DIMENSIONS[dimension].parse(hint.split("'")[1])  # and that can be typed


def test_a_share_above_the_whole_is_refused_and_not_offered_a_second_percent_sign() -> None:
    with pytest.raises(UnitError, match="at most 1") as refused:
        DIMENSIONS["fraction"].parse("150 %")
    assert "% %" not in str(refused.value)


@given(st.sampled_from(sorted(DIMENSIONS)), st.floats(min_value=1e-30, max_value=1e30))
def test_what_is_printed_reads_back_as_the_same_value(name: str, value: float) -> None:
    dimension = DIMENSIONS[name]
    value = min(value, dimension.maximum)
    assert dimension.parse(dimension.format(value, 6)) == pytest.approx(value, rel=5.1e-6)


@given(st.sampled_from(sorted(DIMENSIONS)), st.floats(min_value=1e-9, max_value=1e21))
def test_more_never_prints_as_less(name: str, value: float) -> None:
    dimension = DIMENSIONS[name]
    value = min(value, dimension.maximum / 1.01)
    assert dimension.parse(dimension.format(value * 1.01)) >= dimension.parse(dimension.format(value))


@given(st.sampled_from(sorted(DIMENSIONS)), st.text("0123456789.,eE+-−$% kKMGTPiBbsWhyUSDtok/:_٣½\n", max_size=12))
def test_any_text_is_a_finite_amount_or_refused(name: str, text: str) -> None:
    try:
        value = DIMENSIONS[name].parse(text)
    except UnitError:
        return
    assert math.isfinite(value)
    assert value >= 0
    assert any(c in "0123456789" for c in text)


@given(st.sampled_from(sorted(DIMENSIONS)), st.floats(min_value=1e-6, max_value=1e6), st.data())
def test_a_number_and_a_unit_multiply(name: str, number: float, data) -> None:
    dimension = DIMENSIONS[name]
    unit = data.draw(st.sampled_from(sorted(dimension.units)))
    number = min(number, dimension.maximum / dimension.units[unit])
    assert dimension.parse(f"{number!r} {unit}") == pytest.approx(number * dimension.units[unit])
