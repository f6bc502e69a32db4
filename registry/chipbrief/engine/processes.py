"""The engine of local processes: it knows which item a lost worker was running, and charges no other.

A pool that shares one queue among its workers breaks as a whole when one of them dies, and cannot say whose fault it
was. Here every worker has a pipe of its own, and counts what it begins where the engine can read it afterwards.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from ctypes import c_longlong
from multiprocessing.connection import Pipe, wait
from typing import Any

from chipbrief.engine.portable import cause_of, pack_function, unpack
from chipbrief.engine.protocol import BaseEngine, EngineError, WorkerLostError
from chipbrief.engine.tasks import Task, Tasks
from chipbrief.engine.worker import GOODBYE, Broken, Done, Order, serve

__all__ = ["ProcessEngine", "usable_processors"]

QUICK_S = 0.05  # items shorter than this are sent one ahead, so that the worker need not wait for the next
GOODBYE_S = 5.0
IDLE_DEATHS = 2  # so often, after each worker died once, one may die before its first item


def usable_processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ProcessEngine(BaseEngine):
    """Runs items in worker processes of this machine, which start when first needed and are kept between runs.

    A worker that dies is replaced, and the item that it was running is run again. Workers are spawned, never forked,
    and end with this process however it ends.
    """

    def __init__(self, workers: int | None = None, *, initializer: Callable[[], object] | None = None) -> None:
        """Prepare, without starting anything yet.

        Args:
            workers: how many processes; None for one a processor.
            initializer: called once in every worker before its first item; must pickle.

        Raises:
            EngineError: fewer than one worker.
        """
        self.workers = usable_processors() if workers is None else workers
        if self.workers < 1:
            raise EngineError(f"expected at least one worker process, got {workers}")
        self._initializer = b"" if initializer is None else pack_function(initializer)
        self._crew: list[_Worker] = []
        self._idle_deaths = 0  # one after the other

    @property
    def in_flight(self) -> int:
        """Two a worker, the one that it runs and the next, and one that the caller holds."""
        return 2 * self.workers + 1

    def _run(self, fn: Callable[[Any], Any], items: Iterable[Any], retries: int) -> Iterator[tuple[int, Any]]:
        function, tasks = pack_function(fn), Tasks(items)
        self._idle_deaths = 0
        try:
            while self._hand_out(tasks, function):
                for worker in self._speaking():
                    message = worker.hear()
                    if isinstance(message, Done):
                        self._idle_deaths = 0
                        result = unpack(message.index, message.outcome)
                        self._hand_out(tasks, function)  # no worker waits while the caller looks at the result
                        tasks.open -= 1
                        yield message.index, result
                    elif isinstance(message, Broken):
                        cause = cause_of(message.outcome)
                        raise EngineError(f"a worker process cannot start: {cause}") from cause
                    else:
                        self._bury(worker, tasks, retries)
        except BaseException:
            self._dismiss(kill=True)
            raise

    def _hand_out(self, tasks: Tasks, function: bytes) -> bool:
        """Give tasks to workers that can take one; whether any worker has one then."""
        while self._room() and (task := tasks.next(self.in_flight)):
            self._emptiest().give(task, function)
        return any(worker.tasks for worker in self._crew)

    def _room(self) -> bool:
        return len(self._crew) < self.workers or any(len(worker.tasks) < worker.depth for worker in self._crew)

    def _emptiest(self) -> _Worker:
        """An idle worker, else a new one, else one that can take the next item while it runs another."""
        roomy = [worker for worker in self._crew if len(worker.tasks) < worker.depth]
        worker = min(roomy, key=lambda w: len(w.tasks), default=None)
        if (worker is None or worker.tasks) and len(self._crew) < self.workers:
            worker = _Worker(self._initializer)
            self._crew.append(worker)
        assert worker is not None, "asked only when there is room"
        return worker

    def _speaking(self) -> list[_Worker]:
        """Wait until workers have something to say, or have died."""
        signs = set(wait(sign for worker in self._crew for sign in worker.signs))
        return [worker for worker in self._crew if signs.intersection(worker.signs)]

    def _bury(self, worker: _Worker, tasks: Tasks, retries: int) -> None:
        """Put a dead worker's items back, after charging the one that it was running."""
        self._crew.remove(worker)
        end = worker.leave()
        guilty = worker.running()
        if guilty:
            guilty.losses += 1
            if guilty.losses > retries:
                raise WorkerLostError(guilty.index, guilty.losses, end)
        else:
            self._idle_deaths += 1
            if self._idle_deaths > self.workers + IDLE_DEATHS:
                raise EngineError(f"worker processes end before they take any work: {end}")
        tasks.put_back(worker.tasks)

    def _stop(self) -> None:
        self._dismiss(kill=False)

    def _dismiss(self, *, kill: bool) -> None:
        crew, self._crew = self._crew, []
        for worker in crew:
            worker.process.kill() if kill else worker.send(GOODBYE)
        for worker in crew:
            worker.leave()


class _Worker:
    """The engine's end of one worker process, and the tasks it has, in the order in which it runs them."""

    def __init__(self, initializer: bytes) -> None:
        self.tasks: deque[Task] = deque()
        self.depth = 1
        self._function = b""
        self.connection, theirs = Pipe()
        context = multiprocessing.get_context("spawn")
        self._begun, self._done = context.RawValue(c_longlong, 0), 0
        work = (theirs, initializer, self._begun)
        self.process = context.Process(target=serve, args=work, name="chipbrief-worker", daemon=True)
        with _interrupts_held(), theirs:
            self.process.start()
        self.signs = (self.connection, self.process.sentinel)

    def give(self, task: Task, function: bytes) -> None:
        """Send a task."""
        news = None if function == self._function else function
        self._function = function
        self.tasks.append(task)
        self.send(pickle.dumps(Order(task.index, task.item, news), protocol=pickle.HIGHEST_PROTOCOL))

    def send(self, message: bytes) -> None:
        """Send, without minding a worker that is no longer there: that is heard when it is listened to."""
        with suppress(OSError):
            self.connection.send_bytes(message)

    def hear(self) -> Broken | Done | None:
        """What it says, or None when it is dead and has said all."""
        try:
            if not self.connection.poll():
                return None
            message: Broken | Done = pickle.loads(self.connection.recv_bytes())  # noqa: S301 # our own worker
        except (EOFError, OSError):
            return None
        if isinstance(message, Done):
            self.tasks.popleft()
            self._done += 1
            self.depth = 2 if message.outcome.seconds < QUICK_S else 1
        return message

    def running(self) -> Task | None:
        """The task that it has begun and not finished."""
        return self.tasks[0] if self._begun.value > self._done else None

    def leave(self) -> str:
        """See the process end, by force where it must be; says how it ended."""
        self.connection.close()
        self.process.join(GOODBYE_S)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        code = self.process.exitcode
        self.process.close()
        return _told(code)


def _told(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"killed by {name}" + (", as when memory runs out" if name == "SIGKILL" else "")


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C reaches a child that is being started only after it has decided to ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
