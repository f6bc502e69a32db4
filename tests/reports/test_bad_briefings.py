"""Bad briefing files on the command line, as a person would write them: one sentence a problem, exit 2, nothing written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.app import root
from chipbrief_reports.render import templates

HEAD = "schema: briefing/1\nformats: [html]\nsections: [decision]\n"  # what follows stands in line 4
MIX = """mix:
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
SCRIPTED = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
PNG = b"\x89PNG\r\n\x1a\n"

WRONG_LINES = [  # a line of a briefing, and all that is told of it
    ("sections: [decison]", "4:12: sections[0]: unknown section 'decison'; did you mean 'decision'?"),
    ("sections: decision", "4:11: sections: expected a list, got 'decision'"),
    (
        'theme: {accent: "red; background:url(x)"}',
        "4:17: theme.accent: expected a colour such as #B4441C, got 'red; background:url(x)'",
    ),
    ('theme: {accent: "#fff"}', "4:17: theme.accent: expected a colour such as #B4441C, got '#fff'"),
    (
        "theme:\n  accent: #B4441C",
        "5:10: theme.accent: expected a colour in quotes, such as '#B4441C': without them # begins a comment",
    ),
    ("theme: {acent: red}", "4:16: theme.acent: is not a field here; did you mean 'accent'?"),
    ("theme: dark", "4:8: theme: expected a mapping, got 'dark'"),
    ("theme: {paper: A5}", "4:16: theme.paper: expected 'A4' or 'Letter', got 'A5'"),
    ("theme: {paper: letter}", "4:16: theme.paper: expected 'A4' or 'Letter', got 'letter'; did you mean 'Letter'?"),
    ("theme: {logo: no.png}", "4:15: theme.logo: is no file: no.png"),
    ("theme: {logo: folder}", "4:15: theme.logo: is no file: folder"),
    (
        "theme: {logo: script.svg}",
        "4:15: theme.logo: script.svg is an SVG with <script>: only shapes and text may stand in a logo",
    ),
    ("theme: {logo: large.png}", "4:15: theme.logo: large.png is larger than 1 MB"),
    (
        "theme: {logo: note.txt}",
        "4:15: theme.logo: note.txt is no image by its bytes: expected a PNG, a JPEG or an SVG",
    ),
    (
        "theme: {logo: ../../../etc/passwd}",
        "4:15: theme.logo: must lie in the briefing's folder or below it: '../../../etc/passwd'",
    ),
    ("theme: {template_dir: nope}", "4:23: theme.template_dir: is no folder: nope"),
    ("theme: {template_dir: note.txt}", "4:23: theme.template_dir: is no folder: note.txt"),
    (
        "formats: [html, docx]",
        "4:17: formats[1]: expected 'html', 'pdf', 'xlsx', 'csv', 'json' or 'md', got 'docx'",
    ),
    ("formats: []", "4:1: formats: expected at least 1, got none"),
    ("as_of: 2026-02-31", "4:8: as_of: expected a date such as 2026-11-23, got '2026-02-31'"),
    ("focus: [nvidia-b20]", "4:9: focus[0]: unknown hardware 'nvidia-b20'; did you mean 'nvidia-b200'?"),
    ("focus: [cerebras-cs3]", "4:9: focus[0]: cerebras-cs3 is not among the mix's hardware: nvidia-b200"),
    ("claims: [nope/x.yaml]", "4:10: claims[0]: nope/x.yaml cannot be read: No such file or directory"),
    ("organization: x", "4:15: organization: is not a field here; did you mean 'organisation'?"),
    ("title: [a, b]", "4:1: title: expected text, got ['a', 'b']"),
    ("title: a\ntitle: b", "5:1: title: stands twice in the same mapping"),
    ('title: "a\\0b"', "4:8: title: holds U+0000, which cannot be printed: leave it out"),
]

WRONG_MIXES = [
    ("nope/none.yaml", "b.yaml:4:6: mix: nope/none.yaml cannot be read: No such file or directory"),
    ("voise", "b.yaml:4:6: mix: voise is neither a file nor an example mix; did you mean 'voice'?"),
    ("folder", "b.yaml:4:6: mix: folder cannot be read: Is a directory"),
    ("binary.yaml", "b.yaml:4:6: mix: binary.yaml is not UTF-8 text (byte 128)"),
    ("nul.yaml", "nul.yaml:1:4: holds U+0000, which cannot be printed: leave it out"),
    ("b.yaml", "b.yaml:1:9: schema: is a briefing, and a briefing's mix cannot be another briefing"),
    ("turns.yaml", "turns.yaml:2:7: name: goes 40 deep once its aliases are followed"),
    ("", "b.yaml:4:5: mix: expected a file's name or a mapping"),
]

WRONG_TEMPLATES = [  # source of title.html.j2, and what is told of it, after the folder's name
    ("fine\n{% if %}", "/title.html.j2:2: Expected an expression, got 'end of statement block'"),
    ("{% include '/etc/passwd' %}", "/title.html.j2:1: there is no template /etc/passwd"),
    (
        "\n<img src='http://example.com/x.png'>",
        "/title.html.j2:2: <img> has src='http://example.com/x.png': a briefing asks nobody for anything",
    ),
    (
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "/title.html.j2:1: takes more than 2 s or 1500 MB: does a loop not end?",
    ),
    (
        "{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}",
        ": takes more than 2 s or 1500 MB: does a loop not end?",
    ),
]


@pytest.fixture(scope="module", autouse=True)
def _registry_once() -> Iterator[None]:
    """The registry that the command loads, loaded once for all of these."""
    registry, catalogue = loading.registry(strict=False), loading.catalogue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "registry", lambda **_: registry)
        patch.setattr(loading, "catalogue", lambda: catalogue)
        yield


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Types `chipbrief build b.yaml ...` in a folder of odd files, and holds that nothing was written."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "script.svg").write_text(SCRIPTED)
    (tmp_path / "large.png").write_bytes(PNG + b"\0" * 10_000_000)
    (tmp_path / "note.txt").write_text("no image")
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    (tmp_path / "nul.yaml").write_bytes(b"a: \0\1")
    (tmp_path / "turns.yaml").write_text("schema: workload-mix/1\nname: &a [*a]\n")
    monkeypatch.chdir(tmp_path)

    def call(content: str, *options: str) -> Result:
        (tmp_path / "b.yaml").write_text(content)
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        words = ["build", "b.yaml", "--samples", "10", *options]
        result = CliRunner().invoke(root, words, prog_name="chipbrief")
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        assert result.exit_code == 2
        return result

    return call


def told(result: Result) -> list[str]:
    """The problems, without the progress before them."""
    return [line for line in result.stderr.splitlines() if re.match(r"\S+:|error:", line)]


@pytest.mark.parametrize(("line", "said"), WRONG_LINES, ids=[line.partition("\n")[0] for line, _ in WRONG_LINES])
def test_a_wrong_line(typed: Callable[..., Result], line: str, said: str) -> None:
    field = line.partition(":")[0]
    head = "".join(kept for kept in HEAD.splitlines(keepends=True) if not kept.startswith(f"{field}:"))
    head += "#\n" * (3 - head.count("\n"))
    assert told(typed(f"{head}{line}\n{MIX}")) == [f"b.yaml:{said}"]


@pytest.mark.parametrize(("name", "said"), WRONG_MIXES, ids=[name or "none" for name, _ in WRONG_MIXES])
def test_a_mix_that_is_none(typed: Callable[..., Result], name: str, said: str) -> None:
    assert told(typed(f"{HEAD}mix: {name}\n")) == [said]


@pytest.mark.parametrize(("source", "said"), WRONG_TEMPLATES, ids=["broken", "reads", "asks", "turns", "fills"])
def test_a_template_that_is_wrong(
    typed: Callable[..., Result], tmp_path: Path, source: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(templates, "SECONDS", 2)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "title.html.j2").write_text(source)
    found = told(typed(f"{HEAD}theme: {{template_dir: own}}\n{MIX}"))
    if said.startswith(":"):  # memory may go first inside the template, or when its output is put together
        found = [re.sub(r"/title\.html\.j2:\d+", "", line) for line in found]
    assert [line.replace("30 s", "2 s") for line in found] == [f"own{said}"]


def test_every_broken_template_is_told_before_anything_is_computed(
    typed: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any, **__: Any) -> None:
        raise AssertionError("evaluated")

    monkeypatch.setattr("chipbrief_reports.press.evaluate", none)
    (tmp_path / "own" / "parts").mkdir(parents=True)
    (tmp_path / "own" / "titel.html.j2").write_text("x")
    (tmp_path / "own" / "table.html.j2").write_text("{{ 1 + }}")
    (tmp_path / "own" / "text.html.j2").write_text("\n\n{% nonsense %}{% include 'parts/mine.j2' %}")
    (tmp_path / "own" / "parts" / "mine.j2").write_text("\xff", encoding="latin-1")
    assert told(typed(f"{HEAD}theme: {{template_dir: own, paper: A5}}\n{MIX}")) == [
        "b.yaml:4:35: theme.paper: expected 'A4' or 'Letter', got 'A5'"
    ]
    found = told(typed(f"{HEAD}theme: {{template_dir: own}}\n{MIX}"))
    assert found == [
        "own/parts/mine.j2:1: is not UTF-8 text",
        "own/table.html.j2:1: unexpected 'end of print statement'",
        "own/text.html.j2:3: Encountered unknown tag 'nonsense'.",
        "own/titel.html.j2: takes no template's place, and no other names it; did you mean 'title.html.j2'?",
    ]


def test_templates_of_any_name_that_others_ask_for_are_fine(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "title.html.j2").write_text("{% include 'parts/titel.html.j2' %}{% extends 'bundled/title.html.j2' %}")
    (tmp_path / "parts" / "titel.html.j2").write_text("x")
    (tmp_path / "parts" / "number-1.j2").write_text("x")
    assert templates.check_templates(tmp_path) == []


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("note.txt", "error: --output: is no folder: note.txt"),
        ("note.txt/below", "error: --output: is no folder: {}/note.txt"),
        ("/proc/x", "error: --output: cannot be written to: /proc/x: No such file or directory"),
    ],
)
def test_a_place_that_cannot_be_written(typed: Callable[..., Result], tmp_path: Path, target: str, said: str) -> None:
    assert told(typed(HEAD + MIX, "--output", target)) == [said.format(tmp_path)]


def test_all_that_is_wrong_is_told_at_once(typed: Callable[..., Result]) -> None:
    lines = "as_of: today\nfocus: [b2000]\ntheme: {paper: A3, accent: blue}\nclaims: [folder]\nmix: voise\n"
    assert [line.split(": ")[0:2] for line in told(typed(HEAD + lines))] == [
        ["b.yaml:4:8", "as_of"],
        ["b.yaml:5:9", "focus[0]"],
        ["b.yaml:6:16", "theme.paper"],
        ["b.yaml:6:28", "theme.accent"],
        ["b.yaml:8:6", "mix"],
    ]
