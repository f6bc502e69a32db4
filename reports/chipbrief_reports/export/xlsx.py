"""A briefing as a workbook: a cover, its tables and its data. No text of it is ever a formula, a link or markup."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from chipbrief_reports.briefing.document import Briefing
from chipbrief_reports.export.data import DANGEROUS
from chipbrief_reports.export.sheets import (
    NAME,
    Head,
    Percent,
    Rounded,
    Sheet,
    Value,
    briefing_sheets,
    data_sheets,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["sheet_name", "workbook"]

COVER = "Cover"
LONGEST, ROWS = 32_767, 1_048_576  # of Excel: characters of a cell, rows of a sheet
NO_TEXT = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML cannot hold, and C1
NO_NAME = re.compile(r"[\[\]:*?/\\'\t\n]+")
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
GUIDE = (
    "Sheets named like a section hold the tables that the briefing prints, rounded as there, with the range beside the "
    "number; the column notes leads to the sheet notes.",
    "The other sheets are the data behind it, unrounded: ends of the 80 % interval in columns that end with _low and "
    "_high; units in the heads; shares as percent.",
    "The sheet inputs holds every number that the results stand on, with its range, source and date. To change one, "
    "edit the mix or the profile and build again: nothing here is a formula.",
)


def workbook(briefing: Briefing, tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Write a briefing and its data as XLSX; the same inputs give the same bytes.

    Args:
        briefing: whose tables and notes are written.
        tables: the data, by name.
    """
    import xlsxwriter

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        book.set_properties(properties(briefing))
        press = _Press(book, briefing.theme.get("paper", "A4"))
        press.write(briefing, [*briefing_sheets(briefing), *data_sheets(tables)])
    return target.getvalue()


def properties(briefing: Briefing) -> dict[str, Any]:
    """The document's properties, dated like the briefing; the library would take the time of the run."""
    told = {
        "title": briefing.title,
        "subject": briefing.subtitle,
        "author": briefing.organisation,
        "comments": f"chipbrief {briefing.version}".strip(),
    }
    created = datetime.fromisoformat(briefing.as_of)
    return {name: clean(words)[:255] for name, words in told.items()} | {"created": created}


def sheet_name(wanted: str, taken: Iterable[str]) -> str:
    """A name that a sheet may bear and that none bears yet, in whatever case."""
    bare = NO_NAME.sub(" ", clean(wanted)).strip() or "sheet"
    used = {name.casefold() for name in taken} | {"history"}  # which Excel keeps for itself
    for number in range(1, len(used) + 2):
        ending = f" ({number})" if number > 1 else ""
        name = shortened(bare, NAME - len(ending)).strip() + ending
        if name.casefold() not in used:
            return name
    raise AssertionError("more names were tried than there are sheets")


def clean(words: str) -> str:
    """The text with a mark for every character that no XML file can hold."""
    return NO_TEXT.sub("\ufffd", words.replace("\r\n", "\n").replace("\r", "\n"))


def shortened(words: str, most: int) -> str:
    """The beginning of a text, in the characters of Excel, which counts those beyond the basic plane twice."""
    if len(words) * 2 <= most:
        return words
    return words.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")


class _Press:
    """Puts sheets into a workbook, cell by cell and each by its own type."""

    def __init__(self, book: Any, paper: str) -> None:
        self.book = book
        self.paper = 1 if paper == "Letter" else 9
        self.style = cache(lambda **looks: book.add_format({"valign": "top"} | looks))

    def write(self, briefing: Briefing, sheets: list[Sheet]) -> None:
        """The cover in front, then the sheets in order."""
        names = [COVER]
        cover = self.book.add_worksheet(COVER)
        for sheet in sheets:
            names.append(sheet_name(sheet.name, names))
            self._table(self.book.add_worksheet(names[-1]), sheet)
        self._cover(cover, briefing, [*zip(names[1:], sheets, strict=True)])

    def _cover(self, page: Any, briefing: Briefing, listed: list[tuple[str, Sheet]]) -> None:
        page.set_column(0, 0, 26)
        page.set_column(1, 1, 100)
        page.set_column(2, 2, 10)
        page.hide_gridlines(2)
        self._text(page, 0, 0, briefing.title, bold=True, font_size=18)
        row = self._about(page, briefing)
        for words in GUIDE:
            page.set_row(row, 32)
            self._text(page, row, 1, words, text_wrap=True)
            row += 1
        self._contents(page, row + 1, listed)
        self._paper(page)

    def _about(self, page: Any, briefing: Briefing) -> int:
        """Question, date, maker and what is missing; the row below them."""
        self._text(page, 1, 0, briefing.subtitle, font_size=12)
        lines: list[tuple[str, Value]] = [
            ("Organisation", briefing.organisation or None),
            ("As of", date.fromisoformat(briefing.as_of)),
            ("Made with", f"chipbrief {briefing.version}".strip()),
            *[("Missing from this edition", record) for record in briefing.missing],
        ]
        row = 3
        for label, value in lines:
            if value is not None:
                self._text(page, row, 0, label, font_color="#5B6675")
                self._put(page, row, 1, value, "General", align="left")
                row += 1
        self._text(page, row + 1, 0, "How to read this", bold=True)
        return row + 2

    def _contents(self, page: Any, row: int, listed: list[tuple[str, Sheet]]) -> None:
        for column, words in enumerate(("Sheet", "What it holds", "Rows")):
            self._text(page, row, column, words, bold=True, bottom=1)
        link = self.style(font_color="#0563C1", underline=1)
        for below, (name, sheet) in enumerate(listed, start=row + 1):
            page.write_url(below, 0, f"internal:'{name}'!A1", link, name)
            kept = "" if len(sheet.rows) < ROWS else f"; only the first {ROWS - 1:,} rows fit on a sheet"
            self._text(page, below, 1, f"{sheet.about}{kept}", text_wrap=True)
            page.write_number(below, 2, len(sheet.rows), self.style(num_format="#,##0"))

    def _table(self, page: Any, sheet: Sheet) -> None:
        """A head that stays, a filter on it, and the rows."""
        rows = sheet.rows[: ROWS - 1]
        page.set_row(0, 30)
        for column, head in enumerate(sheet.heads):
            page.set_column(column, column, width(head, [row[column] for row in islice(rows, 500)]))
            words = f"{head.name}\n{head.unit}" if head.unit else head.name
            self._text(page, 0, column, words, bold=True, text_wrap=True, bottom=1, bg_color="#F1F3F5")
        for number, row in enumerate(rows, start=1):
            for column, (value, head) in enumerate(zip(row, sheet.heads, strict=True)):
                self._put(
                    page, number, column, value, head.format, **({"text_wrap": True} if "\n" in str(value) else {})
                )
        page.freeze_panes(1, 1)
        if sheet.heads:
            page.autofilter(0, 0, max(len(rows), 1), len(sheet.heads) - 1)
        page.repeat_rows(0)
        self._paper(page)

    def _paper(self, page: Any) -> None:
        page.set_landscape()
        page.set_paper(self.paper)
        page.fit_to_pages(1, 0)

    def _put(self, page: Any, row: int, column: int, value: Value, shown: str, **looks: Any) -> None:
        """A value by its type; the library is never asked to guess it."""
        if isinstance(value, bool):
            page.write_boolean(row, column, value, self.style(**looks))
        elif isinstance(value, date):
            page.write_datetime(row, column, value, self.style(num_format="yyyy-mm-dd", **looks))
        elif isinstance(value, Rounded | Percent):
            page.write_number(row, column, value.value, self.style(num_format=decimals(value), **looks))
        elif isinstance(value, float):
            page.write_number(row, column, value, self.style(num_format=shown, **looks))
        elif value is not None:
            self._text(page, row, column, value, **looks)

    def _text(self, page: Any, row: int, column: int, words: str, **looks: Any) -> None:
        """A text; one that would be a formula when somebody edits the cell is marked as text for then too."""
        if words.startswith("<r>"):
            words = f" {words}"  # the library takes that for markup of its own and would not escape it
        if words.startswith(DANGEROUS):
            looks["quote_prefix"] = True
        page.write_string(row, column, shortened(clean(words), LONGEST), self.style(**looks))


def decimals(value: Rounded | Percent) -> str:
    """The number format of a number as it was printed."""
    whole = "0" if isinstance(value, Percent) else "#,##0"
    return whole + ("." + "0" * value.decimals if value.decimals else "") + ("%" if isinstance(value, Percent) else "")


def width(head: Head, values: Iterable[Value]) -> float:
    """A width that shows the head and most of what stands below it."""
    longest = max((len(value.split("\n")[0]) for value in values if isinstance(value, str)), default=0)
    return float(min(max(len(head.name) + 3, len(head.unit) + 3, longest + 1, 11), 60 if head.wide else 42))
