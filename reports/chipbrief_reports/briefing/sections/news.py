"""What changed since the edition before: the most telling of it on page 1, all of it on a page of its own."""

from __future__ import annotations

from collections.abc import Mapping

from chipbrief_reports.briefing.desk import Desk, absent
from chipbrief_reports.briefing.document import (
    Block,
    Bullets,
    Cell,
    Column,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    text,
)
from chipbrief_reports.changes import Change, Changes, Kind, change_in_words, change_parts, main_changes
from chipbrief_reports.wording import count, joined, long_date, printed

__all__ = ["all_news", "news"]

ON_PAGE_ONE = 4
MOST = 24  # of a kind, on the page of all changes; data/changes.json has every one
COLUMNS = (
    Column("What", "", "left", 4.4),
    Column("Now", width=1.5),
    Column("Before", width=1.5),
    Column("Change", width=0.9),
)
NUMBERED: Mapping[Kind, tuple[str, str]] = {
    "value": ("result", "results"),
    "input": ("price or other input", "prices and other inputs"),
    "workload": ("field of the workload mix", "fields of the workload mix"),
    "method": ("part of the method", "parts of the method"),
}


def news(desk: Desk) -> list[Block]:
    """The most telling changes of fact, and one line about the method where that changed too."""
    found = desk.changes
    if found is None:
        return []
    items = [text(f"{printed(sentence)}.") for sentence in main_changes(found, ON_PAGE_ONE, method=False)]
    method = found.of("method")
    if method:
        names = joined([change.label for change in method[:3]] + (["others"] if len(method) > 3 else []))
        items.append(text(f"The method changed too ({names}): results may have moved for that reason alone."))
    heading = f"What changed since the edition of {long_date(found.before_as_of, 'en')}"
    return [Bullets(heading, tuple(items or [text(_nothing(found))]))]


def _nothing(found: Changes) -> str:
    small = f"; {count(found.small, 'value')} moved by less" if found.small else ""
    return f"Nothing by {found.threshold * 100:g} % or more, and no rank, source or price{small}."


def all_news(desk: Desk) -> tuple[Section, ...]:
    """Every change by kind; no page where page 1 tells them all."""
    found = desk.changes
    if found is None or len(found.found) <= ON_PAGE_ONE:
        return ()
    tables = [table for table in (_told(found), *(_numbers(found, kind) for kind in NUMBERED)) if table]
    title = f"What is different from the edition of {long_date(found.before_as_of, 'en')}"
    return (Section("changes", "What changed", title, (Paragraph(text(_lede(found)), tone="lede"), *tables)),)


def _told(found: Changes) -> Table | None:
    """Changes that a sentence tells best."""
    mine = found.of("answer", "rank", "hardware", "service")
    if not mine:
        return None
    rows = tuple(Row((Cell(text(f"{change_in_words(change)}.")),)) for change in mine[:MOST])
    title = f"{count(len(mine), 'answer, rank or system', 'answers, ranks and systems')} changed"
    column = Column("What", "", "left", 1.0)
    return Table("changes-answers", title, "", (column,), rows, _rest(len(mine)), dense=True)


def _numbers(found: Changes, kind: Kind) -> Table | None:
    """Changes with a value before and one now."""
    mine = found.of(kind)
    if not mine:
        return None
    rows = tuple(_row(change) for change in mine[:MOST])
    singular, plural = NUMBERED[kind]
    title = f"{count(len(mine), singular, plural)} changed"
    return Table(f"changes-{kind}", title, "", COLUMNS, rows, _rest(len(mine)), dense=True)


def _row(change: Change) -> Row:
    parts = change_parts(change)
    first = Cell(text(parts.label), printed(parts.note))
    return Row((first, _amount(parts.after), _amount(parts.before), Cell(text(parts.moved))))


def _amount(words: str) -> Cell:
    return Cell(text(printed(words))) if words else absent("")


def _rest(number: int) -> Text:
    if number <= MOST:
        return ()
    return text(f"{count(number - MOST, 'further change')}, in data/changes.json of this edition.")


def _lede(found: Changes) -> str:
    method = len(found.of("method"))
    parts = [f"{count(len(found.found) - method, 'change')} of fact"] + ([f"{method} of method"] if method else [])
    told = f"{joined(parts)}; values are told from a change of {found.threshold * 100:g} % on."
    if not found.small:
        return told
    return f"{told} {count(found.small, 'value')} moved by less and {'is' if found.small == 1 else 'are'} not listed."
