"""Briefing to HTML and PDF: the only place that turns data into markup.

Names load on first use: the process that renders a PDF needs nothing of what made its HTML.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chipbrief_reports.render.html import briefing_html as briefing_html
    from chipbrief_reports.render.own_process import apart as apart
    from chipbrief_reports.render.pdf import Attached as Attached
    from chipbrief_reports.render.pdf import pdf_problem as pdf_problem
    from chipbrief_reports.render.pdf import write_pdf as write_pdf
    from chipbrief_reports.render.svg import chart_svg as chart_svg
    from chipbrief_reports.render.svg import chart_svgs as chart_svgs

_HOME = {
    "Attached": "pdf",
    "apart": "own_process",
    "briefing_html": "html",
    "chart_svg": "svg",
    "chart_svgs": "svg",
    "pdf_problem": "pdf",
    "write_pdf": "pdf",
}

__all__ = ["Attached", "apart", "briefing_html", "chart_svg", "chart_svgs", "pdf_problem", "write_pdf"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
