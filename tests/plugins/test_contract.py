"""What every system that ships must keep: cited figures, shapes, laws, and a trail that tells the truth."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief import Architecture, Deployment, Hardware
from chipbrief.catalogue import load_catalogue
from chipbrief.errors import Refusal
from chipbrief.evaluate import sample_figures
from chipbrief.finance import LANES, Finance, hourly_usd, load_finance_terms
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
SYSTEMS = list(REGISTRY)
FORMATS = ("bf16", "fp16", "int8", "fp8", "nvfp4", "mxfp4")
CONTEXT = 4096.0
# every term has a price, so that no line is zero
TERMS = Finance.from_terms(load_finance_terms(), {"finance:software": 1000.0, "finance:staff": 5000.0})
TERM_NAMES = load_finance_terms().names()

systems = pytest.mark.parametrize("hardware", SYSTEMS, ids=lambda h: h.id)


@dataclass(frozen=True)
class Placed:
    """A model in a precision, placed on a system."""

    architecture: Architecture
    deployment: Deployment

    def __repr__(self) -> str:
        return f"{self.architecture.id} on {self.deployment}"


def placements(hardware: Hardware) -> list[Placed]:
    """Every model of the catalogue in every format that the system stores: its smallest and largest deployment."""
    found = []
    for architecture in CATALOGUE:
        for precision in [architecture.native_precision(), *map(architecture.precision, FORMATS)]:
            try:
                deployments = hardware.throughput.deployments(architecture, precision, CONTEXT)
            except Refusal:
                continue
            found += [Placed(architecture, d) for d in dict.fromkeys((deployments[0], deployments[-1]))]
    return found


PLACED = {hardware.id: placements(hardware) for hardware in SYSTEMS}
ANYWHERE = st.sampled_from([(hardware, placed) for hardware in SYSTEMS for placed in PLACED[hardware.id]])


# -- figures --------------------------------------------------------------------------------------------------


@systems
def test_every_figure_has_a_source_a_date_and_a_unit(hardware: Hardware) -> None:
    profile = hardware.profile
    assert len(profile.own_figures) > 30
    for name, figure in profile.own_figures.items():
        assert profile.source_of(name) == profile.sources[figure.source], name
        assert figure.date[:2] == "20", name
        assert figure.dimension.parse(figure.text()) == pytest.approx(figure.value, rel=6e-4), name
    assert {figure.source for figure in profile.own_figures.values()} == set(profile.sources)


@systems
def test_every_figure_is_finite_and_positive_and_inside_its_range(hardware: Hardware) -> None:
    for name, (_, figure) in hardware.profile.figures.items():
        assert 0 < figure.lowest <= figure.value <= figure.highest < math.inf, name


# Blackwell Ultra quickened dense NVFP4 alone: NVIDIA lists 144 PFLOPS sparse and 108 dense of eight chips
NARROW = {("nvidia-b300", "fp4"): 3 / 4, ("nvidia-gb300-nvl72", "fp4"): 3 / 4}


@systems
def test_dense_peaks_are_below_sparse_ones(hardware: Hardware) -> None:
    compute = hardware.profile.compute
    for name, sparse in compute.sparse.items():
        assert compute.dense[name].highest < sparse.lowest, name
        share = NARROW.get((hardware.id, name), 1 / 2)  # 2:4 at least doubles
        assert compute.dense[name].value <= sparse.value * share * 1.12, name  # 12 % between sources


@systems
def test_shares_of_a_peak_stay_below_it(hardware: Hardware) -> None:
    efficiency = hardware.profile.efficiency
    shares = {name: figure for name in type(efficiency).model_fields if (figure := getattr(efficiency, name))}
    assert set(shares) >= {"weights", "kv", "decode", "prefill", "attention"}
    assert [name for name, figure in shares.items() if figure.highest > 1.0] == []


@systems
def test_prices_and_speeds_are_of_models_that_the_catalogue_has(hardware: Hardware) -> None:
    named = {*hardware.profile.api, *(seen.model for seen in hardware.profile.observed)}
    assert named <= set(CATALOGUE.models)


@systems
def test_something_of_the_catalogue_runs_on_it(hardware: Hardware) -> None:
    assert {placed.architecture.id for placed in PLACED[hardware.id]} >= {"llama-3.1-8b", "llama-3.1-70b"}


# -- every method, in one table -------------------------------------------------------------------------------

Call = Callable[[Hardware, Placed, Any, Any], Any]


def _lines(hardware: Hardware, load: Any) -> Any:
    lanes = [hourly_usd(lines) for lane in LANES if (lines := hardware.cost.lines(lane, TERMS, load))]
    return sum((i + 1) * usd for i, usd in enumerate(lanes)) + 0.0 * load


# x is a batch, or a share of full load from it; y is a context or a prompt
CALLS: dict[tuple[str, str], Call] = {
    ("bandwidth", "memory_bytes"): lambda h, p, x, y: h.bandwidth.memory_bytes(p.deployment.decode) + 0.0 * y,
    ("bandwidth", "weight_bytes"): lambda h, p, x, y: (
        h.bandwidth.weight_bytes(p.architecture, p.deployment.decode) + 0.0 * y
    ),
    ("bandwidth", "running_batch_limit"): lambda h, p, x, y: h.bandwidth.running_batch_limit(
        p.architecture, p.deployment.decode, y
    ),
    ("bandwidth", "read_s"): lambda h, p, x, y: h.bandwidth.read_s(p.architecture, p.deployment.decode, x, y),
    ("bandwidth", "weights_s"): lambda h, p, x, y: (
        h.bandwidth.weights_s(p.architecture, p.deployment.decode, x) + 0.0 * x
    ),
    ("throughput", "running_batch_limit"): lambda h, p, x, y: h.throughput.running_batch_limit(
        p.architecture, p.deployment, y
    ),
    ("throughput", "decode_step_s"): lambda h, p, x, y: h.throughput.decode_step_s(p.architecture, p.deployment, x, y),
    ("throughput", "prefill_s"): lambda h, p, x, y: h.throughput.prefill_s(p.architecture, p.deployment, y, 8.0 * x),
    ("throughput", "prefill_blocking_s"): lambda h, p, x, y: h.throughput.prefill_blocking_s(
        p.architecture, p.deployment, y, 8.0 * x
    ),
    ("cost", "lines"): lambda h, p, x, y: _lines(h, 1.0 / (1.0 + x)),
    ("cost", "power_w"): lambda h, p, x, y: h.cost.power_w(1.0 / (1.0 + x)),
}
BATCHES = np.array([1.0, 1.0, 4.0, 64.0, 4096.0, 100_000.0])
CONTEXTS = np.array([1.0, 2000.0, 9000.0, 300.0, 20_000.0, 4.0])


def declared(hardware: Hardware) -> list[tuple[str, str]]:
    """The methods of the three models that declare what they stand on."""
    return [
        (part, name)
        for part in ("bandwidth", "throughput", "cost")
        for name in dir(type(getattr(hardware, part)))
        if hasattr(getattr(type(getattr(hardware, part)), name), "__trail__")
    ]


@systems
def test_every_method_that_computes_declares_its_trail_and_is_held_to_it(hardware: Hardware) -> None:
    found = set(declared(hardware))
    assert found <= set(CALLS)
    assert set(CALLS) - {("bandwidth", "weights_s")} <= found
    for part, method in found:
        trail = hardware.trail(part, method)
        assert trail.equations
        assert all(name in hardware.profile.figures for name in trail.figures)


# -- sampling -------------------------------------------------------------------------------------------------


@systems
@pytest.mark.parametrize("call", CALLS, ids=".".join)
def test_sampled_figures_give_samples_by_points_and_agree_with_one_at_a_time(
    hardware: Hardware, call: tuple[str, str]
) -> None:
    if call not in declared(hardware):
        assert call == ("bandwidth", "weights_s")  # the only method that one kind of machine has alone
        return
    samples = 5
    drawn = sample_figures({name: figure for name, (_, figure) in hardware.profile.figures.items()}, samples, seed=2)
    together = hardware.at(drawn)
    alone = [hardware.at({name: float(values[i]) for name, values in drawn.items()}) for i in range(samples)]
    for placed in PLACED[hardware.id][:: max(len(PLACED[hardware.id]) // 6, 1)]:
        run = CALLS[call]
        rows = [np.broadcast_to(run(one, placed, BATCHES, CONTEXTS), BATCHES.shape) for one in alone]
        result = np.asarray(run(together, placed, BATCHES, CONTEXTS))
        assert result.shape == (samples, len(BATCHES)) or not hardware.trail(*call).figures
        np.testing.assert_allclose(np.broadcast_to(result, (samples, len(BATCHES))), rows, rtol=1e-9)
        points = [float(run(alone[0], placed, float(x), float(y))) for x, y in zip(BATCHES, CONTEXTS, strict=True)]
        np.testing.assert_allclose(rows[0], points, rtol=1e-9)


@systems
def test_the_same_input_gives_the_same_output(hardware: Hardware) -> None:
    again = load_registry(strict=True)[hardware.id]
    for placed in PLACED[hardware.id]:
        for call in declared(hardware):
            first = np.asarray(CALLS[call](hardware, placed, BATCHES, CONTEXTS))
            assert np.array_equal(first, np.asarray(CALLS[call](again, placed, BATCHES, CONTEXTS)))


# -- the trail ------------------------------------------------------------------------------------------------


def fingerprint(hardware: Hardware, call: tuple[str, str], placed: list[Placed]) -> Any:
    run = CALLS[call]
    return np.stack([np.broadcast_to(run(hardware, p, BATCHES, CONTEXTS), BATCHES.shape) for p in placed])


# grouped-query and latent attention, dense and routed, and between them every format
WITNESSES = {"llama-3.1-8b", "llama-3.1-70b", "gpt-oss-120b", "deepseek-r1"}


@cache
def moved_by(system: str) -> dict[tuple[str, str], set[str]]:
    """For every declared method of a system: the figures that change its result when they are halved or doubled.

    Figures that no method declares are moved together, and one at a time only where that changes anything.
    """
    hardware = REGISTRY[system]
    placed = [p for p in PLACED[system] if p.architecture.id in WITNESSES]
    calls = declared(hardware)
    base = {call: fingerprint(hardware, call, placed) for call in calls}
    values = {name: figure.value for name, (_, figure) in hardware.profile.figures.items()}
    somewhere = {name for call in calls for name in hardware.trail(*call).figures}
    nowhere = sorted(set(values) - somewhere)

    def moving(names: list[str], among: list[tuple[str, str]], factor: float) -> list[tuple[str, str]]:
        other = hardware.at({name: values[name] * factor for name in names})
        return [call for call in among if not np.array_equal(fingerprint(other, call, placed), base[call])]

    suspects = nowhere if any(moving(nowhere, calls, factor) for factor in (0.5, 2.0)) else []
    moved: dict[tuple[str, str], set[str]] = {call: set() for call in calls}
    for name in [*sorted(somewhere), *suspects]:
        for factor in (0.5, 2.0):
            for call in moving([name], [call for call in calls if name not in moved[call]], factor):
                moved[call].add(name)
    return moved


@systems
def test_a_figure_that_is_not_declared_never_changes_a_result(hardware: Hardware) -> None:
    hidden = {
        ".".join(call): sorted(names - set(hardware.trail(*call).figures))
        for call, names in moved_by(hardware.id).items()
    }
    assert {call: names for call, names in hidden.items() if names} == {}


def test_every_declared_figure_changes_a_result_somewhere() -> None:
    """On at least one system: on a wafer the memory's bandwidth is declared, and never the limit."""

    def paths(hardware: Hardware, names: Any) -> set[str]:
        return {name.removeprefix(f"{hardware.id}:") for name in names}

    said: dict[str, set[str]] = {}
    seen: dict[str, set[str]] = {}
    for hardware in SYSTEMS:
        for call, names in moved_by(hardware.id).items():
            key = f"{type(getattr(hardware, call[0])).__name__}.{call[1]}"
            said.setdefault(key, set()).update(paths(hardware, hardware.trail(*call).figures))
            seen.setdefault(key, set()).update(paths(hardware, names))
    idle = {key: sorted(said[key] - seen[key]) for key in said}
    assert {key: names for key, names in idle.items() if names} == {}


@systems
def test_a_cost_line_changes_with_the_figures_it_names_and_no_others(hardware: Hardware) -> None:
    def lines(h: Hardware, terms: Finance) -> dict[tuple[str, str], float]:
        return {(lane, line.id): float(line.usd_per_hour) for lane in LANES for line in h.cost.lines(lane, terms, 0.4)}

    base = lines(hardware, TERMS)
    changed: dict[tuple[str, str], set[str]] = {key: set() for key in base}
    for name, (_, figure) in hardware.profile.figures.items():
        for key, usd in lines(hardware.at({name: figure.value * 2}), TERMS).items():
            if usd != base[key]:
                changed[key].add(name)
    for term in TERM_NAMES:
        field = "economic_life_y" if term == "economic_life" else term
        moved = replace(TERMS, **{field: getattr(TERMS, field) * 0.5 + 0.1})
        for key, usd in lines(hardware, moved).items():
            if usd != base[key]:
                changed[key].add(f"finance:{term}")
    named = {(lane, x.id): set(x.figures) for lane in LANES for x in hardware.cost.lines(lane, TERMS, 0.4)}
    assert changed == named


# -- laws -----------------------------------------------------------------------------------------------------

MORE = st.floats(1.0, 4.0)


@given(ANYWHERE, st.integers(1, 4096), st.floats(1, 130_000), MORE, MORE)
def test_more_requests_and_longer_ones_never_take_less_time(where, batch, context, more, longer) -> None:
    hardware, placed = where
    step = hardware.throughput.decode_step_s
    base = step(placed.architecture, placed.deployment, float(batch), context)
    assert 0 < base < math.inf
    assert step(placed.architecture, placed.deployment, math.ceil(batch * more), context) >= base
    assert step(placed.architecture, placed.deployment, float(batch), context * longer) >= base


@given(ANYWHERE, st.floats(1, 100_000), st.floats(0, 100_000), MORE)
def test_a_longer_prompt_never_takes_less_time(where, new, cached, more) -> None:
    hardware, placed = where
    for prefill in (hardware.throughput.prefill_s, hardware.throughput.prefill_blocking_s):
        base = prefill(placed.architecture, placed.deployment, new, cached)
        assert 0 < base < math.inf
        assert prefill(placed.architecture, placed.deployment, new * more, cached) >= base
        assert prefill(placed.architecture, placed.deployment, new, cached * more) >= base


@given(ANYWHERE, st.floats(0, 100_000), st.floats(1, 100_000))
def test_a_prompt_in_the_cache_is_faster_than_one_to_read(where, cached, new) -> None:
    hardware, placed = where
    prefill = hardware.throughput.prefill_s
    whole = prefill(placed.architecture, placed.deployment, cached + new, 0.0)
    assert prefill(placed.architecture, placed.deployment, new, cached) <= whole * (1 + 1e-9)


@given(ANYWHERE, st.floats(1, 4000), MORE)
def test_longer_requests_leave_room_for_fewer(where, context, longer) -> None:
    hardware, placed = where
    limit = hardware.throughput.running_batch_limit
    room = limit(placed.architecture, placed.deployment, context)
    assert room >= 1  # it was placed with 4,096 tokens
    assert room == math.floor(room)
    assert limit(placed.architecture, placed.deployment, context * longer) <= room


@given(ANYWHERE)
def test_what_is_placed_fits(where) -> None:
    hardware, placed = where
    pool = placed.deployment.decode
    held = hardware.bandwidth.weight_bytes(placed.architecture, pool)
    cache = placed.architecture.kv_bytes(CONTEXT, pool.precision)
    assert held + cache <= hardware.bandwidth.memory_bytes(pool)
    assert held >= placed.architecture.weight_bytes(pool.precision).total * (1 - 1e-12)
    assert pool.tensor * pool.pipeline <= pool.chips


@given(ANYWHERE)
def test_a_token_costs_at_least_its_bytes_and_its_operations(where) -> None:
    """Roofline: no model may be faster than the peaks on the data sheet, whatever its constants."""
    hardware, placed = where
    pool, architecture = placed.deployment.decode, placed.architecture
    compute = max(figure.value for figure in hardware.profile.compute.dense.values())
    batch = 512.0
    flop = batch * architecture.linear_flop / (pool.chips * compute)
    step = hardware.throughput.decode_step_s(architecture, placed.deployment, batch, 1.0)
    assert step >= flop
    one = hardware.throughput.decode_step_s(architecture, placed.deployment, 1.0, 1.0)
    active = architecture.active_parameters * 0.5  # no format is narrower than half a byte
    assert one >= active / (pool.chips * hardware.profile.memory.bandwidth.value)


@systems
def test_no_draw_of_the_figures_makes_a_step_faster_than_its_bytes_and_operations(hardware: Hardware) -> None:
    """Roofline again, at 200 draws of every range."""
    drawn = sample_figures({name: figure for name, (_, figure) in hardware.profile.figures.items()}, 200, seed=5)
    sampled = hardware.at(drawn)
    peak = reduce(np.maximum, [figure.value for figure in sampled.profile.compute.dense.values()])
    for placed in PLACED[hardware.id][:: max(len(PLACED[hardware.id]) // 40, 1)]:
        chips, architecture = placed.deployment.decode.chips, placed.architecture
        one = sampled.throughput.decode_step_s(architecture, placed.deployment, 1.0, 1.0)
        read = architecture.active_parameters * 0.5 / (chips * sampled.profile.memory.bandwidth.value)
        assert (one >= np.maximum(read, architecture.linear_flop / (chips * peak))).all(), placed


@given(st.sampled_from(SYSTEMS), st.floats(0, 1), st.floats(1.001, 3.0))
def test_owning_costs_more_with_price_power_and_every_rate(hardware: Hardware, load: float, more: float) -> None:
    def usd(h: Hardware, terms: Finance = TERMS) -> float:
        return float(hourly_usd(h.cost.lines("own", terms, load)))

    base = usd(hardware)
    for name in ("price.system", "power.system"):
        figure = hardware.profile.figures[hardware.profile.figure_id(name)][1]
        assert usd(hardware.at({hardware.profile.figure_id(name): figure.value * more})) > base
    rates = ("pue", "electricity", "colocation", "cost_of_capital", "network_storage", "support", "software", "staff")
    for rate in rates:
        assert usd(hardware, replace(TERMS, **{rate: getattr(TERMS, rate) * more})) > base
    assert usd(hardware, replace(TERMS, economic_life_y=TERMS.economic_life_y * more)) < base
    assert usd(hardware, replace(TERMS, residual=0.2)) < base


@given(st.sampled_from(SYSTEMS), st.floats(0, 1), st.floats(0, 1))
def test_power_rises_with_load_and_stays_between_idle_and_the_maximum(hardware: Hardware, a: float, b: float) -> None:
    low, high = sorted((a, b))
    peak = hardware.profile.power.system.value
    idle = peak * hardware.profile.power.idle.value
    slack = 1e-9 * peak
    assert idle - slack <= hardware.cost.power_w(low) <= hardware.cost.power_w(high) + slack <= peak + 2 * slack


@given(st.sampled_from(SYSTEMS), st.floats(0, 1), st.floats(1.0, 3.0))
def test_rent_rises_with_its_price_and_does_not_ask_for_the_load(hardware: Hardware, load: float, more: float) -> None:
    for lane, name in (("rent_on_demand", "on_demand"), ("rent_three_years", "three_years")):
        lines = hardware.cost.lines(lane, TERMS, load)
        figure = getattr(hardware.profile.price.rent, name)
        assert bool(lines) == (figure is not None)
        if figure is not None:
            assert hourly_usd(lines) == pytest.approx(figure.value * hardware.profile.chips)
            dearer = hardware.at({hardware.profile.figure_id(f"price.rent.{name}"): figure.value * more})
            assert hourly_usd(dearer.cost.lines(lane, TERMS, 1 - load)) == pytest.approx(hourly_usd(lines) * more)
