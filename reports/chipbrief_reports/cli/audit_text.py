"""An audit as text: how many of each verdict, the headlines, then every claim with its arithmetic and sources."""

from __future__ import annotations

import shutil
import textwrap
from typing import Any

from chipbrief_reports.cli.command import Document

__all__ = ["text"]

WIDEST, NARROWEST, INDENT = 120, 40, 6
MARKS = {"agrees": "=", "differs": "x", "undecided": "?"}
LEGEND = "= agrees   x differs   ? decides nothing"


def text(document: Document) -> str:
    """Everything, to the width of the terminal."""
    width = max(min(shutil.get_terminal_size((100, 24)).columns, WIDEST), NARROWEST)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in document["counts"].items())
    head = [*_wrapped(document["title"], width), *_wrapped(document["text"], width), counts]
    parts = ["\n".join(head)]
    if document["headlines"]:
        parts.append("\n".join(line for headline in document["headlines"] for line in _headline(headline, width)))
    parts += ["\n".join(_claim(claim, width)) for claim in document["claims"]]
    return "\n\n".join([*parts, LEGEND])


def _headline(headline: dict[str, Any], width: int) -> list[str]:
    return _wrapped(f"{headline['text']} ({', '.join(headline['claims'])})", width, "* ", "  ")


def _claim(claim: dict[str, Any], width: int) -> list[str]:
    margin = " " * INDENT
    lines = _wrapped(f"{claim['id']}  {claim['verdict'].upper()}  {claim['says']}", width, "", margin)
    about = f"{claim['subject']}, {claim['metric'].replace('_', ' ')}: {claim['stated']}"
    about += f" ({claim['conditions']})" if claim["conditions"] else ""
    lines += _wrapped(f"{about}; {claim['where']}" if claim["where"] else about, width, margin, margin)
    for ruling in claim["checks"]:
        sum_ = f": {ruling['arithmetic']}" if ruling["arithmetic"] else ""
        told = f"{ruling['check']}{sum_} -- {ruling['reason']}"
        lines += _wrapped(told, width, f"{margin}{MARKS[ruling['outcome']]} ", f"{margin}  ")
    if not claim["checks"]:
        lines += _wrapped(claim["reason"], width, f"{margin}? ", f"{margin}  ")
    if claim["source"]:
        lines += _wrapped(f"held against {claim['source']}", width, margin, f"{margin}  ")
    return lines


def _wrapped(words: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of a width; locators stay whole."""
    return textwrap.wrap(
        "".join(c if c.isprintable() else " " for c in words),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
