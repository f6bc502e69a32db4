"""The checks by id, in the order in which they are run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chipbrief.conformance import answers, cases, fitting, imports, laws, profiles
from chipbrief.conformance.check import Check

__all__ = ["CHECKS"]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        check.id: check
        for check in (
            Check("to-do", profiles.to_do),
            Check("loads", profiles.loads),
            Check("ends", imports.ends),
            Check("thin-import", imports.thin),
            Check("cited", profiles.cited),
            Check("positive", profiles.positive),
            Check("achieved", profiles.achieved),
            Check("lint", profiles.linted),
            Check("numbers", answers.numbers, by_system=True),
            Check("same-output", answers.same_output, by_system=True),
            Check("broadcasting", answers.broadcasting, by_system=True),
            Check("more-work", laws.more_work, by_system=True),
            Check("roofline", laws.below_roofline, by_system=True),
            Check("cost-rises", laws.cost_rises, by_system=True),
            Check("refusal", fitting.refusal, by_system=True),
            Check("trail", answers.trail, by_system=True),
            Check("reference-cases", cases.reference),
        )
    }
)
