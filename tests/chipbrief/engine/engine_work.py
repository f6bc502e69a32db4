"""Functions that workers import: the tests put this folder on the path of every process."""

import math
import os
import signal
import time
from pathlib import Path
from typing import NoReturn

import numpy as np

from chipbrief.errors import Refusal


def wiggle(x: int) -> tuple[int, float, bytes]:
    """A result whose last bits count, with an array that travels as bytes."""
    values = np.sin(np.arange(1 + x % 50) * 1e-3 + x)
    return x, math.fsum(values) / 3, values.tobytes()


def echo(x: object) -> object:
    return x


def slow_echo(x: int) -> int:
    time.sleep(0.2)
    return x


def pid(_: int) -> int:
    time.sleep(0.02)
    return os.getpid()


def shared_ground(x: int) -> int:
    return os.environ["CHIPBRIEF_TEST_GROUND"] == "laid" and x


def lay_ground() -> None:
    os.environ["CHIPBRIEF_TEST_GROUND"] = "laid"


def cannot_start() -> NoReturn:
    raise OSError("no ground here")


def dies_at_start() -> NoReturn:
    os._exit(3)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Unreadable(Exception):
    """Pickles, but cannot be read back."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def raises_unreadable(x: int) -> NoReturn:
    raise Unreadable(x, x)


def returns_unpicklable(x: int) -> object:
    return lambda: x


def exits(x: int) -> NoReturn:
    raise SystemExit(x)


class DiesOnce:
    """Kills its own process the first time it meets one of `marked`."""

    def __init__(self, folder: Path, marked: frozenset[int]) -> None:
        self.folder, self.marked = folder, marked

    def __call__(self, x: int) -> tuple[int, float, bytes]:
        mark = self.folder / f"{x}"
        if x in self.marked and not mark.exists():
            mark.touch()
            die()
        return wiggle(x)


class AlwaysDies:
    def __init__(self, guilty: int) -> None:
        self.guilty = guilty

    def __call__(self, x: int) -> int:
        if x == self.guilty:
            time.sleep(0.1)
            die()
        return x


class FailsAt:
    """Raises for one item, and writes down every call."""

    def __init__(self, bad: int, calls: Path) -> None:
        self.bad, self.calls = bad, calls

    def __call__(self, x: int) -> int:
        with self.calls.open("a") as stream:
            stream.write(f"{x} ")
        if x == self.bad:
            raise ValueError(f"{x} is unlucky")
        return x


def refuses(x: int) -> NoReturn:
    raise Refusal("needs 3 chips, has 2")


def array(size: int) -> np.ndarray:
    return np.arange(float(size))


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def pid_then_sleep(x: int) -> int:
    if x >= 4:
        time.sleep(1000)
    return pid(x)


def slow_wiggle(x: int) -> tuple[int, float, bytes]:
    time.sleep(0.02)
    return wiggle(x)


def version_of_the_environment() -> dict[str, str]:
    return {"python": "3", "chipbrief": os.environ.get("CHIPBRIEF_TEST_VERSION", "0.1.0")}
