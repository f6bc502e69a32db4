"""Results into a briefing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from chipbrief.claims import Audit
from chipbrief.evaluate import Results
from chipbrief.evidence.model_error import ModelError
from chipbrief.fleet import FleetReport
from chipbrief.hardware import Hardware
from chipbrief_reports.briefing.desk import UNMEASURED_MARK, Desk
from chipbrief_reports.briefing.document import Briefing, Paragraph, Section, text
from chipbrief_reports.briefing.sections import SECTIONS
from chipbrief_reports.changes import Changes

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
    plan: FleetReport | None = None,
    field: Sequence[Hardware] = (),
    audits: Sequence[Audit] = (),
    changes: Changes | None = None,
) -> Briefing:
    """Write the sections in order; notes are numbered as they are first cited.

    Args:
        results: the run.
        error: the model's own error.
        title: of the document.
        organisation: whose it is.
        sections: names, in order.
        focus: ids of the systems with colours and a page each.
        theme: its look.
        plan: the fleet over the months; without it the capacity section is short.
        audits: claims that were held against arithmetic.
        field: every system of the registry, for a system's place among them; those of the run by default.
        changes: what is different from the edition before; None where there is none.
    """
    desk = Desk(results, error, focus, plan, field, audits, changes)
    written = tuple(_explained(section) for name in sections for section in _pages(SECTIONS[name](desk)))
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


def _pages(found: Section | tuple[Section, ...]) -> tuple[Section, ...]:
    return found if isinstance(found, tuple) else (found,)


def _explained(section: Section) -> Section:
    """The section with the mark of unmeasured systems explained at its end, where it bears one."""
    if UNMEASURED_MARK not in repr(section):
        return section
    return replace(section, blocks=(*section.blocks, Paragraph(text(UNMEASURED), tone="small")))
