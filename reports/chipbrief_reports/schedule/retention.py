"""What is kept: the numbers of every edition, the files of the last."""

from __future__ import annotations

from chipbrief_reports.editions import Manifest
from chipbrief_reports.schedule.turn import Turn
from chipbrief_reports.timetable import slot_name

__all__ = ["prune", "to_prune"]


def to_prune(turn: Turn) -> list[Manifest]:
    """Editions whose files are to go: older than the last that are kept, and on their way to nobody.

    Those of slots that are still to come, as after a clock that was ahead, are neither counted nor touched. Files that
    a process left which ended while it took them away go too.
    """
    keep = turn.scheduled.schedule.keep.editions
    if keep is None:
        return []
    now = slot_name(turn.now())
    awaited = {record.slot for record in turn.state.deliveries.values() if record.open and record.what == "edition"}
    past = [manifest for manifest in turn.series.printed() if manifest.slot <= now]
    return [old for old in past[:-keep] if old.slot not in awaited and _has_files(turn, old)]


def _has_files(turn: Turn, manifest: Manifest) -> bool:
    folder = turn.series.path(manifest.slot)
    return bool(turn.series.losable(manifest)) or any((folder / name).exists() for name in manifest.pruned)


def prune(turn: Turn) -> list[str]:
    """Take the files away; the slots whose files went."""
    gone: list[str] = []
    for manifest in to_prune(turn):
        files = turn.series.prune(manifest)
        turn.say("pruned", manifest.slot, files=len(files), bytes=sum(entry.bytes for entry in files.values()))
        gone.append(manifest.slot)
    return gone
