"""`chipbrief doctor`: whether this machine can print, and what to do where it cannot."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, strict_option
from chipbrief_reports.cli.failure import FAILED
from chipbrief_reports.cli.output import table

__all__ = ["Check", "checks", "command", "document", "text"]

DISTRIBUTION = "chipbrief"
EDITIONS = "editions"
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
FONTS = ("Inter-400.ttf", "Inter-700.ttf", "Newsreader-400.ttf", "Newsreader-600.ttf")
REINSTALL = f"pip install --force-reinstall {DISTRIBUTION}"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that printing needs: how it stands, and what to do where it does not."""

    name: str
    status: Literal["ok", "warning", "FAILED"]
    found: str
    advice: str = ""


@click.command(
    "doctor",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief doctor --json | jq '.checks[] | select(.status != "ok")'
  chipbrief doctor --rebuild editions""",
)
@click.option(
    "--rebuild",
    metavar="DIR",
    is_flag=False,
    flag_value=EDITIONS,
    type=click.Path(path_type=Path),
    help=f"Make the database of a folder of editions again from what lies in it, and do no more.  [DIR: {EDITIONS}]",
)
@strict_option
def command(strict: bool, rebuild: Path | None) -> Reply:
    """Check that this machine can print briefings.

    Python, libraries, Pango, fonts, charts, plugins and the folder for temporary files: how each stands, and what to
    do. The exit code is 1 if something failed; a plugin that fails is a warning, unless --strict is given.
    """
    if rebuild is not None:
        return _rebuilt(rebuild)
    found = document(list(checks(strict)))
    return Reply(found, text, 0 if found["ok"] else FAILED)


def _rebuilt(root: Path) -> Reply:
    """The database of editions, made again from their manifests and journals."""
    from chipbrief_reports.cli.scheduled import root_of
    from chipbrief_reports.schedule.sqlite_store import STATE, rebuild

    slots = rebuild(root_of(root))
    from chipbrief_reports.wording import count

    told = {"rebuilt": root / STATE, "slots": slots}
    return Reply(told, lambda document: f"{document['rebuilt']} holds {count(document['slots'], 'slot')} again")


def document(found: list[Check]) -> Document:
    """Every check, and whether none failed."""
    return {"ok": all(c.status != "FAILED" for c in found), "checks": [asdict(c) for c in found]}


def text(document: Document) -> str:
    """One line a check, and what to do below it."""
    rows = [
        (c["status"], c["name"], c["found"] + (f"; to do: {c['advice']}" if c["advice"] else ""))
        for c in document["checks"]
    ]
    return table(("status", "check", "found"), rows)


def checks(strict: bool) -> Iterator[Check]:
    """Run every check; one that raises has failed, and the others run."""
    yield _python()
    yield from _libraries()
    for name, check in PARTS.items():
        yield _guarded(name, check)
    yield _guarded("plugins", lambda: _plugins(strict))


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except Exception as error:  # a doctor reports what it finds, whatever it is
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return Check(name, "FAILED", said, REINSTALL)


# -- Python and libraries -------------------------------------------------------------------------------------


def _python() -> Check:
    version = sys.version_info[:2]
    if OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        return Check("Python", "ok", platform.python_version())
    wanted = " to ".join(".".join(map(str, v)) for v in (OLDEST_PYTHON, NEWEST_PYTHON))
    return Check("Python", "FAILED", platform.python_version(), f"use Python {wanted}")


def _libraries() -> Iterator[Check]:
    """The requirements that chipbrief's own metadata states, extras left out."""
    from importlib.metadata import requires

    for requirement in sorted(requires(DISTRIBUTION) or ()):
        if ";" not in requirement:
            yield _library(requirement)


def _library(requirement: str) -> Check:
    from importlib.metadata import PackageNotFoundError, version

    name, _, bounds = re.fullmatch(r"([\w.-]+)\s*(\(?)(.*?)\)?", requirement).groups()  # type: ignore[union-attr] # PEP 508
    try:
        found = version(name)
    except PackageNotFoundError:
        return Check(name, "FAILED", "not installed", f"pip install '{requirement}'")
    if all(_holds(found, bound) for bound in bounds.split(",") if bound):
        return Check(name, "ok", found)
    return Check(name, "FAILED", f"{found}, wanted {bounds}", f"pip install '{requirement}'")


def _holds(version: str, bound: str) -> bool:
    """Whether a version keeps one bound; bounds other than >= and < are left to pip."""
    match = re.fullmatch(r"\s*(>=|<)\s*([\d.]+)\s*", bound)
    if match is None:
        return True
    found, limit = (tuple(map(int, re.findall(r"\d+", text))) for text in (version, match[2]))
    return found >= limit if match[1] == ">=" else found < limit


# -- printing -------------------------------------------------------------------------------------------------


def _pango() -> Check:
    from chipbrief_reports.render.pdf import pdf_problem

    problem = pdf_problem()
    if problem is None:
        return Check("Pango", "ok", "a PDF can be printed")
    return Check("Pango", "FAILED", "no PDF can be printed", problem)


def _fonts() -> Check:
    from chipbrief_templates import THEME

    folder = THEME / "fonts"
    absent = [name for name in FONTS if not (folder / name).is_file()]
    if absent:
        return Check("fonts", "FAILED", f"{', '.join(absent)} not in {folder}", REINSTALL)
    return Check("fonts", "ok", f"{len(list(folder.glob('*.ttf')))} bundled")


def _chart() -> Check:
    from chipbrief_reports.charts import DotRow, dot_strip
    from chipbrief_reports.render import chart_svg

    svg = chart_svg(dot_strip([DotRow("one", 1.0, 0), DotRow("two", 2.0, 0)], axis="s"), "check", "A check")
    if "<svg" in svg:
        return Check("chart", "ok", f"renders to SVG ({len(svg):,} characters)")
    return Check("chart", "FAILED", "no SVG came back", "pip install --force-reinstall altair vl-convert-python")


def _temporary() -> Check:
    import tempfile

    try:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"chipbrief")
            file.flush()
    except OSError as error:
        return Check("temporary files", "FAILED", str(error), "set TMPDIR to a folder that can be written")
    return Check("temporary files", "ok", tempfile.gettempdir())


PARTS: dict[str, Callable[[], Check]] = {
    "Pango": _pango,
    "fonts": _fonts,
    "chart": _chart,
    "temporary files": _temporary,
}


def _plugins(strict: bool) -> Check:
    found = loading.registry()
    loaded = f"{len(found.plugins) - len(found.failed)} loaded, {len(found)} systems"
    if not found.failed and len(found):
        return Check("plugins", "ok", loaded)
    names = ", ".join(str(record) for record in found.failed) or "no system in the registry"
    bad = strict or not len(found)
    return Check("plugins", "FAILED" if bad else "warning", f"{loaded}; {names}", "see chipbrief plugins")
