"""A call in a process of its own: what comes back, what is raised, and what becomes of a process that dies."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from chipbrief.errors import ChipbriefError, InputError, MissingLibraryError, Problem
from chipbrief_reports.render import apart
from chipbrief_reports.render.own_process import portable

BRIEFING = """\
schema: briefing/1
title: Our plan
sections: [decision, latency]
mix:
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
ROOT = Path(__file__).parents[2]
HEAVY = ("altair", "numpy", "pandas", "pydantic", "vl_convert", "weasyprint")


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions of this file are found by its name in the other process too."""
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process finds this file by the name that pytest gave its module."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2])


def own_id(*, chatty: bool = False) -> int:
    if chatty:
        sys.stdout.write("a library that talks on standard output\n")
        os.system("echo and one that does so beside Python")
    return os.getpid()


def loaded() -> list[str]:
    import chipbrief_reports.render.pdf  # noqa: F401 - what it brings along is asked for

    return sorted(set(HEAVY) & set(sys.modules))


def fail(error: Exception) -> None:
    raise error


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def leave() -> None:
    os._exit(3)


class Unsendable(ChipbriefError):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def test_another_process_answers_and_only_it_is_heard(capfd: pytest.CaptureFixture[str]) -> None:
    assert apart(own_id, chatty=True) not in (os.getpid(), 0)
    said = capfd.readouterr()
    assert said.out == ""
    assert "beside Python" in said.err


def test_what_renders_a_pdf_needs_nothing_of_what_wrote_the_briefing() -> None:
    assert apart(loaded) == []


@pytest.mark.parametrize(
    "error", [MissingLibraryError("no Pango"), InputError([Problem("is wrong", "a.yaml", 3)]), ValueError("x")]
)
def test_what_it_raises_is_raised_here(error: Exception) -> None:
    with pytest.raises(type(error)) as found:
        apart(fail, error)
    assert str(found.value) == str(error)


def test_an_error_that_does_not_survive_the_way_says_the_same() -> None:
    assert (type(portable(Unsendable(1, 2))), str(portable(Unsendable(1, 2)))) == (ChipbriefError, "1 and 2")


def test_a_process_that_dies_is_named_with_its_end() -> None:
    with pytest.raises(ChipbriefError, match=r"^the process of die was killed by SIGKILL, as when memory runs out"):
        apart(die, signal.SIGKILL)
    with pytest.raises(ChipbriefError, match=r"^the process of leave ended with exit code 3 before it was done$"):
        apart(leave)


@pytest.mark.slow
def test_a_briefing_is_the_same_wherever_it_is_drawn_and_rendered(tmp_path: Path) -> None:
    from chipbrief.catalogue import load_catalogue  # not above: another test asks what its process has loaded
    from chipbrief.registry import load_registry
    from chipbrief_reports import press

    (tmp_path / "in.yaml").write_text(BRIEFING)
    places: dict[str, Any] = {
        "registry": load_registry(),
        "catalogue": load_catalogue(),
        "as_of": "2026-11-23",
        "samples": 10,
    }
    made = []
    for own in (False, True):
        output = tmp_path / str(own)
        formats = ("html", "pdf")
        report = press.build(tmp_path / "in.yaml", output, formats=formats, own_processes=own, **places)
        made.append([path.read_bytes() for path in report.written])
    assert made[0][1].startswith(b"%PDF")
    assert made[0] == made[1]
