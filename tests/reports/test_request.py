"""What to print: a briefing file or a bare mix, and everything that may be wrong with either."""

from __future__ import annotations

from pathlib import Path

import pytest

from chipbrief.catalogue import load_catalogue
from chipbrief.errors import InputError
from chipbrief.registry import load_registry
from chipbrief_reports.request import FORMATS, SECTION_NAMES, Request, read_request

MIX = """\
schema: workload-mix/1
name: small-mix
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 1000, output: 100}
    arrival: {requests_per_day: 1M}
"""
INLINE = "".join(f"  {line}\n" for line in MIX.splitlines())


def read(folder: Path, text: str) -> Request:
    path = folder / "file.yaml"
    path.write_text(text)
    return read_request(path, models=load_catalogue().names, hardware=load_registry().names)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(folder, text)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_a_bare_mix_takes_every_default(tmp_path: Path) -> None:
    found = read(tmp_path, MIX)
    assert (found.title, found.organisation, found.as_of, found.focus) == ("Small mix", "", None, ())
    assert (found.sections, found.formats, found.template_folder) == (SECTION_NAMES, FORMATS, None)
    assert found.theme == {"paper": "A4", "accent": "#B4441C"}


def test_no_file_is_the_default_example() -> None:
    found = read_request(None, models=load_catalogue().names, hardware=load_registry().names)
    assert [c.id for c in found.mix.classes][:2] == ["docs-bot", "coding-agent"]


def test_a_briefing_says_what_it_wants(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    found = read(
        tmp_path,
        f"""schema: briefing/1
title: Our plan
organisation: Lab
as_of: 2026-11-23
focus: [b200]
sections: [decision, cost, decision]
theme: {{paper: Letter, accent: "#123abc", template_dir: own}}
formats: [html, xlsx, md]
mix:
{INLINE}""",
    )
    assert (found.title, found.organisation, found.as_of) == ("Our plan", "Lab", "2026-11-23")
    assert found.focus == ("nvidia-b200",)  # the alias's id
    assert found.sections == ("decision", "cost")
    assert found.theme == {"paper": "Letter", "accent": "#123abc"}
    assert (found.template_folder, found.formats) == (tmp_path / "own", ("html", "xlsx", "md"))


def test_a_mix_is_found_beside_its_briefing(tmp_path: Path) -> None:
    (tmp_path / "mix.yaml").write_text(MIX)
    assert read(tmp_path, "schema: briefing/1\nmix: mix.yaml\n").mix.name == "small-mix"


HEAD = "schema: briefing/1\nmix:\n" + INLINE


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sections: [decison]", "sections[0]: unknown section 'decison'; did you mean 'decision'?"),
        ("sections: []", "sections: expected at least 1, got none"),
        (
            "formats: [pfd]",
            "formats[0]: expected 'html', 'pdf', 'xlsx', 'csv', 'json' or 'md', got 'pfd'; did you mean 'pdf'?",
        ),
        ("formats: [xslx]", "got 'xslx'; did you mean 'xlsx'?"),
        ("focus: [nvdia-b200]", "focus[0]: unknown hardware 'nvdia-b200'; did you mean 'nvidia-b200'?"),
        ("as_of: 2026-13-01", "as_of: expected a date such as 2026-11-23, got '2026-13-01'"),
        ("theme: {accent: red}", "theme.accent: expected a colour such as #B4441C, got 'red'"),
        ("theme: {paper: letter}", "theme.paper: expected 'A4' or 'Letter', got 'letter'; did you mean 'Letter'?"),
        ("theme: {template_dir: nowhere}", "theme.template_dir: is no folder: "),
        ("tilte: x", "tilte: is not a field here; did you mean 'title'?"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    (found,) = problems(tmp_path, HEAD + line + "\n")
    assert found.startswith("file.yaml:11:")
    assert said in found


def test_problems_of_the_briefing_its_mix_and_its_templates_come_at_once(tmp_path: Path) -> None:
    text = HEAD.replace("1M", "-1") + "theme: {template_dir: nowhere}\n"
    assert [found.split(": ")[1] for found in problems(tmp_path, text)] == [
        "mix.classes[0].arrival.requests_per_day",
        "theme.template_dir",
    ]
    assert [found.split(": ")[1] for found in problems(tmp_path, HEAD.replace("1M", "-1") + "as_of: soon\n")] == [
        "mix.classes[0].arrival.requests_per_day",
        "as_of",
    ]


def test_a_mix_that_is_missing_or_neither_name_nor_mapping(tmp_path: Path) -> None:
    assert problems(tmp_path, "schema: briefing/1\n") == ["file.yaml:1:1: mix: is missing"]
    (found,) = problems(tmp_path, "schema: briefing/1\nmix: [a]\n")
    assert found.endswith("mix: expected a file's name or a mapping")
    (found,) = problems(tmp_path, "schema: briefing/1\nmix: none.yaml\n")
    assert found.startswith("file.yaml:2:6: mix: ")
    assert found.endswith("none.yaml cannot be read: No such file or directory")


def test_an_unknown_schema_is_told_the_nearest(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "schema: briefing/2\n")
    assert "expected 'workload-mix/1' or 'briefing/1', got 'briefing/2'; did you mean 'briefing/1'?" in found
