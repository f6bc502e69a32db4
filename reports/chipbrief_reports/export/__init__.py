"""A briefing and its results as files for other programs: CSV, JSON, a workbook, Markdown; and its page one alone."""

from chipbrief_reports.export.data import DANGEROUS, csv_files, results_json, tables
from chipbrief_reports.export.markdown import briefing_markdown
from chipbrief_reports.export.summary import one_page, summary
from chipbrief_reports.export.xlsx import workbook

__all__ = [
    "DANGEROUS",
    "briefing_markdown",
    "csv_files",
    "one_page",
    "results_json",
    "summary",
    "tables",
    "workbook",
]
