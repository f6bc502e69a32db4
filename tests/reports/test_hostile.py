"""Hostile words in every name a user or a plugin may give: refused with their place, or printed as words everywhere."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from chipbrief.catalogue import load_catalogue
from chipbrief.errors import InputError
from chipbrief.registry import Registry, load_registry
from chipbrief_reports.briefing.document import Briefing, Paragraph, Section, text
from chipbrief_reports.press import build
from chipbrief_reports.render import briefing_html
from chipbrief_reports.request import read_request

HOSTILE = {
    "markup": "<script>alert(1)</script>",
    "formula": "=cmd|' /C calc'!A0",
    "path": "../../x",
    "style": "red;}</style><style>body{display:none}",
    "template": "{{ 7*7 }}{% include '/etc/passwd' %}",
    "rtl": "\u062e\u0637\u0629 \u0627\u0644\u0630\u0643\u0627\u0621 \u05ea\u05d5\u05db\u05e0\u05d9\u05ea",
    "emoji": "plan \U0001f680\U0001f469\u200d\U0001f4bb",
    "long": "A very long title " * 555,
}
UNSEEN = {"nul": "a\0b", "override": "a\u202eb", "bell": "a\x07b"}


def briefing(words: str, claims: str = "") -> str:
    """The words as title, organisation, name, question, and title of a class; JSON strings are YAML."""
    said = json.dumps(words, ensure_ascii=False)
    return f"""schema: briefing/1
title: {said}
organisation: {said}
as_of: 2026-11-23
sections: [decision, mix, evidence]
{claims}
mix:
  schema: workload-mix/1
  name: small
  question: {said}
  classes:
    - id: chat
      title: {said}
      kind: chat
      model: llama-3.1-8b
      tokens: {{input: 1000, output: 100}}
      arrival: {{requests_per_day: 1M}}
      slo: {{ttft_p95: 2 s, tpot_p95: 50 ms}}
  hardware: [nvidia-b200]
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


def printed(folder: Path, content: str, registry: Registry, *formats: str) -> Path:
    path = folder / "briefing.yaml"
    path.write_text(content)
    out = folder / "out"
    build(path, out, registry=registry, catalogue=load_catalogue(), formats=formats, samples=10)
    return out


def squeezed(words: str) -> str:
    return "".join(words.split())


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_words_are_words_in_every_format(tmp_path: Path, registry: Registry, name: str) -> None:
    words = HOSTILE[name]
    formats = ("html", "pdf", "md", "xlsx", "csv", "json") if name in ("formula", "long") else ("html", "md", "json")
    out = printed(tmp_path, briefing(words), registry, *formats)
    found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert all(re.fullmatch(r"briefing\.(html|pdf|md|xlsx)|data/\w+\.(csv|json)", path) for path in found)
    assert {path.name for path in tmp_path.iterdir()} == {"briefing.yaml", "out"}

    page = (out / "briefing.html").read_text()
    assert "<script>alert" not in page
    assert "display:none}" not in page.split("</head>")[0].split("<title>")[0]
    from html import unescape

    [title] = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert squeezed(unescape(title)) == squeezed(words)
    assert (
        json.loads((out / "data" / "results.json").read_text())["mix"]["classes"][0]["title"].strip() == words.strip()
    )
    assert not re.search(r"(?<!\\)<script", (out / "briefing.md").read_text())
    if "csv" in formats:
        for path in (out / "data").glob("*.csv"):
            for row in csv.reader(io.StringIO(path.read_text())):
                assert not any(cell.startswith(("=", "@", "+")) for cell in row), path
        with zipfile.ZipFile(out / "briefing.xlsx") as book:
            sheets = [book.read(sheet) for sheet in book.namelist() if sheet.startswith("xl/worksheets/sheet")]
        assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
        reader = PdfReader(out / "briefing.pdf")
        assert squeezed(words)[:40] in squeezed("".join(p.extract_text() for p in reader.pages))
        assert len(reader.pages) < 60


@pytest.mark.parametrize("name", UNSEEN)
def test_characters_that_nobody_sees_are_refused_with_their_place(tmp_path: Path, name: str) -> None:
    """Vega-Lite's converter ends the process at a NUL, and U+202E turns what follows it around."""
    path = tmp_path / "briefing.yaml"
    path.write_text(briefing(UNSEEN[name]))
    with pytest.raises(InputError) as caught:
        read_request(path, models=load_catalogue().names, hardware=load_registry().names)
    told = [(problem.field, problem.line) for problem in caught.value.problems]
    assert told == [("title", 2), ("organisation", 3), ("mix.question", 10), ("mix.classes[0].title", 13)]
    code = f"U+{ord(UNSEEN[name][1]):04X}"
    assert all(f"holds {code}" in problem.message for problem in caught.value.problems)
    assert not re.search("[\0\x07\u202e]", str(caught.value))


@pytest.mark.parametrize("field", ["mix: {}", "claims: [{}]\nmix: small.yaml"])
def test_a_name_of_a_file_that_no_file_can_have(tmp_path: Path, field: str) -> None:
    path = tmp_path / "briefing.yaml"
    path.write_text("schema: briefing/1\n" + field.format('"a\\0.yaml"') + "\n")
    with pytest.raises(InputError, match=r"holds U\+0000"):
        read_request(path, models=load_catalogue().names, hardware=load_registry().names)


def test_a_mix_and_a_claims_file_of_their_own_are_held_to_the_same(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text('schema: workload-mix/1\nname: "a\\u202E"\n')
    (tmp_path / "claims.yaml").write_text('schema: claims/1\ntitle: "a\\u0000"\n')
    path = tmp_path / "briefing.yaml"
    path.write_text("schema: briefing/1\nmix: small.yaml\nclaims: [claims.yaml]\n")
    with pytest.raises(InputError) as caught:
        read_request(path, models=load_catalogue().names, hardware=load_registry().names)
    assert {(Path(p.file).name, p.message.split(",")[0]) for p in caught.value.problems} == {
        ("small.yaml", "holds U+202E"),
        ("claims.yaml", "holds U+0000"),
    }


@pytest.mark.parametrize("colour", ["red", "#12345", "#123abc;}", "url(x)", "#123abc\n", "expression(alert(1))"])
def test_css_in_a_colour_is_refused(tmp_path: Path, colour: str) -> None:
    path = tmp_path / "briefing.yaml"
    path.write_text(briefing("x", f"theme: {{accent: {json.dumps(colour)}}}"))
    with pytest.raises(InputError, match=r"theme\.accent: expected a colour"):
        read_request(path, models=load_catalogue().names, hardware=load_registry().names)


@pytest.mark.parametrize("words", [*HOSTILE.values(), *UNSEEN.values(), "\ud800"])
def test_what_comes_past_the_file_is_harmless_in_the_page(words: str) -> None:
    """A system's name from a plugin, a claim's text: whatever the document holds, the page can be written and read."""
    found = Briefing(
        title=words,
        subtitle=words,
        organisation=words,
        as_of="2026-11-23",
        language="en",
        sections=(Section("one", words, words, (Paragraph(text(words)),)),),
        notes=(),
        systems=(),
        missing=(words,),
    )
    for medium in ("screen", "print"):
        page = briefing_html(found, medium=medium, charts={})  # type: ignore[arg-type]
        page.encode()
        assert not re.search("[\0\x07\u202d\u202e\ud800]", page)
        assert "<script>alert" not in page
        assert replace(found) == found
