"""The default example under axe-core in Chromium: nothing serious or critical, every control by keyboard, no request."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chipbrief.catalogue import load_catalogue
from chipbrief.registry import load_registry
from chipbrief_reports.press import build
from chipbrief_templates import DEFAULT_MIX, example_claims

pytestmark = pytest.mark.system

CHROMIUM = "/usr/bin/chromium"  # Debian's; where it is missing these tests fail
DESKTOP, PHONE = (1280, 900), (390, 844)
GRAVE = ("serious", "critical")


def picture() -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (40, 20), "#204080").save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default example with a logo: what `chipbrief build` prints, and everything a theme may add."""
    folder = tmp_path_factory.mktemp("axe")
    (folder / "logo.png").write_bytes(picture())
    [claims] = list(example_claims())[:1]
    (folder / "briefing.yaml").write_text(
        f"schema: briefing/1\ntitle: Five workloads\norganisation: Example Corp\nmix: {DEFAULT_MIX}\n"
        f"claims: [{claims}]\ntheme: {{logo: logo.png, accent: '#0066cc'}}\n"
    )
    report = build(
        folder / "briefing.yaml",
        folder / "out",
        registry=load_registry(),
        catalogue=load_catalogue(),
        as_of="2026-11-23",
        formats=("html",),
        samples=200,
    )
    [page] = report.written
    return page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any, document: Path) -> Iterator[Callable[..., tuple[Any, list[str]]]]:
    """Opens the page; with it comes the list of everything that it asks for or complains of."""
    contexts = []

    def go(size: tuple[int, int] = DESKTOP, scheme: str = "light") -> tuple[Any, list[str]]:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        page, log = context.new_page(), []
        page.on("request", lambda request: log.append(request.url))
        page.on("console", lambda message: log.append(message.text))
        page.on("pageerror", lambda error: log.append(str(error)))
        page.goto(document.as_uri())
        page.evaluate("Promise.all([document.fonts.ready, chipbrief.ready]).then(() => 0)")
        return page, log

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=str)
def test_axe_finds_nothing_serious(opened: Callable[..., Any], document: Path, size: Any, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, log = opened(size, scheme)
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    answer = Axe().run(page, options={"resultTypes": ["violations", "passes"]}).response
    grave = [
        (found["id"], node["target"], node["failureSummary"])
        for found in answer["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
    ]
    assert grave == []
    passed = {found["id"] for found in answer["passes"]}
    assert {"color-contrast", "image-alt", "label", "link-name", "scrollable-region-focusable"} <= passed
    assert [line for line in log if not line.startswith("data:")] == [document.as_uri()]


def test_axe_sees_what_is_wrong(opened: Callable[..., Any]) -> None:
    """The check itself: a picture without words and pale text are found on this very page."""
    from axe_playwright_python.sync_playwright import Axe

    page, _ = opened()
    page.evaluate("""() => { const p = document.createElement('p');
        p.innerHTML = '<img src="data:,"><span style="color: #eee; background: #fff">pale</span>';
        document.querySelector('main').prepend(p); }""")
    found = {v["id"]: v["impact"] for v in Axe().run(page).response["violations"]}
    assert found.keys() >= {"image-alt", "color-contrast"}
    assert set(found.values()) & set(GRAVE)


REACHED = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const all = [...document.querySelectorAll('*')];
    return all.indexOf(e);
}"""
WANTED = """() => {
    const all = [...document.querySelectorAll('*')];
    return all.filter(e => e.matches('a[href], button, input:not([disabled]), select, summary, .scroll[tabindex="0"]'))
        .filter(e => e.getClientRects().length).map(e => all.indexOf(e));
}"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=str)
def test_the_keyboard_reaches_every_link_and_slider_in_reading_order(opened: Callable[..., Any], size: Any) -> None:
    page, log = opened(size)
    wanted = page.evaluate(WANTED)
    assert len(wanted) > 100
    assert page.evaluate("() => document.querySelectorAll('input[type=range]:not([disabled])').length") >= 3
    order: list[int] = []
    for _ in range(3 * len(wanted)):
        page.keyboard.press("Tab")
        at = page.evaluate(REACHED)
        if at is None or at in order[:1]:
            break
        order.append(at)
    assert set(wanted) - set(order) == set()
    assert order == sorted(order)
    assert len([line for line in log if not line.startswith("data:")]) == 1


def test_a_slider_moves_by_keyboard(opened: Callable[..., Any]) -> None:
    page, _ = opened()
    page.locator("input[type=range]:not([disabled])").first.focus()
    before = page.evaluate("document.activeElement.value")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.value") != before
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline not in ("none", "")


def test_the_logo_is_seen_and_said(opened: Callable[..., Any]) -> None:
    page, _ = opened()
    image = page.locator(".band-logo img")
    assert image.get_attribute("alt") == "Example Corp"
    assert image.evaluate("e => [e.naturalWidth, e.naturalHeight]") == [40, 20]
    box = image.bounding_box()
    assert box
    assert box["width"] / box["height"] == pytest.approx(2, rel=0.05)
    assert base64.b64encode(picture()).decode() in image.get_attribute("src")
