"""What an edition says in figures, and what is different from the one before.

The facts of a run are taken in `snapshot`, which is not imported here: to compare two editions takes no model.
"""

from chipbrief_reports.changes.diff import Change, Changes, Kind, changes_from_json, difference
from chipbrief_reports.changes.edition import CHANGES, FACTS, EditionOf, News
from chipbrief_reports.changes.facts import Facts, Given, Value, facts_from_json
from chipbrief_reports.changes.words import HEADINGS, Parts, change_in_words, change_parts, main_changes

__all__ = [
    "CHANGES",
    "FACTS",
    "HEADINGS",
    "Change",
    "Changes",
    "EditionOf",
    "Facts",
    "Given",
    "Kind",
    "News",
    "Parts",
    "Value",
    "change_in_words",
    "change_parts",
    "changes_from_json",
    "difference",
    "facts_from_json",
    "main_changes",
]
