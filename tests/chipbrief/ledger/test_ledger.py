"""The ledger: its arithmetic closes, its inputs exist, and what it names is what moves a result."""

from dataclasses import replace
from math import ceil
from pathlib import Path

import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml
from chipbrief.errors import ChipbriefError
from chipbrief.evaluate import Results, evaluate
from chipbrief.figures import Figure, Number
from chipbrief.ledger import RULES, Entry, Ledger, ledger_of
from chipbrief.registry import Registry
from chipbrief.workload import mix_from_document

WORDS = {"ceil": lambda x: ceil(x - 1e-9), "min": min, "units": lambda x: max(ceil(x - 1e-9), 1)}
CHAT = """\
schema: workload-mix/1
name: small
classes:
  - id: chat
    kind: chat
    model: gpt-oss-120b
    tokens: {input: 1155, output: 211}
    arrival: {requests_per_day: 20M}
    slo: {ttft_p95: 3 s, tpot_p95: 50 ms}
  - id: desk
    kind: rag
    model: gpt-oss-120b
    tokens: {input: 4000, cached_fraction: 0.5, output: 300}
    arrival: {concurrent_users: 400, think_time: 20 s}
    slo: {ttft_p95: 5 s, tpot_p95: 50 ms}
"""
HARDWARE = "hardware: [cerebras-cs3, groq-lpu, nvidia-b200]\n"


def run(registry: Registry, catalogue: Catalogue, rest: str = HARDWARE, finance: str = "{}") -> Results:
    text = f"{CHAT}finance: {finance}\n{rest}"
    mix = mix_from_document(parse_yaml(text, "m.yaml"), Path(), models=catalogue.names, hardware=registry.names)
    return evaluate(mix, registry, catalogue, as_of="2026-11-24", samples=20)


@pytest.fixture(scope="module")
def results(registry: Registry, catalogue: Catalogue) -> Results:
    return run(registry, catalogue)


@pytest.fixture(scope="module")
def ledger(results: Results) -> Ledger:
    return ledger_of(results)


def computed(ledger: Ledger, entry: Entry) -> float:
    """The formula of an entry with the values of its inputs, worked out anew."""
    numbers = [repr(ledger[name].value) for name in entry.inputs]
    return float(eval(entry.formula.format(*numbers), dict(WORDS)))


# -- the graph ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", [HARDWARE, ""], ids=["three", "all"])
def test_every_formula_gives_the_value_that_it_explains(registry: Registry, catalogue: Catalogue, rest: str) -> None:
    ledger = ledger_of(run(registry, catalogue, rest))
    told = [entry for entry in ledger.values() if entry.formula]
    assert len(told) > 100
    for entry in told:
        assert computed(ledger, entry) == pytest.approx(entry.value, rel=1e-9), entry.id


def test_everything_that_is_named_is_there_and_nothing_explains_itself(ledger: Ledger) -> None:
    for entry in ledger.values():
        assert set(entry.figures) <= set(ledger.figures), entry.id
        assert set(entry.equations) <= set(RULES), entry.id
        above: set[str] = set()
        open_ = list(entry.inputs)
        while open_:
            name = open_.pop()
            assert name != entry.id
            if name not in above:
                above.add(name)
                open_ += ledger[name].inputs


def test_every_result_ends_in_inputs(ledger: Ledger) -> None:
    for entry in ledger.values():
        if not entry.inputs and not entry.figures and entry.value:
            assert entry.source, entry.id


def test_every_number_of_the_run_is_in_it(results: Results, ledger: Ledger) -> None:
    for outcome in results.outcomes:
        for name, value in outcome.metrics.items():
            assert ledger[f"{outcome.class_id}.{outcome.hardware}.{name}"].value == value.value
        for cost in outcome.lanes:
            where = f"{outcome.class_id}.{outcome.hardware}.{cost.lane}"
            assert ledger[f"{where}.usd_month"].span == cost.usd_month
            assert ledger[f"{where}.usd_mtok"].span == cost.usd_mtok


# -- by hand --------------------------------------------------------------------------------------------------


def test_a_month_of_tokens_by_hand(ledger: Ledger) -> None:
    # 20 million requests of 1,155 + 211 tokens a day, months of 730 hours
    assert ledger["chat.nvidia-b200.mtok_month"].value == pytest.approx(20 * 1366 * 730 / 24)


def test_an_owned_hour_by_hand(ledger: Ledger) -> None:
    names = [n for n in ledger["chat.cerebras-cs3.own.usd_h"].inputs if n.endswith(".colocation")]
    assert len(names) == 1
    chips = ledger["chat.cerebras-cs3.chips"].value / ledger["chat.cerebras-cs3.replicas"].value
    power = ledger.figures["cerebras-cs3:power.system"][0].value
    # CBRE, second half of 2024: 184.06 USD a kW and month; 8760 hours a year
    assert ledger[names[0]].value == pytest.approx(chips * power / 1e3 * 184.06 * 12 / 8760)


# -- what is named is what moves it -------------------------------------------------------------------------------


def another(figure: Figure) -> float:
    """An end of the range that is not the value, so that it still holds it; a fifth more where there is no range."""
    return next((end for end in (figure.highest, figure.lowest) if end != figure.value), figure.value * 1.2)


def shaken(results: Results, registry: Registry, keep: set[str]) -> Registry:
    """The registry with every Figure moved but some, and but counts, which are whole."""
    moved = {}
    for hardware in results.systems:
        figures = {
            name: figure
            for name, (_, figure) in hardware.profile.figures.items()
            if name not in keep and ":errors." not in name and not isinstance(figure, Number)
        }
        moved[hardware.id] = hardware.at({name: another(figure) for name, figure in figures.items()})
    return replace(registry, hardware=dict(registry.hardware) | moved)


@pytest.mark.parametrize("system", ["cerebras-cs3", "groq-lpu", "nvidia-b200"])
@pytest.mark.parametrize("metric", ["rent_three_years.usd_mtok", "own.usd_mtok", "tpot_s", "ttft_p95_s"])
def test_a_figure_that_is_not_named_moves_nothing(
    results: Results, ledger: Ledger, registry: Registry, catalogue: Catalogue, system: str, metric: str
) -> None:
    name = f"chat.{system}.{metric}"
    if name not in ledger:
        assert metric.startswith("rent")  # neither the wafer nor the LPU is rented
        return
    # the batch is chosen with all the Figures, prices too: those that choose stay
    chosen = set(ledger.figures_below(f"chat.{system}.batch_at_capacity")) | set(
        ledger.figures_below(f"chat.{system}.own.usd_month")
    )
    kept = set(ledger.figures_below(name)) | chosen
    again = ledger_of(run(shaken(results, registry, kept), catalogue))
    assert again[name].value == ledger[name].value


@pytest.mark.parametrize("system", ["cerebras-cs3", "nvidia-b200"])
def test_a_figure_that_moves_the_load_is_named_by_the_lines_that_follow_it(
    ledger: Ledger, registry: Registry, catalogue: Catalogue, system: str
) -> None:
    figure = f"{system}:latency.layer"  # a slower layer, fewer tokens, a fuller replica, more energy
    moved = registry[system].at({figure: another(ledger.figures[figure][0])})
    again = ledger_of(run(replace(registry, hardware=dict(registry.hardware) | {system: moved}), catalogue))
    changed = [n for n in ledger if n.split(".")[1:2] == [system] and again[n].value != ledger[n].value]
    assert any(n.endswith(".energy") for n in changed)
    for name in changed:
        assert figure in ledger.figures_below(name), name


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("chat.nvidia-b200.own.usd_mtok", "nvidia-b200:price.system"),
        ("chat.nvidia-b200.rent_three_years.usd_mtok", "nvidia-b200:price.rent.three_years"),
        ("chat.nvidia-b200.tpot_s", "nvidia-b200:memory.bandwidth"),
        ("chat.groq-lpu.api.usd_mtok", "groq-lpu:api.gpt-oss-120b.output"),
        ("fleet.cerebras-cs3.own.capex_usd", "cerebras-cs3:price.system"),
        ("fleet.cerebras-cs3.own.power_w", "cerebras-cs3:power.system"),
        ("chat.cerebras-cs3.power_w", "cerebras-cs3:power.idle"),
    ],
)
def test_a_figure_that_is_named_moves_it(
    ledger: Ledger, registry: Registry, catalogue: Catalogue, name: str, figure: str
) -> None:
    assert figure in ledger.figures_below(name)
    system = figure.split(":")[0]
    moved = registry[system].at({figure: another(ledger.figures[figure][0])})
    again = ledger_of(run(replace(registry, hardware=dict(registry.hardware) | {system: moved}), catalogue))
    assert again[name].value != ledger[name].value


def test_a_term_that_is_named_moves_it(ledger: Ledger, registry: Registry, catalogue: Catalogue) -> None:
    name = "chat.nvidia-b200.own.usd_mtok"
    again = ledger_of(run(registry, catalogue, finance="{electricity: 0.2 USD/kWh}"))
    assert "finance:electricity" in ledger.figures_below(name)
    assert again[name].value > ledger[name].value
    rented = "chat.nvidia-b200.rent_three_years.usd_mtok"
    assert "finance:electricity" not in ledger.figures_below(rented)
    assert again[rented].value == ledger[rented].value


# -- ids ------------------------------------------------------------------------------------------------------


def test_an_unknown_result_names_the_nearest(ledger: Ledger) -> None:
    with pytest.raises(ChipbriefError, match=r"did you mean 'chat.nvidia-b200.own.usd_mtok'"):
        ledger["chat.nvidia-b20.own.usd_mtok"]
