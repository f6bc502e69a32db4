"""Engines by name, and what is compared before a cluster may work."""

import subprocess
import sys

import pytest

from chipbrief.engine import DaskEngine, EngineError, ProcessEngine, SerialEngine, local_fingerprint, open_engine
from chipbrief.engine.fingerprint import differences, digest
from chipbrief.engine.processes import usable_processors


def test_a_name_opens_an_engine() -> None:
    assert isinstance(open_engine("serial"), SerialEngine)
    processes = open_engine("processes")
    assert isinstance(processes, ProcessEngine)
    assert processes.workers == usable_processors()
    three = open_engine("processes:3")
    assert isinstance(three, ProcessEngine)
    assert (three.workers, three.in_flight) == (3, 7)
    dask = open_engine("dask:tcp://127.0.0.1:8786")
    assert isinstance(dask, DaskEngine)
    assert dask.address == "tcp://127.0.0.1:8786"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("proceses", "unknown engine 'proceses', expected serial, processes, processes:N or dask:ADDRESS; did you mean 'processes'?"),
        ("serial:2", "unknown engine 'serial:2', expected serial, processes, processes:N or dask:ADDRESS"),
        ("", "unknown engine '', expected serial, processes, processes:N or dask:ADDRESS"),
        ("processes:", "expected a number of processes such as processes:4, got 'processes:'"),
        ("processes:0", "expected a number of processes such as processes:4, got 'processes:0'"),
        ("processes:-1", "expected a number of processes such as processes:4, got 'processes:-1'"),
        ("processes:²", "expected a number of processes such as processes:4, got 'processes:²'"),
        ("dask", "expected an address such as tcp://127.0.0.1:8786, got ''"),
        ("dask:tpc://127.0.0.1:8786", "expected an address such as tcp://127.0.0.1:8786, got 'tpc://127.0.0.1:8786'; did you mean 'tcp'?"),
    ],
)  # fmt: skip
def test_a_name_that_opens_nothing_is_explained(spec: str, told: str) -> None:
    with pytest.raises(EngineError) as caught:
        open_engine(spec)
    assert str(caught.value) == told


def test_no_library_is_imported_before_it_is_needed() -> None:
    script = "import sys, chipbrief.engine as e; e.open_engine('dask:tcp://127.0.0.1:1'); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"dask", "distributed", "asyncio", "numpy", "pandas"} & set(ran.stdout.split())


def test_a_fingerprint_has_no_order() -> None:
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    assert digest({"a": "1"}) != digest({"a": "2"})
    assert local_fingerprint().keys() == {"python", "chipbrief"}


def test_differences_name_both_sides() -> None:
    there = {"python": "3.11", "chipbrief": "0.0.9", "plugin x": "1"}
    here = {"python": "3.11", "chipbrief": "0.1.0", "numpy": "2.4"}
    assert differences(there, here) == [
        "chipbrief 0.0.9, here 0.1.0",
        "numpy missing, here 2.4",
        "plugin x 1, here missing",
    ]
