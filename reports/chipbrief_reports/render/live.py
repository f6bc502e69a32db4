"""What makes a page live: its scripts, their digests in its policy, and the data they read."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chipbrief_reports.briefing.document import Block, Chart, Sliders
from chipbrief_reports.render.bundle import vega_bundle
from chipbrief_reports.render.theme import Medium
from chipbrief_templates import THEME

__all__ = ["embedded", "live_data", "policy", "scripts"]

ESCAPES = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}


def scripts(blocks: Iterable[Block], medium: Medium) -> tuple[str, ...]:
    """The scripts of a page, in order; none on paper and on a page without charts."""
    if medium == "print" or not any(isinstance(block, Chart) for block in blocks):
        return ()
    return vega_bundle(), (THEME / "live.js").read_text("utf-8")


def policy(found: Sequence[str]) -> str:
    """The page's content security policy: no address at all, and no script but those, by digest.

    Styles may stand in attributes, since Vega sets them.
    """
    parts = ["default-src 'none'"]
    if found:
        parts.append("script-src " + " ".join(f"'sha256-{digest(script)}'" for script in found))
    parts += ["style-src 'unsafe-inline'", "img-src data:", "font-src data:", "base-uri 'none'", "form-action 'none'"]
    return "; ".join(parts)


def digest(script: str) -> str:
    """SHA-256 as a policy writes it."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def live_data(blocks: Iterable[Block], medium: Medium) -> dict[str, str]:
    """What the scripts read, by the id of its chart or panel; nothing on paper."""
    if medium == "print":
        return {}
    found: dict[str, str] = {}
    for block in blocks:
        if isinstance(block, Chart):  # which version of Vega-Lite wrote it is no matter: there is one, and it is told
            found[block.id] = embedded({key: part for key, part in block.spec.items() if key != "$schema"})
        elif isinstance(block, Sliders):
            today = {slider.id: slider.value for slider in block.sliders}
            found[block.id] = embedded({**block.data, "today": today})
    return found


def embedded(data: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element: no character in it ends one."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(ESCAPES)
