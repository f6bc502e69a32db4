"""The feed against RFC 4287: by feedparser, and by what the text of the standard asks of every element."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.etree import ElementTree as ET

import feedparser
import pytest

from chipbrief_reports.editions import Series
from chipbrief_reports.site import write_site

from . import shelf

ATOM = "{http://www.w3.org/2005/Atom}"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
BASE = "https://example.com/briefings/"
CHILDREN = {  # RFC 4287, 4.1.1 and 4.1.2: what may stand there, how often at least and at most
    "feed": {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "author": (1, 99), "link": (1, 99), "generator": (0, 1)},
    "entry": {
        "id": (1, 1),
        "title": (1, 1),
        "updated": (1, 1),
        "published": (0, 1),
        "summary": (0, 1),
        "link": (1, 99),
        "category": (0, 99),
        "author": (0, 99),
    },
}


def checked(content: bytes) -> ET.Element:
    """The feed, after everything that the standard asks of it."""
    root = ET.fromstring(content)
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    for element in (root, *entries):
        kind = element.tag.removeprefix(ATOM)
        names = [child.tag.removeprefix(ATOM) for child in element if child.tag != f"{ATOM}entry"]
        assert set(names) <= set(CHILDREN[kind])
        for name, (least, most) in CHILDREN[kind].items():
            assert least <= names.count(name) <= most, (kind, name)
        for name in ("updated", "published"):
            for moment in element.findall(f"{ATOM}{name}"):
                assert RFC_3339.fullmatch(moment.text or ""), moment.text
        links = element.findall(f"{ATOM}link")
        assert all(link.get("href") and not list(link) for link in links)
        alternates = [(link.get("type"), link.get("hreflang")) for link in links if link.get("rel") == "alternate"]
        assert len(alternates) == len(set(alternates)) == 1  # 4.1.1, 4.1.2: no two of a type and language
        assert UUID((element.findtext(f"{ATOM}id") or "").removeprefix("urn:uuid:")).version == 5
    for author in root.findall(f"{ATOM}author"):
        assert author.findtext(f"{ATOM}name")
    assert [link.get("rel") for link in root.findall(f"{ATOM}link")] == ["self", "alternate"]
    ids = [element.findtext(f"{ATOM}id") for element in (root, *entries)]
    assert len(ids) == len(set(ids))
    latest = max((e.findtext(f"{ATOM}updated") or "" for e in entries), default="1970-01-01T00:00:00Z")
    assert root.findtext(f"{ATOM}updated") == latest
    return root


def texts(root: ET.Element, name: str) -> list[str]:
    return [entry.findtext(f"{ATOM}{name}") or "" for entry in root.findall(f"{ATOM}entry")]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editions")
    shelf.example(folder)
    return folder


def test_an_entry_an_edition_the_newest_first(root: Path) -> None:
    write_site(root, base_url="https://example.com/briefings", title="Our briefings")
    found = checked((root / "feed.xml").read_bytes())
    assert found.findtext(f"{ATOM}title") == "Our briefings"
    assert texts(found, "title") == [f"Two chips, {day} March 2026, 06:00 UTC" for day in (16, 9, 2)]
    assert texts(found, "updated") == [f"2026-03-{day}T06:02:00Z" for day in ("16", "09", "02")]
    assert texts(found, "published") == [f"2026-03-{day}T06:00:00Z" for day in ("16", "09", "02")]
    hrefs = [[link.get("href") for link in e.findall(f"{ATOM}link")] for e in found.findall(f"{ATOM}entry")]
    place = f"{BASE}two-chips/{shelf.slot_of(2)}/briefing"
    assert hrefs[0] == [f"{place}.html", f"{place}.pdf", f"{place}.xlsx", f"{place}.md"]
    assert hrefs[2] == [f"{BASE}two-chips/index.html"]  # its files are no longer kept
    enclosure = found.find(f"{ATOM}entry/{ATOM}link[@rel='enclosure']")
    assert enclosure is not None
    assert enclosure.attrib["length"] == str(len(shelf.FILES["briefing.pdf"]))
    summaries = texts(found, "summary")
    assert summaries[0].startswith("Chipbrief: 0.2.0, was 0.1.0. ")
    assert "Price, Bot, Acme 1, owned: $9.00, was $12.0 (\u221225\u00a0%)." in summaries[0].replace(" %", "\u00a0%")
    assert summaries[2] == "The first edition."


def test_feedparser_reads_it(root: Path) -> None:
    write_site(root, base_url=BASE)
    found = feedparser.parse((root / "feed.xml").read_bytes())
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    assert found.feed.links[0]["href"] == f"{BASE}feed.xml"
    assert found.feed.links[0]["rel"] == "self"
    assert found.entries[0].link == f"{BASE}two-chips/{shelf.slot_of(2)}/briefing.html"
    assert all(entry.id and entry.title and entry.summary and entry.updated_parsed for entry in found.entries)
    assert found.entries[0].tags[0].term == "two-chips"


def test_links_are_relative_without_an_address(root: Path) -> None:
    write_site(root)
    found = checked((root / "feed.xml").read_bytes())
    hrefs = [link.attrib["href"] for link in found.iter(f"{ATOM}link")]
    assert hrefs[:2] == ["feed.xml", "index.html"]
    assert all(not href.startswith(("/", "http")) and (root / href).exists() for href in hrefs)


def test_ids_stay(root: Path) -> None:
    """Known to every reader for good: these must never change."""
    write_site(root, base_url=BASE)
    before = texts(checked((root / "feed.xml").read_bytes()), "id")
    assert before[0] == f"urn:uuid:{uuid5(NAMESPACE_URL, f'{BASE}two-chips/{shelf.slot_of(2)}')}"
    write_site(root, base_url=BASE, title="Another title")
    assert texts(checked((root / "feed.xml").read_bytes()), "id") == before
    write_site(root)
    assert set(texts(checked((root / "feed.xml").read_bytes()), "id")).isdisjoint(before)


def test_the_newest_fifty_of_all_series(tmp_path: Path) -> None:
    for name, days in (("a", 0), ("b", 3)):
        series, start = Series(tmp_path, name), shelf.FIRST + days * shelf.WEEK / 7
        for number in range(30):
            shelf.put(series, start + number * shelf.WEEK, shelf.facts(10.0), files={})
    write_site(tmp_path)
    found = checked((tmp_path / "feed.xml").read_bytes())
    published = texts(found, "published")
    assert len(published) == 50
    assert published == sorted(published, reverse=True)
    terms = [e.find(f"{ATOM}category").attrib["term"] for e in found.findall(f"{ATOM}entry")]  # type: ignore[union-attr]
    assert terms[:3] == ["b", "a", "b"]


def test_an_empty_site_has_a_feed(tmp_path: Path) -> None:
    write_site(tmp_path)
    assert checked((tmp_path / "feed.xml").read_bytes()).findall(f"{ATOM}entry") == []
    assert not feedparser.parse((tmp_path / "feed.xml").read_bytes()).bozo


@pytest.mark.parametrize(
    "title", ["<script>alert(1)</script>", "]]>", "a\x00\x08\x1b\ufffeb", "\ud800 half", "&amp; &#0;"]
)
def test_any_title_gives_a_well_formed_feed(tmp_path: Path, title: str) -> None:
    series = Series(tmp_path, "x & <y>")
    told = shelf.put(series, shelf.FIRST, shelf.facts(10.0))
    manifest = shelf.replace(told, title=title)
    (series.path(told.slot) / "manifest.json").write_bytes(manifest.as_bytes())
    write_site(tmp_path, base_url=BASE, title=title)
    found = checked((tmp_path / "feed.xml").read_bytes())
    clean = re.sub("[\x00-\x08\x1b\ufffe\ud800]", "\ufffd", title)
    assert found.findtext(f"{ATOM}title") == clean
    assert texts(found, "title") == [f"{clean}, 2 March 2026, 06:00 UTC"]
    assert f"{BASE}x%20%26%20%3Cy%3E/{told.slot}/briefing.html" in {e.get("href") for e in found.iter(f"{ATOM}link")}


@pytest.mark.parametrize("built_at", ["", "yesterday", "2026-03-02T07:30:00+01:00", "0001-01-01T00:00:00+14:00"])
def test_the_moment_of_an_entry_is_always_one(tmp_path: Path, built_at: str) -> None:
    series = Series(tmp_path, "one")
    told = shelf.put(series, shelf.FIRST, shelf.facts(10.0))
    (series.path(told.slot) / "manifest.json").write_bytes(shelf.replace(told, built_at=built_at).as_bytes())
    write_site(tmp_path)
    [updated] = texts(checked((tmp_path / "feed.xml").read_bytes()), "updated")
    assert updated == ("2026-03-02T06:30:00Z" if "+01:00" in built_at else "2026-03-02T06:00:00Z")
