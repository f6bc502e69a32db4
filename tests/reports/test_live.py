"""The live page in Chromium: its numbers are the cost model's, it asks nobody, and it works without its script too."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chipbrief.catalogue import load_catalogue
from chipbrief.evaluate import Footprint, Results, cheapest_route, evaluate, vendor_fleets
from chipbrief.evidence.model_error import ModelError, model_error
from chipbrief.finance import (
    HOURS_PER_MONTH,
    SECONDS_PER_YEAR,
    CostLine,
    Finance,
    capital_recovery_factor,
    hourly_usd,
    usd_per_mtok,
)
from chipbrief.hardware import Hardware, SystemCost
from chipbrief.physics import Num
from chipbrief.registry import Registry, load_registry
from chipbrief.workload import load_mix
from chipbrief_reports.briefing.compose import compose
from chipbrief_reports.briefing.desk import Desk
from chipbrief_reports.briefing.document import Briefing, Chart, Paragraph, Section, Slider, Sliders, text
from chipbrief_reports.briefing.sections.live_costs import live_costs
from chipbrief_reports.briefing.sections.stack import stack_lines, stack_options
from chipbrief_reports.charts import GREY, colour_of
from chipbrief_reports.render import briefing_html, chart_svg
from chipbrief_reports.render import bundle as bundles
from chipbrief_reports.render.checks import all_blocks
from chipbrief_reports.render.live import embedded, policy

CHROMIUM = "/usr/bin/chromium"  # Debian's; where it is missing these tests fail
FOCUS = ("cerebras-cs3", "nvidia-b200", "groq-lpu")
MIX = """\
schema: workload-mix/1
name: three
classes:
  - id: chat
    title: Chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 1000, output: 300}
    arrival: {requests_per_day: 4M, peak_to_mean: 1.5, burst: 1.2}
    slo: {ttft_p95: 2 s, tpot_p95: 50 ms}
  - id: agent
    title: Coding agent
    kind: agentic_coding
    model: gpt-oss-120b
    tokens: {input: {p50: 20000, p95: 60000}, cached_fraction: 0.9, output: {p50: 300, p95: 1500}}
    arrival: {requests_per_day: 1M}
    slo: {ttft_p95: 10 s, tpot_p95: 50 ms}
  - id: fast
    title: Fast answers
    kind: chat
    model: gpt-oss-120b
    tokens: {input: 2000, output: 2000}
    arrival: {requests_per_day: 100k}
    slo: {tpot_p95: 2.5 ms}
finance: {residual: 10 %, decommissioning: 1 %, software: 900 USD/y, inflation: 2 %, rates: real}
hardware: [cerebras-cs3, nvidia-b200, groq-lpu]
"""


CUT_OFF = """() => ['offers', 'stack', 'frontier'].flatMap(id => {
    const svg = document.querySelector(`#${id} .live svg`), right = svg.getBoundingClientRect().right;
    const over = e => e.getBoundingClientRect().right - right; // a number of the axis may lean out a little, unclipped
    return [...svg.querySelectorAll('text')].filter(e => e.textContent && getComputedStyle(e).opacity !== '0')
        .filter(e => over(e) > (id === 'offers' ? 16 : 1)).map(e => [e.textContent, over(e)]);
})"""


@dataclass(frozen=True)
class Made:
    """A briefing, and what it is made of."""

    results: Results
    error: ModelError
    briefing: Briefing
    page: str
    paper: str

    @property
    def panel(self) -> Sliders:
        return next(block for block in all_blocks(self.briefing) if isinstance(block, Sliders))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


@pytest.fixture(scope="module")
def made(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Made:
    catalogue = load_catalogue()
    file = tmp_path_factory.mktemp("mix") / "mix.yaml"
    file.write_text(MIX)
    mix = load_mix(file, models=catalogue.names, hardware=registry.names)
    results = evaluate(mix, registry, catalogue, as_of="2026-11-23", samples=40)
    error = model_error(registry, catalogue)
    briefing = compose(
        results,
        error,
        title="Three",
        organisation="O",
        sections=("decision", "speed-cost", "latency", "cost", "sensitivity"),
        focus=FOCUS,
        theme={},
    )
    charts = {b.id: chart_svg(b.spec, b.id, b.alternative) for b in all_blocks(briefing) if isinstance(b, Chart)}
    page, paper = (briefing_html(briefing, medium=medium, charts=charts) for medium in ("screen", "print"))
    return Made(results, error, briefing, page, paper)


@pytest.fixture(scope="module")
def file(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("page") / "briefing.html"
    place.write_text(made.page)
    return place


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


class Visit:
    """A page, everything it asked for or complained of, and its sliders."""

    def __init__(self, page: Any, file: Path, *, script: bool) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.add_init_script(
            "window.refused = []; addEventListener('securitypolicyviolation', e => refused.push(e.violatedDirective))"
        )
        page.goto(file.as_uri())
        if script:
            self.ask("() => chipbrief.ready.then(() => 0)")

    def ask(self, script: str, *args: Any) -> Any:
        return self.page.evaluate(script, *args)

    def settle(self) -> None:
        """Two frames: the panel shows in one what was moved before it."""
        self.ask("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")

    def move(self, values: dict[str, float]) -> dict[str, float]:
        """Put sliders somewhere near; where they stand then."""
        found: dict[str, float] = self.ask(
            """values => Object.fromEntries([...document.querySelectorAll('input[type=range]')].map(slider => {
                slider.value = values[slider.dataset.moves];
                slider.dispatchEvent(new Event('input', {bubbles: true}));
                return [slider.dataset.moves, slider.valueAsNumber];
            }))""",
            values,
        )
        self.settle()
        return found

    def settings(self) -> dict[str, str]:
        found: dict[str, str] = self.ask(
            "() => Object.fromEntries([...document.querySelectorAll('input[type=range]')].map(s => [s.dataset.moves, s.value]))"
        )
        return found

    def shown(self) -> list[list[tuple[str, float]]]:
        """The ranking as the page has it: by class, the offers' keys and prices."""
        found: list[list[tuple[str, float]]] = self.ask(
            """() => [...document.querySelectorAll('.panel tbody tr')].map(row =>
                [...row.querySelectorAll('td[data-offer]')].map(cell => [cell.dataset.offer, +cell.querySelector('data').value]))"""
        )
        return found

    def rows(self, chart: str, name: str) -> list[dict[str, Any]]:
        """The rows of data from which a chart is drawn now."""
        found: list[dict[str, Any]] = self.ask(
            "async ([chart, name]) => { const {view} = chipbrief.charts.get(chart); await view.runAsync();"
            " return JSON.parse(JSON.stringify(view.data(name))); }",
            [chart, name],
        )
        return found


@pytest.fixture
def visit(browser: Any, file: Path) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def go(size: tuple[int, int] = (1280, 900), scheme: Any = "light", *, script: bool = True) -> Visit:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, java_script_enabled=script
        )
        contexts.append(context)
        return Visit(context.new_page(), file, script=script)

    yield go
    for context in contexts:
        context.close()


# -- the same numbers as the model's --------------------------------------------------------------------------


def setting_of(results: Results, values: dict[str, float]) -> tuple[Finance, dict[str, float], float]:
    """The finance terms, the prices and the utilisation of some sliders."""
    moved = {
        "finance:economic_life": values["economic_life"] * SECONDS_PER_YEAR,
        "finance:electricity": values["usd_per_kwh"],
        "finance:pue": values["pue"],
    }
    prices = {
        f"{name.removeprefix('system_price_usd:')}:price.system": value
        for name, value in values.items()
        if name.startswith("system_price_usd:")
    }
    return Finance.from_terms(results.terms, moved), prices, values["utilisation"]


def prices_of(results: Results, values: dict[str, float]) -> dict[str, list[tuple[str, float]]]:
    """By class the offers and their prices at capacity (C2), cheapest first, by the model itself."""
    finance, prices, use = setting_of(results, values)
    found: dict[str, list[tuple[str, float]]] = {}
    for wanted in results.mix.classes:
        rows = []
        for o, cost in results.offers(wanted.id):
            usd = cost.usd_mtok.value
            if cost.lane != "api":
                assert o.deployment is not None
                rate = o["tok_s_replica"].value / wanted.shape.output_mean
                rate *= wanted.shape.input_mean + wanted.shape.output_mean
                footprint = Footprint.of(results.system(o.hardware).at(prices), o.deployment)
                usd = float(usd_per_mtok(footprint.usd_h(cost.lane, finance, use), rate, use))  # type: ignore[arg-type] # a lane
            rows.append((f"{wanted.id}/{o.hardware}/{cost.lane}", usd))
        if rows:
            found[wanted.id] = sorted(rows, key=lambda row: row[1])
    return found


def months_of(results: Results, values: dict[str, float]) -> dict[str, float]:
    """What a class costs in a month on the replicas of today (C3), by the model itself."""
    finance, prices, _ = setting_of(results, values)
    found = {}
    for wanted in results.mix.classes:
        for o, cost in results.offers(wanted.id):
            usd = cost.usd_month.value
            if cost.lane != "api":
                assert o.deployment is not None
                footprint = Footprint.of(results.system(o.hardware).at(prices), o.deployment)
                hourly = footprint.usd_h(cost.lane, finance, o["utilisation"].value)  # type: ignore[arg-type] # a lane
                usd = float(o["replicas"].value * HOURS_PER_MONTH * hourly)
            found[f"{wanted.id}/{o.hardware}/{cost.lane}"] = usd
    return found


def stacks_of(results: Results, values: dict[str, float]) -> dict[str, float]:
    """The price of a million tokens of every system and lane that carries something, by the model itself.

    The months of its classes (C3), and what whole systems cost that no replica uses, over all tokens of a month.
    """
    finance, prices, _ = setting_of(results, values)
    months, found = months_of(results, values), {}
    for fleet in vendor_fleets(results):
        mtok = fleet.usd_month.value / fleet.usd_mtok.value
        usd = sum(months[f"{name}/{fleet.hardware}/{fleet.lane}"] for name in fleet.served)
        if fleet.lane == "own":
            lines = results.system(fleet.hardware).at(prices).cost.lines("own", finance, 0.0)
            usd += fleet.idle_systems * HOURS_PER_MONTH * float(hourly_usd(lines))
        found[f"{fleet.hardware}/{fleet.lane}"] = usd / mtok
    return found


def bars_of(seen: Visit) -> dict[str, float]:
    """What each bar of the stack adds up to on the page, by option."""
    found: dict[str, float] = {}
    for row in seen.rows("stack", "pieces"):
        option = row["key"].split("|")[0]
        found[option] = found.get(option, 0.0) + row["value"]
    return found


def capacity_prices_of(made: Made, values: dict[str, float]) -> dict[str, float]:
    """The price at capacity of the leading class on each system of its own (C2), by the model itself."""
    results, found = made.results, {}
    finance, prices, use = setting_of(results, values)
    desk = Desk(results, made.error, FOCUS)
    for o in results.of_class(desk.leading):
        if o.metrics:
            assert o.deployment is not None
            shape = results.wanted(o.class_id).shape
            rate = o["tok_s_replica"].value / shape.output_mean * (shape.input_mean + shape.output_mean)
            footprint = Footprint.of(results.system(o.hardware).at(prices), o.deployment)
            found[desk.name(o.hardware)] = float(usd_per_mtok(footprint.usd_h("own", finance, use), rate, use))
    return found


def anywhere(panel: Sliders, seed: int) -> dict[str, float]:
    """A place for every slider, the ends among them."""
    draw = random.Random(seed)
    return {
        s.id: draw.choice((s.low, s.high)) if draw.random() < 0.2 else draw.uniform(s.low, s.high)
        for s in panel.sliders
    }


@pytest.mark.system
def test_the_pages_numbers_are_the_cost_models(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit()
    winners = set()
    for seed in range(10):
        values = seen.move(anywhere(made.panel, seed))
        assert values == pytest.approx(anywhere(made.panel, seed), rel=0.12)  # a slider stops at its steps
        expected = prices_of(made.results, values)
        for found, (_, rows) in zip(seen.shown(), expected.items(), strict=True):
            assert [key for key, _ in found] == [key for key, _ in rows[: len(found)]]
            assert [usd for _, usd in found] == pytest.approx([usd for _, usd in rows[: len(found)]], rel=1e-6)
            winners.add(found[0][0])
        months = {row["key"]: row["value"] for row in seen.rows("offers", "marks")}
        assert months == pytest.approx(months_of(made.results, values), rel=1e-6)
        bars, stacks = bars_of(seen), stacks_of(made.results, values)
        bars.pop("route", None)
        assert len(bars) > 2
        assert bars == pytest.approx({name: stacks[name] for name in bars}, rel=1e-6)
        marks = {row["who"]: row["y"] for row in seen.rows("frontier", "chosen_points")}
        assert marks == pytest.approx(capacity_prices_of(made, values), rel=1e-6)
        seen.settle()
        assert seen.ask(CUT_OFF) == []
    assert len(winners) > len(made.panel.ranking.rows)  # the sliders turn the ranking
    assert seen.complaints == []


@pytest.mark.system
def test_at_rest_the_page_shows_what_the_results_say(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit()
    owned = [(key, usd) for row in seen.shown() for key, usd in row if key.endswith("/own")]
    assert owned
    for key, usd in owned:
        class_id, hardware, _ = key.split("/")
        assert usd == pytest.approx(made.results.outcome(class_id, hardware)["usd_mtok_capacity"].value, rel=1e-9)
    offers = [offer for wanted in made.results.mix.classes for offer in made.results.offers(wanted.id)]
    months = {f"{o.class_id}/{o.hardware}/{cost.lane}": cost.usd_month.value for o, cost in offers}
    assert {row["key"]: row["value"] for row in seen.rows("offers", "marks")} == pytest.approx(months, rel=1e-9)
    fleets = {f"{f.hardware}/{f.lane}": f.usd_mtok.value for f in vendor_fleets(made.results)}
    fleets["route"] = cheapest_route(made.results).usd_mtok.value
    bars = bars_of(seen)
    assert bars == pytest.approx({name: fleets[name] for name in bars}, rel=1e-9)


def test_idle_is_a_line_of_its_own_and_the_lines_add_up_to_the_price(made: Made) -> None:
    desk, finance = Desk(made.results, made.error, FOCUS), Finance.from_terms(made.results.terms)
    fleets = {f"{f.hardware}/{f.lane}": f for f in vendor_fleets(made.results)}
    for option in stack_options(desk):
        lines = {name: usd for name, (_, _, usd) in stack_lines(option, finance).items()}
        assert sum(lines.values()) == pytest.approx(option.usd_mtok, rel=1e-9)
        assert min(lines.values()) >= 0
        if option.id in fleets and fleets[option.id].lane == "own":  # C3's idle chips, as the ledger has them
            assert lines["idle_chips"] * option.mtok == pytest.approx(fleets[option.id].idle_usd_month, rel=1e-9)
        if option.id.endswith("/api"):
            assert set(lines) == {"tokens"}


@pytest.mark.system
def test_a_chart_that_the_sliders_do_not_move_says_so(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit()
    told = seen.page.locator("#tornado .as-today")
    assert told.inner_text() == ""
    seen.move(anywhere(made.panel, 2))
    assert "today's values" in told.inner_text()
    seen.page.locator(".panel button").click()
    seen.settle()
    assert told.inner_text() == ""


@pytest.mark.system
@pytest.mark.parametrize("rate", [0.0, 1e-9, 0.06, 0.1, 0.15, 0.4])
@pytest.mark.parametrize("years", [0.5, 1.0, 3.25, 4.0, 10.0])
def test_capital_recovery_is_that_of_c1(shared: Visit, rate: float, years: float) -> None:
    found = shared.ask("([rate, years]) => chipbrief.capitalRecoveryFactor(rate, years)", [rate, years])
    assert found == pytest.approx(float(capital_recovery_factor(rate, years)), rel=1e-12)


@pytest.fixture(scope="module")
def shared(browser: Any, file: Path) -> Visit:
    """A page that no test moves anything of."""
    return Visit(browser.new_context(viewport={"width": 1280, "height": 900}).new_page(), file, script=True)


@pytest.mark.system
def test_numbers_read_as_in_the_rest_of_the_briefing(shared: Visit) -> None:
    from chipbrief_reports.wording import number

    values = [0.0, 0.00123, 0.02514, 0.995, 1.0, 9.96, 10.0, 99.4, 99.6, 153738.0, 2.5e9, -3.2]
    assert shared.ask("values => values.map(value => chipbrief.number(value))", values) == [number(v) for v in values]


# -- a reader's hands -----------------------------------------------------------------------------------------


@pytest.mark.system
def test_reset_returns_to_today(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit()
    everything = """() => [document.querySelector('.panel').innerText, document.querySelectorAll('.changed').length,
        document.documentElement.className]"""
    drawn = """() => ['offers', 'stack', 'frontier'].map(id =>
        [...document.querySelectorAll(`#${id} .live svg text, #${id} .live svg .mark-symbol path`)]
            .map(e => e.textContent || e.getAttribute('transform')).sort())"""
    before, charts = seen.ask(everything), seen.ask(drawn)
    seen.move(anywhere(made.panel, 3))
    assert seen.ask(everything) != before
    seen.page.wait_for_timeout(100)
    assert all(a != b for a, b in zip(seen.ask(drawn), charts, strict=True))
    seen.page.locator(".panel button").click()
    seen.settle()
    seen.page.wait_for_timeout(100)
    assert {name: float(value) for name, value in seen.settings().items()} == pytest.approx(
        {slider.id: slider.value for slider in made.panel.sliders}
    )
    assert seen.ask(everything) == before
    assert seen.ask(drawn) == charts


@pytest.mark.system
def test_a_keyboard_moves_a_slider_and_hears_where_it_stands(visit: Callable[..., Visit]) -> None:
    seen = visit()
    slider = seen.page.get_by_label("Utilisation", exact=True)
    slider.focus()
    assert slider.get_attribute("aria-valuetext") == "50 %"
    for _ in range(5):
        seen.page.keyboard.press("ArrowLeft")
    seen.settle()
    assert slider.get_attribute("aria-valuetext") == "45 %"
    assert seen.settings()["utilisation"] == "0.45"
    seen.page.keyboard.press("Home")
    seen.settle()
    assert slider.get_attribute("aria-valuetext") == "5.0 %"


@pytest.mark.system
def test_every_slider_has_a_name_a_value_in_words_and_its_value_today(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit()
    assert len(made.panel.sliders) == 4 + len(FOCUS)
    for slider in made.panel.sliders:
        found = seen.page.get_by_role("slider", name=slider.label, exact=True)
        assert found.is_enabled(), slider.reason
        assert found.get_attribute("aria-valuetext")
        described = found.get_attribute("aria-describedby") or ""
        said = seen.page.locator(f"id={described}").inner_text().replace("\u00a0", " ")
        assert slider.span in said
    assert seen.page.locator(".track .today").count() == len(made.panel.sliders)


@pytest.mark.system
def test_the_winner_is_said_in_a_live_region(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit()
    place = seen.page.locator(".winner")
    assert place.get_attribute("aria-live") == "polite"
    assert "As today." in place.inner_text()
    extremes = {s.id: s.low if s.id == "utilisation" else s.high for s in made.panel.sliders}
    values = seen.move(extremes)
    first = {rows[0][0] for rows in prices_of(made.results, values).values()}
    names = {
        f"{wanted.id}/{o.hardware}/{cost.lane}": Desk(made.results, made.error, FOCUS).offer_name(o.hardware, cost)
        for wanted in made.results.mix.classes
        for o, cost in made.results.offers(wanted.id)
    }
    for key in first:
        assert names[key] in place.inner_text()
    assert "Another than today for" in place.inner_text()


@pytest.mark.system
def test_a_mark_tells_what_it_is_when_it_is_pointed_at(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit()
    x, y = seen.ask("""() => {
        const mark = document.querySelector('#offers .live svg .mark-symbol path');
        mark.scrollIntoView({block: 'center', behavior: 'instant'});
        const box = mark.getBoundingClientRect();
        return [box.left + box.width / 2, box.top + box.height / 2];
    }""")
    seen.settle()
    seen.page.mouse.move(x, y)
    seen.page.mouse.move(x + 1, y)
    tip = seen.page.locator(".tip")
    tip.wait_for(state="visible", timeout=3000)
    words = tip.inner_text()
    assert re.search(r"^(Chat|Coding agent|Fast answers): .+", words)
    assert re.search(r"Value: .*\$ a month", words)
    assert re.search(r"Range: \S+", words)
    assert re.search(r"Source: C.*price.* \(.+, 20\d\d", words)
    faint = seen.ask(
        "() => [...document.querySelectorAll('#offers .live .mark-symbol path')].map(e => e.getAttribute('opacity'))"
    )
    assert {"0.2", "1"} <= {value or "1" for value in faint}
    seen.page.keyboard.press("Escape")
    assert not tip.is_visible()


@pytest.mark.system
def test_arrow_keys_step_through_the_marks_of_every_chart(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit()
    told_of = [b.id for b in all_blocks(made.briefing) if isinstance(b, Chart) and '"tip"' in json.dumps(b.spec)]
    assert {"frontier", "e2e", "offers", "stack"} <= set(told_of)
    for chart in told_of:
        seen.page.locator(f"#{chart} .live").focus()
        told = []
        for _ in range(3):
            seen.page.keyboard.press("ArrowRight")
            seen.page.wait_for_timeout(30)
            assert seen.page.locator(".tip").is_visible(), chart
            told.append(seen.page.locator(".unseen").inner_text())
        assert len(set(told)) == 3, chart
    seen.page.keyboard.press("Escape")
    assert not seen.page.locator(".tip").is_visible()


# -- what it may and may not do -------------------------------------------------------------------------------


@pytest.mark.system
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), (360, 740)], ids=str)
def test_a_moved_page_asks_for_nothing_complains_of_nothing_and_fits(
    visit: Callable[..., Visit], file: Path, made: Made, size: tuple[int, int], scheme: str
) -> None:
    seen = visit(size, scheme)
    seen.move(anywhere(made.panel, 5))
    seen.page.wait_for_timeout(150)
    assert [url for url in seen.requests if not url.startswith("data:")] == [file.as_uri()]
    assert seen.complaints == []
    assert seen.ask("() => refused") == []  # neither an address nor code made from text was tried
    assert seen.ask("() => document.documentElement.scrollWidth") <= size[0]
    out = seen.ask("""() => [...document.querySelectorAll('.panel, .slider, .slider *, .winner')]
        .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth).map(e => e.className)""")
    assert out == []


@pytest.mark.system
def test_without_its_script_the_page_has_still_charts_and_the_ranking(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit(script=False)
    for block in all_blocks(made.briefing):
        if isinstance(block, Chart):
            assert seen.page.locator(f"#{block.id} .still svg").is_visible()
    assert not seen.page.locator(".sliders").is_visible()
    assert seen.page.locator(".panel tbody tr").count() == len(made.panel.ranking.rows)
    assert seen.page.locator(".panel td.best").first.is_visible()


@pytest.mark.system
def test_live_charts_take_the_place_of_the_still_ones_but_not_in_print(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit()
    state = """() => [...document.querySelectorAll('figure.chart')].map(figure =>
        ['.live', '.still'].map(part => !!figure.querySelector(part).getClientRects().length))"""
    assert {tuple(row) for row in seen.ask(state)} == {(True, False)}
    seen.page.emulate_media(media="print")
    assert {tuple(row) for row in seen.ask(state)} == {(False, True)}
    assert not seen.page.locator(".panel").is_visible()
    seen.page.emulate_media(media="screen")
    seen.move(anywhere(made.panel, 1))
    seen.page.emulate_media(media="print")
    assert (True, False) in {tuple(row) for row in seen.ask(state)}  # what a reader has moved is what is printed
    assert seen.page.locator(".panel").is_visible()


# -- without a browser ----------------------------------------------------------------------------------------


def test_what_is_recommended_is_never_grey(made: Made) -> None:
    desk = Desk(made.results, made.error)
    legs = [leg.hardware for leg in cheapest_route(made.results).legs]
    assert desk.focus[: len(set(legs))] == list(dict.fromkeys(legs))
    assert len(desk.focus) == 3
    narrow = Desk(made.results, made.error, ("cerebras-cs3",))
    assert [colour_of(narrow.dot(name)) == GREY for name in FOCUS] == [False, True, True]


def test_paper_has_no_panel_and_no_script(made: Made) -> None:
    assert "<script" not in made.paper
    assert "what-if" not in made.paper
    assert 'class="panel"' in made.page


def test_the_policy_names_every_script_by_its_digest_and_nothing_else(made: Made) -> None:
    import base64
    import hashlib

    [found] = re.findall(r'Content-Security-Policy" content="([^"]*)"', made.page)
    found = found.replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", made.page, re.S)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(scripts) == 2
    assert found == (
        f"default-src 'none'; script-src 'sha256-{digests[0]}' 'sha256-{digests[1]}'; style-src 'unsafe-inline'; "
        "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
    )


def test_a_page_without_charts_has_no_script() -> None:
    sections = (Section("one", "K", "H", (Paragraph(text("words")),)),)
    page = briefing_html(Briefing("T", "S", "O", "2026-11-23", "en", sections, (), ()), medium="screen", charts={})
    assert "<script" not in page
    assert "script-src" not in page


def test_embedded_data_cannot_end_its_element() -> None:
    hostile = {"a": "</script><script>alert(1)</script>", "b": "<!--", "c": "\u2028 & \u2029", "d": "\ud7ff é"}
    found = embedded(hostile)
    assert json.loads(found) == hostile
    assert not re.search("[<>&\u2028\u2029]", found)
    with pytest.raises(ValueError, match="JSON compliant"):
        embedded({"a": float("nan")})


def test_a_policy_without_scripts_allows_none() -> None:
    assert "script-src" not in policy(())
    assert "default-src 'none'" in policy(())


class CoolerWhenHot(SystemCost):
    """A machine whose energy is no product with the PUE, and bends with the load."""

    def lines(self, lane: Any, finance: Finance, load: Num) -> tuple[CostLine, ...]:
        def own(line: CostLine) -> CostLine:
            bent = line.coefficient * finance.pue * (1.0 + load * load)
            return replace(line, coefficient=bent, drivers=line.drivers[1:]) if line.id == "energy" else line

        return tuple(own(line) for line in super().lines(lane, finance, load))


def test_a_line_of_another_form_disables_its_slider_and_says_so(made: Made) -> None:
    other = replace_cost(made.results.system("nvidia-b200"))
    systems = tuple(other if h.id == "nvidia-b200" else h for h in made.results.systems)
    [panel] = live_costs(Desk(replace(made.results, systems=systems), made.error, FOCUS))
    assert isinstance(panel, Sliders)
    reasons = {slider.id: slider.reason for slider in panel.sliders}
    name = other.profile.system.name
    assert reasons.pop("pue") == f"{name}: energy is not a product with this quantity in it"
    assert reasons.pop("utilisation") == f"{name}: energy does not follow the load in a straight line"
    assert set(reasons.values()) == {""}
    lines, drivers = panel.data["lines"], panel.data["drivers"]
    finance = Finance.from_terms(made.results.terms)
    loads = [float(key.rpartition("@")[2]) for key in lines if key.startswith("nvidia-b200/own@")]
    assert len(loads) > 2
    for load in loads:  # still today's numbers, for each load apart
        own = [line for line in lines[f"nvidia-b200/own@{load!r}"] if line["line"] == "energy"]
        [energy] = [line for line in other.cost.lines("own", finance, load) if line.id == "energy"]
        total = sum(line["coefficient"] * drivers[line["drivers"][0]] for line in own)
        assert total == pytest.approx(float(energy.usd_per_hour))


def replace_cost(hardware: Hardware) -> Hardware:
    return Hardware.from_profile(
        hardware.profile, bandwidth=type(hardware.bandwidth), throughput=type(hardware.throughput), cost=CoolerWhenHot
    )


def test_a_slider_stands_on_todays_value_and_steps_reach_it(made: Made) -> None:
    for slider in made.panel.sliders:
        assert slider.low < slider.value < slider.high or slider.value in (slider.low, slider.high)
        steps = (slider.value - slider.low) / slider.step
        assert steps == pytest.approx(round(steps), abs=1e-6)


def test_a_panel_that_cannot_be_drawn_is_refused(made: Made) -> None:
    from chipbrief.errors import ChipbriefError
    from chipbrief_reports.render.checks import check_sliders

    wrong = Slider("pue", "PUE", 3.0, 1.0, 2.0, 0.01, "ratio")
    for sliders in ((wrong,), (replace(wrong, value=1.5),) * 2, (replace(wrong, value=float("nan")),)):
        with pytest.raises(ChipbriefError, match="panel what-if"):
            check_sliders(replace(made.panel, sliders=sliders))


# -- the script of all charts ---------------------------------------------------------------------------------


def test_the_script_is_kept_whole_or_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(bundles, "put_together", lambda: "made();\n")
    fresh = bundles.vega_bundle.__wrapped__
    assert fresh() == "made();\n"
    [kept] = (tmp_path / "chipbrief").iterdir()
    monkeypatch.setattr(bundles, "put_together", lambda: "made again();\n")
    assert fresh() == "made();\n"  # found
    kept.write_bytes(kept.read_bytes()[:-3])
    assert fresh() == "made again();\n"  # cut short
    assert fresh() == "made again();\n"
    kept.unlink()
    kept.parent.rmdir()
    kept.parent.write_text("a file where the folder belongs")
    assert fresh() == "made again();\n"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert bundles.cached_at() is None


def test_the_script_is_the_same_every_time_and_small_enough() -> None:
    script = bundles.put_together()
    assert script == bundles.vega_bundle()
    assert len(script) < 0.92e6
    assert "BSD-3-Clause" in script[:400]
