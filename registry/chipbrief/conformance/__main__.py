"""The child of `examine_apart`: checks one plugin, and writes a line of JSON as each check begins and ends."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import date
from pathlib import Path

from chipbrief.conformance.examine import examine, named, subject_of

__all__ = ["main"]


def main(name: str, as_of: str, place: str) -> None:
    """Check the plugin of that name."""
    with Path(place).open("a", encoding="utf-8", buffering=1) as told:

        def tell(**line: object) -> None:
            told.write(f"{json.dumps(line)}\n")

        tell(doing="loading")
        subject = subject_of(named(name), date.fromisoformat(as_of))
        tell(plugin=dataclasses.asdict(subject.plugin))
        for check, findings in examine(subject, lambda doing: tell(doing=doing)):
            tell(check=check.id, findings=[dataclasses.astuple(finding) for finding in findings])


if __name__ == "__main__":
    main(*sys.argv[1:])
