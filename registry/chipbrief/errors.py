"""Everything chipbrief raises on purpose.

ChipbriefError
|-- InputError          what the user wrote is wrong; carries every Problem at once (exit code 2)
|-- UnitError           a text is not a quantity of the wanted dimension (a ValueError too)
|-- Refusal             a model does not fit, or a machine cannot do what was asked
|-- PluginError         a plugin failed, and --strict asked for that to be fatal
|-- EngineError         an engine cannot start or go on; ItemError and WorkerLostError name the item (chipbrief.engine)
`-- MissingLibraryError the machine lacks a system library; names the packages to install
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

__all__ = [
    "ChipbriefError",
    "InputError",
    "MissingLibraryError",
    "PluginError",
    "Problem",
    "Refusal",
    "UnitError",
    "did_you_mean",
]


class ChipbriefError(Exception):
    """Root of the tree: one sentence that says what, where and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one place of one file."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    field: str = ""

    def __str__(self) -> str:
        """`file:line:col: field: what is wrong`, leaving out what is not known."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column if self.line else 0) if part)
        return ": ".join(part for part in (where, self.field, self.message) if part)


class InputError(ChipbriefError):
    """The input cannot be used; `problems` holds every reason, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Problem, ...]]]:
        """Keep the problems when the error comes from another process."""
        return type(self), (self.problems,)


class UnitError(ChipbriefError, ValueError):
    """A text that is not a quantity of the wanted dimension."""


class Refusal(ChipbriefError):
    """A request that a machine cannot serve, with the arithmetic that shows it."""


class PluginError(ChipbriefError):
    """A plugin that failed to load or to answer."""


class MissingLibraryError(ChipbriefError):
    """A system library that is not installed."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the nearest of the known words, or nothing when none is near."""
    by_lower: dict[str, list[str]] = {}
    for name in known:
        by_lower.setdefault(name.lower(), []).append(name)
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.55)
    if not near:
        return ""
    alike = max(by_lower[near[0]], key=lambda name: difflib.SequenceMatcher(None, word, name).ratio())
    return f"; did you mean {alike!r}?"  # of TB/s and Tb/s, which differ in case alone, the nearer to what was written
