"""The workbook, read back with the standard library: types, heads, harmless texts, the same bytes."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from chipbrief_reports.briefing.document import (
    Briefing,
    Cell,
    Column,
    Note,
    Paragraph,
    Ref,
    Row,
    Section,
    Table,
    text,
)
from chipbrief_reports.export import workbook
from chipbrief_reports.export.xlsx import sheet_name

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "=1\n+2",
    "<r><t>bold</t></r>",
    "<r></si><si><t>x</t></r>",
    "</t></si>&<>\"'",
    "https://example.org/",
    "internal:Sheet1!A1",
    "mailto:a@example.org",
    "_x0041_",
    "123",
    "1e400",
    "2026-11-23",
    "a\x00b\x07c\x1b\ud800\ufffe",
    "line\rone\r\ntwo",
    "𐍈" * 20_000,
    "x" * 40_000,
)


@dataclass
class Book:
    """What a spreadsheet program reads: per sheet, by cell, the value, and the number format's code."""

    content: bytes

    def __post_init__(self) -> None:
        self.zip = zipfile.ZipFile(io.BytesIO(self.content))
        for name in self.zip.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(self.zip.read(name))  # every part is well-formed
        strings = ElementTree.fromstring(self.zip.read("xl/sharedStrings.xml"))
        assert all([child.tag for child in entry] == [f"{MAIN}t"] for entry in strings), "a text became markup"
        self.strings = [entry[0].text or "" for entry in strings]
        styles = ElementTree.fromstring(self.zip.read("xl/styles.xml"))
        codes = {n.get("numFmtId"): n.get("formatCode") for n in styles.iter(f"{MAIN}numFmt")}
        self.styles = list(styles.find(f"{MAIN}cellXfs"))  # type: ignore[arg-type]
        self.formats = [codes.get(x.get("numFmtId"), x.get("numFmtId")) for x in self.styles]
        listed = ElementTree.fromstring(self.zip.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
        self.names = [entry.get("name") or "" for entry in listed]
        self.sheets = {
            name: ElementTree.fromstring(self.zip.read(f"xl/worksheets/sheet{n}.xml"))
            for n, name in enumerate(self.names, start=1)
        }

    def cells(self, sheet: str) -> dict[str, Any]:
        """Values by place: a string, a float or a bool."""
        found: dict[str, Any] = {}
        for cell in self.sheets[sheet].iter(f"{MAIN}c"):
            value = cell.find(f"{MAIN}v")
            if value is not None:
                found[cell.get("r") or ""] = self.value(cell.get("t") or "n", value.text or "")
        return found

    def value(self, kind: str, words: str) -> Any:
        readers = {"s": lambda w: self.strings[int(w)], "n": float, "b": lambda w: w == "1"}
        return readers[kind](words)

    def style(self, sheet: str, place: str) -> int:
        (cell,) = [c for c in self.sheets[sheet].iter(f"{MAIN}c") if c.get("r") == place]
        return int(cell.get("s") or 0)


def frames(**more: pd.DataFrame) -> dict[str, pd.DataFrame]:
    costs = pd.DataFrame(
        {
            "class": ["chat", "agent"],
            "usd_month": [79007.58, float("nan")],
            "ttft_p95_s_low": [0.25, 1.5],
            "utilisation": [0.31, 1.0],
            "date": ["2026-05-13", "2026-05"],
            "measured": [True, False],
        }
    )
    return {"costs": costs, **more}


def briefing(*tables: Table, notes: tuple[Note, ...] = (), **changes: Any) -> Briefing:
    sections = (Section("decision", "Decision", "Buy", (Paragraph(("Words",)), *tables)),)
    fields: dict[str, Any] = {"title": "Our plan", "subtitle": "Which?", "organisation": "Lab", "as_of": "2026-11-23"}
    return Briefing(**(fields | {"language": "en", "sections": sections, "notes": notes, "systems": ()} | changes))


def options() -> Table:
    rows = (
        Row(
            (Cell(text("CS-3", Ref(2))), Cell(text("79\u202f000", Ref(1)), "68\u202f000–172\u202f000"), Cell(("31 %",)))
        ),
        Row((Cell(("123",)), Cell(("–",), "does not fit", absent=True), Cell(("−0.50",)))),
    )
    columns = (Column("System", "", "left"), Column("Cost", "$/month"), Column("Share"))
    return Table("options", "One costs less", "In dollars", columns, rows)


def book(*tables: Table, data: dict[str, pd.DataFrame] | None = None, **changes: Any) -> Book:
    return Book(workbook(briefing(*tables, **changes), frames() if data is None else data))


def test_data_is_typed_and_its_heads_carry_the_unit() -> None:
    found = book()
    assert found.names == ["Cover", "costs"]
    cells = found.cells("costs")
    heads = [cells[f"{letter}1"] for letter in "ABCDEF"]
    assert heads == ["class", "usd_month\nUSD/month", "ttft_p95_s_low\ns", "utilisation\nshare", "date", "measured"]
    # day 1 of Excel is 1 January 1900, and it takes 1900 for a leap year: 30 December 1899 is its day 0
    serial = (date(2026, 5, 13) - date(1899, 12, 30)) / timedelta(days=1)
    assert [cells[f"{letter}2"] for letter in "ABCDEF"] == ["chat", 79007.58, 0.25, 0.31, serial, True]
    assert (cells["E3"], cells["F3"], "B3" in cells) == ("2026-05", False, False)
    shown = [found.formats[found.style("costs", f"{letter}2")] for letter in "BDE"]
    assert shown == ["#,##0", "0.0%", "yyyy-mm-dd"]


def test_the_head_stays_and_filters() -> None:
    sheet = book().sheets["costs"]
    (pane,) = sheet.iter(f"{MAIN}pane")
    assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
    (area,) = sheet.iter(f"{MAIN}autoFilter")
    assert area.get("ref") == "A1:F3"
    assert all(float(c.get("width") or 0) >= 11 for c in sheet.iter(f"{MAIN}col"))


def test_the_cover_says_what_it_is_and_leads_to_every_sheet() -> None:
    found = book(options(), notes=(Note(1, "a", (("T", "https://x.org", "2026"),)), Note(2, "b")), missing=("acme 9",))
    assert found.names == ["Cover", "decision options", "notes", "costs"]
    words = [str(value) for value in found.cells("Cover").values()]
    assert {"Our plan", "Which?", "Lab", "acme 9", "How to read this", "One costs less. In dollars"} <= set(words)
    assert (date(2026, 11, 23) - date(1899, 12, 30)) / timedelta(days=1) in found.cells("Cover").values()
    links = list(found.sheets["Cover"].iter(f"{MAIN}hyperlink"))
    assert [link.get("location") for link in links] == [f"'{name}'!A1" for name in found.names[1:]]
    assert not any(link.get(LINK) for link in links)  # none leads out of the book
    assert found.cells("notes")["D2"] == "T, https://x.org, 2026"


def test_a_printed_table_holds_numbers_ranges_and_notes() -> None:
    found = book(options(), notes=(Note(1, "a"), Note(2, "b")))
    cells = found.cells("decision options")
    assert [cells[f"{x}1"] for x in "ABCDE"] == ["System", "Cost\n$/month", "Cost: range or remark", "Share", "notes"]
    assert [cells.get(f"{x}2") for x in "ABCDE"] == ["CS-3", 79000, "68\u202f000–172\u202f000", 0.31, "2, 1"]
    assert [cells.get(f"{x}3") for x in "ABCDE"] == ["123", None, "does not fit", -0.5, None]
    assert found.formats[found.style("decision options", "D2")] == "0%"


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_text(words: str) -> None:
    table = Table("t", words, words, (Column(words, words, "left"),), (Row((Cell((words,), words),)),))
    notes = (Note(1, words, ((words, words, words),)),)
    data = {words[:40]: pd.DataFrame({"a": [words, words], "date": [words, words]}, dtype=object)}
    found = book(table, data=data, notes=notes, title=words, subtitle=words, organisation=words, missing=(words,))
    for name, sheet in found.sheets.items():
        assert not list(sheet.iter(f"{MAIN}f")), "a formula"
        assert not any(link.get(LINK) for link in sheet.iter(f"{MAIN}hyperlink")), "a link out of the book"
        assert len(name) <= 31
    assert not any("external" in name.lower() or "vml" in name for name in found.zip.namelist())
    assert all(len(value.encode("utf-16-le")) <= 2 * 32_767 for value in found.strings)
    assert not any(re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", value) for value in found.strings)
    if words.startswith(("=", "+", "-", "@", "\t")):
        assert found.styles[found.style(found.names[-1], "A2")].get("quotePrefix") == "1"  # text after an edit too


def test_a_text_that_looks_like_an_escape_of_excel_stays_as_it_is() -> None:
    cells = book(data={"t": pd.DataFrame({"a": ["_x0041_"]})}).cells("t")
    assert cells["A2"] == "_x005F_x0041_"  # which Excel reads as _x0041_, and not as A


@pytest.mark.parametrize(
    ("wanted", "taken", "name"),
    [
        ("a[b]:c*d?e/f\\g'h", [], "a b c d e f g h"),
        ("", [], "sheet"),
        ("'", [], "sheet"),
        ("x" * 50, [], "x" * 31),
        ("x" * 50, ["X" * 31], "x" * 27 + " (2)"),
        ("Costs", ["costs", "COSTS (2)"], "Costs (3)"),
        ("history", [], "history (2)"),
        ("𐍈" * 20, [], "𐍈" * 15),
        ("a\x00\nb", [], "a\ufffd b"),
    ],
)
def test_names_of_sheets(wanted: str, taken: list[str], name: str) -> None:
    assert sheet_name(wanted, taken) == name


def test_empty_tables_and_values_that_no_cell_can_hold() -> None:
    cells = book(data={"none": pd.DataFrame(), "x": pd.DataFrame({"a": [float("inf"), 1.0], "b": [None, "c"]})}).cells(
        "x"
    )
    assert (cells["A2"], cells["A3"], cells["B3"], "B2" in cells) == ("inf", 1.0, "c", False)


MAKE = """
import sys; sys.path[:0] = {path!r}
import pandas as pd
from chipbrief_reports.briefing.document import Briefing
from chipbrief_reports.export import workbook
briefing = Briefing("T", "S", "O", "2026-11-23", "en", (), (), ())
sys.stdout.buffer.write(workbook(briefing, {{"x": pd.DataFrame({{"a": list("cab"), "date": ["2026-11-23"] * 3}})}}))
"""


def test_the_same_inputs_give_the_same_bytes_in_every_time_zone() -> None:
    path = [str(Path(__file__).parents[2] / part) for part in ("registry", "templates", "reports")]
    made = [
        subprocess.run(
            [sys.executable, "-c", MAKE.format(path=path)],
            env={"TZ": zone, "PYTHONHASHSEED": seed, "LANG": language},
            capture_output=True,
            check=True,
        ).stdout
        for zone, seed, language in (("Pacific/Kiritimati", "1", "C"), ("America/Los_Angeles", "2", "de_DE.UTF-8"))
    ]
    assert made[0] == made[1]
    found = zipfile.ZipFile(io.BytesIO(made[0]))
    assert {entry.date_time for entry in found.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert b">2026-11-23T00:00:00Z</dcterms:created>" in found.read("docProps/core.xml")
    assert b">2026-11-23T00:00:00Z</dcterms:modified>" in found.read("docProps/core.xml")
