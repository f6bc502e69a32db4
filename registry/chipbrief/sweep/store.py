"""The folder of a sweep: every part is there as a whole or not at all, and is known to be.

    sweep.json            what is computed, with what, in how many parts, and the columns with their units
    parts/part-000000.*   rows, where the sweep writes them
    records/000000.json   what became of the points of a part, and its share of a reduction; written last
    refusals.csv, result.json, result.csv

Each file is written beside, flushed to the disk and renamed. A part counts once its record is there.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from chipbrief.errors import InputError, Problem

__all__ = ["MANIFEST", "Folder", "Record"]

MANIFEST = "sweep.json"
LOCK = ".lock"
RESULTS = ("refusals.csv", "result.csv", "result.json")
_OURS = re.compile(r"part-\d{6,}\.(csv|parquet)|\d{6,}\.json|\..*\.tmp")


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a part beside its rows: counts, a partial result, and the size of the file of its rows."""

    tally: Mapping[str, Any]
    partial: Mapping[str, Any] | None
    size: int | None

    def as_json(self) -> bytes:
        """As it is written."""
        document = {"tally": self.tally, "partial": self.partial, "bytes": self.size}
        return (json.dumps(document, allow_nan=False) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> Record:
        """As it is read; raises ValueError where it is no record."""
        document = json.loads(text)
        try:
            return cls(document["tally"], document["partial"], document["bytes"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"no record: {error}") from None


class Folder:
    """A sweep's folder while one process works in it."""

    def __init__(self, path: Path, suffix: str) -> None:
        """Nothing is touched yet; `suffix` is that of the rows' files."""
        self.path, self._suffix = path, suffix
        self.parts, self.records = path / "parts", path / "records"

    @contextlib.contextmanager
    def opened(self, manifest: Mapping[str, Any], *, restart: bool) -> Iterator[Folder]:
        """Make the folder, or go on in one that holds the same sweep.

        Args:
            manifest: what `sweep.json` says.
            restart: throw away what is there, if it is a sweep's.

        Raises:
            InputError: it holds something else, another sweep, or another process is at work in it.
        """
        with self._told():
            self._check_place()
            self.path.mkdir(parents=True, exist_ok=True)
        with self._locked():
            with self._told():
                if restart:
                    self._clear()
                self._claim(manifest)
            yield self

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the system says of a file into a problem of the folder."""
        try:
            yield
        except OSError as error:
            where = Path(error.filename).name if error.filename else "cannot be used"
            raise self._problem(f"{where}: {error.strerror or error}") from None

    def _check_place(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise self._problem("is a file, and a folder is wanted")
        if self.path.is_dir() and not (self.path / MANIFEST).exists():
            strangers = sorted(self._strangers())
            if strangers:
                raise self._problem(f"holds {strangers[0]} and no {MANIFEST}: it is not the folder of a sweep")

    def _strangers(self) -> Iterator[str]:
        """What is here and cannot be left of a sweep that had just begun."""
        for path in self.path.iterdir():
            empty = path in (self.parts, self.records) and path.is_dir() and not any(path.iterdir())
            if not (empty or path.name == LOCK or _OURS.fullmatch(path.name)):
                yield path.name

    def _problem(self, message: str) -> InputError:
        return InputError([Problem(message, str(self.path))])

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process a folder; the lock goes with the process, however it ends."""
        with self._told():
            file = (self.path / LOCK).open("w")
        with file:
            try:
                _lock(file)
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EAGAIN):
                    raise self._problem("another sweep is at work in this folder") from None
            yield

    def _claim(self, manifest: Mapping[str, Any]) -> None:
        place = self.path / MANIFEST
        if place.exists():
            self._compare(place, manifest)
        else:
            self.write(MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
        for part in (self.parts, self.records):
            part.mkdir(exist_ok=True)
        for folder in (self.path, self.parts, self.records):
            for left in folder.glob(".*.tmp"):  # of a process that was killed
                left.unlink()

    def _compare(self, place: Path, manifest: Mapping[str, Any]) -> None:
        try:
            old = json.loads(place.read_bytes())
        except ValueError:
            raise self._problem(f"{MANIFEST} cannot be read; --restart begins anew") from None
        differing = list(_differences(old, json.loads(json.dumps(manifest))))
        if differing:
            more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
            raise self._problem(
                f"holds another sweep, which differs in {', '.join(differing[:3])}{more}; --restart begins anew, "
                "--output takes another folder"
            )

    def _clear(self) -> None:
        """Remove what a sweep writes, and nothing else: no record outlives its part, nothing what says what it is."""
        for folder in (self.records, self.parts):
            for path in folder.glob("*") if folder.is_dir() else ():
                if _OURS.fullmatch(path.name):
                    path.unlink()
        for name in (*RESULTS, MANIFEST):
            (self.path / name).unlink(missing_ok=True)

    # -- parts -----------------------------------------------------------------------------------------------

    def part(self, number: int) -> Path:
        """Where the rows of a part stand."""
        return self.parts / f"part-{number:06d}.{self._suffix}"

    def record(self, number: int) -> Record | None:
        """What is kept of a part; None where it is not complete."""
        try:
            record = Record.from_json((self.records / f"{number:06d}.json").read_bytes())
            if record.size is not None and self.part(number).stat().st_size != record.size:
                return None
        except (FileNotFoundError, ValueError):
            return None
        return record

    def keep(self, number: int, rows: bytes | None, record: Record) -> None:
        """Write a part; it counts from the moment its record is in place."""
        if rows is not None:
            self._put(self.part(number), rows)
        self._put(self.records / f"{number:06d}.json", record.as_json())

    def write(self, name: str, content: bytes) -> None:
        """Write one of the folder's own files."""
        self._put(self.path / name, content)

    def _put(self, place: Path, content: bytes) -> None:
        beside = place.with_name(f".{place.name}.tmp")
        with self._told():
            with beside.open("wb") as file:
                _flush(file, content)
            os.replace(beside, place)  # noqa: PTH105 - replaces an older file in one step
            _sync_folder(place.parent)


def _lock(file: IO[str]) -> None:
    """Take the lock of a file; where the system knows none of this sort, or cannot, nothing is locked."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _flush(file: IO[bytes], content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename last; some systems cannot open a folder, and need it not."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _differences(old: Any, new: Any, path: Sequence[str] = ()) -> Iterator[str]:
    """Where two documents part, by name."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            if name not in old or name not in new:
                yield ".".join((*path, name))
            else:
                yield from _differences(old[name], new[name], (*path, name))
    elif old != new:
        yield ".".join(path)
