"""Sweep files: what the axes come to, and what is said of a wrong one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml
from chipbrief.errors import InputError
from chipbrief.registry import Registry
from chipbrief.sweep import METRICS, Plan, Sweep, sweep_from_document
from chipbrief.sweep.axes import Axes, WholeAxis
from chipbrief.sweep.columns import AXIS_COLUMNS
from chipbrief.sweep.document import CORE_AXES, Limits
from chipbrief.sweep.plan import MONEY_AXES


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("[8, 1, 8]", [8, 1]),
        ("16", [16]),
        ("{from: 1, to: 8, per_doubling: 1}", [1, 2, 4, 8]),
        ("{from: 1, to: 8, per_doubling: 2}", [1, 2, 3, 4, 6, 8]),  # 1, 1.41, 2, 2.83, 4, 5.66, 8, rounded
        ("{from: 1, to: 10, per_doubling: 1}", [1, 2, 4, 8, 10]),  # the end belongs to it
        ("{from: 3, to: 11, step: 4}", [3, 7, 11]),
        ("{from: 3, to: 12, step: 4}", [3, 7, 11]),
        ("{from: 1k, to: 3k, count: 5}", [1000, 1500, 2000, 2500, 3000]),
        ("{from: 5, to: 5, step: 1}", [5]),
    ],
)
def test_whole_axes_written_out(make: Any, written: str, values: list[int]) -> None:
    assert make(batch=written).axes.batch.numbers.tolist() == values


def test_a_span_of_shares_has_round_values(make: Any) -> None:
    sweep = make(
        utilisation="{from: 10 %, to: 30 %, step: 5 %}", electricity="{from: 0.05 USD/kWh, to: 0.07 USD/kWh, count: 3}"
    )
    assert sweep.axes.utilisation.numbers.tolist() == [0.1, 0.15, 0.2, 0.25, 0.3]
    assert sweep.axes.electricity.numbers.tolist() == [0.05, 0.06, 0.07]


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 6))
def test_doublings_rise_from_end_to_end_without_gaps(low: int, more: int, per_doubling: int) -> None:
    axis = WholeAxis.model_validate({"from": low, "to": low + more, "per_doubling": per_doubling})
    numbers = axis.numbers
    assert (numbers[0], numbers[-1]) == (low, low + more)
    assert (np.diff(numbers) > 0).all()
    assert (numbers[1:] <= numbers[:-1] * 2 ** (1 / per_doubling) + 1.5).all()  # both ends are rounded
    assert len(numbers) <= math.log2((low + more) / low) * per_doubling + 2


def test_all_hardware_and_models_where_none_is_named(make: Any, registry: Registry, catalogue: Catalogue) -> None:
    axes = make(hardware=None, model=None).axes
    assert axes.hardware == tuple(registry.hardware)
    assert axes.model == tuple(catalogue.models)


def test_aliases_are_ids_and_stand_once(make: Any) -> None:
    axes = make(hardware="[b200, nvidia-b200, NVIDIA-B200]", model="meta-llama/Meta-Llama-3.1-8B").axes
    assert (axes.hardware, axes.model) == (("nvidia-b200",), ("llama-3.1-8b",))


def test_files_that_mean_the_same_are_the_same_sweep(make: Any) -> None:
    one = Plan.of(make(hardware="[b200]", batch="[1, 2, 4, 8]", context="[1k]"))
    other = Plan.of(make(hardware="[nvidia-b200]", batch="{from: 1, to: 8, per_doubling: 1}", context="1000"))
    assert one.digest == other.digest
    assert Plan.of(make(hardware="[b200]", batch="[1, 2, 4, 9]", context="[1k]")).digest != one.digest


def test_every_metric_can_be_limited_and_every_axis_has_a_column() -> None:
    assert set(METRICS) | {"measured", "offered"} == set(Limits.model_fields)
    assert set(Axes.model_fields) <= set(AXIS_COLUMNS)
    assert set(AXIS_COLUMNS) == {*CORE_AXES, *MONEY_AXES}


BAD = {
    "unknown axis": ({"batchs": "[1]"}, "axes.batchs: is not a field here; did you mean 'batch'?"),
    "empty list": ({"batch": "[]"}, "axes.batch: expected at least 1, got none"),
    "turned round": ({"batch": "{from: 9, to: 1, step: 1}"}, "axes.batch: from 9 is more than to 1"),
    "not a number": ({"context": "[1k, NaN]"}, "axes.context[1]: expected a number such as 12M, got 'NaN'"),
    "infinite": ({"context": "[1e999]"}, "axes.context[0]: expected a number such as 12M, got '1e999'"),
    "half a batch": ({"batch": "[1.5]"}, "axes.batch[0]: expected a whole number, got '1.5'"),
    "no batch": ({"batch": "[0]"}, "axes.batch: must be at least 1"),
    "two paces": (
        {"batch": "{from: 1, to: 9, step: 1, count: 3}"},
        "axes.batch: give a list of values, or from, to and one",
    ),
    "no pace": ({"batch": "{from: 1, to: 9}"}, "axes.batch: give a list of values, or from, to and one"),
    "no step": ({"batch": "{from: 1, to: 9, step: 0}"}, "axes.batch: step, count and per_doubling are more than 0"),
    "doubling nothing": ({"cached_fraction": "{from: 0, to: 1, per_doubling: 1}"}, "nothing doubles from 0"),
    "too many": ({"batch": "{from: 1, to: 1M, step: 1}"}, "axes.batch: makes 1,000,000 values: an axis has at most"),
    "both lengths": ({"input": "[5]"}, "axes: give context (prompt and answer) or input (the prompt alone)"),
    "no length": ({"context": None}, "axes: give context (prompt and answer) or input (the prompt alone)"),
    "hardware": ({"hardware": "[nvidia-b20]"}, "axes.hardware[0]: unknown hardware 'nvidia-b20'; did you mean"),
    "model": ({"model": "lama-3.1-8b"}, "axes.model[0]: unknown model 'lama-3.1-8b'; did you mean 'llama-3.1-8b'?"),
    "format": ({"precision": "[native, fp9]"}, "axes.precision[1]: unknown number format 'fp9'; did you mean 'fp8'?"),
    "chips": ({"chips": "[8, all]"}, "axes.chips: 'all' stands alone, or give numbers of chips"),
    "no chips": ({"chips": "[0]"}, "axes.chips[0]: expected a whole number of chips, smallest or all, got '0'"),
    "lane": ({"lane": "[owned]"}, "axes.lane[0]: expected 'own'"),
    "unit": (
        {"electricity": "[0.05]"},
        "axes.electricity[0]: expected an electricity price such as 0.083 USD/kWh, got '0.05'",
    ),
    "share": ({"utilisation": "[70]"}, "did you mean '70 %'?"),
    "no load": ({"utilisation": "[0]"}, "axes.utilisation: must be more than 0"),
    "pue": ({"pue": "[0.9]"}, "axes.pue: is at least 1"),
    "price": ({"system_price": "[0.8]"}, "axes.system_price[0]: expected an amount of money such as 37000 USD"),
    "price twice": (
        {"system_price": "[400000 USD]", "system_price_factor": "[0.8]"},
        "axes: give system_price or system_price_factor, not both",
    ),
}
BAD_BESIDE = {
    "metric": ("metrics: [tpot]", "metrics[0]: unknown metric 'tpot'; did you mean 'tpot_s'?"),
    "no metric": ("metrics: []", "metrics: expected at least 1, got none"),
    "limit": ("where: {tpot_s: {max: 50}}", "where.tpot_s.max: expected a time such as 2 s, got '50'"),
    "limit of nothing": ("where: {tpot_s: {}}", "where.tpot_s: give min, max or both"),
    "limits turned": ("where: {tpot_s: {min: 2 s, max: 1 s}}", "where.tpot_s: min is more than max"),
    "kind": ("reduce: {kind: bestt}", "reduce.kind: expected 'best'"),
    "incomplete": ("reduce: {kind: top, metric: tpot_s}", "reduce: top needs k"),
    "too much": ("reduce: {kind: best, metric: tpot_s, k: 3}", "reduce: best has no k"),
    "no k": ("reduce: {kind: top, metric: tpot_s, k: 0}", "reduce: k and bins_per_decade are at least 1"),
    "one metric": ("reduce: {kind: pareto, metrics: [tpot_s]}", "reduce: pareto needs two or three metrics"),
    "width": ("reduce: {kind: histogram, metric: tpot_s, width: 3}", "expected a time such as 2 s, got '3'"),
    "by": ("reduce: {kind: count, by: [modell]}", "reduce: by: no axis 'modell' here; did you mean 'model'?"),
    "by another axis": ("reduce: {kind: count, by: [pue]}", "reduce: by: no axis 'pue' here"),
    "format": ("format: xlsx", "format: expected 'csv' or 'parquet', got 'xlsx'"),
    "crumbs": ("part_points: 10", "part_points: is from 1,000 to 1,000,000"),
    "schema": ("reduce: {kind: count}\n'schema': sweep/2", "stands twice"),
}


def problems_of(text: str, registry: Registry, catalogue: Catalogue) -> list[str]:
    with pytest.raises(InputError) as caught:
        sweep_from_document(parse_yaml(text, "sweep.yaml"), models=catalogue.names, hardware=registry.names)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_axis_is_told_in_its_place(name: str, text_of: Any, registry: Registry, catalogue: Catalogue) -> None:
    axes, wanted = BAD[name]
    (problem,) = problems_of(text_of(**axes), registry, catalogue)
    assert wanted in problem
    lines = enumerate(text_of(**axes).splitlines(), 1)
    assert int(problem.split(":")[1]) in {n for n, line in lines if line.strip().split(":")[0] in (*axes, "axes")}


@pytest.mark.parametrize("name", BAD_BESIDE)
def test_what_is_wrong_beside_the_axes_is_told(
    name: str, text_of: Any, registry: Registry, catalogue: Catalogue
) -> None:
    more, wanted = BAD_BESIDE[name]
    (problem,) = problems_of(text_of(more=more), registry, catalogue)
    assert wanted in problem


def test_every_problem_at_once_with_line_and_column(text_of: Any, registry: Registry, catalogue: Catalogue) -> None:
    text = text_of(batch="[1, x]", context="[-5, 8k]", more="where: {ttft_s: {max: 2}}\nreduce: {kind: best}")
    assert problems_of(text, registry, catalogue) == [
        "sweep.yaml:6:13: axes.context[0]: expected a number that is not negative, got '-5'",
        "sweep.yaml:8:14: axes.batch[1]: expected a number such as 12M, got 'x'",
        "sweep.yaml:9:23: where.ttft_s.max: expected a time such as 2 s, got '2'; did you mean '2 s'?",
        "sweep.yaml:10:1: reduce: best needs metric",
    ]


def test_a_sweep_is_a_mapping_with_axes(registry: Registry, catalogue: Catalogue) -> None:
    assert problems_of("- 1\n", registry, catalogue) == ["sweep.yaml:1:1: expected a mapping of fields, found none"]
    assert problems_of("schema: sweep/1\nname: a\n", registry, catalogue) == ["sweep.yaml:1:1: axes: is missing"]
    assert (
        "axes: expected a mapping, got '3'"
        in problems_of("schema: sweep/1\nname: a\naxes: 3\n", registry, catalogue)[0]
    )


def test_the_default_metrics_and_format(make: Any) -> None:
    sweep: Sweep = make()
    assert sweep.metrics == (
        "ttft_s",
        "tpot_s",
        "tok_s_user",
        "tok_s_replica",
        "tok_s_chip",
        "usd_mtok",
        "joules_per_token",
    )
    assert (sweep.format, sweep.axes.chips, sweep.axes.precision, sweep.axes.lane) == (
        "csv",
        ("smallest",),
        ("native",),
        ("own",),
    )
