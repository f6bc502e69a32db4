"""What must hold before a briefing is printed: ids are unique, notes and charts exist, and numbers are numbers.

And what must hold of a document that a reader's own templates wrote: it asks nobody for anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

from chipbrief.config import UNSEEN
from chipbrief.errors import ChipbriefError, InputError, Problem
from chipbrief_reports.briefing.document import Block, Briefing, Chart, Columns, Sliders, Table

__all__ = ["UNSEEN", "all_blocks", "check", "check_markup"]

ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
RESERVED = ("main", "contents", "notes")  # ids of the templates

FRAMES = frozenset(["iframe", "frame", "frameset", "object", "embed", "applet", "portal", "base"])
FETCHED = frozenset(
    ["src", "srcset", "imagesrcset", "poster", "background", "data", "action", "formaction", "ping", "manifest"]
)
FOLLOWED = re.compile(r"#|https?://|mailto:", re.IGNORECASE)
INSIDE = re.compile(r"#|data:", re.IGNORECASE)
ESCAPED = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CSS_ASKS = re.compile(
    r"@import|\burl\(\s*['\"]?(?!\s*['\"]?(?:#|data:))|\b(?:image-set|image|src|cross-fade)\(", re.IGNORECASE
)


def check(briefing: Briefing, charts: Mapping[str, str]) -> None:
    """Refuse a briefing that cannot be printed.

    Raises:
        ChipbriefError: the first thing that is wrong with it.
    """
    check_date(briefing.as_of)
    if not LANGUAGE.fullmatch(briefing.language):
        raise ChipbriefError(f"language: expected a tag such as en or de-CH, got {briefing.language!r}")
    check_ids(briefing)
    for block in all_blocks(briefing):
        if isinstance(block, Table):
            check_table(block)
        if isinstance(block, Sliders):
            check_sliders(block)
        if isinstance(block, Chart) and block.id not in charts:
            raise ChipbriefError(f"chart {block.id}: nobody has drawn it; pass its SVG in `charts`")


def check_date(text: str) -> None:
    """Refuse a date that is none."""
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ChipbriefError(f"as_of: expected a date such as 2026-11-23, got {text!r}") from None


def all_blocks(briefing: Briefing) -> Iterator[Block]:
    """Every block in reading order, those inside columns and panels too."""
    for section in briefing.sections:
        yield from flat(section.blocks)


def flat(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks, for columns the blocks in them, and behind a panel its table."""
    for block in blocks:
        if isinstance(block, Columns):
            yield from flat((*block.left, *block.right))
        else:
            yield block
        if isinstance(block, Sliders):
            yield block.ranking


def check_ids(briefing: Briefing) -> None:
    """Refuse ids that are no names or not unique, and notes numbered twice."""
    ids = [section.id for section in briefing.sections]
    ids += [block.id for block in all_blocks(briefing) if isinstance(block, Table | Chart | Sliders)]
    for name in ids:
        if not ID.fullmatch(name) or name in RESERVED or name.startswith(("note-", "ref-", "input-")):
            raise ChipbriefError(f"id {name!r}: expected letters, digits and hyphens, and no name of the templates")
    for kind, names in (("id", ids), ("note", [str(note.number) for note in briefing.notes])):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ChipbriefError(f"{kind} {twice[0]}: used twice in one briefing")


def check_table(table: Table) -> None:
    """Refuse widths, bars and rows that cannot be drawn."""
    if not table.columns or not all(math.isfinite(c.width) and c.width > 0 for c in table.columns):
        raise ChipbriefError(f"table {table.id}: every column needs a width above zero")
    for number, row in enumerate(table.rows, start=1):
        if len(row.cells) != len(table.columns):
            raise ChipbriefError(
                f"table {table.id}, row {number}: {len(row.cells)} cells in {len(table.columns)} columns"
            )
        if not all(cell.bar is None or 0 <= cell.bar.share <= 1 for cell in row.cells):
            raise ChipbriefError(f"table {table.id}, row {number}: a bar's share lies between 0 and 1")


def check_sliders(panel: Sliders) -> None:
    """Refuse sliders whose value today does not lie between their ends, and the same quantity twice."""
    names = [slider.id for slider in panel.sliders]
    if len(names) != len(set(names)):
        raise ChipbriefError(f"panel {panel.id}: a slider stands in it twice")
    for slider in panel.sliders:
        ends = (slider.low, slider.value, slider.high, slider.step)
        if not all(map(math.isfinite, ends)) or not slider.low <= slider.value <= slider.high or slider.step <= 0:
            raise ChipbriefError(f"panel {panel.id}, {slider.id}: today's value lies between a slider's ends")


# -- a document that a reader's own templates wrote -----------------------------------------------------------


def check_markup(page: str, scripts: Sequence[str], stylesheet: str, folder: Path) -> None:
    """Refuse a document that asks for anything, or that runs what chipbrief did not put into it.

    Raises:
        InputError: with the template and line where the element seems to come from, for each.
    """
    watch = _Watch(scripts, stylesheet)
    watch.feed(page)
    watch.close()
    if watch.found:
        raise InputError(dict.fromkeys(written_where(raw, told, folder) for raw, told in watch.found))


def written_where(raw: str, told: str, folder: Path) -> Problem:
    """The problem with the first place of a template that holds the element, or begins one like it."""
    message = f"{told}: a briefing asks nobody for anything"
    begins = re.split(r"[\s>]", raw, maxsplit=1)[0]
    sources = {path: path.read_text("utf-8", "replace") for path in sorted(folder.rglob("*.j2")) if path.is_file()}
    for words in (raw, begins):
        for path, source in sources.items():
            if words in source:
                return Problem(message, str(path), source.count("\n", 0, source.index(words)) + 1)
    return Problem(message, str(folder))


class _Watch(HTMLParser):
    """Reads a document and notes what asks for something; what a policy cannot hold back matters most."""

    def __init__(self, scripts: Sequence[str], stylesheet: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._scripts, self._stylesheet = {script.strip() for script in scripts}, stylesheet.strip()
        self._open, self._raw, self._words = "", "", [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").strip() for name, value in reversed(attrs)}  # the first of a name counts
        self._raw = self.get_starttag_text() or f"<{tag}"
        told = asks(tag, given)
        if told:
            self.found.append((self._raw, told))
        if tag in ("script", "style") and given.get("type") != "application/json":
            self._open, self._words = tag, []

    def handle_data(self, data: str) -> None:
        if self._open:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag != self._open:
            return
        words = "".join(self._words).strip()
        if tag == "script" and words not in self._scripts:
            self.found.append((self._raw, "<script> is not one of the page's own"))
        if tag == "style" and css_asks(words.replace(self._stylesheet, "")):
            self.found.append((self._raw, "<style> names an address"))
        self._open = ""

    def close(self) -> None:
        super().close()
        if self._open:
            self.found.append((self._raw, f"<{self._open}> has no end"))


def asks(tag: str, given: Mapping[str, str]) -> str:
    """What an element asks for, or nothing."""
    if tag in FRAMES:
        return f"<{tag}> may not stand here"
    if tag == "meta" and given.get("http-equiv", "content-security-policy").lower() != "content-security-policy":
        return f"<meta http-equiv={given['http-equiv'][:20]}> may not stand here"
    if tag == "link" and (given.get("rel") != "icon" or not given.get("href", "").startswith("data:")):
        return f"<link rel={given.get('rel', '')[:20]}> may not stand here"
    for name, value in given.items():
        if name.startswith("on") or name == "srcdoc":
            return f"<{tag}> has {name[:20]}="
        if name in FETCHED and not value.startswith("data:"):
            return f"<{tag}> has {name}={value[:80]!r}"
        inside = FOLLOWED if tag in ("a", "area") and "attachment" not in given.get("rel", "").lower() else INSIDE
        if name in ("href", "xlink:href") and not inside.match(value):
            return f"<{tag}> has {name}={value[:80]!r}"
        if name in ("style", "fill", "stroke", "clip-path", "mask", "filter") and css_asks(value):
            return f"<{tag}> has {name}={value[:80]!r}"
    return ""


def css_asks(css: str) -> bool:
    """Whether a stylesheet names an address outside the document, also by escapes or between comments."""
    plain = ESCAPED.sub(lambda m: chr(min(int(m[1], 16), 0x10FFFF)) if m[1] else m[2], CSS_COMMENT.sub("", css))
    return CSS_ASKS.search(plain) is not None
