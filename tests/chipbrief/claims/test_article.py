"""The article's 56 claims against an audit that was made by hand, before there was any code."""

from __future__ import annotations

import json

from chipbrief.claims import Audit

BY_HAND = {
    "consistent": "02 03 04 06 07 12 15 16 17 18 19 24 28 30 31 32 33 34 35 36 42 46 47 49 50 51 54",
    "inconsistent": "05 08 09 10 11 13 20 21 22 23 25 26 27 38 39 40 41 48 56",
    "unverifiable": "01 14 29 37 43 44 45 52 53 55",
}
HAND = {f"SC{number}": verdict for verdict, numbers in BY_HAND.items() for number in numbers.split()}


def headline(audit: Audit, *words: str) -> str:
    """The one headline with all of these words."""
    [found] = [each.text for each in audit.headlines if all(word in each.text for word in words)]
    return found


def arithmetic(audit: Audit, name: str) -> str:
    [found] = [finding.arithmetic for finding in audit.findings if finding.id == name]
    return found


def test_the_hand_audit_is_complete() -> None:
    assert sorted(HAND) == [f"SC{number:02}" for number in range(1, 57)]
    assert [len(numbers.split()) for numbers in BY_HAND.values()] == [27, 19, 10]


def test_all_verdicts_but_one_are_those_of_the_hand_audit(article: Audit) -> None:
    """55 of 56.

    SC35: that over hundreds of tools the saving "becomes material". The hand audit multiplies 438 USD a year by 100
    to 999 tools, gets 43,800 to 437,000 USD, and calls that consistent because it follows from the row above. But the
    text names no amount that the product could be held against, and no number says what is material, so no check can
    come out against the claim, and then none may come out for it either: unverifiable.
    """
    differing = {f.id: f.verdict for f in article.findings if f.verdict != HAND[f.id]}
    assert differing == {"SC35": "unverifiable"}
    assert article.counts == {"consistent": 26, "inconsistent": 19, "unverifiable": 11}


def test_the_rows_of_the_gpu_are_one_constant_rate(article: Audit) -> None:
    """(500, 2.8 s), (2,000, 11 s), (10,000, 55 s): slope 5.494 ms a token is 182 tok/s, a fifth of the stated 900."""
    text = headline(article, "182 tok/s")
    assert "one constant 182 tok/s, not the stated 900 tok/s" in text
    assert [h.claims for h in article.headlines if h.text == text] == [("SC21", "SC39", "SC41")]
    assert "2.8 s - 500 / 900 tok/s = 2.24 s left" in arithmetic(article, "SC21")
    assert "55 s - 10,000 / 900 tok/s = 43.9 s left" in arithmetic(article, "SC41")


def test_the_rows_of_the_wafer_leave_no_time_to_the_first_token(article: Audit) -> None:
    """0.185/500 = 0.74/2,000 = 3.7/10,000 = 0.37 ms a token: a line through the origin, 2,703 tok/s."""
    text = headline(article, "2,703 tok/s")
    assert "leave no time to the first token" in text
    assert [h.claims for h in article.headlines if h.text == text] == [("SC20", "SC38", "SC40")]


def test_petabytes_of_hbm_and_transistors_are_counted_wrongly(article: Audit) -> None:
    """5 PB/s / 8 TB/s = 625; 4 trillion / 900 billion = 4.44, and 900,000 is the number of cores."""
    assert "625 times the 8 TB/s of a B200" in headline(article, "5 PB/s")
    assert "4.44 times below the 4 trillion of a WSE-3; 900,000 is its count of cores" in headline(article, "900B")


def test_both_prices_need_speeds_that_are_not_stated(article: Audit) -> None:
    """8 x 37,000 / 36 + 8,000 = 16,222 USD/month; / (730 h x 3,600 s x 0.32e-6) = 19,290 tok/s. 41.96 USD/h: 52,980."""
    assert "stated 900 tok/s" in headline(article, "0.32 USD/Mtok needs 19,290 tok/s over 36 months")
    assert "stated 2,700 tok/s" in headline(article, "0.22 USD/Mtok needs 52,980 tok/s", "41.96 USD/h")
    assert "8 x 37,000 USD / 36 months + 8,000 USD/month = 16,222 USD/month, 6.86 USD/Mtok" in arithmetic(
        article, "SC26"
    )


def test_both_prices_are_those_of_one_gpu_without_operating_cost(article: Audit) -> None:
    """37,000 / (4 x 8,760 x 3,600 s x 900 tok/s) = 0.326e-6; x 0.68 = 0.2216e-6."""
    assert "37,000 USD / (4 y x 900 tok/s) = 0.326: one chip without operating cost" in headline(article, "0.326")
    assert "37,000 USD / (4 y x 900 tok/s) x 0.68 = 0.22" in headline(article, "x 0.68")


def test_ten_users_are_slower_together_than_one_alone(article: Audit) -> None:
    assert "580 tok/s for 10 users is below one user's 900 tok/s" in headline(article, "580")


def test_chip_system_and_replica_are_mixed(article: Audit) -> None:
    text = headline(article, "chip, system and replica are mixed")
    for part in ("37,000 USD is of a chip", "8,000 USD/month is of a system", "900 tok/s is of a replica"):
        assert part in text
    assert "a DGX B200 has 8 B200, stated 1" in headline(article, "chip and system are mixed")


def test_fifteen_times_in_latency_is_three_times_in_speed(article: Audit) -> None:
    assert "2,700 tok/s / 900 tok/s = 3, 2,500 tok/s / 1,000 tok/s = 2.5" in arithmetic(article, "SC05")
    [fifteen] = [finding for finding in article.findings if finding.id == "SC05"]
    assert {check.check: check.outcome for check in fifteen.checks} == {"ratio": "agrees", "speed-limit": "differs"}


def test_every_decided_claim_has_arithmetic_and_a_source(article: Audit) -> None:
    for finding in article.findings:
        decided = finding.verdict != "unverifiable"
        assert bool(finding.source and finding.arithmetic) or not decided
        assert finding.reason


def test_an_audit_is_plain_data(article: Audit) -> None:
    document = json.loads(json.dumps(article.document()))
    assert [claim["id"] for claim in document["claims"]] == sorted(HAND)
    assert {claim["verdict"] for claim in document["claims"]} == set(BY_HAND)
