"""Reductions: what pandas finds in all rows, and the same whatever the cuts and the order of adding up."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chipbrief.catalogue import Catalogue
from chipbrief.errors import ChipbriefError
from chipbrief.registry import Registry
from chipbrief.sweep import METRICS, Outcome, Plan, Sweep, evaluate_sweep, reduce_sweep
from chipbrief.sweep import reduce as reductions
from chipbrief.sweep.points import Evaluator
from chipbrief.sweep.reduce import front, reducer_of
from chipbrief.sweep.world import World

AXES = {
    "hardware": "[nvidia-h100, nvidia-b200, google-tpu-v6e, groq-lpu]",
    "chips": "all",
    "batch": "{from: 1, to: 256, per_doubling: 2}",
    "utilisation": "[30 %, 60 %]",
    "lane": "[own, rent_three_years]",
}
METRICS_LINE = "metrics: [ttft_s, tpot_s, tok_s_user, tok_s_chip, usd_mtok]\nwhere: {ttft_s: {max: 20 s}}"


@pytest.fixture(scope="module")
def sweep_of(make: Any) -> Any:
    def one(reduce: str, more: str = "") -> Sweep:
        sweep: Sweep = make(**AXES, more=f"{METRICS_LINE}\nreduce: {reduce}\n{more}")
        return sweep

    return one


@pytest.fixture(scope="module")
def every(make: Any, registry: Registry, catalogue: Catalogue) -> pd.DataFrame:
    """All rows, in the order of the plan."""
    tables = evaluate_sweep(make(**AXES, more=METRICS_LINE), registry, catalogue)
    return pd.concat([pd.DataFrame(table.arrays()) for table in tables], ignore_index=True)


@pytest.fixture(scope="module")
def reduced(sweep_of: Any, registry: Registry, catalogue: Catalogue) -> Any:
    def one(reduce: str, more: str = "") -> pd.DataFrame:
        outcome: Outcome = reduce_sweep(sweep_of(reduce, more), registry, catalogue)
        return pd.DataFrame(outcome.rows, columns=[column.name for column in outcome.columns])

    return one


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{k: None if v != v else v for k, v in row.items()} for row in table.to_dict("records")]


@pytest.mark.parametrize("metric", ["usd_mtok", "tok_s_chip"])
def test_best_of_each_group_by_brute_force(every: pd.DataFrame, reduced: Any, metric: str) -> None:
    found = reduced(f"{{kind: best, metric: {metric}, by: [model, context, lane]}}")
    by = ["model", "context_tokens", "lane"]
    ascending = METRICS[metric].less_is_better
    known = every[every[metric].notna()]
    wanted = known.sort_values(metric, ascending=ascending, kind="stable").groupby(by, sort=True).head(1)
    assert len(found) == 2 * 3 * 2
    assert records(found) == records(wanted.sort_values(by, kind="stable"))


def test_the_best_of_all_is_the_first_row_of_the_top(every: pd.DataFrame, reduced: Any) -> None:
    (best,) = records(reduced("{kind: best, metric: tpot_s}"))
    top = records(reduced("{kind: top, k: 20, metric: tpot_s}"))
    assert best == top[0]
    # many share the same time per token (lanes, utilisations): of equals the first in the plan
    assert top == records(every.sort_values("tpot_s", kind="stable").head(20))


def test_top_of_each_group_by_brute_force(every: pd.DataFrame, reduced: Any) -> None:
    found = reduced("{kind: top, k: 3, metric: tok_s_user, by: [hardware, batch]}")
    wanted = every.sort_values("tok_s_user", ascending=False, kind="stable").groupby(["hardware", "batch"]).head(3)
    assert records(found) == records(wanted.sort_values(["hardware", "batch"], kind="stable"))


@pytest.mark.parametrize("metrics", [("tok_s_user", "tok_s_chip"), ("tok_s_user", "usd_mtok", "ttft_s")])
def test_no_member_of_a_front_is_beaten_and_all_else_is(
    every: pd.DataFrame, reduced: Any, metrics: tuple[str, ...]
) -> None:
    found = reduced(f"{{kind: pareto, metrics: [{', '.join(metrics)}], by: [model]}}")
    signs = np.array([1.0 if METRICS[m].less_is_better else -1.0 for m in metrics])
    for model, rows in every.groupby("model"):
        mine = found[found["model"] == model]
        scores, members = rows[list(metrics)].to_numpy() * signs, mine[list(metrics)].to_numpy() * signs
        scores = scores[~np.isnan(scores).any(axis=1)]
        at_least = (members[:, None, :] <= scores[None, :, :]).all(axis=2)
        better = (scores[None, :, :] < members[:, None, :]).any(axis=2) & (
            scores[None, :, :] <= members[:, None, :]
        ).all(axis=2)
        assert not better.any()  # nobody beats a member
        assert at_least.any(axis=0).all()  # and every point is beaten or equalled by one
        assert len(np.unique(members, axis=0)) == len(members)


@pytest.mark.parametrize(("bins", "edges"), [("bins_per_decade: 5", "log"), ("width: 2 ms", "even"), ("", "log10")])
def test_a_histogram_counts_every_row_once(every: pd.DataFrame, reduced: Any, bins: str, edges: str) -> None:
    found = reduced(f"{{kind: histogram, metric: tpot_s, by: [hardware]{', ' if bins else ''}{bins}}}")
    assert found.columns.tolist() == ["hardware", "tpot_s_from", "tpot_s_to", "points"]
    for row in found.itertuples():
        values = every.loc[every["hardware"] == row.hardware, "tpot_s"]
        assert row.points == ((values >= row.tpot_s_from) & (values < row.tpot_s_to)).sum()
        if edges == "even":
            assert row.tpot_s_to - row.tpot_s_from == pytest.approx(0.002)
        else:
            assert row.tpot_s_to / row.tpot_s_from == pytest.approx(10 ** (1 / (5 if edges == "log" else 10)))
    assert found["points"].sum() == len(every)


def test_a_count_is_a_count(every: pd.DataFrame, reduced: Any) -> None:
    found = reduced("{kind: count, by: [hardware, model]}")
    assert (
        found.set_index(["hardware", "model"])["points"].to_dict()
        == every.groupby(["hardware", "model"]).size().to_dict()
    )
    assert reduced("{kind: count}")["points"].tolist() == [len(every)]


KINDS = [
    "{kind: best, metric: usd_mtok, by: [model, context]}",
    "{kind: top, k: 7, metric: tpot_s}",
    "{kind: top, k: 2, metric: ttft_s, by: [batch, deployment]}",
    "{kind: pareto, metrics: [tok_s_user, tok_s_chip], by: [hardware]}",
    "{kind: pareto, metrics: [tok_s_user, tok_s_chip, ttft_s]}",
    "{kind: histogram, metric: usd_mtok, by: [lane]}",
    "{kind: count, by: [hardware]}",
]


@pytest.mark.parametrize("kind", KINDS)
def test_parts_add_up_to_the_same_in_any_order_and_grouping(
    sweep_of: Any, registry: Registry, catalogue: Catalogue, kind: str
) -> None:
    sweep = sweep_of(kind, "part_points: 1000")
    plan, world = Plan.of(sweep), World.of(sweep, registry, catalogue)
    reducer, evaluator = reducer_of(sweep), Evaluator(plan, world)
    partials = [reducer.of(table) for part in range(plan.parts) for table in evaluator.part(part)]
    assert plan.parts > 3
    in_order: dict[str, Any] = {}
    for partial in partials:
        in_order = reducer.merge(in_order, json.loads(json.dumps(partial)))
    wanted = list(reducer.rows(in_order))
    assert wanted
    for seed in range(3):
        pieces = [partials[i] for i in np.random.default_rng(seed).permutation(len(partials))]
        while len(pieces) > 1:  # a tree of sums
            pieces = [
                reducer.merge(*pair) if len(pair) == 2 else pair[0]
                for pair in (pieces[i : i + 2] for i in range(0, len(pieces), 2))
            ]
        assert list(reducer.rows(pieces[0])) == wanted


def test_cuts_do_not_change_a_reduction(reduced: Any) -> None:
    for kind in (KINDS[1], KINDS[2], KINDS[3]):  # where many points are equal
        assert records(reduced(kind)) == records(reduced(kind, "part_points: 1000")), kind


def test_a_reduction_that_keeps_too_much_is_refused_in_words(
    sweep_of: Any, registry: Registry, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reductions, "MOST_ENTRIES", 100)
    with pytest.raises(ChipbriefError, match="keeps more than 100 entries: group by fewer axes"):
        reduce_sweep(
            sweep_of("{kind: best, metric: tpot_s, by: [hardware, model, context, batch]}"), registry, catalogue
        )


# -- the front by itself --------------------------------------------------------------------------------------


@given(
    st.integers(2, 3).flatmap(
        lambda m: arrays(float, st.tuples(st.integers(0, 40), st.just(m)), elements=st.integers(0, 6).map(float))
    )
)
def test_a_front_is_what_comparing_all_pairs_gives(scores: np.ndarray[Any, Any]) -> None:
    kept = front(scores).tolist()
    beaten = [any((b <= a).all() and (b < a).any() for b in scores) for a in scores]
    first_of_equals = [all((scores[j] != a).any() for j in range(i)) for i, a in enumerate(scores)]
    assert sorted(kept) == [i for i in range(len(scores)) if not beaten[i] and first_of_equals[i]]
    assert all(scores[a][0] <= scores[b][0] for a, b in pairwise(kept))


def test_bins_hold_their_lower_edge_exactly(make: Any) -> None:
    reducer = reductions.Histogram(make(more="reduce: {kind: histogram, metric: tpot_s, bins_per_decade: 3}"))
    edges = reducer.edge(np.arange(-9, 3)).tolist()
    assert Counter(np.round(np.log10(edges) * 3).astype(int).tolist()) == Counter(range(-9, 3))
    assert edges[9] == 1.0
    assert edges[0] == pytest.approx(1e-3)
