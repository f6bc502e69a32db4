"""How numbers, lanes and lists read: two significant figures, thin spaces, ranges, plurals."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date

__all__ = [
    "LANE_NAMES",
    "THIN",
    "a_range",
    "count",
    "exact",
    "joined",
    "long_date",
    "midsentence",
    "millions",
    "money",
    "number",
    "percent",
    "plain",
    "price",
    "printed",
    "seconds",
    "significant",
    "tokens",
    "watts",
    "whole",
]

LANE_NAMES = {
    "own": "owned",
    "rent_three_years": "rented, 3 years",
    "rent_one_year": "rented, 1 year",
    "rent_on_demand": "rented on demand",
    "api": "by the token",
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LARGE = {"M": "million", "B": "billion"}
THIN = "\u202f"  # the narrow space that does not break


def significant(value: float, digits: int = 2) -> float:
    """Round to some significant figures."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def number(value: float, digits: int = 2) -> str:
    """`153738` as `150 000`, `0.02514` as `0.025`; whole numbers below 100 in full."""
    rounded = significant(value, digits)
    if rounded == 0:
        return "0"
    places = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    text = f"{rounded:,.{places}f}".replace(",", THIN)
    return text.replace("-", "\u2212")


def exact(value: float) -> str:
    """Four significant figures without trailing zeros, for arithmetic: `0.3155`, `3`."""
    return _trimmed(number(value, 4))


def plain(text: str) -> str:
    """Commas for thin spaces: a terminal's columns are cut at spaces."""
    return text.replace(THIN, ",")


def printed(text: str) -> str:
    """Quantities of the registry as a page has them: thousands by thin spaces, `us` as `µs`, `MUSD` in words."""
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", THIN, text)
    text = re.sub(r"(?<=\d) us\b", " \u00b5s", text)
    return re.sub(r"(?<=\d) ([MB])USD\b", lambda found: f" {_LARGE[found[1]]} USD", text)


def _trimmed(digits: str) -> str:
    """`30.0` as `30`."""
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def whole(value: float) -> str:
    """A count in full: `1 896`."""
    return f"{round(value):,}".replace(",", THIN)


def count(value: float, singular: str, plural: str | None = None) -> str:
    """`1 system`, `14 systems`; always whole, and in full."""
    return f"{whole(value)} {singular if round(value) == 1 else plural or singular + 's'}"


def money(usd: float, digits: int = 2) -> str:
    """`$150 000`; cents below ten dollars, millions named from ten million on."""
    rounded = abs(significant(usd, digits))
    if rounded >= 1e9:
        return f"${number(usd / 1e9, digits)} billion"
    if rounded >= 1e7:
        return f"${number(usd / 1e6, digits)} million"
    return f"${number(usd, digits)}"


def millions(usd: float, digits: int = 2) -> str:
    """`$3.9 million` in a sentence, where `money` writes a column's `$3 900 000`."""
    return f"${number(usd / 1e6, digits)} million" if 1e6 <= abs(significant(usd, digits)) < 1e7 else money(usd, digits)


def price(usd: float) -> str:
    """A price of a million tokens, two significant figures and no unit."""
    return number(usd)


def a_range(low: float, high: float, digits: int = 2) -> str:
    """`10 to 13`, or the one number where both ends round to the same."""
    first, last = number(low, digits), number(high, digits)
    return first if first == last else f"{first}\u2013{last}"


def seconds(value: float, digits: int = 2) -> str:
    """`64 ms`, `3.5 s`, `24 h`."""
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if value >= size * (2.0 if unit in ("h", "min") else 1.0):
            return f"{_trimmed(number(value / size, digits))} {unit}"
    return f"{_trimmed(number(value * 1e6, digits))} \u00b5s"


def watts(value: float) -> str:
    """`160 kW`, `1.4 MW`."""
    for unit, size in (("GW", 1e9), ("MW", 1e6), ("kW", 1e3)):
        if value >= size:
            return f"{number(value / size)} {unit}"
    return f"{number(value)} W"


def tokens(value: float) -> str:
    """`96 000`, `12 million`, `2.4 billion`; what is rounded keeps its zero, as in `1.0 billion`."""
    for name, size in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if significant(value) >= size:
            told = number(value / size)
            return f"{_trimmed(told) if significant(value) == value else told} {name}"
    return number(value)


def percent(share: float) -> str:
    """`31 %`; below 1 % with one figure."""
    return f"{number(share * 100, 2 if share >= 0.01 else 1)} %"


def midsentence(name: str) -> str:
    """`Coding agent` as `coding agent`; `RAG` stays."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def joined(words: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`; or with another word."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {word} {words[-1]}"


def long_date(as_of: str, language: str) -> str:
    """`23 November 2026` in an English document, the date as it is in any other."""
    day = date.fromisoformat(as_of)
    english = language.split("-")[0].lower() == "en"
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}" if english else as_of
