"""Briefing to HTML and PDF: the only place that turns data into markup."""

from chipbrief_reports.render.html import briefing_html
from chipbrief_reports.render.pdf import Attached, pdf_problem, write_pdf
from chipbrief_reports.render.svg import chart_svg

__all__ = ["Attached", "briefing_html", "chart_svg", "pdf_problem", "write_pdf"]
