"""Engines by the name that a user types."""

from __future__ import annotations

from chipbrief.engine.dask import DaskEngine, Fingerprint
from chipbrief.engine.processes import ProcessEngine
from chipbrief.engine.protocol import Engine, EngineError
from chipbrief.engine.serial import SerialEngine
from chipbrief.errors import did_you_mean

__all__ = ["KINDS", "open_engine"]

KINDS = ("serial", "processes", "dask")


def open_engine(spec: str, *, fingerprint: Fingerprint | None = None) -> Engine:
    """The engine that a text names; nothing starts before its `with` block.

    Args:
        spec: `serial`, `processes` (one a processor), `processes:4`, or `dask:` and a scheduler's address, as in
            `dask:tcp://127.0.0.1:8786`.
        fingerprint: what must be the same on every worker of a cluster; None for the versions of Python and chipbrief.

    Raises:
        EngineError: the text names no engine; says what is wrong with it.
    """
    kind, _, rest = spec.partition(":")
    if kind == "serial" and rest == "" and ":" not in spec:
        return SerialEngine()
    if kind == "processes":
        return ProcessEngine(_workers(spec, rest) if ":" in spec else None)
    if kind == "dask":
        return DaskEngine(rest, fingerprint=fingerprint)
    raise EngineError(f"unknown engine {spec!r}, expected serial, processes, processes:N or dask:ADDRESS" + _hint(kind))


def _workers(spec: str, number: str) -> int:
    if not (number.isascii() and number.isdigit() and int(number)):
        raise EngineError(f"expected a number of processes such as processes:4, got {spec!r}")
    return int(number)


def _hint(kind: str) -> str:
    return "" if kind in KINDS else did_you_mean(kind, KINDS)
