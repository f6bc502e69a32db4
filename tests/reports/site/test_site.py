"""The pages and files of the site, held against editions whose figures are known."""

from __future__ import annotations

import csv
import io
import os
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

import pytest

from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes import FACTS, facts_from_json
from chipbrief_reports.editions import Series
from chipbrief_reports.export import DANGEROUS
from chipbrief_reports.site import history as histories
from chipbrief_reports.site import write_site
from chipbrief_reports.site.history import place_of, read_history
from chipbrief_reports.site.moved import history_document
from chipbrief_reports.site.shelves import shelves_of

from . import shelf

THIN = "\u202f"


class Page(HTMLParser):
    """Links, words and tables of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self._skip = self._in_cell = False
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        self._skip = tag in ("script", "style")
        self._in_cell = self._in_cell or tag in ("td", "th")
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._skip = self._skip and tag not in ("script", "style")
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        self.words.append(data)
        if self._in_cell and self.rows and self.rows[-1]:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data.strip()}".strip().replace("\xa0", " ")

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editions")
    shelf.example(folder)
    write_site(folder)
    return folder


def page(root: Path, name: str) -> Page:
    return Page((root / name).read_bytes())


def figures(root: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((root / "two-chips" / "history.csv").read_text())))


def test_every_file_is_there(root: Path) -> None:
    shown = sorted(p.relative_to(root).as_posix() for p in root.rglob("*.*") if p.parent in (root, root / "two-chips"))
    named = {"feed.xml", "index.html", "two-chips/index.html", "two-chips/history.html", "two-chips/history.csv"}
    assert {name for name in shown if "/." not in name} >= named
    assert (root / "two-chips" / "latest").readlink() == Path(shelf.slot_of(2))


def test_every_link_leads_to_a_file(root: Path) -> None:
    for name in ("index.html", "two-chips/index.html", "two-chips/history.html"):
        links = page(root, name).links
        assert len(links) > 4
        for link in links:
            if not link.startswith("#"):
                place = unquote(urljoin(f"/{name}", link)).lstrip("/")
                assert (root / place).is_file(), (name, link)


def test_the_index_tells_of_the_latest_edition(root: Path) -> None:
    found = page(root, "index.html")
    text = found.text
    assert "Edition of 16 March 2026, 06:00 UTC" in text
    assert "5 editions of Two chips , 1 unchanged, 1 without their files, 1 damaged" in text
    hrefs = [link for link in found.links if link.startswith("two-chips/2026")]
    assert hrefs == [f"two-chips/{shelf.slot_of(2)}/briefing.{suffix}" for suffix in ("html", "pdf", "xlsx", "md")]
    assert "Chipbrief: 0.2.0, was 0.1.0" in text  # method first: it bears on the others
    assert "(−25 %)" in text  # the cost of a month, from 6 000 to 4 500: money comes before speed
    assert re.search(r"(\d+) further change", text)


def test_a_series_lists_its_editions_the_newest_first(root: Path) -> None:
    found = page(root, "two-chips/index.html")
    rows = found.rows[1:]
    assert [row[0] for row in rows] == [f"{day} March 2026 06:00" for day in (30, 23, 16, 9, 2)]
    states = [row[4] for row in rows]
    assert states[0].startswith("damaged")
    assert "manifest.json" in states[0]
    assert states[1:] == ["unchanged since 16 March 2026", "printed", "printed", "printed its files are no longer kept"]
    assert rows[2][2] == rows[3][2] == "12"
    assert "Method 1" in rows[2][3]
    assert "Results 4" in rows[3][3]  # the price, its rent, the fleet's and the mix's month; all a fifth up
    first = shelf.slot_of(0)
    assert [link for link in found.links if first in link] == [f"{first}/data/facts.json"]
    assert [link for link in found.links if shelf.slot_of(3) in link] == []


def test_the_figures_are_those_of_the_editions(root: Path) -> None:
    rows = figures(root)
    prices = {r["slot"]: r for r in rows if r["id"] == "bot.acme-1.own.usd_mtok"}
    assert [float(r["value"]) for r in prices.values()] == [10.0, 12.0, 9.0]
    assert [float(r["low"]) for r in prices.values()] == [8.0, 12.0 * 0.8, 9.0 * 0.8]
    assert [float(r["high"]) for r in prices.values()] == [15.0, 18.0, 13.5]
    assert list(prices) == [shelf.slot_of(n) for n in range(3)]
    assert [r["method_changed"] for r in prices.values()] == ["no", "no", "yes"]
    assert {r["unit"] for r in prices.values()} == {"USD"}
    assert {r["system"] for r in rows} == {"acme-1", "zeta", ""}
    assert len(rows) == 3 * 6
    for slot in prices:  # every figure of every edition, to its last digit
        known = facts_from_json((root / "two-chips" / slot / FACTS).read_bytes(), slot).values
        assert {r["id"]: float(r["value"]) for r in rows if r["slot"] == slot} == {k: v.value for k, v in known.items()}


def test_the_table_holds_values_ranges_and_how_far_they_moved(root: Path) -> None:
    rows = page(root, "two-chips/history.html").rows
    heads = next(row for row in rows if "Figure" in row[0])
    assert heads[1:4] == ["2 Mar 2026", "9 Mar 2026", "16 Mar 2026 method changed"]
    own = next(row for row in rows if row[0] == "Price, Bot, Acme 1, owned [USD]")
    assert own[1:4] == ["10.0 8.00\u201315.0", "12.0 9.60\u201318.0", "9.00 7.20\u201313.5"]
    assert own[4] == f"9.00{THIN}\u2013{THIN}12.0"
    assert own[5] == "\u221210 %"  # 9 of 10
    month = next(row for row in rows if row[0] == "Month, Acme 1, owned [USD]")
    assert month[3] == f"9{THIN}000 7{THIN}200\u201318{THIN}000"
    speed = next(row for row in rows if row[0].startswith("Speed"))
    assert speed[5] == "+50 %"
    flat = next(row for row in rows if row[0] == "Price, Bot, Zeta, by the token [USD]")
    assert flat[1:] == ["0.500", "0.500", "0.500", "0.500", "0"]


def history_of(root: Path) -> Any:
    [found] = shelves_of(root)
    return read_history(found.series, found.editions)


def test_the_charts_hold_the_same_points(root: Path) -> None:
    document = history_document(history_of(root))
    section = next(s for s in document.sections if s.kicker == "Acme One")
    assert section.title == "Acme One: a month down 10 % since 2 March 2026"
    halves = [block for block in section.blocks if block.kind == "columns"]
    chart = halves[0].left[0]
    assert chart.title == "Support bot, price of a million tokens: owned down 10 % since 2 March 2026"
    points = chart.spec["datasets"]["points"]
    owned = [p for p in points if p["who"] == "owned"]
    assert [p["value"] for p in owned] == [10.0, 12.0, 9.0, 9.0]  # the last one unchanged
    assert [p["at"] for p in owned] == [int((shelf.FIRST + n * shelf.WEEK).timestamp() * 1e3) for n in range(4)]
    assert owned[1]["tip"] == {
        "title": "owned, 9 March 2026, 06:00 UTC",
        "Value": "$12.0",
        "Range": "9.60\u201318.0",
    }
    assert owned[3]["tip"]["Value"] == "$9.00, unchanged"
    [mark] = chart.spec["datasets"]["marks"]
    assert mark["at"] == owned[2]["at"]
    assert mark["tip"]["Value"] == "Chipbrief: 0.2.0, was 0.1.0"
    assert {p["dash"][0] for p in points} == {1, 6}
    assert "owned, $10.0 on 2 March 2026, $9.00, unchanged on 23 March 2026" in chart.alternative


def test_a_line_breaks_where_editions_lack_the_figure(tmp_path: Path) -> None:
    series = Series(tmp_path, "gaps")
    shelf.put_all(series, [shelf.facts(10.0 + n, rented=n not in (1, 2)) for n in range(5)])
    document = history_document(history_of(tmp_path))
    charts = [b for s in document.sections for c in s.blocks if c.kind == "columns" for b in (*c.left, *c.right)]
    [chart] = [
        c for c in charts if "bot, price" in c.title and any("rented" in p["who"] for p in c.spec["datasets"]["points"])
    ]
    rented = [p for p in chart.spec["datasets"]["points"] if p["who"] == "rented on demand"]
    assert [(p["run"], p["value"], p["alone"]) for p in rented] == [(0, 20.0, True), (1, 26.0, False), (1, 28.0, False)]
    assert [p["value"] for p in chart.spec["datasets"]["alone"]] == [20.0]
    write_site(tmp_path)
    row = next(r for r in page(tmp_path, "gaps/history.html").rows if "rented on demand" in r[0])
    assert row[1:5] == ["20.0 15.0\u201330.0", "\u2013", "26.0 19.5\u201339.0", "28.0 21.0\u201342.0"]


def test_a_second_write_writes_nothing(root: Path) -> None:
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns, p.stat().st_ino) for p in root.rglob("*") if p.is_file()}
    assert write_site(root) == []
    assert {
        p: (p.read_bytes(), p.stat().st_mtime_ns, p.stat().st_ino) for p in root.rglob("*") if p.is_file()
    } == before


def test_made_anew_the_bytes_are_the_same(root: Path) -> None:
    names = ("index.html", "feed.xml", "two-chips/index.html", "two-chips/history.html", "two-chips/history.csv")
    before = {name: (root / name).read_bytes() for name in names}
    for name in (*names, "two-chips/.history.json"):
        (root / name).unlink()
    assert len(write_site(root)) == 5
    assert {name: (root / name).read_bytes() for name in names} == before


def test_a_file_that_somebody_changed_is_written_again(tmp_path: Path) -> None:
    shelf.put(Series(tmp_path, "one"), shelf.FIRST, shelf.facts(10.0))
    write_site(tmp_path)
    for name in ("one/history.html", "one/history.csv", "feed.xml"):
        place = tmp_path / name
        good = place.read_bytes()
        place.write_bytes(good[:100])
        assert write_site(tmp_path) == [place]
        assert place.read_bytes() == good


def test_a_new_edition_changes_its_series_alone(tmp_path: Path) -> None:
    one, other = Series(tmp_path, "one"), Series(tmp_path, "other")
    told = shelf.put_all(one, [shelf.facts(10.0)])
    shelf.put_all(other, [shelf.facts(10.0)])
    write_site(tmp_path)
    shelf.put(one, shelf.FIRST + shelf.WEEK, shelf.facts(11.0), (told[0].slot, shelf.facts(10.0)))
    written = {p.relative_to(tmp_path).as_posix() for p in write_site(tmp_path)}
    assert written == {"one/history.html", "one/history.csv", "one/index.html", "index.html", "feed.xml"}


HOSTILE = "<script>alert(1)</script>]]>&\x00\x1b\u202e\"'=2+2"


def test_a_hostile_title_stays_text(tmp_path: Path) -> None:
    facts = shelf.facts(10.0, title=HOSTILE)
    facts = shelf.replace(
        facts,
        systems={"acme-1": HOSTILE, "zeta": "</script><img src=x onerror=alert(1)>"},
        workload={"classes[bot].id": "bot", "classes[bot].title": HOSTILE},
        values={k: shelf.replace(v, label=f"=cmd|{HOSTILE}") for k, v in facts.values.items()},
    )
    series = Series(tmp_path, "a & b 'c' <d>")
    shelf.put_all(series, [facts, shelf.replace(facts, method={HOSTILE: HOSTILE})])
    write_site(tmp_path, title=HOSTILE)
    for name in ("index.html", f"{series.name}/index.html", f"{series.name}/history.html"):
        found = page(tmp_path, name)
        scripts = [given for tag, given in found.tags if tag == "script" and given.get("type") != "application/json"]
        assert len(scripts) == (2 if "history" in name else 0), name
        assert not [tag for tag, given in found.tags if tag == "img" or any(key.startswith("on") for key in given)]
        content = (tmp_path / name).read_text()
        assert not set("\x00\x1b\u202e") & set(content), name
        for link in found.links:
            if not link.startswith("#"):
                assert (tmp_path / unquote(urljoin(f"/{name.replace('%', '%25')}", link)).lstrip("/")).is_file(), link
    rows = list(csv.DictReader(io.StringIO((series.folder / "history.csv").read_text())))
    assert {row["what"][:2] for row in rows} == {"'="}  # no formula


def test_the_marks_of_a_formula_are_those_of_the_export() -> None:
    assert histories.DANGEROUS == DANGEROUS


BROKEN = {
    "not JSON": b"{",
    "another schema": b'{"schema": "x/1"}',
    "words for numbers": b'{"schema":"edition-facts/1","title":"t","as_of":"d","values":{"a.b.c":{"label":1,"value":"x","low":null,"high":[],"unit":{},"system":2}},"inputs":{},"rankings":{}}',
    "no number": b'{"schema":"edition-facts/1","title":"t","as_of":"d","values":{"route.usd_month":{"label":"a","value":NaN,"low":1,"high":Infinity,"unit":"USD","system":""}},"inputs":{},"rankings":{}}',
    "lists": b'{"schema":"edition-facts/1","title":[],"as_of":{},"values":{},"inputs":{},"rankings":{},"workload":[],"systems":[],"method":[]}',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken_figures_spoil_nothing_else(tmp_path: Path, content: bytes) -> None:
    series = Series(tmp_path, "one")
    told = shelf.put_all(series, [shelf.facts(10.0), shelf.facts(12.0)])
    (series.path(told[0].slot) / FACTS).write_bytes(content)
    write_site(tmp_path)
    rows = list(csv.DictReader(io.StringIO((series.folder / "history.csv").read_text())))
    assert {row["slot"] for row in rows} == {told[1].slot}
    assert "12.0" in page(tmp_path, "one/history.html").text


def test_figures_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    series = Series(tmp_path, "one")
    told = shelf.put_all(series, [shelf.facts(10.0), shelf.facts(12.0)])
    (series.path(told[0].slot) / FACTS).unlink()
    write_site(tmp_path)
    assert f"The figures of 1 edition cannot be read: {told[0].slot}." in page(tmp_path, "one/history.html").text


def test_a_manifest_that_is_not_its_own_is_damaged(tmp_path: Path) -> None:
    series = Series(tmp_path, "one")
    told = shelf.put(series, shelf.FIRST, shelf.facts(10.0))
    for number, content in enumerate(
        (told.as_bytes(), told.as_bytes().replace(b'"Two chips"', b"[1]"), b"[]"), start=1
    ):
        folder = series.path(shelf.slot_of(number))
        folder.mkdir()
        (folder / "manifest.json").write_bytes(
            content.replace(told.slot.encode(), folder.name.encode()) if number == 2 else content
        )
    write_site(tmp_path)
    rows = page(tmp_path, "one/index.html").rows[1:]
    assert [row[4].split()[0] for row in rows] == ["damaged", "damaged", "damaged", "printed"]


def test_no_editions(tmp_path: Path) -> None:
    assert {path.name for path in write_site(tmp_path)} == {"index.html", "feed.xml"}
    assert "No edition has been printed yet" in page(tmp_path, "index.html").text


def test_a_series_without_figures_has_no_history(tmp_path: Path) -> None:
    series = Series(tmp_path, "one")
    shelf.unchanged(series, shelf.FIRST, shelf.slot_of(9))
    write_site(tmp_path)
    assert not (series.folder / "history.html").exists()
    assert "history.html" not in page(tmp_path, "one/index.html").links
    assert "No edition can be read" in page(tmp_path, "index.html").text


@pytest.mark.parametrize("base", ["", "ftp://x", "example.com", "https://x/<script>", "https://x/ y", "https://x/?q"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, base: str) -> None:
    with pytest.raises(ChipbriefError, match="base_url: expected an address"):
        write_site(tmp_path, base_url=base)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ChipbriefError, match="no such folder of editions"):
        write_site(tmp_path / "none")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").mkdir()
    (tmp_path / "feed.xml" / "in the way").touch()
    with pytest.raises(ChipbriefError, match=r"feed\.xml.* cannot be written"):
        write_site(tmp_path)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_every_file_can_be_read_by_a_web_server(root: Path) -> None:
    for name in ("index.html", "feed.xml", "two-chips/history.html"):
        assert (root / name).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("key", "system", "expected"),
    [
        ("bot.acme-1.own.usd_mtok", "acme-1", ("usd_mtok", "acme-1", "bot", "own")),
        ("v1.5-bot.a.b.tok_s_user", "a.b", ("tok_s_user", "a.b", "v1.5-bot", "")),
        ("fleet.acme-1.own.usd_month", "acme-1", ("usd_month", "acme-1", "", "own")),
        ("route.usd_month", "", ("usd_month", "", "", "")),
    ],
)
def test_what_an_id_stands_for(key: str, system: str, expected: tuple[str, ...]) -> None:
    place = place_of(key, shelf.Value("", 1.0, 1.0, 1.0, "", system))
    assert place
    assert (place.measure, place.system, place.class_id, place.lane) == expected


@pytest.mark.parametrize(("key", "system"), [("odd", "acme"), ("odd", ""), ("route", ""), ("a.acme.x.y.z", "acme")])
def test_an_id_of_another_make_stands_for_nothing(key: str, system: str) -> None:
    assert place_of(key, shelf.Value("", 1.0, 1.0, 1.0, "", system)) is None


@pytest.mark.slow
def test_a_thousand_editions(tmp_path: Path) -> None:
    series = Series(tmp_path, "daily")
    shelf.many(series, 1000)
    write_site(tmp_path)
    rows = page(tmp_path, "daily/index.html").rows
    assert len(rows) == 1001
    assert len((series.folder / "history.csv").read_text().splitlines()) == 1 + 6 * 1000
    assert (series.folder / "history.html").stat().st_size < 8e6
    document = history_document(history_of(tmp_path))
    charts = [
        c
        for s in document.sections
        for b in s.blocks
        for c in ((*b.left, *b.right) if b.kind == "columns" else [b])
        if c.kind == "chart"
    ]
    assert len(charts) == 5  # the mix's month; one's month, price and speed; the other's price
    for chart in charts:
        by_line: dict[str, list[Any]] = {}
        for point in chart.spec["datasets"]["points"]:
            by_line.setdefault(point["who"], []).append(point)
        for points in by_line.values():
            assert 30 <= len(points) <= 160
            assert all(a["at"] < b["at"] for a, b in pairwise(points))
            assert points[-1]["at"] == int((shelf.FIRST + 999 * shelf.WEEK / 7).timestamp() * 1e3)
    assert write_site(tmp_path) == []
