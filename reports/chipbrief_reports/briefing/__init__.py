"""The briefing: results written up as plain data, section by section."""

from chipbrief_reports.briefing.compose import compose
from chipbrief_reports.briefing.document import Briefing, as_json
from chipbrief_reports.briefing.sections import SECTIONS

__all__ = ["SECTIONS", "Briefing", "as_json", "compose"]
