"""`chipbrief schedule tick` and `run`: do what is due, once or for ever."""

from __future__ import annotations

from pathlib import Path

import click

from chipbrief_reports.cli.command import Reply, ReportCommand
from chipbrief_reports.cli.scheduled import editions_option, files_argument, now_option

__all__ = ["run_command", "tick_command"]

ENGINE = "processes:1"  # a crash of a library or a lack of memory ends a worker, and is told

engine_option = click.option(
    "--engine",
    metavar="ENGINE",
    default=ENGINE,
    show_default=True,
    help="Where to print: serial, processes, processes:N or dask:ADDRESS; local:N is processes:N.",
)
site_option = click.option("--site/--no-site", default=True, help="Write the pages, the feed and the history anew.")
base_url_option = click.option("--base-url", metavar="URL", help="Where the editions are published, for the feed.")


@click.command(
    "tick",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief schedule tick                                   every briefing of this folder
  chipbrief schedule tick weekly.yaml --dry-run             what would be printed now
  chipbrief schedule tick --wait                            and stay until nothing is left to try again""",
)
@files_argument
@editions_option
@engine_option
@click.option("--dry-run", is_flag=True, help="Say what would be printed, and do nothing.")
@click.option("--wait", is_flag=True, help="Stay until what failed has been tried again.")
@site_option
@base_url_option
@now_option
def tick_command(
    files: tuple[Path, ...],
    editions: Path | None,
    engine: str,
    dry_run: bool,
    wait: bool,
    site: bool,
    base_url: str | None,
    now: str | None,
) -> Reply:
    """Print every slot that is due, deliver it, and keep what is to be kept.

    It may be called at any moment and any number of times: a slot is printed once, whole or not at all, and after a
    crash the next call goes on. Each change of state is one line of JSON on standard error. The exit code is 0; 1
    where a slot or a delivery was given up; 2 where a file is wrong; 75 where another call will try again.
    """
    from chipbrief_reports.cli import ticking

    return ticking.once(
        files, editions, engine=engine, dry_run=dry_run, wait=wait, site=site, base_url=base_url, now=now
    )


@click.command("run", cls=ReportCommand, epilog="\b\nExample:\n  chipbrief schedule run")
@files_argument
@editions_option
@engine_option
@site_option
@base_url_option
def run_command(files: tuple[Path, ...], editions: Path | None, engine: str, site: bool, base_url: str | None) -> Reply:
    """Tick for ever: at every slot, and whenever something is to be tried again.

    The files are read anew each time, so that a change holds from the next slot on. SIGTERM and Ctrl-C end it once
    what is being printed is whole.
    """
    from chipbrief_reports.cli import ticking

    return ticking.for_ever(files, editions, engine=engine, site=site, base_url=base_url)
