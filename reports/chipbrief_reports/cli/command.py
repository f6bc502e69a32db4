"""The shape of a command: its function returns a reply, and one place prints it, as text or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import click

from chipbrief.errors import did_you_mean
from chipbrief_reports.cli.output import to_json, write

__all__ = ["Document", "NamingGroup", "Reply", "ReportCommand", "as_of_option", "sampling_options", "strict_option"]

Document = dict[str, Any]
_JSON = "chipbrief.json"


@dataclass(frozen=True)
class Reply:
    """What a command found: a document of plain data, the text that prints it, and the exit code."""

    document: Document
    text: Callable[[Document], str]
    exit_code: int = 0


class ReportCommand(click.Command):
    """A command with `--json`; what plugins and libraries print while it runs goes to standard error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--json"],
                is_flag=True,
                expose_value=False,
                callback=_remember_json,
                help="Print one JSON document and nothing else.",
            )
        )

    def invoke(self, ctx: click.Context) -> int:
        """Run the function, print its reply, and return the exit code."""
        with redirect_stdout(sys.stderr):
            reply: Reply = super().invoke(ctx)
            text = to_json(reply.document) if ctx.meta.get(_JSON) else reply.text(reply.document)
        return write(text) or reply.exit_code


class NamingGroup(click.Group):
    """A group that names the nearest of its commands where one is mistyped."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument, or name the nearest one."""
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}{did_you_mean(args[0], names)}")
        return super().resolve_command(ctx, args)


def _remember_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.meta[_JSON] = value


def _or_of_the_group(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    return value or bool(ctx.obj)


strict_option = click.option(
    "--strict", is_flag=True, callback=_or_of_the_group, help="Fail if any vendor plugin fails to load."
)
as_of_option = click.option(
    "--as-of", metavar="DATE", help="Date of the run, as 2026-11-23.  [default: SOURCE_DATE_EPOCH, else today]"
)


def sampling_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--samples` and `--seed`, the draws behind the 80 % ranges."""
    samples = click.option(
        "--samples", type=click.IntRange(2, 100_000), metavar="N", help="Draws behind each 80 % range.  [default: 2000]"
    )
    seed = click.option("--seed", type=click.IntRange(0), metavar="N", help="Seed of the draws.  [default: 1]")
    return samples(seed(command))
