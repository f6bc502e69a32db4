"""Claims against arithmetic: what somebody said, recomputed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chipbrief.claims import Audit, Finding
from chipbrief_reports.briefing.document import Block, Bullets, Cell, Column, Paragraph, Row, Section, Table, text
from chipbrief_reports.wording import count, joined, printed

__all__ = ["claims"]

MOST_HEADLINES = 12
_VERBS = {"inconsistent": "do not hold", "consistent": "hold", "unverifiable": "cannot be checked"}
_ORDER = ("inconsistent", "unverifiable", "consistent")


def claims(audits: Sequence[Audit]) -> tuple[Section, ...]:
    """A section for every file of claims."""
    return tuple(_section(found) for found in audits)


def _section(found: Audit) -> Section:
    blocks: list[Block] = [Paragraph(text(f"{found.title}. {_told(found.text)}."), tone="small")]
    if found.headlines:
        shown = found.headlines[:MOST_HEADLINES]
        said = tuple(text(f"{_capital(printed(h.text))} ({', '.join(h.claims)}).") for h in shown)
        blocks.append(Bullets("What the arithmetic shows", said))
    blocks.append(_table(found))
    return Section(f"claims-{re.sub('[^A-Za-z0-9_-]', '-', found.name)}", "Claims", _title(found), tuple(blocks))


def _title(found: Audit) -> str:
    counts = {verdict: number for verdict, number in found.counts.items() if number}
    parts = [f"{counts[verdict]} {_VERBS[verdict]}" for verdict in _ORDER if verdict in counts]
    return f"Of {count(len(found.findings), 'claim')}, {joined(parts)}"


def _table(found: Audit) -> Table:
    columns = (
        Column("Claim", "", "left", 0.55),
        Column("It says", "", "left", 2.3),
        Column("Verdict", "", "left", 1.0),
        Column("Arithmetic", "and what it was held against", "left", 3.6),
    )
    ordered = sorted(found.findings, key=lambda one: _ORDER.index(one.verdict))
    rows = tuple(_row(one, first=i == 0 or ordered[i - 1].verdict != one.verdict) for i, one in enumerate(ordered))
    return Table(
        f"claims-{re.sub('[^A-Za-z0-9_-]', '-', found.name)}-table",
        "Claim by claim",
        "By general rules, the same for every file of claims; the rules: docs/claims.md",
        columns,
        rows,
        dense=True,
    )


def _row(one: Finding, *, first: bool) -> Row:
    return Row(
        (
            Cell(text(one.id)),
            Cell(text(one.says), printed(one.stated)),
            Cell(text(one.verdict)),
            Cell(text(printed(one.arithmetic or one.reason)), _named(one.source)),
        ),
        group=first,
    )


def _told(words: str) -> str:
    """Where the claims were made, as a sentence: the address, which stands in angle brackets, behind a comma."""
    return _capital(re.sub(r"\s*<([^<>]*)>", r", \1", words))


def _named(source: str) -> str:
    """The sources by title and date; their addresses are in the data and on the command line."""
    return re.sub(r"\s*<[^<>]*>", "", source)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
