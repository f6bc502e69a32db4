"""The one script that draws all charts of a page: Vega, Vega-Lite and their interpreter, put together offline.

vl-convert carries the libraries; putting them together takes more than a second, so the result is kept in the user's
cache, by the versions that went into it. What is found there is used only if it is whole.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

from chipbrief.errors import ChipbriefError

__all__ = ["vega_bundle"]

CONVERTER = "vl-convert-python"
SNIPPET = "window.vegaEmbed = vegaEmbed;"
NOTICE = (
    "/*! Vega {vega}, Vega-Lite and vega-embed, (c) University of Washington Interactive Data Lab and others, "
    "BSD-3-Clause, with parts of D3, (c) Mike Bostock, ISC; put together by vl-convert {converter}. */"
)
NOT_INLINE = ("</script", "<script", "<!--", "\r", "\0")  # would end the element, or be read as something else


@cache
def vega_bundle() -> str:
    """The script, which sets `window.vegaEmbed`; the same bytes for the same version of vl-convert.

    Raises:
        ChipbriefError: where it cannot stand inside a document.
    """
    place = cached_at()
    script = whole(place) if place else None
    if script is None:
        script = put_together()
        if place:
            keep(place, script)
    return script


def put_together() -> str:
    """The libraries in a function of their own, so that their names are nobody else's."""
    import vl_convert

    notice = NOTICE.format(vega=vl_convert.get_vega_version(), converter=version(CONVERTER))
    script = f"{notice}\n(() => {{\n{vl_convert.javascript_bundle(SNIPPET)}\n}})();\n"
    if any(mark in script.lower() for mark in NOT_INLINE):
        raise ChipbriefError("charts: the script that vl-convert makes cannot stand inside a document")
    return script


def cached_at() -> Path | None:
    """Where the script is kept; nowhere for a user without a home."""
    name = f"{version(CONVERTER)} {SNIPPET} {NOTICE}"
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - no error without a home
    folder = Path(root)
    return folder / "chipbrief" / f"vega-{digest(name)[:16]}.js" if folder.is_absolute() else None


def whole(place: Path) -> str | None:
    """What is kept there below its digest; nothing where it is missing, cut short or changed."""
    try:
        head, _, script = place.read_bytes().decode().partition("\n")
    except (OSError, ValueError):
        return None
    return script if head == digest(script) else None


def keep(place: Path, script: str) -> None:
    """Write it beside its place and rename it; a cache that cannot be written is no error."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=place.parent, prefix=".vega-")
        with open(handle, "wb") as file:  # noqa: PTH123 - an open handle, not a path
            file.write(f"{digest(script)}\n{script}".encode())
        Path(beside).replace(place)
    except OSError:
        return


def digest(script: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(script.encode()).hexdigest()
