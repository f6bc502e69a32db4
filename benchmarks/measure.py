"""Run a command and say what it cost. Only the standard library: also the peers' interpreters import this file."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

THREAD_VARIABLES = ("MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Cost:
    """What one finished process cost.

    Attributes:
        cpu_seconds: User and system time [s] of the process and of the children it waited for.
        max_rss_mb: Largest resident memory [MB], never less than that of the process that started it.
        stdout: What it printed.
    """

    cpu_seconds: float
    max_rss_mb: float
    stdout: str


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end, on one thread, with compiled modules kept as an installation keeps them.

    Raises:
        SystemExit: The command failed; its last words are in the message.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=_environment())
        _, status, usage = os.wait4(process.pid, 0)  # this process alone; RUSAGE_CHILDREN keeps the maximum of all
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{_text(err)[-2000:]}")
        return Cost(usage.ru_utime + usage.ru_stime, rss_mb(usage.ru_maxrss), _text(out))


def rss_mb(ru_maxrss: int) -> float:
    """`ru_maxrss` in MB: the system counts it in KiB, macOS in bytes."""
    return ru_maxrss / 1e6 if sys.platform == "darwin" else ru_maxrss * 1024 / 1e6


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | dict.fromkeys(THREAD_VARIABLES, "1") | {"PYTHONWARNINGS": "ignore"}


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def machine() -> str:
    """Processor, cores, Python and load of this moment in one line: what the figures below it depend on."""
    load = os.getloadavg()[0]
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text: the first column to the left, all others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])
