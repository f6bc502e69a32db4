"""Local processes: a lost worker costs its own item one try and nothing else, and none is left behind."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import engine_work as work
import pytest
from conftest import HERE, alive, until

from chipbrief.engine import EngineError, ProcessEngine, WorkerLostError


def children() -> list[int]:
    return [process.pid for process in multiprocessing.active_children() if process.name == "chipbrief-worker"]


def test_the_items_of_lost_workers_are_run_again(tmp_path: Path) -> None:
    marked = frozenset({0, 3, 50, 51, 52, 199})
    with ProcessEngine(2) as engine:
        done = list(engine.imap(work.DiesOnce(tmp_path, marked), range(200), retries=1))
    assert {int(mark.name) for mark in tmp_path.iterdir()} == marked
    assert len(done) == 200
    assert dict(done) == {x: work.wiggle(x) for x in range(200)}


def test_an_item_that_always_kills_is_named_and_no_other_is_charged() -> None:
    done = []
    with ProcessEngine(2) as engine, pytest.raises(WorkerLostError) as caught:
        done.extend(engine.imap(work.AlwaysDies(13), range(1000), retries=2))
    assert caught.value.index == 13
    assert str(caught.value) == (
        "item 13: its worker was lost 3 times (at last killed by SIGKILL, as when memory runs out)"
    )
    assert dict(done).items() >= {x: x for x in range(13)}.items()  # those sent ahead to the dead worker too
    assert all(index == result for index, result in done)


def test_without_retries_the_first_loss_is_final_for_its_item_alone() -> None:
    with ProcessEngine(1) as engine, pytest.raises(WorkerLostError, match=r"^item 4: its worker was lost \(killed"):
        list(engine.imap(work.AlwaysDies(4), range(1000), retries=0))


def test_a_worker_that_dies_idle_costs_nobody_a_try() -> None:
    with ProcessEngine(1) as engine:
        [(_, pid)] = engine.imap(work.pid, [0])
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid), "the worker is dead")
        [(_, other)] = engine.imap(work.pid, [0], retries=0)
    assert other != pid


def test_workers_are_kept_between_runs_and_started_when_needed() -> None:
    with ProcessEngine(3) as engine:
        assert children() == []
        first = set(dict(engine.imap(work.pid, [0])).values())
        assert len(children()) == 1
        assert set(dict(engine.imap(work.pid, [0])).values()) == first


def test_leaving_early_leaves_no_process() -> None:
    with ProcessEngine(2) as engine:
        pids = set()
        for _, pid in engine.imap(work.pid, range(10**9)):
            pids |= {pid, *children()}
            if len(pids) == 2:
                break
        assert children() == []
        assert not any(map(alive, pids))


def test_a_busy_worker_does_not_hold_the_end_up() -> None:
    with ProcessEngine(2) as engine:
        for _, _ in engine.imap(work.sleep, [0.0, 1000.0, 1000.0]):
            pids = children()
            break
    assert pids
    assert not any(map(alive, pids))


def test_large_items_and_results_pass_each_other() -> None:
    size = 5_000_000  # far more than a pipe holds, both ways at once
    with ProcessEngine(2) as engine:
        done = dict(engine.imap(work.echo, (bytes([x]) * size for x in range(20))))
    assert all(done[x] == bytes([x]) * size for x in range(20))


def test_an_initializer_runs_in_every_worker_before_its_items() -> None:
    with ProcessEngine(2, initializer=work.lay_ground) as engine:
        assert dict(engine.imap(work.shared_ground, range(20))) == {x: x for x in range(20)}


def test_workers_that_cannot_start_are_told() -> None:
    with ProcessEngine(2, initializer=work.cannot_start) as engine:
        with pytest.raises(EngineError, match=r"^a worker process cannot start: no ground here$"):
            list(engine.imap(work.echo, range(5)))
        assert children() == []
    with (
        ProcessEngine(2, initializer=work.dies_at_start) as engine,
        pytest.raises(EngineError, match="end before they take any work: exit code 3"),
    ):
        list(engine.imap(work.echo, range(5)))


def test_there_is_at_least_one_worker() -> None:
    with pytest.raises(EngineError, match="got 0"):
        ProcessEngine(0)
    assert ProcessEngine().workers >= 1


SCRIPT = """
import engine_work
from chipbrief.engine import ProcessEngine
if __name__ == "__main__":
    with ProcessEngine(2) as engine:
        for index, pid in engine.imap(engine_work.{function}, range(10**9)):
            print(pid, flush=True)
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("function", ["pid", "pid_then_sleep"])
def test_no_worker_outlives_the_engine(tmp_path: Path, sent: signal.Signals, function: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(function=function))
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        pids: set[int] = set()
        while len(pids) < 2:
            pids.add(int(process.stdout.readline()))
        if sent == signal.SIGINT:
            os.killpg(process.pid, sent)  # as a terminal does
        else:
            process.send_signal(sent)
        process.wait(30)
        until(lambda: not any(map(alive, pids)), "the workers are gone")
        said = process.stderr.read()
    if sent == signal.SIGINT:
        assert said.count("Traceback") == 1  # the engine's own process, and no worker's
        assert said.rstrip().endswith("KeyboardInterrupt")
    else:
        assert said.count("Traceback") == 0
