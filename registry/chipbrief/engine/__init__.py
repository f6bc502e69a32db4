"""Where the work is done: one seam, `Engine.imap`, over this process, processes of this machine, or a cluster."""

from chipbrief.engine.address import TlsFiles
from chipbrief.engine.dask import DaskEngine
from chipbrief.engine.fingerprint import local_fingerprint
from chipbrief.engine.opening import open_engine
from chipbrief.engine.processes import ProcessEngine
from chipbrief.engine.protocol import Engine, EngineError, ItemError, WorkerLostError
from chipbrief.engine.serial import SerialEngine
from chipbrief.engine.surviving import surviving

__all__ = [
    "DaskEngine",
    "Engine",
    "EngineError",
    "ItemError",
    "ProcessEngine",
    "SerialEngine",
    "TlsFiles",
    "WorkerLostError",
    "local_fingerprint",
    "open_engine",
    "surviving",
]
