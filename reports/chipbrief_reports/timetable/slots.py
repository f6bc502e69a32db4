"""The moments at which a briefing is due: a cron expression in a time zone, as instants in UTC.

Across a change of the clocks a moment comes once: one that the clocks skip is due right after the gap, one that they
repeat is due the first time; minutes and hours written as `*` follow real time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

__all__ = ["cron_in_words", "last_slot", "next_slots", "parse_slot", "slot_name", "slots_between"]

FIELDS = 5
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
SLOT_FORMAT = "%Y-%m-%dT%H%MZ"
BACK = timedelta(days=3)  # longer than any change of the clocks, so that going forward again sees the whole of it


def checked_cron(text: str) -> str:
    """A cron expression of five fields; raises ValueError with what is wrong."""
    expression = NICKNAMES.get(text.strip().lower(), text)
    fields = expression.split()
    if len(fields) != FIELDS:
        raise ValueError(
            f"expected five fields, minute hour day month weekday, such as '0 7 * * MON', got {len(fields)} in {text!r}"
        )
    try:
        next(CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(f"is no cron expression: {error} in {text!r}") from None
    except StopIteration:
        raise ValueError(f"never comes: {text!r}") from None
    return " ".join(fields)


def cron_in_words(cron: str, timezone: str) -> str:
    """`At 07:00 on Monday, Europe/Berlin`."""
    return f"{CronSim(cron, datetime(2024, 1, 1, tzinfo=UTC)).explain()}, {timezone}"


def slots_between(cron: str, timezone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every slot later than `after` and not later than `until`, in order, in UTC."""
    for slot in _following(cron, timezone, after):
        if slot > until:
            return
        yield slot


def next_slots(cron: str, timezone: str, after: datetime, number: int) -> list[datetime]:
    """The next slots, in UTC; fewer where the expression ends."""
    return list(islice(_following(cron, timezone, after), number))


def last_slot(cron: str, timezone: str, now: datetime) -> datetime | None:
    """The latest slot that is not after `now`, in UTC; None where there has been none in fifty years."""
    earlier = islice(CronSim(cron, now.astimezone(ZoneInfo(timezone)) + timedelta(minutes=1), reverse=True), 1)
    before = next((slot.astimezone(UTC) for slot in earlier), None)
    if before is None:
        return None
    found = None
    for slot in slots_between(cron, timezone, before - BACK, now):
        found = slot
    return found


def _following(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    last = after
    for slot in CronSim(cron, after.astimezone(ZoneInfo(timezone))):
        instant = slot.astimezone(UTC)
        if instant > last:  # never twice, whatever the clocks do
            last = instant
            yield instant


def slot_name(slot: datetime) -> str:
    """A slot as its folder is called: `2026-11-23T0600Z`, always UTC."""
    return slot.astimezone(UTC).strftime(SLOT_FORMAT)


def parse_slot(name: str) -> datetime:
    """The slot of a folder; raises ValueError for any other name."""
    return datetime.strptime(name, SLOT_FORMAT).replace(tzinfo=UTC)
