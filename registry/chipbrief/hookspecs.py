"""The hooks a vendor may implement. Discovery goes through one hook; the rest are ordinary typed calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from chipbrief.hardware import Hardware

__all__ = ["PROJECT", "chipbrief_hardware", "hookimpl"]

PROJECT = "chipbrief"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def chipbrief_hardware() -> Iterable[Hardware]:  # type: ignore[empty-body] # a specification has no body
    """Return the hardware that this plugin adds to the registry."""
