"""How the figures of a series moved: its editions' facts in order, and the lines that can be drawn of them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chipbrief.config import UNSEEN
from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes import FACTS, Facts, Value, change_in_words, difference, facts_from_json
from chipbrief_reports.editions import Series
from chipbrief_reports.site.shelves import Edition

__all__ = ["History", "Moment", "Place", "history_csv", "place_of", "read_history"]

MIX, FLEET = "route", "fleet"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # as export has it, which takes seconds to load
HEAD = ("slot", "as_of", "method_changed", "system", "id", "what", "unit", "value", "low", "high")


@dataclass(frozen=True, slots=True)
class Place:
    """What an id of a result stands for: a measure of a class on a system, of a fleet of it, or of the whole mix."""

    measure: str
    system: str = ""
    class_id: str = ""
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """An edition in the history: its figures, and what of its method is another than in the one before.

    `printed` is False for an unchanged one, which has the figures of an earlier.
    """

    slot: str
    at: datetime
    as_of: str
    printed: bool
    values: Mapping[str, Value]
    method: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """All of a series, the oldest edition first.

    Attributes:
        title: of the newest document.
        moments: the editions that have figures.
        systems: names of all systems that ever stood in it, by id, those of the newest edition first.
        classes: names of all classes, by id, likewise.
        unreadable: slots of printed editions whose figures cannot be read.
    """

    title: str
    moments: tuple[Moment, ...]
    systems: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

    @property
    def printed(self) -> list[Moment]:
        """Those with figures of their own."""
        return [moment for moment in self.moments if moment.printed]

    def keys(self) -> list[str]:
        """Ids of all figures, in the newest edition's order, and then of those that it no longer has."""
        seen: dict[str, None] = {}
        for moment in reversed(self.printed):
            seen.update(dict.fromkeys(moment.values))
        return list(seen)


def read_history(series: Series, editions: Sequence[Edition]) -> History:
    """Read the figures of all editions of a series.

    Args:
        series: the series.
        editions: its editions, in any order.
    """
    reader = _Reader(series)
    moments = list(reader.moments(sorted(editions, key=lambda edition: edition.slot)))
    return History(reader.title, tuple(moments), reader.systems(), reader.classes(), tuple(reader.unreadable))


class _Reader:
    """Goes through editions in order, and keeps of each what the next is held against."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._before: Facts | None = None
        self._known: dict[str, Moment] = {}
        self._texts: dict[str, str] = {}  # one object a text, however many editions have it
        self._names: list[tuple[Mapping[str, str], Mapping[str, str]]] = []
        self.title = ""
        self.unreadable: list[str] = []

    def moments(self, editions: Sequence[Edition]) -> Iterator[Moment]:
        for edition in editions:
            manifest = edition.manifest
            if not manifest:
                continue
            if manifest.printed:
                moment = self._printed(edition)
            else:
                same = self._known.get(manifest.same_as or "")
                moment = Moment(edition.slot, edition.at, manifest.as_of, False, same.values) if same else None
            if moment:
                self._known[edition.slot] = moment
                yield moment

    def _printed(self, edition: Edition) -> Moment | None:
        try:
            facts = facts_from_json((self._series.path(edition.slot) / FACTS).read_bytes(), edition.slot)
            values = {key: self._shared(value) for key, value in facts.values.items() if _sound(value)}
            method = tuple(map(_seen, _method(self._before, facts))) if self._before else ()
            names = (dict(facts.systems), _classes(facts.workload))
            title, as_of = _seen(facts.title), _seen(facts.as_of)
        except (OSError, ChipbriefError, TypeError, ValueError, AttributeError):
            self.unreadable.append(edition.slot)
            return None
        self._before, self.title = facts, title
        if not self._names or self._names[-1] != names:
            self._names.append(names)
        return Moment(edition.slot, edition.at, as_of, True, values, method)

    def _shared(self, value: Value) -> Value:
        label, unit, system = map(self._text, (value.label, value.unit, value.system))
        return Value(label, value.value, value.low, value.high, unit, system)

    def _text(self, text: str) -> str:
        found = self._texts.get(text)
        if found is None:
            found = self._texts[text] = _seen(text)
        return found

    def systems(self) -> dict[str, str]:
        return _newest_first([systems for systems, _ in self._names])

    def classes(self) -> dict[str, str]:
        return _newest_first([classes for _, classes in self._names])


def _newest_first(names: Sequence[Mapping[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in reversed(names):
        found.update({key: _seen(name) for key, name in one.items() if key not in found})
    return found


def _seen(text: object) -> str:
    """A text from a file, without characters that nobody sees or that turn the direction of what follows."""
    return UNSEEN.sub("\ufffd", str(text))


def _sound(value: Value) -> bool:
    """Whether a value read from a file is numbers with texts."""
    numbers = (value.value, value.low, value.high)
    return all(type(n) in (int, float) and math.isfinite(n) for n in numbers) and all(
        type(text) is str for text in (value.label, value.unit, value.system)
    )


def _method(before: Facts, after: Facts) -> Iterator[str]:
    """What of the method is another, in words."""
    if before.method != after.method:
        bare = (Facts(title="", as_of="", method=facts.method) for facts in (before, after))
        yield from map(change_in_words, difference(*bare, threshold=0.0).found)


def _classes(workload: Mapping[str, str]) -> dict[str, str]:
    """Names of the classes by id, as the mix gives them or made from the id."""
    ids = [value for key, value in workload.items() if key.startswith("classes[") and key.endswith("].id")]
    return {i: workload.get(f"classes[{i}].title") or i.replace("-", " ").capitalize() for i in ids}


def place_of(key: str, value: Value) -> Place | None:
    """What an id stands for; None for one that is made another way."""
    if not value.system:
        head, _, measure = key.partition(".")
        return Place(measure) if head == MIX and measure else None
    owner, mark, rest = key.partition(f".{value.system}.")
    *lane, measure = rest.split(".")
    if not mark or not owner or len(lane) > 1:
        return None
    return Place(measure, value.system, "" if owner == FLEET else owner, "".join(lane))


# -- the file of all figures ----------------------------------------------------------------------------------


def history_csv(history: History) -> bytes:
    """Every figure of every printed edition, a row each, the oldest first."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEAD)
    safe: dict[str, str] = {}
    for moment in history.printed:
        start = (moment.slot, _safe(moment.as_of), "yes" if moment.method else "no")
        for key, value in moment.values.items():
            texts = [safe.setdefault(text, _safe(text)) for text in (value.system, key, value.label, value.unit)]
            writer.writerow((*start, *texts, repr(value.value), repr(value.low), repr(value.high)))
    return stream.getvalue().encode("utf-8", "replace")


def _safe(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text
