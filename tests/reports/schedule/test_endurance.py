"""What must not stop a series, lose a slot or go untold: slots that never succeed, ticks that die, logs that fail."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
FIRST, SLOT = "2026-11-24T20:00:00Z", "2026-11-23T0600Z"
SECOND, SECOND_SLOT = "2026-12-01T20:00:00Z", "2026-11-30T0600Z"
THIRD, THIRD_SLOT = "2026-12-08T20:00:00Z", "2026-12-07T0600Z"


def journal(desk, name="weekly"):
    lines = (desk.folder / "editions" / name / ".journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def begun(desk):
    """How often printing was begun."""
    there = (desk.folder / "editions/weekly/.journal.jsonl").exists()
    return [event["event"] for event in journal(desk)].count("started") if there else 0


def states(desk):
    return {slot["slot"]: slot["state"] for slot in desk.run("history").document["slots"]}


def test_a_slot_that_fails_before_any_succeeded_gives_way_and_is_told(desk):
    desk.schedule("deliver: [{folder: {path: out}, failures: true}]")
    (desk.folder / "mix.yaml").write_text("nonsense: true\n")
    assert desk.tick(FIRST).code == 75
    desk.change("200k")
    done = desk.tick(SECOND)
    assert [(e["slot"], e["event"]) for e in done.of("given_up", "printed")] == [
        (SLOT, "given_up"),
        (SECOND_SLOT, "printed"),
    ]
    assert "gave way to a later slot" in done.of("given_up")[0]["error"]
    assert (desk.folder / f"out/weekly/{SLOT}.failed.txt").is_file()
    assert states(desk) == {SLOT: "given_up", SECOND_SLOT: "printed"}


def test_a_slot_that_fails_before_any_succeeded_is_printed_where_all_are(desk):
    desk.schedule("catch_up: all")
    (desk.folder / "mix.yaml").write_text("nonsense: true\n")
    assert desk.tick(FIRST).code == 75
    desk.change("200k")
    desk.tick(SECOND)
    assert desk.whole() == [SLOT, SECOND_SLOT]


def test_a_latest_that_cannot_be_pointed_is_told_and_stops_nothing(desk):
    desk.schedule("deliver: [{folder: {path: out}, failures: true}]", "retries: {times: 0}")
    (desk.folder / "editions/weekly/latest").mkdir(parents=True)
    first = desk.tick(FIRST)
    assert first.code == 0
    assert first.of("latest_failed")
    assert (desk.folder / "out/weekly" / SLOT / "briefing.md").is_file()
    desk.change("300k")
    assert desk.tick(SECOND).code == 0
    assert desk.whole() == [SLOT, SECOND_SLOT]
    assert not list((desk.folder / "out").rglob("*.failed.txt"))


def test_a_tick_that_is_killed_each_time_gives_up_in_the_end(desk):
    desk.schedule("retries: {times: 2, wait: 1 s}", formats="[md, html]")
    for attempt in range(3):
        process = desk.start("tick", "--engine", "serial", "--now", FIRST)
        until = time.monotonic() + 60
        while time.monotonic() < until and begun(desk) <= attempt:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    last = desk.tick(FIRST)
    assert begun(desk) == 3
    assert last.code == 1
    assert "ended before it was done" in last.of("given_up")[0]["error"]
    assert desk.tick(FIRST).code == 0


CRASH = "import os\nfrom chipbrief import hookimpl\n\n@hookimpl\ndef chipbrief_hardware():\n    os.abort()\n"
NOISE = "import os\nos.write(1, b'RAW HELLO\\n')\nfrom chipbrief import hookimpl\n\n@hookimpl\ndef chipbrief_hardware():\n    return []\n"
HANG = "import time\ntime.sleep(1000)\n"


def installed(folder, code):
    """A distribution with one plugin; the environment in which it is found."""
    (folder / "noise_acme").mkdir(parents=True)
    (folder / "noise_acme/__init__.py").write_text(code)
    info = folder / "noise_acme-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: noise-acme\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[chipbrief]\nacme = noise_acme\n")
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize(("code", "told"), [(CRASH, "SIGABRT"), (HANG, "SIGALRM")])
def test_a_plugin_that_crashes_or_hangs_is_a_failure_that_is_told(desk, tmp_path, code, told):
    desk.schedule("limit: 5 s", "retries: {times: 0}")
    done = desk.run("tick", "--now", FIRST, environment=installed(tmp_path / "site", code))
    assert done.code == 1
    assert told in done.of("given_up")[0]["error"]
    assert desk.tick(SECOND).of("printed")


def test_what_a_plugin_writes_past_python_does_not_spoil_the_document(desk, tmp_path):
    done = desk.run("tick", "--now", FIRST, environment=installed(tmp_path / "site", NOISE))
    assert done.code == 0
    assert "RAW HELLO" in done.stderr


def test_an_engine_that_cannot_be_opened_is_a_failure_that_is_tried_again(desk):
    done = desk.run("tick", "--engine", "dask:tcp://127.0.0.1:9", "--now", FIRST)
    assert done.code == 75
    assert done.of("failed")
    assert desk.tick("2026-11-24T20:10:00Z").of("printed")


def test_retention_minds_a_clock_that_was_ahead(desk):
    desk.schedule("keep: {editions: 1}")
    desk.tick("2031-01-01T00:00:00Z")
    desk.tick(FIRST)
    latest = desk.folder / "editions/weekly/latest"
    assert latest.resolve().name == SLOT
    assert (latest / "briefing.md").is_file()
    desk.change("300k")
    desk.tick(SECOND)
    assert (latest / "briefing.md").is_file()
    assert latest.resolve().name == SECOND_SLOT
    assert not (desk.folder / "editions/weekly" / SLOT / "briefing.md").exists()


def test_files_that_a_killed_prune_left_go_with_the_next(desk):
    desk.schedule("keep: {editions: 1}")
    desk.tick(FIRST)
    desk.change("300k")
    desk.tick(SECOND)
    left = desk.folder / "editions/weekly" / SLOT / "briefing.md"
    left.write_text("left")
    desk.tick(SECOND)
    assert not left.exists()


def test_a_log_that_cannot_be_written_stops_nothing(desk):
    command = [
        str(Path(sys.executable).with_name("chipbrief")),
        "schedule",
        "tick",
        "--engine",
        "serial",
        "--now",
        FIRST,
    ]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=desk.folder, stdout=subprocess.DEVNULL, stderr=full, check=False, timeout=60)
    assert done.returncode == 0
    assert desk.whole() == [SLOT]


def test_what_lies_in_a_slots_place_and_is_no_edition_is_set_aside(desk):
    (desk.folder / "editions/weekly" / SLOT).mkdir(parents=True)
    (desk.folder / "editions/weekly" / SLOT / "half").write_text("a part of a backup")
    done = desk.tick(FIRST)
    assert done.code == 1
    assert [event["event"] for event in done.of("damaged", "printed")] == ["damaged", "printed"]
    assert desk.whole() == [SLOT]
    assert (desk.folder / f"editions/weekly/.damaged-{SLOT}-1/half").is_file()
    assert desk.tick(FIRST).code == 0


def test_waiting_ends_when_all_is_tried_and_tells_what_was_given_up(desk):
    desk.schedule("retries: {times: 1, wait: 2 s}")
    (desk.folder / "mix.yaml").write_text("nonsense: true\n")
    begun = time.monotonic()
    done = desk.run("tick", "--engine", "serial", "--wait")
    assert time.monotonic() - begun < 40
    assert done.code == 1
    assert done.document["given_up"] == 1
    assert [event["event"] for event in done.document["events"] if event["event"] in ("failed", "given_up")] == [
        "failed",
        "given_up",
    ]
    assert desk.run("tick", "--wait", "--now", FIRST).code == 2


def test_run_goes_on_while_a_file_is_being_written(desk):
    file = desk.folder / "weekly.yaml"
    good = file.read_text()
    process = desk.start("run", "--engine", "serial")
    until = time.monotonic() + 60
    while time.monotonic() < until and not desk.series().slots():
        time.sleep(0.1)
    file.write_text("")
    time.sleep(1.0)
    assert process.poll() is None
    file.write_text(good)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_site_that_is_not_ours_is_left_alone(desk):
    (desk.folder / "editions").mkdir()
    (desk.folder / "editions/index.html").write_text("MINE")
    done = desk.run("tick", "--engine", "serial", "--now", FIRST)
    assert done.code == 0
    assert done.of("site_failed")
    assert (desk.folder / "editions/index.html").read_text() == "MINE"


def test_pages_are_not_written_again_when_nothing_happened(desk):
    tick = ("tick", "--engine", "serial", "--now", FIRST)
    desk.run(*tick)
    stamp = desk.folder / "editions/.site"
    before = stamp.stat().st_mtime_ns
    desk.run(*tick)
    assert stamp.stat().st_mtime_ns == before
    shutil.rmtree(desk.folder / "editions/weekly")
    assert desk.run(*tick).of("printed")
    assert stamp.stat().st_mtime_ns > before


def test_a_briefing_that_could_not_be_printed_is_told_before_its_slot(desk):
    desk.change("200k")
    file = desk.folder / "weekly.yaml"
    file.write_text(file.read_text().replace("mix: mix.yaml", "mix: mixx.yaml"))
    assert desk.run("list").code == 2
    dry = desk.run("tick", "--dry-run", "--now", FIRST)
    assert dry.code == 2
    assert "mixx.yaml" in dry.stderr
