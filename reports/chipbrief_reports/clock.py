"""The date of a run, from outside the program."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from chipbrief.errors import InputError, Problem

__all__ = ["today"]

EPOCH = "SOURCE_DATE_EPOCH"


def today() -> str:
    """SOURCE_DATE_EPOCH as a date in UTC where it is set, else the day on this machine.

    Raises:
        InputError: SOURCE_DATE_EPOCH is no number of seconds since 1970.
    """
    epoch = os.environ.get(EPOCH)
    if not epoch:
        return datetime.now().astimezone().date().isoformat()
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise InputError([Problem(f"expected seconds since 1970, got {epoch!r}", field=EPOCH)]) from None
