"""Which slots to print now, and which have been missed for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chipbrief_reports.timetable.schedule import Schedule
from chipbrief_reports.timetable.slots import last_slot, slots_between

__all__ = ["Due", "due_slots"]


@dataclass(frozen=True, slots=True)
class Due:
    """Slots to print, in order, and slots that are passed over; all in UTC."""

    to_print: tuple[datetime, ...] = ()
    missed: tuple[datetime, ...] = ()


def due_slots(schedule: Schedule, handled: datetime | None, now: datetime) -> Due:
    """What a schedule asks for at a moment.

    Args:
        schedule: the schedule.
        handled: the latest slot up to now that is printed, given up or passed over; None before the first.
        now: the moment.

    Returns:
        Before the first edition the last slot alone; afterwards all since, by `catch_up`.
    """
    if handled is None:
        first = last_slot(schedule.cron, schedule.timezone, now)
        waiting = [] if first is None else [first]
    else:
        waiting = list(slots_between(schedule.cron, schedule.timezone, handled, now))
    if schedule.catch_up == "all" or not waiting:
        return Due(tuple(waiting))
    if schedule.catch_up == "latest":
        return Due(tuple(waiting[-1:]), tuple(waiting[:-1]))
    oldest = now - timedelta(seconds=schedule.grace)
    if waiting[-1] >= oldest:
        return Due(tuple(waiting[-1:]), tuple(waiting[:-1]))
    return Due((), tuple(waiting))
