"""What crosses from one process to another: the function, an item, and what became of it, as bytes.

Engines do the pickling themselves so that a result is the same object whichever of them ran it, and so that an item
that does not pickle, or an exception that does not, is reported under the item's index.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import Any

from chipbrief.engine.protocol import EngineError, ItemError
from chipbrief.errors import ChipbriefError

__all__ = ["Outcome", "attempt", "cause_of", "failure", "pack_function", "pack_item", "unpack"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call gave: its pickled result, or the pickled exception and its traceback; and how long it took [s]."""

    result: bytes | None
    error: bytes = b""
    trace: str = ""
    seconds: float = 0.0


def pack_function(fn: Callable[..., Any]) -> bytes:
    """Pickle the function; raises EngineError when that cannot be done."""
    try:
        return _dumps(fn)
    except Exception as error:  # pickling calls the object's own code
        raise EngineError(f"{fn!r} cannot be sent to a worker, expected a function of a module: {error}") from error


def pack_item(index: int, item: object) -> bytes:
    """Pickle an item; raises ItemError when that cannot be done."""
    try:
        return _dumps(item)
    except Exception as error:
        raise ItemError(index, error) from error


def attempt(function: bytes, item: bytes) -> Outcome:
    """On the worker: call the function, and never raise."""
    began = perf_counter()
    try:
        result = _dumps(_function(function)(pickle.loads(item)))  # noqa: S301 # from the engine that owns this worker
    except (Exception, SystemExit) as error:
        return failure(error)
    return Outcome(result, seconds=perf_counter() - began)


def failure(error: BaseException) -> Outcome:
    """On the worker: an exception, with its trace, as an outcome."""
    return Outcome(None, _dumps_error(error), "".join(traceback.format_exception(error)))


def unpack(index: int, outcome: Outcome) -> Any:
    """In the caller's process: the result, or ItemError from what the function raised."""
    try:
        if outcome.result is not None:
            return pickle.loads(outcome.result)  # noqa: S301 # from the engine's own worker
        cause = cause_of(outcome)
    except Exception as error:
        raise ItemError(index, error) from error
    raise ItemError(index, cause) from cause


def cause_of(outcome: Outcome) -> BaseException:
    """In the caller's process: the exception of a call that failed, the worker's trace as a note."""
    cause: BaseException = pickle.loads(outcome.error)  # noqa: S301 # from the engine's own worker
    cause.add_note(outcome.trace)
    return cause


def _dumps(value: object) -> bytes:
    return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


_function = lru_cache(maxsize=4)(pickle.loads)  # large ones are read once a process, not once an item


def _dumps_error(error: BaseException) -> bytes:
    """The exception itself if it survives the way, else one that says the same."""
    try:
        sent = _dumps(error)
        pickle.loads(sent)  # noqa: S301 # our own bytes; many exceptions pickle but cannot be read back
    except Exception:
        told = str(error)
        ours = isinstance(error, ChipbriefError)
        return _dumps(ChipbriefError(told) if ours else RuntimeError(f"{type(error).__name__}: {told}"))
    return sent
