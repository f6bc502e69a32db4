"""What a worker process of `ProcessEngine` does: take orders from its pipe until the engine lets it go.

A thread of its own listens, so the engine can always send without waiting, and a worker whose engine is gone ends at
once, even in the middle of an item.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from ctypes import c_longlong
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue

from chipbrief.engine.portable import Outcome, attempt, failure

__all__ = ["GOODBYE", "Broken", "Done", "Order", "serve"]

GOODBYE = b""


@dataclass(frozen=True, slots=True)
class Order:
    """One item to run; `function` is None when it is the same as for the order before."""

    index: int
    item: bytes
    function: bytes | None


@dataclass(frozen=True, slots=True)
class Broken:
    """The worker's initializer raised."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Done:
    """One order is done."""

    index: int
    outcome: Outcome


def serve(connection: Connection, initializer: bytes, begun: c_longlong) -> None:
    """Work until the engine says goodbye: the entry point of the process.

    Args:
        connection: this end of the engine's pipe.
        initializer: a pickled function to call first, or nothing.
        begun: memory shared with the engine: how many orders this worker has begun, for the day that it dies.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the engine's to handle
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    inbox: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox), daemon=True).start()
    try:
        if initializer:
            pickle.loads(initializer)()  # noqa: S301 # from the engine that owns this process
    except (Exception, SystemExit) as error:
        _send(connection, Broken(failure(error)))
        return
    function = b""
    while message := inbox.get():
        order: Order = pickle.loads(message)  # noqa: S301 # from the engine that owns this process
        function = function if order.function is None else order.function
        begun.value += 1
        _send(connection, Done(order.index, attempt(function, order.item)))


def _listen(connection: Connection, inbox: SimpleQueue[bytes]) -> None:
    message = None
    while message != GOODBYE:
        try:
            message = connection.recv_bytes()
        except (EOFError, OSError):
            os._exit(1)  # the engine's process has ended: nobody waits for a result
        inbox.put(message)


def _send(connection: Connection, message: Broken | Done) -> None:
    try:
        connection.send_bytes(pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL))
    except OSError:
        os._exit(1)  # the same, seen first by this thread
