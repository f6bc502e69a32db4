"""The terms: their Figures, what a mix may set, and what they do to C1."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.config import parse_yaml
from chipbrief.figures import Share
from chipbrief.finance import CAPITAL_RECOVERY, LANES, Finance, FinanceTerms, hourly_usd, load_finance_terms
from chipbrief.registry import load_registry
from chipbrief.workload import FinanceOverrides


def finance(**changes: float) -> Finance:
    values = {f"finance:{name}": value for name, value in changes.items()}
    return Finance.from_terms(load_finance_terms(), values)


def test_c1_what_is_left_at_the_end_is_discounted_to_today() -> None:
    terms = finance(residual=0.2)  # 10 % over 4 years
    assert terms.capital_recovery == pytest.approx(0.14641 / 0.4641 * (1 - 0.2 / 1.1**4))


def test_c1_taking_the_systems_out_is_paid_at_the_end() -> None:
    terms = finance(residual=0.2, decommissioning=0.05)  # 15 % left, net
    assert terms.capital_recovery == pytest.approx(0.14641 / 0.4641 * (1 - 0.15 / 1.1**4))


def test_c1_in_real_terms_the_payments_are_lower_and_worth_as_much() -> None:
    """10 % with 2 % inflation: 7.843 % real; payments that rise with prices, discounted at 10 %, are the price again."""
    real = replace(finance(inflation=0.02), rates="real")
    assert real.discount_rate == pytest.approx(0.0784314, abs=1e-7)
    payment = float(real.capital_recovery)
    assert payment == pytest.approx(0.0784314 / (1 - 1.0784314**-4), rel=1e-6)
    assert payment < float(finance().capital_recovery)
    assert sum(payment * 1.02**t / 1.1**t for t in range(1, 5)) == pytest.approx(1.0)


@given(st.floats(0, 0.3), st.floats(1, 8), st.floats(0, 1))
def test_without_inflation_real_is_nominal(rate: float, life: float, residual: float) -> None:
    terms = replace(finance(cost_of_capital=rate, residual=residual, inflation=0.0), economic_life_y=life)
    assert replace(terms, rates="real").capital_recovery == pytest.approx(float(terms.capital_recovery), rel=1e-9)


def test_the_shipped_terms_are_those_of_the_design() -> None:
    terms = finance()
    assert terms.economic_life_y == pytest.approx(4.0)
    assert terms.cost_of_capital == pytest.approx(0.10)
    assert terms.residual == 0
    assert terms.pue == 1.25
    assert terms.electricity == pytest.approx(0.083)
    assert terms.colocation == pytest.approx(184, rel=0.001)
    assert terms.network_storage == pytest.approx(0.15)
    assert terms.support == pytest.approx(0.05)
    assert terms.utilisation == 0.5
    assert terms.rates == "nominal"


def test_every_shipped_term_has_its_range_and_a_source() -> None:
    terms = load_finance_terms()
    figures = {**terms.figures, **terms.plan_figures}
    assert len(figures) == 20
    for name, figure in figures.items():
        assert figure.source in terms.sources, name
        assert figure.lowest <= figure.value <= figure.highest
    assert set(terms.sources) == {figure.source for figure in figures.values()}


def test_sampled_terms_have_a_leading_axis() -> None:
    assert finance(pue=np.array([1.1, 1.25, 1.54])).pue.shape == (3, 1)
    assert np.shape(finance(cost_of_capital=np.array([0.06, 0.15])).capital_recovery) == (2, 1)


def test_a_term_that_the_reader_sets_has_the_reader_as_its_source_and_no_range() -> None:
    terms: FinanceTerms = load_finance_terms().override({"pue": 1.4}, where="the mix m", date="2026-11-23")
    assert (terms.pue.value, terms.pue.source, terms.pue.date) == (1.4, "user", "2026-11-23")
    assert not terms.pue.ranged
    assert terms.sources["user"].locator == "the mix m"
    assert "the default is 1.25" in (terms.pue.note or "")
    assert terms.electricity == load_finance_terms().electricity
    assert load_finance_terms().override({}, where="x", date="2026") == load_finance_terms()
    assert isinstance(terms.support, Share)


# -- a mix ----------------------------------------------------------------------------------------------------


def test_a_mix_may_set_every_term() -> None:
    every = {*FinanceTerms.names(), *FinanceTerms.plan_names(), "rates"}
    assert set(FinanceOverrides.model_fields) - {"lane"} == every


def test_a_mix_sets_the_terms_of_a_plan_in_units() -> None:
    section = parse_yaml("{availability: 97 %, lag: 60 d, deposit: 20 %, rates: real, inflation: 3 %}", "mix.yaml").data
    changed = FinanceOverrides.model_validate(section).changed
    terms = load_finance_terms().override(changed, where="the mix m", date="2026-11-24")
    numbers = Finance.from_terms(terms)
    assert (numbers.availability, numbers.deposit, numbers.inflation, numbers.rates) == (0.97, 0.2, 0.03, "real")
    assert numbers.lag_months == pytest.approx(60 * 24 / 730)
    assert terms.availability.source == "user"
    assert not terms.lag.ranged


@pytest.mark.parametrize("bad", [{"rates": "realistic"}, {"availability": "0 %"}, {"lag": "2"}, {"tax": "130 %"}])
def test_a_term_that_makes_no_sense_is_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        FinanceOverrides.model_validate(bad)


# -- C1 on a real system --------------------------------------------------------------------------------------

REGISTRY = load_registry(strict=True)
B200 = REGISTRY["nvidia-b200"]


def owned_usd_h(terms: Finance) -> float:
    return float(hourly_usd(B200.cost.lines("own", terms, 0.5)))


PRICES = ("electricity", "colocation", "network_storage", "support", "software", "staff", "pue", "decommissioning")


@given(st.sampled_from(PRICES), st.floats(0, 2))
def test_the_owned_hour_never_gets_cheaper_when_a_price_rises(name: str, more: float) -> None:
    terms = finance(staff=1000.0, software=100.0)
    assert owned_usd_h(replace(terms, **{name: getattr(terms, name) + more})) >= owned_usd_h(terms) * (1 - 1e-12)


@given(st.floats(0, 0.3), st.floats(0, 0.3), st.floats(1, 8), st.floats(1, 3))
def test_the_owned_hour_rises_with_the_rate_and_falls_with_the_life(
    rate: float, more: float, life: float, longer: float
) -> None:
    terms = replace(finance(cost_of_capital=rate), economic_life_y=life)
    base = owned_usd_h(terms)
    assert owned_usd_h(replace(terms, cost_of_capital=rate + more)) >= base * (1 - 1e-12)
    assert owned_usd_h(replace(terms, economic_life_y=life * longer)) <= base * (1 + 1e-12)


def test_a_line_names_inflation_where_it_acts() -> None:
    for rates, named in (("nominal", False), ("real", True)):
        lines = B200.cost.lines("own", replace(finance(), rates=rates), 0.5)
        for line in lines:
            assert ("finance:inflation" in line.figures) is (named and line.driven_by(CAPITAL_RECOVERY))


# -- docs/finance.md ------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[3] / "docs" / "finance.md").read_text(encoding="utf-8")


def rows_of(heading: str) -> list[list[str]]:
    body = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line[:1] == "|"]
    return rows[2:]


def test_the_page_lists_every_term_with_its_default_and_range() -> None:
    terms = load_finance_terms()
    figures = {**terms.figures, **terms.plan_figures}
    wanted = []
    for name, figure in figures.items():
        ends = f"{figure.text(figure.lowest)} to {figure.text(figure.highest)}" if figure.ranged else "none"
        wanted.append([f"`{name.removeprefix('finance:')}`", figure.text(), ends, f"{figure.source}, {figure.date}"])
    assert [row[:4] for row in rows_of("Terms")] == wanted
    for row in rows_of("Terms"):
        acts = "C1" in row[4] or "C2" in row[4]
        assert acts == (row[0].strip("`") in FinanceTerms.names()), row
        assert acts or "by year" in row[4]


def test_the_page_cites_every_source_of_a_term() -> None:
    listed = {row[0]: row[1] for row in rows_of("Sources")}
    assert listed == {name: f"{s.title}, <{s.locator}>" for name, s in load_finance_terms().sources.items()}


def test_the_page_states_the_owned_hour_beside_the_analysts_ones() -> None:
    terms = finance()
    for system, ours, theirs, ratio, _ in rows_of("Anchors"):
        hardware = REGISTRY[system.strip("`")]
        usd = float(hourly_usd(hardware.cost.lines("own", terms, 1.0))) / hardware.profile.chips
        assert float(ours) == pytest.approx(usd, abs=0.005)
        assert float(ratio) == pytest.approx(usd / float(theirs), abs=0.005)
    anchors = [(row[0].strip("`"), row[2]) for row in rows_of("Anchors")]
    assert anchors == [
        ("nvidia-b200", "1.95"),
        ("nvidia-b200", "2.34"),
        ("nvidia-b200", "2.90"),
        ("cerebras-cs3", "41.96"),
    ]


def test_the_page_names_functions_that_exist() -> None:
    import chipbrief.finance as public

    named = set(re.findall(r"`chipbrief\.finance\.(\w+)`", PAGE))
    assert named
    assert named <= set(public.__all__)
    assert set(LANES) <= set(re.findall(r"`(\w+)`", PAGE))
