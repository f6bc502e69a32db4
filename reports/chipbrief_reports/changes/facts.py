"""The figures of one edition as plain data: what it says, on what inputs, by which method."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from chipbrief.errors import ChipbriefError

__all__ = ["Facts", "Given", "Value", "facts_from_json"]

SCHEMA = "edition-facts/1"


@dataclass(frozen=True, slots=True)
class Value:
    """A result: what it is in words, its value and 80 % interval, its unit; `system` is empty for a whole mix."""

    label: str
    value: float
    low: float
    high: float
    unit: str
    system: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """An input: its value and range as text, its SI value, and where it comes from."""

    text: str
    span: str
    value: float
    kind: str
    date: str
    source: str
    locator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One edition.

    Attributes:
        title: of the document.
        as_of: its date.
        values: results by the ids that `chipbrief explain` knows.
        answers: the offer that carries each class at the least cost, empty where nothing does; by the class's id.
        rankings: every offer of a class, the cheapest first, by the class's id.
        refused: why a system does not serve a class, by `class.system`.
        names: what classes, offers and `class.system` are called, by their ids.
        systems: name of every system of the run, by id.
        inputs: every Figure by id.
        workload: the mix, one text a field.
        method: versions of the tool, the metrics and the plugins; seed and draws.
    """

    title: str
    as_of: str
    values: Mapping[str, Value] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    rankings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    systems: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Given] = field(default_factory=dict)
    workload: Mapping[str, str] = field(default_factory=dict)
    method: Mapping[str, str] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        """The file's content; no number in it may be infinite."""
        document = {"schema": SCHEMA, **asdict(self)}
        return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def facts_from_json(content: bytes, name: str) -> Facts:
    """The facts that a file holds; `name` stands for it in the message.

    Raises:
        ChipbriefError: it is no such file.
    """
    try:
        found: Any = json.loads(content)
        if found.pop("schema") != SCHEMA:
            raise ValueError("of another schema")
        found["values"] = {key: Value(**value) for key, value in found["values"].items()}
        found["inputs"] = {key: Given(**value) for key, value in found["inputs"].items()}
        found["rankings"] = {key: tuple(value) for key, value in found["rankings"].items()}
        return Facts(**found)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ChipbriefError(f"{name} does not hold the facts of an edition") from None
