"""A build from the same inputs is not done again; a change of any of them, or of a file that was written, is seen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chipbrief_reports.unchanged import Basis, BuildReport, basis_of, kept, record, record_name

SCRIPT = Path(sys.executable).parent / "chipbrief"
DATE = {"SOURCE_DATE_EPOCH": "1795392000"}  # 2026-11-23
HEAVY = ("altair", "numpy", "pandas", "pydantic", "vl_convert", "weasyprint", "xlsxwriter")
MIX = """\
schema: workload-mix/1
name: small
classes:
  - id: chat
    title: Chat
    kind: chat
    model: llama-3.1-8b
    tokens: {input: {trace: tokens.csv}, output: 100}
    arrival: {requests_per_day: 1M}
    slo: {ttft_p95: 2 s, tpot_p95: 50 ms}
hardware: [nvidia-b200]
"""
BRIEFING = """\
schema: briefing/1
title: Our plan
mix: mixes/small.yaml
sections: [decision]
claims: [said.yaml]
theme: {template_dir: own}
"""
CLAIMS = "schema: claims/1\nname: said\ntitle: Said\nsource: {title: A paper, date: 2026-01-02}\nclaims: []\n"
FILES = {
    "in.yaml": BRIEFING,
    "mixes/small.yaml": MIX,
    "mixes/tokens.csv": "input_tokens\n900\n1100\n",
    "said.yaml": CLAIMS,
    "own/deep/note.html.j2": "a note",
    "beside.txt": "of no concern",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path / "in.yaml"


def digests(source: Path | None, **options: Any) -> Mapping[str, str]:
    basis = basis_of(source, **options)
    assert basis
    return basis.digests


# -- what goes in ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in FILES if name != "beside.txt"])
def test_a_byte_more_in_any_file_is_seen(source: Path, name: str) -> None:
    before = digests(source)["files"]
    with (source.parent / name).open("a") as file:
        file.write("\n")
    assert digests(source)["files"] != before


def write(name: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        (folder / name).write_text("new")

    return change


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda folder: (folder / "mixes" / "tokens.csv").unlink(), True),
        (lambda folder: (folder / "own" / "deep" / "note.html.j2").rename(folder / "own" / "other.html.j2"), True),
        (write("own/table.html.j2"), True),
        (write("mixes/nvidia-b200"), True),  # a text of the mix that no file had for a name before
        (write("beside.txt"), False),
        (lambda folder: os.utime(folder / "in.yaml", (1, 1)), False),
    ],
)
def test_files_that_come_and_go(source: Path, change: Callable[[Path], object], seen: bool) -> None:
    before = digests(source)["files"]
    change(source.parent)
    assert (digests(source)["files"] != before) == seen


def test_the_files_of_another_folder_are_the_same(source: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    there = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(source.parent, there)
    assert digests(there / "in.yaml")["files"] == digests(source)["files"]


def test_links_among_the_templates_are_followed_and_may_go_in_circles(source: Path) -> None:
    far = source.parent / "far"
    far.mkdir()
    (far / "table.html.j2").write_text("one")
    (source.parent / "own" / "link").symlink_to(far)
    (far / "back").symlink_to(source.parent / "own")
    before = digests(source)["files"]
    (far / "table.html.j2").write_text("two")
    assert digests(source)["files"] != before


@pytest.mark.parametrize(
    "options",
    [
        {"formats": ("html",)},
        {"formats": ("html", "pdf")},
        {"samples": 10},
        {"seed": 2},
        {"samples": 2, "seed": 10},
    ],
)
def test_options_are_seen(source: Path, options: dict[str, Any]) -> None:
    assert digests(source, **options)["options"] != digests(source)["options"]


def test_the_order_of_formats_is_no_change(source: Path) -> None:
    assert digests(source, formats=("pdf", "html")) == digests(source, formats=("html", "pdf"))


def test_no_file_and_the_default_example_by_name_are_not_the_same() -> None:
    assert digests(None)["options"] != digests(Path("five-workloads"))["options"]  # only the former prints claims


@pytest.mark.parametrize("name", ["no-such.yaml", "a" * 300, "."])
def test_what_is_no_file_has_no_basis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert basis_of(Path(name)) is None


def test_hostile_files_are_only_read(tmp_path: Path) -> None:
    source = tmp_path / "in.yaml"
    for content in (b"\xff\xfe\x00", b"mix: [\n", b"a: &a [*a]\n", b"x: " + b"y" * 5000, b"mix: in.yaml\n", b"%!"):
        source.write_bytes(content)
        assert digests(source)["files"]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a distribution in front of all others on the path."""

    def install(name: str, version: str, points: str = "") -> None:
        info = tmp_path / "site" / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(points)
        monkeypatch.syspath_prepend(tmp_path / "site")

    return install


@pytest.mark.parametrize("library", ["weasyprint", "altair", "vl_convert_python", "pydyf", "numpy", "jinja2"])
def test_another_version_of_a_library_is_seen(installed: Callable[..., None], library: str) -> None:
    before = digests(None)["libraries"]
    installed(library, "999")
    assert digests(None)["libraries"] != before


def test_a_plugin_and_each_change_of_it_is_seen(installed: Callable[..., None], tmp_path: Path) -> None:
    code = tmp_path / "site" / "acme_plugin.py"
    found = [digests(None)["program"]]
    installed("acme-plugin", "1", "[chipbrief]\nacme = acme_plugin\n")
    found.append(digests(None)["program"])
    for text in ("raise RuntimeError('no licence')", "raise RuntimeError('no licence') # still"):
        code.write_text(text)
        found.append(digests(None)["program"])
    assert len(set(found)) == 4


# -- what came out --------------------------------------------------------------------------------------------

OUTPUT = {Path("briefing.html"): b"<p>", Path("data/results.json"): b"{}"}
BASIS = Basis({"files": "1", "program": "2"}, None, "2026-11-24", summary=False)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    content = record(BASIS, None, OUTPUT, BuildReport(tuple(OUTPUT), 3, ("long",), None))
    for name, written in {**OUTPUT, record_name(summary=False): content}.items():
        (tmp_path / name).write_bytes(written)
    return tmp_path


def test_what_is_there_is_told_as_it_was_built(output: Path) -> None:
    written = (output / "briefing.html", output / "data" / "results.json")
    assert kept(output, BASIS) == BuildReport(written, 3, ("long",), None, unchanged=True)


def test_another_basis_keeps_nothing(output: Path) -> None:
    assert kept(output, None) is None
    assert kept(output, Basis({"files": "1", "program": "3"}, None, "2026-11-24", summary=False)) is None
    assert kept(output, Basis(BASIS.digests, None, "2026-11-24", summary=True)) is None
    assert kept(output, Basis(BASIS.digests, None, "2026-11-25", summary=False)) is None
    assert kept(output, Basis(BASIS.digests, "2026-11-25", "2026-11-24", summary=False)) is None
    assert kept(output, Basis(BASIS.digests, "2026-11-24", "2026-11-25", summary=False))  # the same day, said


def test_the_day_of_the_run_is_nothing_to_a_briefing_with_its_own(output: Path) -> None:
    content = record(BASIS, "2026-01-02", OUTPUT, BuildReport((), None, (), None))
    (output / record_name(summary=False)).write_bytes(content)
    assert kept(output, Basis(BASIS.digests, None, "2027-01-01", summary=False))
    assert kept(output, Basis(BASIS.digests, "2027-01-01", "2027-01-01", summary=False)) is None


@pytest.mark.parametrize("name", [str(name) for name in OUTPUT])
def test_a_file_edited_or_deleted_by_hand(output: Path, name: str) -> None:
    (output / name).write_bytes(OUTPUT[Path(name)] + b" ")
    assert kept(output, BASIS) is None
    (output / name).write_bytes(OUTPUT[Path(name)])
    assert kept(output, BASIS)
    (output / name).unlink()
    assert kept(output, BASIS) is None
    (output / name).mkdir()
    assert kept(output, BASIS) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        lambda _: [],
        lambda _: {},
        lambda found: found | {"files": {}},
        lambda found: found | {"files": ["briefing.html"]},
        lambda found: found | {"files": {"briefing.html": None}},
        lambda found: found | {"warnings": None},
        lambda found: found | {"schema": "build-record/0"},
    ],
)
def test_a_record_that_is_none_of_ours(output: Path, change: Callable[[dict[str, Any]], object]) -> None:
    place = output / record_name(summary=False)
    place.write_text(json.dumps(change(json.loads(place.read_text()))))
    assert kept(output, BASIS) is None
    place.write_bytes(b"\xff{")
    assert kept(output, BASIS) is None


# -- the command ----------------------------------------------------------------------------------------------


def build(source: Path, *options: str, env: Mapping[str, str] | None = None) -> tuple[dict[str, Any], str]:
    words = [SCRIPT, "build", source, "-o", source.parent / "out", "--samples", "10", "--format", "html,csv", "--json"]
    environment = {**os.environ, **DATE, **(env or {})}
    found = subprocess.run([*words, *options], env=environment, capture_output=True, text=True, check=True)
    return json.loads(found.stdout), found.stderr


def identities(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_ino for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def plain(source: Path) -> Path:
    """The source without claims, and without templates of its own."""
    source.write_text("".join(BRIEFING.splitlines(keepends=True)[:4]))
    return source


@pytest.mark.slow
def test_the_second_build_only_says_what_the_first_wrote(plain: Path) -> None:
    first, _ = build(plain)
    assert first["unchanged"] is False
    before = identities(plain.parent / "out")
    assert ".chipbrief.json" in before
    assert ".chipbrief.json" not in "".join(first["written"])
    second, told = build(plain)
    assert second == first | {"unchanged": True}
    assert told == "unchanged since it was built; --force builds it again\n"
    assert identities(plain.parent / "out") == before

    forced, told = build(plain, "--force")
    assert forced == first
    assert "HTML" in told
    assert not set(before.values()) & set(identities(plain.parent / "out").values())

    page = plain.parent / "out" / "briefing.html"
    content = page.read_bytes()
    page.write_bytes(content + b"<!-- mine -->")
    assert build(plain)[0] == first
    assert page.read_bytes() == content
    assert build(plain, env={"SOURCE_DATE_EPOCH": "1795478400"})[0]["unchanged"] is False
    assert build(plain)[0]["unchanged"] is False  # that was of another day


@pytest.mark.slow
def test_an_unchanged_briefing_costs_no_heavy_import(plain: Path) -> None:
    out, words = str(plain.parent / "out"), ["--format", "html", "--samples", "10"]
    code = f"""
import sys
from chipbrief_reports.cli.app import root
assert root.main(["build", {str(plain)!r}, "-o", {out!r}, *{words}], standalone_mode=False) == 0
print(sorted(set(sys.modules) & set({HEAVY})))
"""
    ends = [
        subprocess.run([sys.executable, "-c", code], env={**os.environ, **DATE}, capture_output=True, text=True)
        for _ in range(2)
    ]
    assert [end.returncode for end in ends] == [0, 0], ends[0].stderr + ends[1].stderr
    assert "numpy" in ends[0].stdout.splitlines()[-1]
    assert ends[1].stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_a_plugin_that_fails_leaves_no_record(plain: Path, installed: Callable[..., None]) -> None:
    installed("acme-plugin", "1", "[chipbrief]\nacme = no_such_module\n")
    env = {"PYTHONPATH": str(plain.parent / "site")}
    for _ in range(2):
        found, told = build(plain, env=env)
        assert found["unchanged"] is False
        assert "warning: plugin acme" in told
    assert not (plain.parent / "out" / ".chipbrief.json").exists()
