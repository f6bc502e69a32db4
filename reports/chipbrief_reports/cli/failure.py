"""Errors at the rim: one line each on standard error, one JSON document where asked, an exit code."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from chipbrief.errors import ChipbriefError, InputError, MissingLibraryError, PluginError, Problem
from chipbrief_reports.cli.output import complain, to_json, write

__all__ = ["BAD_INPUT", "DEBUG", "FAILED", "INTERRUPTED", "error_document", "exit_code", "fail", "problems"]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
DEBUG = "CHIPBRIEF_DEBUG"


def exit_code(error: BaseException) -> int:
    """1 where chipbrief or the machine failed, 2 where the input is wrong, 130 for Ctrl-C."""
    if isinstance(error, click.ClickException):
        return error.exit_code
    if isinstance(error, click.Abort):
        return INTERRUPTED
    if isinstance(error, ChipbriefError) and not isinstance(error, (MissingLibraryError, PluginError)):
        return BAD_INPUT
    return FAILED


def problems(error: BaseException) -> Sequence[Problem]:
    """Everything that an error says is wrong."""
    if isinstance(error, InputError):
        return error.problems
    if isinstance(error, click.ClickException):
        return [Problem(error.format_message())]
    if isinstance(error, click.Abort):
        return [Problem("interrupted")]
    if isinstance(error, ChipbriefError):
        return [Problem(line) for line in str(error).splitlines()]
    return [Problem(_unexpected(error))]


def _unexpected(error: BaseException) -> str:
    said = " ".join(str(error).split())
    name = type(error).__name__
    return f"unexpected {name}{': ' if said else ''}{said}; run with {DEBUG}=1 for the traceback"


def error_document(code: int, found: Sequence[Problem]) -> dict[str, Any]:
    """The error as data; what is not known of a place is null."""
    listed = [
        {
            "file": problem.file or None,
            "line": problem.line or None,
            "column": problem.column or None,
            "field": problem.field or None,
            "message": problem.message,
        }
        for problem in found
    ]
    return {"error": {"exit_code": code, "problems": listed}}


def fail(error: Exception, *, as_json: bool) -> int:
    """Tell what went wrong, and return the exit code."""
    code, found = exit_code(error), problems(error)
    if isinstance(error, click.ClickException):
        error.show()
    else:
        _trace(error)
        for problem in found:
            complain(str(problem) if problem.file else f"error: {problem}")
    if as_json:
        with suppress(click.ClickException):  # where standard output itself is what failed
            write(to_json(error_document(code, found)))
    return code


def _trace(error: Exception) -> None:
    expected = isinstance(error, (ChipbriefError, click.Abort)) and error.__cause__ is None  # a plugin's is shown
    if os.environ.get(DEBUG, "0") not in ("", "0") and not expected:
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
