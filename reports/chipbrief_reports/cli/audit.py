"""`chipbrief audit`: what somebody said, held against arithmetic, the registry and cited facts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.audit_text import text
from chipbrief_reports.cli.command import Reply, ReportCommand, strict_option
from chipbrief_reports.cli.failure import FAILED

__all__ = ["command"]

VERDICTS = ("consistent", "inconsistent", "unverifiable")
_verdict = click.Choice(VERDICTS)


@click.command(
    "audit",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief audit NAME                               a claims file that ships, by its name
  chipbrief audit claims.yaml --only inconsistent
  chipbrief audit claims.yaml --json | jq -r '.claims[] | [.id, .verdict] | @tsv'""",
)
@click.argument(
    "claims", metavar="CLAIMS.yaml", type=click.Path(path_type=Path), shell_complete=loading.complete_claims
)
@click.option("--only", type=_verdict, multiple=True, help="Claims of this verdict only; may be repeated.")
@click.option("--fail-on", type=_verdict, multiple=True, help="Exit with 1 where a claim has this verdict.")
@strict_option
def command(claims: Path, only: tuple[str, ...], fail_on: tuple[str, ...], strict: bool) -> Reply:
    """Hold the claims of a file against arithmetic.

    Each claim is recomputed from its own numbers, the other claims, the registry's figures, measured points and the
    facts that the file cites; the arithmetic and its source are printed. The exit code is 0 whatever the verdicts,
    unless --fail-on says otherwise.
    """
    from chipbrief.claims import audit_file
    from chipbrief_reports.request import claims_file

    found = audit_file(claims_file(claims), loading.registry(strict=strict), loading.catalogue())
    failed = any(one.verdict in fail_on for one in found.findings)
    kept = tuple(one for one in found.findings if not only or one.verdict in only)
    document = dataclasses.replace(found, findings=kept).document()
    return Reply(document, text, FAILED if failed else 0)
