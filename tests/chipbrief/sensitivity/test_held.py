"""What sensitivity asks about is the price that the comparison prints."""

import numpy as np
import pytest

from chipbrief.catalogue import load_catalogue
from chipbrief.evaluate import evaluate
from chipbrief.evaluate.case import Setting
from chipbrief.registry import load_registry
from chipbrief.sensitivity.held import Held
from chipbrief.workload import load_mix
from chipbrief_templates import DEFAULT_MIX


def test_a_held_plan_costs_what_the_plan_costs_in_every_lane() -> None:
    """Long prompts at random arrivals, and work that waits: to the last digits, not to a share of a per cent."""
    registry, catalogue = load_registry(strict=True), load_catalogue()
    mix = load_mix(DEFAULT_MIX, models=catalogue.names, hardware=registry.names)
    results = evaluate(mix, registry, catalogue, as_of="2026-11-24", samples=2)
    compared = 0
    for outcome in (o for o in results.outcomes if o.metrics):
        setting = Setting.plain(results.system(outcome.hardware), results.terms)
        for lane, usd in Held.of_results(results, outcome.class_id, outcome.hardware).usd_mtok(setting).items():
            cost = outcome.lane(lane)
            assert cost is not None
            assert np.ravel(usd)[0] == pytest.approx(cost.usd_mtok.value, rel=1e-12)
            compared += 1
    assert compared > 20
