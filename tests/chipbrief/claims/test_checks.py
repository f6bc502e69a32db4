"""Every check in both directions, the arithmetic by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chipbrief.claims import CHECKS, Finding

Audited = Callable[..., dict[str, Finding]]

SPEED = "id: s, subject: nvidia-b200, metric: speed, value: 900 tok/s, per: user"


def outcome(finding: Finding, check: str) -> str:
    """What one check said; empty where it does not apply."""
    return next((each.outcome for each in finding.checks if each.check == check), "")


def sum_of(finding: Finding, check: str) -> str:
    return next(each.arithmetic for each in finding.checks if each.check == check)


def latency(name: str, value: str, tokens: int, metric: str = "e2e_latency", more: str = "speed: s") -> str:
    return f"id: {name}, subject: nvidia-b200, metric: {metric}, value: {value}, output_tokens: {tokens}, {more}"


@pytest.mark.parametrize(
    ("value", "tokens", "said"),
    [
        ("0.6 s", 500, "agrees"),  # 833 tok/s
        ("2.8 s", 500, "differs"),  # 179 tok/s; 500 / (500/895 + 2) = 195 at the least
        ("11 s", 2000, "differs"),  # 182 tok/s; 2,000 / (2,000/895 + 2) = 472 at the least
        ("0.5 s", 500, "differs"),  # 1,000 tok/s, above 905
    ],
)
def test_implied_rate(audited: Audited, value: str, tokens: int, said: str) -> None:
    found = audited(SPEED, latency("a", value, tokens))["a"]
    assert outcome(found, "implied-rate") == said


@pytest.mark.parametrize(
    ("value", "tokens", "said"),
    [
        ("0.6 s", 500, "agrees"),  # 0.6 - 0.556 = 0.044 s
        ("556 ms", 500, "differs"),  # 556.5 - 500/905 = 4 ms at the most
        ("2.20 s", 2000, "differs"),  # 2.205 - 2,000/905 < 0
        ("11 s", 2000, "differs"),  # 11 - 2.22 = 8.78 s
        ("2 s", 2000, "undecided"),  # 2 - 2.222 < 0, but 1.5 to 2.5 s
    ],
)
def test_implied_ttft(audited: Audited, value: str, tokens: int, said: str) -> None:
    assert outcome(audited(SPEED, latency("a", value, tokens))["a"], "implied-ttft") == said


def test_a_decode_time_has_no_waiting(audited: Audited) -> None:
    """2,000 tokens in 2.8 s are 714 tok/s: 900 less 0.58 s of waiting, or another speed."""
    found = audited(SPEED, latency("decode", "2.80 s", 2000, "decode_time"), latency("all", "2.80 s", 2000))
    assert [outcome(found[name], "implied-rate") for name in ("decode", "all")] == ["differs", "agrees"]


def test_a_decode_time_leaves_nothing_and_a_bound_leaves_something(audited: Audited) -> None:
    found = audited(
        SPEED,
        latency("decode", "2.22 s", 2000, "decode_time"),
        latency("slow", "2.80 s", 2000, "decode_time"),
        latency("kept", '"< 3 s"', 2000),
        latency("broken", '"< 2 s"', 2000),
    )
    assert [outcome(found[name], "implied-ttft") for name in ("decode", "slow", "kept", "broken")] == [
        "agrees",
        "differs",
        "agrees",
        "differs",
    ]


def rows(*latencies: str, metric: str = "e2e_latency") -> list[str]:
    """500, 2,000 and 10,000 tokens as one set."""
    more = "speed: s, rows: set"
    return [latency(f"r{n}", value, n, metric, more) for n, value in zip((500, 2000, 10000), latencies, strict=True)]


@pytest.mark.parametrize(
    ("latencies", "metric", "said", "line"),
    [
        (("0.76 s", "2.42 s", "11.31 s"), "e2e_latency", "agrees", "900 tok/s and 0.2 s"),  # 0.2 s + n/900
        (("0.556 s", "2.222 s", "11.11 s"), "e2e_latency", "differs", "900 tok/s"),  # n/900: nothing before
        (("0.556 s", "2.222 s", "11.11 s"), "decode_time", "agrees", "900 tok/s"),
        (("2.8 s", "11 s", "55 s"), "e2e_latency", "differs", "182 tok/s"),
    ],
)
def test_linear_fit(audited: Audited, latencies: tuple[str, ...], metric: str, said: str, line: str) -> None:
    found = audited(SPEED, *rows(*latencies, metric=metric))
    assert {outcome(found[f"r{n}"], "linear-fit") for n in (500, 2000, 10000)} == {said}
    assert line in sum_of(found["r500"], "linear-fit")


def test_longer_answers_that_take_less_time(audited: Audited) -> None:
    found = audited(SPEED, *rows("3 s", "2 s", "1 s"))
    assert outcome(found["r500"], "linear-fit") == "differs"


PRICES = (
    "id: a, subject: nvidia-b200, metric: cost_per_mtok, value: 0.32 USD/Mtok",
    "id: b, subject: cerebras-cs3, metric: cost_per_mtok, value: 0.22 USD/Mtok",
)


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("reduction", "32 %", "agrees"),  # 1 - 0.22/0.32 = 31.25 %; 28.6 to 33.8 % with rounding
        ("reduction", "40 %", "differs"),
        ("ratio", "1.5 x", "agrees"),  # 0.32/0.22 = 1.4545; 1.40 to 1.51
        ("ratio", "2 x", "agrees"),  # one digit is 1.5 to 2.5
        ("ratio", "2.0 x", "differs"),
    ],
)
def test_ratio(audited: Audited, metric: str, value: str, said: str) -> None:
    found = audited(*PRICES, f"id: r, subject: nvidia-b200, metric: {metric}, value: {value}, of: [[a, b]]")["r"]
    assert outcome(found, "ratio") == said


@pytest.mark.parametrize(("value", "said"), [("3 x", "agrees"), ("15 x", "differs")])
def test_speed_limit(audited: Audited, value: str, said: str) -> None:
    """2,700 / 900 = 3."""
    found = audited(
        SPEED,
        "id: w, subject: cerebras-cs3, metric: speed, value: 2700 tok/s",
        f"id: r, subject: cerebras-cs3, metric: ratio, value: {value}, speeds: [[w, s]]",
    )["r"]
    assert outcome(found, "speed-limit") == said


@pytest.mark.parametrize(("value", "said"), [("3.84 USD/day", "agrees"), ("38.4 USD/day", "differs")])
def test_product(audited: Audited, value: str, said: str) -> None:
    """12 Mtok/day x 0.32 USD/Mtok = 3.84 USD/day."""
    found = audited(
        *PRICES,
        "id: v, subject: nvidia-b200, metric: tokens_per_day, value: 12M tok/day",
        f"id: d, subject: nvidia-b200, metric: spending, value: {value}, times: [v, a]",
    )["d"]
    assert outcome(found, "product") == said
    assert "12M tok/day x 0.32 USD/Mtok = 3.84 USD/day" in found.arithmetic


@pytest.mark.parametrize(("value", "said"), [("10 to 99 MUSD/y", "agrees"), ("1 to 2 BUSD/y", "differs")])
def test_product_of_a_range(audited: Audited, value: str, said: str) -> None:
    """100 to 999 Gtok a day x 0.10 USD/Mtok x 365 = 3.65 to 36.5 MUSD a year."""
    found = audited(
        *PRICES,
        "id: v, subject: nvidia-b200, metric: tokens_per_day, value: 100B to 999B tok/day",
        f"id: d, subject: nvidia-b200, metric: spending, value: {value}, times: [v], difference: [a, b]",
    )["d"]
    assert outcome(found, "product") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [("580 tok/s", "differs"), ("5,000 tok/s", "agrees"), ("20,000 tok/s", "differs")],  # 900 to 9,000
)
def test_aggregate(audited: Audited, value: str, said: str) -> None:
    total = f'id: t, subject: nvidia-b200, metric: throughput, value: "{value}", users: 10, speed: s'
    assert outcome(audited(SPEED, total)["t"], "aggregate") == said


@pytest.mark.parametrize(
    ("value", "per", "said"),
    [("12M tok/day", "system", "agrees"), ("120M tok/day", "system", "differs"), ("120M tok/day", "site", "")],
)
def test_load(audited: Audited, value: str, per: str, said: str) -> None:
    """12M / 86,400 = 139 tok/s and 1,389 tok/s against 900."""
    volume = f"id: v, subject: nvidia-b200, metric: tokens_per_day, value: {value}, per: {per}, speed: s"
    assert outcome(audited(SPEED, volume)["v"], "load") == said


CAPEX = "id: c, subject: nvidia-b200, metric: price, value: 37000 USD, per: chip"
OPEX = "id: o, subject: nvidia-b200, metric: operating_cost, value: 8000 USD/month, per: system"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("5.99 USD/Mtok", "agrees"),  # (8 x 37,000 / 48 + 8,000) / (900 x 2.628) = 14,167 / 2,365
        ("6.86 USD/Mtok", "agrees"),  # over 36 months
        ("5.12 USD/Mtok", "agrees"),  # over 72
        ("0.32 USD/Mtok", "differs"),
        ("9 USD/Mtok", "differs"),
    ],
)
def test_cost_from_capital(audited: Audited, value: str, said: str) -> None:
    price = f"id: p, subject: nvidia-b200, metric: cost_per_mtok, value: {value}, capex: c, opex: o, speed: s"
    assert outcome(audited(SPEED, CAPEX, OPEX, price)["p"], "cost") == said


@pytest.mark.parametrize(("value", "said"), [("4.32 USD/Mtok", "agrees"), ("0.22 USD/Mtok", "differs")])
def test_cost_from_the_hour(audited: Audited, value: str, said: str) -> None:
    """41.96 USD/h / (2,700 x 3,600) = 4.317 USD/Mtok; 41.96 / (3,600 x 0.22e-6) = 52,980 tok/s."""
    found = audited(
        "id: w, subject: cerebras-cs3, metric: speed, value: 2700 tok/s",
        f"id: p, subject: cerebras-cs3, metric: cost_per_mtok, value: {value}, speed: w",
    )["p"]
    assert outcome(found, "cost") == said
    assert said == "agrees" or "0.22 USD/Mtok needs 52,980 tok/s" in found.arithmetic


@pytest.mark.parametrize(
    ("value", "per", "said"),
    [
        ("8000 USD/month", "system", "differs"),  # 14.3 x (250 + 1.54 x 730 x 0.146) = 5,922
        ("5000 USD/month", "system", "agrees"),
        ("8000 USD/month", "chip", "differs"),  # 740
        ("700 USD/month", "chip", "agrees"),
        ("1 USD/month", "system", "differs"),  # 13.7 x 0.08 x 1.1 x 730 x 0.05 = 44
    ],
)
def test_operating_cost(audited: Audited, value: str, per: str, said: str) -> None:
    opex = f"id: o, subject: nvidia-b200, metric: operating_cost, value: {value}, per: {per}"
    assert outcome(audited(opex)["o"], "operating-cost") == said


def test_site_power_is_a_remark(audited: Audited) -> None:
    """750 MW / 23 kW = 32,609."""
    found = audited("id: p, subject: cerebras-cs3, metric: power, value: 750 MW, per: site")["p"]
    assert (found.verdict, found.arithmetic) == ("unverifiable", "750 MW / 23 kW = 32,609 CS-3")


@pytest.mark.parametrize(
    ("value", "said"),
    [("30 BUSD", "agrees"), ('"> 10 BUSD"', "agrees"), ("10 BUSD", "differs"), ('"> 200 BUSD"', "differs")],
)
def test_site_value(audited: Audited, value: str, said: str) -> None:
    """32,609 systems at 0.5 to 3 MUSD are 16.3 to 97.8 BUSD; a floor of 10 BUSD is below that and true."""
    found = audited(
        "id: p, subject: cerebras-cs3, metric: power, value: 750 MW, per: site",
        f"id: a, subject: cerebras-cs3, metric: amount, value: {value}, power: p",
    )["a"]
    assert outcome(found, "site-value") == said


@pytest.mark.parametrize(
    ("value", "said"), [("0.7 J/token", "agrees"), ("0.01 J/token", "differs"), ("2.0 J/token", "differs")]
)
def test_energy(audited: Audited, value: str, said: str) -> None:
    """14.3 kW / 20,000 tok/s = 0.715 J at full power, 13.7 kW x 8 % / 20,000 = 0.055 J when idle."""
    found = audited(
        "id: t, subject: nvidia-b200, metric: throughput, value: 20000 tok/s",
        f"id: e, subject: nvidia-b200, metric: energy_per_token, value: {value}, per: system, speed: t",
    )["e"]
    assert outcome(found, "energy") == said


@pytest.mark.parametrize(
    ("subject", "value", "said"),
    [("cerebras-cs3", "1", "differs"), ("cerebras-cs3", "2", "agrees"), ("nvidia-b200", "1", "agrees")],
)
def test_capacity(audited: Audited, subject: str, value: str, said: str) -> None:
    """gpt-oss-120b, 65 GB with its embedding, against 44 GB and 180 GB a chip."""
    claim = f'id: n, subject: {subject}, metric: chips_per_model, value: "{value}", models: [gpt-oss-120b]'
    assert outcome(audited(claim)["n"], "capacity") == said


@pytest.mark.parametrize(
    ("claim", "said", "words"),
    [
        ("nvidia-b200, metric: memory_bandwidth, per: chip, value: 8 TB/s", "agrees", "8 TB/s"),
        ("nvidia-b200, metric: memory_bandwidth, per: system, value: 64 TB/s", "agrees", "8 x 8 TB/s = 64 TB/s"),
        ("nvidia-b200, metric: memory_bandwidth, per: chip, value: 5 PB/s", "differs", "a slip of the unit"),
        ("cerebras-cs3, metric: memory_bandwidth, per: chip, value: 21 PB/s", "agrees", "21 PB/s"),
        ("cerebras-cs3, metric: memory_bandwidth, per: chip, value: 21 TB/s", "differs", "1,000 times below"),
        ("cerebras-cs3, metric: transistors, per: chip, value: 900B", "differs", "900,000 is its count of cores"),
        ("cerebras-cs3, metric: transistors, per: chip, value: 4T", "agrees", "4 trillion"),
        ("nvidia-b200, metric: price, per: chip, value: 37000 USD", "agrees", "30,000 USD to 43,000 USD"),
        ("nvidia-b200, metric: price, per: chip, value: 3700 USD", "differs", "times below"),
        ("nvidia-b200, metric: power, per: system, value: 14.3 kW", "agrees", "14.3 kW"),
        ("nvidia-h100, metric: rent, per: chip, value: 2.95 USD/h", "agrees", "USD/h"),
        ("nvidia-h100, metric: rent, per: chip, value: 29.5 USD/h", "differs", "10 times"),
        ("groq-lpu, metric: list_price_output, models: [gpt-oss-120b], value: 0.60 USD/Mtok", "agrees", "0.6"),
        ("groq-lpu, metric: list_price_output, models: [gpt-oss-120b], value: 6.0 USD/Mtok", "differs", "10 times"),
    ],
)
def test_profile(audited: Audited, claim: str, said: str, words: str) -> None:
    found = audited(f"id: f, subject: {claim}")["f"]
    assert outcome(found, "profile") == said
    assert words in sum_of(found, "profile")


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("metric: chips, value: '8'", "agrees"),
        ("metric: chips, value: '1'", "differs"),
        ("metric: memory_capacity, per: chip, value: 1440 GB", "differs"),
        ("metric: memory_capacity, per: system, value: 180 GB", "differs"),
        ("metric: memory_capacity, per: system, value: 1440 GB", ""),
        ("metric: memory_capacity, per: chip, value: 40 GB", ""),  # of neither level: the profile's to say
    ],
)
def test_chip_or_system(audited: Audited, claim: str, said: str) -> None:
    assert outcome(audited(f"id: f, subject: nvidia-b200, {claim}")["f"], "chip-or-system") == said


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("per: chip, value: 4.5 PFLOPS", "agrees"),
        ("per: chip, value: 9 PFLOPS", "differs"),
        ("per: chip, value: 9 PFLOPS, sparsity: sparse", "agrees"),
        ("per: chip, value: 4.5 PFLOPS, sparsity: sparse", "differs"),
        ("per: system, value: 36 PFLOPS", "agrees"),
        ("per: system, value: 72 PFLOPS, sparsity: dense", "differs"),
        ("per: chip, value: 1 PFLOPS", "differs"),
    ],
)
def test_sparse_or_dense(audited: Audited, claim: str, said: str) -> None:
    found = audited(f"id: f, subject: nvidia-b200, metric: compute, format: fp8, {claim}")["f"]
    assert outcome(found, "sparse-or-dense") == said


@pytest.mark.parametrize(("bits", "said"), [("16 bit", "agrees"), ("8 bit", "differs")])
def test_number_format(audited: Audited, bits: str, said: str) -> None:
    """The wafer has no dense peak but that of FP16."""
    assert (
        outcome(audited(f"id: f, subject: cerebras-cs3, metric: precision, value: {bits}")["f"], "number-format")
        == said
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [("1,038 tok/s", "agrees"), ("900 tok/s", "agrees"), ("2,500 tok/s", "differs"), ("700 tok/s", "undecided")],
)
def test_measured(audited: Audited, value: str, said: str) -> None:
    """1,038 tok/s on eight B200, 15 % either way: 882 to 1,194; 700 may be another load."""
    speed = f'id: s, subject: nvidia-b200, metric: speed, per: user, models: [llama-4-maverick], value: "{value}"'
    found = audited(speed)["s"]
    assert outcome(found, "measured") == said
    assert "measured on a replica of 8 B200" in found.arithmetic


@pytest.mark.parametrize(
    ("value", "said"), [("3,300 tok/s", "agrees"), ("580 tok/s", "differs"), ("2,000 tok/s", "undecided")]
)
def test_model(audited: Audited, value: str, said: str) -> None:
    """2,514 to 4,034 tok/s for ten users of gpt-oss-120b on eight B200."""
    total = f'id: t, subject: nvidia-b200, metric: throughput, users: 10, models: [gpt-oss-120b], value: "{value}"'
    assert outcome(audited(total)["t"], "model") == said


def test_the_model_decides_nothing_where_no_throughput_was_measured(audited: Audited) -> None:
    total = "id: t, subject: cerebras-cs3, metric: throughput, users: 10, models: [gpt-oss-120b], value: 10 tok/s"
    assert outcome(audited(total)["t"], "model") == "undecided"


FACTS = """\
sources: {press: {title: press, locator: here}}
facts:
  day: {metric: date, value: 2026-01-14, date: 2026-01-14, source: press}
  span: {metric: date, value: 2026 to 2028, date: 2026, source: press}
  power: {metric: power, value: 750 MW, date: 2026, source: press}
  old: {metric: amount, value: 8.1 BUSD, date: 2025-09, source: press}
  new: {metric: amount, value: 23.1 BUSD, date: 2026-02-04, source: press}
"""


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("metric: date, value: 2026-01-14, against: [day]", "agrees"),
        ("metric: date, value: 2026-Q1, against: [day]", "agrees"),
        ("metric: date, value: 2026-02, against: [day]", "differs"),
        ("metric: date, value: 2026 to 2028, against: [span]", "agrees"),
        ("metric: date, value: 2026 to 2030, against: [span]", "differs"),
        ("metric: power, value: 750 MW, against: [power]", "agrees"),
        ("metric: power, value: 7.5 GW, against: [power]", "differs"),
        ("metric: amount, value: '> 10 BUSD', against: [new]", "agrees"),
        ("metric: amount, value: '< 10 BUSD', against: [new]", "differs"),
        ("metric: power, value: 750 MW, against: [new]", "differs"),  # watts and dollars
        ("metric: statement, value: fine, against: [day]", ""),
    ],
)
def test_fact(audited: Audited, claim: str, said: str) -> None:
    found = audited(f"id: f, subject: cerebras-cs3, {claim}", more=FACTS)["f"]
    assert outcome(found, "fact") == said


@pytest.mark.parametrize(("value", "said"), [("8.1 BUSD", "agrees"), ("22 BUSD", "differs"), ("23.1 BUSD", "differs")])
def test_latest(audited: Audited, value: str, said: str) -> None:
    """The text is of 2026-01-14: 8.1 BUSD was the last, 23.1 came three weeks later."""
    claim = f"id: f, subject: cerebras-cs3, metric: amount, value: {value}, latest_of: [new, old]"
    found = audited(claim, more=FACTS)["f"]
    assert outcome(found, "latest") == said
    assert "next 23.1 BUSD on 2026-02-04" in found.arithmetic


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("value: 2026 to 2027, not_before: [text]", "agrees"),
        ("value: 2025-Q4 to 2026-Q1, not_before: [text]", "differs"),
        ("value: 2023 to 2024, not_before: [day]", "differs"),
        ("value: 2023 to 2024, not_after: [day]", "agrees"),
        ("value: 2027, not_after: [day]", "differs"),
    ],
)
def test_date_order(audited: Audited, claim: str, said: str) -> None:
    found = audited(f"id: f, subject: cerebras-cs3, metric: date, {claim}", more=FACTS)["f"]
    assert outcome(found, "date-order") == said


# -- verdicts -------------------------------------------------------------------------------------------------


def test_one_check_that_differs_outweighs_all_that_agree(audited: Audited) -> None:
    found = audited(
        *PRICES,
        SPEED,
        "id: w, subject: cerebras-cs3, metric: speed, value: 2700 tok/s",
        "id: r, subject: nvidia-b200, metric: ratio, value: 1.5 x, of: [[a, b]], speeds: [[w, s]]",
    )["r"]
    assert [check.outcome for check in found.checks] == ["agrees", "differs"]
    assert found.verdict == "inconsistent"


def test_nothing_to_check_is_unverifiable(audited: Audited) -> None:
    found = audited("id: q, subject: cerebras-cs3, metric: statement, value: suits everybody")["q"]
    assert (found.verdict, found.checks, found.reason) == ("unverifiable", (), "nothing to hold it against")


def test_a_claim_may_name_its_checks(audited: Audited) -> None:
    found = audited(
        SPEED,
        latency("all", "11 s", 2000),
        latency("one", "11 s", 2000, more="speed: s, checks: [implied-ttft]"),
        latency("none", "11 s", 2000, more="speed: s, checks: [ratio]"),
    )
    assert [check.check for check in found["all"].checks] == ["implied-rate", "implied-ttft"]
    assert [check.check for check in found["one"].checks] == ["implied-ttft"]
    assert found["none"].verdict == "unverifiable"
    assert "lacks what the check needs" in found["none"].reason


def test_every_check_is_named_after_its_function_and_states_its_rule() -> None:
    for name, check in CHECKS.items():
        assert name == check.name
        assert name.replace("-", "_") == check.run.__name__
        assert check.rule.endswith(".")
        assert len(check.rule) > 60
