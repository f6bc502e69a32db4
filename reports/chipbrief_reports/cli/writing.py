"""Files that commands write: refused before any work is done, written beside and renamed."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from chipbrief.errors import InputError, Problem

__all__ = ["check_place", "put"]


def check_place(path: Path) -> None:
    """Refuse a file that cannot be written before any work is done."""
    if path.is_dir():
        raise _unwritable(path, os.strerror(errno.EISDIR))
    nearest = next(p for p in path.absolute().parents if p.exists())
    if not nearest.is_dir():
        raise _unwritable(path, os.strerror(errno.ENOTDIR))
    if not os.access(nearest, os.W_OK):
        raise _unwritable(path, os.strerror(errno.EACCES))


def put(path: Path, content: bytes) -> None:
    """Write beside and rename; what is no file, such as /dev/null, is written to as it is."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        place = path.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".chipbrief-") as work:
            beside = Path(work) / place.name
            beside.write_bytes(content)
            os.replace(beside, place)  # noqa: PTH105 - replaces an older file in one step
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None


def _unwritable(path: Path, why: str) -> InputError:
    return InputError([Problem(f"cannot be written: {path}: {why}", field="--output")])
