"""Lines of the documentation, typed as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXIT_CODE = re.compile(r"#.*\bexit code (\d+)")


@dataclass(frozen=True)
class Typed:
    """A line that a reader can type."""

    text: str

    @property
    def code(self) -> int:
        """The exit code that its comment tells; 0 without one."""
        found = EXIT_CODE.search(self.text)
        return int(found[1]) if found else 0

    @property
    def bare(self) -> str:
        """The line without its comment."""
        return re.sub(r"\s+#\s.*$", "", self.text)

    def __str__(self) -> str:
        return self.bare


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of a language on a page."""
    return [text for name, text in BLOCK.findall(page.read_text()) if name == language]


def lines(page: Path) -> Iterator[Typed]:
    """Every line of a page that a reader can type, in its order."""
    for block in blocks(page, "console"):
        yield from (Typed(line.removeprefix("$ ")) for line in block.splitlines() if line.startswith("$ "))


def type_in(folder: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Type a line into bash in a folder, with the programs of this environment first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=900,
    )
