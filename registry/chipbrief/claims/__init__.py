"""Claims: what somebody said, held against arithmetic, the registry and cited facts."""

from chipbrief.claims.audit import VERDICTS, Audit, CheckResult, Finding, Headline, audit, audit_file
from chipbrief.claims.checks import CHECKS
from chipbrief.claims.document import Claim, ClaimsFile, claims_from_document, load_claims
from chipbrief.claims.metrics import METRICS
from chipbrief.claims.rulings import Check, Cited, Context, Ruling

__all__ = [
    "CHECKS",
    "METRICS",
    "VERDICTS",
    "Audit",
    "Check",
    "CheckResult",
    "Cited",
    "Claim",
    "ClaimsFile",
    "Context",
    "Finding",
    "Headline",
    "Ruling",
    "audit",
    "audit_file",
    "claims_from_document",
    "load_claims",
]
