"""The known traps of hardware data, as rules that a profile is held against.

The loader refuses what cannot be a profile at all (a number without source, a bandwidth in bytes); these rules name
what may well be one and is probably wrong. `docs/lint.md` lists them.
"""

from chipbrief.hardware.lint.rule import MONTHS, SEVERITIES, Finding, Rule, Severity, Terms
from chipbrief.hardware.lint.table import RULES, lint

__all__ = ["MONTHS", "RULES", "SEVERITIES", "Finding", "Rule", "Severity", "Terms", "lint"]
