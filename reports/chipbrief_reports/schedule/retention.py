"""What is kept: the numbers of every edition, the files of the last."""

from __future__ import annotations

from chipbrief_reports.editions import Manifest
from chipbrief_reports.schedule.turn import Turn

__all__ = ["prune", "to_prune"]


def to_prune(turn: Turn) -> list[Manifest]:
    """Editions whose files are to go: older than the last that are kept, and on their way to nobody."""
    keep = turn.scheduled.schedule.keep.editions
    if keep is None:
        return []
    awaited = {record.slot for record in turn.state.deliveries.values() if record.open and record.what == "edition"}
    return [old for old in turn.series.printed()[:-keep] if old.slot not in awaited and turn.series.losable(old)]


def prune(turn: Turn) -> list[str]:
    """Take the files away; the slots whose files went."""
    gone: list[str] = []
    for manifest in to_prune(turn):
        files = turn.series.prune(manifest)
        turn.say("pruned", manifest.slot, files=len(files), bytes=sum(entry.bytes for entry in files.values()))
        gone.append(manifest.slot)
    return gone
