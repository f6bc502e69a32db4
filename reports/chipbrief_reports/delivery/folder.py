"""A copy of an edition in a folder, laid out as the editions themselves are."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chipbrief.errors import ChipbriefError
from chipbrief_reports.delivery.contents import body, damaged, edition_of
from chipbrief_reports.delivery.limit import Limit, in_words
from chipbrief_reports.delivery.parcel import DeliveryError, Parcel
from chipbrief_reports.editions import FileEntry, Manifest, Series, fsync_folder, put_durably, read_manifest
from chipbrief_reports.editions.durable import fsync_tree
from chipbrief_reports.editions.manifest import MANIFEST

if TYPE_CHECKING:
    from chipbrief_reports.timetable import ToFolder

__all__ = ["deliver"]

PART = ".part-"
ABANDONED_S = 3600.0  # no attempt takes as long
CHUNK = 1 << 20
NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)


def deliver(way: ToFolder, parcel: Parcel, *, base: Path, now: datetime | None = None) -> None:
    """Put a copy of an edition into `<path>/<name>/<slot>/`, or word of a failure beside where it would be.

    Raises:
        DeliveryError: it cannot be written, and nothing of it is there; or another one is there already.
    """
    limit = Limit(way.timeout)
    shelf = Series(base / Path(way.path).expanduser(), parcel.name)
    try:
        _make(shelf.folder)
        if parcel.what == "failure":
            _tell(_note(shelf, parcel.slot), body(parcel))
        else:
            _copy(shelf, parcel, limit)
            _point(shelf, now or datetime.now(UTC))
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else shelf.folder
        raise DeliveryError(f"{place} {in_words(error, limit)}") from None


def _make(folder: Path) -> None:
    """A folder and those above it, so that they last."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    fsync_folder(folder.parent)


def _note(shelf: Series, slot: str) -> Path:
    return shelf.folder / f"{slot}.failed.txt"


def _tell(path: Path, text: str) -> None:
    content = text.encode()
    if not (path.is_file() and path.read_bytes() == content):
        put_durably(path, content)


def _copy(shelf: Series, parcel: Parcel, limit: Limit) -> None:
    source, manifest = edition_of(parcel)
    target = shelf.path(parcel.slot)
    _sweep(shelf.folder)
    if not os.path.lexists(target):
        _put(source, manifest, target, limit)
    _check(target, manifest)
    _note(shelf, parcel.slot).unlink(missing_ok=True)


def _point(shelf: Series, now: datetime) -> None:
    try:
        shelf.point_latest(now)
    except OSError as error:
        if error.errno not in NO_LINKS:  # some shares know no links
            raise


def _put(source: Path, manifest: Manifest, target: Path, limit: Limit) -> None:
    """Write beside, and rename; when another was faster, its copy stays."""
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{PART}{target.name}-"))
    try:
        for name, entry in manifest.files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            _copy_file(source / name, work / name, entry, limit)
        (work / MANIFEST).write_bytes((source / MANIFEST).read_bytes())
        work.chmod(0o755)  # mkdtemp's are private
        fsync_tree(work)
        work.rename(target)
        fsync_folder(target.parent)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _copy_file(source: Path, target: Path, entry: FileEntry, limit: Limit) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as copy:
        while chunk := file.read(CHUNK):
            limit.left()
            digest.update(chunk)
            copy.write(chunk)
    if digest.hexdigest() != entry.sha256:
        raise damaged(source)


def _check(target: Path, manifest: Manifest) -> None:
    """See that what is there is this edition, every file of it.

    Files that retention took from the edition since may be there.

    Raises:
        DeliveryError: it is not.
    """
    try:
        found = read_manifest(target).files
    except ChipbriefError as error:
        raise DeliveryError(f"{target} is there already, and is no edition: {error}") from None
    wrong = [name for name, entry in manifest.files.items() if found.get(name) != entry]
    wrong += [name for name, entry in found.items() if not _as_told(target / name, entry)]
    wrong += sorted(found.keys() - manifest.files.keys() - set(manifest.pruned))
    if wrong:
        raise DeliveryError(f"{target} is there already, and is not this edition: {wrong[0]} differs")


def _as_told(path: Path, entry: FileEntry) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256


def _sweep(folder: Path) -> None:
    """Take away what attempts that were killed have left."""
    for path in folder.glob(f"{PART}*"):
        if time.time() - path.stat().st_mtime > ABANDONED_S:
            shutil.rmtree(path, ignore_errors=True)
