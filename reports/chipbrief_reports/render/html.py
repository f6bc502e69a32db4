"""A briefing as one HTML document, for the screen or for the press."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chipbrief_reports.briefing.document import Briefing, Table
from chipbrief_reports.render.calls import Calls
from chipbrief_reports.render.checks import all_blocks, check
from chipbrief_reports.render.live import live_data, policy, scripts
from chipbrief_reports.render.templates import filled
from chipbrief_reports.render.theme import Medium, stylesheet, theme_of
from chipbrief_reports.wording import long_date

__all__ = ["briefing_html"]


def briefing_html(
    briefing: Briefing, *, medium: Medium, charts: Mapping[str, str], template_folder: Path | None = None
) -> str:
    """Write a briefing out.

    Args:
        briefing: the document.
        medium: `screen` for a single live file that asks nobody for anything, `print` for what `write_pdf` takes.
        charts: chart id -> SVG, as `chart_svg` draws it.
        template_folder: templates that take the place of the bundled ones of the same name.

    Raises:
        ChipbriefError: for a theme, id, note or chart that is wrong or missing.
        InputError: for a template that is wrong, with its file and line.
    """
    from markupsafe import Markup

    theme = theme_of(briefing.theme)
    check(briefing, charts)
    blocks = list(all_blocks(briefing))
    found = scripts(blocks, medium)
    values = {
        "briefing": briefing,
        "medium": medium,
        "charts": {name: Markup(svg) for name, svg in charts.items()},  # noqa: S704 - drawn by chart_svg, not written
        "calls": Calls(briefing.notes),
        "inputs": {row.figure for block in blocks if isinstance(block, Table) for row in block.rows},
        "stylesheet": Markup(stylesheet(theme, medium)),  # noqa: S704 - bundled files and validated values only
        "policy": policy(found),
        "scripts": [Markup(script) for script in found],  # noqa: S704 - bundled, and named in the policy by digest
        "live": {name: Markup(data) for name, data in live_data(blocks, medium).items()},  # noqa: S704 - escaped there
        "date": long_date(briefing.as_of, briefing.language),
    }
    return filled("document.html.j2", values, template_folder)
