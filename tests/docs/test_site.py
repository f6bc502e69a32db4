"""The site of the documentation: it builds without a warning, asks nobody for anything, and has every page."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
OUTSIDE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
FETCHES = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}


def pages(nav: Any) -> Iterator[str]:
    for item in nav:
        for target in item.values():
            yield from [target] if isinstance(target, str) else pages(target)


class Fetched(HTMLParser):
    """What a browser fetches to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(FETCHES.get(tag, ""))
        if address:
            self.addresses.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_is_in_the_navigation_once() -> None:
    named = list(pages(CONFIG["nav"]))
    folder = ROOT / "docs"
    there = [path.relative_to(folder).as_posix() for path in folder.rglob("*.md") if path.name != "README.md"]
    assert sorted(named) == sorted(there)


def test_the_theme_fetches_no_fonts_and_counts_nobody() -> None:
    assert CONFIG["theme"]["font"] is False
    assert "analytics" not in str(CONFIG)
    assert CONFIG["strict"] is True


@pytest.mark.system
def test_pages_of_the_site_ask_nobody_for_anything(site: Path) -> None:
    html = list(site.rglob("*.html"))
    assert len(html) > 20
    for path in html:
        fetched = Fetched()
        fetched.feed(path.read_text())
        assert len(fetched.addresses) > 3, path
        assert [address for address in fetched.addresses if OUTSIDE.match(address)] == [], path
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", path.read_text()), path


@pytest.mark.system
def test_the_site_names_no_place_of_this_machine(site: Path) -> None:
    places = [str(ROOT), str(Path.home()) + "/", str(Path(sys.prefix)), "/opt/pypi"]
    texts = [path for path in site.rglob("*") if path.suffix in (".html", ".json", ".xml", ".js", ".css", ".yaml")]
    assert texts
    assert [(path, place) for path in texts for place in places if place in path.read_text()] == []
