"""What an engine is: one call that maps a function over items, wherever the work is done, and the ways it can fail."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from chipbrief.errors import ChipbriefError

__all__ = ["BaseEngine", "Engine", "EngineError", "ItemError", "WorkerLostError"]

T = TypeVar("T")
R = TypeVar("R")


class EngineError(ChipbriefError):
    """An engine that cannot start, or cannot go on."""


class ItemError(EngineError):
    """The function raised for one item; `index` says which, `cause` is what it raised. Never tried again."""

    def __init__(self, index: int, cause: BaseException) -> None:
        self.index, self.cause = index, cause
        kind = "" if isinstance(cause, ChipbriefError) else type(cause).__name__
        super().__init__(": ".join(part for part in (f"item {index}", kind, str(cause)) if part))

    def __reduce__(self) -> tuple[type[Self], tuple[int, BaseException]]:
        return type(self), (self.index, self.cause)


class WorkerLostError(EngineError):
    """One item lost its worker (killed, out of memory) more often than it may be retried; `index` says which."""

    def __init__(self, index: int, losses: int, last: str) -> None:
        self.index, self.losses, self.last = index, losses, last
        how = f"({last})" if losses == 1 else f"{losses} times (at last {last})"
        super().__init__(f"item {index}: its worker was lost {how}")

    def __reduce__(self) -> tuple[type[Self], tuple[int, int, str]]:
        return type(self), (self.index, self.losses, self.last)


class Engine(Protocol):
    """Maps a function over items, inside its `with` block and one run at a time.

    All engines give the same results to the last bit; they differ in where the work is done and in the order in
    which results come.
    """

    @property
    def in_flight(self) -> int:
        """At most so many items are drawn whose results the caller has not taken: what bounds the memory."""
        ...

    def imap(self, fn: Callable[[T], R], items: Iterable[T], retries: int = 2) -> Iterator[tuple[int, R]]:
        """Yield (index, `fn(item)`) for every item, each index once, in the order in which they are done.

        Items are drawn as they are needed, so there may be any number of them. Leaving early (`break`, an error, the
        end of the `with` block) stops all work.

        Args:
            fn: a function of a module, or another callable that pickles; small, since it travels to every worker.
            items: values that pickle; read from the caller's thread.
            retries: how often an item is run again after its worker was lost. What `fn` raises is final at once.

        Raises:
            ItemError: `fn` raised, or an item or a result does not pickle.
            WorkerLostError: an item lost its worker more than `retries` times.
            EngineError: outside the `with` block, a second run at the same time, or no worker will start.
            ValueError: negative `retries`.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class BaseEngine(ABC):
    """What all engines share: the `with` block, and one run at a time in it."""

    _entered = False
    _running = False

    @property
    @abstractmethod
    def in_flight(self) -> int:
        """At most so many items are drawn whose results the caller has not taken."""

    @abstractmethod
    def _run(self, fn: Callable[[Any], Any], items: Iterable[Any], retries: int) -> Iterator[tuple[int, Any]]:
        """Do the work; whatever ends it early arrives as an exception at a `yield`."""

    def _start(self) -> None:  # noqa: B027 # most engines have nothing to do here
        """Called on entering the `with` block."""

    def _stop(self) -> None:  # noqa: B027 # the same
        """Called on leaving it; must leave no process and no connection behind."""

    def imap(self, fn: Callable[[T], R], items: Iterable[T], retries: int = 2) -> Iterator[tuple[int, R]]:
        """See `Engine.imap`."""
        if retries < 0:
            raise ValueError(f"retries must not be negative, got {retries}")
        return self._guarded(fn, items, retries)

    def _guarded(self, fn: Callable[[T], R], items: Iterable[T], retries: int) -> Iterator[tuple[int, R]]:
        if not self._entered:
            raise EngineError("an engine works inside its `with` block only")
        if self._running:
            raise EngineError("this engine is in the middle of another run; finish or close that one first")
        self._running = True
        run = self._run(fn, items, retries)
        try:
            for done in run:
                yield done
                if not self._entered:
                    raise EngineError("the engine's `with` block was left in the middle of a run")
        finally:
            run.close()  # type: ignore[attr-defined] # every _run is a generator
            self._running = False

    def __enter__(self) -> Self:
        self._start()
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered = False
        self._stop()
