"""The words of three briefings, as a person signed them off; CHIPBRIEF_GOLDEN=write takes today's in their place.

What is held is what a reader reads first: every section's title, the recommendation and bullets, and the findings above
tables and charts. A change of a number or a word shows here as a difference to be read before it is accepted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chipbrief.catalogue import load_catalogue
from chipbrief.evaluate import evaluate
from chipbrief.evidence.model_error import model_error
from chipbrief.fleet import Limits, fleet_report
from chipbrief.registry import load_registry
from chipbrief_reports.briefing import compose
from chipbrief_reports.briefing.document import Block, Briefing, Bullets, Chart, Columns, Paragraph, Table, plain
from chipbrief_reports.request import read_request

GOLDEN = Path(__file__).parent / "data" / "golden"
SECTIONS = ("decision", "mix", "speed-cost", "latency", "capacity", "cost", "sensitivity", "systems", "power")


def written(name: str) -> Briefing:
    registry, catalogue = load_registry(strict=True), load_catalogue()
    request = read_request(Path(name), models=catalogue.names, hardware=registry.names)
    results = evaluate(request.mix, registry, catalogue, as_of="2026-11-24", samples=200)
    plan = fleet_report(results, limits=Limits(gap=0.02, seconds=60.0))
    return compose(
        results,
        model_error(registry, catalogue),
        title=request.title,
        organisation="",
        sections=SECTIONS,
        focus=request.focus,
        theme={},
        plan=plan,
        field=tuple(registry),
    )


def prose(briefing: Briefing) -> str:
    lines = [briefing.title, briefing.subtitle]
    for section in briefing.sections:
        lines += ["", f"## {section.title}", *(line for block in section.blocks for line in said(block))]
    return "\n".join(lines) + "\n"


def said(block: Block) -> Iterator[str]:
    if isinstance(block, Columns):
        for inner in (*block.left, *block.right):
            yield from said(inner)
    elif isinstance(block, Bullets):
        yield f"{block.heading}:"
        yield from (f"- {plain(item)}" for item in block.items)
    elif isinstance(block, Paragraph):
        yield plain(block.body).strip()
    elif isinstance(block, Table | Chart):
        yield f"[{block.title}]"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["docs-bot-12m", "voice", "long-reasoning"])
def test_the_words_are_those_that_were_signed_off(name: str) -> None:
    place, text = GOLDEN / f"{name}.txt", prose(written(name))
    if os.environ.get("CHIPBRIEF_GOLDEN") == "write":
        place.write_text(text, encoding="utf-8")
    assert text == place.read_text(encoding="utf-8")
    for word in ("1 systems", "1 chips", "1 classes", "nan", "None", "inf ", "  "):
        assert word not in text, word
