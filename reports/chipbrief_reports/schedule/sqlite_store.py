"""The store in a file of SQLite beside the editions, write-ahead logged; one that is broken is made again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from chipbrief.errors import ChipbriefError
from chipbrief_reports.editions import Series, series_of
from chipbrief_reports.schedule.lock import locked
from chipbrief_reports.schedule.records import DeliveryRecord, SlotRecord, State, state_of

__all__ = ["STATE", "SqliteStore", "StoreError", "open_store", "rebuild"]

STATE = ".state.sqlite"
LOCK = ".state.lock"
VERSION = 1
BUSY_S = 30.0
SLOT = tuple(field.name for field in fields(SlotRecord))
DELIVERY = tuple(field.name for field in fields(DeliveryRecord))
TABLES = f"""
create table slots ({", ".join(SLOT)}, primary key (name, slot));
create table deliveries ({", ".join(DELIVERY)}, primary key (name, slot, what, recipient));
create index by_slot on slots (slot);
pragma user_version = {VERSION};
"""


class StoreError(ChipbriefError):
    """The store cannot be read or written; no edition is touched by that."""


class SqliteStore:
    """See `store.Store`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def enter(self, series: Series, state: State) -> None:
        """Hold exactly this state of a series; rows that are right already are left alone."""
        with _told(), self._connection:
            self._match("slots", SLOT, series.name, state.slots.values())
            self._match("deliveries", DELIVERY, series.name, state.deliveries.values())

    def _match(self, table: str, names: Sequence[str], series: str, records: Iterable[object]) -> None:
        wanted = {tuple(getattr(record, name) for name in names) for record in records}
        there = set(self._rows(table, names, "where name = ?", series))
        same = " and ".join(f"{name} is ?" for name in names)
        self._connection.executemany(f"delete from {table} where {same}", there - wanted)  # noqa: S608 - our own names
        marks = ", ".join("?" * len(names))
        self._connection.executemany(f"insert into {table} values ({marks})", wanted - there)  # noqa: S608

    def _rows(self, table: str, names: Sequence[str], rest: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        yield from self._connection.execute(f"select {', '.join(names)} from {table} {rest}", values)  # noqa: S608

    def slots(self, name: str | None = None, limit: int | None = None) -> list[SlotRecord]:
        """The slots of a series, or of all, the newest first."""
        rest = "where ? is null or name = ? order by slot desc, name limit ?"
        with _told():
            rows = self._rows("slots", SLOT, rest, name, name, -1 if limit is None else limit)
            return [SlotRecord(**dict(zip(SLOT, row, strict=True))) for row in rows]

    def deliveries(self, name: str, slot: str) -> list[DeliveryRecord]:
        """What became of the parcels of a slot."""
        with _told():
            rows = self._rows(
                "deliveries", DELIVERY, "where name = ? and slot = ? order by what, recipient", name, slot
            )
            return [DeliveryRecord(**dict(zip(DELIVERY, row, strict=True))) for row in rows]

    def forget_but(self, names: set[str]) -> None:
        """Drop every series but these."""
        with _told(), self._connection:
            for table in ("slots", "deliveries"):
                there = {name for (name,) in self._rows(table, ("name",), "group by name")}
                for name in there - names:
                    self._connection.execute(f"delete from {table} where name = ?", (name,))  # noqa: S608

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"the store of editions cannot be used: {error}") from None


# -- opening --------------------------------------------------------------------------------------------------


@contextmanager
def open_store(root: Path) -> Iterator[SqliteStore]:
    """The store of an editions folder, held by this process alone; made again where it is missing or broken.

    Series that are not there any more are left out of it from then on.

    Raises:
        StoreError: it can be neither used nor made.
    """
    with _one_at_a_time(root), closing(SqliteStore(_opened(root / STATE) or _made(root))) as store:
        store.forget_but({series.name for series in series_of(root, begun=True)})
        yield store


def rebuild(root: Path) -> int:
    """Make the store again from manifests and journals; how many slots it holds then.

    Raises:
        StoreError: it cannot be made.
    """
    with _one_at_a_time(root), closing(SqliteStore(_made(root))) as store:
        return len(store.slots())


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    try:
        with locked(root / LOCK, wait=True):
            yield
    except OSError as error:
        raise StoreError(f"the store in {root} cannot be used: {error.strerror or error}") from None


def _opened(path: Path) -> sqlite3.Connection | None:
    """A connection to a store that is whole; None where there is none."""
    if not path.is_file():
        return None
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S)
        whole = connection.execute("pragma quick_check").fetchone() == ("ok",)
        if whole and connection.execute("pragma user_version").fetchone() == (VERSION,):
            connection.execute("select count(*) from slots, deliveries").fetchone()
            return connection
    except sqlite3.DatabaseError:
        pass
    if connection:
        connection.close()
    return None


def _made(root: Path) -> sqlite3.Connection:
    """A new store that holds what the folder does; the old one goes. Only while the lock is held."""
    beside = root / f"{STATE}.new"
    with suppress(FileNotFoundError):
        beside.unlink()
    with _told():
        with closing(sqlite3.connect(beside, timeout=BUSY_S)) as connection:
            connection.executescript(TABLES)
            for series in series_of(root, begun=True):
                SqliteStore(connection).enter(series, state_of(series))
        for left in ("-wal", "-shm"):
            (root / f"{STATE}{left}").unlink(missing_ok=True)
        os.replace(beside, root / STATE)  # noqa: PTH105 - replaces the older file in one step
        found = sqlite3.connect(root / STATE, timeout=BUSY_S)
        found.execute("pragma journal_mode = wal")
        return found
