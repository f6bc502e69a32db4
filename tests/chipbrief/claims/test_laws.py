"""Laws that hold for any claims: ten times as much is not the same, and order does not matter."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.catalogue import Catalogue
from chipbrief.claims import Audit, Finding, audit, load_claims
from chipbrief.claims.checks import CHECKS
from chipbrief.claims.dates import Period
from chipbrief.claims.metrics import METRICS
from chipbrief.claims.quantity import Quantity, Span, number
from chipbrief.registry import Registry
from chipbrief.units import DIMENSIONS
from chipbrief_templates import example_claims

Audited = Callable[..., dict[str, Finding]]
TENTHS = st.integers(min_value=101, max_value=9999)


@given(a=TENTHS, b=TENTHS)
def test_a_ratio_is_consistent_and_ten_times_of_it_is_not(audited: Audited, a: int, b: int) -> None:
    ratio = a / b
    found = audited(
        f"id: a, subject: nvidia-b200, metric: speed, value: {a / 10} tok/s",
        f"id: b, subject: nvidia-b200, metric: speed, value: {b / 10} tok/s",
        f"id: same, subject: nvidia-b200, metric: ratio, value: {ratio:.4f} x, of: [[a, b]]",
        f"id: tenfold, subject: nvidia-b200, metric: ratio, value: {10 * ratio:.4f} x, of: [[a, b]]",
    )
    assert (found["same"].verdict, found["tenfold"].verdict) == ("consistent", "inconsistent")


@given(tokens=st.integers(200, 20_000), speed=st.integers(50, 5_000), first=st.floats(0.05, 1.5))
def test_a_latency_of_its_own_speed_is_consistent(audited: Audited, tokens: int, speed: int, first: float) -> None:
    seconds = first + tokens / speed
    found = audited(
        f"id: s, subject: nvidia-b200, metric: speed, value: {speed}.0 tok/s",
        f"id: l, subject: nvidia-b200, metric: e2e_latency, value: {seconds:.5f} s, output_tokens: {tokens}, speed: s",
        f"id: x, subject: nvidia-b200, metric: e2e_latency, value: {10 * seconds + 3:.5f} s, output_tokens: {tokens},"
        " speed: s",
    )
    assert (found["l"].verdict, found["x"].verdict) == ("consistent", "inconsistent")


@pytest.fixture(scope="module")
def shipped(registry: Registry, catalogue: Catalogue) -> Any:
    return load_claims(
        example_claims()["openai-cerebras"], models=catalogue.names, hardware=registry.names, checks=CHECKS
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_claims_does_not_matter(
    seed: int, shipped: Any, article: Audit, registry: Registry, catalogue: Catalogue
) -> None:
    claims = list(shipped.claims)
    random.Random(seed).shuffle(claims)
    found = audit(dataclasses.replace(shipped, claims=tuple(claims)), registry, catalogue)
    assert {f.id: f for f in found.findings} == {f.id: f for f in article.findings}
    assert {h.text for h in found.headlines} == {h.text for h in article.headlines}


def test_the_same_file_gives_the_same_audit(
    shipped: Any, article: Audit, registry: Registry, catalogue: Catalogue
) -> None:
    assert audit(shipped, registry, catalogue) == article


# -- quantities and dates -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("900 tok/s", 895, 905),
        ("1,000 tok/s", 950, 1050),
        ("2700 tok/s", 2650, 2750),
        ("185 tok/s", 184.5, 185.5),
        ("2.50 tok/s", 2.495, 2.505),
        ("7 tok/s", 6.5, 7.5),
        ("50 tok/s", 49.5, 50.5),
        ("2,300 to 2,400 tok/s", 2300, 2400),
        ("1k to 2k tok/s", 1000, 2000),
    ],
)
def test_rounding(text: str, low: float, high: float) -> None:
    assert Quantity.parse(text, DIMENSIONS["speed"]).span == Span(pytest.approx(low), pytest.approx(high))


@given(value=st.integers(1, 10**9))
def test_a_number_lies_within_its_own_rounding(value: int) -> None:
    quantity = Quantity.parse(f"{value:,} tok/s", DIMENSIONS["speed"])
    assert quantity.span.low <= value <= quantity.span.high
    assert quantity.like(quantity.value, 12) == f"{value:,} tok/s"


@pytest.mark.parametrize(
    ("value", "text"), [(19290.3, "19,290"), (0.32556, "0.3256"), (2.0, "2"), (0.0, "0"), (123456.7, "123,457")]
)
def test_numbers_have_commas_and_no_exponents(value: float, text: str) -> None:
    assert number(value) == text


@given(day=st.dates(date(1990, 1, 1), date(2199, 12, 31)), days=st.integers(0, 4000))
def test_a_span_holds_its_ends(day: date, days: int) -> None:
    end = min(day + timedelta(days), date(2199, 12, 31))
    span = Period.parse(f"{day} to {end}")
    assert (span.start, span.end) == (day, end)
    quarter = Period.parse(f"{day.year}-Q{(day.month + 2) // 3}")
    assert quarter.start <= day <= quarter.end
    assert Period.parse(str(day)).meets(quarter)


@pytest.mark.parametrize("text", ["2026-13", "2026-02-30", "26", "2026-Q5", "2027 to 2026", "soon", "", None])
def test_what_is_no_date_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        Period.parse(text)


def test_every_metric_reads_its_own_example() -> None:
    for metric in METRICS.values():
        if metric.dimension:
            assert Quantity.parse(metric.dimension.example, metric.dimension).value > 0


@pytest.mark.parametrize("change", ["zero", "at most", "at least", "range", "tiny"])
def test_no_number_breaks_a_check(
    change: str, shipped: Any, registry: Registry, catalogue: Catalogue, data: Path
) -> None:
    """Every value of both files at once as 0, a bound, a wide range or almost nothing: a verdict, never an error."""
    second = load_claims(data / "claims-vendors.yaml", models=catalogue.names, hardware=registry.names, checks=CHECKS)
    for file in (shipped, second):
        claims = tuple(_changed(claim, change) for claim in file.claims)
        found = audit(dataclasses.replace(file, claims=claims), registry, catalogue)
        assert len(found.findings) == len(file.claims)
        json.dumps(found.document())


def _changed(claim: Any, change: str) -> Any:
    if claim.quantity is None:
        return claim
    dimension = METRICS[claim.metric].dimension
    assert dimension
    unit = claim.quantity.unit
    text = {
        "zero": f"0 {unit}",
        "at most": f"< 2 {unit}",
        "at least": f"> 2 {unit}",
        "range": f"0 to 1,000 {unit}",
        "tiny": f"0.0001 {unit}",
    }[change]
    if dimension.name == "fraction":
        text = text.replace("1,000", "100")
    return claim.model_copy(update={"value": Quantity.parse(text, dimension)})
