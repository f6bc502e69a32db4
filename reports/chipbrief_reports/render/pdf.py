"""HTML to PDF: the same input gives the same bytes, and nothing outside the theme's folder is read."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from chipbrief.errors import ChipbriefError, MissingLibraryError
from chipbrief_templates import THEME

__all__ = ["PACKAGES", "Attached", "pdf_problem", "write_pdf"]

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
NOISY = ("weasyprint.progress", "fontTools")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file to put into the PDF."""

    name: str
    content: bytes
    description: str


def write_pdf(
    html: str,
    target: Path | BinaryIO | None = None,
    *,
    title: str,
    organisation: str,
    as_of: str,
    language: str = "en",
    version: str = "",
    attachments: Sequence[Attached] = (),
) -> tuple[bytes, int]:
    """Render the print HTML of a briefing to a tagged PDF (PDF/UA-1 structure).

    Args:
        html: what `briefing_html(..., medium="print")` wrote.
        target: where to write it besides returning it.
        title: of the document, in its metadata.
        organisation: the author, in its metadata.
        as_of: date of the document and of everything attached to it, at 00:00 UTC.
        language: of the document, a tag such as `en`.
        version: of chipbrief, in its metadata.
        attachments: files to carry along.

    Returns:
        The file, and the number of its pages.

    Raises:
        MissingLibraryError: where the machine has no Pango.
        ChipbriefError: where the document asks for a file outside the theme.
    """
    weasyprint = library()
    day = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    with quiet(), no_garbage_collection(), refusals():
        document = laid_out(html)
        document.metadata = weasyprint.document.DocumentMetadata(
            title=title,
            authors=[organisation] if organisation else [],
            generator=f"chipbrief {version}".strip(),
            created=day.strftime("%Y-%m-%dT%H:%M:%SZ"),
            modified=day.strftime("%Y-%m-%dT%H:%M:%SZ"),
            lang=language,
        )
        files = [attachment(file, day) for file in attachments]
        content: bytes = document.write_pdf(pdf_variant="pdf/ua-1", attachments=files)
    if isinstance(target, Path):
        target.write_bytes(content)
    elif target is not None:
        target.write(content)
    return content, len(document.pages)


def pdf_problem() -> str | None:
    """Why this machine cannot make PDFs, or nothing."""
    try:
        library()
    except MissingLibraryError as error:
        return str(error)
    return None


def library() -> Any:
    """WeasyPrint, which needs libraries that no wheel carries."""
    try:
        with quiet():
            import weasyprint
    except OSError as error:
        raise MissingLibraryError(
            f"PDF needs Pango, which this machine lacks; on Debian and Ubuntu: apt-get install {PACKAGES}"
        ) from error
    return weasyprint


def laid_out(html: str) -> Any:
    """The pages of the document."""
    source = library().HTML(string=html, base_url=THEME.as_uri() + "/", url_fetcher=fetcher())
    return source.render(font_config=fonts(), pdf_variant="pdf/ua-1", pdf_tags=True)


@contextmanager
def refusals() -> Iterator[None]:
    """A refused file is an error, not a gap on the page; links to attachments are read as late as when writing."""
    from weasyprint.urls import FatalURLFetchingError

    try:
        yield
    except FatalURLFetchingError as error:
        raise ChipbriefError(f"the templates ask for a file they may not have: {error.__cause__}") from error


def attachment(file: Attached, day: datetime) -> Any:
    """The file, dated like the document; WeasyPrint would take the time of the run."""
    return library().Attachment(
        string=file.content,
        name=file.name,
        description=file.description,
        created=day,
        modified=day,
        url_fetcher=fetcher(),
        relationship="Data",
    )


@cache
def fonts() -> Any:
    """The one font configuration of this process."""
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


@cache
def fetcher() -> Any:
    """Reads `data:` and files that really lie below the theme's folder, refuses all else and stops the render."""
    library()
    from weasyprint.urls import URLFetcher

    class ThemeFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint carries no types
        """The theme's own files, and nothing more."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            """Fetch an allowed address."""
            return super().fetch(allowed(url), headers)

    return ThemeFetcher(allowed_protocols={"data", "file"}, allow_redirects=False, fail_on_errors=True)


def allowed(url: str) -> str:
    """The address as it is, or with its links resolved.

    Raises:
        ValueError: for anything but `data:` and a file below the theme's folder.
    """
    parts = urlsplit(url)
    if parts.scheme == "data":
        return url
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        path = Path(url2pathname(parts.path)).resolve()
        if path.is_file() and path.is_relative_to(THEME.resolve()):
            return path.as_uri()
    raise ValueError(f"{url[:120]}: only data: and files below {THEME.name}/ may be read")


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """A render makes millions of objects and no garbage worth looking for; a fifth of its time goes on looking."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def quiet() -> Iterator[None]:
    """Progress and font tables are nobody's business; warnings about the document's CSS still come through."""
    loggers = [logging.getLogger(name) for name in NOISY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
