"""Cron expressions in time zones as cron expressions in UTC that wake up at every slot, and at few moments besides.

Where the clocks change there is no such expression: one for each offset is, and the tick finds out which one holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from chipbrief_reports.schedule.recipes.recipe import Timing

__all__ = ["wake_ups"]

DAY_MIN = 24 * 60
AHEAD_DAYS = 731  # two changes of the clocks in each direction
MONTH_ENDS = frozenset({28, 29, 30, 31})
MINUTES, HOURS, DAYS, MONTHS = (frozenset(r) for r in (range(60), range(24), range(1, 32), range(1, 13)))
WEEKDAYS = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class _Days:
    """The days of an expression."""

    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def shifted(self, by: int) -> _Days:
        """The same a day earlier or later, and others where months differ in length."""
        if not by:
            return self
        days = {day + by for day in self.days} & DAYS
        wraps = bool(self.days & (MONTH_ENDS if by > 0 else {1}))
        if wraps:
            days |= {1} if by > 0 else MONTH_ENDS
        months = self.months | ({(month + by - 1) % 12 + 1 for month in self.months} if wraps else set())
        kept = self.days if self.days == DAYS else frozenset(days)
        return _Days(kept, months, frozenset((day + by) % 7 for day in self.weekdays))


def wake_ups(timings: Iterable[Timing], on: date) -> list[str]:
    """The expressions, in UTC.

    Args:
        timings: when something is due.
        on: the day from which on, for two years; time zones change their offsets.
    """
    hours: defaultdict[tuple[_Days, int], set[int]] = defaultdict(set)
    for timing in timings:
        for days, hour, minute in _moments(timing, on):
            hours[days, minute].add(hour)
    minutes: defaultdict[tuple[_Days, frozenset[int]], set[int]] = defaultdict(set)
    for (days, minute), found in hours.items():
        minutes[days, frozenset(found)].add(minute)
    return sorted(_line(at, hours, days) for (days, hours), at in minutes.items())


def _moments(timing: Timing, on: date) -> Iterable[tuple[_Days, int, int]]:
    parsed = CronSim(timing.cron, datetime(2024, 1, 1, tzinfo=UTC))
    days = _Days(_days(parsed), frozenset(parsed.months), _weekdays(parsed))
    for offset in _offsets(timing.timezone, days.months, on):
        for hour in parsed.hours:
            for minute in parsed.minutes:
                shift, rest = divmod(hour * 60 + minute - offset, DAY_MIN)
                yield days.shifted(shift), *divmod(rest, 60)


def _days(parsed: CronSim) -> frozenset[int]:
    """Days of the month; the last one may be any that is last in some month."""
    last = {CronSim.LAST: MONTH_ENDS, CronSim.LAST_WEEKDAY: MONTH_ENDS | {26, 27}}
    return frozenset().union(*(last.get(day, {day}) for day in parsed.days))


def _weekdays(parsed: CronSim) -> frozenset[int]:
    """Days of the week, Sunday as 0; of `MON#2` every Monday."""
    return frozenset((day[0] if isinstance(day, tuple) else day) % 7 for day in parsed.weekdays)


def _offsets(timezone: str, months: frozenset[int], on: date) -> set[int]:
    """Minutes east of Greenwich that hold at noon of any day of these months."""
    zone = ZoneInfo(timezone)
    noon = datetime(on.year, on.month, on.day, 12)
    moments = ((noon + timedelta(days=ahead)).replace(tzinfo=zone) for ahead in range(AHEAD_DAYS))
    found = (moment.utcoffset() for moment in moments if moment.month in months)
    return {int(offset.total_seconds()) // 60 for offset in found if offset is not None}


# -- as text --------------------------------------------------------------------------------------------------


def _line(minutes: set[int], hours: frozenset[int], days: _Days) -> str:
    return " ".join(
        (
            _field(minutes, MINUTES),
            _field(hours, HOURS),
            _field(days.days, DAYS),
            _field(days.months, MONTHS),
            _field(days.weekdays, WEEKDAYS),
        )
    )


def _field(values: Iterable[int], all_of_them: frozenset[int]) -> str:
    found = sorted(values)
    if len(found) == len(all_of_them):
        return "*"
    runs: list[list[int]] = []
    for value in found:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)
