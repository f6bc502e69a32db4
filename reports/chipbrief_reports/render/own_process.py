"""A call in a process of its own: what it took of memory goes back to the machine when it ends.

Vega and WeasyPrint take some hundred megabytes each, and neither gives them back. The process is started afresh, never
forked, from wherever it is asked for, a worker of an engine too, and ends with the call.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

from chipbrief.errors import ChipbriefError

__all__ = ["apart"]

Result = TypeVar("Result")
BEGIN = "import sys; sys.path[:] = {path!r}; from chipbrief_reports.render.own_process import serve; serve()"


def apart(function: Callable[..., Result], *arguments: object, **named: object) -> Result:
    """Call a function of a module in a process of its own, and return what it returns or raise what it raises.

    Args:
        function: what to call.
        arguments: for it; they and the result are pickled.
        named: arguments by name.

    Raises:
        ChipbriefError: the process has ended without an answer.
    """
    if not sys.executable:  # inside another program there is no interpreter to start
        return function(*arguments, **named)
    order = pickle.dumps((function, arguments, named), protocol=pickle.HIGHEST_PROTOCOL)
    answer, code = told([sys.executable, "-c", BEGIN.format(path=sys.path)], order)
    if not answer:
        raise ChipbriefError(f"the process of {function.__name__} {ended(code)} before it was done")
    result, error = pickle.loads(answer)  # noqa: S301 # from the process that was just started
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return] # what the function returned


def told(command: list[str], order: bytes) -> tuple[bytes, int]:
    """What a process answers to an order, and its exit code; it is killed where waiting for it is given up."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 # our own
        try:
            answer, _ = process.communicate(order)
        except BaseException:
            process.kill()
            raise
    return answer, process.returncode


def ended(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"was killed by {name}" + (", as when memory runs out," if name == "SIGKILL" else "")


# -- in the process of its own --------------------------------------------------------------------------------


def serve() -> None:
    """Take the order from standard input and answer on standard output, where nothing else is heard."""
    gc.disable()  # the process ends before its garbage is worth looking for
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        answer(sys.stdin.buffer.read(), out)
        out.flush()
        os._exit(0)  # nothing is left to be put in order


def answer(order: bytes, out: BinaryIO) -> None:
    """Run an order, and write down its result or its error."""
    result: tuple[Any, BaseException | None]
    try:
        function, arguments, named = pickle.loads(order)  # noqa: S301 # from the process that started this one
        del order
        result = function(*arguments, **named), None
    except Exception as error:  # it is raised where it was asked for
        result = None, portable(error)
    pickle.dump(result, out, protocol=pickle.HIGHEST_PROTOCOL)


def portable(error: Exception) -> Exception:
    """The error, or one that says the same where it does not survive the way."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 # our own bytes
    except Exception:  # pickling calls the error's own code
        told = str(error)
        return ChipbriefError(told) if isinstance(error, ChipbriefError) else RuntimeError(told)
    return error
