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
    """750 MW / 23 kW = 32,609; / (1.25 x 23 kW) = 26,087."""
    found = audited("id: p, subject: cerebras-cs3, metric: power, value: 750 MW, per: site")["p"]
    assert (found.verdict, found.arithmetic) == (
        "unverifiable",
        "750 MW / 23 kW = 32,609 CS-3 at IT power; with PUE 1.25 26,087",
    )
    ranged = audited('id: p, subject: cerebras-cs3, metric: power, value: "50 to 100 MW", per: site')["p"]
    assert "2,174 to 4,348 CS-3 at IT power; with PUE 1.25 1,739 to 3,478" in ranged.arithmetic


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


# -- bounds and tolerances -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "metric", "said"),
    [
        ("> 0.1 s", "e2e_latency", "agrees"),  # decoding alone takes 500/900 = 0.556 s
        ("> 0.7 s", "e2e_latency", "undecided"),  # the first token decides
        ("< 0.7 s", "e2e_latency", "agrees"),
        ("< 0.1 s", "e2e_latency", "differs"),
        ("< 0.555 s", "e2e_latency", "undecided"),  # 500/905 = 0.5525
        ("> 0.1 s", "decode_time", "agrees"),
        ("> 0.7 s", "decode_time", "differs"),
        ("< 0.7 s", "decode_time", "agrees"),
        ("< 0.1 s", "decode_time", "differs"),
    ],
)
def test_only_an_upper_bound_of_latency_needs_time_left(audited: Audited, value: str, metric: str, said: str) -> None:
    assert outcome(audited(SPEED, latency("a", f'"{value}"', 500, metric))["a"], "implied-ttft") == said


@pytest.mark.parametrize(
    ("speed", "value", "said"),
    [
        ("> 900 tok/s", "< 0.7 s", "agrees"),  # at most 0.556 s of decoding
        ("> 900 tok/s", "< 0.1 s", "undecided"),
        ("> 900 tok/s", "> 0.1 s", "undecided"),
        ("> 900 tok/s", "2.80 s", "differs"),  # 2.24 s or more before the first token
        ("> 900 tok/s", "0.60 s", "undecided"),
        ("< 900 tok/s", "< 0.1 s", "differs"),  # at least 0.556 s
        ("< 900 tok/s", "< 0.7 s", "undecided"),
        ("< 900 tok/s", "> 0.1 s", "agrees"),
    ],
)
def test_a_latency_at_a_speed_that_is_a_bound(audited: Audited, speed: str, value: str, said: str) -> None:
    stated = f'id: s, subject: nvidia-b200, metric: speed, value: "{speed}", per: user'
    assert outcome(audited(stated, latency("a", f'"{value}"', 500))["a"], "implied-ttft") == said


@pytest.mark.parametrize(
    ("claim", "check", "said"),
    [
        # 8 TB/s a chip, 64 TB/s a system
        ("metric: memory_bandwidth, per: chip, value: '> 9 TB/s'", "chip-or-system", ""),
        ("metric: memory_bandwidth, per: chip, value: '> 64 TB/s'", "chip-or-system", "differs"),
        ("metric: memory_bandwidth, per: system, value: '< 60 TB/s'", "chip-or-system", ""),
        ("metric: memory_bandwidth, per: system, value: '< 8 TB/s'", "chip-or-system", "differs"),
        ("metric: memory_bandwidth, per: chip, value: '> 9 TB/s'", "profile", "differs"),
        ("metric: memory_bandwidth, per: chip, value: '< 9 TB/s'", "profile", "agrees"),
        ("metric: memory_bandwidth, per: chip, value: '> 8.5 TB/s'", "profile", "undecided"),  # 8.8 with 10 %
        ("metric: price, per: chip, value: '> 35000 USD'", "profile", "undecided"),  # 30,000 to 43,000
        ("metric: price, per: chip, value: '< 50000 USD'", "profile", "agrees"),
        ("metric: chips, value: '> 4'", "chip-or-system", "agrees"),
        ("metric: chips, value: '< 4'", "chip-or-system", "differs"),
        # 4.5 PFLOPS dense, 9 sparse
        ("metric: compute, format: fp8, per: chip, value: '> 4 PFLOPS'", "sparse-or-dense", "agrees"),
        ("metric: compute, format: fp8, per: chip, value: '> 6 PFLOPS'", "sparse-or-dense", "differs"),
        ("metric: precision, value: '< 8 bit'", "number-format", "agrees"),
        ("metric: precision, value: '> 64 bit'", "number-format", "differs"),
        # gpt-oss-120b needs one chip or more, 65 of 180 GB
        ("metric: chips_per_model, models: [gpt-oss-120b], value: '> 1'", "capacity", "agrees"),
        ("metric: chips_per_model, models: [gpt-oss-120b], value: '> 4'", "capacity", "undecided"),
        ("metric: chips_per_model, models: [llama-4-maverick], value: '< 4'", "capacity", "differs"),
        # 1,038 tok/s published, 882 to 1,194
        ("metric: speed, per: user, models: [llama-4-maverick], value: '< 5000 tok/s'", "measured", "agrees"),
        ("metric: speed, per: user, models: [llama-4-maverick], value: '< 1000 tok/s'", "measured", "undecided"),
        ("metric: speed, per: user, models: [llama-4-maverick], value: '< 200 tok/s'", "measured", "differs"),
        ("metric: speed, per: user, models: [llama-4-maverick], value: '> 500 tok/s'", "measured", "agrees"),
        ("metric: speed, per: user, models: [llama-4-maverick], value: '> 5000 tok/s'", "measured", "differs"),
        # 2,514 to 4,034 tok/s predicted
        ("metric: throughput, users: 10, models: [gpt-oss-120b], value: '> 2000 tok/s'", "model", "agrees"),
        ("metric: throughput, users: 10, models: [gpt-oss-120b], value: '> 3000 tok/s'", "model", "undecided"),
        ("metric: throughput, users: 10, models: [gpt-oss-120b], value: '> 9000 tok/s'", "model", "differs"),
        # 44 to 5,922 USD/month
        ("metric: operating_cost, per: system, value: '< 4000 USD/month'", "operating-cost", "undecided"),
        ("metric: operating_cost, per: system, value: '< 6000 USD/month'", "operating-cost", "agrees"),
        ("metric: operating_cost, per: system, value: '> 6000 USD/month'", "operating-cost", "differs"),
        ("metric: operating_cost, per: system, value: '> 40 USD/month'", "operating-cost", "agrees"),
        ("metric: operating_cost, per: system, value: '< 40 USD/month'", "operating-cost", "differs"),
    ],
)
def test_a_bound_agrees_where_all_keeps_it_and_differs_where_nothing_does(
    audited: Audited, claim: str, check: str, said: str
) -> None:
    assert outcome(audited(f"id: f, subject: nvidia-b200, {claim}")["f"], check) == said


def test_a_bound_that_the_chip_keeps_nowhere_is_not_the_system_s(audited: Audited) -> None:
    claim = "subject: nvidia-b200, metric: memory_bandwidth, per: chip, value: '> 9 TB/s'"
    assert "mixed" not in audited(f"id: f, {claim}")["f"].arithmetic
    claim = "subject: nvidia-b200, metric: compute, format: fp8, per: chip, value: '> 6 PFLOPS'"
    assert audited(f"id: f, {claim}")["f"].reason == "neither the dense nor the sparse peak"


@pytest.mark.parametrize(
    ("one", "total", "said"),
    [
        ("900 tok/s", "> 500 tok/s", "agrees"),  # 900 to 9,000
        ("900 tok/s", "> 5000 tok/s", "undecided"),
        ("900 tok/s", "> 20000 tok/s", "differs"),
        ("900 tok/s", "< 500 tok/s", "differs"),
        ("900 tok/s", "< 20000 tok/s", "agrees"),
        ("> 900 tok/s", "580 tok/s", "differs"),
        ("> 900 tok/s", "20000 tok/s", "undecided"),
    ],
)
def test_aggregate_of_a_bound(audited: Audited, one: str, total: str, said: str) -> None:
    found = audited(
        f'id: s, subject: nvidia-b200, metric: speed, value: "{one}", per: user',
        f'id: t, subject: nvidia-b200, metric: throughput, value: "{total}", users: 10, speed: s',
    )["t"]
    assert outcome(found, "aggregate") == said
    told = "895 to 9,050 tok/s together" if one[0] == "9" else "900 tok/s or more together"
    assert told in sum_of(found, "aggregate")


@pytest.mark.parametrize(
    ("speed", "volume", "said"),
    [
        ("900 tok/s", "> 120M tok/day", "differs"),  # 77.8M a day
        ("900 tok/s", "< 120M tok/day", "agrees"),
        ("900 tok/s", "> 12M tok/day", "undecided"),
        ("> 900 tok/s", "12M tok/day", "agrees"),
        ("> 900 tok/s", "120M tok/day", "undecided"),
        ("< 900 tok/s", "12M tok/day", "undecided"),
        ("< 900 tok/s", "120M tok/day", "differs"),
    ],
)
def test_load_of_a_bound(audited: Audited, speed: str, volume: str, said: str) -> None:
    found = audited(
        f'id: s, subject: nvidia-b200, metric: speed, value: "{speed}"',
        f'id: v, subject: nvidia-b200, metric: tokens_per_day, value: "{volume}", per: system, speed: s',
    )["v"]
    assert outcome(found, "load") == said


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("2700 tok/s", "> 2 x", "agrees"),  # 2,700 / 900 = 3
        ("2700 tok/s", "> 3 x", "agrees"),
        ("2700 tok/s", "> 5 x", "differs"),
        ("2700 tok/s", "< 5 x", "agrees"),
        ("> 2700 tok/s", "15 x", "undecided"),
        ("> 2700 tok/s", "2.0 x", "differs"),
        ("> 2700 tok/s", "> 2 x", "agrees"),
    ],
)
def test_ratio_of_bounds(audited: Audited, part: str, value: str, said: str) -> None:
    found = audited(
        SPEED,
        f'id: w, subject: cerebras-cs3, metric: speed, value: "{part}"',
        f'id: r, subject: cerebras-cs3, metric: ratio, value: "{value}", of: [[w, s]], speeds: [[w, s]]',
    )["r"]
    assert outcome(found, "ratio") == said
    assert outcome(found, "speed-limit") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [("< 0.8 J/token", "agrees"), ("< 0.5 J/token", "undecided"), ("< 0.01 J/token", "differs")],
)
def test_energy_prints_both_ends(audited: Audited, value: str, said: str) -> None:
    found = audited(
        "id: t, subject: nvidia-b200, metric: throughput, value: 20000 tok/s",
        f'id: e, subject: nvidia-b200, metric: energy_per_token, value: "{value}", per: system, speed: t',
    )["e"]
    assert outcome(found, "energy") == said
    assert "0.0548 J/token idle to 0.715 J/token at full power" in sum_of(found, "energy")
    assert "0.0535 to 0.733 J/token with the rounding" in sum_of(found, "energy")


def test_operating_cost_prints_both_ends(audited: Audited) -> None:
    found = audited("id: o, subject: nvidia-b200, metric: operating_cost, value: 5000 USD/month, per: system")["o"]
    assert "= 5,922 USD/month at the most" in found.arithmetic
    assert "13.7 kW x 8 % x 1.1 x 730 h x 0.05 = 44 of idle energy at the least" in found.arithmetic


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("5.99 USD/Mtok", "agrees"),
        ("< 7 USD/Mtok", "agrees"),
        ("< 6 USD/Mtok", "undecided"),
        ("< 4 USD/Mtok", "differs"),
        ("> 4 USD/Mtok", "agrees"),
        ("> 8 USD/Mtok", "differs"),
    ],
)
def test_cost_prints_both_lives(audited: Audited, value: str, said: str) -> None:
    """(8 x 37,000 / 72 + 8,000) / 2,365 = 5.12 to 6.86; 36,500 and 905 to 37,500 and 895 with opex 7,950 to 8,050."""
    price = f'id: p, subject: nvidia-b200, metric: cost_per_mtok, value: "{value}", capex: c, opex: o, speed: s'
    found = audited(SPEED, CAPEX, OPEX, price)["p"]
    assert outcome(found, "cost") == said
    assert "16,222 USD/month, 6.86 USD/Mtok at 900 tok/s; over 72 months 12,111 USD/month, 5.12" in found.arithmetic
    assert "5.05 to 6.97 USD/Mtok with roundings" in found.arithmetic


def test_a_price_from_a_floor_of_capital_decides_nothing_above_it(audited: Audited) -> None:
    price = "subject: nvidia-b200, metric: cost_per_mtok, capex: c, opex: o, speed: s"
    capex = CAPEX.replace("37000 USD", '"> 37000 USD"')
    found = audited(SPEED, capex, OPEX, f"id: p, value: 9 USD/Mtok, {price}", f"id: q, value: 0.32 USD/Mtok, {price}")
    assert [outcome(found[name], "cost") for name in "pq"] == ["undecided", "differs"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1,038 tok/s", "within what has been published"),
        ("900 tok/s", "within 15 % of what has been published"),
        ("2,500 tok/s", "above what has been published"),
        ("200 tok/s", "below a third of what has been published"),
    ],
)
def test_measured_writes_its_tolerance(audited: Audited, value: str, reason: str) -> None:
    speed = f'id: s, subject: nvidia-b200, metric: speed, per: user, models: [llama-4-maverick], value: "{value}"'
    found = audited(speed)["s"]
    assert found.reason == reason
    assert "published 1,038 tok/s, 15 % allowed: 882.3 to 1,194, stated" in found.arithmetic


@pytest.mark.parametrize(
    ("value", "said", "told"), [("8 TB/s", "as the profile has it", False), ("8.7 TB/s", "within 10 % of", True)]
)
def test_profile_writes_its_tolerance(audited: Audited, value: str, said: str, told: bool) -> None:
    found = audited(f"id: f, subject: nvidia-b200, metric: memory_bandwidth, per: chip, value: {value}")["f"]
    assert said in found.reason
    assert ("10 % allowed: 6.905 TB/s to 8.8 TB/s" in found.arithmetic) is told


@pytest.mark.parametrize(
    ("value", "said"),
    [("> 10 BUSD", "agrees"), ("> 50 BUSD", "undecided"), ("< 50 BUSD", "undecided"), ("< 10 BUSD", "differs")],
)
def test_site_value_of_a_bound_at_it_power(audited: Audited, value: str, said: str) -> None:
    """10 BUSD / 32,609 = 306,667 USD at IT power, 383,333 with PUE 1.25; 745 to 755 MW: 16.2 to 98.5 BUSD."""
    found = audited(
        "id: p, subject: cerebras-cs3, metric: power, value: 750 MW, per: site",
        f'id: a, subject: cerebras-cs3, metric: amount, value: "{value}", power: p',
    )["a"]
    assert outcome(found, "site-value") == said
    assert "/ 23 kW of IT power)" in found.arithmetic
    assert "16.2 to 98.5 BUSD in all" in found.arithmetic
    assert value != "> 10 BUSD" or "306,667 USD a CS-3 (with PUE 1.25 383,333)" in found.arithmetic


@pytest.mark.parametrize(
    ("value", "said"), [("> 8 BUSD", "agrees"), ("> 8.3 BUSD", "undecided"), ("> 9 BUSD", "differs")]
)
def test_fact_of_a_bound(audited: Audited, value: str, said: str) -> None:
    """8.1 BUSD, 8.5 with 5 %."""
    claim = f'id: f, subject: cerebras-cs3, metric: amount, value: "{value}", against: [old]'
    assert outcome(audited(claim, more=FACTS)["f"], "fact") == said


@pytest.mark.parametrize(
    ("speed", "said"),
    [("> 800 tok/s", "agrees"), ("> 950 tok/s", "undecided"), ("> 2000 tok/s", "differs"), ("< 100 tok/s", "differs")],
)
def test_rows_against_a_speed_that_is_a_bound(audited: Audited, speed: str, said: str) -> None:
    stated = f'id: s, subject: nvidia-b200, metric: speed, value: "{speed}", per: user'
    found = audited(stated, *rows("0.76 s", "2.42 s", "11.31 s"))
    assert outcome(found["r500"], "linear-fit") == said


def test_a_product_of_an_open_end_and_nothing(audited: Audited) -> None:
    """> 12 Mtok/day x < 0.32 USD/Mtok may be anything."""
    found = audited(
        'id: a, subject: nvidia-b200, metric: cost_per_mtok, value: "< 0.32 USD/Mtok"',
        'id: v, subject: nvidia-b200, metric: tokens_per_day, value: "> 12M tok/day"',
        "id: d, subject: nvidia-b200, metric: spending, value: 3.84 USD/day, times: [v, a]",
    )["d"]
    assert outcome(found, "product") == "undecided"


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
