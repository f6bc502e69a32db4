"""What stands on the shelves: every series with its editions, as the pages of the site tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import quote

from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes import CHANGES, HEADINGS, changes_from_json, main_changes
from chipbrief_reports.editions import Damaged, Manifest, Series, read_manifest, series_of
from chipbrief_reports.timetable import parse_slot

__all__ = ["HISTORY", "Edition", "Link", "Shelf", "address", "shelves_of", "whole_day"]

State: TypeAlias = Literal["printed", "unchanged", "pruned", "damaged"]
HISTORY = ("history.html", "history.csv")
FORMATS = {".html": "HTML", ".pdf": "PDF", ".xlsx": "XLSX", ".md": "Markdown", ".json": "JSON"}
MOST_CHARACTERS = 400  # of a sentence: what a hand has made longer is cut


@dataclass(frozen=True, slots=True)
class Link:
    """A file of an edition: its format, its address from the series' folder, and its size [bytes]."""

    name: str
    address: str
    suffix: str
    bytes: int


@dataclass(frozen=True)
class Edition:
    """One slot of a series."""

    series: Series
    slot: str
    told: Manifest | Damaged

    @property
    def manifest(self) -> Manifest | None:
        """What it tells of itself; None for a damaged one."""
        return self.told if isinstance(self.told, Manifest) else None

    @property
    def state(self) -> State:
        """Printed, unchanged, pruned (printed, and its files are no longer kept) or damaged."""
        if not isinstance(self.told, Manifest):
            return "damaged"
        return "pruned" if self.told.printed and self.told.pruned else self.told.state

    @property
    def at(self) -> datetime:
        """Its slot."""
        return parse_slot(self.slot)

    @property
    def when(self) -> str:
        """`23 November 2026, 06:00 UTC`."""
        return f"{whole_day(self.at)}, {self.at:%H:%M} UTC"

    @property
    def day(self) -> str:
        """`23 November 2026`."""
        return whole_day(self.at)

    @property
    def built_at(self) -> datetime:
        """When it was made; its slot, where it does not tell."""
        try:
            made = datetime.fromisoformat(self.manifest.built_at) if self.manifest else self.at
            return made.replace(tzinfo=made.tzinfo or UTC).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            return self.at

    @property
    def same_as(self) -> str:
        """For an unchanged one, when the edition that still holds was printed."""
        try:
            slot = self.manifest.same_as if self.manifest else None
            return whole_day(parse_slot(slot)) if slot else ""
        except (ValueError, TypeError):
            return ""

    @property
    def links(self) -> list[Link]:
        """Its files that are still there, those to read first."""
        if not self.manifest:
            return []
        order = list(FORMATS)
        found = [
            Link(FORMATS[path.suffix], address(self.slot, *path.parts), path.suffix, entry.bytes)
            for path, entry in ((Path(name), entry) for name, entry in self.manifest.files.items())
            if path.suffix in FORMATS and len(path.parts) == 1
        ]
        return sorted(found, key=lambda link: (order.index(link.suffix), link.address))

    @property
    def data(self) -> list[Link]:
        """Its figures and its changes as data, which stay when its other files go."""
        files = self.manifest.files if self.manifest else {}
        names = [name for name in sorted(files) if name.startswith("data/") and name.endswith(".json")]
        return [Link(Path(n).stem, address(self.slot, *Path(n).parts), ".json", files[n].bytes) for n in names]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many changes it tells, by kind."""
        found = self.manifest.changes if self.manifest else {}
        return [(words, found[kind]) for kind, words in HEADINGS.items() if found.get(kind)]

    @cached_property
    def changes(self) -> tuple[str, ...] | None:
        """What it says has changed, every sentence; None for the first edition, and where that cannot be read."""
        if not self.manifest or CHANGES.as_posix() not in self.manifest.files:
            return None
        try:
            found = changes_from_json((self.series.path(self.slot) / CHANGES).read_bytes(), self.slot)
            return tuple(sentence[:MOST_CHARACTERS] for sentence in main_changes(found, len(found.found) + 1))
        except (OSError, ChipbriefError, ValueError, TypeError, AttributeError, OverflowError, KeyError):
            return None

    def main_changes(self, most: int) -> list[str]:
        """The first sentences, and how many more there are."""
        found = self.changes or ()
        more = len(found) - most
        return [*found[:most], *([f"{more} further change{'s' if more > 1 else ''}"] if more > 0 else [])]


@dataclass(frozen=True)
class Shelf:
    """One series with its editions, the newest first."""

    series: Series
    editions: tuple[Edition, ...]

    @property
    def name(self) -> str:
        """Of its folder."""
        return self.series.name

    @property
    def home(self) -> str:
        """The address of its folder."""
        return f"{address(self.name)}/"

    @property
    def title(self) -> str:
        """Of its newest document."""
        return next((e.manifest.title for e in self.editions if e.manifest), "") or self.name

    @property
    def has_history(self) -> bool:
        """Whether there is a page of how its figures moved."""
        return all((self.series.folder / name).is_file() for name in HISTORY)

    @property
    def latest(self) -> Edition | None:
        """The printed edition that the link `latest` names, else the newest; later unchanged ones say that it holds."""
        printed = [e for e in self.editions if e.manifest and e.manifest.printed]
        try:
            named = str((self.series.folder / "latest").readlink())
        except OSError:
            named = ""
        return next((e for e in printed if e.slot == named), printed[0] if printed else None)

    def count(self, state: State) -> int:
        """How many editions are in a state."""
        return sum(edition.state == state for edition in self.editions)


def shelves_of(root: Path) -> list[Shelf]:
    """Every series below a root, by name."""
    return [_shelf(series) for series in series_of(root)]


def _shelf(series: Series) -> Shelf:
    return Shelf(series, tuple(Edition(series, slot, _told(series, slot)) for slot in reversed(series.slots())))


def _told(series: Series, slot: str) -> Manifest | Damaged:
    """What a slot's folder tells; one whose manifest is another's, or a hand has put out of shape, is damaged."""
    try:
        found = read_manifest(series.path(slot))
    except ChipbriefError as error:
        return Damaged(slot, str(error))
    texts = (found.title, found.as_of, found.built_at, *found.files, *found.pruned)
    numbers = (*found.changes.values(), found.pages or 0) if isinstance(found.changes, Mapping) else (None,)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(n, int) for n in numbers):
        return Damaged(slot, "its manifest is out of shape")
    if found.slot != slot or found.state not in ("printed", "unchanged"):
        return Damaged(slot, "its manifest is not its own")
    return found


def whole_day(at: datetime) -> str:
    """`23 November 2026`."""
    return f"{at.day} {at:%B %Y}"


def address(*parts: str) -> str:
    """Names of folders and a file as a relative address."""
    return "/".join(quote(part, safe="") for part in parts)
