"""Every command and every snippet of the documentation, typed, read and run."""

from __future__ import annotations

import ast
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from chipbrief import load_catalogue
from chipbrief.claims import CHECKS, load_claims
from chipbrief.conformance import read_cases
from chipbrief.evidence import SHIPPED
from chipbrief.registry import load_registry
from chipbrief.sweep import load_sweep
from chipbrief.workload import load_mix
from chipbrief_reports.cli.app import root
from chipbrief_reports.request import read_request
from chipbrief_templates import EXAMPLE_SWEEP

from .typed import BLOCK, ROOT, Typed, blocks, lines, type_in

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.glob("*.md"))]  # the tutorial under docs/plugins is typed by test_tutorial.py,
TYPED = [page for page in PAGES if page != README and any(lines(page))]  # the README's session by test_readme.py

# What is typed differently from how it stands there, with the reason.
INSTEAD = {
    "--system ID": ("--system nvidia-b200", "ID is any system's"),
    r"\| jq .*": ("", "jq is a program of its own"),
    "chipbrief serve$": ("chipbrief serve --port 0", "the port may be taken where the test runs"),
}
# What runs until it is ended: it is ended after some seconds.
STAYS = {"chipbrief serve", "chipbrief schedule run"}
# What is not typed here, with the reason.
LEFT_OUT = {
    "chipbrief calibrate measured.csv --output calibrated": "takes some ten minutes; test_calibrate.py runs it on fewer points",
}
MIX = """
schema: workload-mix/1
name: two-classes
horizon: {start: 2026-12, months: 6, growth_per_year: 1.5}
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 1000, output: 200}
    arrival: {requests_per_day: 200k}
    slo: {ttft_p95: 2 s, tpot_p95: 50 ms}
  - id: voice
    kind: voice
    model: gpt-oss-120b
    tokens: {input: 600, output: 80}
    arrival: {requests_per_day: 50k}
    slo: {ttft_p95: 1 s, tpot_p95: 30 ms}
hardware: [nvidia-b200, groq-lpu]
"""
WEEKLY = """
schema: briefing/1
title: Weekly chat
mix: mix.yaml
sections: [decision]
formats: [md]
schedule: {cron: "0 7 * * MON", timezone: Europe/Berlin, catch_up: all}
"""
LOG = "arrival,input,output\n" + "".join(f"{i * 7},{900 + i % 200},{100 + i % 90}\n" for i in range(2000))


def prepared(folder: Path, page: Path) -> None:
    """The files that a page speaks of."""
    (folder / "mix.yaml").write_text(MIX)
    (folder / "requests.csv").write_text(LOG)
    shutil.copy(EXAMPLE_SWEEP, folder / "sweep.yaml")
    shutil.copy(SHIPPED, folder / "measured.csv")  # some of the points that the page has all of
    (folder / "claims.yaml").write_text(blocks(DOCS / "claims.md", "yaml")[0])
    if page.stem == "conformance":
        shutil.copy(next(DOCS.glob("plugins/*/*/a1.yaml")), folder / "acme.yaml")
    if page.stem == "index":
        (folder / "briefing.yaml").write_text(blocks(page, "yaml")[0])
    if page.stem in ("schedule", "schedule-recipes"):
        (folder / "weekly.yaml").write_text(WEEKLY)
        for moment in ("2026-11-16T07:00:00Z", "2026-11-23T07:00:00Z"):
            done = type_in(folder, f"chipbrief schedule tick --now {moment}")
            assert done.returncode == 0, done.stderr


def as_run(line: Typed) -> str:
    text = line.bare
    for place, (instead, _) in INSTEAD.items():
        text = re.sub(place, instead, text)
    return text


def stays(folder: Path, line: str) -> None:
    """Start it, see that it does not end by itself, end it as Ctrl-C does."""
    command = ["bash", "-c", f"exec {line}"]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, env={"PATH": path}, **quiet) as child:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(15)
            child.send_signal(signal.SIGINT)
            assert child.wait(60) in (0, 130)
        finally:
            child.kill()


@pytest.mark.slow
@pytest.mark.parametrize("page", TYPED, ids=lambda page: page.stem)
def test_every_line_of_a_page_works_as_typed(page: Path, tmp_path: Path) -> None:
    prepared(tmp_path, page)
    for line in lines(page):
        text = as_run(line)
        if line.bare in LEFT_OUT:
            continue
        if line.bare in STAYS:
            stays(tmp_path, text)
            continue
        done = type_in(tmp_path, text)
        assert done.returncode == line.code, f"{line.text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert ">" in text or done.stdout.strip(), f"{line.text} prints nothing"


def test_the_exceptions_are_lines_that_exist() -> None:
    every = [line.bare for page in TYPED for line in lines(page)]
    assert {bare for bare in (*LEFT_OUT, *STAYS) if bare not in every} == set()
    assert {place for place in INSTEAD if not any(re.search(place, bare) for bare in every)} == set()


# -- commands in running text ------------------------------------------------------------------------------------


def spoken(page: Path) -> Iterator[str]:
    """`chipbrief ...` in a page's text, tables and sessions."""
    text = BLOCK.sub("", page.read_text())
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text) if span.startswith("chipbrief "))
    yield from (line.bare.partition(" | ")[0] for line in lines(page))


@pytest.mark.parametrize("page", [*PAGES, DOCS / "plugins" / "index.md"], ids=lambda page: page.stem)
def test_every_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    for text in spoken(page):
        words = re.split(r"\s+", text.removeprefix(".venv/bin/").partition(" > ")[0])
        if words[0] == "chipbrief":
            known(words[1:], text)


def known(words: list[str], text: str) -> None:
    """Follow the words from the root; options must be of the command that they come to."""
    command: click.Command = root
    names = option_names(command)
    for word in words:
        if isinstance(command, click.Group) and word in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), word)
            assert found
            command, names = found, names | option_names(found)
        elif word.startswith("-") and word != "-":
            assert word.partition("=")[0] in names, f"{text}: {word}"
        elif command is root and names == option_names(root):
            assert not re.fullmatch(r"[a-z]+", word), f"{text}: no command {word}"


def option_names(command: click.Command) -> set[str]:
    return {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}


# -- snippets ----------------------------------------------------------------------------------------------------

SNIPPETS = [(page, i, text) for page in PAGES for i, text in enumerate(blocks(page, "yaml"))]
PYTHON = [(page, i, text) for page in PAGES for i, text in enumerate(blocks(page, "python"))]
# Parts of a file that hold `...` for what is left out, with what stands for it.
ELLIPSIS = {"lint": "kind: list_price, source: a-page"}


def named(snippet: tuple[Path, int, str]) -> str:
    return f"{snippet[0].stem}-{snippet[1]}"


def readers() -> dict[str, Callable[[Path], Any]]:
    registry, catalogue = load_registry(), load_catalogue()
    names = {"models": catalogue.names, "hardware": registry.names}
    return {
        "workload-mix/1": lambda path: load_mix(path, **names),
        "briefing/1": lambda path: read_request(path, **names),
        "claims/1": lambda path: load_claims(path, checks=CHECKS, **names),
        "sweep/1": lambda path: load_sweep(path, **names),
        "reference-cases/1": lambda path: read_cases(path, catalogue),
    }


@pytest.mark.parametrize("snippet", SNIPPETS, ids=named)
def test_every_yaml_block_is_read_by_the_program(snippet: tuple[Path, int, str], tmp_path: Path) -> None:
    page, _, text = snippet
    if page.stem in ELLIPSIS:
        text = text.replace("...", ELLIPSIS[page.stem], 1)
    data = yaml.safe_load(text)
    assert isinstance(data, dict)
    if page.stem == "lint":
        assert set(data["system"]) == {"value", "kind", "source", "date", "note"}
        return
    if "schema" not in data:  # a part of a briefing
        assert set(data) == {"schedule"}
        text = f"{WEEKLY.split('schedule:')[0]}{text}"
        data = yaml.safe_load(text)
    (tmp_path / "mix.yaml").write_text(MIX)
    (tmp_path / "it.yaml").write_text(text)
    assert readers()[data["schema"]](tmp_path / "it.yaml")


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "json")], ids=lambda page: page.stem)
def test_every_json_block_is_json(page: Path) -> None:
    assert all(isinstance(json.loads(text), dict) for text in blocks(page, "json"))


@pytest.mark.parametrize("snippet", PYTHON, ids=named)
def test_every_python_block_is_python(snippet: tuple[Path, int, str]) -> None:
    assert ast.parse(snippet[2]).body


def test_the_receiver_of_a_webhook_knows_what_is_genuine() -> None:
    import hashlib
    import hmac
    import time

    space: dict[str, Any] = {}
    exec(blocks(DOCS / "delivery.md", "python")[0], space)  # of our own page
    stamp, body = str(int(time.time())), b'{"event": "edition"}'
    digest = hmac.new(b"key", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Chipbrief-Timestamp": stamp, "X-Chipbrief-Signature": f"sha256={digest}"}
    assert space["genuine"](b"key", headers, body)
    assert not space["genuine"](b"another", headers, body)
    assert not space["genuine"](b"key", headers, body + b" ")


@pytest.mark.slow
def test_the_sweep_from_python_runs(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE_SWEEP, tmp_path / "sweep.yaml")
    (tmp_path / "it.py").write_text(blocks(DOCS / "sweep.md", "python")[0])
    done = type_in(tmp_path, "python it.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_start_page_sets_up_as_the_readme_does() -> None:
    assert blocks(DOCS / "index.md", "sh") == blocks(README, "sh")[:1]


# -- links -------------------------------------------------------------------------------------------------------

LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")
EVERY_PAGE = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def anchors(page: Path) -> set[str]:
    """Ids of the headings, as GitHub and mkdocs both make them for plain headings."""
    text = BLOCK.sub("", page.read_text())
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", head).strip().lower()) for head in heads}


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_page_and_a_heading(page: Path) -> None:
    for link in LINK.findall(BLOCK.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
