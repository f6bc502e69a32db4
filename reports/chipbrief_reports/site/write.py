"""The site's files, written into the folder of the editions itself: what is there can be copied to any web server."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes import FACTS
from chipbrief_reports.editions import FileEntry, put_durably
from chipbrief_reports.site.feed import feed
from chipbrief_reports.site.shelves import HISTORY, Shelf, shelves_of

__all__ = ["TITLE", "checked_address", "write_site"]

TITLE = "Inference hardware briefings"
STAMP = ".history.json"
OURS = b'<meta name="generator" content="chipbrief'
HEAD = 65_536  # bytes of a page in which it says who wrote it
NO_FACTS = FileEntry("", 0)
BASE = re.compile(r"https?://[^\s\"'<>\\^`{|}?#]+")


def write_site(root: Path, *, base_url: str | None = None, title: str = TITLE) -> list[Path]:
    """Write the index, the feed, and for every series its index and its history.

    The same editions give the same bytes, and a file that has them already is not written again. The history of a
    series is made again only when one of its editions, the program or a file of it is another.

    Args:
        root: the folder of the editions.
        base_url: the address at which the folder is published, for the feed; without it its links are relative.
        title: of the site.

    Returns:
        The files that were written.

    Raises:
        ChipbriefError: there is no such folder, a file cannot be written, or the address is none.
    """
    address = checked_address(base_url)
    if not root.is_dir():
        raise ChipbriefError(f"{root}: no such folder of editions")
    try:
        return _write(root, address, title)
    except OSError as error:
        raise ChipbriefError(f"{error.filename or root} cannot be written: {error.strerror or error}") from error


def checked_address(base_url: str | None) -> str:
    """An address with one slash at its end, or nothing; raises ChipbriefError where it is none."""
    if base_url is None:
        return ""
    if not BASE.fullmatch(base_url) or not base_url.isprintable():
        raise ChipbriefError(f"base_url: expected an address such as https://example.com/briefings, got {base_url!r}")
    return f"{base_url.rstrip('/')}/"


def _write(root: Path, base_url: str, title: str) -> list[Path]:
    from chipbrief_reports.site.pages import index_page, series_page

    shelves = shelves_of(root)
    written: list[Path] = []
    for shelf in shelves:
        written += _histories(shelf, title)
        written += _put(shelf.series.folder / "index.html", series_page(shelf, title))
    _check_ours(root / "index.html")
    written += _put(root / "feed.xml", feed(shelves, base_url=base_url, title=title))
    written += _put(root / "index.html", index_page(shelves, title))
    return written


def _check_ours(index: Path) -> None:
    """Refuse to write over a page that somebody else wrote; raises ChipbriefError."""
    if index.is_file() and OURS not in index.read_bytes()[:HEAD]:
        raise ChipbriefError(f"{index} is not a page of editions, and is left as it is: put the editions elsewhere")


def _put(path: Path, content: bytes) -> list[Path]:
    """Write a file whose bytes differ; the file if it was written."""
    if path.is_file() and path.read_bytes() == content:
        return []
    put_durably(path, content)
    return [path]


# -- history --------------------------------------------------------------------------------------------------


def _histories(shelf: Shelf, title: str) -> list[Path]:
    """The history as a page and as a file of figures, where they are not those of these editions already."""
    basis = _basis(shelf, title)
    stamp = shelf.series.folder / STAMP
    if _stamped(stamp, basis):
        return []
    made = _made(shelf, title)
    written = [path for name, content in made.items() for path in _put(shelf.series.folder / name, content)]
    for name in HISTORY:
        if name not in made:
            (shelf.series.folder / name).unlink(missing_ok=True)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}
    put_durably(stamp, f"{json.dumps({'basis': basis, 'files': digests})}\n".encode())
    return written


def _made(shelf: Shelf, title: str) -> dict[str, bytes]:
    """Both files, or none where no edition has figures."""
    from chipbrief_reports.site.history import history_csv, read_history
    from chipbrief_reports.site.pages import history_page

    history = read_history(shelf.series, shelf.editions)
    if not history.printed:
        return {}
    return {"history.html": history_page(history, title), "history.csv": history_csv(history)}


def _stamped(stamp: Path, basis: str) -> bool:
    """Whether the files are there, whole, and those of a basis."""
    try:
        found = json.loads(stamp.read_bytes())
        files = {name: _digest(stamp.parent / name) for name in found["files"]}
        return bool(found["basis"] == basis and files == found["files"])
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _basis(shelf: Shelf, title: str) -> str:
    """What the history follows from: the program, and every edition with its figures, as manifests and sizes tell."""
    editions = [
        (
            edition.slot,
            edition.state == "damaged",
            edition.manifest and edition.manifest.same_as,
            edition.manifest and edition.manifest.files.get(FACTS.as_posix(), NO_FACTS).sha256,
            _size(shelf.series.path(edition.slot) / FACTS),
        )
        for edition in shelf.editions
    ]
    return hashlib.sha256(json.dumps([title, _program(), editions]).encode()).hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _program() -> Sequence[str]:
    """A digest of everything in chipbrief_reports and its templates that bears on the page."""
    import chipbrief_reports
    from chipbrief_templates import BRIEFING, SITE, THEME

    here = Path(chipbrief_reports.__file__).parent
    files = [path for folder in (here / "site", here / "charts", here / "render") for path in folder.glob("*.py")]
    files += [path for folder in (BRIEFING, SITE, THEME) for path in folder.glob("*.*")]
    return [f"{path.name} {_digest(path)}" for path in sorted(files)]
