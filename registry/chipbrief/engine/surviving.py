"""All items of a run, whatever becomes of some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from chipbrief.engine.protocol import Engine, EngineError, ItemError, WorkerLostError

__all__ = ["surviving"]

T = TypeVar("T")
R = TypeVar("R")


def surviving(
    engine: Engine, fn: Callable[[T], R], items: Sequence[T], retries: int = 1
) -> Iterator[tuple[int, R | EngineError]]:
    """Yield (index, result) for every item, each index once; for one that raised or cost its workers, the error.

    Where the engine itself cannot go on, every item that is left has that error.

    Args:
        engine: opened.
        fn: as for `Engine.imap`.
        items: values that pickle.
        retries: how often an item is run again after its worker was lost.
    """
    waiting = list(range(len(items)))
    while waiting:
        batch = tuple(waiting)
        try:
            for place, result in engine.imap(fn, [items[index] for index in batch], retries):
                waiting.remove(batch[place])
                yield batch[place], result
        except (ItemError, WorkerLostError) as error:
            waiting.remove(batch[error.index])
            yield batch[error.index], error
        except EngineError as error:
            yield from ((index, error) for index in waiting)
            return
