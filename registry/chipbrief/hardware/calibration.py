"""Calibrations: the constants that `chipbrief calibrate` fits, one generated file a vendor, one part a family of chips.

A profile that says `calibration: hopper` takes from `calibration.yaml` beside it what it does not state itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from chipbrief.config import Document, Id, Strict, read_yaml, validate
from chipbrief.errors import InputError, did_you_mean

__all__ = [
    "CALIBRATION_FILE",
    "CALIBRATION_SOURCE",
    "FITTED_SOURCES",
    "POOLED_SOURCE",
    "SECTIONS",
    "CalibrationFile",
    "Nearness",
    "with_calibration",
]

CALIBRATION_FILE = "calibration.yaml"
CALIBRATION_SOURCE = "chipbrief-calibration"  # the source that the fitted constants name
POOLED_SOURCE = "chipbrief-calibration-pooled"  # the source of those of a family of chips without points
FITTED_SOURCES = (CALIBRATION_SOURCE, POOLED_SOURCE)
SECTIONS = ("calibrated_on", "efficiency", "latency", "scheduling", "speculation", "errors")
Section = Literal["calibrated_on", "efficiency", "latency", "scheduling", "speculation", "errors"]

Nearness = Literal["seen", "new_model", "new_expert_model", "new_hardware", "new_family"]


class CalibrationFile(Strict):
    """The shape of a calibration file; its Figures are checked as parts of the profiles that use them."""

    schema_: Annotated[Literal["calibration/1"], Field(alias="schema")]
    vendor: str
    software: str
    families: dict[Id, dict[Section, Any]]
    sources: dict[Id, Any]


def with_calibration(document: Document, folder: Path | None) -> Document:
    """The same profile document with what it does not state filled in from the calibration that it names.

    Raises:
        InputError: the calibration file is missing or broken, or has no such family.
    """
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("calibration"), str):
        return document
    if folder is None:
        raise InputError([document.problem(("calibration",), "is given, but there is no folder to look in")])
    found = _read(folder / CALIBRATION_FILE)
    family = found.families.get(data["calibration"])
    if family is None:
        near = did_you_mean(data["calibration"], found.families)
        message = f"{folder / CALIBRATION_FILE} has no family {data['calibration']!r}{near}"
        raise InputError([document.problem(("calibration",), message)])
    merged = {section: _overlaid(family[section], data.get(section)) for section in SECTIONS if section in family}
    cited = {name: source for name, source in found.sources.items() if name in set(_cited(family))}
    sources = {**cited, **data["sources"]} if isinstance(data.get("sources"), dict) else data.get("sources")
    return dataclasses.replace(document, data={**data, **merged, "sources": sources})


def _cited(part: Any) -> Iterator[str]:
    """The sources that some Figures name."""
    if isinstance(part, Mapping):
        if isinstance(part.get("source"), str):
            yield part["source"]
        for inner in part.values():
            yield from _cited(inner)


def _read(path: Path) -> CalibrationFile:
    """A calibration, read once however many profiles beside it name it; again where the file has changed."""
    if not path.is_file():
        return validate(read_yaml(path), CalibrationFile)  # which says what is wrong
    found = path.stat()
    return _parsed(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=64)
def _parsed(path: Path, *_version: int) -> CalibrationFile:
    return validate(read_yaml(path), CalibrationFile)


def _overlaid(below: Any, above: Any) -> Any:
    """A section of the calibration under what the profile states itself."""
    return {**below, **above} if isinstance(above, Mapping) and isinstance(below, Mapping) else above or below
