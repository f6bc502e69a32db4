"""The template engine: sandboxed, always escaping, and strict about what a template may ask for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from chipbrief.errors import ChipbriefError, InputError, Problem
from chipbrief_reports.briefing.document import Block, Row, Table
from chipbrief_templates import BRIEFING

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

__all__ = ["filled"]

RUNS = ("finding", "bullets")  # kinds that stand together under one roof
FIGURE = re.compile(r"[\w.-]+:[\w.-]*\w")
SVG_WIDTH = re.compile(r'<svg\b[^<>]*?\swidth="(\d+)')
MAGNIFIED = 1.42  # charts may grow this far to fill the page
WHOLE_ROWS = 26  # a table of up to so many rows stays on one page


def filled(name: str, values: Mapping[str, Any], folder: Path | None = None) -> str:
    """Fill a template in.

    Args:
        name: the template's file name.
        values: what it may speak of.
        folder: a reader's own templates, each of which takes the place of the bundled one of the same name;
            it can still extend that one as `bundled/NAME`.

    Raises:
        InputError: for a template that cannot be read or filled in, with its file and line.
    """
    if folder is not None and not folder.is_dir():
        raise ChipbriefError(f"{folder}: no such folder of templates")
    try:
        return environment(folder).get_template(name).render(values)
    except ChipbriefError:
        raise
    except Exception as error:  # a template can raise anything
        raise InputError([problem(error)]) from error


def environment(folder: Path | None) -> SandboxedEnvironment:
    """The engine, with the reader's folder in front of the bundled one."""
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    bundled = FileSystemLoader(BRIEFING)
    own = [FileSystemLoader(folder)] if folder is not None else []
    engine = SandboxedEnvironment(
        loader=ChoiceLoader([*own, bundled, PrefixLoader({"bundled": bundled})]),
        autoescape=True,  # select_autoescape would leave out .html.j2
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    engine.filters |= {
        "runs": runs,
        "shares": shares,
        "widest": widest,
        "system": system,
        "whole": whole,
        "linkable": linkable,
        "linked": linked,
        "by_owner": by_owner,
        "place": place,
        "percent": percent,
        "dot": dot,
    }
    return engine


def problem(error: Exception) -> Problem:
    """Where in which template it went wrong."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    if isinstance(error, TemplateSyntaxError):
        return Problem(error.message or "is no template", file=error.filename or str(error.name), line=error.lineno)
    file, line = last_place(error.__traceback__)
    message = f"there is no template {error}" if isinstance(error, TemplateNotFound) else str(error)
    return Problem(message or type(error).__name__, file=file, line=line)


def last_place(trace: TracebackType | None) -> tuple[str, int]:
    """File and line of the innermost template on the way to an error."""
    place = ("", 0)
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return place


def runs(blocks: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Blocks with their kind; neighbouring findings, and neighbouring lists, as one."""
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        if kind in RUNS:
            yield kind, list(group)
        else:
            yield from ((kind, [block]) for block in group)


def shares(table: Table) -> list[str]:
    """The columns' widths in percent of the table."""
    total = sum(column.width for column in table.columns)
    return [percent(column.width / total) for column in table.columns]


def percent(share: float) -> str:
    """A share as CSS writes it."""
    return f"{100 * share:.2f}%"


def widest(svg: str) -> int:
    """The width in pixels up to which a chart may grow."""
    found = SVG_WIDTH.match(svg)
    return round(int(found[1]) * MAGNIFIED) if found else 10_000


def system(row: Row) -> str:
    """The class of a row about a system: `system-0` to `system-2` in focus, else `system-field`, or nothing."""
    dots = [cell.dot for cell in row.cells if cell.dot is not None]
    return colour_class("system", dots[0]) if dots else ""


def dot(index: int) -> str:
    """The class of a system's mark, whose shape differs like its colour."""
    return colour_class("dot", index)


def colour_class(word: str, index: int) -> str:
    """The class of a place in the list of systems; all behind the third are the field."""
    return f"{word}-{index}" if 0 <= index < 3 else f"{word}-field"


def whole(table: Table) -> bool:
    """Whether a table is short enough to be kept on one page."""
    return len(table.rows) <= WHOLE_ROWS


def place(figure: str) -> str:
    """The anchor of an input's row, by the input's id."""
    return f"input-{re.sub(r'[^A-Za-z0-9_]', '-', figure)}"


def by_owner(figures: Sequence[str]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Ids of inputs as (owner, [(path, id)]), so that each owner is named once."""
    owners: dict[str, list[tuple[str, str]]] = {}
    for figure in figures:
        owner, _, path = figure.partition(":")
        owners.setdefault(owner, []).append((path, figure))
    yield from owners.items()


def linked(words: str, figures: Collection[str]) -> Iterator[tuple[str, str]]:
    """A text in pieces, each with the anchor that it leads to: that of an input where the piece is its id."""
    end = 0
    for found in FIGURE.finditer(words):
        if found[0] in figures:
            yield words[end : found.start()], ""
            yield found[0], place(found[0])
            end = found.end()
    yield words[end:], ""


def linkable(address: str) -> bool:
    """Whether a source's locator is an address that a reader may follow."""
    return re.fullmatch(r"https?://[^\s\"'<>]+", address) is not None
