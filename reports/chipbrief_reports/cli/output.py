"""What a command says: one document on standard output, everything else on standard error."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["CLOSED_PIPE", "Say", "complain", "progress", "table", "to_json", "write"]

CLOSED_PIPE = 141  # what a shell reports of a program that SIGPIPE ended
Say = Callable[[str], None]
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def write(text: str) -> int:
    """Write to standard output; returns 0, or 141 where the reader has closed it (`| head`).

    Raises:
        click.ClickException: it cannot be written for another reason, such as a full disk.
    """
    try:
        click.echo(text)
    except OSError as error:
        _abandon_stdout()
        if isinstance(error, BrokenPipeError):
            return CLOSED_PIPE
        raise click.ClickException(f"cannot write to standard output: {error.strerror}") from None
    return 0


def _abandon_stdout() -> None:
    """Let the rest of the buffer go nowhere, or Python complains of it when it exits."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 # os.devnull is a name, not a path to work with
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def complain(line: str) -> None:
    """Write one line to standard error, whatever the text holds."""
    click.echo(_printable(line), err=True)


def _printable(text: str) -> str:
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


# -- JSON -----------------------------------------------------------------------------------------------------


def to_json(document: Any) -> str:
    """A JSON document in ASCII, keys in the order of the document; a number that is not finite becomes null."""
    import json

    return json.dumps(_finite(document), indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return str(value) if isinstance(value, os.PathLike) else value


# -- tables ---------------------------------------------------------------------------------------------------


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns, two spaces apart; a heading that begins with `>` aligns its column to the right."""
    right = [heading.startswith(">") for heading in headings]
    lines = [[heading.removeprefix(">") for heading in headings]]
    lines += [[_printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(_aligned(line, widths, right) for line in lines)


def _aligned(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True))
    return "  ".join(padded).rstrip()


# -- progress -------------------------------------------------------------------------------------------------


@contextmanager
def progress(total: int | None = None) -> Iterator[Say]:
    """Give a function to tell what is done next: a bar where standard error is a terminal, else plain lines."""
    if not _on_terminal():
        yield complain
        return
    with _bar(total) as say:
        yield say


def _on_terminal() -> bool:
    return bool(sys.stderr and sys.stderr.isatty()) and os.environ.get("TERM") != "dumb"


@contextmanager
def _bar(total: int | None) -> Iterator[Say]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(bar_width=24), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bars:
        task = bars.add_task("", total=total)
        told = 0

        def say(line: str) -> None:
            nonlocal told
            bars.update(task, description=_printable(line), completed=told)
            told += 1

        yield say
