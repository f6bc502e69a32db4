"""`chipbrief plugins`: what was found, loaded and failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, strict_option
from chipbrief_reports.cli.output import table

if TYPE_CHECKING:
    from chipbrief.registry import PluginRecord, Registry

__all__ = ["command", "document", "text"]


@click.command(
    "plugins",
    cls=ReportCommand,
    epilog="\b\nExample:\n  chipbrief plugins --json | jq '.plugins[] | select(.status == \"failed\")'",
)
@strict_option
def command(strict: bool) -> Reply:
    """List the vendor plugins, loaded and failed.

    A plugin that fails is named with its distribution, version and error, and the others work. The exit code is 0
    all the same, unless --strict is given.
    """
    return Reply(document(loading.registry(strict=strict)), text)


def document(registry: Registry) -> Document:
    """Every plugin that was found."""
    return {"plugins": [_entry(record) for record in registry.plugins]}


def _entry(record: PluginRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
        "status": "loaded" if record.loaded else "failed",
        "hardware": list(record.hardware),
        "error": record.error,
    }


def text(document: Document) -> str:
    """One line a plugin."""
    rows = [
        (
            p["name"],
            p["distribution"],
            p["version"],
            p["status"],
            ", ".join(p["hardware"]) or "-",
            p["error"] or "-",
        )
        for p in document["plugins"]
    ]
    return table(("plugin", "distribution", "version", "status", "hardware", "error"), rows)
