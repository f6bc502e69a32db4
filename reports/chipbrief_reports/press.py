"""The press: a file in, a folder out, all of it or nothing."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipbrief.catalogue import Catalogue
from chipbrief.claims import audit
from chipbrief.errors import InputError, MissingLibraryError, Problem
from chipbrief.evaluate import SAMPLES, SEED, Results, evaluate
from chipbrief.evidence.model_error import ModelError, model_error
from chipbrief.fleet import Limits, fleet_report
from chipbrief.registry import Registry
from chipbrief_reports.briefing.compose import compose
from chipbrief_reports.briefing.document import Briefing, Chart, as_json
from chipbrief_reports.changes import Changes, EditionOf
from chipbrief_reports.clock import today
from chipbrief_reports.export import briefing_markdown, csv_files, one_page, results_json, tables, workbook
from chipbrief_reports.export import summary as summary_of
from chipbrief_reports.render import Attached, apart, briefing_html, chart_svgs, write_pdf
from chipbrief_reports.render.checks import all_blocks
from chipbrief_reports.render.theme import Medium
from chipbrief_reports.request import Request, read_request
from chipbrief_reports.unchanged import Basis, BuildReport, record, record_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BuildReport", "build"]

JSON = Path("data") / "results.json"
PLANNED = {"capacity", "cost"}  # sections that show the fleet over the months
LIMITS = Limits(gap=0.02, seconds=120.0)  # a plan that the clock stops would not be the same the next time
ATTACHED = "Results, inputs and sources of this briefing"
DATA = frozenset(("csv", "json", "xlsx"))
READ = ("html", "pdf", "md")  # formats to read; the others hold data


def build(
    source: Path | None,
    output: Path,
    *,
    registry: Registry,
    catalogue: Catalogue,
    as_of: str | None = None,
    formats: tuple[str, ...] | None = None,
    samples: int | None = None,
    seed: int | None = None,
    summary: bool = False,
    own_processes: bool = False,
    basis: Basis | None = None,
    edition: EditionOf | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> BuildReport:
    """Print a briefing.

    Args:
        source: a briefing or a mix; the default example for None.
        output: folder to write to.
        registry: the hardware.
        catalogue: the architectures.
        as_of: date of the briefing, over the file's own; else SOURCE_DATE_EPOCH, else today.
        formats: some of html, pdf, xlsx, csv, json, md, over the file's own.
        samples: draws behind an interval.
        seed: seed of the draws.
        summary: print the decision alone, on one page, as `summary.*`; in html, pdf and md where no formats are given.
        own_processes: draw the charts and render the PDF in processes of their own, so that this one need not hold what
            Vega and WeasyPrint take; a fifth of a second for both, and the same bytes.
        basis: what the other arguments stand for, as `basis_of` found it before; a record is kept beside the files
            then, by which `kept` knows them again, unless a plugin or the PDF is missing.
        edition: which edition of a series it is, if it is one: it tells what changed, and keeps its facts for the next.
        progress: told what is done next.

    Raises:
        InputError: the source cannot be used, or the folder cannot be written; nothing is written then.
    """
    request = read_request(source, models=catalogue.names, hardware=registry.names)
    _check_writable(output)
    wanted = frozenset(formats or (_readable(request.formats) if summary else request.formats))
    terms = _Terms(
        day=(basis.day(request.as_of) if basis else as_of or request.as_of) or today(),
        samples=SAMPLES if samples is None else samples,
        seed=SEED if seed is None else seed,
        wanted=wanted,
        summary=summary,
    )
    written = _written(request, registry, catalogue, terms, edition, progress)
    sheets = _Sheets(request, written, progress, summary=summary, own_processes=own_processes)
    files = {**sheets.files(wanted), **written.news}
    progress("writing")
    report = BuildReport(tuple(files), sheets.pages, (*written.warnings, *sheets.warnings), sheets.pdf_refused)
    if basis and written.complete and not sheets.pdf_refused:
        _put(output, files | {record_name(summary=summary): record(basis, request.as_of, files, report)})
    else:
        _put(output, files)
    return replace(report, written=tuple(output / name for name in files))


def _readable(formats: Sequence[str]) -> tuple[str, ...]:
    """Those of the formats that are read; all of these where there is none among them."""
    return tuple(name for name in formats if name in READ) or READ


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """The day, draws, seed and formats of a build, and whether it is the summary alone."""

    day: str
    samples: int
    seed: int
    wanted: frozenset[str]
    summary: bool

    @property
    def has_data(self) -> bool:
        """Whether the JSON document is written, or goes into the PDF."""
        return "json" in self.wanted or ("pdf" in self.wanted and not self.summary)


@dataclass(frozen=True, slots=True)
class _Written:
    """A briefing before it is drawn: its data files, its JSON document, and the facts that its edition keeps.

    `warnings` name the systems whose models failed; where these or other plugins are missing it is not `complete`. The
    results behind it, and their draws, are let go before the charts and pages take their memory.
    """

    briefing: Briefing
    files: Mapping[Path, bytes]
    data: bytes
    news: Mapping[Path, bytes]
    warnings: tuple[str, ...]
    complete: bool


def _written(
    request: Request,
    registry: Registry,
    catalogue: Catalogue,
    terms: _Terms,
    edition: EditionOf | None,
    progress: Callable[[str], None],
) -> _Written:
    """Evaluate, plan, compose, and write what holds data."""
    results = evaluate(
        request.mix,
        registry,
        catalogue,
        as_of=terms.day,
        samples=terms.samples,
        seed=terms.seed,
        progress=progress,
    )
    progress("model against measurement")
    error = model_error(registry.without(results.left_out), catalogue)
    news = edition.news(results, request.title) if edition else None
    changes = news.changes if news else None
    briefing = _composed(request, results, error, registry, catalogue, progress, changes, summary=terms.summary)
    found = tables(results, error) if terms.has_data or terms.wanted & DATA else {}
    data = results_json(results, found, as_json(briefing)) if terms.has_data else b""
    return _Written(
        briefing,
        _data_files(briefing, found, data, terms, progress),
        data,
        news.files() if news else {},
        tuple(f"plugin {record}" for record in results.dropped),
        not results.missing,
    )


def _data_files(
    briefing: Briefing,
    found: Mapping[str, pd.DataFrame],
    data: bytes,
    terms: _Terms,
    progress: Callable[[str], None],
) -> dict[Path, bytes]:
    """CSV, JSON, XLSX and Markdown, by path."""
    files: dict[Path, bytes] = {}
    if "csv" in terms.wanted:
        files |= csv_files(found)
    if "json" in terms.wanted:
        files[JSON] = data
    if "xlsx" in terms.wanted:
        progress("XLSX")
        files[_name("xlsx", summary=terms.summary)] = workbook(briefing, found)
    if "md" in terms.wanted:
        files[_name("md", summary=terms.summary)] = briefing_markdown(briefing).encode()
    return files


def _name(format_: str, *, summary: bool) -> Path:
    return Path(f"{'summary' if summary else 'briefing'}.{format_}")


class _Sheets:
    """One briefing, or its summary, in every format that is asked for."""

    def __init__(
        self,
        request: Request,
        written: _Written,
        progress: Callable[[str], None],
        *,
        summary: bool,
        own_processes: bool,
    ) -> None:
        self.pages: int | None = None
        self.warnings: tuple[str, ...] = ()
        self.pdf_refused: str | None = None
        self._request, self._say, self._summary = request, progress, summary
        self._written, self._briefing = written, written.briefing
        self._call: Callable[..., Any] = apart if own_processes else _here

    def files(self, wanted: frozenset[str]) -> dict[Path, bytes]:
        """Everything to write, by path."""
        files = dict(self._written.files)
        if "html" in wanted:
            files[_name("html", summary=self._summary)] = self._html("screen").encode()
        if "pdf" in wanted and (content := self._pdf()) is not None:
            files[_name("pdf", summary=self._summary)] = content
        return files

    @cached_property
    def _charts(self) -> dict[str, str]:
        self._say("charts")
        charts = [block for block in all_blocks(self._briefing) if isinstance(block, Chart)]
        if not charts:
            return {}
        found: dict[str, str] = self._call(chart_svgs, [(c.spec, c.id, c.alternative) for c in charts])
        return found

    def _html(self, medium: Medium) -> str:
        charts = self._charts
        if medium == "screen":
            self._say("HTML")
        folder = self._request.template_folder
        return briefing_html(self._briefing, medium=medium, charts=charts, template_folder=folder)

    def _pdf(self) -> bytes | None:
        """The PDF, its pages counted; nothing where this machine can make none."""
        try:
            content, self.pages = self._one_page() if self._summary else self._whole()
        except MissingLibraryError as error:
            self.pdf_refused = str(error)
            return None
        return content

    def _one_page(self) -> tuple[bytes, int]:
        self._say("PDF")
        content, pages = one_page(self._briefing, self._request.template_folder)
        if pages > 1:
            self.warnings = (f"the summary does not fit on one page and takes {pages}",)
        return content, pages

    def _whole(self) -> tuple[bytes, int]:
        html = self._html("print")
        self._say("PDF")
        found: tuple[bytes, int] = self._call(
            write_pdf,
            html,
            title=self._briefing.title,
            organisation=self._briefing.organisation,
            as_of=self._briefing.as_of,
            language=self._briefing.language,
            version=self._briefing.version,
            attachments=[Attached("results.json", self._written.data, ATTACHED)],
        )
        return found


def _here(function: Callable[..., Any], *arguments: object, **named: object) -> Any:
    """A call in this process."""
    return function(*arguments, **named)


def _composed(
    request: Request,
    results: Results,
    error: ModelError,
    registry: Registry,
    catalogue: Catalogue,
    progress: Callable[[str], None],
    changes: Changes | None,
    *,
    summary: bool,
) -> Briefing:
    sections = ("decision",) if summary else request.sections
    plan = None
    if not PLANNED.isdisjoint(sections):
        plan = fleet_report(results, limits=LIMITS, progress=progress)
    if "evidence" in sections and request.claims:
        progress("claims")
    audits = [audit(claims, registry, catalogue) for claims in request.claims if "evidence" in sections]
    progress("sections")
    with _charts_trusted():
        whole = compose(
            results,
            error,
            title=request.title,
            organisation=request.organisation,
            sections=sections,
            focus=request.focus,
            theme=request.theme,
            plan=plan,
            field=tuple(registry.without(results.left_out)),
            audits=audits,
            changes=changes,
        )
    return summary_of(whole) if summary else whole


@contextmanager
def _charts_trusted() -> Iterator[None]:
    """Without Altair's checks of each part of a chart, which are for those who write one; wholes are still checked."""
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        yield


# -- writing --------------------------------------------------------------------------------------------------


def _check_writable(output: Path) -> None:
    """Refuse a folder that cannot be written to before any work is done."""
    try:
        nearest = next(p for p in (output, *output.absolute().parents) if p.exists())
        if not nearest.is_dir():
            raise InputError([Problem(f"is no folder: {nearest}", field="--output")])
        with tempfile.TemporaryDirectory(dir=nearest, prefix=".chipbrief-"):
            pass
    except OSError as error:
        raise InputError([Problem(f"cannot be written to: {output}: {error.strerror}", field="--output")]) from None


def _put(output: Path, files: Mapping[Path, bytes]) -> None:
    """Write all files beside their places first, then rename them into place."""
    try:
        with _beside(output) as work:
            for name, content in files.items():
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                (work / name).write_bytes(content)
            _make_way(output / name for name in files)
            for name in files:
                os.replace(work / name, output / name)  # noqa: PTH105 - replaces an older file in one step
    except OSError as error:
        where = error.filename or output
        raise InputError([Problem(f"cannot be written: {where}: {error.strerror}", field="--output")]) from None


def _make_way(places: Iterable[Path]) -> None:
    """Make the folders, and refuse a folder where a file belongs, before the first file is put in place."""
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(place))


@contextmanager
def _beside(output: Path) -> Iterator[Path]:
    output.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=output, prefix=".chipbrief-"))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
