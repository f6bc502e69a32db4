"""Hostile words from a plugin's profile and a claims file, printed in every format: words everywhere, never anything else."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest
from pypdf import PdfReader

from chipbrief.catalogue import load_catalogue
from chipbrief.hardware import Hardware
from chipbrief.registry import Registry
from chipbrief_reports.press import build

PROFILE = Path(__file__).parents[1] / "data" / "acme-x1.yaml"
NAMES = {
    "markup": "</style></script><img src=x onerror=alert(1)>\"'",
    "formula": "=cmd|'/C calc'!A0",
    "markdown": "[a](javascript:alert(1)) ![b](http://e.test/c.png) <b>`d`|e|\n# f",
    "long": "Unbroken" * 25,
    "scripts": "\u202b\u062e\u0637\u0629\u2067 X1 \U0001f680\U0001f469\u200d\U0001f4bb &amp; &lt;X1&gt;",
}
ADDRESSES = {
    "markup": "JaVaScRiPt:alert(1)",
    "formula": "data:text/html,<script>alert(1)</script>",
    "markdown": "https://e.test/a)b(c|d`e",
    "long": f"https://e.test/{'a' * 500}",
    "scripts": "file:///etc/passwd",
}
ALLOWED = re.compile(r"#|https?://|data:(image/|font/|,$)")


class Printed(NamedTuple):
    """A folder of files, the words and the address in them."""

    out: Path
    words: str
    address: str


def profile(folder: Path, words: str, address: str) -> Hardware:
    """The made-up machine with the words for every name, and the address for every source's."""
    said, text = json.dumps(words, ensure_ascii=False), PROFILE.read_text()
    for key in ("name", "vendor", "chip", "summary"):
        text = re.sub(rf"(?m)^{key}: .*$", lambda _, key=key: f"{key}: {said}", text)
    text = text.replace("  name: X1 box", f"  name: {said}")
    text = re.sub(
        r"  acme: \{.*\}",
        lambda _: f"  acme: {{title: {said}, locator: {json.dumps(address, ensure_ascii=False)}}}",
        text,
    )
    path = folder / "x1.yaml"
    path.write_text(text)
    return Hardware.from_yaml(path)


def briefing(folder: Path, words: str, address: str) -> Path:
    """A briefing and a claims file that say the words wherever a text may stand."""
    said = json.dumps(words, ensure_ascii=False)
    (folder / "claims.yaml").write_text(f"""schema: claims/1
name: hostile
title: {said}
text: {{title: {said}, locator: {json.dumps(address, ensure_ascii=False)}, date: 2026-01}}
subjects:
  box: {{name: {said}, hardware: acme-x1}}
claims:
  - {{id: C1, subject: box, metric: memory_bandwidth, per: chip, value: 5 TB/s, says: {said}}}
""")
    path = folder / "b.yaml"
    path.write_text(f"""schema: briefing/1
title: {said}
organisation: {said}
as_of: 2026-11-23
sections: [decision, mix, cost, systems, evidence]
claims: [claims.yaml]
mix:
  schema: workload-mix/1
  name: small
  title: {said}
  question: {said}
  classes:
    - id: chat
      title: {said}
      kind: chat
      model: llama-3.1-8b
      tokens: {{input: 1000, output: 100}}
      arrival: {{requests_per_day: 100k}}
      slo: {{ttft_p95: 2 s, tpot_p95: 80 ms}}
      basis: {said}
""")
    return path


@pytest.fixture(scope="module", params=NAMES)
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Printed:
    folder, words, address = tmp_path_factory.mktemp("hostile"), NAMES[request.param], ADDRESSES[request.param]
    box = profile(folder, words, address)
    registry = Registry({box.id: box}, {box.id: box.id}, ())
    source, out = briefing(folder, words, address), folder / "out"
    formats = ("html", "pdf", "md", "xlsx", "csv", "json")
    build(source, out, registry=registry, catalogue=load_catalogue(), formats=formats, samples=10)
    return Printed(out, words, address)


class _Elements(HTMLParser):
    """Every element of a page with its attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text, self._raw = "", False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        self._raw = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._raw else data


def squeezed(words: str) -> str:
    return "".join(words.split())


pytestmark = pytest.mark.slow


def test_the_page_has_no_element_and_no_handler_of_theirs(printed: Printed) -> None:
    page = _Elements((printed.out / "briefing.html").read_text())
    assert not [tag for tag, _ in page.found if tag in ("img", "iframe", "object", "embed", "base", "b")]
    for tag, given in page.found:
        assert not [name for name in given if name.startswith("on")], tag
        addresses = [given[name] for name in ("href", "src", "xlink:href", "action") if name in given]
        assert all(ALLOWED.match(address) for address in addresses), (tag, addresses)
    policies = [given["content"] for _, given in page.found if given.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'")
    inline = policies[0].count("'sha256-")
    assert (
        len([1 for tag, given in page.found if tag == "script" and given.get("type") != "application/json"]) == inline
    )
    assert squeezed(printed.words) in squeezed(page.text)


def test_no_cell_of_a_csv_begins_like_a_formula(printed: Printed) -> None:
    for path in (printed.out / "data").glob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_text())):
            for cell in row:
                number = re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", cell)
                assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (path.name, cell[:40])


def test_the_workbook_has_no_formula_and_no_link_outside(printed: Printed) -> None:
    with zipfile.ZipFile(printed.out / "briefing.xlsx") as book:
        parts = {name: book.read(name).decode() for name in book.namelist() if name.endswith((".xml", ".rels"))}
    for name, part in parts.items():
        assert not re.search(r"<f[ >/]", part) or not name.startswith("xl/worksheets/"), name
        assert 'TargetMode="External"' not in part, name
    assert not any(name.startswith("xl/externalLinks") for name in parts)


def _links(markdown: str) -> Iterator[str]:
    for found in re.finditer(r"(?<!\\)!?\[(?:[^\[\]\\]|\\.)*\]\(([^()\s]*)\)", markdown):
        assert not found[0].startswith("!"), found[0]
        yield found[1]


def test_the_markdown_has_no_markup_of_theirs(printed: Printed) -> None:
    found = (printed.out / "briefing.md").read_text()
    assert not re.search(r"(?<!\\)<[a-zA-Z/!]", found)
    assert all(link.startswith(("https://e.test/", "http")) for link in _links(found))
    assert not [line for line in found.splitlines() if re.match(r"# ", line)][1:]
    heads = [line.count("|") - line.count("\\|") for line in found.splitlines() if line.startswith("|")]
    assert heads
    assert all(number > 2 for number in heads)


def test_the_pdf_leads_nowhere_but_to_the_web(printed: Printed) -> None:
    reader = PdfReader(printed.out / "briefing.pdf")
    text = ""
    for page in reader.pages:
        text += page.extract_text()
        for note in page.get("/Annots", []):
            action = note.get_object().get("/A", {})
            assert "/JS" not in action
            assert action.get("/S") in (None, "/URI", "/GoTo")
            assert re.match(r"https?://", str(action.get("/URI", "https://")))
    assert "/OpenAction" not in reader.trailer["/Root"]
    assert len(reader.pages) < 40
    if printed.words.isascii():
        assert squeezed(printed.words)[:30] in squeezed(text)


def test_the_data_say_the_words_as_they_are(printed: Printed) -> None:
    found = json.loads((printed.out / "data" / "results.json").read_text())
    assert found["mix"]["classes"][0]["title"] == printed.words
    paths = {path.relative_to(printed.out).parts[0] for path in printed.out.rglob("*")}
    assert paths <= {"briefing.html", "briefing.pdf", "briefing.md", "briefing.xlsx", "data", ".chipbrief.json"}
