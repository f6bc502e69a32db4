"""Which column of a request log is which: by the names that logs use, or as the user says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chipbrief.errors import InputError, Problem, did_you_mean

__all__ = ["CACHED", "OPTIONAL", "ROLES", "TIME_UNITS", "Columns", "find_columns", "parse_columns"]

CACHED = "cached"
OPTIONAL = frozenset({CACHED})
# Names as logs write them, in lower case with `_` between words; of several, the one named first counts.
ROLES: Mapping[str, Sequence[str]] = {
    "arrival": (
        *("arrival", "arrival_s", "arrival_ms", "arrival_time", "arrived_at", "timestamp", "timestamp_s"),
        *("timestamp_ms", "time", "time_s", "time_ms", "ts", "ts_ms", "request_time", "start_time", "created_at"),
        "created",
    ),
    "input": (
        *("input_tokens", "input", "contexttokens", "context_tokens", "prompt_tokens", "input_length"),
        *("prompt_length", "request_tokens", "num_prefill_tokens", "usage.prompt_tokens"),
    ),
    "output": (
        *("output_tokens", "output", "generatedtokens", "generated_tokens", "completion_tokens", "output_length"),
        *("response_tokens", "num_decode_tokens", "usage.completion_tokens"),
    ),
    CACHED: (
        *("cached_tokens", "cached", "cached_input_tokens", "cached_prompt_tokens", "cached_prefix_tokens"),
        "usage.prompt_tokens_details.cached_tokens",
    ),
}
_PREFIXES = {CACHED: "cached_prefix_tokens"}  # research logs say behind it how large a cache they assume
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that are read, as the log writes them."""

    arrival: str
    input: str
    output: str
    cached: str | None = None

    @property
    def time_unit(self) -> str | None:
        """The unit that the name of the arrival column ends in, such as ms."""
        ending = _plain(self.arrival).rpartition("_")[2]
        return ending if ending in TIME_UNITS and ending != _plain(self.arrival) else None

    @property
    def named(self) -> Mapping[str, str]:
        """Role and name of every column that is read."""
        pairs = {role: getattr(self, role) for role in ROLES}
        return {role: name for role, name in pairs.items() if name is not None}


def parse_columns(text: str | None, field: str = "--columns") -> dict[str, str]:
    """`arrival=ts,input=in` as a mapping from roles to column names.

    Raises:
        InputError: every pair that is none, names no role, or a role twice.
    """
    chosen: dict[str, str] = {}
    problems: list[Problem] = []
    for pair in (text or "").split(",") if text is not None else ():
        role, equals, name = (part.strip() for part in pair.partition("="))
        if not equals or not name:
            problems.append(Problem(f"expected pairs such as arrival=ts, got {pair.strip()!r}", field=field))
        elif role not in ROLES:
            near = did_you_mean(role, ROLES) or f"; expected one of {', '.join(ROLES)}"
            problems.append(Problem(f"unknown column {role!r}{near}", field=field))
        elif role in chosen:
            problems.append(Problem(f"names {role} twice", field=field))
        else:
            chosen[role] = name
    if problems:
        raise InputError(problems)
    return chosen


def find_columns(names: Iterable[str], chosen: Mapping[str, str], file: str) -> Columns:
    """The columns to read: those chosen, else those with a usual name.

    Args:
        names: columns of the log.
        chosen: names by role, where the user says.
        file: name of the log, for messages.

    Raises:
        InputError: every column that is needed or chosen and is not there.
    """
    there = list(dict.fromkeys(names))
    problems = [
        Problem(f"has no column {name!r} for {role}{did_you_mean(name, there)}", file, 1, 1, "--columns")
        for role, name in chosen.items()
        if name not in there
    ]
    found = {role: chosen.get(role) or _usual(role, there) for role in ROLES}
    for role, name in found.items():
        if name is None and role not in OPTIONAL:
            shown = ", ".join(there[:12]) + (", ..." if len(there) > 12 else "")
            told = f"has no column of {role}, and {shown or 'no column at all'}; name it with --columns {role}=NAME"
            problems.append(Problem(told, file, 1, 1))
    if problems:
        raise InputError(problems)
    return Columns(str(found["arrival"]), str(found["input"]), str(found["output"]), found[CACHED])


def _usual(role: str, there: Sequence[str]) -> str | None:
    plain = {_plain(name): name for name in reversed(there)}
    for alias in ROLES[role]:
        if alias in plain:
            return plain[alias]
    prefix = _PREFIXES.get(role)
    return next((name for name in there if prefix and _plain(name).startswith(prefix)), None)


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())
