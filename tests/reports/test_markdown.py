"""The Markdown of a briefing, parsed by a CommonMark parser with GitHub's tables: nothing in a text is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from chipbrief.errors import ChipbriefError
from chipbrief_reports.briefing.document import (
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
    text,
)
from chipbrief_reports.export import briefing_markdown
from chipbrief_reports.export.markdown import escaped

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = (
    "a | b",
    "ends with a bar |",
    "ends with a backslash \\",
    "a \\| b",
    "`code` ``x",
    "<script>alert(1)</script>",
    "<!-- x",
    "[x](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "[x][1] [^1]",
    "[1]: javascript:alert(1)",
    "javascript:alert(1)",
    "javascript:alert(1) 'title'",
    "<javascript:alert(1)>",
    "one\n\n# two\r\n> three",
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "2) item",
    "> quote",
    "    code",
    "\tcode",
    "---",
    "===",
    ":--- | ---:",
    "~~~",
    "~~gone~~",
    "*bold* __bold__ _it_ snake_case_name",
    "&lt;b&gt; &#60;b&#62;",
    "$x$ costs $5 and $6",
    "\x00\x07\u2028\ud800",
    "   ",
)


def everywhere(words: str) -> Briefing:
    """The same words in every place of a briefing that holds free text."""
    one = text(words, Ref(1))
    rows = (Row((Cell(one, words), Cell((words,), words, best=True))), Row((Cell((words,)), Cell(one, absent=True))))
    blocks = (
        Paragraph(one, heading=words),
        Finding(one, one),
        Bullets(words, (one, (words,))),
        Headlines((Headline(words, words, one),)),
        Table("t", words, words, (Column(words, words, "left"), Column(words, words)), rows, one),
        Chart("c", words, words, {}, words, one),
        Columns((Paragraph(one, tone="small"),), (Paragraph((words,)),)),
    )
    sections = (Section("one", words, words, blocks), Section("two", "", words, ()))
    notes = (
        Note(
            1,
            words,
            ((words, words, words), (words, f"https://example.org/{words.split()[0]}", "2026"))
            if words.split()
            else (),
        ),
    )
    fields: dict[str, Any] = dict.fromkeys(("title", "subtitle", "organisation", "version"), words)
    return Briefing(
        **fields, as_of="2026-11-23", language="en", sections=sections, notes=notes, systems=(), missing=(words,)
    )


def small(*blocks: Any, notes: tuple[Note, ...] = ()) -> str:
    sections = (Section("s", "Cost", "It is dear", blocks),)
    return briefing_markdown(Briefing("T", "Q?", "Lab", "2026-11-23", "en", sections, notes, (), version="1.0"))


def tokens(markdown: str) -> list[Token]:
    found = PARSER.parse(markdown)
    return [part for token in found for part in (token, *(token.children or ()))]


def shape(markdown: str) -> list[str]:
    """The kinds of all tokens but those of a text and of the links to sources, whose number may differ."""
    return [t.type for t in tokens(markdown) if not t.type.startswith(("text", "link_", "em_", "strong_"))]


def test_a_whole_document_reads_as_meant() -> None:
    table = Table(
        "t",
        "One is cheap",
        "In dollars",
        (Column("System", "", "left"), Column("Cost", "$/month")),
        (
            Row((Cell(text("A", Ref(1))), Cell(("79",), "68–172", best=True))),
            Row((Cell(("B|C",)), Cell(("–",), "too big"))),
        ),
    )
    chart = Chart("c", "B falls", "$ by year", {}, "Line chart. B falls from 3 to 2.")
    notes = (Note(1, "A datasheet", (("Sheet", "https://example.org/a_(b)", "2026-05"),)), Note(2, "Never called"))
    findings = (Finding(("Cheap",), ("By half",)), Finding(("Fast",), ()))
    assert small(*findings, table, chart, notes=notes) == (
        "# T\n\n*Q?*\n\nLab · as of 23 November 2026 · made with chipbrief 1.0\n\n## Cost: It is dear\n\n"
        "1. **Cheap** By half\n2. **Fast**\n\n"
        "**One is cheap**: In dollars\n\n"
        "| System | Cost (\\$/month) |\n| --- | ---: |\n| A[^1] | **79** (68–172) |\n| B\\|C | – (too big) |\n\n"
        "> **B falls**: \\$ by year\n>\n> Chart. Line chart. B falls from 3 to 2.\n\n"
        "[^1]: A datasheet. Sources: [Sheet](https://example.org/a_%28b%29), 2026-05.\n"
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_a_hostile_text_is_text(words: str) -> None:
    markdown = briefing_markdown(everywhere(words))
    found = tokens(markdown)
    assert not [
        t for t in found if t.type in ("html_inline", "html_block", "image", "code_inline", "code_block", "fence")
    ]
    assert not [t for t in found if t.type in ("s_open", "hr", "lheading_open")]
    links = [str(t.attrs["href"]) for t in found if t.type == "link_open"]
    assert all(link.startswith("https://example.org/") for link in links)
    if escaped(words).strip():
        assert shape(markdown) == shape(briefing_markdown(everywhere("plain words")))
    rendered = PARSER.render(markdown)
    assert "<script" not in rendered
    assert 'href="javascript' not in rendered


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for words in HOSTILE:
        found = tokens(briefing_markdown(everywhere(words)))
        assert [t.type for t in found].count("table_open") == 1
        assert [t.type for t in found].count("th_open") == 2
        assert [t.type for t in found].count("td_open") == 4


@given(st.text(max_size=40))
def test_escaped_words_read_as_the_words(words: str) -> None:
    line = " ".join(words.split())
    if any(c in line for c in "\x7f\u2028\u2029") or re.search("[\x00-\x1f\x80-\x9f]", line) or "\ufffd" in line:
        return
    markdown = escaped(line)
    inline = [t for t in tokens(markdown) if t.type == "inline"]
    assert "".join(c.content for t in inline for c in t.children or ()) == line.strip() or not line.strip(
        "\u202f\u00a0 "
    )
    assert len(inline) <= 1
    assert {t.type for t in tokens(markdown)} <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


def test_a_note_without_footnotes_in_the_reader_is_no_link() -> None:
    for words in ("javascript:alert(1)", "C4 (list)", "x 'y'", "(x)", 'C4 "list"'):
        markdown = small(Paragraph(text("Words", Ref(1))), notes=(Note(1, words),))
        assert "link_open" not in [t.type for t in tokens(markdown)], words
        assert "[^1]" in PARSER.render(markdown)


def test_numbers_keep_their_thin_spaces_and_ids_their_underscores() -> None:
    assert escaped("79\u202f000 of usd_month") == "79\u202f000 of usd_month"
    assert escaped("_a_ b_") == "\\_a\\_ b\\_"


def test_a_note_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ChipbriefError, match="note 7"):
        small(Paragraph(text("Words", Ref(7))))


def test_an_empty_briefing_is_a_title() -> None:
    empty = replace(everywhere("x"), sections=(), notes=(), missing=(), title="", subtitle="", organisation="")
    assert briefing_markdown(empty).startswith("# Briefing\n\nas of 23 November 2026")
