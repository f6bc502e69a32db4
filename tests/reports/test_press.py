"""The press in processes of its own: what it leaves in the folder, whatever happens on the way."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from pypdf import PdfReader

SCRIPT = Path(sys.executable).parent / "chipbrief"
DATE = {"SOURCE_DATE_EPOCH": "1795392000"}  # 2026-11-23
CSV = ("operating_points", "costs", "cost_lines", "frontier", "inputs", "model_error", "measured_points")
MIX = """\
schema: workload-mix/1
name: small
classes:
  - id: chat
    title: Chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: 1000, output: 100}
    arrival: {requests_per_day: 1M}
    slo: {ttft_p95: 2 s, tpot_p95: 50 ms}
hardware: [nvidia-b200]
"""
BRIEFING = (
    "schema: briefing/1\ntitle: Our plan\nfocus: [b200]\nsections: [decision, cost]\n"
    'theme: {paper: Letter, accent: "#123abc"}\nmix:\n' + "".join(f"  {line}\n" for line in MIX.splitlines())
)


def short(mix: str) -> str:
    """A briefing of its first section alone, where what is promised does not depend on the others."""
    return "schema: briefing/1\nsections: [decision]\nmix:\n" + "".join(f"  {line}\n" for line in mix.splitlines())


def build(
    folder: Path, text: str, *options: object, env: Mapping[str, str] | None = None, output: object = "out"
) -> subprocess.CompletedProcess[str]:
    (folder / "in.yaml").write_text(text)
    words = [str(SCRIPT), "build", str(folder / "in.yaml"), "-o", str(output), "--samples", "10", *map(str, options)]
    environment = {**os.environ, **DATE, **(env or {})}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("[!.]*") if path.is_file()}


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


# -- the default example --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """`chipbrief build` without a word more: the folder it ran in, and the lines it printed."""
    here = tmp_path_factory.mktemp("default")
    found = subprocess.run([SCRIPT, "build"], cwd=here, env={**os.environ, **DATE}, capture_output=True, check=True)
    return here, found.stdout.decode().strip().splitlines()


@pytest.fixture(scope="module")
def default(told: tuple[Path, list[str]]) -> Path:
    return told[0] / "briefing"


@pytest.mark.slow
def test_build_without_a_file_prints_the_default_example_and_tells_what_it_wrote(told: tuple[Path, list[str]]) -> None:
    here, lines = told
    pages = len(PdfReader(here / "briefing" / "briefing.pdf").pages)
    assert f"briefing/briefing.pdf ({pages} pages)" in lines
    assert {"briefing/briefing.html", "briefing/data/inputs.csv", "briefing/data/results.json"} <= set(lines)
    assert set(contents(here)) == {line.partition(" (")[0] for line in lines}
    assert json.loads((here / "briefing" / "data" / "results.json").read_text())["as_of"] == "2026-11-23"


@pytest.mark.slow
def test_the_default_example(default: Path) -> None:
    assert set(contents(default)) == {
        "briefing.html",
        "briefing.md",
        "briefing.pdf",
        "briefing.xlsx",
        "data/results.json",
        *(f"data/{name}.csv" for name in CSV),
    }
    pages = PdfReader(default / "briefing.pdf").pages
    text = "\n".join(page.extract_text() for page in pages)
    assert len(pages) >= 5
    assert all(name in text for name in ("CS-3", "B200", "Groq"))
    page = (default / "briefing.html").read_text()
    assert page.count("<svg") >= 4


@pytest.mark.slow
def test_every_hardware_option_of_page_one_has_a_note_with_a_dated_source(default: Path) -> None:
    page = (default / "briefing.html").read_text()
    decision = page[page.index('id="decision"') : page.index('id="mix"')]
    options = re.findall(r'<tr class=" system-\d">.*?</tr>', decision, re.DOTALL)
    assert len(options) >= 3
    first = PdfReader(default / "briefing.pdf").pages[0].extract_text()
    for option in options:
        number = re.findall(r'href="#note-(\d+)"', option)[0]
        note = re.search(rf'<li class="note" id="note-{number}".*?</li>', page, re.DOTALL)
        assert note
        assert re.search(r'note-sources">.+?, 20\d\d', note[0])
        foot = re.search(rf"^{number}  (.*?)(?=^\d+  |\Z)", first, re.MULTILINE | re.DOTALL)
        assert foot
        assert re.search(r"\(.+, 20\d\d", foot[1].replace("\n", " "))


@pytest.mark.slow
def test_the_page_asks_for_nothing_from_elsewhere(default: Path) -> None:
    page = (default / "briefing.html").read_text()
    page = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)  # bundled; test_live.py watches what it asks for
    for tag, target in re.findall(r'<(\w+)[^>]*?\s(?:src|href|xlink:href)="([^"]*)"', page):
        assert target.startswith(("#", "data:")) or (tag == "a" and target.startswith("https://")), (tag, target)
    assert all(target.startswith(("data:", "#")) for target in re.findall(r"url\([\"']?([^)]*)", page))
    assert not re.search(r"@import|<script[^>]*\ssrc|srcset|<iframe", page)


# -- the same inputs ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for seed, zone, language in (("1", "Pacific/Kiritimati", "C"), ("2", "America/Los_Angeles", "de_DE.UTF-8")):
        env = {"PYTHONHASHSEED": seed, "TZ": zone, "LANG": language}
        folder = tmp_path / seed
        folder.mkdir()
        assert build(folder, BRIEFING, env=env).returncode == 0
        made.append(contents(folder / "out"))
    files = {"briefing.html", "briefing.md", "briefing.pdf", "briefing.xlsx", "data/costs.csv", "data/results.json"}
    assert files <= made[0].keys()
    assert made[0] == made[1]


@pytest.mark.slow
def test_a_briefing_file_decides_paper_title_and_sections(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert build(tmp_path, BRIEFING).returncode == 0
    reader = PdfReader(tmp_path / "out" / "briefing.pdf")
    assert reader.metadata
    assert reader.metadata.title == "Our plan"
    assert (float(reader.pages[0].mediabox.width), float(reader.pages[0].mediabox.height)) == (612, 792)  # Letter
    page = (tmp_path / "out" / "briefing.html").read_text()
    assert "#123abc" in page.lower()
    assert {name for name in ("decision", "cost", "mix", "power") if f'id="{name}"' in page} == {"decision", "cost"}
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_html_alone(tmp_path: Path) -> None:
    assert build(tmp_path, short(MIX), "--format", "html").returncode == 0
    assert list(contents(tmp_path / "out")) == ["briefing.html"]


# -- what goes wrong ------------------------------------------------------------------------------------------


def test_a_folder_where_a_file_belongs_leaves_the_rest_alone(tmp_path: Path) -> None:
    (tmp_path / "out" / "briefing.html").mkdir(parents=True)
    (tmp_path / "out" / "data").mkdir()
    (tmp_path / "out" / "data" / "costs.csv").write_text("old")
    found = build(tmp_path, short(MIX), "--format", "csv,html")
    assert found.returncode == 2
    assert found.stderr.splitlines()[-1] == "error: --output: cannot be written: out/briefing.html: Is a directory"
    assert contents(tmp_path / "out") == {"data/costs.csv": b"old"}


def test_a_name_too_long_for_a_folder(tmp_path: Path) -> None:
    found = build(tmp_path, MIX, output="a" * 300)
    assert (found.returncode, len(found.stderr.splitlines())) == (2, 1)
    assert found.stderr.startswith("error: --output: cannot be written to: aaa")
    assert "File name too long" in found.stderr


@pytest.mark.slow
def test_a_killed_build_leaves_whole_files(tmp_path: Path) -> None:
    assert build(tmp_path, BRIEFING).returncode == 0
    old = contents(tmp_path / "out")
    words = [SCRIPT, "build", tmp_path / "in.yaml", "-o", tmp_path / "out", "--seed", "9"]
    for stage in ("HTML", "PDF"):
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env={**os.environ, **DATE}) as process:
            assert process.stderr
            assert any(line.strip() == stage for line in process.stderr)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert contents(tmp_path / "out") == old


def test_without_pango(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nclass Absent:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'weasyprint':\n            raise OSError(\"cannot load library 'libgobject-2.0-0'\")\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    found = build(tmp_path, short(MIX), env={"PYTHONPATH": str(tmp_path)})
    assert found.returncode == 1
    assert "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in found.stderr.splitlines()[-1]
    written = {"briefing.html", "briefing.md", "briefing.xlsx", "data/costs.csv", "data/results.json"}
    assert written <= contents(tmp_path / "out").keys()
    assert not (tmp_path / "out" / "briefing.pdf").exists()


@pytest.mark.slow
def test_page_one_names_a_plugin_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "acme.py").write_text("raise RuntimeError('no licence')")
    info = tmp_path / "acme-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 9.9\n")
    (info / "entry_points.txt").write_text("[chipbrief]\nacme = acme\n")
    env = {"PYTHONPATH": str(tmp_path)}
    assert build(tmp_path, BRIEFING, env=env).returncode == 0
    first = " ".join(PdfReader(tmp_path / "out" / "briefing.pdf").pages[0].extract_text().split())
    assert "acme" in first
    assert "9.9" in first
    assert build(tmp_path, MIX, "--strict", env=env, output="other").returncode == 1
    assert not (tmp_path / "other").exists()


# -- inputs reach outputs -------------------------------------------------------------------------------------


def test_a_shorter_life_costs_the_owner_more(tmp_path: Path) -> None:
    hourly, monthly = {}, {}
    for life in ("2 y", "4 y"):
        text = MIX + f"finance: {{economic_life: {life}, cost_of_capital: 10 %, residual: 0 %}}\n"
        assert build(tmp_path, short(text), "--format", "csv").returncode == 0
        data = tmp_path / "out" / "data"
        (hardware,) = [r for r in rows(data / "cost_lines.csv") if (r["lane"], r["line"]) == ("own", "hardware")]
        (own,) = [r for r in rows(data / "costs.csv") if r["lane"] == "own"]
        hourly[life], monthly[life] = float(hardware["usd_per_system_hour"]), float(own["usd_month"])
    # 500,000 USD a DGX B200, 8760 h a year; 10 % over 2 years 0.1/(1-1.1^-2) = 0.576190, over 4 years 0.315471
    assert hourly["2 y"] == pytest.approx(500_000 * 0.576190 / 8760, rel=1e-5)
    assert hourly["4 y"] == pytest.approx(500_000 * 0.315471 / 8760, rel=1e-5)
    assert monthly["2 y"] > monthly["4 y"]


def test_a_hostile_title_is_text_everywhere(tmp_path: Path) -> None:
    title = "=HYPERLINK(1)<script>alert(1)</script>"
    assert (
        build(
            tmp_path, short(MIX.replace("title: Chat", f"title: '{title}'")), "--format", "html,csv,json,xlsx,md"
        ).returncode
        == 0
    )
    page = (tmp_path / "out" / "briefing.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    results = json.loads((tmp_path / "out" / "data" / "results.json").read_text())
    assert results["mix"]["classes"][0]["title"] == title
    assert not re.search(r"(?<!\\)<script", (tmp_path / "out" / "briefing.md").read_text())
    with zipfile.ZipFile(tmp_path / "out" / "briefing.xlsx") as book:
        sheets = [book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) > len(CSV)
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
    for name in CSV:
        for row in rows(tmp_path / "out" / "data" / f"{name}.csv"):
            for cell in row.values():
                assert not cell.startswith(("=", "+", "@")), cell
                assert not cell.startswith("-") or float(cell) < 0
