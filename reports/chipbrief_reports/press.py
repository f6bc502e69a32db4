"""The press: a file in, a folder out, all of it or nothing."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from chipbrief.catalogue import Catalogue
from chipbrief.claims import audit
from chipbrief.errors import InputError, MissingLibraryError, Problem
from chipbrief.evaluate import SAMPLES, SEED, Results, evaluate
from chipbrief.evidence.model_error import ModelError, model_error
from chipbrief.fleet import Limits, fleet_report
from chipbrief.registry import Registry
from chipbrief_reports.briefing.compose import compose
from chipbrief_reports.briefing.document import Briefing, Chart, as_json
from chipbrief_reports.clock import today
from chipbrief_reports.export import briefing_markdown, csv_files, one_page, results_json, tables, workbook
from chipbrief_reports.export import summary as summary_of
from chipbrief_reports.render import Attached, briefing_html, chart_svg, write_pdf
from chipbrief_reports.render.checks import all_blocks
from chipbrief_reports.render.theme import Medium
from chipbrief_reports.request import Request, read_request
from chipbrief_reports.unchanged import Basis, BuildReport, record, record_name

__all__ = ["BuildReport", "build"]

JSON = Path("data") / "results.json"
PLANNED = {"capacity", "cost"}  # sections that show the fleet over the months
LIMITS = Limits(gap=0.02, seconds=120.0)  # a plan that the clock stops would not be the same the next time
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
    basis: Basis | None = None,
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
        basis: what the other arguments stand for, as `basis_of` found it before; a record is kept beside the files
            then, by which `kept` knows them again, unless a plugin or the PDF is missing.
        progress: told what is done next.

    Raises:
        InputError: the source cannot be used, or the folder cannot be written; nothing is written then.
    """
    request = read_request(source, models=catalogue.names, hardware=registry.names)
    _check_writable(output)
    day = (basis.day(request.as_of) if basis else as_of or request.as_of) or today()
    results = evaluate(
        request.mix,
        registry,
        catalogue,
        as_of=day,
        samples=SAMPLES if samples is None else samples,
        seed=SEED if seed is None else seed,
        progress=progress,
    )
    progress("model against measurement")
    error = model_error(registry, catalogue)
    wanted = formats or (_readable(request.formats) if summary else request.formats)
    briefing = _composed(request, results, error, registry, catalogue, progress, summary=summary)
    edition = _Edition(request, results, error, briefing, progress, summary=summary)
    files = edition.files(frozenset(wanted))
    progress("writing")
    report = BuildReport(tuple(files), edition.pages, edition.warnings, edition.pdf_refused)
    if basis and not registry.failed and not edition.pdf_refused:
        _put(output, files | {record_name(summary=summary): record(basis, request.as_of, files, report)})
    else:
        _put(output, files)
    return replace(report, written=tuple(output / name for name in files))


def _readable(formats: Sequence[str]) -> tuple[str, ...]:
    """Those of the formats that are read; all of these where there is none among them."""
    return tuple(name for name in formats if name in READ) or READ


class _Edition:
    """One briefing, or its summary, in every format that is asked for."""

    def __init__(
        self,
        request: Request,
        results: Results,
        error: ModelError,
        briefing: Briefing,
        progress: Callable[[str], None],
        *,
        summary: bool,
    ) -> None:
        self.pages: int | None = None
        self.warnings: tuple[str, ...] = ()
        self.pdf_refused: str | None = None
        self._request, self._results, self._error, self._say = request, results, error, progress
        self._summary = summary
        self._briefing = briefing

    def files(self, wanted: frozenset[str]) -> dict[Path, bytes]:
        """Everything to write, by path."""
        files: dict[Path, bytes] = {}
        if "csv" in wanted:
            files |= csv_files(self._results, self._error)
        if "json" in wanted:
            files[JSON] = self._data
        if "xlsx" in wanted:
            self._say("XLSX")
            files[self._name("xlsx")] = workbook(self._briefing, tables(self._results, self._error))
        if "md" in wanted:
            files[self._name("md")] = briefing_markdown(self._briefing).encode()
        if "html" in wanted:
            files[self._name("html")] = self._html("screen").encode()
        if "pdf" in wanted and (content := self._pdf()) is not None:
            files[self._name("pdf")] = content
        return files

    def _name(self, format_: str) -> Path:
        return Path(f"{'summary' if self._summary else 'briefing'}.{format_}")

    @cached_property
    def _data(self) -> bytes:
        return results_json(self._results, self._error, as_json(self._briefing))

    @cached_property
    def _charts(self) -> dict[str, str]:
        self._say("charts")
        charts = [block for block in all_blocks(self._briefing) if isinstance(block, Chart)]
        return {chart.id: chart_svg(chart.spec, chart.id, chart.alternative) for chart in charts}

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
        return write_pdf(
            html,
            title=self._briefing.title,
            organisation=self._briefing.organisation,
            as_of=self._briefing.as_of,
            language=self._briefing.language,
            version=self._briefing.version,
            attachments=[Attached("results.json", self._data, "Results, inputs and sources of this briefing")],
        )


def _composed(
    request: Request,
    results: Results,
    error: ModelError,
    registry: Registry,
    catalogue: Catalogue,
    progress: Callable[[str], None],
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
    whole = compose(
        results,
        error,
        title=request.title,
        organisation=request.organisation,
        sections=sections,
        focus=request.focus,
        theme=request.theme,
        plan=plan,
        field=tuple(registry),
        audits=audits,
    )
    return summary_of(whole) if summary else whole


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
