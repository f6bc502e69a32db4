"""What an edition tells of itself: what it was made from, by which programs, and its files with their digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from chipbrief.errors import ChipbriefError

__all__ = ["MANIFEST", "FileEntry", "Manifest", "entries_of", "read_manifest"]

MANIFEST = "manifest.json"
SCHEMA = "edition/1"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of an edition: its SHA-256 and its size [bytes]."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One edition.

    Attributes:
        name: of the series, that of the briefing's file.
        slot: the moment it stands for, as `2026-11-23T0600Z`.
        state: `printed`, or `unchanged` where nothing had changed since the edition `same_as`.
        title: of the document.
        as_of: its date.
        built_at: when it was made, in UTC.
        previous: slot of the printed edition before; None for the first.
        same_as: for an unchanged one, the slot of the edition that still holds.
        method: versions of chipbrief, metrics, plugins and Python, and the seed and number of draws.
        inputs: SHA-256 of every file that it was made from, by name.
        made_from: digests by which an unchanged edition is known.
        files: what lies beside the manifest.
        pruned: files that are no longer kept.
        pages: of the PDF.
        warnings: what the press had to say.
        changes: how many changes it tells, by kind.
    """

    name: str
    slot: str
    state: Literal["printed", "unchanged"]
    title: str
    as_of: str
    built_at: str
    previous: str | None = None
    same_as: str | None = None
    method: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    made_from: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    pruned: tuple[str, ...] = ()
    pages: int | None = None
    warnings: tuple[str, ...] = ()
    changes: Mapping[str, int] = field(default_factory=dict)

    @property
    def printed(self) -> bool:
        """Whether it has files of its own."""
        return self.state == "printed"

    def as_bytes(self) -> bytes:
        """The file's content."""
        return f"{json.dumps({'schema': SCHEMA, **asdict(self)}, indent=1)}\n".encode()

    def without(self, gone: set[str]) -> Manifest:
        """The same edition after files were taken away."""
        kept = {name: entry for name, entry in self.files.items() if name not in gone}
        return replace(self, files=kept, pruned=(*self.pruned, *sorted(gone & self.files.keys())))


def entries_of(folder: Path) -> dict[str, FileEntry]:
    """Every file of a folder but a manifest, by its name in it."""
    found: dict[str, FileEntry] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST:
            with path.open("rb") as file:
                found[name] = FileEntry(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)
    return found


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an edition's folder.

    Raises:
        ChipbriefError: there is none, or it is not one.
    """
    try:
        found: Any = json.loads((folder / MANIFEST).read_bytes())
        if found.pop("schema") != SCHEMA:
            raise ValueError("of another schema")
        found["files"] = {_inside(name): FileEntry(**entry) for name, entry in found["files"].items()}
        found["pruned"] = tuple(map(_inside, found["pruned"]))
        found["warnings"] = tuple(found["warnings"])
        return Manifest(**found)
    except OSError as error:
        raise ChipbriefError(f"{folder / MANIFEST} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ChipbriefError(f"{folder / MANIFEST} is no manifest of an edition") from None


def _inside(name: str) -> str:
    """A file's name, which must not lead out of the folder; raises ValueError."""
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise ValueError(name)
    return name
