"""The points of a sweep: what the rest of chipbrief says of each of them, none lost, none twice."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml
from chipbrief.errors import Refusal
from chipbrief.evaluate import Request, evaluate, serve, serving_precision
from chipbrief.registry import Registry
from chipbrief.sweep import METRICS, Plan, Sweep, Tally, columns_of, evaluate_sweep
from chipbrief.workload import mix_from_document


@pytest.fixture(scope="module")
def rows_of(registry: Registry, catalogue: Catalogue) -> Any:
    """Every row of a sweep, and the counts."""

    def all_of(sweep: Sweep) -> tuple[pd.DataFrame, Tally]:
        tables = evaluate_sweep(sweep, registry, catalogue)
        parts = [pd.DataFrame(table.arrays()) for table in tables]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(), tables.tally

    return all_of


def one(rows: pd.DataFrame, **at: Any) -> pd.Series:
    """The only row with these values."""
    chosen = rows
    for name, value in at.items():
        chosen = chosen[chosen[name] == value]
    assert len(chosen) == 1
    return chosen.iloc[0]


# -- against serve() ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hardware", ["nvidia-h100", "cerebras-cs3", "groq-lpu"])
def test_times_and_rates_are_those_of_serve_called_point_by_point(
    make: Any, rows_of: Any, registry: Registry, catalogue: Catalogue, hardware: str
) -> None:
    sweep = make(
        hardware=hardware,
        chips="all",
        cached_fraction="[0, 0.75]",
        more="metrics: [ttft_s, tpot_s, e2e_s, requests_s, tok_s_user, tok_s_replica, tok_s_chip, batch_limit]",
    )
    rows, _ = rows_of(sweep)
    machine = registry[hardware]
    assert len(rows) > 100
    for row in rows.sample(60, random_state=1).itertuples():
        model = catalogue[row.model]
        shapes = machine.throughput.deployments(model, serving_precision(machine, model), row.context_tokens)
        (shape,) = [s for s in shapes if str(s) == row.deployment]
        cached = row.cached_fraction * row.input_tokens
        request = Request(row.input_tokens - cached, cached, row.output_tokens)
        service = serve(machine, model, shape, request, row.batch)
        limit = machine.throughput.running_batch_limit(model, shape, row.input_tokens + row.output_tokens / 2)
        tok_s = service.requests_s * row.output_tokens
        wanted = {
            "ttft_s": service.ttft_s,
            "tpot_s": service.tpot_s,
            "e2e_s": service.ttft_s + service.tpot_s * (row.output_tokens - 1),
            "requests_s": service.requests_s,
            "tok_s_user": 1 / service.tpot_s,
            "tok_s_replica": tok_s,
            "tok_s_chip": tok_s / shape.chips,
            "batch_limit": limit,
        }
        assert row.input_tokens + row.output_tokens == row.context_tokens
        assert row.batch <= limit
        for name, value in wanted.items():
            assert getattr(row, name) == pytest.approx(float(np.ravel(value)[0]), rel=1e-12), name


# -- against compare, and money by hand -----------------------------------------------------------------------

MIX = """
schema: workload-mix/1
name: one
classes:
  - id: chat
    kind: chat
    model: gpt-oss-120b
    tokens: {input: 7500, output: 500, cached_fraction: 0.4}
    arrival: {requests_per_day: 2M}
    slo: {deadline: 24 h}
finance: {utilisation: 40 %, electricity: 0.10 USD/kWh, pue: 1.3, economic_life: 5 y, cost_of_capital: 8 %}
hardware: [cerebras-cs3, nvidia-b200, groq-lpu, google-tpu-v6e]
"""


@pytest.fixture(scope="module")
def compared(registry: Registry, catalogue: Catalogue) -> Any:
    mix = mix_from_document(parse_yaml(MIX, "mix.yaml"), Path(), models=catalogue.names, hardware=registry.names)
    return evaluate(mix, registry, catalogue, as_of="2026-11-24", samples=2)


@pytest.mark.parametrize("hardware", ["cerebras-cs3", "nvidia-b200", "groq-lpu", "google-tpu-v6e"])
def test_a_point_has_the_numbers_that_compare_prints_of_it(
    make: Any, rows_of: Any, compared: Any, hardware: str
) -> None:
    outcome = compared.outcome("chat", hardware)
    sweep = make(
        hardware=hardware,
        model="gpt-oss-120b",
        context=None,
        input="7500",
        output="500",
        cached_fraction="0.4",
        batch=f"{outcome['batch'].value:.0f}",
        chips="all",
        utilisation="40 %",
        electricity="0.10 USD/kWh",
        pue="1.3",
        economic_life="5 y",
        cost_of_capital="8 %",
        more="metrics: [ttft_s, tpot_s, e2e_s, tok_s_user, tok_s_replica, tok_s_system, tok_s_chip, usd_mtok, joules_per_token]",
    )
    rows, _ = rows_of(sweep)
    row = one(rows, deployment=str(outcome.deployment))
    same = {"ttft_s": "ttft_p50_s", "e2e_s": "e2e_p50_s", "usd_mtok": "usd_mtok_capacity"}
    for name in sweep.metrics:
        assert row[name] == pytest.approx(outcome[same.get(name, name)].value, rel=1e-9), name
    assert row["offered"] == (hardware != "google-tpu-v6e")  # the TPU is let by the hour and not sold


def test_dollars_of_a_bought_system_written_out(make: Any, rows_of: Any) -> None:
    """DGX B200 at 500,000 USD, 14.3 kW, 5 years, no interest, 0.10 USD/kWh, PUE 1.2, 150 USD/kW-month, full load.

    Hardware 500,000 / 5 / 8,760 = 11.41553; network and storage 10 % of it 1.14155; support 4 % a year 2.28311; energy
    14.3 x 1.2 x 0.10 = 1.716; colocation 14.3 x 150 x 12 / 8,760 = 2.93836: 19.49455 USD/h. At a third of the price and
    half the power: 3.80518 + 0.38052 + 0.76104 + 0.858 + 1.46918 = 7.27391 USD/h.
    """
    rows, _ = rows_of(
        make(
            hardware="nvidia-b200",
            model="llama-3.1-8b",
            chips="[8]",
            context="[1500]",
            output="[500]",
            batch="[64]",
            system_price="[500000 USD, 166666.666666667 USD]",
            system_power="[14.3 kW, 7.15 kW]",
            economic_life="5 y",
            cost_of_capital="0",
            residual="0",
            network_storage="10 %",
            support="4 %",
            electricity="0.10 USD/kWh",
            pue="1.2",
            colocation="150 USD/kW-month",
            software="0 USD/y",
            staff="0 USD/y",
            utilisation="[100 %, 25 %]",
            more="metrics: [usd_h, usd_mtok, usd_mtok_output, tok_s_system, joules_per_token, tok_s_mw]",
        )
    )
    full = one(rows, system_price_usd=500_000, system_power_w=14_300, utilisation=1.0)
    assert full["usd_h"] == pytest.approx(19.49455, abs=1e-4)
    small = one(rows, system_price_usd=166666.666666667, system_power_w=7_150, utilisation=1.0)
    assert small["usd_h"] == pytest.approx(7.27391, abs=1e-4)
    # USD/h over tokens an hour: four tokens in and out for each token out, for 1,000 + 500 in and 500 out
    assert full["usd_mtok_output"] == pytest.approx(full["usd_h"] / (full["tok_s_system"] * 3600) * 1e6)
    assert full["usd_mtok"] == pytest.approx(full["usd_mtok_output"] / 3)
    assert full["joules_per_token"] == pytest.approx(14_300 / full["tok_s_system"])
    assert full["tok_s_mw"] == pytest.approx(full["tok_s_system"] / (0.0143 * 1.2))
    # at a quarter of the load each token bears four times the fixed cost, and the energy of a machine mostly idle
    quarter = one(rows, system_price_usd=500_000, system_power_w=14_300, utilisation=0.25)
    assert quarter["tok_s_system"] == full["tok_s_system"]
    assert 3 * full["usd_mtok"] < quarter["usd_mtok"] <= 4 * full["usd_mtok"]


def test_factors_stand_beside_the_amounts_that_they_come_to(make: Any, rows_of: Any, registry: Registry) -> None:
    price = registry["b200"].profile.price.system.value
    common = {
        "hardware": "nvidia-b200",
        "model": "llama-3.1-8b",
        "context": "[1500]",
        "batch": "[8]",
        "output": "[500]",
    }
    by_factor, _ = rows_of(make(**common, system_price_factor="[0.8, 1.0]"))
    by_amount, _ = rows_of(make(**common, system_price=f"[{0.8 * price} USD, {price} USD]"))
    plain, _ = rows_of(make(**common))
    assert by_factor["system_price_usd"].tolist() == by_amount["system_price_usd"].tolist() == [0.8 * price, price]
    assert by_factor["usd_mtok"].tolist() == pytest.approx(by_amount["usd_mtok"].tolist(), rel=1e-12)
    assert by_factor["usd_mtok"][1] == pytest.approx(plain["usd_mtok"][0], rel=1e-12)
    assert by_factor["usd_mtok"][0] < by_factor["usd_mtok"][1]


def test_a_rented_chip_costs_its_hour_and_what_nobody_lets_costs_nothing_known(make: Any, rows_of: Any) -> None:
    """2.60 USD a chip and hour for three years (SemiAnalysis, August 2026); nobody lets a GroqRack."""
    rows, _ = rows_of(
        make(
            hardware="[b200, groq-lpu]",
            model="llama-3.1-8b",
            context="[1500]",
            output="[500]",
            batch="[1]",
            lane="[own, rent_three_years]",
            rent_factor="[1, 2]",
            more="metrics: [usd_h, tpot_s]",
        )
    )
    let = one(rows, hardware="nvidia-b200", lane="rent_three_years", rent_factor=1.0)
    assert let["usd_h"] == pytest.approx(2.60 * let["chips"])
    twice = one(rows, hardware="nvidia-b200", lane="rent_three_years", rent_factor=2.0)
    assert twice["usd_h"] == pytest.approx(5.20 * let["chips"])
    lpu = one(rows, hardware="groq-lpu", lane="rent_three_years", rent_factor=1.0)
    assert math.isnan(lpu["usd_h"])
    assert not lpu["offered"]
    assert lpu["tpot_s"] > 0


# -- counts ---------------------------------------------------------------------------------------------------


def test_rows_are_the_product_of_the_axes_minus_what_is_refused(make: Any, rows_of: Any) -> None:
    sweep = make(
        hardware="[nvidia-h100, cerebras-cs3, groq-lpu]",
        precision="[native, fp8, bf16]",
        context="[100, 1000, 9000, 100k, 300k]",
        lane="[own, rent_on_demand]",
        pue="[1.1, 1.2, 1.3]",
        more="where: {tpot_s: {max: 5 ms}, measured: true}",
    )
    rows, tally = rows_of(sweep)
    product = 3 * 2 * 3 * 5 * 2 * 4 * 2 * 3
    assert Plan.of(sweep).cells == product == tally.points
    assert tally.rows == len(rows) > 0
    assert tally.rows + tally.filtered + sum(r.points for r in tally.refused.values()) == product
    assert set(tally.by_kind()) >= {"format", "context", "memory", "repeat"}
    assert (rows["tpot_s"] <= 0.005).all()
    assert not rows.drop(columns=list(METRICS), errors="ignore").duplicated().any()


def test_every_refusal_is_the_registrys_own(make: Any, rows_of: Any, registry: Registry, catalogue: Catalogue) -> None:
    _, tally = rows_of(
        make(
            hardware="[nvidia-h100, groq-lpu]",
            model="[llama-3.1-8b, kimi-k2]",
            precision="[native, nvfp4]",
            context="[2000, 300k]",
            output="[500]",
            batch="[1]",
        )
    )
    for refused in tally.sorted():
        machine, model = registry[refused.hardware], catalogue[refused.model]
        if refused.kind == "context":
            assert refused.reason == f"context 300,000 > {model.context_limit:,} tokens of {model.id}"
        elif refused.kind in ("format", "fit"):
            wanted = serving_precision(machine, model, None if refused.precision == "native" else refused.precision)
            with pytest.raises(Refusal) as caught:
                machine.throughput.deployments(model, wanted, refused.context_from)
            assert refused.reason == str(caught.value)
    kinds = {(r.hardware, r.model, r.precision, r.kind) for r in tally.sorted()}
    assert ("groq-lpu", "llama-3.1-8b", "nvfp4", "format") in kinds
    assert ("nvidia-h100", "kimi-k2", "native", "context") in kinds


def test_a_precision_is_not_told_twice_under_two_names(make: Any, rows_of: Any) -> None:
    rows, tally = rows_of(make(hardware="nvidia-h100", model="llama-3.1-8b", precision="[native, bf16, fp8]"))
    assert set(rows["precision"]) == {"bf16", "fp8"}
    (repeat,) = [r for r in tally.sorted() if r.kind == "repeat"]
    assert repeat.reason == "bf16 is the same as native for llama-3.1-8b on nvidia-h100"
    assert repeat.points == 3 * 2 * 4


def test_an_answer_longer_than_the_context_is_refused_in_words(make: Any, rows_of: Any) -> None:
    rows, tally = rows_of(
        make(hardware="nvidia-h100", model="llama-3.1-8b", context="[400, 501, 2000]", output="[500]", batch="[1]")
    )
    assert rows["input_tokens"].tolist() == [1, 1500]
    (refused,) = tally.sorted()
    assert (refused.reason, refused.points) == ("context 400 leaves no prompt before 500 tokens of answer", 1)


def test_batches_beyond_memory_are_counted_apart(
    make: Any, rows_of: Any, registry: Registry, catalogue: Catalogue
) -> None:
    sweep = make(
        hardware="nvidia-h100",
        model="llama-3.1-8b",
        chips="[1]",
        context="[8000]",
        output="[500]",
        batch="{from: 1, to: 200, step: 1}",
    )
    rows, tally = rows_of(sweep)
    machine, model = registry["h100"], catalogue["llama-3.1-8b"]
    (shape,) = [
        s for s in machine.throughput.deployments(model, serving_precision(machine, model), 8000) if s.chips == 1
    ]
    limit = int(machine.throughput.running_batch_limit(model, shape, 7750.0))
    assert 0 < limit < 200
    assert rows["batch"].tolist() == list(range(1, limit + 1))
    assert tally.by_kind() == {"memory": 200 - limit}


def test_chips_name_every_shape_of_as_many(make: Any, rows_of: Any) -> None:
    rows, tally = rows_of(
        make(
            hardware="nvidia-b200",
            model="gpt-oss-120b",
            chips="[1, 8, 12]",
            context="[9000]",
            output="[500]",
            batch="[8]",
        )
    )
    # with experts, the chips of a stage share the attention weights, or each holds them all
    assert rows["deployment"].tolist() == [
        "1 chip, mxfp4",
        "8 chips, TP8, EP8, mxfp4",
        "8 chips, TP8, EP8, DP8, mxfp4",
        *rows["deployment"].tolist()[3:],
    ]
    assert (rows["chips"].tolist()[:3], tally.rows) == ([1, 8, 8], len(rows))


# -- cutting --------------------------------------------------------------------------------------------------


def test_points_do_not_depend_on_how_the_sweep_is_cut(make: Any, rows_of: Any) -> None:
    axes = {
        "hardware": "[nvidia-h100, groq-lpu]",
        "batch": "{from: 1, to: 40, step: 1}",
        "pue": "{from: 1.1, to: 1.6, step: 0.01}",
    }
    whole, one_part = make(**axes), make(**axes, more="part_points: 1000")
    assert Plan.of(one_part).parts > 20 > Plan.of(whole).parts
    rows, tally = rows_of(whole)
    same, again = rows_of(one_part)
    names = [c.name for c in columns_of(whole) if c.name not in METRICS]
    ordered, others = (table.sort_values(names, ignore_index=True) for table in (rows, same))
    pd.testing.assert_frame_equal(ordered, others, check_dtype=False)
    assert tally.as_data() == again.as_data()


@pytest.mark.parametrize("points", [1000, 4096, 100_000])
def test_parts_hold_every_cell_once(make: Any, points: int) -> None:
    plan = Plan.of(
        make(batch="{from: 1, to: 300, step: 1}", pue="{from: 1.1, to: 1.6, step: 0.01}", more=f"part_points: {points}")
    )
    seen: dict[Any, np.ndarray[Any, Any]] = {}
    for part in range(plan.parts):
        assert plan.cells_of(part) <= points
        for block in plan.part(part):
            grid = seen.setdefault(
                block.unit, np.zeros((plan.requests.size, len(plan.batches), plan.terms.size), dtype=int)
            )
            grid[slice(*block.requests), slice(*block.batches), slice(*block.terms)] += 1
    assert len(seen) == plan.units
    assert all((grid == 1).all() for grid in seen.values())


# -- bands ----------------------------------------------------------------------------------------------------


def test_bands_are_those_of_the_systems_cross_validation(make: Any, rows_of: Any, registry: Registry) -> None:
    sweep = make(
        hardware="nvidia-h100",
        model="llama-3.1-8b",
        context="[2000]",
        output="[500]",
        batch="[8, 9]",
        more="error_bands: true\nmetrics: [ttft_s, tpot_s, tok_s_chip, usd_mtok, usd_h]",
    )
    rows, _ = rows_of(sweep)
    errors = registry["h100"].profile.errors
    tpot, light, load = (errors[name]["seen"] for name in ("tpot", "ttft_light", "ttft_load"))
    few, many = one(rows, batch=8), one(rows, batch=9)
    assert few["tpot_s_low"] == pytest.approx(few["tpot_s"] * tpot.low)
    assert few["tpot_s_high"] == pytest.approx(few["tpot_s"] * tpot.high)
    assert few["tok_s_chip_low"] == pytest.approx(few["tok_s_chip"] / tpot.high)
    assert few["usd_mtok_high"] == pytest.approx(few["usd_mtok"] * tpot.high)
    assert few["ttft_s_high"] == pytest.approx(few["ttft_s"] * light.high)  # up to 8 in flight
    assert many["ttft_s_high"] == pytest.approx(many["ttft_s"] * load.high)
    assert "usd_h_low" not in rows
    assert list(rows) == [column.name for column in columns_of(sweep)]


def test_what_was_never_measured_is_marked(make: Any, rows_of: Any, registry: Registry) -> None:
    from chipbrief.evidence.standing import has_points, points_of

    points = points_of(registry)
    rows, _ = rows_of(make(hardware=None, model="llama-3.1-8b", context="[2000]", output="[500]", batch="[1]"))
    for name, measured in zip(rows["hardware"], rows["measured"], strict=True):
        assert measured == has_points(registry[name].profile, points)
