"""A result's tree as text: value, arithmetic, equations, then the same of what went in, then the inputs in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chipbrief_reports.cli.command import Document
from chipbrief_reports.cli.output import table
from chipbrief_reports.wording import exact, plain

__all__ = ["text"]

HEAD = ("input", ">value", "range", "kind", "date", "source")
LIST = ("result", ">value", "unit", "what it is")
Entries = Mapping[str, dict[str, Any]]


def text(document: Document) -> str:
    """The tree and the inputs, or the list of results."""
    if "results" in document:
        listed = [(e["id"], _amount(e["value"]), e["unit"], e["label"]) for e in document["results"]]
        return f"Results of {document['mix']}\n{table(LIST, listed)}"
    entries = {entry["id"]: entry for entry in document["entries"]}
    parts = ["\n".join(_tree(document["result"], entries, 0, set()))]
    if document["figures"]:
        rows = [_row(figure) for figure in document["figures"]]
        parts.append(f"Inputs: values, ranges and sources\n{table(HEAD, rows)}")
    return "\n\n".join(parts)


def _tree(name: str, entries: Entries, depth: int, seen: set[str]) -> Iterator[str]:
    entry, pad = entries[name], "  " * depth
    yield f"{pad}{name} = {_amount(entry['value'])}{_unit(entry)}{_range(entry)}"
    if name in seen:
        yield f"{pad}    as above"
        return
    seen.add(name)
    yield f"{pad}    {entry['label']}"
    yield from _equations(entry["equations"], f"{pad}    ", seen)
    if entry["arithmetic"]:
        yield f"{pad}    = {entry['arithmetic']}"
    if entry["source"]:
        yield f"{pad}    given by {entry['source']}"
    if entry["figures"]:
        yield f"{pad}    from {', '.join(entry['figures'])}"
    for inner in entry["inputs"]:
        yield from _tree(inner, entries, depth + 1, seen)


def _equations(rules: Mapping[str, str], pad: str, told: set[str]) -> Iterator[str]:
    """Each rule where it comes first, later its number alone."""
    again = [name for name in rules if name in told]
    for name, words in rules.items():
        if name not in told:
            told.add(name)
            yield f"{pad}{name}: {words}"
    if again:
        yield f"{pad}by {', '.join(again)}"


def _amount(value: float) -> str:
    return plain(exact(value))


def _unit(entry: Mapping[str, Any]) -> str:
    return f" {entry['unit']}" if entry["unit"] else ""


def _range(entry: Mapping[str, Any]) -> str:
    span = entry["range"]
    if span is None or span["low"] == span["high"]:
        return ""
    return f" (80 % range {_amount(span['low'])} to {_amount(span['high'])})"


def _row(figure: Mapping[str, Any]) -> tuple[str, ...]:
    span = figure["range"]
    return (
        figure["id"],
        figure["value"],
        f"{span['low']} to {span['high']}" if span else "-",
        figure["kind"],
        figure["date"],
        f"{figure['source']}, {figure['locator']}",
    )
