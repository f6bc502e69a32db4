"""Faults that are really there: processes killed, many at once, a disk that is full, a clock that jumps, files gone."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chipbrief_reports.editions import read_manifest
from chipbrief_reports.timetable import parse_slot, slot_name

pytestmark = pytest.mark.slow

FIRST = "2026-11-24T20:00:00Z"  # after the slot of Monday 23 November, 07:00 in Berlin
SLOT = "2026-11-23T0600Z"
SECOND = "2026-12-01T00:00:00Z"
SECOND_SLOT = "2026-11-30T0600Z"
DELIVERED = "deliver: [{folder: {path: out}}]"


# -- killed -----------------------------------------------------------------------------------------------------------


def test_a_tick_killed_before_any_of_its_file_operations_loses_nothing_and_doubles_nothing(desk, forked, tmp_path):
    desk.schedule(DELIVERED)
    arguments = ("schedule", "tick", "--engine", "serial", "--no-site", "--now", FIRST)
    blank = tmp_path.parent / f"{tmp_path.name}-blank"
    shutil.copytree(tmp_path, blank)
    counted = forked(tmp_path, *arguments)
    assert counted["code"] == 0
    assert counted["begun"] > 60
    moments = range(2, counted["begun"], max(counted["begun"] // 24, 1))
    assert len(moments) >= 20
    for moment in moments:
        folder = tmp_path.parent / f"{tmp_path.name}-{moment}"
        shutil.copytree(blank, folder)
        assert forked(folder, *arguments, die_at=moment)["code"] == -signal.SIGKILL, moment
        assert forked(folder, *arguments)["code"] == 0, moment
        again = replace(desk, folder=folder)
        assert again.whole() == [SLOT], moment
        assert (folder / "editions/weekly/latest").resolve().name == SLOT
        assert not list((folder / "editions/weekly").glob(".work/*")), moment
        events = [
            json.loads(line)["event"] for line in (folder / "editions/weekly/.journal.jsonl").read_text().splitlines()
        ]
        assert events.count("printed") == 1, moment
        assert events.count("delivered") == 1, moment
        there = sorted(path.name for path in (folder / "out/weekly").glob("[!.]*"))
        assert there == [SLOT, "latest"], moment  # a part that was left has a dot before its name, and goes in an hour
        assert (folder / "out/weekly" / SLOT / "briefing.md").read_bytes() == (
            folder / "editions/weekly" / SLOT / "briefing.md"
        ).read_bytes()
        state = sqlite3.connect(folder / "editions/.state.sqlite")
        assert state.execute("select slot, state from slots").fetchall() == [(SLOT, "printed")]
        state.close()
        shutil.rmtree(folder)


def test_a_worker_that_is_killed_is_replaced_and_the_edition_is_printed(desk):
    desk.schedule(formats="[pdf]")
    process = desk.start("tick", "--engine", "processes:1", "--no-site", "--now", FIRST)
    victim = None
    until = time.monotonic() + 60
    while victim is None and process.poll() is None and time.monotonic() < until:
        # a worker that prints: it has a process of its own for charts or PDF
        victim = next((pid for pid in children(process.pid) if children(pid)), None)
        time.sleep(0.01)
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    ended = desk.ended(process)
    assert ended.code == 0, ended.stderr
    assert [event["event"] for event in ended.events] == ["begun", "started", "printed"]
    assert desk.whole() == [SLOT]


def children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(word) for file in Path(f"/proc/{pid}/task").glob("*/children") for word in file.read_text().split()]
    return []


# -- at once ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [2, 10])
def test_ticks_at_once_print_one_edition(desk, number):
    desk.schedule(DELIVERED)
    processes = [desk.start("tick", "--engine", "serial", "--now", FIRST) for _ in range(number)]
    codes = []
    for process in processes:
        process.communicate(timeout=240)
        codes.append(process.returncode)
    assert set(codes) <= {0, 75}  # 75: another one held the series
    assert 0 in codes
    assert desk.whole() == [SLOT]
    journal = (desk.folder / "editions/weekly/.journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in journal] == ["begun", "started", "printed", "sending", "delivered"]


# -- the disk ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 6 MB; where none can be mounted, the machine is not one that these tests can run on."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.fail(f"a tmpfs cannot be mounted: {mounted.stderr}")
    yield place
    subprocess.run(["umount", str(place)], check=False)


@pytest.mark.system
def test_a_full_disk_leaves_no_half_edition_and_the_next_tick_prints_it(desk, small_disk):
    filler = small_disk / "filler"
    desk.tick("2026-11-17T00:00:00Z", "--editions", str(small_disk))
    before = sorted(path.name for path in (small_disk / "weekly").iterdir() if path.name.startswith("20"))
    assert before == ["2026-11-16T0600Z"]
    desk.change("300k")
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096) == 4096:
            pass
    full = desk.tick(FIRST, "--editions", str(small_disk))
    assert full.code == 75
    assert "No space left" in full.stderr
    assert sorted(path.name for path in (small_disk / "weekly").iterdir() if path.name.startswith("20")) == before
    filler.unlink()
    assert desk.tick("2026-11-24T20:06:00Z", "--editions", str(small_disk)).code == 0
    series = type(desk.series())(small_disk, "weekly")
    assert series.slots() == [*before, SLOT]
    assert all(series.broken_files(manifest) == [] for manifest in series.printed())


def test_a_folder_that_cannot_be_worked_in_is_told_and_others_go_on(desk):
    desk.schedule(name="second")
    (desk.folder / "editions").mkdir()
    (desk.folder / "editions/weekly").write_text("not a folder")
    done = desk.tick()
    assert done.code == 1
    assert {(event["schedule"], event["event"]) for event in done.of("cannot_work", "printed")} == {
        ("weekly", "cannot_work"),
        ("second", "printed"),
    }
    assert "Not a directory" in done.stderr or "File exists" in done.stderr
    assert desk.whole("second") == [SLOT]


# -- the clock --------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_prints_nothing_again(desk):
    assert desk.tick(FIRST).of("printed")
    for now in ("2026-11-24T19:00:00Z", "2026-11-23T05:59:00Z", "2026-11-23T06:00:00Z", FIRST):
        assert desk.tick(now).code == 0
    assert desk.whole() == [SLOT]


def test_a_clock_that_was_years_ahead_stops_nothing(desk):
    desk.tick("2036-01-01T00:00:00Z")
    assert desk.tick(FIRST).of("printed", "unchanged")
    assert desk.whole() == [SLOT, "2035-12-31T0600Z"]
    assert (desk.folder / "editions/weekly/latest").resolve().name == SLOT


def test_asleep_over_five_slots(desk):
    desk.tick(FIRST)
    desk.change("300k")
    done = desk.tick("2026-12-30T00:00:00Z")  # Mondays 30 November and 7, 14, 21, 28 December
    assert [event["slot"] for event in done.of("printed")] == ["2026-12-28T0600Z"]
    [missed] = done.of("missed")
    assert (missed["missed"], missed["first"], missed["slot"]) == (4, "2026-11-30T0600Z", "2026-12-21T0600Z")
    assert desk.whole() == [SLOT, "2026-12-28T0600Z"]


def test_every_missed_slot_is_printed_where_that_is_asked_for(desk):
    desk.schedule("catch_up: all")
    desk.tick(FIRST)
    assert desk.tick("2026-12-15T00:00:00Z").code == 0
    assert desk.whole() == [SLOT, SECOND_SLOT, "2026-12-07T0600Z", "2026-12-14T0600Z"]
    assert [manifest.state for manifest in desk.series().manifests()] == ["printed", *["unchanged"] * 3]


@pytest.mark.parametrize(
    ("zone", "days", "hours"),
    [  # both changes of 2026 in three zones: 02:30 at the same local time each day, once a day
        ("Europe/Berlin", ("2026-03-28", "2026-10-24"), 3),
        ("America/New_York", ("2026-03-07", "2026-10-31"), 3),
        ("Australia/Lord_Howe", ("2026-10-03", "2026-04-04"), 3),
    ],
)
def test_across_both_changes_of_the_clocks_every_day_has_one_edition(desk, forked, zone, days, hours):
    file = desk.folder / "weekly.yaml"
    text = file.read_text().replace("0 7 * * MON", "30 2 * * *").replace("Europe/Berlin", zone)
    file.write_text(text)
    for number, day in enumerate(days):
        root = f"editions-{number}"
        moment = datetime.fromisoformat(f"{day}T00:00:00+00:00")
        for _ in range(24 * 3 // hours):
            now = moment.astimezone(UTC).isoformat()
            code = forked(
                desk.folder, "schedule", "tick", "--engine", "serial", "--editions", root, "--no-site", "--now", now
            )["code"]
            assert code == 0
            moment += timedelta(hours=hours)
        slots = sorted(path.name for path in (desk.folder / root / "weekly").iterdir() if path.name.startswith("20"))
        local = [parse_slot(slot).astimezone(ZoneInfo(zone)).date() for slot in slots]
        assert len(set(local)) == len(local)
        assert [(b - a).days for a, b in pairwise(local)] == [1] * (len(local) - 1)
        assert len(local) in (3, 4)


# -- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["deleted", "truncated", "garbage", "emptied"])
def test_a_lost_database_is_made_again_and_nothing_is_printed_or_sent_twice(desk, fault):
    desk.schedule(DELIVERED)
    desk.tick(FIRST)
    path = desk.folder / "editions/.state.sqlite"
    size = path.stat().st_size
    if fault == "deleted":
        for left in desk.folder.glob("editions/.state.sqlite*"):
            left.unlink()
    elif fault == "truncated":
        os.truncate(path, size // 2)
    elif fault == "garbage":
        path.write_bytes(os.urandom(size))
    else:
        os.truncate(path, 0)
    shutil.rmtree(desk.folder / "out")
    done = desk.tick("2026-11-24T20:10:00Z")
    assert done.code == 0
    assert done.events == []
    assert not (desk.folder / "out").exists()
    history = desk.run("history").document["slots"]
    assert [(slot["slot"], slot["state"]) for slot in history] == [(SLOT, "printed")]
    assert [delivery["state"] for delivery in history[0]["deliveries"]] == ["delivered"]
    assert desk.whole() == [SLOT]


def test_a_torn_line_of_the_journal_costs_that_line_alone(desk):
    desk.schedule(DELIVERED)
    desk.tick(FIRST)
    journal = desk.folder / "editions/weekly/.journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])  # the end of `delivered`
    done = desk.tick("2026-11-24T20:10:00Z")
    assert [event["event"] for event in done.events] == [
        "delivery_failed",
        "sending",
        "delivered",
    ]  # it is there already
    assert desk.whole() == [SLOT]


def test_a_thousand_slots_of_history(desk):
    series = desk.series()
    desk.tick(FIRST)
    manifest = read_manifest(series.path(SLOT))
    monday = datetime(2026, 11, 23, 6, tzinfo=UTC)
    for week in range(1, 1000):
        slot = slot_name(monday - timedelta(weeks=week))
        series.path(slot).mkdir()
        (series.path(slot) / "manifest.json").write_bytes(replace(manifest, slot=slot, files={}).as_bytes())
    assert len(series.slots()) == 1000
    assert desk.tick("2026-11-24T21:00:00Z").code == 0
    desk.change("300k")
    done = desk.tick(SECOND)
    assert [event["slot"] for event in done.of("printed")] == [SECOND_SLOT]
    assert len(desk.run("history", "weekly", "-n", "2000").document["slots"]) == 1001


# -- failures ---------------------------------------------------------------------------------------------------------


def test_a_failure_is_tried_again_with_longer_waits_and_told_once(desk):
    file = desk.schedule("retries: {times: 2, wait: 10 min}", "deliver: [{folder: {path: out}, failures: true}]")
    broken = file.read_text().replace("mix: mix.yaml", "mix: gone.yaml")
    file.write_text(broken)
    first = desk.tick("2026-11-24T20:00:00Z")
    assert (first.code, [event["next_try"] for event in first.of("failed")]) == (75, ["2026-11-24T20:10:00Z"])
    assert desk.tick("2026-11-24T20:09:00Z").of("failed", "given_up") == []
    second = desk.tick("2026-11-24T20:10:00Z")
    assert [event["next_try"] for event in second.of("failed")] == ["2026-11-24T20:30:00Z"]
    third = desk.tick("2026-11-24T20:30:00Z")
    assert third.code == 1
    assert "gone.yaml" in third.of("given_up")[0]["error"]
    assert desk.tick("2026-11-24T20:40:00Z").code == 0  # told once
    assert (desk.folder / f"out/weekly/{SLOT}.failed.txt").is_file()
    assert desk.whole() == []
    file.write_text(broken.replace("gone.yaml", "mix.yaml"))
    assert [event["slot"] for event in desk.tick(SECOND).of("printed")] == [SECOND_SLOT]


def test_a_mended_file_is_printed_at_the_next_try(desk):
    file = desk.folder / "weekly.yaml"
    good = file.read_text()
    file.write_text(good.replace("mix: mix.yaml", "mix: gone.yaml"))
    assert desk.tick().code == 75
    file.write_text(good)
    assert desk.tick("2026-11-24T20:06:00Z").of("printed")
    assert desk.whole() == [SLOT]
