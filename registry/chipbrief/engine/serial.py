"""The engine without workers: one item after another, in the caller's own process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chipbrief.engine.protocol import BaseEngine, ItemError

__all__ = ["SerialEngine"]


class SerialEngine(BaseEngine):
    """Runs items here, in order; nothing can be lost, so `retries` has no effect."""

    @property
    def in_flight(self) -> int:
        """One item at a time."""
        return 1

    def _run(
        self,
        fn: Callable[[Any], Any],
        items: Iterable[Any],
        retries: int,  # noqa: ARG002 # part of the seam
    ) -> Iterator[tuple[int, Any]]:
        for index, item in enumerate(items):
            try:
                result = fn(item)
            except (Exception, SystemExit) as error:
                raise ItemError(index, error) from error
            yield index, result
