"""The sections of a briefing, by name; each is written from the desk and answers one question, or one a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chipbrief_reports.briefing.desk import Desk
from chipbrief_reports.briefing.document import Section
from chipbrief_reports.briefing.sections.capacity import capacity
from chipbrief_reports.briefing.sections.cost import cost
from chipbrief_reports.briefing.sections.decision import decision
from chipbrief_reports.briefing.sections.evidence import evidence
from chipbrief_reports.briefing.sections.latency import latency
from chipbrief_reports.briefing.sections.mix import mix
from chipbrief_reports.briefing.sections.news import all_news
from chipbrief_reports.briefing.sections.power import power
from chipbrief_reports.briefing.sections.sensitivity import sensitivity
from chipbrief_reports.briefing.sections.speed_cost import speed_cost
from chipbrief_reports.briefing.sections.systems import systems

__all__ = ["SECTIONS"]


def _opening(desk: Desk) -> tuple[Section, ...]:
    """The decision, and for a later edition what changed since the one before."""
    return (decision(desk), *all_news(desk))


SECTIONS: Mapping[str, Callable[[Desk], Section | tuple[Section, ...]]] = {
    "decision": _opening,
    "mix": mix,
    "speed-cost": speed_cost,
    "latency": latency,
    "capacity": capacity,
    "cost": cost,
    "sensitivity": sensitivity,
    "systems": systems,
    "power": power,
    "evidence": evidence,
}
