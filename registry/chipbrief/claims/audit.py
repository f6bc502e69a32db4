"""The audit: every claim through every check that applies, one verdict each, as plain data."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chipbrief.catalogue import Catalogue
from chipbrief.claims.checks import CHECKS
from chipbrief.claims.document import Claim, ClaimsFile, load_claims
from chipbrief.claims.rulings import Context, Outcome, Ruling
from chipbrief.evidence import SHIPPED, Point, read_points
from chipbrief.finance import FinanceTerms, load_finance_terms
from chipbrief.registry import Registry

__all__ = ["VERDICTS", "Audit", "CheckResult", "Finding", "Headline", "audit", "audit_file"]

Verdict = Literal["consistent", "inconsistent", "unverifiable"]
VERDICTS: tuple[Verdict, ...] = ("consistent", "inconsistent", "unverifiable")
NOTHING = "nothing to hold it against"
UNABLE = Ruling("undecided", "", "the claim lacks what the check needs")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check said of a claim."""

    check: str
    outcome: Outcome
    arithmetic: str
    reason: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim with its verdict; `arithmetic` and `source` are those of the checks that decided it.

    A claim that one check contradicts is inconsistent, one that some check confirms and none contradicts is
    consistent, and all others are unverifiable.
    """

    id: str
    verdict: Verdict
    arithmetic: str
    source: str
    reason: str
    says: str
    by: str
    where: str
    subject: str
    metric: str
    stated: str
    conditions: str
    checks: tuple[CheckResult, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """A sentence of the audit, and the claims it is about."""

    text: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """A claims file, audited: headlines in the order of the claims, and a finding for every claim."""

    name: str
    title: str
    text: str
    counts: Mapping[Verdict, int]
    headlines: tuple[Headline, ...]
    findings: tuple[Finding, ...]

    def document(self) -> dict[str, Any]:
        """The same as plain data; the findings are `claims`."""
        data = dataclasses.asdict(self)
        data["claims"] = data.pop("findings")
        return data


def audit_file(path: Path, registry: Registry, catalogue: Catalogue) -> Audit:
    """Read a claims file and audit it; raises InputError with every problem of the file."""
    claims = load_claims(path, models=catalogue.names, hardware=registry.names, checks=CHECKS)
    return audit(claims, registry, catalogue)


def audit(
    claims: ClaimsFile,
    registry: Registry,
    catalogue: Catalogue,
    *,
    terms: FinanceTerms | None = None,
    points: Iterable[Point] | None = None,
) -> Audit:
    """Hold every claim against itself, the others, the registry and the facts of the file.

    Args:
        claims: a checked file.
        registry: the hardware.
        catalogue: the architectures.
        terms: finance terms, those that ship by default.
        points: measured points, those that ship by default.
    """
    held = Context(
        claims,
        registry,
        catalogue,
        load_finance_terms() if terms is None else terms,
        tuple(read_points(SHIPPED).points if points is None else points),
    )
    return _audited(held, [(claim, _rulings(claim, held)) for claim in claims.claims])


def _audited(context: Context, ruled: Sequence[tuple[Claim, Mapping[str, Ruling]]]) -> Audit:
    findings = tuple(_finding(claim, rulings, context) for claim, rulings in ruled)
    counted = Counter(finding.verdict for finding in findings)
    return Audit(
        name=context.file.name,
        title=context.file.title,
        text=str(context.own()),
        counts={verdict: counted[verdict] for verdict in VERDICTS},
        headlines=_headlines(ruled),
        findings=findings,
    )


def _rulings(claim: Claim, context: Context) -> dict[str, Ruling]:
    names = CHECKS if claim.checks is None else claim.checks
    said = {name: CHECKS[name].run(claim, context) for name in names}
    asked = claim.checks is not None
    return {name: ruling or UNABLE for name, ruling in said.items() if ruling is not None or asked}


def _finding(claim: Claim, rulings: Mapping[str, Ruling], context: Context) -> Finding:
    outcomes = {ruling.outcome for ruling in rulings.values()}
    verdict: Verdict = "unverifiable"
    if outcomes & {"agrees", "differs"}:
        verdict = "inconsistent" if "differs" in outcomes else "consistent"
    wanted = {"consistent": "agrees", "inconsistent": "differs", "unverifiable": "undecided"}[verdict]
    deciding = [ruling for ruling in rulings.values() if ruling.outcome == wanted]
    remarks = [ruling for ruling in rulings.values() if ruling.outcome == "undecided" and ruling not in deciding]
    sources = dict.fromkeys(str(cited) for ruling in deciding for cited in ruling.held_against)
    return Finding(
        id=claim.id,
        verdict=verdict,
        arithmetic="; ".join(ruling.arithmetic for ruling in (*deciding, *remarks) if ruling.arithmetic),
        source="; ".join(sources),
        reason="; ".join(dict.fromkeys(ruling.reason for ruling in deciding)) or NOTHING,
        says=claim.says,
        by=claim.by or context.file.text.title,
        where=claim.where,
        subject=context.subject(claim),
        metric=claim.metric,
        stated=claim.stated,
        conditions=claim.conditions,
        checks=tuple(_result(name, ruling) for name, ruling in rulings.items()),
    )


def _result(name: str, ruling: Ruling) -> CheckResult:
    return CheckResult(name, ruling.outcome, ruling.arithmetic, ruling.reason, tuple(map(str, ruling.held_against)))


def _headlines(ruled: Iterable[tuple[Claim, Mapping[str, Ruling]]]) -> tuple[Headline, ...]:
    """One for each sentence, with the claims that share it."""
    claims_of: dict[str, list[str]] = {}
    for claim, rulings in ruled:
        for ruling in rulings.values():
            for headline in ruling.headlines:
                claims_of.setdefault(headline, []).append(claim.id)
    return tuple(Headline(text, tuple(dict.fromkeys(names))) for text, names in claims_of.items())
