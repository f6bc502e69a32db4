"""Page one alone: the decision with its notes, on one page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from chipbrief_reports.briefing.document import Briefing, Note, Paragraph, text
from chipbrief_reports.render import briefing_html, write_pdf
from chipbrief_reports.render.calls import foot_of

__all__ = ["one_page", "summary"]

REST = (
    "This is page one of a longer briefing. Evidence, Latency and the other sections that it names are printed by "
    "chipbrief build."
)
FOOT = """
.contents, .foots { display: none }
.notes { break-before: auto; border-top: 0.5pt solid #dfe3e8; margin-top: 2.4mm; padding-top: 1.4mm }
.notes .kicker, .notes .back { display: none }
.notes h2 { font-size: 0.85rem; margin: 0 0 0.8mm }
.note-list { columns: 1; font-size: 0.736rem; line-height: 1.36 }
.note { margin-bottom: 0; orphans: 1; widows: 1 }
"""
CALLED = re.compile(r"Ref\(note=(\d+)\)")
TRIES = (
    (400, 8.7),
    (190, 8.7),
    (110, 8.7),
    (110, 8.0),
    (60, 7.4),
    (60, 6.6),
)  # characters of a note, size of the text in points


def summary(briefing: Briefing) -> Briefing:
    """A briefing of one section with the short form of its notes, and the sentence that says where the rest is."""
    closing = Paragraph(text(REST), tone="small")
    sections = tuple(replace(section, blocks=(*section.blocks, closing)) for section in briefing.sections[:1])
    called = {int(number) for number in CALLED.findall(repr(sections))}
    notes = tuple(shorter(note) for note in briefing.notes if note.number in called)
    return replace(briefing, sections=sections, notes=notes)


def shorter(note: Note) -> Note:
    """The note as it stands at the foot of a page, with what it cites."""
    return replace(note, text=foot_of(note).text, short="", sources=tuple(dict.fromkeys(note.sources)), inputs=())


def one_page(briefing: Briefing, template_folder: Path | None = None) -> tuple[bytes, int]:
    """Print a summary on one page: notes at its foot, cut and set smaller as far as that takes.

    Returns:
        The PDF, and the number of its pages, which is more than one where nothing helps.
    """
    content, pages = b"", 0
    for content, pages in printed(briefing, template_folder):  # noqa: B007 - what the last try gave is returned
        if pages == 1:
            break
    return content, pages


def printed(briefing: Briefing, template_folder: Path | None) -> Iterator[tuple[bytes, int]]:
    """The summary, smaller at every try."""
    for characters, size in TRIES:
        noted = replace(briefing, notes=tuple(foot(note, characters) for note in briefing.notes))
        yield write_pdf(
            page_html(noted, size, template_folder),
            title=briefing.title,
            organisation=briefing.organisation,
            as_of=briefing.as_of,
            language=briefing.language,
            version=briefing.version,
        )


def foot(note: Note, characters: int) -> Note:
    """A note without what it cites, cut between words."""
    words = note.text
    if len(words) > characters:
        words = words[: characters - 1].rsplit(" ", 1)[0].rstrip(";.,:… ") + "…"
    return replace(note, text=words, sources=())


def page_html(briefing: Briefing, size: float, template_folder: Path | None) -> str:
    """The print HTML of a summary: no contents, no foots beside the notes, which follow on the same page."""
    html = briefing_html(briefing, medium="print", charts={}, template_folder=template_folder)
    style = f"<style>{FOOT}html {{ font-size: {size}pt }}\n</style>\n</head>"
    return html.replace("</head>", style, 1)
