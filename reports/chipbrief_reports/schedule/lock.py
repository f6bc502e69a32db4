"""One tick at a time for each series: a lock that the system lets go of when the process ends, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chipbrief.errors import ChipbriefError

__all__ = ["BusyError", "locked"]


class BusyError(ChipbriefError):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock.

    Args:
        path: its file, made where it is not there.
        wait: whether to wait for whoever holds it.

    Raises:
        BusyError: another process holds it, and nobody waits.
        OSError: the file cannot be made.
    """
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise BusyError(f"{path.parent} is being worked on by another process") from None
        yield
    finally:
        os.close(handle)  # which lets go of it
