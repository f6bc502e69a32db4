"""Editions on disk: a folder a slot, each whole or not there, and what a manifest tells of it."""

from chipbrief_reports.editions.durable import fsync_folder, put_durably
from chipbrief_reports.editions.manifest import FileEntry, Manifest, entries_of, read_manifest
from chipbrief_reports.editions.shelf import Damaged, Series, SlotTakenError, is_slot, series_of

__all__ = [
    "Damaged",
    "FileEntry",
    "Manifest",
    "Series",
    "SlotTakenError",
    "entries_of",
    "fsync_folder",
    "is_slot",
    "put_durably",
    "read_manifest",
    "series_of",
]
