"""The shipped mix as a whole: tables, trails, ranges and the search behind them."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.catalogue import Catalogue, load_catalogue
from chipbrief.config import parse_yaml
from chipbrief.evaluate import Results, evaluate, sample_figures, tornado, vendor_fleets
from chipbrief.evaluate.case import Case, Setting, figures_of
from chipbrief.evaluate.ranges import interval_80
from chipbrief.evaluate.search import choose
from chipbrief.finance import load_finance_terms
from chipbrief.registry import Registry, load_registry
from chipbrief.workload import ServiceLevels, WorkloadClass, WorkloadMix, load_mix, mix_from_document

CLASSES = ["docs-bot", "coding-agent", "reasoning-2k", "reasoning-10k", "voice", "batch-classification"]
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def mix(shipped_mix: Path, catalogue: Catalogue, registry: Registry) -> WorkloadMix:
    return load_mix(shipped_mix, models=catalogue.names, hardware=registry.names)


@pytest.fixture(scope="module")
def results(mix: WorkloadMix, catalogue: Catalogue, registry: Registry) -> Results:
    return evaluate(mix, registry, catalogue, as_of="2026-11-23", samples=100)


def small(catalogue: Catalogue, registry: Registry, body: str, hardware: str = "nvidia-b200") -> Results:
    text = f"schema: workload-mix/1\nname: m\nclasses:\n  - {{id: c, kind: chat, {body}}}\nhardware: [{hardware}]\n"
    read = mix_from_document(parse_yaml(text, "m.yaml"), Path(), models=catalogue.names, hardware=registry.names)
    return evaluate(read, registry, catalogue, as_of="2026-11-23", samples=20)


# -- tables ---------------------------------------------------------------------------------------------------


def test_every_class_stands_beside_every_system_in_every_table(results: Results, mix: WorkloadMix) -> None:
    everything = {(c, h) for c in CLASSES for h in mix.hardware}
    assert {h.id for h in results.systems} == set(mix.hardware)
    points, costs, frontier = results.points_table(), results.costs_table(), results.frontier_table()
    assert set(zip(points["class"], points["hardware"], strict=True)) == everything
    assert len(points) == len(everything)
    refused = {(o.class_id, o.hardware) for o in results.outcomes if o.status == "refused"}
    assert set(zip(frontier["class"], frontier["hardware"], strict=True)) == everything - refused
    owned = costs[costs["lane"] == "own"]
    assert set(zip(owned["class"], owned["hardware"], strict=True)) == everything - refused


def test_every_figure_that_a_price_stands_on_is_in_the_table_of_inputs(results: Results) -> None:
    inputs = results.inputs_table()
    known = set(inputs["figure"])
    for figures in results.costs_table()["figures"]:
        assert set(figures.split()) <= known
    assert (inputs["locator"].str.len() > 0).all()
    assert (inputs["date"].str.len() >= 4).all()


def test_the_lines_of_a_system_hour_add_up_to_its_price(results: Results) -> None:
    table = results.lines_table()
    for (name, lane), rows in table.groupby(["hardware", "lane"]):
        for row in rows.itertuples():
            drivers = [float(part.split("=")[1]) for part in row.drivers.split()]
            assert row.coefficient * np.prod(drivers) == pytest.approx(row.usd_per_system_hour, rel=1e-4), (name, lane)


def test_numbers_are_finite_and_shares_are_shares(results: Results) -> None:
    points = results.points_table()
    assert np.isfinite(points.select_dtypes("number").to_numpy(dtype=float)).all()
    assert points["utilisation"].between(0, 1).all()
    assert (points["chips"] == points["replicas"] * points["chips_per_replica"]).all()
    assert (points["tok_s_user"] * points["tpot_s"]).to_numpy() == pytest.approx(1.0)
    assert points["e2e_p95_s"].ge(points["ttft_p95_s"]).all()


def test_every_service_level_that_is_met_is_met_by_the_numbers(results: Results) -> None:
    for outcome in results.outcomes:
        slo = results.wanted(outcome.class_id).slo
        pairs = (("ttft_p95_s", slo.ttft_p95), ("tpot_p95_s", slo.tpot_p95), ("e2e_p95_s", slo.e2e_p95))
        kept = all(limit is None or outcome[name].value <= limit for name, limit in pairs)  # type: ignore[index]
        assert (outcome.status == "meets") == kept


def test_the_capacity_that_is_bought_carries_the_peak(results: Results) -> None:
    for outcome in results.outcomes:
        demand = results.wanted(outcome.class_id).demand
        assert demand.mean_requests_s is not None
        per_replica = outcome["tok_s_replica"].value / results.wanted(outcome.class_id).shape.output_mean
        carried = outcome["replicas"].value * per_replica
        assert carried >= demand.mean_requests_s * demand.peak_factor * (1 - 1e-6)
        assert outcome["utilisation"].value == pytest.approx(demand.mean_requests_s / carried)


# -- refusals -------------------------------------------------------------------------------------------------


def test_a_precision_that_a_system_does_not_store_is_refused_there_and_nowhere_else(
    catalogue: Catalogue, registry: Registry
) -> None:
    body = "model: llama-3.1-8b, precision: fp8, tokens: {input: 500, output: 100}, arrival: {requests_per_day: 1M}"
    found = small(catalogue, registry, body, "nvidia-b200, groq-lpu")
    assert found.outcome("c", "nvidia-b200").status == "meets"
    refused = found.outcome("c", "groq-lpu")
    assert refused.status == "refused"
    assert refused.reason == "LPU v1 does not store fp8: it stores fp16, bf16, int8"
    assert [cost.lane for cost in refused.lanes] == ["api"]  # the tokens may still be bought


@pytest.mark.parametrize("share", ["0 %", "50 %", "100 %"])
def test_a_prompt_may_be_in_the_cache_as_a_whole(catalogue: Catalogue, registry: Registry, share: str) -> None:
    body = (
        f"model: gpt-oss-120b, tokens: {{input: 5000, cached_fraction: {share}, output: 100}}, "
        "arrival: {requests_per_day: 1M}"
    )
    outcome = small(catalogue, registry, body).outcome("c", "nvidia-b200")
    assert outcome.status == "meets"
    own = outcome.lane("own")
    assert own is not None
    assert (own.usd_mtok_input is None) == (share == "100 %")
    assert (own.usd_mtok_cached is None) == (share == "0 %")


def test_more_of_the_prompt_in_the_cache_never_needs_more_chips(catalogue: Catalogue, registry: Registry) -> None:
    chips = []
    for share in ("0 %", "50 %", "90 %", "99 %"):
        body = (
            f"model: gpt-oss-120b, tokens: {{input: 20k, cached_fraction: {share}, output: 100}}, "
            "arrival: {requests_per_day: 5M}"
        )
        chips.append(small(catalogue, registry, body).outcome("c", "nvidia-b200")["chips"].value)
    assert chips == sorted(chips, reverse=True)
    assert chips[-1] < chips[0]


# -- ranges ---------------------------------------------------------------------------------------------------


def test_another_seed_gives_other_intervals_around_the_same_values(
    mix: WorkloadMix, catalogue: Catalogue, registry: Registry, results: Results
) -> None:
    again = evaluate(mix, registry, catalogue, as_of="2026-11-23", samples=100, seed=results.seed)
    other = evaluate(mix, registry, catalogue, as_of="2026-11-23", samples=100, seed=results.seed + 1)
    assert again.points_table().equals(results.points_table())
    assert again.costs_table().equals(results.costs_table())
    values = ["tpot_s", "chips", "usd_mtok_capacity"]
    assert other.points_table()[values].equals(results.points_table()[values])
    assert not other.points_table()["tpot_s_low"].equals(results.points_table()["tpot_s_low"])


def test_figures_are_drawn_inside_their_ranges_and_apart_from_one_another(results: Results) -> None:
    figures = figures_of(results.systems[0], results.terms)
    drawn = sample_figures(figures, 300, seed=1)
    assert set(drawn) == {name for name, figure in figures.items() if figure.ranged}
    for name, values in drawn.items():
        assert figures[name].lowest <= values.min() < values.max() <= figures[name].highest
    some = dict(list(figures.items())[::3])
    alone = sample_figures(some, 300, seed=1)
    assert all(np.array_equal(values, drawn[name]) for name, values in alone.items())
    matrix = np.corrcoef(list(drawn.values())) - np.eye(len(drawn))
    assert np.abs(matrix).max() < 0.35  # 300 draws of independent figures; five standard errors are 0.29


def test_an_interval_leaves_a_tenth_of_the_draws_on_either_side() -> None:
    assert interval_80(np.arange(101.0)) == (10.0, 90.0)


def test_a_tornado_moves_one_figure_at_a_time_and_puts_the_widest_first(results: Results) -> None:
    """On 2 a + b with a and b from their figures, the swing of each is its coefficient times its range."""
    figures = {name: results.terms.figures[name] for name in ("finance:pue", "finance:electricity", "finance:staff")}
    bars = tornado(figures, lambda v: 2.0 * v["finance:pue"] + v["finance:electricity"])
    assert [(bar.figure, pytest.approx(bar.swing)) for bar in bars] == [
        ("finance:pue", 2 * (1.54 - 1.1)),
        ("finance:electricity", 0.146 - 0.05),
    ]
    assert (bars[0].low, bars[0].high) == pytest.approx((2 * 1.1 + 0.083, 2 * 1.54 + 0.083))


@pytest.mark.parametrize("class_id", ["docs-bot", "voice"])
def test_what_swings_the_price_is_in_the_trail_of_the_price(results: Results, class_id: str) -> None:
    for hardware in results.systems:
        outcome = results.outcome(class_id, hardware.id)
        own = outcome.lane("own")
        assert outcome.deployment is not None
        assert own is not None
        figures = figures_of(hardware, results.terms)
        plain = Setting.plain(hardware, results.terms)
        case = Case(results.wanted(class_id), results.catalogue[outcome.model], plain, plain)
        bars = tornado(
            figures,
            lambda values, h=hardware, c=case, o=outcome: c.usd_mtok(  # type: ignore[misc]
                Setting.moved(h, results.terms, values), o.deployment, o["batch_at_capacity"].value
            ),
        )
        swinging = {bar.figure for bar in bars if bar.swing > 1e-12 * abs(bar.high)}
        assert swinging
        # the price at capacity divides by the utilisation that is assumed; the plan's does not
        assert swinging <= set(own.trail.figures) | {"finance:utilisation"}


# -- the search -----------------------------------------------------------------------------------------------

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
SHIPPED = load_mix(
    ROOT / "templates/chipbrief_templates/mixes/five-workloads.yaml", models=CATALOGUE.names, hardware=REGISTRY.names
)


def case_of(wanted: WorkloadClass, name: str) -> Case:
    plain = Setting.plain(REGISTRY[name], load_finance_terms())
    return Case(wanted, CATALOGUE[wanted.model], plain, plain)


@cache
def pool(class_id: str, name: str):
    return case_of(next(c for c in SHIPPED.classes if c.id == class_id), name).candidates()


# one class that a single replica carries, and one whose chips depend on the operating point
POOLS = st.sampled_from(sorted((c, name) for c in ("docs-bot", "coding-agent") for name in REGISTRY.hardware)).map(
    lambda names: pool(*names)
)
LIMITS = st.floats(1e-4, 60.0)


def usd_of(found, choice) -> float:
    [mine] = [c for c in found if c.deployment == choice.deployment]
    i = list(mine.operation.batch).index(choice.batch)
    return float(np.broadcast_to(mine.economics.usd_month["own"], np.shape(mine.operation.batch))[i])


def replace_levels(slo: ServiceLevels, factor: float) -> ServiceLevels:
    levels = {key: getattr(slo, key) * factor for key in ("ttft_p95", "tpot_p95", "e2e_p95")}
    return slo.model_copy(update=levels)


@given(POOLS, LIMITS, LIMITS, LIMITS, st.floats(1.0, 10.0))
def test_a_looser_level_never_turns_a_kept_one_into_a_missed_or_dearer_one(found, ttft, tpot, e2e, looser) -> None:
    slo = ServiceLevels(ttft_p95=ttft, tpot_p95=tpot, e2e_p95=e2e)
    loose = replace_levels(slo, looser)
    tight_choice, loose_choice = choose(found, slo), choose(found, loose)
    if not tight_choice.reason:
        assert not loose_choice.reason
        assert usd_of(found, loose_choice) <= usd_of(found, tight_choice)


@given(POOLS, LIMITS, LIMITS)
def test_a_choice_is_the_cheapest_that_keeps_the_levels(found, ttft, tpot) -> None:
    slo = ServiceLevels(ttft_p95=ttft, tpot_p95=tpot)
    kept = [
        float(usd)
        for c in found
        for usd, t, p in zip(
            np.broadcast_to(c.economics.usd_month["own"], np.shape(c.operation.batch)),
            np.broadcast_to(c.operation.ttft_p95_s, np.shape(c.operation.batch)),
            np.broadcast_to(c.operation.tpot_p95_s, np.shape(c.operation.batch)),
            strict=True,
        )
        if t <= ttft and p <= tpot
    ]
    choice = choose(found, slo)
    assert bool(choice.reason) == (not kept)
    if kept:
        assert usd_of(found, choice) == pytest.approx(min(kept), rel=1e-8)
    else:
        assert " > " in choice.reason


@pytest.mark.slow
def test_a_growing_load_never_costs_less() -> None:
    [docs] = [c for c in SHIPPED.classes if c.id == "docs-bot"]
    for name in REGISTRY.hardware:
        needed = []
        for tokens in (1e6, 12e6, 1e9, 2e10, 3e11):
            arrival = docs.arrival.model_copy(update={"tokens_per_day": tokens})
            found = case_of(docs.model_copy(update={"arrival": arrival}), name).candidates()
            needed.append(usd_of(found, choose(found, docs.slo)))
        assert needed == sorted(needed)
        assert needed[-1] > needed[0]


def test_a_system_that_is_not_sold_is_no_offer_to_own(catalogue: Catalogue) -> None:
    """TPUs are rented: their owned lane would stand on a price that nobody asks."""
    registry = load_registry(strict=True)
    text = """
schema: workload-mix/1
name: rented
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 1000, output: 200}
    arrival: {requests_per_day: 1M}
hardware: [tpu-v7, b200]
"""
    mix = mix_from_document(parse_yaml(text, "mix.yaml"), Path(), models=catalogue.names, hardware=registry.names)
    results = evaluate(mix, registry, catalogue, as_of="2026-11-24", samples=10)
    lanes = {o.hardware: {cost.lane for cost in o.lanes} for o in results.outcomes}
    assert "own" in lanes["nvidia-b200"]
    assert lanes["google-tpu-v7"] == {"rent_three_years"}
    assert not any(f.lane == "own" for f in vendor_fleets(results) if f.hardware == "google-tpu-v7")
