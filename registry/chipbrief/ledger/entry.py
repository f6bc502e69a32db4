"""One line of the ledger, and the ledger itself: a graph from results down to inputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from chipbrief.errors import ChipbriefError, did_you_mean
from chipbrief.evaluate import Interval
from chipbrief.figures import Figure, Source

__all__ = ["Entry", "Ledger"]

_NUMBER = re.compile(r"(?<![\w.])\d+\.?\d*(e[+-]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A number and where it comes from.

    Attributes:
        id: such as `chat.acme-x1.own.usd_mtok`.
        label: what it is, in words.
        value: the number.
        unit: its unit; empty for a count or a share.
        span: 80 % interval, or None where it has none.
        equations: numbers of the equations that give it, such as `C2`.
        formula: arithmetic over the inputs, such as `{0} / {1}`; empty where a model of many steps gives it.
        inputs: ids of the entries that go into it, in the formula's order.
        figures: ids of the Figures that go into it.
        source: for what was given and not computed: who says so.
    """

    id: str
    label: str
    value: float
    unit: str = ""
    span: Interval | None = None
    equations: tuple[str, ...] = ()
    formula: str = ""
    inputs: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    source: str = ""


class Ledger(Mapping[str, Entry]):
    """Entries by id, with the Figures that they name."""

    def __init__(self, entries: Mapping[str, Entry], figures: Mapping[str, tuple[Figure, Source]]) -> None:
        self._entries = entries
        self.figures = figures

    def __getitem__(self, name: str) -> Entry:
        """The entry of an id; raises ChipbriefError with the nearest one."""
        if name not in self._entries:
            raise ChipbriefError(f"unknown result {name!r}{did_you_mean(name, self._entries)}")
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        """The ids, in the order of the mix and the systems."""
        return iter(self._entries)

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        """Whether there is an entry of that id."""
        return name in self._entries

    def arithmetic(self, name: str, say: Callable[[float], str]) -> str:
        """The formula of a result with the numbers of its inputs in it; empty where it has none.

        Args:
            name: id of the result.
            say: writes a number.
        """
        entry = self[name]
        written = entry.formula.format(*(repr(self[inner].value) for inner in entry.inputs))
        short = _NUMBER.sub(lambda found: say(float(found[0])), written)
        return short.replace(" * ", " x ").replace("units(", "whole units(")

    def figures_below(self, name: str) -> tuple[str, ...]:
        """Ids of every Figure that a result stands on, at whatever depth, without repeats."""
        return self._below[name]

    @cached_property
    def _below(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name in self._entries:
            self._collect(name, found)
        return found

    def _collect(self, name: str, found: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        if name not in found:
            entry = self._entries[name]
            below = [figure for inner in entry.inputs for figure in self._collect(inner, found)]
            found[name] = tuple(dict.fromkeys([*entry.figures, *below]))
        return found[name]
