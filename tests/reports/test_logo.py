"""A logo: what it is by its bytes, whole or refused with the reason, and the same in the page and in the PDF."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from chipbrief.catalogue import load_catalogue
from chipbrief.errors import ChipbriefError, InputError
from chipbrief.registry import load_registry
from chipbrief_reports.briefing.document import Briefing, Paragraph, Section, text
from chipbrief_reports.render import briefing_html, write_pdf
from chipbrief_reports.render.logo import MAX_BYTES, LogoError, check_logo, logo_address, read_logo
from chipbrief_reports.request import Request, read_request

ROOT = 'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"'
PLAIN = f'<svg {ROOT}><rect width="40" height="20" fill="#204080"/><text x="2" y="14">ACME</text></svg>'
MIX = """\
mix:
  schema: workload-mix/1
  name: small
  classes:
    - id: chat
      kind: chat
      model: llama-3.1-8b
      tokens: {input: 1000, output: 100}
      arrival: {requests_per_day: 1M}
"""


def pixels(kind: str, size: tuple[int, int] = (40, 20)) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", size, "#204080").save(stream, kind)
    return stream.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def huge() -> bytes:
    """A PNG that says it is 60,000 pixels wide and high, in 100 bytes."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def svg(inside: str, root: str = ROOT) -> bytes:
    return f"<svg {root}>{inside}</svg>".encode()


def briefing(**changes: Any) -> Briefing:
    fields: dict[str, Any] = {
        "title": "T",
        "subtitle": "",
        "organisation": "Example Corp",
        "as_of": "2026-11-23",
        "language": "en",
        "sections": (Section("one", "K", "H", (Paragraph(text("Words.")),)),),
        "notes": (),
        "systems": (),
    }
    return Briefing(**(fields | changes))


def page(medium: Any, **changes: Any) -> str:
    return briefing_html(briefing(**changes), medium=medium, charts={})


def pdf(**changes: Any) -> PdfReader:
    content, _ = write_pdf(page("print", **changes), title="T", organisation="O", as_of="2026-11-23")
    return PdfReader(io.BytesIO(content))


def read(folder: Path, logo: str) -> Request:
    path = folder / "briefing.yaml"
    path.write_text(f"schema: briefing/1\norganisation: Example Corp\ntheme: {{logo: {logo!r}}}\n{MIX}")
    return read_request(path, models=load_catalogue().names, hardware=load_registry().names)


# -- what is taken --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"), [(pixels("PNG"), "png"), (pixels("JPEG"), "jpeg"), (PLAIN.encode(), "svg+xml")]
)
def test_a_logo_beside_the_briefing_is_shown_in_the_page_and_in_the_pdf(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    (tmp_path / "logo.bin").write_bytes(content)  # the name does not matter, the bytes do
    theme = read(tmp_path, "logo.bin").theme
    assert theme["logo"].startswith(f"data:image/{kind};base64,")
    if kind != "svg+xml":
        assert base64.b64decode(theme["logo"].partition(",")[2]) == content
    for medium in ("screen", "print"):
        [image] = re.findall(r"<img [^>]*>", page(medium, theme=theme))
        assert f'src="{theme["logo"].replace("+", "&#43;") if "&#43;" in image else theme["logo"]}"' in image
        assert 'alt="Example Corp"' in image
    first = pdf(theme=theme).pages[0]
    if kind == "svg+xml":
        assert "ACME" in first.extract_text()
    else:
        assert [(i.image.size if i.image else None) for i in first.images] == [(40, 20)]


def test_the_logo_has_its_words_in_the_pdf() -> None:
    reader = pdf(theme={"logo": logo_address(pixels("PNG"))})
    objects = [reader.get_object(number) for number in range(1, reader.trailer["/Size"])]
    figures = [found for found in objects if isinstance(found, dict) and found.get("/S") == "/Figure"]
    assert [figure.get("/Alt") for figure in figures] == ["Example Corp"]


def test_without_a_logo_there_is_no_picture() -> None:
    assert "<img" not in page("screen")
    assert "<img" not in page("print")


def test_a_logo_without_an_organisation_is_still_said() -> None:
    assert 'alt="Logo"' in page("screen", organisation="", theme={"logo": logo_address(pixels("PNG"))})


def test_title_organisation_accent_and_paper_show() -> None:
    theme = {"accent": "#123abc", "paper": "Letter"}
    for medium in ("screen", "print"):
        found = page(medium, title="Our plan", organisation="Lab & Co", theme=theme)
        assert re.search(r"<h1[^>]*>Our plan</h1>", found)
        assert '<span class="band-organisation">Lab &amp; Co</span>' in found
        assert "--accent: #123abc" in found
    first = pdf(title="Our plan", theme=theme).pages[0]
    assert (float(first.mediabox.width), float(first.mediabox.height)) == (612, 792)
    assert "Our plan" in first.extract_text()


def test_what_an_editor_notes_in_a_drawing_is_left_out() -> None:
    """As Inkscape saves it: notes in namespaces of its own, a gradient, a style with a class."""
    content = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- Created with Inkscape -->
<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"
 xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" width="40" height="20" sodipodi:docname="a.svg">
 <sodipodi:namedview pagecolor="#fff"><inkscape:grid href="https://example.org/grid"/></sodipodi:namedview>
 <metadata>secret <rdf/></metadata><style>.a { fill: #204080; clip-path: url(#c) }</style>
 <defs><linearGradient id="g"><stop offset="0" stop-color="rgb(1, 2, 3)"/></linearGradient>
 <clipPath id="c"><rect width="9" height="9"/></clipPath></defs>
 <path class="a" inkscape:label="way" d="M0 0h9v9z" style="fill:url(#g)" transform="translate(1 2)"/></svg>"""
    address = logo_address(content)
    written = base64.b64decode(address.partition(",")[2]).decode()
    for word in ("Inkscape", "inkscape", "sodipodi", "secret", "example.org"):
        assert word not in written
    for word in ('d="M0 0h9v9z"', "url(#g)", "translate(1 2)", ".a { fill", "<clipPath"):
        assert word in written
    check_logo(address)


@pytest.mark.parametrize(
    "words", ["a &lt; b &amp; c", "&#13; &#9; &#10;", "\u0634\u0639\u0627\u0631 \U0001f600", "\"'"]
)
def test_a_drawing_is_written_the_same_again(words: str) -> None:
    check_logo(logo_address(svg(f"<title>{words}</title><text font-family='{words.replace(chr(39), '')}'>x</text>")))


# -- what is refused ------------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty: expected a PNG, a JPEG or an SVG"),
        (b"just some words, renamed", "is no image by its bytes"),
        (b"GIF89a" + b"\0" * 40, "is no image by its bytes"),
        (b"%PDF-1.7", "is no image by its bytes"),
        (pixels("PNG")[:-20], "is a PNG that is cut short"),
        (pixels("PNG")[:-12], "is a PNG that is cut short"),
        (pixels("PNG")[:40] + pixels("PNG")[-12:], "is a broken PNG"),
        (pixels("PNG") + b"<script>alert(1)</script>", "holds more behind its end"),
        (pixels("JPEG")[:-200], "is a JPEG that is cut short"),
        (pixels("JPEG")[:60] + b"\xff\xd9", "is a broken JPEG"),
        (huge(), "broken PNG|pixels: at most 16,000,000"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 2_000_000, "is larger than 1 MB"),
        (b"<html><body>no</body></html>", "is no SVG but <html>"),
        (b"<svg viewBox='0 0 1 1'/>", "is no SVG but <svg>"),
        (b"<svg", "is no SVG: "),
        (svg("", 'xmlns="http://www.w3.org/2000/svg"'), "without a size"),
        (BOMB.encode() + svg("&b;"), "a document type"),
        (b'<!DOCTYPE svg SYSTEM "file:///etc/passwd">' + svg(""), "a document type"),
        (b'<?xml-stylesheet href="https://example.org/a.css"?>' + svg(""), "a processing instruction"),
        (svg("<script>alert(1)</script>"), "with <script>"),
        (svg("<foreignObject/>"), "with <foreignObject>"),
        (svg('<image href="https://example.org/a.png"/>'), "with <image>"),
        (svg('<use href="#a"/>'), "with <use>"),
        (svg('<a href="https://example.org"><rect/></a>'), "with <a>"),
        (svg('<animate attributeName="href"/>'), "with <animate>"),
        (svg('<rect onclick="alert(1)"/>'), "with onclick="),
        (svg("", ROOT + ' onload="alert(1)"'), "with onload="),
        (svg('<linearGradient xmlns:x="http://www.w3.org/1999/xlink" x:href="file:///etc/passwd"/>'), "with href="),
        (svg('<rect fill="url(https://example.org/a)"/>'), "whose fill= refers"),
        (svg('<rect style="fill: u\\72l(https://example.org/a)"/>'), "whose style= refers"),
        (svg('<rect style="background: image-set(&quot;https://example.org/a&quot;)"/>'), "whose style= refers"),
        (svg("<style>@import 'https://example.org/a.css';</style>"), "whose <style> refers"),
        (svg("<style>rect { fill: url(//example.org/a) }</style>"), "whose <style> refers"),
        (svg("<style>rect { fill: u<![CDATA[rl(]]>//example.org/a) }</style>"), "whose <style> refers"),
        (svg('<clipPath id="a"><rect clip-path="url(#a)"/></clipPath>'), "a clip inside a clip"),
        (svg("<g>" * 5000 + "</g>" * 5000), "nested more than 40 deep"),
        (svg("<rect/>" * 20_000), "more than 10000 elements"),
    ],
)
def test_what_is_no_harmless_picture_is_refused_with_file_and_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    place = tmp_path / "logo.png"
    place.write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        read(tmp_path, "logo.png")
    [problem] = caught.value.problems
    assert (problem.file, problem.line, problem.field) == (str(tmp_path / "briefing.yaml"), 3, "theme.logo")
    assert problem.message.startswith(str(place))
    assert "\n" not in str(problem)
    assert len(problem.message) - len(str(place)) < 300


def test_a_megabyte_is_the_limit(tmp_path: Path) -> None:
    drawing = PLAIN.encode().replace(b"</svg>", b"<!--" + b" " * (MAX_BYTES - len(PLAIN) - 7) + b"--></svg>")
    assert len(drawing) == MAX_BYTES
    assert logo_address(drawing) == logo_address(PLAIN.encode())
    with pytest.raises(LogoError, match="is larger than 1 MB"):
        logo_address(drawing + b" ")


@pytest.mark.parametrize("name", ["../logo.png", "/etc/hostname", "own/../../logo.png", "link.png"])
def test_a_logo_lies_in_the_folder_of_its_briefing(tmp_path: Path, name: str) -> None:
    (tmp_path / "logo.png").write_bytes(pixels("PNG"))
    folder = tmp_path / "briefings"
    folder.mkdir()
    (folder / "own").mkdir()
    (folder / "link.png").symlink_to(tmp_path / "logo.png")
    with pytest.raises(InputError, match=r"briefing\.yaml:3:\d+: theme\.logo: must lie in the briefing's folder"):
        read(folder, name)


@pytest.mark.parametrize("name", ["none.png", ".", "a" * 300])
def test_a_logo_that_is_no_file_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"briefing\.yaml:3:\d+: theme\.logo: "):
        read(tmp_path, name)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/logo.png",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:image/png;base64,AAAA",
        "data:image/svg+xml;base64," + base64.b64encode(svg("<script/>")).decode(),
        "data:image/svg+xml;base64," + base64.b64encode(svg("<!-- not as written here -->")).decode(),
        'data:image/png;base64,"onerror="alert(1)',
        "logo.png",
        "",
    ],
)
def test_a_theme_takes_no_other_address(address: str) -> None:
    with pytest.raises(ChipbriefError, match=r"theme\.logo: "):
        page("screen", theme={"logo": address})


def test_a_file_that_never_ends_is_not_read_to_its_end() -> None:
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_logo(Path("/dev/zero"))
