"""A change as a sentence that a person would write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chipbrief_reports.changes.diff import Change, Changes, Kind
from chipbrief_reports.spoken import spoken
from chipbrief_reports.wording import count, money, number, percent

__all__ = ["HEADINGS", "Parts", "change_in_words", "change_parts", "main_changes"]

MINUS = "\u2212"
HEADINGS: Mapping[Kind, str] = {
    "answer": "What carries a class",
    "rank": "Order of the offers",
    "hardware": "Hardware",
    "service": "Which system serves which class",
    "value": "Results",
    "input": "Prices and other inputs",
    "workload": "Workload mix",
    "method": "Method",
}


def main_changes(changes: Changes, limit: int, *, method: bool = True) -> tuple[str, ...]:
    """The most telling changes in words, and how many more there are.

    Args:
        changes: all of them.
        limit: sentences to give; one of them counts the rest where there are more.
        method: whether changes of method are among them, which come first: they bear on all others.
    """
    order: tuple[Kind, ...] = ("answer", "hardware", "rank", "input", "value", "service", "workload")
    mine = [change for kind in (("method", *order) if method else order) for change in _telling(changes.of(kind))]
    if not mine:
        return ()
    shown = mine if len(mine) <= limit else mine[: limit - 1]
    rest = len(mine) - len(shown)
    more = (f"{count(rest, 'further change', 'further changes')}",) if rest else ()
    return (*(change_in_words(_short(change)) for change in shown), *more)


def _short(change: Change) -> Change:
    """Without what there is to say beside a value that moved."""
    return replace(change, note="") if change.kind == "input" and change.before != change.after else change


def _telling(changes: Sequence[Change]) -> list[Change]:
    """Money before speed, the whole mix before a system, the largest first."""
    return sorted(changes, key=lambda change: (change.unit != "USD", bool(change.system), -change.size))


def change_in_words(change: Change) -> str:
    """One sentence, without its final stop."""
    return _WRITERS[change.kind](change)


def _answer(change: Change) -> str:
    if not change.before:
        return f"{change.label} is carried by {change.after}; no offer carried it before"
    if not change.after:
        return f"Nothing carries {change.label} any more; it was {change.before}"
    return f"{change.label} is cheapest with {change.after}, no longer with {change.before}"


def _rank(change: Change) -> str:
    return f"{change.label}: place {change.after}, was {change.before}; {change.note}"


def _hardware(change: Change) -> str:
    if change.before and change.after:
        return f"{change.before} is called {change.after} now"
    if change.after:
        return f"{change.after} is new in the comparison"
    return f"{change.before} is no longer compared"


def _service(change: Change) -> str:
    if not change.after:
        return f"{change.label}: is served now; before, {change.before}"
    if not change.before:
        return f"{change.label}: not served any more: {change.after}"
    return f"{change.label}: still not served; before, {change.before}; now, {change.after}"


def _told(change: Change) -> str:
    """A change of something that has a value: what it is, its value now and before, and what else there is."""
    parts = change_parts(change)
    note = f"; {parts.note}" if parts.note else ""
    if not parts.before:
        return f"{parts.label}: {parts.after}, not there before"
    if not parts.after:
        return f"{parts.label}: no longer there, was {parts.before}"
    if parts.before == parts.after:
        return f"{parts.label}: {parts.after} as before{note}"
    moved = f" ({parts.moved})" if parts.moved else ""
    return f"{parts.label}: {parts.after}, was {parts.before}{moved}{note}"


@dataclass(frozen=True, slots=True)
class Parts:
    """A change for a table: what it is, its value now and before, how far it moved, and what else there is."""

    label: str
    after: str
    before: str
    moved: str
    note: str


def change_parts(change: Change) -> Parts:
    """The parts of a change of a result, an input, a field of the mix or the method."""
    label, before, after, note = change.label, change.before, change.after, change.note
    if change.kind == "value":
        before, after = (_amount(side, change.unit) if side else "" for side in (before, after))
    elif change.kind == "input":
        label = f"{spoken(change.id)} ({change.id.split(':', 1)[0]})"
    elif change.kind == "method":
        before, after = (side.partition(" sha256:")[0] for side in (before, after))
        note = "its code is another" if before == after else note
    moved = _moved(change.ratio) if change.ratio is not None and change.ratio != 1.0 else ""
    if change.kind != "workload":  # a field is written as it stands in the file
        label = label[:1].upper() + label[1:]
    return Parts(label, after, before, moved, note)


def _amount(text: str, unit: str) -> str:
    """Three figures, so that a change of a few per cent is seen."""
    value = float(text)
    if unit == "USD":
        return money(value, 3)
    return f"{number(value, 3)} {unit}".rstrip()


def _moved(ratio: float) -> str:
    """`+10 %`, `\u221230 %`, `2.1 times`."""
    if ratio >= 2.0:
        return f"{number(ratio)} times"
    sign = "+" if ratio > 1.0 else MINUS
    return f"{sign}{percent(abs(ratio - 1.0))}"


_WRITERS = {
    "answer": _answer,
    "rank": _rank,
    "hardware": _hardware,
    "service": _service,
    "value": _told,
    "input": _told,
    "workload": _told,
    "method": _told,
}
