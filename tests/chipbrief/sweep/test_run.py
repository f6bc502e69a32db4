"""Runs into a folder: the same bytes from every engine, and after any interruption; nothing mixed, nothing lost."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.engine import ProcessEngine, SerialEngine
from chipbrief.errors import ChipbriefError, InputError
from chipbrief.registry import Registry
from chipbrief.sweep import METRICS, Outcome, Progress, Sweep, columns_of, evaluate_sweep, run, run_sweep, store
from chipbrief.sweep.encode import csv_bytes, parquet_bytes
from chipbrief.sweep.run import _Work
from chipbrief.sweep.world import World

AXES = {"hardware": "[nvidia-h100, cerebras-cs3]", "batch": "{from: 1, to: 60, step: 1}", "pue": "[1.1, 1.2, 1.3, 1.4]"}
PARTS = "part_points: 1000\n"


@pytest.fixture(scope="module")
def rows(make: Any) -> Sweep:
    sweep: Sweep = make(**AXES, more=PARTS + "metrics: [tpot_s, usd_mtok]")
    return sweep


@pytest.fixture(scope="module")
def front(make: Any) -> Sweep:
    sweep: Sweep = make(
        **AXES,
        economic_life="[4 y, 5 y]",
        more=PARTS
        + "where: {tpot_s: {max: 1 s}}\nreduce: {kind: pareto, metrics: [tok_s_user, usd_mtok], by: [model, pue]}",
    )
    return sweep


class Runner:
    """Runs sweeps in this process, or through another engine."""

    def __init__(self, registry: Registry, catalogue: Catalogue) -> None:
        self.registry, self.catalogue = registry, catalogue

    def __call__(self, sweep: Sweep, folder: Path, engine: Any = None, **more: Any) -> Outcome:
        with engine or SerialEngine() as place:
            return run_sweep(sweep, self.registry, self.catalogue, place, folder, **more)


@pytest.fixture(scope="module")
def running(registry: Registry, catalogue: Catalogue) -> Runner:
    return Runner(registry, catalogue)


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the lock."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != store.LOCK)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def whole(rows: Sweep, running: Runner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("whole") / "out"
    running(rows, folder)
    return folder


# -- what is written ------------------------------------------------------------------------------------------


def test_the_folder_holds_every_row_once_and_says_what_it_is(
    rows: Sweep, whole: Path, registry: Registry, catalogue: Catalogue
) -> None:
    manifest = json.loads((whole / "sweep.json").read_text())
    parts = sorted((whole / "parts").iterdir())
    assert [p.name for p in parts] == [f"part-{i:06d}.csv" for i in range(manifest["parts"])]
    assert len(parts) > 4
    written = pd.concat([pd.read_csv(part) for part in parts], ignore_index=True)
    computed = pd.concat(
        [pd.DataFrame(t.arrays()) for t in evaluate_sweep(rows, registry, catalogue)], ignore_index=True
    )
    pd.testing.assert_frame_equal(written, computed, rtol=1e-9, check_dtype=False)
    assert [c["name"] for c in manifest["columns"]] == list(written)
    assert {c["name"]: c["unit"] for c in manifest["columns"]}["usd_mtok"] == "USD/Mtok"
    assert manifest["registry"]["hardware"].keys() == {"nvidia-h100", "cerebras-cs3"}
    result = json.loads((whole / "result.json").read_text())
    assert result["rows"] == len(written)
    assert (
        result["points"]
        == result["rows"] + result["outside_limits"] + sum(result["refused"].values())
        == manifest["cells"]
    )
    refusals = pd.read_csv(whole / "refusals.csv")
    assert refusals["points"].sum() == sum(result["refused"].values())
    assert set(refusals["kind"]) == {kind for kind, points in result["refused"].items() if points}


def test_parquet_holds_what_csv_holds_with_units(make: Any, whole: Path, running: Runner, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    sweep = make(**AXES, more=PARTS + "metrics: [tpot_s, usd_mtok]\nformat: parquet")
    running(sweep, tmp_path / "out")
    written = pd.read_parquet(tmp_path / "out" / "parts")
    text = pd.concat([pd.read_csv(part) for part in sorted((whole / "parts").iterdir())], ignore_index=True)
    pd.testing.assert_frame_equal(written, text, rtol=1e-9, check_dtype=False)
    schema = pq.read_schema(tmp_path / "out" / "parts" / "part-000000.parquet")
    assert schema.field("tpot_s").metadata[b"unit"] == b"s"
    assert str(schema.field("batch").type) == "int64"


def test_cells_that_a_spreadsheet_would_run_are_quoted_and_nothing_stands_for_no_number(
    make: Any, registry: Registry, catalogue: Catalogue
) -> None:
    sweep = make(
        hardware="groq-lpu", model="llama-3.1-8b", context="[1500]", output="[500]", batch="[1]", lane="rent_one_year"
    )
    (table,) = evaluate_sweep(sweep, registry, catalogue)
    hostile = {**table.columns, "deployment": '=cmd|"/c calc"!A1', "model": "-1+1"}
    table = type(table)(hostile, table.shape, table.kept, table.unit, table.numbers)
    (row,) = csv.DictReader(io.StringIO(csv_bytes(columns_of(sweep), [table]).decode()))
    assert (row["deployment"], row["model"], row["usd_mtok"]) == ('\'=cmd|"/c calc"!A1', "'-1+1", "")
    assert float(row["tpot_s"]) == pytest.approx(float(table.column("tpot_s")[0]), rel=1e-9)
    import pyarrow.parquet as pq

    stored = pq.read_table(io.BytesIO(parquet_bytes(columns_of(sweep), [table])))
    assert stored["usd_mtok"].to_pylist() == [None]


def test_a_missing_library_is_told_before_anything_is_written(
    make: Any, running: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ChipbriefError, match=r"needs PyArrow.*pip install 'chipbrief\[parquet\]', or format: csv"):
        running(make(more="format: parquet"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    running(make(more="format: parquet\nreduce: {kind: count}"), tmp_path / "out")  # a reduction writes none


# -- engines and interruptions --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rows", "front"])
def test_processes_write_the_same_bytes(
    name: str, request: pytest.FixtureRequest, running: Runner, tmp_path: Path
) -> None:
    sweep = request.getfixturevalue(name)
    running(sweep, tmp_path / "one")
    running(sweep, tmp_path / "two", ProcessEngine(2))
    assert files(tmp_path / "one") == files(tmp_path / "two")


class Backwards(SerialEngine):
    """An engine that is done with the last items first, and stops after some."""

    def __init__(self, after: int) -> None:
        self.after = after

    def _run(self, fn: Any, items: Any, retries: int) -> Iterator[tuple[int, Any]]:
        listed = list(enumerate(items))[::-1]
        for index, item in listed[: self.after]:
            yield index, pickle.loads(pickle.dumps(fn))(item)
        if self.after < len(listed):
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["rows", "front"])
def test_a_stopped_run_goes_on_where_it_was(
    name: str, request: pytest.FixtureRequest, running: Runner, tmp_path: Path
) -> None:
    sweep = request.getfixturevalue(name)
    running(sweep, tmp_path / "whole")
    for after in (1, 2, 0):
        with pytest.raises(KeyboardInterrupt):
            running(sweep, tmp_path / "stopped", Backwards(after))
    told: list[Progress] = []
    outcome = running(sweep, tmp_path / "stopped", progress=told.append)
    assert outcome.kept_parts == 3
    assert (told[0].done, told[0].before, told[-1].done) == (3, 3, told[-1].parts)
    assert 0 < outcome.computed < outcome.tally.computed
    assert files(tmp_path / "stopped") == files(tmp_path / "whole")
    again = running(sweep, tmp_path / "stopped")
    assert (again.computed, again.kept_parts) == (0, told[-1].parts)
    assert files(tmp_path / "stopped") == files(tmp_path / "whole")


def test_parts_that_are_not_whole_are_made_again(rows: Sweep, whole: Path, running: Runner, tmp_path: Path) -> None:
    running(rows, tmp_path / "out")
    records, parts = tmp_path / "out" / "records", tmp_path / "out" / "parts"
    (records / "000000.json").write_text('{"tally": ')  # torn
    (records / "000001.json").write_text("[]")
    (parts / "part-000002.csv").write_bytes((parts / "part-000002.csv").read_bytes()[:-7])
    (parts / "part-000003.csv").unlink()
    (records / "000004.json").unlink()
    (parts / ".part-000004.csv.tmp").write_text("half")
    assert running(rows, tmp_path / "out").kept_parts == len(list(parts.iterdir())) - 5
    assert files(tmp_path / "out") == files(whole)


@pytest.mark.parametrize("broken", range(0, 40, 3))
def test_no_failing_call_to_the_system_leaves_a_part_half_done(
    rows: Sweep, whole: Path, running: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    """The disk fails at one of the first forty flushes and renames; the run that follows makes it whole."""
    count = 0

    def failing(call: Any) -> Any:
        def once(*args: Any) -> Any:
            nonlocal count
            count += 1
            if count == broken + 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return call(*args)

        return once

    with monkeypatch.context() as patch:
        patch.setattr(store.os, "replace", failing(os.replace))
        patch.setattr(store.os, "fsync", failing(os.fsync))
        with pytest.raises(InputError, match="No space left on device"):
            running(rows, tmp_path / "out")
    running(rows, tmp_path / "out")
    assert files(tmp_path / "out") == files(whole)


# -- what is never mixed --------------------------------------------------------------------------------------


def test_another_sweep_is_refused_and_begins_anew_when_asked(
    make: Any, rows: Sweep, running: Runner, tmp_path: Path
) -> None:
    running(rows, tmp_path / "out")
    before = files(tmp_path / "out")
    other = make(**{**AXES, "pue": "[1.5]"}, more=PARTS + "metrics: [tpot_s]")
    with pytest.raises(
        InputError, match=r"holds another sweep, which differs in sweep.axes.pue, sweep.metrics, .*--restart"
    ):
        running(other, tmp_path / "out")
    assert files(tmp_path / "out") == before
    (tmp_path / "out" / "notes.txt").write_text("mine")
    running(other, tmp_path / "out", restart=True)
    running(other, tmp_path / "fresh")
    assert files(tmp_path / "out") == files(tmp_path / "fresh") | {"notes.txt": b"mine"}


def test_other_profiles_are_refused(
    rows: Sweep, registry: Registry, catalogue: Catalogue, running: Runner, tmp_path: Path
) -> None:
    running(rows, tmp_path / "out")
    dearer = registry["h100"].at({"nvidia-h100:price.system": 1.0})
    changed = Registry({**registry.hardware, "nvidia-h100": dearer}, registry.names, registry.plugins)
    with pytest.raises(InputError, match=r"differs in registry\.hardware\.nvidia-h100; --restart"):
        Runner(changed, catalogue)(rows, tmp_path / "out")


def test_a_folder_of_something_else_is_left_alone(rows: Sweep, running: Runner, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    for restart in (False, True):
        with pytest.raises(InputError, match=r"holds thesis.tex and no sweep.json: it is not the folder of a sweep"):
            running(rows, tmp_path, restart=restart)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(InputError, match="is a file"):
        running(rows, tmp_path / "thesis.tex")


def test_two_runs_do_not_share_a_folder(
    rows: Sweep, running: Runner, registry: Registry, catalogue: Catalogue, tmp_path: Path
) -> None:
    """The lock is one of processes: a second process is what must be refused."""
    import subprocess
    import sys

    program = """
import sys
from pathlib import Path
from chipbrief.errors import InputError
from chipbrief.sweep.store import Folder
try:
    with Folder(Path(sys.argv[1]), "csv").opened({}, restart=True):
        print("both")
except InputError as error:
    print(error)
"""
    place = store.Folder(tmp_path / "out", "csv")
    with place.opened({"sweep": 1}, restart=False):
        found = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "out")], capture_output=True, text=True, check=True
        )
    assert "another sweep is at work in this folder" in found.stdout
    assert json.loads((tmp_path / "out" / "sweep.json").read_text()) == {"sweep": 1}


def test_work_travels_light_and_says_what_is_wrong(
    make: Any,
    registry: Registry,
    catalogue: Catalogue,
    running: Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sweep = make(hardware="nvidia-h100", model="llama-3.1-8b")
    assert len(pickle.dumps(_Work(sweep, World.of(sweep, registry, catalogue)))) < 100_000

    def fail(*_: Any) -> None:
        raise ChipbriefError("it keeps too much")

    monkeypatch.setattr(run, "csv_bytes", fail)
    with pytest.raises(ChipbriefError, match=r"^it keeps too much$"):
        running(sweep, tmp_path / "out")
    monkeypatch.setattr(run, "csv_bytes", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        running(sweep, tmp_path / "out")


def test_numbers_of_csv_survive_to_ten_digits(
    whole: Path, rows: Sweep, registry: Registry, catalogue: Catalogue
) -> None:
    exact = np.concatenate([table.column("tpot_s") for table in evaluate_sweep(rows, registry, catalogue)])
    written = pd.concat([pd.read_csv(part) for part in sorted((whole / "parts").iterdir())])["tpot_s"].to_numpy()
    assert np.abs(written / exact - 1).max() < 1e-9
    assert set(METRICS) & set(rows.metrics) == {"tpot_s", "usd_mtok"}
