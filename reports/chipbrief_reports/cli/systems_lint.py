"""`chipbrief systems --lint`: the figures of systems held against the known traps of hardware data."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply
from chipbrief_reports.cli.output import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chipbrief.hardware.lint import Finding, Terms
    from chipbrief.registry import Registry

__all__ = ["lint_document", "lint_reply", "lint_text"]


def lint_reply(registry: Registry, names: Sequence[str], months: int | None, as_of: str | None) -> Reply:
    """What the rules find in the systems named, or in all; exit code 1 if some finding is an error.

    Raises:
        InputError: a system that is not known, or no date.
    """
    from chipbrief.hardware.lint import MONTHS, Terms

    terms = Terms(date.fromisoformat(loading.as_of_date(as_of)), MONTHS if months is None else months)
    ids = loading.hardware_ids(names, registry, "ID") if names else tuple(registry.hardware)
    document = lint_document(registry, ids, terms)
    return Reply(document, lint_text, exit_code=1 if document["errors"] else 0)


def lint_document(registry: Registry, ids: Sequence[str], terms: Terms) -> Document:
    """The findings, the worst first, then those that a figure's note answers; counts are of the former."""
    from chipbrief.hardware.lint import SEVERITIES, lint

    found = [finding for name in ids for finding in lint(registry[name].profile, terms)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    open_ones = [_entry(finding) for finding in found if finding.accepted is None]
    return {
        "as_of": terms.as_of.isoformat(),
        "months": terms.months,
        "price_months": terms.price_months,
        "systems": list(ids),
        **{f"{severity}s": sum(f["severity"] == severity for f in open_ones) for severity in SEVERITIES},
        "findings": open_ones,
        "accepted": [{**_entry(finding), "reason": finding.accepted} for finding in found if finding.accepted],
    }


def _entry(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "figure": finding.figure,
        "message": finding.sentence,
    }


def lint_text(document: Document) -> str:
    """One row a finding, then the counts."""
    rows = [
        (f["severity"], f["rule"], f["figure"], f["message"].removeprefix(f["figure"]).strip())
        for f in document["findings"]
    ]
    counts = ", ".join(_counted(document[f"{kind}s"], kind) for kind in ("error", "warning", "note"))
    accepted = f"; {len(document['accepted'])} more accepted by a note" if document["accepted"] else ""
    last = f"{counts} in {_counted(len(document['systems']), 'system')} as of {document['as_of']}{accepted}"
    return "\n\n".join([*([table(("severity", "rule", "figure", "finding"), rows)] if rows else []), last])


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
