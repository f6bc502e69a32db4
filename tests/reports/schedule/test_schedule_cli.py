"""`chipbrief schedule`, `editions` and `doctor --rebuild` as a user types them."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from chipbrief_reports.cli.app import root

FIRST = "2026-11-24T20:00:00Z"
SLOT = "2026-11-23T0600Z"


@pytest.fixture
def run(desk, monkeypatch):
    """A command in the folder: its exit code and output, and its document with `--json`."""
    monkeypatch.chdir(desk.folder)

    def call(*arguments):
        return CliRunner().invoke(root, arguments)

    return call


@pytest.fixture
def printed(desk, run):
    assert run("schedule", "tick", "--engine", "serial", "--now", FIRST).exit_code == 0
    return run


def document(result):
    return json.loads(result.stdout)


def test_list_tells_the_schedule_in_words_and_the_next_slot(run):
    [entry] = document(run("schedule", "list", "--now", FIRST, "--json"))["schedules"]
    assert entry["next"] == "2026-11-30T06:00:00Z"
    assert entry["words"].startswith("At 07:00 on Monday, Europe/Berlin;")
    assert entry["last"] is None
    assert "next   2026-11-30T06:00:00Z" in run("schedule", "list", "--now", FIRST).stdout


def test_next_tells_local_time_and_utc(run):
    slots = document(run("schedule", "next", "-n", "2", "--now", "2026-10-19T06:00:00Z", "--json"))["slots"]
    assert [(slot["local"], slot["utc"]) for slot in slots] == [
        ("2026-10-26T07:00:00+01:00", "2026-10-26T06:00:00Z"),
        ("2026-11-02T07:00:00+01:00", "2026-11-02T06:00:00Z"),
    ]


def test_a_dry_run_says_what_is_due_and_writes_nothing(desk, run):
    assert run("schedule", "tick", "--dry-run", "--now", FIRST).stdout == f"weekly/{SLOT} is due\n"
    assert not (desk.folder / "editions").exists()


def test_a_tick_tells_each_change_of_state_as_a_line_of_json(run):
    result = run("schedule", "tick", "--engine", "serial", "--now", FIRST)
    assert [json.loads(line)["event"] for line in result.stderr.splitlines()] == ["begun", "started", "printed"]
    assert result.stdout == f"weekly/{SLOT} printed\n"
    assert run("schedule", "tick", "--engine", "serial", "--now", FIRST).stdout == "nothing is due\n"


def test_what_was_printed_is_listed_shown_and_checked(desk, printed):
    [entry] = document(printed("editions", "list", "--json"))["editions"]
    assert (entry["slot"], entry["state"], entry["title"]) == (SLOT, "printed", "Weekly chat")
    shown = document(printed("editions", "show", "weekly", "--json"))
    assert set(shown["inputs"]) == {"weekly.yaml", "mix.yaml"}
    assert shown["broken"] == []
    (desk.folder / "editions/weekly" / SLOT / "briefing.md").write_text("something else")
    broken = printed("editions", "show", "weekly", "latest")
    assert broken.exit_code == 1
    assert "BROKEN    briefing.md" in broken.stdout


def test_history_tells_every_slot(printed):
    [slot] = document(printed("schedule", "history", "weekly", "--json"))["slots"]
    assert (slot["slot"], slot["state"]) == (SLOT, "printed")
    assert SLOT in printed("schedule", "history").stdout


def test_the_difference_of_two_editions_tells_a_changed_price_and_the_workload(desk, printed):
    mix = desk.folder / "mix.yaml"
    mix.write_text(mix.read_text() + "finance: {electricity: 0.15 USD/kWh}\n")
    printed("schedule", "tick", "--engine", "serial", "--now", "2026-12-01T00:00:00Z")
    found = document(printed("editions", "diff", f"weekly/{SLOT}", "weekly/latest", "--json"))
    [price] = [change for change in found["found"] if change["kind"] == "input"]
    assert (price["id"], price["before"], price["after"]) == ("finance:electricity", "0.083 USD/kWh", "0.15 USD/kWh")
    assert not [change for change in found["found"] if change["kind"] in ("method", "workload")]
    told = printed("editions", "diff", f"weekly/{SLOT}", "weekly/latest").stdout
    assert "Prices and other inputs\n  Electricity (finance): 0.15 USD/kWh, was 0.083 USD/kWh (+81 %)" in told
    page = (desk.folder / "editions/weekly/latest/briefing.md").read_text()
    assert "What changed since the edition of 23 November 2026" in page.replace("**", "")
    assert printed("editions", "diff", "weekly/latest", "weekly/latest").stdout == (
        "nothing changed between weekly/latest and weekly/latest\n"
    )


def test_old_editions_keep_their_numbers_when_their_files_go(desk, run):
    desk.schedule("keep: {editions: 1}")
    run("schedule", "tick", "--engine", "serial", "--now", FIRST)
    desk.change("300k")
    run("schedule", "tick", "--engine", "serial", "--now", "2026-12-01T00:00:00Z")
    old = desk.folder / "editions/weekly" / SLOT
    assert sorted(path.name for path in old.rglob("*") if path.is_file()) == ["facts.json", "manifest.json"]
    assert "pruned" in [json.loads(line)["event"] for line in (old.parent / ".journal.jsonl").read_text().splitlines()]
    assert document(run("editions", "diff", f"weekly/{SLOT}", "weekly/latest", "--json"))["found"]
    assert run("schedule", "prune").stdout == "nothing to prune\n"


def test_the_database_is_made_again_on_request(desk, printed):
    (desk.folder / "editions/.state.sqlite").unlink()
    assert printed("doctor", "--rebuild", "editions").stdout == "editions/.state.sqlite holds 1 slot again\n"
    assert printed("doctor", "--rebuild", "nowhere").exit_code == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("schedule: {cron: '0 7 * *'}", "weekly.yaml:7:18: schedule.cron: expected five fields"),
        ("schedule: {timezone: UTC}", "weekly.yaml:7:1: schedule.cron: is missing"),
        (
            "schedule: {cron: '@daily', timezone: Europe/Berlim}",
            "schedule.timezone: unknown time zone 'Europe/Berlim'; did",
        ),
        (
            "schedule: {cron: '@daily', catch_up: some}",
            "schedule.catch_up: expected 'latest', 'none' or 'all', got 'some'",
        ),
        ("schedule: {cron: '@daily', kep: {editions: 2}}", "schedule.kep: is not a field here; did you mean 'keep'?"),
        ("schedule: {cron: '@daily', keep: {editions: 0}}", "schedule.keep.editions: expected 1 or more, got 0"),
        ("schedule: {cron: '@daily', retries: {times: -1}}", "schedule.retries.times"),
        ("schedule: {cron: '@daily', threshold: 2}", "schedule.threshold"),
        ("schedule: {cron: '@daily', deliver: [{smtp: {host: h}}]}", "schedule.deliver[0].smtp.from: is missing"),
        ("schedule: weekly", "schedule: expected a mapping of fields"),
        ("schedule:", "has no schedule"),
    ],
)
def test_a_schedule_that_is_wrong_is_told_with_its_place(desk, run, text, told):
    file = desk.folder / "weekly.yaml"
    file.write_text(file.read_text().split("schedule:")[0] + text + "\n")
    for command in (("list",), ("tick", "--now", FIRST)):
        result = run("schedule", *command, "weekly.yaml")
        assert result.exit_code == 2, result.stderr
        assert told in result.stderr.replace("\\n", "\n").replace("\\u2026", "…")
    assert not (desk.folder / "editions").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("schedule", "tick", "gone.yaml"), "gone.yaml: cannot be read"),
        (("schedule", "tick", "mix.yaml"), "only a briefing can have a schedule"),
        (("schedule", "tick", "--now", "yesterday"), "--now: expected a moment"),
        (("schedule", "tick", "--now", "2026-11-23T07:00:00"), "with its time zone"),
        (("schedule", "tick", "--engine", "warp"), "warp"),
        (("schedule", "tik"), "did you mean 'tick'?"),
        (("editions", "list"), "is no folder of editions"),
        (("editions", "diff", "a", "b"), "is neither NAME/SLOT nor a folder"),
    ],
)
def test_bad_commands_are_told_in_one_line(run, arguments, told):
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_unknown_names_have_the_nearest_beside_them(printed):
    assert "did you mean 'weekly'?" in printed("editions", "show", "wekly").stderr
    assert f"did you mean '{SLOT}'?" in printed("editions", "show", "weekly", "2026-11-23T0700Z").stderr
    assert "../.." in printed("editions", "show", "weekly", "../..").stderr


def test_a_wrong_file_keeps_no_other_back(desk, run):
    bad = desk.folder / "bad.yaml"
    bad.write_text("schema: briefing/1\nmix: mix.yaml\nschedule: {cron: nonsense}\n")
    result = run("schedule", "tick", "--engine", "serial", "--now", FIRST)
    assert result.exit_code == 2
    assert "bad.yaml:3:18: schedule.cron" in result.stderr
    assert desk.whole() == [SLOT]


@pytest.mark.slow
def test_run_prints_at_the_next_minute_and_stops_on_sigterm(desk):
    file = desk.folder / "weekly.yaml"
    file.write_text(file.read_text().replace("0 7 * * MON", "* * * * *"))
    process = desk.start("run", "--engine", "serial")
    until = time.monotonic() + 130
    while len(desk.series().slots()) < 2 and time.monotonic() < until:
        time.sleep(0.2)
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    process.communicate()
    slots = desk.whole()
    assert len(slots) >= 2
    assert slots[-1] <= datetime.now(UTC).strftime("%Y-%m-%dT%H%MZ")
