"""When a schedule is due: days written out by hand, in three time zones and across both changes of the clocks."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief_reports.timetable import Schedule, due_slots, last_slot, next_slots, parse_slot, slot_name, slots_between


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def utc(cron: str, zone: str, after: str, number: int) -> list[str]:
    return [slot.strftime("%m-%d %H:%M") for slot in next_slots(cron, zone, at(after), number)]


def test_monday_at_seven_in_berlin_follows_the_clocks_there():
    # 25 October 2026 is the last Sunday of October: UTC+2 before, UTC+1 after
    assert utc("0 7 * * MON", "Europe/Berlin", "2026-10-18T00:00Z", 3) == ["10-19 05:00", "10-26 06:00", "11-02 06:00"]


@pytest.mark.parametrize(
    ("zone", "day_before", "expected"),
    [
        # the hour that is skipped: due right after the gap, once
        ("Europe/Berlin", "2026-03-28T12:00Z", ["03-29 01:00", "03-30 00:30"]),  # 02:30 does not exist on 29 March
        ("America/New_York", "2026-03-07T12:00Z", ["03-08 07:00", "03-09 06:30"]),  # nor on 8 March
        ("Australia/Lord_Howe", "2026-10-03T00:00Z", ["10-03 15:30", "10-04 15:30"]),  # half an hour, at 02:00
    ],
)
def test_a_moment_that_the_clocks_skip_comes_once(zone, day_before, expected):
    assert utc("30 2 * * *", zone, day_before, 2)[:1] == expected[:1]
    slots = next_slots("30 2 * * *", zone, at(day_before), 5)
    assert len({slot.astimezone(ZoneInfo(zone)).date() for slot in slots}) == 5


@pytest.mark.parametrize(
    ("cron", "zone", "day_before", "first"),
    [
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00Z",
            "10-25 00:30",
        ),  # 02:30 comes twice; the first is 00:30 UTC
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00Z", "11-01 05:30"),  # 01:30 EDT
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00Z", "04-04 14:45"),  # 01:45 at UTC+11
    ],
)
def test_a_moment_that_the_clocks_repeat_comes_once(cron, zone, day_before, first):
    slots = next_slots(cron, zone, at(day_before), 3)
    assert slots[0].strftime("%m-%d %H:%M") == first
    assert len({slot.astimezone(ZoneInfo(zone)).date() for slot in slots}) == 3


def test_every_hour_is_every_hour_of_real_time():
    slots = next_slots("0 * * * *", "Europe/Berlin", at("2026-10-24T22:30Z"), 6)
    assert {b - a for a, b in pairwise(slots)} == {timedelta(hours=1)}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
@given(
    minutes=st.integers(0, 2 * 366 * 1440),
    cron=st.sampled_from(["*/7 * * * *", "30 2 * * *", "0 7 * * MON", "5 0 1 * *"]),
)
def test_slots_increase_and_the_last_one_is_the_one_before_the_next(zone, minutes, cron):
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    last = last_slot(cron, zone, now)
    assert last is not None
    assert last <= now
    following = next_slots(cron, zone, last, 3)
    assert following[0] > now
    assert following == sorted(set(following))


def test_a_slot_is_named_in_utc_and_read_back():
    slot = at("2026-11-23T07:00+01:00")
    assert slot_name(slot) == "2026-11-23T0600Z"
    assert parse_slot("2026-11-23T0600Z") == slot


# -- what is due ------------------------------------------------------------------------------------------------------


def daily(**fields):
    return Schedule.model_validate({"cron": "0 6 * * *", **fields})


def names(slots):
    return [slot.strftime("%d") for slot in slots]


def test_before_the_first_edition_only_the_last_slot_is_due():
    due = due_slots(daily(catch_up="all"), None, at("2026-11-23T09:00Z"))
    assert names(due.to_print) == ["23"]
    assert due.missed == ()


@pytest.mark.parametrize(
    ("catch_up", "to_print", "missed"),
    [("latest", ["23"], ["21", "22"]), ("all", ["21", "22", "23"], []), ("none", [], ["21", "22", "23"])],
)
def test_after_a_sleep_over_three_slots(catch_up, to_print, missed):
    due = due_slots(daily(catch_up=catch_up), at("2026-11-20T06:00Z"), at("2026-11-23T09:00Z"))
    assert (names(due.to_print), names(due.missed)) == (to_print, missed)


def test_without_catching_up_a_slot_is_printed_while_it_is_not_too_late():
    schedule = daily(catch_up="none", grace="30 min")
    assert names(due_slots(schedule, at("2026-11-22T06:00Z"), at("2026-11-23T06:29Z")).to_print) == ["23"]
    assert names(due_slots(schedule, at("2026-11-22T06:00Z"), at("2026-11-23T06:31Z")).missed) == ["23"]


def test_nothing_is_due_again_when_the_clock_is_set_back():
    assert due_slots(daily(), at("2026-11-23T06:00Z"), at("2026-11-23T05:00Z")) == due_slots(
        daily(), at("2026-11-23T06:00Z"), at("2026-11-23T06:00Z")
    )


@given(st.integers(0, 60), st.sampled_from(["latest", "none", "all"]))
def test_every_slot_is_printed_or_missed_and_never_both(days, catch_up):
    handled, now = at("2026-03-20T06:00Z"), at("2026-03-20T06:30Z") + timedelta(days=days)
    schedule = Schedule(cron="0 6 * * *", timezone="Europe/Berlin", catch_up=catch_up)
    due = due_slots(schedule, handled, now)
    every = list(slots_between(schedule.cron, schedule.timezone, handled, now))
    assert sorted([*due.to_print, *due.missed]) == every
