"""The engine of a dask cluster: a sliding window of tasks, and no result from a worker that is not like us."""

from __future__ import annotations

import math
import pickle
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Any

from chipbrief.engine.address import TlsFiles, check_address, is_private, tls_files
from chipbrief.engine.fingerprint import differences, digest, local_fingerprint
from chipbrief.engine.portable import Outcome, attempt, pack_function, unpack
from chipbrief.engine.protocol import BaseEngine, EngineError, WorkerLostError
from chipbrief.engine.tasks import Task, Tasks
from chipbrief.errors import MissingLibraryError

__all__ = ["DaskEngine", "Fingerprint"]

CONNECT_S = 10.0
LOOK_S = 2.0  # how often the cluster is looked at, for workers that came or went
LOST = "lost the connection to the scheduler in the middle of a run"

Fingerprint = Callable[[], Mapping[str, str]]


class DaskEngine(BaseEngine):
    """Runs items on the workers of a dask.distributed scheduler that is already running.

    Every worker must have the same versions as we have: all are asked before the start, and every task carries what
    is expected, so that a worker that joins later is held to the same. A worker may run several items at once, in
    threads; start it with `--nthreads 1` when the function wants a process of its own. An item that is already
    running when a run is left early runs to its end, and its result is dropped.

    The scheduler itself runs the items of a lost worker again, as often as its own `allowed-failures` says (3 unless
    set), and then gives up on all that the worker had. Which of them is to blame shows when each is run with nothing
    beside it: what is lost then, up to `retries`, is that item's own loss.
    """

    def __init__(
        self,
        address: str,
        tls: TlsFiles | None = None,
        fingerprint: Fingerprint | None = None,
        *,
        patience_s: float = 60.0,
    ) -> None:
        """Check the address; the cluster is not spoken to yet.

        Args:
            address: of the scheduler, `tcp://` on this machine and `tls://` anywhere.
            tls: certificates; None for those of dask's own configuration or environment.
            fingerprint: tells what must be the same on all workers; a function of a module that they have too.
            patience_s: how long the cluster may be without any worker, before the start and later [s].

        Raises:
            EngineError: no address, or one off loopback without `tls://`.
        """
        check_address(address)
        self.address = address
        self._tls = tls
        self._fingerprint = fingerprint or local_fingerprint
        self._patience_s = patience_s
        self._threads = 1
        self._looked = -math.inf
        self._absent_since: float | None = None
        self._client: Any = None
        self._expected: Mapping[str, str] = {}

    @property
    def in_flight(self) -> int:
        """Four a thread of the cluster, as last seen, since each is long on its way; and one that the caller holds."""
        return 4 * self._threads + 1

    # -- the cluster ----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._expected = dict(self._fingerprint())
        self._client = self._connect()
        try:
            self._await_workers()
            self._compare_workers()
        except OSError as error:
            self._stop()
            raise EngineError(f"lost the connection to {self.address}: {error}") from error
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError):  # a scheduler that is gone, or does not answer in time
                client.close()

    def _connect(self) -> Any:
        try:
            config, distributed = import_module("dask.config"), import_module("distributed")
        except ImportError:
            raise MissingLibraryError("this engine needs dask: pip install 'chipbrief[dask]'") from None
        security = None
        if self.address.startswith("tls://"):
            files = self._tls or tls_files(self.address, config)
            files.check()
            security = distributed.Security(
                require_encryption=True,
                tls_ca_file=str(files.authority),
                tls_client_cert=str(files.certificate),
                tls_client_key=str(files.key),
            )
        try:
            return distributed.Client(self.address, security=security, timeout=CONNECT_S, set_as_default=False)
        except OSError as error:  # refused, timed out, unreadable certificates, a failed handshake
            raise EngineError(f"cannot connect to {self.address}: {' '.join(str(error).split())}") from error

    def _await_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=self._patience_s)
        except TimeoutError:
            raise self._deserted([]) from None
        self._looked, self._absent_since = -math.inf, None
        self._look([])

    def _compare_workers(self) -> None:
        answers = self._client.run(fingerprint_here, pack_function(self._fingerprint), on_error="return")
        problems = [problem for worker in sorted(answers) if (problem := self._problem(worker, answers[worker]))]
        if problems:
            raise EngineError("\n".join(problems))

    def _problem(self, worker: str, answer: Mapping[str, str] | BaseException) -> str:
        """Why a worker may not take part, or nothing."""
        found = differences(answer, self._expected) if isinstance(answer, Mapping) else [_named(answer)]
        return f"worker {worker}: {'; '.join(found)}" if found else ""

    def _look(self, under_way: Iterable[Task]) -> None:
        """See, now and then, who is there; raises EngineError when nobody is, or one who talks in the clear."""
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        try:
            threads: Mapping[str, int] = self._client.nthreads()
        except OSError as error:
            raise EngineError(f"lost the connection to {self.address}: {error}") from error
        exposed = [worker for worker in threads if not is_private(worker)]
        if exposed:
            raise EngineError(f"worker {exposed[0]} is not this machine, and tcp:// is not encrypted")
        self._threads = max(1, sum(threads.values()))
        self._absent_since = None if threads else self._absent_since or now
        if self._absent_since and now - self._absent_since > self._patience_s:
            raise self._deserted(under_way)

    def _deserted(self, under_way: Iterable[Task]) -> EngineError:
        indices = ", ".join(str(task.index) for task in under_way)
        waiting = f"; waiting for items {indices}" if indices else ""
        return EngineError(f"{self.address} has had no worker for {self._patience_s:g} s{waiting}")

    # -- the work -------------------------------------------------------------------------------------------------

    def _run(self, fn: Callable[[Any], Any], items: Iterable[Any], retries: int) -> Iterator[tuple[int, Any]]:
        call = (pack_function(fn), pack_function(self._fingerprint), digest(self._expected))
        tasks, flight = Tasks(items), _Flight(self._client, call, self._look)
        try:
            while flight.launch(tasks, self.in_flight):
                for task, answer in flight.landed():
                    if isinstance(answer, Outcome):
                        result = unpack(task.index, answer)
                        flight.launch(tasks, self.in_flight)  # no worker waits while the caller looks at the result
                        tasks.open -= 1
                        yield task.index, result
                    elif isinstance(answer, Stranger):
                        raise EngineError(self._problem(answer.worker, answer.fingerprint))
                    else:
                        self._lose(task, answer, retries, alone=task is flight.alone)
                        flight.suspects.append(task)
        finally:
            flight.abandon()

    def _lose(self, task: Task, error: BaseException, retries: int, *, alone: bool) -> None:
        """Charge a task with the workers that it lost alone; raises when they were too many, or it is another error."""
        from distributed import KilledWorker

        if not isinstance(error, KilledWorker):
            raise EngineError(f"item {task.index} cannot be run on {self.address}: {_named(error)}") from error
        task.attempts += 1
        if alone:
            task.losses += error.allowed_failures + 1  # the scheduler has tried so often by itself
        if task.losses > retries:
            raise WorkerLostError(task.index, task.losses, f"the one at {error.last_worker.address}") from error


class _Flight:
    """The tasks that the cluster has, and the results that have come back.

    `suspects` had a worker that was lost too often: each is run `alone` before anything else is.
    """

    def __init__(self, client: Any, call: tuple[bytes, bytes, str], look: Callable[[Iterable[Task]], None]) -> None:
        self.suspects: deque[Task] = deque()
        self.alone: Task | None = None
        self._client = client
        self._call = call
        self._look = look
        self._name = f"chipbrief-{uuid.uuid4().hex}"
        self._tasks: dict[Any, Task] = {}
        self._done: SimpleQueue[Any] = SimpleQueue()

    def launch(self, tasks: Tasks, most: int) -> bool:
        """Send what there is room for; whether anything is on its way then."""
        if self._client.status not in ("running", "connecting"):
            raise self._cut_off()
        if not self._tasks:
            self.alone = self.suspects.popleft() if self.suspects else None
            if self.alone:
                self._send(self.alone)
        if not self.alone and not self.suspects:
            while task := tasks.next(most):
                self._send(task)
        return bool(self._tasks)

    def _send(self, task: Task) -> None:
        key = f"{self._name}-{task.index}-{task.attempts}"
        future = self._client.submit(checked_attempt, *self._call, task.item, key=key, pure=False)
        self._tasks[future] = task
        future.add_done_callback(self._done.put)

    def landed(self) -> Iterator[tuple[Task, Outcome | Stranger | BaseException]]:
        """What has come back, taken off the cluster; nothing when nothing came for a while."""
        futures = self._take()
        self._look(self._tasks.values())
        fetched = self._fetch({future.key: future for future in futures if future.status not in ("error", "cancelled")})
        for future in futures:
            if future.cancelled():
                raise self._cut_off()
            answer = fetched.get(future.key) or future.exception()
            future.release()
            yield self._tasks.pop(future), answer

    def _cut_off(self) -> EngineError:
        if self._client.status == "running":
            return EngineError("the work was cancelled on the cluster, by another client or by a restart")
        return EngineError(LOST)

    def _take(self) -> list[Any]:
        """All that are done by now, or whatever is done first."""
        futures = []
        with suppress(Empty):
            futures.append(self._done.get(timeout=LOOK_S))
            while True:
                futures.append(self._done.get_nowait())
        return futures

    def _fetch(self, futures: dict[str, Any]) -> dict[str, Outcome | Stranger]:
        """Their results; a result whose worker died meanwhile is computed again first, and may then be missing."""
        import asyncio  # slow to import, and dask has done so already

        if not futures:
            return {}
        gathering = self._client.gather(futures, errors="skip", asynchronous=True)
        waiting = asyncio.run_coroutine_threadsafe(gathering, self._client.loop.asyncio_loop)
        try:
            while not waiting.done():
                with suppress(TimeoutError):
                    waiting.result(LOOK_S)
                self._look(self._tasks.values())
            found: dict[str, Outcome | Stranger] = waiting.result()
        except (OSError, CancelledError) as error:
            raise EngineError(LOST) from error
        finally:
            waiting.cancel()
        return found

    def abandon(self) -> None:
        """Let go of everything; the scheduler drops what has not begun."""
        for future in self._tasks:
            future.release()
        self._tasks.clear()


def _named(error: object) -> str:
    return f"{type(error).__name__}: {error}"


# -- on the worker ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stranger:
    """A worker that is not like us says so, instead of running an item."""

    worker: str
    fingerprint: Mapping[str, str]


_one_at_a_time = threading.Lock()


def fingerprint_here(fingerprint: bytes) -> Mapping[str, str]:
    """The fingerprint of this process, taken once."""
    with _one_at_a_time:  # the threads of a worker start together
        return _fingerprint_once(fingerprint)


@lru_cache(maxsize=4)
def _fingerprint_once(fingerprint: bytes) -> Mapping[str, str]:
    return dict(pickle.loads(fingerprint)())  # noqa: S301 # from a client that the cluster admits


def checked_attempt(function: bytes, fingerprint: bytes, expected: str, item: bytes) -> Outcome | Stranger:
    """Run an item, if this worker is what the client expects."""
    found = fingerprint_here(fingerprint)
    if digest(found) != expected:
        from distributed import get_worker

        return Stranger(get_worker().address, found)
    return attempt(function, item)
