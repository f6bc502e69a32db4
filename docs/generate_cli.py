"""Write docs/cli.md from the commands themselves: `python docs/generate_cli.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from chipbrief_reports.cli.app import root

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).with_name("cli.md")
WIDTH = 100
HEAD = """# Commands

What `chipbrief COMMAND --help` prints. This page is written by `python docs/generate_cli.py`, and a test holds it
against the commands. Bad input ends with exit code 2 and every problem, as `file:line:column: field: what is wrong`;
1 is a failure, 75 (of `schedule tick`) one that the next call tries again.
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_sections(root, "chipbrief", None, 2))


def _sections(command: click.Command, name: str, parent: click.Context | None, level: int) -> Iterator[str]:
    """A section a command, then those of its subcommands, one level deeper."""
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        max_content_width=WIDTH,
        terminal_width=WIDTH,
        help_option_names=command.context_settings.get("help_option_names"),
    )
    yield f"\n{'#' * level} {context.command_path}\n\n```text\n{command.get_help(context).strip()}\n```\n"
    if isinstance(command, click.Group):
        below = level if parent is None else level + 1
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found
            yield from _sections(found, sub, context, below)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
