"""The template engine: sandboxed, always escaping, and strict about what a template may ask for.

The bundled templates are filled in here. A folder with a reader's own is taken to a process of its own, with a limit
on time and memory, and what comes back is held against what a document may ask for.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from chipbrief.errors import ChipbriefError, InputError, Problem, did_you_mean
from chipbrief_reports.briefing.document import Block, Row, Table
from chipbrief_reports.render.checks import UNSEEN, check_markup
from chipbrief_templates import BRIEFING

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

__all__ = ["check_templates", "filled", "serve"]

RUNS = ("finding", "bullets")  # kinds that stand together under one roof
FIGURE = re.compile(r"[\w.-]+:[\w.-]*\w")
SVG_WIDTH = re.compile(r'<svg\b[^<>]*?\swidth="(\d+)')
MAGNIFIED = 1.42  # charts may grow this far to fill the page
WHOLE_ROWS = 26  # a table of up to so many rows stays on one page

SECONDS, MEGABYTES = 30, 1500  # processor time and memory of a reader's own templates
SOURCE_BYTES = 1_000_000
SERVE = f"from {__name__} import serve; serve()"
UNIT = re.compile(r"(?<=\d) (?=(?:%|[m\u00b5n]?s|h|[kMG]?W|[kMGTP]B)(?![\w/]))")
DOCTYPE = re.compile(r"\s*<!doctype html>", re.IGNORECASE)


class OutOfTimeError(Exception):
    """A template that does not come to an end."""


def filled(name: str, values: Mapping[str, Any], folder: Path | None = None) -> str:
    """Fill a template in.

    Args:
        name: the template's file name.
        values: what it may speak of.
        folder: a reader's own templates, each of which takes the place of the bundled one of the same name;
            it can still extend that one as `bundled/NAME`.

    Raises:
        InputError: for a template that cannot be read or filled in, or that asks for anything, with its file and line.
    """
    if folder is None:
        return rendered(name, values, None)
    if not folder.is_dir():
        raise ChipbriefError(f"{folder}: no such folder of templates")
    page = apart(name, values, folder)
    check_markup(page, values["scripts"], values["stylesheet"], folder)
    return under_policy(page, values) if (folder / name).exists() else page


def check_templates(folder: Path) -> list[Problem]:
    """What is wrong with a reader's templates before any is run: broken ones, and misspelt names."""
    engine, problems, sources = environment(folder), [], {}
    for path in sorted(folder.rglob("*.j2")):
        name = path.relative_to(folder).as_posix()
        try:
            found = own_source(folder, name)
            if found:
                sources[name] = found[0]
                engine.parse(found[0], name, found[1])
        except Exception as error:  # a parser can be brought to its end in many ways
            problems.append(replace(problem(error), file=str(path)))
    bundled = [path.name for path in BRIEFING.glob("*.j2")]
    for name in sources:
        unasked = not any(name in words for other, words in sources.items() if other != name)
        near = did_you_mean(name, bundled) if name not in bundled and unasked else ""
        if near:  # a name of no bundled one may be put together by another template
            problems.append(Problem(f"takes no template's place, and no other names it{near}", str(folder / name)))
    return problems


def rendered(name: str, values: Mapping[str, Any], folder: Path | None) -> str:
    """Fill a template in, in this process."""
    try:
        return environment(folder).get_template(name).render(values)
    except ChipbriefError:
        raise
    except Exception as error:  # a template can raise anything
        found = problem(error)
        raise InputError([found if found.file else replace(found, file=str(folder or BRIEFING))]) from error


def under_policy(page: str, values: Mapping[str, Any]) -> str:
    """The page with its policy before all else, where a reader's own document cannot have left it out.

    What stands between the document type and `<html>` is in the head, whatever follows.
    """
    from markupsafe import escape

    if values["medium"] == "print":
        return page
    found = DOCTYPE.match(page)
    start = found.end() if found else 0
    policy = f'<meta http-equiv="Content-Security-Policy" content="{escape(values["policy"])}">'
    return f"<!DOCTYPE html>\n{policy}{page[start:]}"


# -- a process of its own -------------------------------------------------------------------------------------


def apart(name: str, values: Mapping[str, Any], folder: Path) -> str:
    """Fill a template in, in a process that ends when it takes too long or too much."""
    order = pickle.dumps((name, dict(values), folder, SECONDS, MEGABYTES))
    paths = os.pathsep.join(path for path in sys.path if path)
    try:
        done = subprocess.run(  # noqa: S603 - this Python, with words from here
            [sys.executable, "-P", "-B", "-c", SERVE],
            input=order,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": paths},
            timeout=20 * SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):  # it was killed before it could say anything
        raise InputError([Problem(too_much(SECONDS, MEGABYTES), str(folder))]) from None
    if "problems" in answer:
        raise InputError([Problem(**told) for told in answer["problems"]])
    if "error" in answer:
        raise ChipbriefError(answer["error"])
    return str(answer["page"])


def serve() -> None:
    """The other side of `apart`: one order on standard input, one answer on standard output."""
    name, values, folder, seconds, megabytes = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by `apart`
    limit(seconds, megabytes)
    try:
        answer: dict[str, Any] = {"page": rendered(name, values, folder)}
    except InputError as error:
        answer = {"problems": [asdict(told) for told in error.problems]}
    except ChipbriefError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer))


def limit(seconds: int, megabytes: int) -> None:
    """Hold this process to a time and a memory, and let it write no file; Windows knows none of it."""
    if sys.platform == "win32":
        return
    import resource

    def out_of_time(*_: object) -> None:
        raise OutOfTimeError(too_much(seconds, megabytes))

    signal.signal(signal.SIGPROF, out_of_time)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    for kind, most in (
        (resource.RLIMIT_CPU, seconds + 2),  # for what does not listen to the signal
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_FSIZE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):  # macOS does not limit memory
            continue


def too_much(seconds: int, megabytes: int) -> str:
    """What is told of a template that does not end, or fills the memory."""
    return f"takes more than {seconds} s or {megabytes} MB: does a loop not end?"


# -- the engine -----------------------------------------------------------------------------------------------


def environment(folder: Path | None) -> SandboxedEnvironment:
    """The engine, with the reader's folder in front of the bundled one."""
    from jinja2 import ChoiceLoader, FileSystemLoader, FunctionLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    bundled = FileSystemLoader(BRIEFING)
    own = [FunctionLoader(partial(own_source, folder))] if folder is not None else []
    engine = SandboxedEnvironment(
        loader=ChoiceLoader([*own, bundled, PrefixLoader({"bundled": bundled})]),
        autoescape=True,  # select_autoescape would leave out .html.j2
        undefined=StrictUndefined,
        finalize=seen,
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


def own_source(folder: Path, name: str) -> tuple[str, str, None] | None:
    """A template of the reader's own; nothing where the folder has none of that name."""
    from jinja2 import TemplateSyntaxError

    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts or not path.is_file():
        return None
    wrong = ""
    if not path.resolve().is_relative_to(folder.resolve()):
        wrong = "is a link that leads out of the folder of templates"
    elif path.stat().st_size > SOURCE_BYTES:
        wrong = f"is larger than {SOURCE_BYTES // 1_000_000} MB"
    try:
        source = "" if wrong else path.read_text("utf-8")
    except UnicodeDecodeError:
        wrong = "is not UTF-8 text"
    except OSError as error:
        wrong = f"cannot be read: {error.strerror}"
    if wrong:
        raise TemplateSyntaxError(wrong, 1, name, str(path))
    return source, str(path), None


def seen(value: object) -> object:
    """A text without characters that nobody sees or that turn the direction of what follows; markup as it is.

    A short unit stays on the line of its number.
    """
    if type(value) is not str:
        return value
    glued = UNIT.sub("\u00a0", value)
    return glued if glued.isprintable() else UNSEEN.sub("\ufffd", glued)


def problem(error: Exception) -> Problem:
    """Where in which template it went wrong."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    if isinstance(error, TemplateSyntaxError):
        return Problem(error.message or "is no template", file=error.filename or str(error.name), line=error.lineno)
    file, line = last_place(error.__traceback__)
    message = f"there is no template {error}" if isinstance(error, TemplateNotFound) else str(error)
    if isinstance(error, MemoryError):
        message = too_much(SECONDS, MEGABYTES)
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
    """A text in pieces, each with the anchor that it leads to: that of an input where the piece is its id.

    The space before an id goes with it: WeasyPrint breaks the word otherwise that begins a link.
    """
    end = 0
    for found in FIGURE.finditer(words):
        if found[0] in figures:
            before = words[end : found.start()]
            yield before.removesuffix(" "), ""
            yield f"{' ' * before.endswith(' ')}{found[0]}", place(found[0])
            end = found.end()
    yield words[end:], ""


def linkable(address: str) -> bool:
    """Whether a source's locator is an address that a reader may follow."""
    return re.fullmatch(r"https?://[^\s\"'<>]+", address) is not None
