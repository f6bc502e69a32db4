"""Briefing to HTML and PDF: hostile text is inert, nothing is fetched, the same input gives the same bytes."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from chipbrief.errors import ChipbriefError, InputError
from chipbrief_reports.briefing.document import (
    Bars,
    Briefing,
    Bullets,
    Cell,
    Chart,
    Column,
    Columns,
    Finding,
    Headline,
    Headlines,
    Note,
    Paragraph,
    Ref,
    Row,
    Section,
    Table,
    as_json,
    text,
)
from chipbrief_reports.render import Attached, briefing_html, chart_svg, pdf_problem, write_pdf
from chipbrief_reports.render.checks import all_blocks
from chipbrief_reports.render.theme import Theme, contrast, stylesheet, variables

ROOT = Path(__file__).parents[2]
PACKAGES = ("registry", "plugins", "templates", "reports")
SAMPLE = Path(__file__).parent / "data" / "sample_briefing.py"

SPEC: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": 300,
    "height": 80,
    "config": {"font": "Inter", "background": "transparent"},
    "data": {"values": [{"name": "A", "value": 3}, {"name": "B", "value": 1}]},
    "mark": {"type": "bar", "clip": True},
    "encoding": {
        "x": {"field": "value", "type": "quantitative"},
        "y": {"field": "name", "type": "nominal"},
    },
}


def sample(**changes: Any) -> Briefing:
    """The looked-at sample with every kind of block."""
    briefing: Briefing = runpy.run_path(str(SAMPLE))["briefing"](**changes)
    return briefing


def tiny(*blocks: Any, **changes: Any) -> Briefing:
    """One section around some blocks."""
    fields: dict[str, Any] = {
        "title": "T",
        "subtitle": "S",
        "organisation": "O",
        "as_of": "2026-11-23",
        "language": "en",
        "sections": (Section("one", "K", "H", blocks),),
        "notes": (Note(1, "A note."),),
        "systems": (),
    }
    return Briefing(**(fields | changes))


def everywhere(words: str) -> Briefing:
    """The same words in every place of a briefing that holds free text."""
    one = text(words, Ref(1))
    table = Table(
        "table",
        words,
        words,
        (Column(words, words, "left"), Column(words, words)),
        (
            Row((Cell(one, words, dot=0), Cell((words,), words, best=True, bar=Bars(0.4)))),
            Row((Cell((words,), dot=5), Cell((words,), words, absent=True))),
        ),
        one,
    )
    blocks = (
        Paragraph(one, tone="lede"),
        Paragraph(one, heading=words),
        Finding(one, one),
        Bullets(words, (one, (words,))),
        Headlines((Headline(words, words, one),)),
        table,
        Chart("chart", words, words, SPEC, words, one),
        Columns((Paragraph(one, tone="small"),), (replace(table, id="other"),)),
    )
    return tiny(
        title=words,
        subtitle=words,
        organisation=words,
        version=words,
        sections=(Section("one", words, words, blocks), Section("two", "", words, ())),
        notes=(Note(1, words, ((words, words, words), (words, "https://example.org/a", ""))),),
        missing=(words,),
    )


def drawings(briefing: Briefing) -> dict[str, str]:
    charts = [block for block in all_blocks(briefing) if isinstance(block, Chart)]
    return {chart.id: chart_svg(chart.spec, chart.id, chart.alternative) for chart in charts}


def html(briefing: Briefing, medium: Any = "screen", folder: Path | None = None) -> str:
    return briefing_html(briefing, medium=medium, charts=drawings(briefing), template_folder=folder)


def pdf(briefing: Briefing, **more: Any) -> tuple[bytes, int]:
    return write_pdf(
        html(briefing, "print"),
        title=briefing.title,
        organisation=briefing.organisation,
        as_of=briefing.as_of,
        language=briefing.language,
        version=briefing.version,
        **more,
    )


@dataclass
class Page(HTMLParser):
    """What a browser would make of a document: its elements and the text between them."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    VOID = frozenset({"meta", "link", "col", "br", "hr", "img", "input"})

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> carries an attribute twice: {names}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def parsed(document: str) -> Page:
    page = Page()
    page.feed(document)
    page.close()
    assert page.open == []
    return page


# -- hostile text ---------------------------------------------------------------------------------------------


HOSTILE = (
    "<script>alert(1)</script>",
    "</style></title></textarea><img src=x onerror=alert(1)>",
    '" onclick="alert(1)" x=\'',
    "javascript:alert(1)",
    "{{ 7*7 }}{% include '/etc/passwd' %}{# gone #}",
    "<!-- &lt;b&gt; ]]> & \\ `",
)


@pytest.mark.parametrize("medium", ["screen", "print"])
@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_is_text_in_every_place(words: str, medium: str) -> None:
    plain, hostile = (parsed(html(everywhere(w), medium)) for w in ("Plain words", words))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    expected = "".join(plain.words).count("Plain words")
    assert expected > 30
    assert "".join(hostile.words).count(words) == expected
    for (tag, before), (_, after) in zip(plain.elements, hostile.elements, strict=True):
        assert set(before) == set(after), tag
        assert after == {name: value.replace("Plain words", words) for name, value in before.items()}, tag
        assert after.get("href", "#").startswith(("#", "data:,", "https://example.org/")), after["href"]


def test_an_address_is_a_link_only_when_it_is_on_the_web() -> None:
    sources = [
        ("Good", "https://example.org/a?b=1&c=2", ""),
        ("Script", "javascript:alert(1)", ""),
        ("Shouted", "JaVaScRiPt:alert(1)", ""),
        ("Data", "data:text/html,<script>alert(1)</script>", ""),
        ("File", "file:///etc/passwd", ""),
        ("Page", "table 4", ""),
        ("Broken", 'https://example.org/"onclick="alert(1)', ""),
        ("Line", "https://example.org/\njavascript:alert(1)", ""),
    ]
    page = parsed(html(tiny(Paragraph(text("x", Ref(1))), notes=(Note(1, "n", tuple(sources)),))))
    links = [a["href"] for a in page.all("a") if not a["href"].startswith("#")]
    assert links == ["https://example.org/a?b=1&c=2"]
    assert "javascript:alert(1)" in "".join(page.words)


@pytest.mark.parametrize(
    "theme",
    [
        {"accent": "red;}body{display:none"},
        {"accent": "#C8501E;}"},
        {"accent": "#C8501E\n"},
        {"accent": "red"},
        {"accent": 12},
        {"paper": "A5"},
        {"paper": "A4; margin: 0"},
        {"papper": "A4"},
    ],
)
def test_a_theme_says_only_what_it_may(theme: dict[str, Any]) -> None:
    with pytest.raises(ChipbriefError, match=next(iter(theme))) as caught:
        html(tiny(theme=theme))
    assert "\n" not in str(caught.value)


def test_the_page_asks_nobody_for_anything() -> None:
    page = parsed(html(sample()))
    [policy] = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.replace("style-src 'unsafe-inline'", "")
    assert not any("src" in script for script in page.all("script"))
    assert {tag for tag, _ in page.elements}.isdisjoint({"iframe", "img", "object", "embed", "form", "base"})
    [css] = re.findall(r"<style>(.*?)</style>", html(sample()), re.S)
    assert "@import" not in css
    assert all(address.startswith("data:font/ttf;base64,") for address in re.findall(r"url\((.*?)\)", css))


@pytest.mark.parametrize("accent", ["#ffff00", "#000000", "#ffffff", "#C8501E", "#7f7f7f", "#00ff00"])
def test_any_accent_stays_readable(accent: str) -> None:
    """4.5 to 1: WCAG 2.2, success criterion 1.4.3; the grounds are those of the stylesheets."""
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", variables(Theme(accent, "A4"))))
    colours = {name: tuple(int(value[i : i + 2], 16) for i in (1, 3, 5)) for name, value in found.items()}
    for name, ground in (("text", "ffffff"), ("band", "0e1e2c"), ("night", "14191f")):
        assert f"#{ground}" in stylesheet(Theme(accent, "A4"), "screen").lower()
        other = tuple(int(ground[i : i + 2], 16) for i in (0, 2, 4))
        assert contrast(colours[f"accent-{name}"], other) >= 4.5


def test_contrast_is_the_one_of_wcag() -> None:
    """Black on white is 21 to 1; #777777 on white 4.48 and #767676 4.54, the known border of criterion 1.4.3."""
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x77,) * 3, (255, 255, 255)) == pytest.approx(4.48, abs=0.005)
    assert contrast((255, 255, 255), (0x76,) * 3) == pytest.approx(4.54, abs=0.005)


# -- what cannot be printed -----------------------------------------------------------------------------------


TABLE = Table("table", "t", "", (Column("a"), Column("b")), (Row((Cell(("1",)), Cell(("2",)))),))


@pytest.mark.parametrize(
    ("briefing", "message"),
    [
        (tiny(TABLE, TABLE), "id table: used twice"),
        (tiny(replace(TABLE, id="one")), "id one: used twice"),
        (tiny(Columns((TABLE,), (TABLE,))), "id table: used twice"),
        (tiny(notes=(Note(1, "a"), Note(1, "b"))), "note 1: used twice"),
        (tiny(Paragraph(text("x", Ref(7)))), "note 7: called in the text"),
        (tiny(replace(TABLE, caption=(Ref(8),))), "note 8"),
        (tiny(replace(TABLE, id='x" onclick="')), "id 'x"),
        (tiny(replace(TABLE, id="notes")), "id 'notes'"),
        (tiny(replace(TABLE, id="note-1")), "id 'note-1'"),
        (tiny(replace(TABLE, rows=(Row((Cell(("1",)),)),))), "table table, row 1: 1 cells in 2 columns"),
        (tiny(replace(TABLE, columns=(Column("a", width=0.0), Column("b")))), "width above zero"),
        (tiny(replace(TABLE, columns=(Column("a", width=float("nan")), Column("b")))), "width above zero"),
        (tiny(replace(TABLE, rows=(Row((Cell(("1",), bar=Bars(1.5)), Cell(("2",)))),))), "share lies between 0 and 1"),
        (
            tiny(replace(TABLE, rows=(Row((Cell(("1",), bar=Bars(float("nan"))), Cell(("2",)))),))),
            "share lies between 0 and 1",
        ),
        (tiny(as_of="23.11.2026"), "as_of: expected a date"),
        (tiny(language='en"><script>'), "language: expected a tag"),
    ],
)
def test_a_briefing_that_cannot_be_printed_is_refused(briefing: Briefing, message: str) -> None:
    with pytest.raises(ChipbriefError, match=re.escape(message)):
        html(briefing)


def test_a_chart_that_nobody_drew_is_refused() -> None:
    briefing = tiny(Chart("left-out", "t", "s", SPEC, "a"))
    with pytest.raises(ChipbriefError, match="chart left-out: nobody has drawn it"):
        briefing_html(briefing, medium="screen", charts={})


# -- structure ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_every_link_inside_the_document_has_its_target(medium: str) -> None:
    page = parsed(html(sample(), medium))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    inner = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    assert len(inner) > 40
    assert set(inner) <= set(ids)
    labels = [a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a]
    assert set(labels) <= set(ids)


def test_the_notes_a_section_calls_first_stand_at_its_foot_in_print_only() -> None:
    notes = tuple(Note(n, f"Source number {n}.") for n in (1, 2, 3))
    sections = (
        Section("a", "A", "A", (Paragraph(text("x", Ref(2), Ref(1))),)),
        Section("b", "B", "B", (Paragraph(text("y", Ref(2), Ref(3))),)),
    )
    printed = html(tiny(sections=sections, notes=notes), "print")
    first, second = re.findall(r'<div class="foots">(.*?)</div>', printed, re.S)
    assert re.findall(r"Source number (\d)", first) == ["1", "2"]
    assert re.findall(r"Source number (\d)", second) == ["3"]
    assert 'class="foots"' not in html(tiny(sections=sections, notes=notes), "screen")


def test_a_long_note_is_cut_at_a_thought_and_says_where_the_rest_is() -> None:
    first, second = "The first thought is here, of some length, and stands for itself alone. ", "The second goes on. "
    long = first + second * 12
    printed = html(tiny(Paragraph(text("x", Ref(1))), notes=(Note(1, long), Note(2, long, short="In short"))), "print")
    [foot] = re.findall(r'<p class="foot">(.*?)</p>', printed, re.S)
    words = re.sub(r"<[^>]*>", "", foot)
    assert words.startswith(
        "1 The first thought is here, of some length, and stands for itself alone. The second goes on"
    )
    assert words.endswith(" goes on; page")
    assert len(words) < 220
    assert 'href="#note-1"' in foot


def test_the_document_of_every_block_is_plain_data() -> None:
    assert json.loads(json.dumps(as_json(sample())))["title"] == "Fast tokens, fair price"


# -- templates of the reader's own ----------------------------------------------------------------------------


def test_one_template_of_the_readers_own_takes_the_place_of_the_bundled_one(tmp_path: Path) -> None:
    (tmp_path / "title.html.j2").write_text('<header class="mine"><h1>ACME: {{ briefing.title }}</h1></header>\n')
    page = html(sample(), folder=tmp_path)
    assert '<header class="mine"><h1>ACME: Fast tokens, fair price</h1></header>' in page
    assert 'class="band"' not in page
    assert 'id="inputs"' in page


def test_a_template_of_the_readers_own_may_build_on_the_bundled_one(tmp_path: Path) -> None:
    (tmp_path / "title.html.j2").write_text('{% include "bundled/title.html.j2" %}<p>Confidential</p>\n')
    page = html(sample(), folder=tmp_path)
    assert 'class="band"' in page
    assert "<p>Confidential</p>" in page


def test_text_is_escaped_in_a_template_of_the_readers_own_too(tmp_path: Path) -> None:
    (tmp_path / "title.html.j2").write_text("<h1>{{ briefing.title }}</h1>\n")
    assert "<h1>&lt;b&gt;</h1>" in html(tiny(title="<b>"), folder=tmp_path)


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("fine\n{% if %}\n", 2, "Expected an expression"),
        ("fine\nfine\n{{ briefing.titel }}\n", 3, "titel"),
        ("{{ nonsense }}\n", 1, "nonsense"),
        ("\n{{ ''.__class__.__mro__ }}\n", 2, "unsafe"),
        ("\n{{ briefing.as_json.__globals__ }}\n", 2, "as_json"),
        ("\n\n{% include '../../etc/passwd' %}\n", 3, "../../etc/passwd"),
        ("\n{% include '/etc/passwd' %}\n", 2, "/etc/passwd"),
        ("{{ calls.use(99) }}\n", 0, "note 99"),
        ("{{ 1 // 0 }}\n", 1, "zero"),
        ("{% include 'title.html.j2' %}\n", 1, "recursion"),
        ("{{ briefing.title | nofilter }}\n", 1, "nofilter"),
    ],
)
def test_a_broken_template_is_named_with_its_line(tmp_path: Path, source: str, line: int, message: str) -> None:
    place = tmp_path / "title.html.j2"
    place.write_text(source)
    with pytest.raises(ChipbriefError, match=f"(?i){re.escape(message)}") as caught:
        html(tiny(), folder=tmp_path)
    assert "root:" not in str(caught.value)
    if line:
        assert isinstance(caught.value, InputError)
        [problem] = caught.value.problems
        assert (problem.file, problem.line) == (str(place), line)
        assert f"{place}:{line}" in str(caught.value)


def test_a_broken_template_ends_the_command_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "title.html.j2").write_text("\n{{ nonsense }}\n")
    mix = (ROOT / "tests/reports/data/small-mix.yaml").resolve()
    (tmp_path / "briefing.yaml").write_text(
        f"schema: briefing/1\ntitle: T\nsections: [decision]\nmix: {mix}\ntheme:\n  template_dir: {tmp_path}\n"
    )
    command = [Path(sys.executable).parent / "chipbrief", "build", "briefing.yaml", "-o", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2, done.stderr
    assert "title.html.j2:2" in done.stderr
    assert "nonsense" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_folder_of_templates_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChipbriefError, match="nowhere: no such folder"):
        html(tiny(), folder=tmp_path / "nowhere")


# -- charts ---------------------------------------------------------------------------------------------------


def test_the_ids_of_a_drawing_begin_with_its_charts_id() -> None:
    svg = chart_svg(SPEC, "cost", "Bars.")
    ids = re.findall(r'\sid="([^"]*)"', svg)
    assert len(ids) > 1  # the title, and the clip of the bars
    assert all(name.startswith("cost-") for name in ids)
    assert set(re.findall(r"url\(['\"]?#([^'\")]*)", svg)) <= set(ids)


def test_a_drawing_says_what_it_shows_to_those_who_cannot_see_it() -> None:
    svg = chart_svg(SPEC, "cost", 'A < B & "C"')
    found = re.match(r"(<svg [^>]*>)(<title [^>]*>)([^<]*)</title>", svg)
    assert found
    assert 'role="img" aria-labelledby="cost-title"' in found[1]
    assert found[2] == '<title id="cost-title">'
    assert found[3] == "A &lt; B &amp; &quot;C&quot;"
    assert svg.count("<title") == 1


def change(**parts: Any) -> dict[str, Any]:
    return copy.deepcopy(SPEC) | parts


@pytest.mark.parametrize(
    "spec",
    [
        change(data={"url": "https://example.org/data.json"}),
        change(data={"url": "file:///etc/passwd", "format": {"type": "csv"}}),
        change(mark={"type": "image", "url": "https://example.org/a.png"}),
        change(encoding=SPEC["encoding"] | {"href": {"value": "https://example.org"}}),
        {"hconcat": [change(data={"url": "x.csv"})]},
        change(transform=[{"lookup": "name", "from": {"data": {"url": "x.csv"}, "key": "name"}}]),
        change(
            data={"values": [{"name": "a", "value": 1, "picture": "https://example.org/a.png"}]},
            mark="image",
            encoding=SPEC["encoding"] | {"url": {"field": "picture"}},
        ),
    ],
)
def test_a_chart_that_names_data_by_address_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(ChipbriefError, match="chart outside"):
        chart_svg(spec, "outside", "")


@pytest.mark.parametrize("spec", [{}, {"mark": "nonsense"}, change(mark={"type": "pie"})])
def test_a_chart_that_vega_cannot_draw_is_an_error_of_one_line(spec: dict[str, Any]) -> None:
    with pytest.raises(ChipbriefError, match="chart broken: ") as caught:
        chart_svg(spec, "broken", "")
    assert "\n" not in str(caught.value)


def test_hostile_rows_of_data_stay_text_in_a_drawing() -> None:
    spec = change(data={"values": [{"name": "<script>alert(1)</script>", "value": 3, "url": "javascript:alert(1)"}]})
    svg = chart_svg(spec, "rows", "")
    assert "<script" not in svg
    assert "&lt;script" in svg


# -- the PDF --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part",
    [
        "<img src='file:///etc/passwd'>",
        "<img src='http://127.0.0.1:9/a.png'>",
        "<img src='https://example.org/a.png'>",
        "<img src='//example.org/a.png'>",
        "<img src='../../../pyproject.toml'>",
        "<img src='fonts/../../__init__.py'>",
        "<img src='fonts/%2e%2e/%2e%2e/__init__.py'>",
        "<style>@import url(http://127.0.0.1:9/a.css);</style>",
        "<style>body { background: url(file:///etc/passwd) }</style>",
        "<link rel=stylesheet href='ftp://example.org/a.css'>",
        "<a rel=attachment href='file:///etc/passwd'>words</a>",
    ],
)
def test_the_press_fetches_nothing_outside_the_theme(part: str) -> None:
    document = f"<!DOCTYPE html><html lang=en><head><title>T</title></head><body><h1>T</h1>{part}</body></html>"
    with pytest.raises(ChipbriefError, match="only data: and files below theme/ may be read"):
        write_pdf(document, title="T", organisation="", as_of="2026-11-23")


def test_a_document_cannot_attach_a_file_of_the_machine() -> None:
    document = (
        "<!DOCTYPE html><html lang=en><title>T</title><link rel=attachment href='file:///etc/hostname'><h1>T</h1>"
    )
    content, _ = write_pdf(document, title="T", organisation="", as_of="2026-11-23")
    assert dict(PdfReader(io.BytesIO(content)).attachments) == {}


def test_a_link_out_of_the_theme_does_not_lead_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chipbrief_reports.render import pdf as module

    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    theme = tmp_path / "theme"
    theme.mkdir()
    (theme / "own.txt").write_text("own")
    (theme / "way-out.txt").symlink_to(secret)
    monkeypatch.setattr(module, "THEME", theme)
    assert module.allowed((theme / "own.txt").as_uri()) == (theme / "own.txt").as_uri()
    with pytest.raises(ValueError, match="only data: and files below theme/"):
        module.allowed((theme / "way-out.txt").as_uri())


ATTACHED = (Attached("results.json", b'{"answer": 42}', "The results"),)


@pytest.fixture(scope="module")
def printed() -> tuple[bytes, int]:
    return pdf(sample(), attachments=ATTACHED)


@pytest.fixture(scope="module")
def reader(printed: tuple[bytes, int]) -> PdfReader:
    return PdfReader(io.BytesIO(printed[0]))


def outline(entries: Any) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, list):
            yield from outline(entry)
        else:
            yield entry.title


def test_every_section_has_a_bookmark(reader: PdfReader) -> None:
    top = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert top == [section.title for section in sample().sections] + ["Notes and sources"]
    assert "A split fleet is the cheapest that meets every SLO" in set(outline(reader.outline))


def test_bookmarks_lead_to_the_page_of_their_section(reader: PdfReader) -> None:
    for entry in reader.outline:
        if not isinstance(entry, list):
            page = reader.get_destination_page_number(entry)
            assert page is not None
            words = "".join(reader.pages[page].extract_text().split())
            assert "".join(entry.title.split()) in words


def test_pages_are_numbered(printed: tuple[bytes, int], reader: PdfReader) -> None:
    count = printed[1]
    assert len(reader.pages) == count
    assert count >= 6
    for number, page in enumerate(reader.pages, start=1):
        assert f"{number} of {count}" in page.extract_text()


def test_the_contents_name_the_page_on_which_a_section_begins(reader: PdfReader) -> None:
    [words] = [page.extract_text() for page in reader.pages if "CONTENTS" in page.extract_text().upper()[:400]][:1]
    for section, entry in zip(sample().sections, [e for e in reader.outline if not isinstance(e, list)], strict=False):
        number = reader.get_destination_page_number(entry)
        assert number is not None
        assert re.search(rf"{re.escape(section.kicker)}\s*{number + 1}\b", words), section.kicker


def test_the_pdf_is_tagged(reader: PdfReader) -> None:
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    kinds = set(tags(root["/StructTreeRoot"]))
    assert {"/H1", "/H2", "/P", "/Table", "/TH", "/TD", "/Figure", "/L", "/LI", "/Link"} <= kinds


def elements(node: Any) -> Iterator[dict[str, Any]]:
    """Every element of the structure tree."""
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(node, list):
        for child in node:
            yield from elements(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from elements(node["/K"])


def tags(node: Any) -> Iterator[str]:
    return (str(element["/S"]) for element in elements(node))


def test_a_chart_has_its_words_in_the_pdf(reader: PdfReader) -> None:
    figures = [e for e in elements(reader.root_object["/StructTreeRoot"]) if e["/S"] == "/Figure"]
    said = {str(figure.get("/Alt", "")) for figure in figures}
    for block in all_blocks(sample()):
        if isinstance(block, Chart):
            assert any(block.alternative in words for words in said), block.id


def test_the_pdf_says_what_it_is(reader: PdfReader) -> None:
    about = reader.metadata
    assert about is not None
    assert about.title == "Fast tokens, fair price"
    assert about.author == "Example Infrastructure Strategy"
    assert about.creation_date is not None
    assert about.modification_date is not None
    for found in (about.creation_date, about.modification_date):
        assert found.strftime("%Y-%m-%d %H:%M") == "2026-11-23 00:00"
    assert "chipbrief 0.1.0" in f"{about.creator} {about.producer}"


def test_the_results_travel_with_the_pdf(reader: PdfReader) -> None:
    assert reader.attachments["results.json"] == [b'{"answer": 42}']
    [file] = reader.attachment_list
    assert file.description == "The results"
    for found in (file.creation_date, file.modification_date):
        assert found is not None
        assert found.strftime("%Y-%m-%d %H:%M") == "2026-11-23 00:00"


@pytest.mark.parametrize(("paper", "width", "height"), [("A4", 210, 297), ("Letter", 215.9, 279.4)])
def test_paper(paper: str, width: float, height: float) -> None:
    """ISO 216 and ANSI Y14.1 [mm]."""
    content, count = pdf(tiny(TABLE, theme={"paper": paper}))
    pages = PdfReader(io.BytesIO(content)).pages
    assert len(pages) == count
    for page in pages:
        assert float(page.mediabox.width) == pytest.approx(width * 72 / 25.4, abs=0.5)
        assert float(page.mediabox.height) == pytest.approx(height * 72 / 25.4, abs=0.5)


def test_only_the_bundled_fonts_are_embedded(reader: PdfReader) -> None:
    families = set()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            for child in font.get_object()["/DescendantFonts"]:
                descriptor = child.get_object()["/FontDescriptor"]
                assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), "a font is not embedded"
                families.add(re.sub(r"^/?[A-Z]{6}\+", "", str(descriptor["/FontName"])).split("-")[0])
    assert families == {"Inter", "Newsreader"}


@pytest.mark.parametrize("target", ["path", "file"])
def test_the_pdf_goes_where_it_is_wanted(tmp_path: Path, target: str) -> None:
    more: dict[str, Callable[[], Any]] = {"path": lambda: tmp_path / "a.pdf", "file": io.BytesIO}
    place = more[target]()
    content, _ = pdf(tiny(), target=place)
    assert (place.read_bytes() if isinstance(place, Path) else place.getvalue()) == content


# -- the same input gives the same bytes ----------------------------------------------------------------------


DIGESTS = """
import hashlib, importlib.util, json, sys
spec = importlib.util.spec_from_file_location("the_tests", sys.argv[1])
tests = importlib.util.module_from_spec(spec)
sys.modules["the_tests"] = tests
spec.loader.exec_module(tests)
print(json.dumps(tests.digests()))
"""


def digests() -> dict[str, str]:
    """Digest of each drawing, of the page and of the PDF."""
    briefing = sample()
    found = {name: svg.encode() for name, svg in drawings(briefing).items()}
    found["html"] = html(briefing).encode()
    found["pdf"], _ = pdf(briefing, attachments=ATTACHED)
    return {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}


def elsewhere(code: str, *args: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    path = os.pathsep.join([environment.pop("PYTHONPATH", ""), *(str(ROOT / part) for part in PACKAGES)])
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": path.strip(os.pathsep)}
        | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def test_the_same_briefing_gives_the_same_bytes_everywhere(printed: tuple[bytes, int]) -> None:
    here = digests()
    assert here["pdf"] == hashlib.sha256(printed[0]).hexdigest()  # the second of this process
    assert {"frontier", "mass", "left", "right"} <= set(here)
    places = (
        {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1", "LANG": "C", "LC_ALL": "C"},
        {"TZ": "America/Los_Angeles", "PYTHONHASHSEED": "4242", "LANG": "de_DE.UTF-8", "SOURCE_DATE_EPOCH": "1"},
    )
    for place in places:
        assert json.loads(elsewhere(DIGESTS, __file__, **place).stdout) == here


# -- a machine without Pango ----------------------------------------------------------------------------------


WITHOUT_PANGO = """
import sys

class NoPango:
    def find_spec(self, name, path=None, target=None):
        if name == "weasyprint":
            raise OSError("cannot load library 'libgobject-2.0-0'")

sys.meta_path.insert(0, NoPango())
"""
ASK = """
from chipbrief.errors import MissingLibraryError
from chipbrief_reports.render import pdf_problem, write_pdf
print(pdf_problem())
try:
    write_pdf("<p>x", title="", organisation="", as_of="2026-11-23")
except MissingLibraryError as error:
    print(error)
"""


def test_without_pango_the_packages_to_install_are_named(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_PANGO)
    told, raised = elsewhere(ASK, PYTHONPATH=str(tmp_path)).stdout.splitlines()
    assert told == raised
    for package in ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"):
        assert package in told


def test_this_machine_can_print() -> None:
    assert pdf_problem() is None
