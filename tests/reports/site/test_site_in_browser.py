"""The site in Chromium, as the server gives it: quiet, readable, alive, and reachable by keyboard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from chipbrief_reports.editions import Series
from chipbrief_reports.site import SiteServer, write_site

from . import shelf

pytestmark = pytest.mark.system

CHROMIUM = "/usr/bin/chromium"  # Debian's; where it is missing these tests fail
DESKTOP, PHONE = (1280, 900), (390, 844)
PAGES = ("index.html", "two-chips/index.html", "two-chips/history.html")
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("editions")
    shelf.example(root)
    shelf.put(Series(root, "another <b>series</b>"), shelf.FIRST, shelf.facts(3.0, title="Another <b>series</b>"))
    write_site(root)
    with SiteServer(root, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any, site: str) -> Iterator[Callable[..., tuple[Any, list[str]]]]:
    """Opens a page; with it comes the list of everything that it asks for or complains of."""
    contexts = []

    def go(name: str, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> tuple[Any, list[str]]:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        page, log = context.new_page(), list[str]()
        page.on("request", lambda request: log.append(request.url))
        page.on("console", lambda message: log.append(message.text))
        page.on("pageerror", lambda error: log.append(str(error)))
        page.goto(site + name)
        page.evaluate("Promise.all([document.fonts.ready, window.chipbrief?.ready]).then(() => 0)")
        return page, log

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=str)
@pytest.mark.parametrize("name", PAGES)
def test_quiet_narrow_and_nothing_serious(
    opened: Callable[..., Any], site: str, name: str, size: tuple[int, int], scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, log = opened(name, size, scheme)
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    answer = Axe().run(page, options={"resultTypes": ["violations", "passes"]}).response
    grave = [
        (found["id"], node["target"], node["failureSummary"])
        for found in answer["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
    ]
    assert grave == []
    assert {"color-contrast", "link-name"} <= {found["id"] for found in answer["passes"]}
    assert [line for line in log if not line.startswith("data:")] == [site + name]
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    if scheme == "dark":
        ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert max(int(n) for n in ground.strip("rgb()").split(",")) < 60


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_reaches_every_link_in_order(opened: Callable[..., Any], name: str) -> None:
    page, _ = opened(name)
    wanted = page.evaluate("""() => [...document.querySelectorAll('a[href], .scroll[tabindex="0"], .live')]
        .filter(e => e.getClientRects().length).length""")
    page.evaluate("() => { window.all = [...document.querySelectorAll('*')]; }")
    order: list[int] = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        order.append(page.evaluate("all.indexOf(document.activeElement)"))
        if len(order) == 1:
            assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    assert len(set(order)) == wanted
    assert order == sorted(order)


def test_from_the_index_to_an_edition_and_to_the_history(opened: Callable[..., Any], site: str) -> None:
    page, log = opened("index.html")
    page.get_by_role("link", name="Two chips, latest edition as HTML").click()
    assert page.url == f"{site}two-chips/{shelf.slot_of(2)}/briefing.html"
    page.go_back()
    page.get_by_role("link", name="5 editions of Two chips").click()
    page.get_by_role("link", name="How the figures moved").click()
    assert page.url == f"{site}two-chips/history.html"
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Two chips").click()
    assert page.url == f"{site}two-chips/index.html"
    assert all(line.startswith((site, "data:")) for line in log)


def test_a_chart_tells_an_edition_when_it_is_pointed_at(opened: Callable[..., Any]) -> None:
    page, log = opened("two-chips/history.html")
    drawn = page.evaluate(
        "() => [...document.querySelectorAll('figure.chart')].map(f => f.classList.contains('drawn'))"
    )
    assert len(drawn) == 5
    assert all(drawn)
    page.evaluate("() => document.documentElement.style.scrollBehavior = 'auto'")
    live = page.locator("#s0-c0-usd-mtok .live")
    live.focus()
    said: list[str] = []
    for _ in range(9):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(20)
        said.append(page.evaluate("document.querySelector('.tip').innerText"))
    assert any(
        "owned, 9 March 2026, 06:00 UTC" in words and "$12.0" in words and "9.60\u201318.0" in words for words in said
    )
    assert any("16 March 2026" in words and "Chipbrief: 0.2.0, was 0.1.0" in words for words in said)
    assert any("unchanged" in words for words in said)
    assert [line for line in log if not line.startswith(("data:", "http://127.0.0.1"))] == []


def test_marks_stand_in_the_order_of_time(opened: Callable[..., Any]) -> None:
    """A week is as wide as the next: the axis is one of time, in UTC, wherever the reader is."""
    page, _ = opened("two-chips/history.html")
    places = page.evaluate("""() => [...document.querySelectorAll('#s0-c0-usd-mtok .live svg path')]
        .filter(p => p.__data__?.datum?.who === 'owned' && p.__data__.mark.marktype === 'symbol')
        .map(p => [p.__data__.datum.at, p.__data__.x])""")
    assert len(places) == 4
    widths = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(places)]
    assert all(width == pytest.approx(widths[0]) and width > 0 for width in widths)


def test_it_can_be_printed(opened: Callable[..., Any]) -> None:
    import io

    from pypdf import PdfReader

    for name in PAGES:
        page, log = opened(name)
        content = PdfReader(io.BytesIO(page.pdf(format="A4")))
        assert 1 <= len(content.pages) <= 12
        assert "Two chips" in content.pages[0].extract_text()
        assert len([line for line in log if not line.startswith("data:")]) == 1


def test_a_page_of_another_site_cannot_read_it(browser: Any, site: str, tmp_path: Path) -> None:
    """Neither as a script's answer nor as a picture or a frame of its own."""
    place = tmp_path / "evil.html"
    place.write_text(f"<iframe src='{site}index.html'></iframe><img src='{site}feed.xml'>")
    page = browser.new_context().new_page()
    page.goto(place.as_uri())
    told = page.evaluate(f"fetch('{site}two-chips/history.csv').then(a => a.text()).catch(() => 'refused')")
    assert told == "refused"
    assert all("Inference" not in frame.content() for frame in page.frames[1:])
    page.context.close()
