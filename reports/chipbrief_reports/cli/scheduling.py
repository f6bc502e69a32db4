"""What `chipbrief schedule list`, `next`, `history` and `prune` do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chipbrief.errors import Problem
from chipbrief_reports.cli.command import Document, Reply
from chipbrief_reports.cli.failure import BAD_INPUT
from chipbrief_reports.cli.output import complain, table
from chipbrief_reports.cli.scheduled import clock, meant, readable, root_of
from chipbrief_reports.schedule.events import instant
from chipbrief_reports.schedule.found import Scheduled
from chipbrief_reports.schedule.records import SlotRecord, state_of
from chipbrief_reports.timetable import next_slots, slot_name

__all__ = ["coming", "history", "listed", "pruned"]


def _all(files: Sequence[Path], editions: Path | None) -> tuple[list[Scheduled], list[Problem]]:
    wrong: list[Problem] = []
    found = meant(files, editions, wrong.append)
    for problem in wrong:
        complain(str(problem))
    return found, wrong


def _checked(found: Sequence[Scheduled]) -> list[Problem]:
    """What would keep these briefings from being printed."""
    wrong: list[Problem] = []
    readable(found, wrong.append)
    for problem in wrong:
        complain(str(problem))
    return wrong


# -- list -----------------------------------------------------------------------------------------------------


def listed(files: Sequence[Path], editions: Path | None, now: str | None) -> Reply:
    """List schedules: in words, when they are due next, and how their last slot ended."""
    moment = clock(now)()
    found, wrong = _all(files, editions)
    wrong += _checked(found)
    document = {"schedules": [_entry(one, moment) for one in found], "problems": [str(problem) for problem in wrong]}
    return Reply(document, _list_text, BAD_INPUT if wrong else 0)


def _entry(one: Scheduled, moment: datetime) -> Document:
    state = state_of(one.series)
    last = next(reversed(state.slots.values()), None)
    slots = next_slots(one.schedule.cron, one.schedule.timezone, moment, 1)
    return {
        "name": one.name,
        "file": one.file,
        "title": one.title,
        "schedule": one.schedule.model_dump(mode="json", exclude={"deliver"}),
        "recipients": [name for delivery in one.schedule.deliver for name in delivery.recipients],
        "words": one.schedule.explain(),
        "editions": one.series.folder,
        "next": instant(slots[0]) if slots else None,
        "last": {"slot": last.slot, "state": last.state, "error": last.error or None} if last else None,
        "deliveries_open": sum(record.open for record in state.deliveries.values()),
    }


def _list_text(document: Document) -> str:
    return "\n\n".join(_entry_text(entry) for entry in document["schedules"])


def _entry_text(entry: Document) -> str:
    last = entry["last"]
    ended = f"{last['slot']} {last['state'].replace('_', ' ')}" if last else "none yet"
    open_ = entry["deliveries_open"]
    lines = [
        f"{entry['name']}: {entry['title']}",
        f"  file   {entry['file']}",
        f"  when   {entry['words']}",
        f"  next   {entry['next'] or 'never'}",
        f"  last   {ended}" + (f": {last['error']}" if last and last["error"] else ""),
    ]
    return "\n".join([*lines, *([f"  still to deliver   {open_}"] if open_ else [])])


# -- next -----------------------------------------------------------------------------------------------------


def coming(files: Sequence[Path], number: int, now: str | None) -> Reply:
    """Show the next slots of each schedule, in its own time zone and in UTC."""
    moment = clock(now)()
    found, wrong = _all(files, None)
    slots = [
        {
            "name": one.name,
            "slot": slot_name(slot),
            "utc": instant(slot),
            "local": slot.astimezone(ZoneInfo(one.schedule.timezone)).isoformat(),
            "timezone": one.schedule.timezone,
        }
        for one in found
        for slot in next_slots(one.schedule.cron, one.schedule.timezone, moment, number)
    ]
    document = {"slots": sorted(slots, key=lambda slot: (slot["utc"], slot["name"]))[: number * len(found)]}
    return Reply(document, _next_text, BAD_INPUT if wrong else 0)


def _next_text(document: Document) -> str:
    rows = [(slot["name"], slot["local"], slot["timezone"], slot["slot"]) for slot in document["slots"]]
    return table(("briefing", "local time", "time zone", "slot (UTC)"), rows)


# -- history --------------------------------------------------------------------------------------------------


def history(name: str | None, number: int, editions: Path | None) -> Reply:
    """Show what became of past slots, the newest first, and of what was to be delivered."""
    from chipbrief_reports.cli.editions import series_named
    from chipbrief_reports.schedule.sqlite_store import open_store

    root = root_of(editions)
    if name is not None:
        series_named(root, name, begun=True)
    with open_store(root) as store:
        slots = [_told(record, store.deliveries(record.name, record.slot)) for record in store.slots(name, number)]
    return Reply({"slots": slots}, _history_text)


def _told(record: SlotRecord, deliveries: Sequence[Any]) -> Document:
    from dataclasses import asdict

    return asdict(record) | {"deliveries": [asdict(delivery) for delivery in deliveries]}


def _history_text(document: Document) -> str:
    rows = [
        (slot["name"], slot["slot"], slot["state"].replace("_", " "), slot["at"], _remark(slot))
        for slot in document["slots"]
    ]
    return table(("briefing", "slot (UTC)", "state", "at", "remark"), rows) if rows else "no slot yet"


def _remark(slot: Document) -> str:
    parts = []
    if slot["pages"]:
        parts.append(f"{slot['pages']} {'page' if slot['pages'] == 1 else 'pages'}")
    if slot["same_as"]:
        parts.append(f"{slot['same_as']} still holds")
    if slot["missed"] > 1:
        parts.append(f"{slot['missed']} slots up to this one")
    if slot["next_try"]:
        parts.append(f"next try {slot['next_try']}")
    if slot["error"]:
        parts.append(slot["error"])
    parts += [
        f"{d['recipient']} {d['state'].replace('_', ' ')}" + (f" ({d['error']})" if d["error"] else "")
        for d in slot["deliveries"]
    ]
    return "; ".join(parts)


# -- prune ----------------------------------------------------------------------------------------------------


def pruned(files: Sequence[Path], editions: Path | None, dry_run: bool) -> Reply:
    """Take away the files of editions older than each schedule keeps; their numbers stay."""
    from chipbrief_reports.schedule.lock import BusyError
    from chipbrief_reports.schedule.retention import prune, to_prune
    from chipbrief_reports.schedule.tick import AGAIN, utc_now
    from chipbrief_reports.schedule.turn import Turn, turn

    found, wrong = _all(files, editions)
    gone: list[Document] = []
    busy = False
    for one in found:
        if dry_run:
            slots = [manifest.slot for manifest in to_prune(Turn(one, utc_now, lambda _: None))]
        else:
            try:
                with turn(one, utc_now, lambda _: None) as held:
                    slots = prune(held)
            except BusyError as error:
                complain(str(error))
                busy = True
                continue
        gone += [{"name": one.name, "slot": slot} for slot in slots]
    document = {"pruned": gone, "dry_run": dry_run}
    return Reply(document, _prune_text, BAD_INPUT if wrong else AGAIN if busy else 0)


def _prune_text(document: Document) -> str:
    verb = "would be pruned" if document["dry_run"] else "pruned"
    return "\n".join(f"{one['name']}/{one['slot']} {verb}" for one in document["pruned"]) or "nothing to prune"
