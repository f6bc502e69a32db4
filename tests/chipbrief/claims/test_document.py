"""What a claims file may not say: every problem at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chipbrief.errors import InputError

Read = Callable[[str], Any]

GOOD = """\
schema: claims/1
name: test
title: A test
text: {title: a page, locator: here, date: 2026-01-14}
subjects:
  maker: {name: a maker}
sources:
  press: {title: press, locator: here}
facts:
  day: {metric: date, value: 2026-01-14, date: 2026-01-14, source: press}
claims:
  - {id: speed, says: it is fast, subject: nvidia-b200, metric: speed, value: 900 tok/s}
  - {id: wait, says: it is quick, subject: b200, metric: e2e_latency, value: 2.8 s, output_tokens: 500, speed: speed}
"""


def problems(read: Read, text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read(text)
    return [str(problem) for problem in error.value.problems]


def test_a_good_file_is_read(read: Read) -> None:
    found = read(GOOD)
    assert [claim.id for claim in found.claims] == ["speed", "wait"]
    assert found.claims[1].subject == "nvidia-b200"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "subject: nvidia-b200",
            "subject: nvidia-b20",
            "claims.yaml:12:44: claims[0].subject: unknown subject 'nvidia-b20'; did you mean 'nvidia-b200'?",
        ),
        (
            "metric: speed,",
            "metric: sped,",
            "claims.yaml:12:65: claims[0].metric: unknown metric 'sped'; did you mean 'speed'?",
        ),
        (
            "900 tok/s",
            "900 tk/s",
            "claims.yaml:12:79: claims[0].value: expected a speed in tokens such as 900 tok/s, got '900 tk/s'; "
            "did you mean '900 tok/s'?",
        ),
        (
            "speed: speed",
            "speed: sped",
            "claims.yaml:13:112: claims[1].speed: unknown claim 'sped'; did you mean 'speed'?",
        ),
        (
            "speed: speed",
            "speed: wait",
            "claims.yaml:13:112: claims[1].speed: claim 'wait' states e2e_latency, expected speed or throughput",
        ),
        (
            "speed: speed",
            "checks: [ratoi]",
            "claims.yaml:13:114: claims[1].checks[0]: unknown check 'ratoi'; did you mean 'ratio'?",
        ),
        (
            "speed: speed",
            "against: [dai]",
            "claims.yaml:13:115: claims[1].against[0]: unknown fact 'dai'; did you mean 'day'?",
        ),
        (
            "source: press",
            "source: pres",
            "claims.yaml:10:68: facts.day.source: unknown source 'pres'; did you mean 'press'?",
        ),
        (
            "value: 2026-01-14,",
            "value: 2026-01-41,",
            "claims.yaml:10:30: facts.day.value: expected a date such as 2026-01-14, 2026-01, 2026-Q1 or 2026 to 2027, "
            "got '2026-01-41'",
        ),
        (
            "speed: speed",
            "verdict: consistent",
            "claims.yaml:13:114: claims[1].verdict: is not a field here; did you mean 'metric'?",
        ),
        (
            "speed: speed",
            "expected: inconsistent",
            "claims.yaml:13:115: claims[1].expected: is not a field here; did you mean 'speed'?",
        ),
        ("id: wait", "id: speed", "claims.yaml:13:10: claims[1].id: the claim id 'speed' stands twice"),
        (
            "schema: claims/1",
            "schema: claim/1",
            "claims.yaml:1:9: schema: expected 'claims/1', got 'claim/1'; did you mean 'claims/1'?",
        ),
        (
            "output_tokens: 500",
            "output_tokens: 0.5",
            "claims.yaml:13:100: claims[1].output_tokens: expected a whole number of at least 1, got '0.5'",
        ),
        (
            "speed: speed",
            "of: [[speed, wait]]",
            "claims.yaml:13:110: claims[1].of[0]: claims 'speed' and 'wait' are not numbers of one kind",
        ),
        (
            "speed: speed",
            "models: [gpt-oss-121b]",
            "claims.yaml:13:114: claims[1].models[0]: unknown model 'gpt-oss-121b'; did you mean 'gpt-oss-120b'?",
        ),
        ("says: it is fast, ", "", "claims.yaml:12:5: claims[0].says: is missing"),
        (
            "speed: speed",
            "not_before: [dday]",
            "claims.yaml:13:118: claims[1].not_before[0]: unknown fact 'dday'; did you mean 'day'?",
        ),
        (
            "900 tok/s",
            "NO",
            "claims.yaml:12:79: claims[0].value: expected a speed in tokens such as 900 tok/s, got 'NO'",
        ),
    ],
)
def test_one_mistake_is_told_with_its_place(read: Read, old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert problems(read, GOOD.replace(old, new, 1)) == [said]


def test_all_mistakes_are_told_at_once(read: Read) -> None:
    text = GOOD.replace("subject: nvidia-b200", "subject: nvidia-b20").replace("2.8 s", "2.8 sec")
    text = text.replace("output_tokens", "output_token").replace("source: press", "source: pres")
    told = problems(read, text)
    assert len(told) == 4
    assert [line.split(":")[1] for line in told] == ["10", "12", "13", "13"]


def test_a_claim_cannot_hold_itself_up(read: Read) -> None:
    rows = GOOD.replace("metric: speed, value: 900 tok/s", "metric: ratio, value: 2 x, of: [[speed, speed]]", 1)
    assert "cannot be held against itself" in problems(read, rows.split("  - {id: wait")[0])[0]


@pytest.mark.parametrize("text", ["", "[]", "claims: 3", "schema: claims/1\nclaims: []\n", "a: &a [*a]", "{{{"])
def test_what_is_no_claims_file_is_refused(read: Read, text: str) -> None:
    assert problems(read, text)
