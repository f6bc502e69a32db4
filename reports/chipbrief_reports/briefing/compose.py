"""Results into a briefing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from chipbrief.evaluate import Results
from chipbrief.evidence.model_error import ModelError
from chipbrief_reports.briefing.desk import UNMEASURED_MARK, Desk
from chipbrief_reports.briefing.document import Briefing, Paragraph, Section, text
from chipbrief_reports.briefing.sections import SECTIONS

__all__ = ["compose"]


UNMEASURED = f"{UNMEASURED_MARK} No measured point stands behind this system; its range is that of machines the model has not seen."


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
    written = tuple(_explained(SECTIONS[name](desk)) for name in sections)
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


def _explained(section: Section) -> Section:
    """The section with the mark of unmeasured systems explained at its end, where it bears one."""
    if UNMEASURED_MARK not in repr(section):
        return section
    return replace(section, blocks=(*section.blocks, Paragraph(text(UNMEASURED), tone="small")))
