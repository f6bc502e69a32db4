"""What is left to do in one run, drawn from the caller's items only as there is room."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chipbrief.engine.portable import pack_item

__all__ = ["Task", "Tasks"]


@dataclass(slots=True)
class Task:
    """One item on its way: how often it was sent in vain, and how many workers were lost through it."""

    index: int
    item: bytes
    attempts: int = 0
    losses: int = 0


class Tasks:
    """The tasks of one run; those that lost their worker go first.

    `open` counts the items that were drawn and whose results the caller has not taken.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        self.open = 0
        self._source = enumerate(items)
        self._again: deque[Task] = deque()

    def next(self, most: int) -> Task | None:
        """The next task, or None when there is no other, or when `most` items are open; raises ItemError."""
        if self._again:
            return self._again.popleft()
        if self.open < most:
            for index, item in self._source:
                self.open += 1
                return Task(index, pack_item(index, item))
        return None

    def put_back(self, tasks: Iterable[Task]) -> None:
        """These were not done; they come next, in this order."""
        self._again.extendleft(reversed(list(tasks)))
