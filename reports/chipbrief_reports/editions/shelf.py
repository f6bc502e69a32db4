"""The editions of one briefing: `<root>/<name>/<slot>/`, and `latest` beside them.

A slot's folder comes into being by one rename, whole and synced, and is not written to again but for retention: who
finds it finds a whole edition, and a second one of the same slot cannot be.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes import CHANGES, FACTS
from chipbrief_reports.editions.durable import fsync_folder, fsync_tree, point, put_durably
from chipbrief_reports.editions.manifest import MANIFEST, FileEntry, Manifest, entries_of, read_manifest
from chipbrief_reports.timetable import parse_slot, slot_name

__all__ = ["Damaged", "Series", "SlotTakenError", "is_slot", "series_of"]

KEPT = (FACTS.as_posix(), CHANGES.as_posix())  # the numbers, which outlive the files
LATEST, WORK, JOURNAL = "latest", ".work", ".journal.jsonl"


class SlotTakenError(ChipbriefError):
    """There is an edition of that slot already."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A slot's folder without a manifest that can be read, and why."""

    slot: str
    why: str


@dataclass(frozen=True, slots=True)
class Series:
    """All editions of one briefing."""

    root: Path
    name: str

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.root / self.name

    def path(self, slot: str) -> Path:
        """The folder of a slot, whether it is there or not."""
        return self.folder / slot

    @property
    def journal(self) -> Path:
        """The file that tells what happened to its slots."""
        return self.folder / JOURNAL

    # -- reading ---------------------------------------------------------------------------------------------

    def slots(self) -> list[str]:
        """Names of every slot that has a folder, the oldest first."""
        try:
            names = [entry.name for entry in os.scandir(self.folder) if entry.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return []
        return sorted(name for name in names if is_slot(name))

    def manifests(self) -> list[Manifest | Damaged]:
        """What every slot's folder tells, the oldest first."""
        return [self._told(slot) for slot in self.slots()]

    def _told(self, slot: str) -> Manifest | Damaged:
        try:
            return read_manifest(self.path(slot))
        except ChipbriefError as error:
            return Damaged(slot, str(error))

    def printed(self) -> list[Manifest]:
        """The editions that have files of their own, the oldest first."""
        return [found for found in self.manifests() if isinstance(found, Manifest) and found.printed]

    def before(self, slot: datetime | None = None) -> Manifest | None:
        """The newest printed edition, or the newest one before a slot."""
        names = [name for name in self.slots() if slot is None or parse_slot(name) < slot]
        for name in reversed(names):
            found = self._told(name)
            if isinstance(found, Manifest) and found.printed:
                return found
        return None

    def handled(self, now: datetime) -> datetime | None:
        """The newest slot up to now that has a folder."""
        return max((slot for slot in map(parse_slot, self.slots()) if slot <= now), default=None)

    def broken_files(self, manifest: Manifest) -> list[str]:
        """Files of an edition that are not as its manifest says."""
        found = entries_of(self.path(manifest.slot))
        return sorted(name for name, entry in manifest.files.items() if found.get(name) != entry)

    # -- writing ---------------------------------------------------------------------------------------------

    def new_work(self, slot: datetime) -> Path:
        """A fresh folder to build an edition in, on the same file system."""
        (self.folder / WORK).mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self.folder / WORK, prefix=f"{slot_name(slot)}-"))

    def sweep(self) -> list[str]:
        """Remove what builds that did not end have left; the names of their folders."""
        left = [path.name for path in sorted((self.folder / WORK).glob("*"))]
        shutil.rmtree(self.folder / WORK, ignore_errors=True)
        return left

    def publish(self, work: Path, manifest: Manifest) -> None:
        """Put an edition in its place, whole and synced.

        Raises:
            SlotTakenError: its slot has one already.
            OSError: it cannot be written; nothing is in place then.
        """
        (work / MANIFEST).write_bytes(manifest.as_bytes())
        work.chmod(0o755)  # mkdtemp's are private
        fsync_tree(work)
        try:
            work.rename(self.path(manifest.slot))
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise SlotTakenError(f"{self.path(manifest.slot)} is there already") from None
            raise
        with suppress(OSError):  # it is in its place; at worst a power cut takes it out again, whole
            fsync_folder(self.folder)

    def set_aside(self, slot: str) -> Path:
        """Move what lies in a slot's place out of the way; where to."""
        for number in count(1):
            place = self.folder / f".damaged-{slot}-{number}"
            if not place.exists():
                break
        self.path(slot).rename(place)
        fsync_folder(self.folder)
        return place

    def latest(self) -> Manifest | None:
        """The edition that `latest` names, else the newest printed one."""
        try:
            slot = str((self.folder / LATEST).readlink())
        except OSError:
            return self.before()
        found = self._told(slot) if is_slot(slot) else None
        return found if isinstance(found, Manifest) else self.before()

    def point_latest(self, now: datetime) -> None:
        """Let `latest` name the newest printed edition up to now, or of all where none is: clocks go wrong."""
        newest = self.before(now + timedelta(seconds=1)) or self.before()
        link = self.folder / LATEST
        if newest and not (link.is_symlink() and str(link.readlink()) == newest.slot):
            point(link, newest.slot)

    @staticmethod
    def losable(manifest: Manifest) -> dict[str, FileEntry]:
        """The files that retention may take: all but the numbers."""
        return {name: entry for name, entry in manifest.files.items() if name not in KEPT}

    def prune(self, manifest: Manifest) -> dict[str, FileEntry]:
        """Take away an edition's files but its numbers; what went.

        The manifest goes first, so that what it names is always there.
        """
        gone, folder = self.losable(manifest), self.path(manifest.slot)
        if gone:
            put_durably(folder / MANIFEST, manifest.without(set(gone)).as_bytes())
        for name in {*gone, *manifest.pruned}:
            (folder / name).unlink(missing_ok=True)
        return gone


def is_slot(name: str) -> bool:
    """Whether a folder's name is that of a slot."""
    try:
        return slot_name(parse_slot(name)) == name
    except ValueError:
        return False


def series_of(root: Path, *, begun: bool = False) -> Iterator[Series]:
    """Every series below a root that has an edition, by name; with `begun` those that have none yet too."""
    try:
        names = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return
    for name in names:
        series = Series(root, name)
        if series.slots() or (begun and series.journal.exists()):
            yield series
