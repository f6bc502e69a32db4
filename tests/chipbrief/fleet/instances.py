"""Fleets small enough to solve by hand: round numbers, no energy and no lag unless a test asks for them."""

from typing import Any

from chipbrief.fleet import Limits, Plan, Point, Problem, Rent, Replica, System, Tokens, plan

EXACT = Limits(gap=0.0, seconds=20.0)


def system(name: str = "a", usd: float | None = 1000.0, **more: Any) -> System:
    """A system of 8 chips that costs so much a month to own; not sold for None."""
    given: dict[str, Any] = {
        "vendor": f"{name}-maker",
        "chips": 8,
        "capital_usd": 50_000.0,
        "own_usd_month": usd or 0.0,
    }
    if usd is None:
        given["capital_usd"] = None
    return System(id=name, **(given | more))


def replica(on: str = "a", chips: int = 8, model: str = "m") -> Replica:
    return Replica(hardware=on, model=model, text=f"{chips} chips", chips={on: chips})


def point(loads: float | tuple[float, ...], class_id: str = "c", on: int = 0) -> Point:
    """A class that takes so many replicas at its peaks, half of that on average."""
    all_ = loads if isinstance(loads, tuple) else (loads,)
    return Point(class_id=class_id, replica=on, loads=all_, mean=max(all_) / 2.0)


def tokens(usd: float, class_id: str = "c", hardware: str = "api") -> Tokens:
    return Tokens(
        class_id=class_id, hardware=hardware, vendor=f"{hardware}-maker", provider="P", usd_month=usd, low=usd, high=usd
    )


def on_demand(usd: float) -> Rent:
    return Rent("rent_on_demand", usd, 1)


def problem(months: int = 1, growth: tuple[float, ...] | None = None, **parts: Any) -> Problem:
    given: dict[str, Any] = {"classes": ("c",), "systems": (system(),), "replicas": (replica(),)}
    return Problem(start="2026-12", growth=growth or (1.0,) * months, **(given | parts))


def solved(wanted: Problem) -> Plan:
    found = plan(wanted, EXACT)
    assert found is not None
    return found
