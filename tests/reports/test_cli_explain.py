"""`chipbrief explain`, and the way from a number of page 1 to the row of its input."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chipbrief_reports.cli.app import root

MIX = (Path(__file__).parent / "data" / "small-mix.yaml").read_text(encoding="utf-8")


def invoke(*args: object) -> Result:
    return CliRunner().invoke(root, [str(arg) for arg in args], prog_name="chipbrief")


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mix") / "mix.yaml"
    path.write_text(MIX)
    return path


def asked(*args: object) -> dict[str, Any]:
    done = invoke("explain", *args, "--samples", 10, "--as-of", "2026-11-24", "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


# -- the command ----------------------------------------------------------------------------------------------


def test_without_a_result_it_lists_those_that_there_are(mix: Path) -> None:
    found = asked(mix)
    names = {entry["id"] for entry in found["results"]}
    assert "route.usd_month" in names
    assert any(name.startswith("mix:") for name in names)


def test_a_result_leads_to_the_price_behind_it(mix: Path) -> None:
    listed = asked(mix)["results"]
    name = next(e["id"] for e in listed if e["id"].startswith("fleet.") and e["id"].endswith(".own.usd_month"))
    system = name.split(".")[1]
    found = asked(name, mix)
    entries = {entry["id"]: entry for entry in found["entries"]}
    assert found["entries"][0]["id"] == name
    assert all(inner in entries for entry in entries.values() for inner in entry["inputs"])
    price = next(figure for figure in found["figures"] if figure["id"] == f"{system}:price.system")
    assert price["source"]
    assert price["date"]
    assert price["kind"]
    assert any(
        entry["id"].endswith(".hardware") and f"{system}:price.system" in entry["figures"] for entry in entries.values()
    )


def test_the_text_shows_value_equation_arithmetic_and_inputs(mix: Path) -> None:
    listed = asked(mix)["results"]
    name = next(e["id"] for e in listed if e["id"].endswith(".own.usd_mtok"))
    done = invoke("explain", name, mix, "--samples", 10)
    assert done.exit_code == 0
    assert re.match(rf"{re.escape(name)} = [\d,.]+ USD/Mtok", done.stdout)
    assert "C3: whole units for the peak" in done.stdout
    assert "Inputs: values, ranges and sources" in done.stdout
    assert "as above" in done.stdout


def test_the_value_is_that_of_compare(mix: Path) -> None:
    compared = json.loads(invoke("compare", mix, "--samples", 10, "--as-of", "2026-11-24", "--json").stdout)
    for wanted in compared["classes"]:
        for outcome in wanted["outcomes"]:
            for lane in outcome["lanes"]:
                name = f"{wanted['id']}.{outcome['system']}.{lane['lane']}.usd_mtok"
                entry = asked(name, mix)["entries"][0]
                assert entry["value"] == lane["usd_mtok"]["value"]
                break


def test_an_unknown_result_is_told_the_nearest(mix: Path) -> None:
    done = invoke("explain", "route.usd_mont", mix, "--samples", 2)
    assert done.exit_code == 2
    assert "did you mean 'route.usd_month'?" in done.stderr
    assert done.stdout == ""


def test_a_mix_that_is_none_is_refused() -> None:
    done = invoke("explain", "route.usd_month", "no-such-mix", "--samples", 2)
    assert done.exit_code == 2
    assert "neither a file nor an example mix" in done.stderr


# -- two hops -------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Links and ids of a page, by the section and the note that they stand in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.section = self.note = ""
        self.ids: set[str] = set()
        self.calls: list[str] = []  # notes that the first section calls
        self.inputs: dict[str, list[str]] = {}  # rows that each note leads to
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if "id" in told:
            self.ids.add(told["id"])
        if tag == "section":
            self.section = told.get("id", "")
        if tag == "li" and told.get("id", "").startswith("note-"):
            self.note = told["id"]
            self.inputs[self.note] = []
        href = told.get("href", "")
        if tag == "a" and href.startswith("#note-") and self.section == "decision":
            self.calls.append(href[1:])
        if tag == "a" and href.startswith("#input-"):
            self.inputs[self.note].append(href[1:])


def test_every_number_of_page_1_is_two_links_from_the_rows_of_its_inputs(mix: Path, tmp_path: Path) -> None:
    briefing = tmp_path / "briefing.yaml"
    briefing.write_text(f"schema: briefing/1\nmix: {mix}\nsections: [decision, evidence]\n")
    done = invoke("build", briefing, "--output", tmp_path / "out", "--format", "html", "--samples", 10)
    assert done.exit_code == 0, done.stderr
    page = Page((tmp_path / "out" / "briefing.html").read_text(encoding="utf-8"))
    assert len(set(page.calls)) >= 3
    lead_on = [note for note in set(page.calls) if page.inputs[note]]
    assert len(lead_on) >= len(set(page.calls)) - 1  # but the note that says what an interval is
    for rows in page.inputs.values():
        assert set(rows) <= page.ids


def test_a_briefing_without_evidence_has_no_dead_links(mix: Path, tmp_path: Path) -> None:
    briefing = tmp_path / "briefing.yaml"
    briefing.write_text(f"schema: briefing/1\ntitle: Short\nmix: {mix}\nsections: [decision]\n")
    done = invoke("build", briefing, "--output", tmp_path / "out", "--format", "html", "--samples", 10)
    assert done.exit_code == 0, done.stderr
    page = Page((tmp_path / "out" / "briefing.html").read_text(encoding="utf-8"))
    assert not any(page.inputs.values())
