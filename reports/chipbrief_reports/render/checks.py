"""What must hold before a briefing is printed: ids are unique, notes and charts exist, and numbers are numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from chipbrief.errors import ChipbriefError
from chipbrief_reports.briefing.document import Block, Briefing, Chart, Columns, Sliders, Table

__all__ = ["all_blocks", "check"]

ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
RESERVED = ("main", "contents", "notes")  # ids of the templates


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
