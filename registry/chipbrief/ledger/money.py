"""What a class costs on a system: from cost lines to a month, a million tokens, and the API's list price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from chipbrief.evaluate import Footprint, LaneCost, Outcome, Part
from chipbrief.finance import HOURS_PER_MONTH, HOURS_PER_YEAR, LANES, SECONDS_PER_MONTH, CostLine, Finance, Lane
from chipbrief.hardware import Hardware
from chipbrief.ledger.entry import Entry
from chipbrief.ledger.given import given_id
from chipbrief.workload import WorkloadClass

__all__ = ["money"]


def money(outcome: Outcome, hardware: Hardware, wanted: WorkloadClass, finance: Finance) -> Iterator[Entry]:
    """The lines of every lane that an outcome is offered in."""
    prefix, rate = f"{outcome.class_id}.{outcome.hardware}", _rate(outcome, wanted)
    tokens, requests = f"{prefix}.mtok_month", outcome["requests_s"].value if outcome.metrics else _asked(wanted)
    each = wanted.shape.input_mean + wanted.shape.output_mean
    lengths = (given_id(wanted.id, "input_mean"), given_id(wanted.id, "output_mean"))
    if outcome.lanes:
        yield Entry(
            id=tokens,
            label=f"tokens of {wanted.id} on {hardware.id} in a month, input and output",
            value=requests * SECONDS_PER_MONTH * each / 1e6,
            unit="Mtok",
            formula=f"{{0}} * {SECONDS_PER_MONTH!r} * ({{1}} + {{2}}) / 1e6",
            inputs=(rate, *lengths),
        )
    for cost in outcome.lanes:
        yield from (
            _api(outcome, hardware, wanted, cost) if cost.lane == "api" else _chips(outcome, hardware, cost, finance)
        )
        where = f"{prefix}.{cost.lane}"
        yield Entry(
            id=f"{where}.usd_mtok",
            label=f"{_lane(cost)} of {wanted.id} on {hardware.id}, input and output",
            value=cost.usd_mtok.value,
            unit="USD/Mtok",
            span=cost.usd_mtok,
            equations=("C2",),
            formula="{0} / {1}",
            inputs=(f"{where}.usd_month", tokens),
        )
        yield from _by_token_class(where, wanted, cost)


def _by_token_class(where: str, wanted: WorkloadClass, cost: LaneCost) -> Iterator[Entry]:
    """C2 by token class: by busy time on chips, a convention and no arithmetic of these; by an API's list price."""
    for name in ("input", "cached", "output"):
        usd = getattr(cost, f"usd_mtok_{name}")
        if usd is not None:
            bought = cost.lane == "api"
            yield Entry(
                id=f"{where}.usd_mtok_{name}",
                label=f"a million {name} tokens of {wanted.id}, {_lane(cost)}",
                value=usd,
                unit="USD/Mtok",
                equations=("C4",) if bought else ("C2",),
                inputs=() if bought else _split_by(where, wanted),
                figures=_priced(cost, name) if bought else (),
            )


def _split_by(where: str, wanted: WorkloadClass) -> tuple[str, ...]:
    """What the convention of C2 divides: a month's cost, by busy time that lengths and the replica's rate decide."""
    replica = f"{where.rpartition('.')[0]}.tok_s_replica"
    lengths = (given_id(wanted.id, name) for name in ("input_mean", "cached_fraction", "output_mean"))
    return (f"{where}.usd_month", replica, *lengths)


def _priced(cost: LaneCost, name: str) -> tuple[str, ...]:
    """The list price of a class of tokens; cached ones cost what new ones do where no price is published."""
    mine = tuple(f for f in cost.trail.figures if f.endswith(f".{name}"))
    return mine or _priced(cost, "input")


def _lane(cost: LaneCost) -> str:
    return cost.note if cost.lane == "api" else cost.lane.replace("_", " ")


def _rate(outcome: Outcome, wanted: WorkloadClass) -> str:
    """Id of the line with the arrivals; of a class that the system does not carry, those of the mix."""
    return f"{outcome.class_id}.{outcome.hardware}.requests_s" if outcome.metrics else given_id(wanted.id, "requests_s")


def _asked(wanted: WorkloadClass) -> float:
    assert wanted.demand.mean_requests_s is not None  # without an operating point users in flight have no price
    return wanted.demand.mean_requests_s


# -- chips by the hour ----------------------------------------------------------------------------------------


def _chips(outcome: Outcome, hardware: Hardware, cost: LaneCost, finance: Finance) -> Iterator[Entry]:
    assert outcome.deployment is not None
    prefix, lane = f"{outcome.class_id}.{outcome.hardware}", cast(Lane, cost.lane)
    assert lane in LANES
    hour, load = f"{prefix}.{lane}.usd_h", outcome["utilisation"].value
    lines: list[Entry] = []
    for part in Footprint.of(hardware, outcome.deployment).parts:
        lines += _lines(f"{hour}.{part.hardware.id}", part, lane, finance, (f"{prefix}.utilisation", load))
    yield from lines
    yield Entry(
        id=hour,
        label=f"an hour of one replica of {outcome.class_id} on {hardware.id}, {_lane(cost)}",
        value=sum(line.value for line in lines),
        unit="USD/h",
        formula=" + ".join(f"{{{i}}}" for i in range(len(lines))),
        inputs=tuple(line.id for line in lines),
    )
    yield Entry(
        id=f"{prefix}.{lane}.usd_month",
        label=f"a month of {outcome.class_id} on {hardware.id}, {_lane(cost)}",
        value=cost.usd_month.value,
        unit="USD/month",
        span=cost.usd_month,
        equations=("C3",),
        formula=f"{{0}} * {{1}} * {HOURS_PER_MONTH!r}",
        inputs=(f"{prefix}.replicas", hour),
    )


def _lines(prefix: str, part: Part, lane: Lane, finance: Finance, load: tuple[str, float]) -> list[Entry]:
    """The cost lines of a replica's share of a system; `load` is the id and value of its use."""
    cost = part.hardware.cost
    at_load, full = (cost.lines(lane, finance, use) for use in (load[1], 1.0))
    idle = {line.id: line for line in cost.lines(lane, finance, 0.0)}
    found = []
    for line, most in zip(at_load, full, strict=True):
        ends = (float(idle[line.id].coefficient), float(most.coefficient))
        used = ends[0] != ends[1]
        found.append(
            Entry(
                id=f"{prefix}.{line.id}",
                label=_label(line, used=used),
                value=part.systems * float(line.usd_per_hour),
                unit="USD/h",
                equations=(line.equation, "E9") if used else (line.equation,),
                formula=_formula(part.systems, line, ends),
                inputs=(load[0],) if used else (),
                figures=line.figures,
            )
        )
    return found


def _label(line: CostLine, *, used: bool) -> str:
    names = " x ".join(driver.name.replace("_", " ") for driver in line.drivers)
    yearly = " over 8,760 hours" if _is_yearly(float(line.coefficient)) else ""
    amount = "kW when idle and what use adds" if used else "amount"
    return f"{line.label}: systems x {names}{yearly}" if yearly else f"{line.label}: systems x {amount} x {names}"


def _is_yearly(coefficient: float) -> bool:
    return abs(coefficient * HOURS_PER_YEAR - 1.0) < 1e-12


def _formula(systems: float, line: CostLine, ends: tuple[float, float]) -> str:
    """Systems x coefficient x drivers; a coefficient that follows the load as a line between its ends (E9)."""
    drivers = " * ".join(repr(float(driver.value)) for driver in line.drivers)
    if ends[0] != ends[1]:
        return f"{systems!r} * ({ends[0]!r} + {ends[1] - ends[0]!r} * {{0}}) * {drivers}"
    if _is_yearly(float(line.coefficient)):
        return f"{systems!r} * {drivers} / {HOURS_PER_YEAR!r}"
    return f"{systems!r} * {float(line.coefficient)!r} * {drivers}"


# -- tokens ---------------------------------------------------------------------------------------------------


def _api(outcome: Outcome, hardware: Hardware, wanted: WorkloadClass, cost: LaneCost) -> Iterator[Entry]:
    price = hardware.cost.api_price(outcome.model)
    assert price is not None
    cached = (price.cached or price.input).value  # as `_priced` has it
    share, into, out = (given_id(wanted.id, name) for name in ("cached_fraction", "input_mean", "output_mean"))
    new = f"{{1}} * (1 - {{3}}) * {price.input.value!r}"
    rest = f"{{1}} * {{3}} * {cached!r} + {{2}} * {price.output.value!r}"
    yield Entry(
        id=f"{outcome.class_id}.{outcome.hardware}.api.usd_month",
        label=f"a month of {wanted.id} from {cost.note}: new input, cached input and output at their prices",
        value=cost.usd_month.value,
        unit="USD/month",
        span=cost.usd_month,
        equations=("C4",),
        formula=f"{{0}} * {SECONDS_PER_MONTH!r} * ({new} + {rest}) / 1e6",
        inputs=(_rate(outcome, wanted), into, out, share),
        figures=cost.trail.figures,
    )
