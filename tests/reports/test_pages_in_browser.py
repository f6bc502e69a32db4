"""The default example in Chromium: quiet, narrow enough, readable, and complete without a network."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from chipbrief.catalogue import load_catalogue
from chipbrief.registry import load_registry
from chipbrief_reports.press import build

pytestmark = pytest.mark.system

CHROMIUM = "/usr/bin/chromium"  # Debian's; where it is missing these tests fail
DESKTOP, PHONE = (1280, 900), (390, 844)

CONTRAST = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const channels = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return channels(matchMedia('(prefers-color-scheme: dark)').matches ? '#121212' : '#ffffff');
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('svg')) continue;
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.getClientRects().length) continue;
    const ink = luminance(channels(getComputedStyle(element).color)), paper = luminance(ground(element));
    const [a, b] = [Math.max(ink, paper), Math.min(ink, paper)];
    found.push([(a + 0.05) / (b + 0.05), element.className + ': ' + element.textContent.trim().slice(0, 40)]);
  }
  return found;
}
"""


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    report = build(
        None, folder, registry=load_registry(), catalogue=load_catalogue(), as_of="2026-11-23", formats=("html",)
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


class Visit:
    """A page, and everything it asked for or complained of."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def ask(self, script: str, *args: Any) -> Any:
        return self.page.evaluate(script, *args)


@pytest.fixture(scope="module")
def visit(browser: Any, document: Path) -> Callable[..., Visit]:
    """Opens the page, once for all tests that only look; `fresh` for those that do something to it."""
    seen: dict[object, Visit] = {}

    def go(size: tuple[int, int] = DESKTOP, scheme: str = "light", *, fresh: bool = False) -> Visit:
        key = object() if fresh else (size, scheme)
        if key not in seen:
            viewport = {"width": size[0], "height": size[1]}
            seen[key] = Visit(browser.new_context(viewport=viewport, color_scheme=scheme).new_page())
            seen[key].page.goto(document.as_uri())
            seen[key].ask("Promise.all([document.fonts.ready, chipbrief.ready]).then(() => 0)")
        return seen[key]

    return go


SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE, (320, 568)], ids=str)
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@SIZES
@SCHEMES
def test_the_page_asks_for_nothing_and_complains_of_nothing(
    visit: Callable[..., Visit], document: Path, size: tuple[int, int], scheme: str
) -> None:
    seen = visit(size, scheme)
    seen.ask("window.scrollTo(0, document.documentElement.scrollHeight)")
    seen.page.wait_for_timeout(100)
    assert [url for url in seen.requests if not url.startswith("data:")] == [document.as_uri()]
    assert seen.complaints == []


def test_a_script_that_came_in_would_not_run(visit: Callable[..., Visit]) -> None:
    """The policy itself: the one complaint of this page is about the script put into it here."""
    seen = visit(fresh=True)
    seen.ask("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.cameIn = true';
        document.body.append(script);
        const image = document.createElement('img');
        image.src = 'http://127.0.0.1:9/pixel.png';
        document.body.append(image);
    }""")
    seen.page.wait_for_timeout(100)
    assert seen.ask("window.cameIn") is None
    assert len([text for text in seen.complaints if "Content Security Policy" in text]) == 2


@SIZES
def test_the_document_does_not_scroll_sideways(visit: Callable[..., Visit], size: tuple[int, int]) -> None:
    seen = visit(size)
    assert seen.ask("document.documentElement.scrollWidth") <= seen.ask("window.innerWidth") == size[0]


@SIZES
def test_no_word_is_torn_apart_and_no_cell_runs_into_the_next(
    visit: Callable[..., Visit], size: tuple[int, int]
) -> None:
    """A number broken in two is another number: cells of figures, and heads, are as wide as their longest word."""
    torn = visit(size).ask("""() => [...document.querySelectorAll('td.right, thead th')]
        .filter(cell => cell.scrollWidth > cell.clientWidth + 1 || getComputedStyle(cell).overflowWrap !== 'normal')
        .map(cell => cell.innerText)""")
    assert torn == []


@SIZES
def test_what_is_wider_than_the_page_scrolls_in_a_frame_of_its_own(
    visit: Callable[..., Visit], size: tuple[int, int]
) -> None:
    """Nothing is cut off: whatever reaches over the edge stands in something a reader can scroll."""
    lost = visit(size).ask("""() => [...document.querySelectorAll('main *')]
        .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1)
        .filter(e => !e.closest('.scroll')).map(e => e.tagName + '.' + e.className)""")
    assert lost == []


@SCHEMES
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=str)
def test_text_is_readable(visit: Callable[..., Visit], size: tuple[int, int], scheme: str) -> None:
    """4.5 to 1: WCAG 2.2, success criterion 1.4.3."""
    found = visit(size, scheme).ask(CONTRAST)
    assert len(found) > 500
    assert [(round(ratio, 2), where) for ratio, where in found if ratio < 4.5] == []


def test_dark_is_dark(visit: Callable[..., Visit]) -> None:
    ground = visit(DESKTOP, "dark").ask("getComputedStyle(document.documentElement).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 60


@SCHEMES
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=str)
def test_every_chart_is_seen_and_said(visit: Callable[..., Visit], size: tuple[int, int], scheme: str) -> None:
    charts = visit(size, scheme).ask("""() => [...document.querySelectorAll('figure.chart')].map(figure => {
        const svg = figure.querySelector('svg'), box = svg.getBoundingClientRect();
        return {id: figure.id, width: box.width, height: box.height, drawn: figure.classList.contains('drawn'),
            paper: getComputedStyle(svg.parentElement).backgroundColor, role: svg.getAttribute('role'),
            said: svg.getAttribute('aria-label'), still: figure.querySelector('.still title').textContent};
    })""")
    assert len(charts) >= 6
    for chart in charts:
        assert chart["drawn"], chart
        assert len(chart["said"]) > 20, chart
        assert chart["said"] == chart["still"], chart
        assert chart["role"] == "img", chart
        assert chart["width"] >= 300, chart
        assert chart["height"] >= 60, chart
        assert chart["paper"] == "rgb(255, 255, 255)", chart  # drawn for white paper


def test_every_note_leads_to_its_text_and_back(visit: Callable[..., Visit]) -> None:
    links = visit().ask("""() => [...document.querySelectorAll('a[href^="#"]')]
        .map(a => [a.getAttribute('href'), !!document.getElementById(a.getAttribute('href').slice(1))])""")
    assert len([href for href, _ in links if href.startswith("#note-")]) > 20
    assert [href for href, there in links if not there] == []


def test_ids_are_unique(visit: Callable[..., Visit]) -> None:
    ids = visit().ask("() => [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert sorted(ids) == sorted(set(ids))


def test_headings_do_not_skip_a_level(visit: Callable[..., Visit]) -> None:
    levels = visit().ask("() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_fonts_are_the_bundled_ones(visit: Callable[..., Visit]) -> None:
    """`check` alone says yes for a family nobody declared, so the faces must be loaded ones too."""
    seen = visit()
    for font in ("400 16px Inter", "600 16px Inter", "400 16px Newsreader", "600 16px Newsreader"):
        assert seen.ask("font => document.fonts.check(font)", font), font
    loaded = set(seen.ask("() => [...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"))
    assert loaded == {"Inter", "Newsreader"}
    used = seen.ask("""() => [...new Set([...document.querySelectorAll('body *')]
        .map(e => getComputedStyle(e).fontFamily.split(',')[0].replaceAll('"', '')))]""")
    assert set(used) <= {"Inter", "Newsreader"}


def test_a_keyboard_reaches_the_answer_first(visit: Callable[..., Visit]) -> None:
    seen = visit(fresh=True)
    seen.page.keyboard.press("Tab")
    assert seen.ask("document.activeElement.getAttribute('href')") == "#main"
    seen.page.wait_for_timeout(50)
    assert seen.ask("document.activeElement.getBoundingClientRect().top") >= 0


def test_the_contents_lead_to_their_section_in_view(visit: Callable[..., Visit]) -> None:
    seen = visit(fresh=True)
    seen.ask("document.documentElement.style.scrollBehavior = 'auto'")
    for link in seen.page.locator(".contents a").all():
        link.click()
        name = (link.get_attribute("href") or "")[1:]
        top = seen.ask("name => document.getElementById(name).getBoundingClientRect().top", name)
        at_end = seen.ask("scrollY + innerHeight >= document.documentElement.scrollHeight - 2")
        assert -1 <= top <= 100 or at_end, name


def test_the_rail_of_contents_covers_no_text(visit: Callable[..., Visit]) -> None:
    for width in (1200, 1280, 1920):
        seen = visit((width, 900))
        rail = seen.ask("document.querySelector('.contents').getBoundingClientRect().right")
        assert rail <= seen.ask("document.querySelector('main h2').getBoundingClientRect().left")


def test_it_can_be_printed_from_the_browser(visit: Callable[..., Visit]) -> None:
    seen = visit(fresh=True)
    pages = PdfReader(io.BytesIO(seen.page.pdf(format="A4"))).pages
    assert 8 <= len(pages) <= 60
    assert seen.complaints == []
