"""Results into a briefing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from chipbrief.evaluate import Results
from chipbrief.evidence.model_error import ModelError
from chipbrief_reports.briefing.desk import Desk
from chipbrief_reports.briefing.document import Briefing
from chipbrief_reports.briefing.sections import SECTIONS

__all__ = ["compose"]


def compose(
    results: Results,
    error: ModelError,
    *,
    title: str,
    organisation: str,
    sections: Sequence[str],
    focus: Sequence[str],
    theme: Mapping[str, str],
) -> Briefing:
    """Write the sections in order; notes are numbered as they are first cited."""
    desk = Desk(results, error, focus)
    written = tuple(SECTIONS[name](desk) for name in sections)
    return Briefing(
        title=title,
        subtitle=results.mix.question or f"Which inference hardware should carry {results.mix.label}?",
        organisation=organisation,
        as_of=results.as_of,
        language="en",
        sections=written,
        notes=desk.notes.notes,
        systems=tuple((h.id, h.profile.name) for h in results.systems),
        missing=tuple(str(record) for record in results.missing),
        theme=dict(theme),
        version=version("chipbrief"),
    )
