"""Templates of a reader's own: each can be replaced alone, and none can read, fetch, run or hang anything."""

from __future__ import annotations

import io
import runpy
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from chipbrief.errors import ChipbriefError, InputError
from chipbrief_reports.briefing.document import Briefing, Chart, Paragraph, Section, Sliders, text
from chipbrief_reports.render import briefing_html, chart_svg, templates, write_pdf
from chipbrief_reports.render.checks import all_blocks, css_asks
from chipbrief_templates import BRIEFING

SAMPLE = Path(__file__).parent / "data" / "sample_briefing.py"
BUNDLED = sorted(path.name for path in BRIEFING.glob("*.j2"))


def sample() -> Briefing:
    found: Briefing = runpy.run_path(str(SAMPLE))["briefing"]()
    return found


def tiny(**changes: Any) -> Briefing:
    fields: dict[str, Any] = {
        "title": "T",
        "subtitle": "S",
        "organisation": "O",
        "as_of": "2026-11-23",
        "language": "en",
        "sections": (Section("one", "K", "H", (Paragraph(text("Words.")),)),),
        "notes": (),
        "systems": (),
    }
    return Briefing(**(fields | changes))


def page(briefing: Briefing, folder: Path, medium: Any = "screen", charts: Any = None) -> str:
    return briefing_html(briefing, medium=medium, charts=charts or {}, template_folder=folder)


def pdf(html: str) -> PdfReader:
    content, _ = write_pdf(html, title="T", organisation="O", as_of="2026-11-23")
    return PdfReader(io.BytesIO(content))


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}", asked
        httpd.shutdown()


# -- one template alone ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> tuple[Briefing, dict[str, str]]:
    briefing = sample()
    charts = [block for block in all_blocks(briefing) if isinstance(block, Chart)]
    return briefing, {chart.id: chart_svg(chart.spec, chart.id, chart.alternative) for chart in charts}


@pytest.mark.parametrize("name", BUNDLED)
def test_each_bundled_template_can_be_replaced_alone(drawn: Any, tmp_path: Path, name: str) -> None:
    """By a copy of itself with a mark: nothing else of the page changes."""
    briefing, charts = drawn
    mark = "<!-- mine -->"
    source = (BRIEFING / name).read_text()
    if name == "text.html.j2":  # only its macros are used
        source = source.replace("{%- for part in content -%}", mark + "{%- for part in content -%}", 1)
    else:
        source = (
            source.replace("<!DOCTYPE html>", "<!DOCTYPE html>" + mark, 1) if "DOCTYPE" in source else mark + source
        )
    (tmp_path / name).write_text(source)
    before, after = briefing_html(briefing, medium="screen", charts=charts), page(briefing, tmp_path, charts=charts)
    if any(isinstance(block, Sliders) for block in all_blocks(briefing)) or name != "sliders.html.j2":
        assert mark in after
    if name == "document.html.j2":  # its policy is put before all else, whatever the reader's own says
        start = after.index("<meta http-equiv")
        after = after[:start] + after[after.index(">", start) + 1 :]
    assert "".join(after.replace(mark, "").split()) == "".join(before.split())


@pytest.mark.parametrize("name", BUNDLED)
def test_each_template_that_is_broken_is_named_with_its_line(drawn: Any, tmp_path: Path, name: str) -> None:
    briefing, charts = drawn
    if name == "sliders.html.j2" and not any(isinstance(b, Sliders) for b in all_blocks(briefing)):
        (tmp_path / "section.html.j2").write_text("{% include 'sliders.html.j2' %}")
    (tmp_path / name).write_text("fine\n{% if %}\n")
    with pytest.raises(InputError, match="Expected an expression") as caught:
        page(briefing, tmp_path, charts=charts)
    [problem] = caught.value.problems
    assert (problem.file, problem.line) == (str(tmp_path / name), 2)


def test_a_template_that_is_no_text_or_too_large_is_named(tmp_path: Path) -> None:
    place = tmp_path / "title.html.j2"
    for content, told in ((b"\xff\xfe\x00", "is not UTF-8 text"), (b" " * 1_000_001, "is larger than 1 MB")):
        place.write_bytes(content)
        with pytest.raises(InputError, match=told) as caught:
            page(tiny(), tmp_path)
        assert caught.value.problems[0].file == str(place)


# -- reading --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "{% include '/etc/passwd' %}",
        "{% include '../secret.txt' %}",
        "{% include 'a/../../secret.txt' %}",
        "{% include 'bundled/../../__init__.py' %}",
        "{% import '../secret.txt' as s %}{{ s }}",
        "{% extends '../secret.txt' %}",
        "{% include 'link.txt' %}",
        "{{ briefing.__class__.__init__.__globals__ }}",
        "{{ ''['__class__']['__mro__'][1]['__subclasses__']() }}",
        "{{ briefing | attr('__class__') }}{{ (briefing | attr('__class__')).x }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(briefing) | attr('x') }}{{ nothing }}",
        "{{ self._TemplateReference__context.environment.loader }}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}",
        "{{ cycler.__init__.__globals__.os.environ }}",
        "{{ calls._notes }}",
    ],
)
def test_a_template_reads_nothing_of_the_machine(tmp_path: Path, source: str) -> None:
    (tmp_path / "secret.txt").write_text("the secret words")
    folder = tmp_path / "own"
    (folder / "a").mkdir(parents=True)
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "title.html.j2").write_text(source)
    with pytest.raises(InputError) as caught:
        page(tiny(), folder)
    assert "secret words" not in str(caught.value)
    assert "root:" not in str(caught.value)


# -- hanging --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "\n{% for a in range(10**9) %}x{% endfor %}",
        "\n{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "\n{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "\n{{ 'x' * 10**10 }}",
        "\n{{ 'x' | center(10**10) }}",
        "\n{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    ],
)
def test_a_template_that_does_not_end_is_stopped_and_named(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(templates, "SECONDS", 2)
    (tmp_path / "title.html.j2").write_text(source)
    with pytest.raises(InputError, match=r"Range too big|takes more than [0-9]+ s|recursion") as caught:
        page(tiny(), tmp_path)
    [problem] = caught.value.problems
    assert (problem.file, problem.line) == (str(tmp_path / "title.html.j2"), 2)


def test_a_template_that_does_not_even_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "SECONDS", 1)
    (tmp_path / "title.html.j2").write_text("{% set n = 10**(10**8) %}{{ n % 7 }}")
    with pytest.raises(InputError, match="takes more than 1 s or 1500 MB") as caught:
        page(tiny(), tmp_path)
    assert caught.value.problems[0].file.startswith(str(tmp_path))


# -- fetching -------------------------------------------------------------------------------------------------

ASKING = (
    '<img src="ADDRESS/a.png">',
    '<img src="data:," srcset="ADDRESS/a.png 2x">',
    '<link rel="stylesheet" href="ADDRESS/a.css">',
    '<link rel="preconnect" href="ADDRESS">',
    '<link rel="attachment" href="file://SECRET">',
    '<a rel="attachment" href="file://SECRET">x</a>',
    '<script src="ADDRESS/a.js"></script>',
    "<script>fetch('ADDRESS')</script>",
    '<iframe src="ADDRESS"></iframe>',
    '<object data="ADDRESS"></object>',
    '<meta http-equiv="refresh" content="0; url=ADDRESS">',
    '<base href="ADDRESS/">',
    '<p style="background: url(file://SECRET)">x</p>',
    '<style>@import "ADDRESS/a.css";</style>',
    "<style>body { background: url(ADDRESS/a.png) }</style>",
    "<style>body { background: u\\72l(ADDRESS/a.png) }</style>",
    '<svg><image href="ADDRESS/a.png"/></svg>',
    '<svg><use xlink:href="ADDRESS/a.svg#a"/></svg>',
    '<a href="javascript:alert(1)">x</a>',
    '<p onclick="alert(1)">x</p>',
    '<form action="ADDRESS"><button>x</button></form>',
    "{% autoescape false %}{{ briefing.title }}{% endautoescape %}",
    "{{ briefing.title | safe }}",
)


@pytest.mark.parametrize("medium", ["screen", "print"])
@pytest.mark.parametrize("part", ASKING)
def test_a_template_that_asks_for_anything_is_refused_with_its_line(
    tmp_path: Path, server: tuple[str, list[str]], part: str, medium: str
) -> None:
    address, asked = server
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret words")
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "title.html.j2").write_text(
        "<h1>x</h1>\n" + part.replace("ADDRESS", address).replace("SECRET", str(secret))
    )
    with pytest.raises(InputError, match="a briefing asks nobody for anything") as caught:
        page(tiny(title=f'<script src="{address}/t.js"></script>'), folder, medium)
    assert asked == []
    problem = caught.value.problems[0]
    if "briefing.title" not in part:
        assert (problem.file, problem.line) == (str(folder / "title.html.j2"), 2)


@pytest.mark.parametrize("part", [part for part in ASKING if "ADDRESS" in part or "SECRET" in part])
def test_the_press_itself_fetches_nothing_of_it_either(
    tmp_path: Path, server: tuple[str, list[str]], part: str
) -> None:
    """Below the check of the markup: the same elements straight to WeasyPrint."""
    address, asked = server
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret words")
    body = part.replace("ADDRESS", address).replace("SECRET", str(secret))
    html = f"<!DOCTYPE html><html lang=en><head><title>T</title></head><body><h1>T</h1>{body}</body></html>"
    refused, reader = "", None
    try:
        reader = pdf(html)
    except ChipbriefError as error:
        refused = str(error)
    assert reader is not None or "only data: and files below theme/" in refused
    if reader is not None:
        assert dict(reader.attachments) == {}
        assert "secret words" not in "".join(p.extract_text() for p in reader.pages)
    assert asked == []


@pytest.mark.parametrize(
    "source", ["<p>No document</p>{{ briefing.title }}", "<!doctype HTML>\n<html><head></head></html>"]
)
def test_a_document_of_the_readers_own_cannot_leave_the_policy_out(tmp_path: Path, source: str) -> None:
    (tmp_path / "document.html.j2").write_text(source)
    found = page(tiny(), tmp_path)
    assert found.startswith('<!DOCTYPE html>\n<meta http-equiv="Content-Security-Policy" content="default-src')


def test_what_a_template_may_show(tmp_path: Path) -> None:
    (tmp_path / "title.html.j2").write_text(
        '<h1 style="color: #123abc; background: url(data:,)">{{ briefing.title }}</h1><img src="data:," alt="">'
        '<style>h1::before { content: "\\2022" }</style><a href="https://example.org">x</a><a href="#one">y</a>'
    )
    assert "<h1 style=" in page(tiny(), tmp_path)


@pytest.mark.parametrize(
    ("css", "asks"),
    [
        ("a { b: url(#c) url('data:,') url( \"#d\" ) }", False),
        ("a { b: url(c.png) }", True),
        ("a { b: u/**/rl(//c) }", True),
        ("@\\69mport 'a'", True),
        ("a { b: image-set('c.png' 1x) }", True),
        ("a { curl: 1; import: 2 }", False),
    ],
)
def test_css_that_names_an_address(css: str, asks: bool) -> None:
    assert css_asks(css) is asks
