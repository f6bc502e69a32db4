"""`chipbrief schedule`: briefings that print themselves."""

from __future__ import annotations

from pathlib import Path

import click

from chipbrief_reports.cli.command import NamingGroup, Reply, ReportCommand
from chipbrief_reports.cli.schedule_export import export
from chipbrief_reports.cli.schedule_tick import run_command, tick_command
from chipbrief_reports.cli.scheduled import editions_option, files_argument, now_option

__all__ = ["command"]


@click.group(
    "schedule",
    cls=NamingGroup,
    epilog="""\b
Examples:
  chipbrief schedule list                        every briefing here that has a schedule, in words
  chipbrief schedule next -n 3                   when the next editions are due
  chipbrief schedule tick                        print what is due; safe to call every few minutes
  chipbrief schedule export --systemd -o units   let the machine call it""",
)
def command() -> None:
    """Print briefings on time, once, with what changed.

    A briefing file with a line such as schedule: {cron: "0 7 * * MON", timezone: Europe/Berlin} is printed at each
    slot as an edition of its own: editions/NAME/SLOT/. Without files, every briefing of this folder that has a
    schedule is meant. Every command takes --json.
    """


command.add_command(tick_command)
command.add_command(run_command)
command.add_command(export)


@command.command("list", cls=ReportCommand, epilog="\b\nExample:\n  chipbrief schedule list --json")
@files_argument
@editions_option
@now_option
def _list(files: tuple[Path, ...], editions: Path | None, now: str | None) -> Reply:
    """List schedules: in words, when they are due next, and how their last slot ended."""
    from chipbrief_reports.cli import scheduling

    return scheduling.listed(files, editions, now)


@command.command("next", cls=ReportCommand, epilog="\b\nExample:\n  chipbrief schedule next -n 3")
@files_argument
@click.option("-n", "number", metavar="N", default=5, show_default=True, type=click.IntRange(1, 1000), help="How many.")
@now_option
def _next(files: tuple[Path, ...], number: int, now: str | None) -> Reply:
    """Show the next slots of each schedule, in its own time zone and in UTC."""
    from chipbrief_reports.cli import scheduling

    return scheduling.coming(files, number, now)


@command.command("history", cls=ReportCommand, epilog="\b\nExample:\n  chipbrief schedule history agentic -n 10")
@click.argument("name", required=False)
@click.option("-n", "number", metavar="N", default=50, show_default=True, type=click.IntRange(1), help="Slots.")
@editions_option
def _history(name: str | None, number: int, editions: Path | None) -> Reply:
    """Show what became of past slots, the newest first, and of what was to be delivered."""
    from chipbrief_reports.cli import scheduling

    return scheduling.history(name, number, editions)


@command.command("prune", cls=ReportCommand, epilog="\b\nExample:\n  chipbrief schedule prune --dry-run")
@files_argument
@editions_option
@click.option("--dry-run", is_flag=True, help="Name what would go, and take nothing away.")
def _prune(files: tuple[Path, ...], editions: Path | None, dry_run: bool) -> Reply:
    """Take away the files of editions older than each schedule keeps; their numbers stay.

    A tick does it too.
    """
    from chipbrief_reports.cli import scheduling

    return scheduling.pruned(files, editions, dry_run)
