"""The checks in a process of their own, with a limit on its time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from chipbrief.conformance.check import Finding, Report
from chipbrief.conformance.examine import named
from chipbrief.registry import Candidate, PluginRecord

__all__ = ["LIMIT_S", "examine_apart"]

LIMIT_S = 120.0


def examine_apart(name: str, as_of: date, *, limit_s: float = LIMIT_S) -> Report:
    """Check a plugin in a child process, which is ended after some seconds.

    Args:
        name: of an installed plugin, or of a file in CHIPBRIEF_PLUGINS.
        as_of: the day that ages are counted from.
        limit_s: the most that all checks together may take [s].

    Raises:
        ChipbriefError: no such plugin.
    """
    candidate = named(name)
    with tempfile.TemporaryDirectory(prefix="chipbrief-check-") as folder:
        told, said = Path(folder) / "told", Path(folder) / "said"
        told.touch()
        why = _run([name, as_of.isoformat(), str(told)], said, limit_s)
        lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
        return _report(candidate, lines, why)


def _run(arguments: list[str], said: Path, limit_s: float) -> str | None:
    """Run the child; why it did not come to its end, or None."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))}
    command = [sys.executable, "-P", "-m", "chipbrief.conformance", *arguments]
    with said.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 # our own module
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )
        try:
            code = child.wait(limit_s)
        except subprocess.TimeoutExpired:
            return f"took more than {limit_s:g} s, and was ended"
        finally:
            child.kill()
            child.wait()
    if code == 0:
        return None
    last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    return f"ended the process with code {code}" + "".join(f": {line}" for line in last)


def _report(candidate: Candidate, lines: list[dict[str, Any]], why: str | None) -> Report:
    plugin = PluginRecord(candidate.name, candidate.distribution, candidate.version)
    found: list[Finding] = []
    reached: list[str] = []
    doing = "loading"
    for line in lines:
        doing = line.get("doing", doing)
        if "plugin" in line:
            plugin = PluginRecord(**{**line["plugin"], "hardware": tuple(line["plugin"]["hardware"])})
        if "findings" in line:
            reached.append(line["check"])
            found += [Finding(*finding) for finding in line["findings"]]
    if why:
        mend = "run that check under a debugger, and let no method wait, loop without end or end the process"
        found.append(Finding("ends", candidate.name, f"{why} ({doing}): {mend}"))
    return Report(plugin, tuple(_ordered(found)), tuple(reached))


def _ordered(found: list[Finding]) -> Iterator[Finding]:
    from chipbrief.conformance.table import CHECKS

    order = list(CHECKS)
    yield from sorted(found, key=lambda finding: order.index(finding.check))
