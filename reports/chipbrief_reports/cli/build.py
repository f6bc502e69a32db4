"""`chipbrief build`: print a briefing, or many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief.errors import InputError, Problem, did_you_mean
from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import (
    Document,
    Reply,
    ReportCommand,
    as_of_option,
    sampling_options,
    strict_option,
)
from chipbrief_reports.cli.engines import opened
from chipbrief_reports.cli.failure import BAD_INPUT, FAILED, error_document, exit_code, problems
from chipbrief_reports.cli.output import complain, progress
from chipbrief_reports.unchanged import Basis, BuildReport, basis_of, kept

if TYPE_CHECKING:
    from chipbrief.catalogue import Catalogue
    from chipbrief.engine import Engine
    from chipbrief.registry import Registry

__all__ = ["FORMATS", "command", "document", "text"]

FORMATS = ("html", "pdf", "xlsx", "csv", "json", "md")
UNCHANGED = "unchanged"


def _formats(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """`html,pdf` as a tuple without repeats; refuses what is not a format, and none at all."""
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if name not in FORMATS:
            raise click.BadParameter(f"unknown format {name!r}{did_you_mean(name, FORMATS) or _one_of()}")
    return tuple(dict.fromkeys(names))


def _one_of() -> str:
    return f"; expected some of {','.join(FORMATS)}"


@dataclass(frozen=True, slots=True)
class _Job:
    """One briefing to print: its name, where from, where to, the options, and what these are made from."""

    name: str
    source: Path | None
    output: Path
    options: Mapping[str, Any]
    basis: Basis | None

    def print(
        self, registry: Registry, catalogue: Catalogue, say: Callable[[str], None] = lambda _: None
    ) -> BuildReport:
        from chipbrief_reports import press

        return press.build(
            self.source,
            self.output,
            registry=registry,
            catalogue=catalogue,
            basis=self.basis,
            own_processes=True,
            progress=say,
            **self.options,
        )


@dataclass(frozen=True, slots=True)
class _End:
    """What became of a job: its report, or an exit code and what is wrong."""

    report: BuildReport | None
    code: int = 0
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, error: BaseException) -> _End:
        return cls(None, exit_code(error), tuple(problems(error)))


@click.command(
    "build",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief build                              the default example
  chipbrief build mix.yaml --output out        out/briefing.html, .pdf, .xlsx, .md and out/data/
  chipbrief build mix.yaml --summary           one page: briefing/summary.html, .pdf and .md
  chipbrief build a.yaml b.yaml --engine processes:2     briefing/a/ and briefing/b/, at the same time
  chipbrief build briefing.yaml --format html,xlsx --as-of 2026-11-23""",
)
@click.argument("files", metavar="[FILE.yaml]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    default="briefing",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder to write to; made if it is not there.",
)
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    callback=_formats,
    help="Some of html,pdf,xlsx,csv,json,md.  [default: the briefing's own, else all]",
)
@click.option(
    "--summary",
    is_flag=True,
    help="Print page one alone, as summary.html, .pdf and .md; --format takes others.",
)
@click.option(
    "--engine",
    metavar="ENGINE",
    default="serial",
    show_default=True,
    help="Where to print several: serial, processes, processes:N or dask:ADDRESS; local:N is processes:N.",
)
@click.option("--force", is_flag=True, help="Build though nothing has changed since the last time.")
@as_of_option
@sampling_options
@strict_option
def command(
    files: tuple[Path, ...],
    output: Path,
    formats: tuple[str, ...] | None,
    summary: bool,
    engine: str,
    force: bool,
    as_of: str | None,
    samples: int | None,
    seed: int | None,
    strict: bool,
) -> Reply:
    """Print a briefing from a mix or a briefing file.

    Writes briefing.html, briefing.pdf, briefing.xlsx, briefing.md and the folder data/ (csv and json) to the output
    folder, and lists them. Nothing is written when the input is wrong, and nothing is built again where neither the
    inputs nor the files have changed since. Where Pango is missing, all but the PDF is written, the exit code is 1,
    and the packages to install are named.

    Each of several files goes to a folder of its own, DIR/NAME by the file's name; one that is wrong keeps none of
    the others back.
    """
    date = None if as_of is None else loading.as_of_date(as_of)
    options: dict[str, Any] = {"as_of": date, "formats": formats, "samples": samples, "seed": seed, "summary": summary}
    if len(files) > 1:
        return _many(_jobs(files, output, options), opened(engine), force=force, strict=strict)
    if engine != "serial":
        opened(engine)  # it is not needed, but may be misspelt
    source = files[0] if files else None
    return _one(_Job("", source, output, options, basis_of(source, **options)), force=force, strict=strict)


def _one(job: _Job, *, force: bool, strict: bool) -> Reply:
    """One briefing, here, unless it is there already."""
    report = None if force else kept(job.output, job.basis)
    if report:
        complain(f"{UNCHANGED} since it was built; --force builds it again")
    else:
        registry, catalogue = loading.registry(strict=strict), loading.catalogue()
        with progress() as say:
            report = job.print(registry, catalogue, say)
    _tell(report)
    return Reply(document(report), text, FAILED if report.pdf_refused else 0)


def _tell(report: BuildReport, prefix: str = "") -> None:
    for warning in report.warnings:
        complain(f"{prefix}warning: {warning}")
    if report.pdf_refused:
        complain(f"{prefix}error: {report.pdf_refused}")


def document(report: BuildReport) -> Document:
    """What was written; with `error` beside it where the PDF was refused."""
    found: Document = {
        "written": list(report.written),
        "pages": report.pages,
        "warnings": list(report.warnings),
        "pdf_refused": report.pdf_refused,
        "unchanged": report.unchanged,
    }
    return found | (error_document(FAILED, [Problem(report.pdf_refused)]) if report.pdf_refused else {})


def text(document: Document) -> str:
    """One path a line, the PDF's with its pages."""
    pages = document["pages"]
    counted = f" ({_pages(pages)})" if pages else ""
    return "\n".join(f"{path}{counted if path.suffix == '.pdf' else ''}" for path in document["written"])


def _pages(number: int) -> str:
    return f"{number} {'page' if number == 1 else 'pages'}"


# -- many -----------------------------------------------------------------------------------------------------


def _jobs(files: Sequence[Path], output: Path, options: Mapping[str, Any]) -> list[_Job]:
    """One for each file, to a folder by its name; raises InputError for names that are equal, or none."""
    wrong: list[Problem] = []
    taken: dict[str, Path] = {}
    for file in files:
        first = taken.setdefault(file.stem.casefold(), file)
        if first is not file:
            wrong.append(Problem(f"would go to the folder {file.stem} as {first} does; build it by itself", str(file)))
        elif file.stem in ("", ".."):
            wrong.append(Problem("has no name for a folder", str(file)))
    if wrong:
        raise InputError(wrong)
    return [_Job(file.stem, file, output / file.stem, options, basis_of(file, **options)) for file in files]


def _many(jobs: Sequence[_Job], engine: Engine, *, force: bool, strict: bool) -> Reply:
    """All that are not there already, wherever the engine prints them; one that fails leaves the others alone."""
    there = {} if force else {job.name: found for job in jobs if (found := kept(job.output, job.basis))}
    for name in there:
        complain(f"{name}: {UNCHANGED} since it was built; --force builds it again")
    rest = [job for job in jobs if job.name not in there]
    ends = {name: _End(report) for name, report in there.items()}
    if rest:
        loading.registry(strict=strict)  # warns of plugins that fail, once
    for done, (name, end) in enumerate(_ends(rest, engine), start=1):
        ends[name] = end
        complain(f"{name}: {_told(end)}, {done} of {len(rest)}")
    for job in jobs:
        _explain(job.name, ends[job.name])
    documents: Any = [_document_of(job, ends[job.name]) for job in jobs]
    return Reply(documents, _listing, _worst(list(ends.values())))


def _ends(jobs: Sequence[_Job], engine: Engine) -> Iterator[tuple[str, _End]]:
    """The ends of all jobs, in the order in which they come; a job that costs its workers is given up alone."""
    from chipbrief.engine import EngineError, surviving

    with engine:
        for index, end in surviving(engine, _print, jobs):
            if isinstance(end, EngineError):
                end = _End(None, FAILED, (Problem(str(end)),))
            yield jobs[index].name, end


def _print(job: _Job) -> _End:
    """Where the engine works: print one briefing, and never raise; what is done next goes to standard error."""
    try:
        with redirect_stdout(sys.stderr):
            return _End(job.print(*_world(), say=lambda line: complain(f"{job.name}: {line}")))
    except Exception as error:  # whatever it is, it is this job's end and no other's
        return _End.of(error)


@cache
def _world() -> tuple[Registry, Catalogue]:
    from chipbrief.catalogue import load_catalogue
    from chipbrief.registry import load_registry

    return load_registry(), load_catalogue()


def _told(end: _End) -> str:
    if end.report is None:
        return "failed"
    return f"written{f', {_pages(end.report.pages)}' if end.report.pages else ''}"


def _explain(name: str, end: _End) -> None:
    """Everything that is wrong with one, or that it warns of, on standard error."""
    if end.report:
        _tell(end.report, f"{name}: ")
    for problem in end.problems:
        complain(str(problem) if problem.file else f"{name}: error: {problem}")


def _document_of(job: _Job, end: _End) -> Document:
    """A briefing among others: what a single one tells, or its error."""
    told = document(end.report) if end.report else error_document(end.code, end.problems)
    return {"name": job.name, "source": job.source, "output": job.output, **told}


def _listing(documents: Any) -> str:
    """The files of all, one path a line."""
    return "\n".join(text(found) for found in documents if "written" in found)


def _worst(ends: Sequence[_End]) -> int:
    """0 where all went well, 2 where all that went wrong is input, else 1."""
    codes = {end.code or (FAILED if end.report and end.report.pdf_refused else 0) for end in ends} - {0}
    return BAD_INPUT if codes == {BAD_INPUT} else FAILED if codes else 0
