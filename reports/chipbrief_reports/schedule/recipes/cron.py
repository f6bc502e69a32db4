"""One line for a crontab. How cron reads it: crontab(5) and do_command.c of Debian's cron."""

from __future__ import annotations

import shlex

from chipbrief.errors import InputError, Problem
from chipbrief_reports.schedule.recipes.recipe import Recipe, every_in_cron

__all__ = ["cron"]

LONGEST = 998  # characters of a command: MAX_COMMAND of Vixie's cron, less the line end


def cron(recipe: Recipe) -> dict[str, str]:
    """The crontab, by file name.

    Raises:
        InputError: the command is longer than cron takes.
    """
    line = f"{every_in_cron(recipe.every)} {_command(recipe)}"
    return {f"{recipe.name}.cron": "\n".join([*_head(recipe), line]) + "\n"}


def _command(recipe: Recipe) -> str:
    """For /bin/sh; a percent sign would end it, so each has a backslash, which cron takes away."""
    call = f"cd {shlex.quote(str(recipe.folder))} && {shlex.join(recipe.argv)} >/dev/null"
    escaped = call.replace("%", "\\%")
    if len(escaped.encode()) > LONGEST:
        told = f"the line would have {len(escaped.encode())} characters, and cron takes {LONGEST}"
        raise InputError([Problem(f"{told}: name fewer files, or none in a folder that has only these")])
    return escaped


def _head(recipe: Recipe) -> list[str]:
    lines = [
        f"# {recipe.name}: prints the briefings that are due, each in its schedule's own time zone. Add it to yours:",
        f"#   (crontab -l 2>/dev/null; cat {recipe.name}.cron) | crontab -",
        "# No lock is needed around it: a call that comes while another works leaves at once.",
        "# What happens is told in lines of JSON on standard error, and cron mails them to you. Where no mail leaves",
        "# this machine, put 2>>FILE at the end of the line. For another address:",
        "#MAILTO=you@example.com",
    ]
    if recipe.variables:
        lines.append("# Deliveries need these; a crontab is readable by you and root alone:")
        lines += [f"#{name}=" for name in recipe.variables]
    return [*lines, "SHELL=/bin/sh"]
