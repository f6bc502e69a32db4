"""Recipes hold against the programs that read them: systemd, cron's rules, the schemas of Kubernetes and GitHub."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from click.testing import CliRunner, Result
from cronsim import CronSim
from jsonschema import Draft7Validator

from chipbrief.errors import InputError
from chipbrief_reports.cli.schedule_export import export
from chipbrief_reports.schedule.recipes import EVERY, Recipe, Timing, cron, github, kubernetes, systemd
from chipbrief_reports.schedule.recipes.utc import wake_ups
from chipbrief_reports.timetable import slots_between

BERLIN = Timing("0 7 * * MON", "Europe/Berlin")
NASTY = [
    "reports",
    "two words",
    "100%h",
    'a "quote"',
    "it's",
    "$HOME ${x}",
    "Übersicht",
    "back\\slash \\",
    "semi;colon &",
]
DAY = date(2026, 11, 24)


def program(folder: Path) -> Path:
    """A stub that writes down where and with what it is called."""
    path = folder / "chip brief"
    path.write_text('#!/bin/sh\n{ pwd; printf "%s\\n" "$@"; } >"$CALLED"\necho "nothing is due"\n')
    path.chmod(0o755)
    return path


def recipe(folder: Path, **given: Any) -> Recipe:
    known: dict[str, Any] = {
        "name": "chipbrief-reports",
        "folder": folder,
        "command": (str(folder / "chipbrief"),),
        "written": (folder / "editions",),
        "timings": (BERLIN,),
        "version": "1.2.3",
    }
    return Recipe(**(known | given))


@pytest.fixture(params=NASTY)
def nasty(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / str(request.param)
    folder.mkdir()
    return folder


# -- systemd --------------------------------------------------------------------------------------------------


def verified(folder: Path, units: dict[str, str], *options: str) -> str:
    """What systemd itself reads in the units; nothing may be wrong with them."""
    for name, text in units.items():
        (folder / name).write_text(text)
    files = [str(folder / name) for name in units]
    surroundings = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "LC_ALL": "C.UTF-8"}
    told = subprocess.run(
        ["systemd-analyze", *options, "verify", *files], capture_output=True, text=True, env=surroundings
    )
    assert (told.returncode, told.stderr, told.stdout) == (0, "", "")
    surroundings["SYSTEMD_LOG_LEVEL"] = "debug"
    read = subprocess.run(
        ["systemd-analyze", *options, "verify", *files], capture_output=True, text=True, env=surroundings
    )
    return read.stdout


def values(dump: str, key: str) -> list[str]:
    return re.findall(rf"^\s*{key}: (.*)$", dump, re.MULTILINE)


def argv(line: str) -> list[str]:
    """A command line as systemd's dump quotes it: in double quotes, with backslashes."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line)
    return [re.sub(r"\\(.)", r"\1", quoted) if quoted else plain for quoted, plain in words]


@pytest.mark.system
def test_systemd_reads_the_units_as_they_are_meant(tmp_path: Path, nasty: Path) -> None:
    (tmp_path / "units").mkdir()
    command = program(nasty)
    made = recipe(
        nasty,
        command=(str(command),),
        files=(nasty / "a b.yaml",),
        editions=nasty / "editions",
        copied_to=(nasty / "c d",),
    )
    dump = verified(tmp_path / "units", systemd(made, "root"))
    call = argv(values(dump, "Command Line")[-1])
    if call[0] == "/bin/sh":
        assert call[1:3] == ["-c", 'exec "$0" "$@"']
        call = call[3:]
    else:
        call = [word.replace("$$", "$") for word in call]  # as systemd does when it starts it
    assert call == [str(command), "schedule", "tick", f"{nasty}/a b.yaml", "--editions", f"{nasty}/editions"]
    assert values(dump, "WorkingDirectory") == [str(nasty)]
    assert values(dump, "ReadWritePaths") == [f"{nasty}/editions -{nasty}/c d /tmp /var/tmp"]
    assert f"{nasty} (origin-file)" in values(dump, "RequiresMountsFor")
    first = [word.replace("$$", "$") for word in argv(values(dump, "Command Line")[0])]
    assert first[-2:] == [f"{nasty}/editions", "root"]


@pytest.mark.system
def test_the_folder_of_the_editions_is_made_by_the_units_own_words(tmp_path: Path, nasty: Path) -> None:
    (tmp_path / "units").mkdir()
    made = recipe(nasty, command=("/bin/true",))
    dump = verified(tmp_path / "units", systemd(made, "root"))
    words = [word.replace("$$", "$") for word in argv(values(dump, "Command Line")[0])]
    assert words[0] == "/bin/sh"
    subprocess.run(words, check=True)
    subprocess.run(words, check=True)
    assert (nasty / "editions").is_dir()


@pytest.mark.system
def test_units_of_a_user_are_valid_too(tmp_path: Path) -> None:
    dump = verified(tmp_path, systemd(recipe(Path("/srv/reports"), command=("/bin/true",)), None), "--user")
    assert values(dump, "WorkingDirectory") == ["/srv/reports"]


@pytest.mark.system
def test_the_service_is_shut_in(tmp_path: Path) -> None:
    units = systemd(recipe(Path("/srv/reports"), command=("/bin/true",)), "mail")
    dump = verified(tmp_path, units)
    for key, value in {
        "ProtectSystem": "strict",
        "PrivateTmp": "yes",
        "Nice": "10",
        "ReadWritePaths": "/srv/reports/editions",
        "EnvironmentFile": "-/etc/chipbrief/chipbrief-reports.env",
        "User": "mail",
    }.items():
        assert values(dump, key)[:1] == [value], key
    assert "\nNoNewPrivileges=true\n" in units["chipbrief-reports.service"]  # which the dump leaves out
    service = str(tmp_path / "chipbrief-reports.service")
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=45", service], capture_output=True
    )
    assert told.returncode == 0, "the exposure of the service is above 4.5 of 10"


@pytest.mark.system
@pytest.mark.parametrize("every", EVERY)
def test_the_timer_comes_as_often_as_it_should(every: int) -> None:
    timer = systemd(recipe(Path("/srv/x"), every=every), None)["chipbrief-reports.timer"]
    [calendar] = re.findall(r"^OnCalendar=(.*)$", timer, re.MULTILINE)
    base = ["systemd-analyze", "calendar", "--base-time=2026-11-24 23:30:01 UTC", "--iterations=3", calendar]
    told = subprocess.run(base, capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"}).stdout
    moments = [datetime.fromisoformat(found) for found in re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told)]
    assert len(moments) >= 3
    assert {later - earlier for earlier, later in pairwise(moments)} == {timedelta(minutes=every)}


def test_a_schedule_in_a_temporary_folder_can_still_see_it() -> None:
    inside = systemd(recipe(Path("/tmp/reports")), "nobody")["chipbrief-reports.service"]
    outside = systemd(recipe(Path("/srv/reports")), "nobody")["chipbrief-reports.service"]
    assert "\nPrivateTmp=true" in outside
    assert "\nPrivateTmp=true" not in inside


# -- cron -----------------------------------------------------------------------------------------------------


def of_the_shell(line: str) -> str:
    """A line's command as cron gives it to the shell: do_command.c takes a backslash before % away, and ends at %."""
    command = line.split(" ", 5)[5]
    assert not re.search(r"(?<!\\)%", command)
    return command.replace("\\%", "%")


def test_the_crontab_line_runs_what_it_says(nasty: Path, tmp_path: Path) -> None:
    command = program(nasty)
    made = recipe(nasty, command=(str(command),), files=(nasty / "a %b.yaml",), editions=nasty / "editions")
    lines = cron(made)["chipbrief-reports.cron"].splitlines()
    [line] = [line for line in lines if line[:1] not in "#S"]
    assert "SHELL=/bin/sh" in lines
    assert line.startswith("*/5 * * * * cd ")
    call = of_the_shell(line)
    assert shlex.split(call) == ["cd", str(nasty), "&&", *made.argv, ">/dev/null"]
    called = tmp_path / "called"
    done = subprocess.run(
        ["/bin/sh", "-c", call], cwd="/", env={"CALLED": str(called), "PATH": "/usr/bin:/bin"}, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert called.read_text().splitlines() == [str(nasty), *made.argv[1:]]


def test_a_line_longer_than_cron_takes_is_refused() -> None:
    folder = Path("/srv") / ("x" * 200)
    with pytest.raises(InputError, match="cron takes 998"):
        cron(recipe(folder, files=tuple(folder / f"{n}.yaml" for n in range(5))))


@pytest.mark.parametrize("every", EVERY)
def test_cron_comes_as_often_as_it_should(every: int) -> None:
    line = cron(recipe(Path("/srv"), every=every))["chipbrief-reports.cron"].splitlines()[-1]
    moments = CronSim(" ".join(line.split()[:5]), datetime(2026, 11, 24, 23, 30, 1, tzinfo=UTC))
    first, second, third = next(moments), next(moments), next(moments)
    assert second - first == third - second == timedelta(minutes=every)


# -- kubernetes -----------------------------------------------------------------------------------------------


def manifest(made: Recipe) -> list[dict[str, Any]]:
    """The objects, each held against the schema of its kind, which knows every field."""
    objects = list(yaml.safe_load_all(kubernetes(made, "registry.example/chipbrief:1")[f"{made.name}.yaml"]))
    for one in objects:
        for version in ("1.25", "1.37"):
            kubernetes_validate.validate(one, version, strict=True)
    return objects


def pod(objects: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = objects[-1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


def test_the_manifest_is_valid() -> None:
    folder = Path("/srv/reports")
    contents = {
        folder / "weekly.yaml": b"a: 1\nb: 2\n",
        folder / "mixes" / "m.yaml": b"x",
        folder / "logo.png": b"\x89\xff",
    }
    made = recipe(folder, contents=contents, variables=("SMTP_PASSWORD",), copied_to=(Path("/mnt/share"),))
    claim, config, job = manifest(made)
    assert [one["kind"] for one in (claim, config, job)] == ["PersistentVolumeClaim", "ConfigMap", "CronJob"]
    assert config["data"] == {"weekly.yaml": "a: 1\nb: 2\n", "mixes_m.yaml": "x"}
    assert config["binaryData"] == {"logo.png": "if8="}
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert job["spec"]["schedule"] == "*/5 * * * *"
    container = pod([job])["containers"][0]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod([job])["securityContext"]["runAsNonRoot"] is True
    assert container["env"][-1]["valueFrom"]["secretKeyRef"] == {
        "name": "chipbrief-reports",
        "key": "SMTP_PASSWORD",
        "optional": True,
    }


def test_a_field_that_kubernetes_does_not_know_is_found_by_the_schema() -> None:
    [*_, job] = manifest(recipe(Path("/srv")))
    job["spec"]["concurencyPolicy"] = "Forbid"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.37", strict=True)


def test_every_mount_has_its_volume_and_every_key_its_file(nasty: Path) -> None:
    contents = {
        nasty / "weekly.yaml": "ü %\n".encode(),
        nasty / "a b" / "m.yaml": b"1\n",
        nasty / "a_b" / "m.yaml": b"2\n",
    }
    objects = manifest(recipe(nasty, files=(nasty / "weekly.yaml",), contents=contents))
    volumes = {volume["name"]: volume for volume in pod(objects)["volumes"]}
    container = pod(objects)["containers"][0]
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    items = volumes["briefings"]["configMap"]["items"]
    assert {item["path"]: objects[1]["data"][item["key"]] for item in items} == {
        "weekly.yaml": "ü %\n",
        "a b/m.yaml": "1\n",
        "a_b/m.yaml": "2\n",
    }
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]+", item["key"]) for item in items)
    assert container["args"][:4] == ["chipbrief", "schedule", "tick", "/briefings/weekly.yaml"]


def test_files_beside_the_folder_keep_their_places() -> None:
    here, there = Path("/srv/reports/weekly"), Path("/srv/reports/mixes")
    objects = manifest(recipe(here, contents={here / "w.yaml": b"a", there / "m.yaml": b"b"}))
    assert pod(objects)["containers"][0]["workingDir"] == "/briefings/weekly"
    items = pod(objects)["volumes"][1]["configMap"]["items"]
    assert [item["path"] for item in items] == ["mixes/m.yaml", "weekly/w.yaml"]


def test_more_than_a_config_map_holds_lies_on_a_claim() -> None:
    made = recipe(Path("/srv"), contents={Path("/srv/w.yaml"): b"x" * 1_000_000})
    objects = manifest(made)
    assert [one["kind"] for one in objects] == ["PersistentVolumeClaim", "PersistentVolumeClaim", "CronJob"]
    assert pod(objects)["volumes"][1]["persistentVolumeClaim"]["claimName"] == objects[1]["metadata"]["name"]


@pytest.mark.parametrize(("code", "told"), [(0, 0), (1, 1), (2, 2), (75, 0)])
def test_what_will_be_tried_again_is_no_failed_job(code: int, told: int) -> None:
    command = pod(manifest(recipe(Path("/srv"))))["containers"][0]["command"]
    assert subprocess.run([*command, "/bin/sh", "-c", f"exit {code}"]).returncode == told


# -- github ---------------------------------------------------------------------------------------------------


def workflow(made: Recipe, repository: Path) -> dict[str, Any]:
    """The workflow, held against the schema that check-jsonschema brings from SchemaStore."""
    text = github(made, repository, DAY)[f"{made.name}.yml"]
    read: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    schema = get_builtin_schema("vendor.github-workflows")
    typed = yaml.safe_load(text)
    typed["on"] = typed.pop(True)  # YAML 1.1 takes the word for a truth value; GitHub does not
    assert [error.message for error in Draft7Validator(schema).iter_errors(typed)] == []
    return read


def crons(read: dict[str, Any]) -> list[str]:
    return [entry["cron"] for entry in read["on"]["schedule"]]


def test_both_offsets_of_the_clocks_and_no_more() -> None:
    read = workflow(recipe(Path("/srv/reports")), Path("/srv/reports"))
    assert crons(read) == ["0 5,6 * * 1"]


def test_the_workflow_is_pinned_and_has_the_rights_it_needs() -> None:
    made = recipe(Path("/srv/reports/weekly"), variables=("SMTP_PASSWORD",), apprise=True)
    read = workflow(made, Path("/srv/reports"))
    steps = read["jobs"]["tick"]["steps"]
    assert read["permissions"] == {"contents": "write"}
    assert read["concurrency"] == {"group": "chipbrief-reports", "cancel-in-progress": "false"}
    assert "workflow_dispatch" in read["on"]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    assert "pip install --quiet 'chipbrief[apprise]==1.2.3'" in steps[2]["run"]
    assert [step["env"] for step in steps if "env" in step] == [{"SMTP_PASSWORD": "${{ secrets.SMTP_PASSWORD }}"}]


def test_a_file_name_is_no_expression_of_github(tmp_path: Path) -> None:
    folder = tmp_path / "${{ secrets.X }}"
    run = workflow(recipe(folder), tmp_path)["jobs"]["tick"]["steps"][4]["run"]
    assert "${{ secrets" not in run
    assert "${{ '${{' }} secrets.X }}" in run  # which GitHub makes the name of


def test_a_folder_outside_of_the_repository_is_refused() -> None:
    with pytest.raises(InputError, match="outside of the repository"):
        github(recipe(Path("/srv/reports")), Path("/srv/other"), DAY)


def git(*words: str, cwd: Path) -> str:
    return subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository and a machine that runs the workflow's own scripts, with a stub of chipbrief."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for key, value in {"user.name": "a", "user.email": "a@example.com", "init.defaultBranch": "main"}.items():
        git("config", "--global", key, value, cwd=tmp_path)
    git("init", "--bare", "origin.git", cwd=tmp_path)
    git("clone", "origin.git", "first", cwd=tmp_path)
    folder = tmp_path / "first" / "two words"
    folder.mkdir()
    (folder / "weekly.yaml").write_text("a: 1\n")
    git("add", ".", cwd=folder)
    git("commit", "-m", "Briefings", cwd=folder)
    git("push", "origin", "HEAD:main", cwd=folder)
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin" / "chipbrief"
    made = recipe(folder, files=(folder / "weekly.yaml",))
    steps = {
        step["name"]: step["run"]
        for step in workflow(made, tmp_path / "first")["jobs"]["tick"]["steps"]
        if "run" in step
    }
    fetch, tick, keep = (
        next(text for name, text in steps.items() if name.startswith(w)) for w in ("Fetch", "Print", "Keep")
    )

    def run(script: str, number: int = 0) -> list[int]:
        stub.write_text(f'#!/bin/sh\n{{ pwd; echo "$@"; }} >"$CALLED"\ncd "$5"\n{script}\n')
        stub.chmod(0o755)
        machine = tmp_path / f"machine{number}"
        machine.mkdir()
        git("clone", "--depth=1", "--branch=main", f"file://{tmp_path}/origin.git", "work", cwd=machine)
        surroundings = {
            **os.environ,
            "PATH": f"{stub.parent}:{os.environ['PATH']}",
            "GITHUB_WORKSPACE": str(machine / "work"),
            "RUNNER_TEMP": str(machine),
            "CALLED": str(tmp_path / "called"),
        }
        return [
            subprocess.run(
                ["bash", "-e", "-c", text], cwd=machine / "work", env=surroundings, capture_output=True
            ).returncode
            for text in (fetch, tick, keep)
        ]

    return run


@pytest.mark.system
def test_the_editions_outlast_the_machine(runner: Any, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    files = (
        "mkdir -p w/.work/x w/2026-11-23T0600Z; touch w/.lock w/.work/x/y .state.lock .state.sqlite .state.sqlite-wal"
    )
    assert runner(f"{files}; echo 1 >w/2026-11-23T0600Z/briefing.html; ln -s 2026-11-23T0600Z w/latest", 1) == [0, 0, 0]
    work = tmp_path / "machine1" / "work" / "two words"
    editions = tmp_path / "machine1" / "editions"
    assert (tmp_path / "called").read_text().splitlines() == [
        str(work),
        f"schedule tick {work}/weekly.yaml --editions {editions} --wait",
    ]
    kept = [".nojekyll", "w/2026-11-23T0600Z/briefing.html", "w/latest"]
    assert git("ls-tree", "-r", "--name-only", "editions", cwd=origin).split() == kept
    assert runner("test -f w/latest/briefing.html && echo 2 >w/journal; exit 1", 2) == [0, 1, 0]
    assert git("ls-tree", "-r", "--name-only", "editions", cwd=origin).split() == [*kept[:2], "w/journal", "w/latest"]
    assert runner("true", 3) == [0, 0, 0]
    assert git("rev-list", "--count", "editions", cwd=origin).strip() == "2"
    assert git("ls-tree", "-r", "--name-only", "main", cwd=origin).strip() == "two words/weekly.yaml"


@pytest.mark.system
def test_without_the_past_nothing_is_printed(runner: Any, tmp_path: Path) -> None:
    assert runner("true", 1) == [0, 0, 0]
    machine = tmp_path / "machine2"
    machine.mkdir()
    git("init", "work", cwd=machine)
    git("remote", "add", "origin", str(tmp_path / "gone.git"), cwd=machine / "work")
    read = workflow(recipe(tmp_path), tmp_path)
    [fetch] = [step["run"] for step in read["jobs"]["tick"]["steps"] if step.get("id") == "editions"]
    done = subprocess.run(
        ["bash", "-e", "-c", fetch],
        cwd=machine / "work",
        env={**os.environ, "RUNNER_TEMP": str(machine)},
        capture_output=True,
    )
    assert done.returncode == 128
    assert not (machine / "editions").exists()


# -- cron expressions in UTC ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "zone", "lines"),
    [
        ("0 7 * * MON", "Europe/Berlin", ["0 5,6 * * 1"]),
        ("0 7 * * MON", "UTC", ["0 7 * * 1"]),
        ("0 7 * 1 *", "Europe/Berlin", ["0 6 * 1 *"]),  # winter alone
        ("30 0 * * MON", "Asia/Kolkata", ["0 19 * * 0"]),  # Sunday in Greenwich
        ("0 22 * * FRI", "America/New_York", ["0 2,3 * * 6"]),
        ("0 1 1 * *", "Asia/Tokyo", ["0 16 28-31 * *"]),  # the last day before, whichever that is
        ("0 23 31 12 *", "America/New_York", ["0 4 1 1,12 *"]),
        ("*/15 * * * *", "Europe/Berlin", ["0,15,30,45 * * * *"]),
        ("0 9 * * 1-5", "Europe/London", ["0 8,9 * * 1-5"]),
        ("0 9 L * *", "UTC", ["0 9 28-31 * *"]),
        ("0 9 * * MON#2", "UTC", ["0 9 * * 1"]),
        ("0 9 * * 7", "UTC", ["0 9 * * 0"]),
    ],
)
def test_expressions_in_utc(expression: str, zone: str, lines: list[str]) -> None:
    assert wake_ups([Timing(expression, zone)], DAY) == lines


ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati", "Australia/Lord_Howe"]
CASES = [
    "0 7 * * MON",
    "30 2 * * *",
    "15 0 1 * *",
    "45 23 L * *",
    "5 */7 * 2,3 *",
    "0 0 29 2 *",
    "10 1 13 * FRI",
    "0 3 LW * *",
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("expression", CASES)
def test_every_slot_has_its_moment_in_utc(expression: str, zone: str) -> None:
    """At the slot itself, or within the hour where the clocks skip it."""
    start = datetime(2026, 11, 24, tzinfo=UTC)
    slots = list(slots_between(expression, zone, start, start + timedelta(days=730)))
    lines = wake_ups([Timing(expression, zone)], DAY)
    late = []
    for slot in slots:
        before = slot - timedelta(seconds=1)
        late.append(min(next(CronSim(line, before)) for line in lines) - slot)
    assert all(wait <= timedelta(hours=1) for wait in late)
    assert sum(wait > timedelta() for wait in late) <= 4
    assert slots or expression == "0 0 29 2 *"


def test_schedules_at_one_hour_share_a_line() -> None:
    berlin, london = Timing("0 7 * * MON", "Europe/Berlin"), Timing("0 6 * * MON", "Europe/London")
    assert wake_ups([berlin, london], DAY) == wake_ups([berlin], DAY) == ["0 5,6 * * 1"]


# -- what is refused ------------------------------------------------------------------------------------------


def test_paths_that_no_recipe_can_hold_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        recipe(Path("relative"), files=(Path("/srv/a\nb.yaml"),), every=7, name="No!")
    told = " | ".join(str(problem) for problem in caught.value.problems)
    for part in ("absolute path, got 'relative'", "control characters", "--every", "--name"):
        assert part in told


# -- the command ----------------------------------------------------------------------------------------------

WEEKLY = """\
schema: briefing/1
title: Weekly
mix: mix.yaml
schedule:
  cron: "0 7 * * MON"
  timezone: Europe/Berlin
  deliver:
    - smtp: {host: h, from: a@example.com, to: [b@example.com], user: a, password_env: SMTP_PASSWORD}
    - folder: {path: ../copies}
"""


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "My Reports"
    folder.mkdir()
    (folder / "weekly.yaml").write_text(WEEKLY)
    (folder / "mix.yaml").write_text("schema: workload-mix/1\n")
    monkeypatch.chdir(folder)
    return folder


def invoke(*words: object) -> Result:
    return CliRunner().invoke(export, [str(word) for word in words], standalone_mode=False)


@pytest.mark.parametrize("kind", ["systemd", "cron"])
def test_all_paths_are_absolute(reports: Path, kind: str) -> None:
    done = invoke(f"--{kind}", "weekly.yaml", "--editions", "out", "--json")
    text = "".join(file["text"] for file in json.loads(done.stdout)["files"])
    assert f"{reports}/weekly.yaml" in text
    assert f"{reports}/out" in text
    assert re.search(r"/chipbrief['\"]? schedule tick ", text)
    assert "SMTP_PASSWORD" in text


def test_files_are_written_where_asked(reports: Path) -> None:
    done = invoke("--systemd", "-o", "units")
    assert done.return_value == 0
    assert done.stdout.split() == ["units/chipbrief-my-reports.service", "units/chipbrief-my-reports.timer"]
    service = (reports / "units" / "chipbrief-my-reports.service").read_text()
    assert f"-{reports.parent}/copies" in service


def test_without_a_folder_all_is_printed_with_a_heading_for_each_file(reports: Path) -> None:
    shown = invoke("--systemd", "--user", "--name", "weekly").stdout
    assert [line for line in shown.splitlines() if line.startswith("# ----")] == [
        "# ---- weekly.service",
        "# ---- weekly.timer",
    ]


def test_the_manifest_holds_the_briefing_and_what_it_reads(reports: Path) -> None:
    shown = invoke("--kubernetes", "--image", "x/chipbrief:1").stdout
    config = list(yaml.safe_load_all(shown))[1]
    assert config["data"] == {"weekly.yaml": WEEKLY, "mix.yaml": "schema: workload-mix/1\n"}


def test_the_workflow_finds_the_folder_in_its_repository(reports: Path) -> None:
    (reports.parent / ".git").mkdir()
    shown = invoke("--github", "--name", "weekly").stdout
    assert "cd \\\"$GITHUB_WORKSPACE\\\"/'My Reports' && chipbrief schedule tick" in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "expected one of --systemd"),
        (["--systemd", "--cron"], "got 2"),
        (["--kubernetes"], "is needed with --kubernetes"),
        (["--cron", "--image", "x"], "--image: has no meaning with --cron"),
        (["--github", "--user"], "--user: has no meaning with --github"),
        (["--github", "--editions", "x"], "the editions lie on a branch"),
        (["--cron", "--every", "7"], "minutes that divide the hour"),
        (["--cron", "mix.yaml"], "only a briefing can have a schedule"),
        (["--cron", "none.yaml"], "none.yaml"),
    ],
)
def test_what_does_not_go_together_is_refused(reports: Path, words: list[str], told: str) -> None:
    done = invoke(*words, "-o", "out")
    assert isinstance(done.exception, InputError)
    assert told in str(done.exception)
    assert not (reports / "out").exists()


def test_briefings_of_one_name_cannot_share_a_branch(reports: Path) -> None:
    other = reports / "other"
    other.mkdir()
    shutil.copy(reports / "weekly.yaml", other)
    done = invoke("--github", "weekly.yaml", other / "weekly.yaml")
    assert "would have the same editions" in str(done.exception)
