"""What every plugin must keep, as checks: those of `chipbrief plugin check` and of `chipbrief.testing`.

Each check is a small pure function of a plugin's systems; its docstring is the rule that `docs/conformance.md` lists.
They run in a process of their own, so that a plugin that ends it or takes for ever is told like any other.
"""

from chipbrief.conformance.apart import LIMIT_S, examine_apart
from chipbrief.conformance.asking import CALLS, BadAnswer, Placed, asked
from chipbrief.conformance.cases import CaseFile, ReferenceCase, predicted, read_cases
from chipbrief.conformance.check import Check, Finding, Report, Subject
from chipbrief.conformance.examine import examine, named
from chipbrief.conformance.table import CHECKS

__all__ = [
    "CALLS",
    "CHECKS",
    "LIMIT_S",
    "BadAnswer",
    "CaseFile",
    "Check",
    "Finding",
    "Placed",
    "ReferenceCase",
    "Report",
    "Subject",
    "asked",
    "examine",
    "examine_apart",
    "named",
    "predicted",
    "read_cases",
]
