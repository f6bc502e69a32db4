"""The press: a file in, a folder out, all of it or nothing."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chipbrief.catalogue import Catalogue
from chipbrief.errors import InputError, MissingLibraryError, Problem
from chipbrief.evaluate import SAMPLES, SEED, Results, evaluate
from chipbrief.evidence.model_error import ModelError, model_error
from chipbrief.registry import Registry
from chipbrief_reports.briefing.compose import compose
from chipbrief_reports.briefing.document import Block, Briefing, Chart, Columns, as_json
from chipbrief_reports.clock import today
from chipbrief_reports.export import csv_files, results_json
from chipbrief_reports.render import Attached, briefing_html, chart_svg, write_pdf
from chipbrief_reports.request import Request, read_request

__all__ = ["BuildReport", "build"]

HTML, PDF, JSON = Path("briefing.html"), Path("briefing.pdf"), Path("data") / "results.json"


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build left behind; `pdf_refused` says why there is no PDF."""

    written: tuple[Path, ...]
    pages: int | None
    warnings: tuple[str, ...]
    pdf_refused: str | None


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
    progress: Callable[[str], None] = lambda _: None,
) -> BuildReport:
    """Print a briefing.

    Args:
        source: a briefing or a mix; the default example for None.
        output: folder to write to.
        registry: the hardware.
        catalogue: the architectures.
        as_of: date of the briefing, over the file's own; else SOURCE_DATE_EPOCH, else today.
        formats: some of html, pdf, csv, json, over the file's own.
        samples: draws behind an interval.
        seed: seed of the draws.
        progress: told what is done next.

    Raises:
        InputError: the source cannot be used, or the folder cannot be written; nothing is written then.
    """
    request = read_request(source, models=catalogue.names, hardware=registry.names)
    _check_writable(output)
    day = as_of or request.as_of or today()
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
    briefing = _composed(request, results, error)
    files, pages, refused = _files(request, results, error, briefing, set(formats or request.formats), progress)
    progress("writing")
    written = _put(output, files)
    return BuildReport(written, pages, (), refused)


def _composed(request: Request, results: Results, error: ModelError) -> Briefing:
    return compose(
        results,
        error,
        title=request.title,
        organisation=request.organisation,
        sections=request.sections,
        focus=request.focus,
        theme=request.theme,
    )


def _files(
    request: Request,
    results: Results,
    error: ModelError,
    briefing: Briefing,
    wanted: set[str],
    progress: Callable[[str], None],
) -> tuple[dict[Path, bytes], int | None, str | None]:
    """Everything to write, by path; the PDF's pages; and why there is no PDF."""
    files: dict[Path, bytes] = {}
    data = results_json(results, error, as_json(briefing))
    if "csv" in wanted:
        files |= csv_files(results, error)
    if "json" in wanted:
        files[JSON] = data
    if not wanted & {"html", "pdf"}:
        return files, None, None
    progress("charts")
    charts = {chart.id: chart_svg(chart.spec, chart.id, chart.alternative) for chart in _charts(briefing)}
    if "html" in wanted:
        progress("HTML")
        page = briefing_html(briefing, medium="screen", charts=charts, template_folder=request.template_folder)
        files[HTML] = page.encode()
    if "pdf" not in wanted:
        return files, None, None
    progress("PDF")
    try:
        files[PDF], pages = _pdf(request, briefing, charts, data)
    except MissingLibraryError as error:
        return files, None, str(error)
    return files, pages, None


def _charts(briefing: Briefing) -> Iterator[Chart]:
    for section in briefing.sections:
        yield from _charts_in(section.blocks)


def _charts_in(blocks: tuple[Block, ...]) -> Iterator[Chart]:
    for block in blocks:
        if isinstance(block, Chart):
            yield block
        elif isinstance(block, Columns):
            yield from _charts_in(block.left + block.right)


def _pdf(request: Request, briefing: Briefing, charts: Mapping[str, str], data: bytes) -> tuple[bytes, int]:
    html = briefing_html(briefing, medium="print", charts=charts, template_folder=request.template_folder)
    attached = Attached("results.json", data, "Results, inputs and sources of this briefing")
    return write_pdf(
        html,
        title=briefing.title,
        organisation=briefing.organisation,
        as_of=briefing.as_of,
        language=briefing.language,
        version=briefing.version,
        attachments=[attached],
    )


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


def _put(output: Path, files: Mapping[Path, bytes]) -> tuple[Path, ...]:
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
    return tuple(output / name for name in files)


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
