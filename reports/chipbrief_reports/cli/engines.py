"""The engine that an option names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chipbrief.engine import Engine

__all__ = ["opened"]


def opened(engine: str) -> Engine:
    """An engine for printing, not started; `local:N` is `processes:N`. Raises EngineError where it names none."""
    from chipbrief.engine import open_engine
    from chipbrief_reports.unchanged import fingerprint

    return open_engine(re.sub(r"^local(?=:|$)", "processes", engine), fingerprint=fingerprint)
