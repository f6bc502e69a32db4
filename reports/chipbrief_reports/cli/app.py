"""The group of commands: what is imported when, and what becomes of an error."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from chipbrief.errors import did_you_mean
from chipbrief_reports.cli.failure import fail

__all__ = ["main", "root"]

FILES_VARIABLE = "CHIPBRIEF_PLUGINS"  # as in chipbrief.registry, whose import takes longer than a word of help

COMMANDS = (
    "build",
    "compare",
    "plan",
    "cost",
    "mix",
    "sensitivity",
    "explain",
    "audit",
    "schedule",
    "editions",
    "serve",
    "sweep",
    "systems",
    "models",
    "predict",
    "validate",
    "calibrate",
    "plugins",
    "plugin",
    "schema",
    "doctor",
)


class LazyGroup(click.Group):
    """A group whose commands are the modules beside this one, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the name is click's
        """In the order a newcomer would try them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the name is click's
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"chipbrief_reports.cli.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument, or name the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}{did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


class Root(LazyGroup):
    """The outermost group: it turns every error into lines on standard error and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run one command; standalone, exit with 0, 1 (failed), 2 (bad input) or 130 (interrupted)."""

        def run() -> Any:
            return super(Root, self).main(
                args, prog_name or "chipbrief", complete_var, False, windows_expand_args=windows_expand_args, **extra
            )

        if not standalone_mode:
            return run()
        _print_what_cannot_be_encoded()
        try:
            code = run()
        except Exception as error:  # the rim: whatever it is, it ends as one line and an exit code
            code = fail(error, as_json=_json_is_asked(sys.argv[1:] if args is None else args))
        sys.exit(code if isinstance(code, int) else 0)


def _json_is_asked(args: Sequence[str]) -> bool:
    """Whether `--json` is among the options, also where they could not be parsed."""
    options = list(args)
    return "--json" in (options[: options.index("--")] if "--" in options else options)


def _print_what_cannot_be_encoded() -> None:
    """Escape what the terminal's encoding lacks instead of failing on it."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  chipbrief build                        the default example, into ./briefing
  chipbrief build mix.yaml -o out        your own mix
  chipbrief compare mix.yaml --json | jq .fleets
  chipbrief systems ID                   every number with its source
  chipbrief --plugin x1.yaml build       with a system of your own

\b
Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted.
Completion in bash: eval "$(_CHIPBRIEF_COMPLETE=bash_source chipbrief)"
""",
)
@click.version_option(
    None, "-V", "--version", package_name="chipbrief", prog_name="chipbrief", message="%(prog)s %(version)s"
)
@click.option("--strict", is_flag=True, help="Fail if any vendor plugin fails to load.")
@click.option(
    "--plugin",
    "plugins",
    metavar="FILE.yaml",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A system's profile to add to the registry, without a package; may be repeated.",
)
@click.pass_context
def root(ctx: click.Context, strict: bool, plugins: tuple[Path, ...]) -> None:
    """Compare AI-inference hardware for a mix of workloads, and print cited briefings.

    A workload mix is a YAML file that says which requests arrive, how long they are and how fast they must be
    served. chipbrief answers, for every system in its registry: does it fit, how fast, how many, and at what cost?
    """
    ctx.obj = strict
    if plugins:
        _add_to_environment(ctx, plugins)


def _add_to_environment(ctx: click.Context, plugins: Sequence[Path]) -> None:
    """Name the files in CHIPBRIEF_PLUGINS, where every process that an engine starts finds them, until the end."""
    before = os.environ.get(FILES_VARIABLE)
    named = [*((before or "").split(os.pathsep)), *(str(path.absolute()) for path in plugins)]
    os.environ[FILES_VARIABLE] = os.pathsep.join(filter(None, named))

    def restore() -> None:
        if before is None:
            del os.environ[FILES_VARIABLE]
        else:
            os.environ[FILES_VARIABLE] = before

    ctx.call_on_close(restore)


def main() -> None:
    """Run the command line and exit."""
    root.main()
