"""Files that are still there after the power went: written beside, synced, renamed, and the folder synced."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

__all__ = ["fsync_folder", "fsync_tree", "point", "put_durably"]


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    _fsync(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))


def fsync_tree(folder: Path) -> None:
    """Make everything in a folder last, its contents before their names."""
    for at, folders, files in os.walk(folder, topdown=False):
        for name in files:
            _fsync(Path(at, name), os.O_RDONLY)
        for name in folders:
            fsync_folder(Path(at, name))
    fsync_folder(folder)


def _fsync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_durably(path: Path, content: bytes) -> None:
    """Write a file, or leave the one before as it was."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)  # as any other file: mkstemp's are private
        os.replace(beside, path)  # noqa: PTH105 - replaces an older file in one step
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def point(link: Path, target: str) -> None:
    """Let a link name another target, in one step."""
    beside = link.with_name(f".{link.name}-{os.getpid()}-{threading.get_ident()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    os.replace(beside, link)  # noqa: PTH105 - replaces the older link in one step
    fsync_folder(link.parent)
