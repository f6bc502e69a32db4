"""Quantities as text: one table a dimension, so that 8 TB is never taken for 8 TB/s.

Inside the code every number is an SI float (seconds, bytes, bytes/s, FLOP/s, watts) or US dollars; text with
units exists at the edge only. A number is read from its text alone: `1e400`, `NaN`, `010` and `12:30` are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chipbrief.errors import UnitError, did_you_mean

__all__ = ["DIMENSIONS", "Dimension"]

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_UNIT = r"(?!\s*[\d.,:_]|[eE][+-]?\d).*"  # what follows a number must not go on with it: 1 2, 1_000, 12:30, 1e5e3
_QUANTITY = re.compile(rf"\s*(?P<sign>[-+−]?)\s*(?P<dollar>\$?)\s*(?P<number>{_NUMBER})(?P<unit>{_UNIT})", re.DOTALL)
_DECIMAL = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
_SHORT_SCALE = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9}


def _units(suffix: str, prefixes: Mapping[str, float], scale: float = 1.0) -> dict[str, float]:
    return {prefix + suffix: factor * scale for prefix, factor in prefixes.items()}


def _dollars(suffix: str = "") -> dict[str, float]:
    return _units("USD" + suffix, _SHORT_SCALE)


@dataclass(frozen=True, slots=True)
class Dimension:
    """A kind of quantity: its SI unit, the unit texts it accepts and the one it prints in."""

    name: str
    article: str
    si: str
    example: str
    units: Mapping[str, float]
    printed: tuple[str, ...] = ()
    maximum: float = math.inf

    def parse(self, text: object) -> float:
        """Return the SI value of a text such as `8 TB/s`; a Python number is taken as SI already.

        Raises:
            UnitError: no number, no unit, a unit of another dimension, negative, infinite or out of bounds.
        """
        if isinstance(text, (int, float)) and not isinstance(text, bool):
            return self._bounded(float(text), repr(text))
        if not isinstance(text, str):
            raise UnitError(f"expected {self.article} such as {self.example}, got {_kind_of(text)}")
        match = _QUANTITY.fullmatch(text)
        if match is None or re.match(r"0\d", match["number"]):
            raise UnitError(f"expected {self.article} such as {self.example}, got {text!r}")
        number, unit = match["number"], re.sub(r"\s+", "", match["unit"])
        if match["dollar"]:
            unit = re.sub(r"^([kKMB]?)", r"\1USD", unit, count=1)
        factor = self.units.get(unit)
        if factor is None:
            raise UnitError(self._unknown_unit(text, number, unit))
        if match["sign"] not in ("", "+"):
            raise UnitError(f"expected {self.article} that is not negative, got {text!r}")
        return self._bounded(float(number.replace(",", "")) * factor, repr(text))

    def format(self, value: float, digits: int = 4) -> str:
        """Print an SI value in the largest of the printed units that leaves at least 1 before the point."""
        units = self.printed or ("",)
        unit = next((u for u in units if abs(value) >= self.units[u]), units[-1])
        number = f"{value / self.units[unit]:,.{digits}g}"
        if "e" in number and abs(value) >= self.units[unit]:
            number = f"{value / self.units[unit]:,.0f}"
        return f"{number} {unit}".strip()

    def _bounded(self, value: float, shown: str) -> float:
        if not math.isfinite(value):
            raise UnitError(f"expected {self.article} such as {self.example}, got {shown}")
        if value < 0:
            raise UnitError(f"expected {self.article} that is not negative, got {shown}")
        if value > self.maximum:
            bare = self.name == "fraction" and "%" not in shown
            hint = f"; did you mean '{shown.strip(chr(39))} %'?" if bare else ""
            raise UnitError(f"expected {self.article} of at most {self.maximum:g}, got {shown}{hint}")
        return value

    def _unknown_unit(self, text: str, number: str, unit: str) -> str:
        wanted = f"expected {self.article} such as {self.example}, got {text!r}"
        if not unit:
            return f"{wanted}; did you mean '{number} {self.example.split()[-1]}'?"
        near = did_you_mean(unit, self.units)
        return wanted + (near.replace("mean '", f"mean '{number} ") if near else "")


def _kind_of(value: object) -> str:
    names = {dict: "a mapping", list: "a list", bool: f"'{str(value).lower()}'", type(None): "nothing"}
    return names.get(type(value), repr(value))


_TIME = {
    **_units("s", {"": 1.0, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9}),
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "days": 86400.0,
    **dict.fromkeys(("y", "year", "years"), 365.0 * 86400.0),
}
_TOKENS = {key + unit: factor for unit in ("", "tok", "tokens") for key, factor in _SHORT_SCALE.items()}

DIMENSIONS: Mapping[str, Dimension] = {
    d.name: d
    for d in (
        Dimension(
            "bandwidth",
            "a bandwidth",
            "bytes/s",
            "8 TB/s",
            _units("B/s", _DECIMAL | _BINARY) | _units("b/s", _DECIMAL, 1 / 8),
            ("PB/s", "TB/s", "GB/s", "MB/s"),
        ),
        Dimension(
            "capacity",
            "a memory size",
            "bytes",
            "180 GB",
            _units("B", _DECIMAL | _BINARY),
            ("PB", "TB", "GB", "MB", "kB", "B"),
        ),
        Dimension(
            "compute",
            "a compute rate",
            "FLOP/s",
            "4500 TFLOPS",
            _units("FLOPS", _DECIMAL) | _units("FLOP/s", _DECIMAL) | _units("OPS", _DECIMAL),
            ("PFLOPS", "TFLOPS", "GFLOPS"),
        ),
        Dimension("power", "a power", "W", "14.3 kW", _units("W", _DECIMAL), ("GW", "MW", "kW", "W")),
        Dimension("time", "a time", "s", "2 s", _TIME, ("y", "d", "h", "min", "s", "ms", "us", "ns")),
        Dimension("money", "an amount of money", "USD", "37000 USD", _dollars(), ("BUSD", "MUSD", "USD")),
        Dimension("usd_per_hour", "an hourly price", "USD/h", "2.60 USD/h", _dollars("/h"), ("USD/h",)),
        Dimension(
            "usd_per_year",
            "a yearly price",
            "USD/y",
            "4500 USD/y",
            _dollars("/y") | _dollars("/year"),
            ("USD/y",),
        ),
        Dimension("usd_per_mtok", "a price of tokens", "USD/Mtok", "0.60 USD/Mtok", _dollars("/Mtok"), ("USD/Mtok",)),
        Dimension("usd_per_kwh", "an electricity price", "USD/kWh", "0.083 USD/kWh", _dollars("/kWh"), ("USD/kWh",)),
        Dimension(
            "usd_per_kw_month",
            "a colocation price",
            "USD/kW-month",
            "184 USD/kW-month",
            _dollars("/kW-month"),
            ("USD/kW-month",),
        ),
        Dimension(
            "speed",
            "a speed in tokens",
            "tok/s",
            "900 tok/s",
            _units("tok/s", _SHORT_SCALE) | _units("tokens/s", _SHORT_SCALE),
            ("tok/s",),
        ),
        Dimension("count", "a number", "", "12M", _TOKENS | _units("", {"G": 1e9, "T": 1e12}), ("",)),
        Dimension("fraction", "a share", "", "50 %", {"": 1.0, "%": 0.01}, ("%",), maximum=1.0),
        Dimension("ratio", "a ratio", "", "1.5", {"": 1.0, "%": 0.01}, ("",)),
    )
}
