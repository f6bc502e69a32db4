"""The labels of inputs: every figure with a range that a result can stand on has a name in plain words."""

import pytest

from chipbrief.evaluate.case import figures_of
from chipbrief.evaluate.operation import speed_trail
from chipbrief.finance import LANES, Finance, load_finance_terms
from chipbrief.registry import load_registry
from chipbrief_reports.spoken import _SPOKEN, spoken

REGISTRY, TERMS = load_registry(strict=True), load_finance_terms()
# words of the profile's fields that say nothing to a reader
FIELDS = ("layer eight", "chained", "efficiency", "latency layer", "compute dense", "scheduling", "interconnect")


@pytest.mark.parametrize("hardware", list(REGISTRY), ids=lambda h: h.id)
def test_every_ranged_figure_behind_a_speed_or_a_cost_is_named_in_plain_words(hardware) -> None:
    figures = figures_of(hardware, TERMS)
    stands_on = set(speed_trail(hardware).figures)
    for lane in LANES:
        for line in hardware.cost.lines(lane, Finance.from_terms(TERMS), 0.5):
            stands_on |= set(line.figures)
    ranged = {name for name in stands_on if name.startswith(f"{hardware.id}:") and figures[name].ranged}
    assert len(ranged) >= 10
    assert {name.split(":")[1] for name in ranged} <= set(_SPOKEN)


def test_no_two_figures_share_a_label_and_none_is_a_field_name() -> None:
    labels = list(_SPOKEN.values())
    assert len(labels) == len(set(labels))
    assert max(map(len, labels)) <= 44  # what the tornado has room for, 260 px at its letters
    assert [label for label in labels if "_" in label or any(word in label for word in FIELDS)] == []


def test_a_figure_of_a_stranger_reads_as_its_path() -> None:
    assert spoken("acme-x1:latency.warp_drive") == "latency warp drive"
    assert spoken("acme-x1:latency.layer_spread") == "added latency of a layer over eight chips"
