"""Engines of every kind, and real clusters on loopback: a scheduler and workers, each a process of its own."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from chipbrief.engine import DaskEngine, Engine, ProcessEngine, SerialEngine

HERE = Path(__file__).parent
DEADLINE_S = 60.0

if str(HERE) not in sys.path:  # workers of this machine inherit the path, and so can import engine_work
    sys.path.append(str(HERE))


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that other processes do."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s until {what}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Cluster:
    """A scheduler on a free port of loopback and the workers that were added to it."""

    def __init__(self, folder: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.folder, self.arguments, self.environment = folder, tuple(arguments), dict(environment)
        self.processes: list[subprocess.Popen[bytes]] = []
        found = folder / "scheduler.json"
        self.scheduler = self._start(
            "distributed.cli.dask_scheduler",
            *("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"),
            *("--scheduler-file", str(found)),
        )
        until(lambda: found.exists() and found.read_bytes().endswith(b"}"), "the scheduler has said where it is")
        self.address = str(json.loads(found.read_text())["address"])
        self.workers: list[subprocess.Popen[bytes]] = []

    def add(self, environment: Mapping[str, str] | None = None) -> str:
        """Start one worker and wait until it has joined; its address."""
        return self.joined(self.launch(environment))

    def launch(self, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start one worker of one thread, without a nanny that would start it again."""
        worker = self._start(
            "distributed.cli.dask_worker",
            *(self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"),
            *("--memory-limit", "0", "--death-timeout", "60", "--local-directory", str(self.folder)),
            **(environment or {}),
        )
        self.workers.append(worker)
        return worker

    def joined(self, worker: subprocess.Popen[bytes]) -> str:
        """Wait until a worker has joined; its address."""
        until(lambda: b"Registered to" in self.log(worker), "the worker has joined")
        [address] = re.findall(rb"Start worker at: +(\S+)", self.log(worker))
        return str(address, "ascii")

    def log(self, process: subprocess.Popen[bytes]) -> bytes:
        return self._log(self.processes.index(process)).read_bytes()

    def stop(self) -> None:
        for process in reversed(self.processes):
            kill(process)

    def _log(self, number: int) -> Path:
        return self.folder / f"{number}.log"

    def _start(self, module: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
        with self._log(len(self.processes)).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *self.arguments, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": path} | self.environment | environment,
            )
        self.processes.append(process)
        return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """As the kernel does when memory runs out."""
    process.kill()
    process.wait()


StartCluster = Callable[..., Cluster]


@contextmanager
def starting(folders: pytest.TempPathFactory) -> Iterator[StartCluster]:
    """Starts clusters with so many workers, all of them registered, and stops them: idle ones take processor time."""
    clusters: list[Cluster] = []

    def start(workers: int, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Cluster:
        clusters.append(cluster := Cluster(folders.mktemp("cluster"), arguments, environment or {}))
        for worker in [cluster.launch() for _ in range(workers)]:
            cluster.joined(worker)
        return cluster

    try:
        yield start
    finally:
        for cluster in clusters:
            cluster.stop()


@pytest.fixture
def start_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartCluster]:
    """Start a cluster of a test's own."""
    with starting(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="module")
def start_shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartCluster]:
    """Start a cluster that several tests use and none harms."""
    with starting(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="module")
def cluster(start_shared_cluster: StartCluster) -> Cluster:
    """Two workers."""
    return start_shared_cluster(2)


@pytest.fixture(scope="module", params=["serial", "processes", "dask"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine of every kind, inside its `with` block."""
    made: dict[str, Callable[[], Engine]] = {
        "serial": SerialEngine,
        "processes": lambda: ProcessEngine(2),
        "dask": lambda: DaskEngine(request.getfixturevalue("cluster").address),
    }
    with made[request.param]() as opened:
        yield opened
