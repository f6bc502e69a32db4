"""`chipbrief build --summary`: one page, and nothing in it leads to what is not there."""

from __future__ import annotations

import io
import re
import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader

from chipbrief_reports import press
from chipbrief_reports.briefing.document import Briefing, Note, Paragraph, Ref, Section, text
from chipbrief_reports.cli.app import root
from chipbrief_reports.export import one_page, summary
from chipbrief_reports.export.summary import printed

SAMPLE = Path(__file__).parent / "data" / "sample_briefing.py"
DATE = {"SOURCE_DATE_EPOCH": "1795392000"}  # 2026-11-23
MIX = """\
schema: workload-mix/1
name: small
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 1000, output: 100}
    arrival: {requests_per_day: 1M}
    slo: {ttft_p95: 2 s, tpot_p95: 50 ms}
hardware: [nvidia-b200]
"""


def build(folder: Path, *options: object, text: str = MIX) -> Result:
    (folder / "in.yaml").write_text(text)
    words = ["build", str(folder / "in.yaml"), "-o", str(folder / "out"), "--samples", "10", *map(str, options)]
    return CliRunner().invoke(root, words, env=DATE)


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder / "out")) for path in (folder / "out").rglob("[!.]*") if path.is_file()}


def dead_links(reader: PdfReader) -> set[str]:
    """Names that a link of the PDF leads to and no place bears."""
    places = set(reader.named_destinations)
    notes = [a.get_object() for page in reader.pages for a in page.get("/Annots", [])]
    assert notes
    targets = {str(a["/Dest"]) for a in notes if "/Dest" in a}
    assert targets
    return targets - places


# -- as typed -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("summary")
    found = build(folder, "--summary")
    assert found.exit_code == 0, found.stderr
    assert "summary.pdf (1 page)" in found.stdout
    assert "warning" not in found.stderr
    return folder


def test_a_summary_stands_in_place_of_the_briefing(built: Path) -> None:
    assert names(built) == {"summary.html", "summary.pdf", "summary.md"}


def test_the_pdf_is_one_page_with_the_notes_that_it_calls(built: Path) -> None:
    reader = PdfReader(built / "out" / "summary.pdf")
    assert len(reader.pages) == 1
    words = reader.pages[0].extract_text()
    assert "What is not covered" in words
    assert "nvidia-b200:price" in words  # of a note
    assert "Contents" not in words
    assert dead_links(reader) == set()


def test_every_link_in_the_page_leads_somewhere(built: Path) -> None:
    page = (built / "out" / "summary.html").read_text()
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert {"note-1", "decision"} <= targets
    assert targets <= set(re.findall(r'\bid="([^"]+)"', page))
    assert "The other sections" not in page
    assert 'id="cost"' not in page


def test_the_markdown_defines_the_notes_that_it_calls(built: Path) -> None:
    words = (built / "out" / "summary.md").read_text()
    defined = re.findall(r"^\[\^(\d+)\]:", words, re.MULTILINE)
    called = set(re.findall(r"\[\^(\d+)\](?!:)", words))
    assert defined
    assert set(defined) == called
    assert words.count("\n## ") == 1


def test_the_same_inputs_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    assert build(tmp_path, "--summary").exit_code == 0
    for name in names(built):
        assert (tmp_path / "out" / name).read_bytes() == (built / "out" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("options", "formats", "wanted"),
    [
        (["--format", "md"], "[html]", {"summary.md"}),
        (["--format", "md,xlsx,csv"], "[html]", {"summary.md", "summary.xlsx", "data/costs.csv"}),
        ([], "[md, json]", {"summary.md"}),
        ([], "[xlsx]", {"summary.html", "summary.pdf", "summary.md"}),
    ],
)
def test_the_formats_of_a_summary(tmp_path: Path, options: list[str], formats: str, wanted: set[str]) -> None:
    inline = "".join(f"  {line}\n" for line in MIX.splitlines())
    found = build(tmp_path, "--summary", *options, text=f"schema: briefing/1\nformats: {formats}\nmix:\n{inline}")
    assert found.exit_code == 0, found.stderr
    assert wanted <= names(tmp_path)
    assert {name for name in names(tmp_path) if not name.startswith("data/")} == {n for n in wanted if "/" not in n}


def test_a_briefing_without_a_decision_has_a_summary_all_the_same(tmp_path: Path) -> None:
    inline = "".join(f"  {line}\n" for line in MIX.splitlines())
    text = f"schema: briefing/1\nsections: [cost]\nmix:\n{inline}"
    assert build(tmp_path, "--summary", "--format", "md", text=text).exit_code == 0
    assert "## Decision: " in (tmp_path / "out" / "summary.md").read_text()


# -- fitting --------------------------------------------------------------------------------------------------


def test_a_summary_holds_the_first_section_and_the_short_notes_that_it_calls() -> None:
    whole = runpy.run_path(str(SAMPLE))["briefing"]()
    found = summary(whole)
    assert [section.id for section in found.sections] == [whole.sections[0].id]
    called = set(re.findall(r"Ref\(note=(\d+)\)", repr(whole.sections[0])))
    assert {str(note.number) for note in found.notes} == called
    assert len(called) < len(whole.notes)
    assert all(len(note.text) <= 190 for note in found.notes)


def test_long_notes_are_cut_until_they_fit() -> None:
    lines = tuple(Paragraph(text(f"Sentence {n} of the decision.", Ref(n))) for n in range(1, 21))
    long = (
        "starts here and goes on for longer than the foot of a page has room for when there are so many of them as here"
    )
    notes = tuple(Note(n, f"Note {n} {long}, {long}"[:190]) for n in range(1, 21))
    briefing = Briefing("T", "S", "O", "2026-11-23", "en", (Section("d", "K", "H", lines),), notes, ())
    pages = [pages for _, pages in printed(briefing, None)]
    assert pages[0] == 2
    assert pages[-1] == 1
    content, number = one_page(briefing)
    words = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert number == 1
    assert all(f"Note {n} starts here" in words for n in range(1, 21))


def test_what_fits_on_no_page_is_printed_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = tuple(Paragraph(text(f"Paragraph {n}. " + "Words of it. " * 40)) for n in range(60))
    endless = Briefing("T", "S", "O", "2026-11-23", "en", (Section("d", "K", "H", blocks),), (Note(1, "n"),), ())
    assert one_page(summary(endless))[1] > 1
    monkeypatch.setattr(press, "one_page", lambda briefing, folder: (b"%PDF", 2))
    found = build(tmp_path, "--summary", "--format", "pdf")
    assert found.exit_code == 0
    assert "warning: the summary does not fit on one page and takes 2" in found.stderr
