"""How much of it: replicas, systems, racks and megawatts, now and at the end of the plan."""

from __future__ import annotations

import math

from chipbrief.evaluate import Outcome
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import Block, Cell, Chart, Column, Row, Section, Table, text
from chipbrief_reports.charts import capacity_steps
from chipbrief_reports.wording import count, number, percent, watts, whole

__all__ = ["capacity"]


def capacity(desk: Desk) -> Section:
    """What carries each class, and how the owned fleets grow."""
    blocks: list[Block] = [_classes(desk)]
    owned = [fleet for fleet in desk.fleets if fleet.lane == "own"]
    if owned:
        blocks.append(_fleets(desk))
    if owned and desk.mix.horizon and desk.mix.horizon.growth_at_end != 1.0:
        blocks.append(_growth(desk))
    return Section("capacity", "Capacity", _title(desk), tuple(blocks))


def _title(desk: Desk) -> str:
    owned = [fleet for fleet in desk.fleets if fleet.lane == "own" and len(fleet.served) == len(desk.mix.classes)]
    if not owned and any(hardware.profile.price.sold for hardware in desk.results.systems):
        return "No single system to own carries the whole mix"
    if not owned:
        return "None of these systems is sold; they are rented"
    least = min(owned, key=lambda fleet: fleet.power_w.value)
    pue = desk.results.terms.pue.value
    return (
        f"{desk.units(least)} carry the whole mix on {watts(least.power_w.value * pue)}, the least power of the field"
    )


def _classes(desk: Desk) -> Table:
    columns = (
        Column("Class", "", "left", 1.8),
        Column("System", "", "left", 1.2),
        Column("Replica", "", "left", 2.3),
        Column("Batch", "at peak", width=0.8),
        Column("System", "tok/s out"),
        Column("Replicas", "", width=0.9),
        Column("Systems", "alone", width=0.9),
        Column("Used", "mean", width=0.8),
    )
    rows = [
        _class_row(desk, o, first=i == 0) for wanted in desk.mix.classes for i, o in enumerate(desk.outcomes(wanted.id))
    ]
    paired = any(hardware.partner for hardware in desk.results.systems)
    beside = ", of one with a partner beside the partner's chips" if paired else ""
    return Table(
        "replicas",
        "The cheapest deployment that keeps the service level at the peak",
        f"Output tok/s of a system within the service level{beside}; used is the mean load over it, an output of the plan",
        columns,
        tuple(rows),
        dense=True,
    )


def _class_row(desk: Desk, o: Outcome, *, first: bool) -> Row:
    head = Cell(text(desk.label(o.class_id) if first else ""))
    who = Cell(text(desk.name(o.hardware)), dot=desk.dot(o.hardware))
    if not o.metrics:
        return Row(
            (head, who, Cell(text("refused"), o.reason, absent=True), *[absent("") for _ in range(5)]), group=first
        )
    return Row(
        (
            head,
            who,
            Cell(text(str(o.deployment)), "" if o.status == "meets" else f"misses: {o.reason}"),
            cell(number(o["batch"].value)),
            cell(number(o["tok_s_system"].value)),
            cell(whole(o["replicas"].value)),
            cell(whole(o["systems"].value)),
            cell(percent(o["utilisation"].value)),
        ),
        group=first,
    )


def _fleets(desk: Desk) -> Table:
    columns = (
        Column("System", "", "left", 1.6),
        Column("Classes", "in SLO"),
        Column("Systems", "pooled"),
        Column("Idle", "of them"),
        Column("Racks", ""),
        Column("Power", "IT × PUE"),
        Column("Power cap", "", "left", 1.3),
    )
    rows = []
    for fleet in (f for f in desk.fleets if f.lane == "own"):
        facility = fleet.power_w.value * desk.results.terms.pue.value
        rows.append(
            Row(
                (
                    Cell(
                        text(desk.name(fleet.hardware), desk.notes.cite("E9", [f"{fleet.hardware}:power.system"])),
                        dot=desk.dot(fleet.hardware),
                    ),
                    cell(f"{len(fleet.served)} of {len(desk.mix.classes)}"),
                    desk.counted(fleet.systems),
                    cell(number(fleet.idle_systems)),
                    cell(whole(fleet.racks)),
                    cell(watts(facility)),
                    Cell(text(_cap(desk, facility))),
                )
            )
        )
    return Table(
        "fleets",
        "Owned fleets of one system",
        "Chips of all served classes pooled into whole systems",
        columns,
        tuple(rows),
    )


def _cap(desk: Desk, facility_w: float) -> str:
    cap = desk.mix.power_cap
    if cap is None:
        return "none set"
    return "within" if facility_w <= cap else f"{watts(facility_w - cap)} over"


def _growth(desk: Desk) -> Chart:
    """Owned systems by quarter, each class's replicas scaled with demand at its operating point."""
    horizon = desk.mix.horizon
    assert horizon is not None
    growth = (*horizon.growth_by_month(), horizon.growth_at_end)
    quarters = range(0, horizon.months + 1, 3)
    series = []
    for fleet in (f for f in desk.fleets if f.lane == "own"):
        served = [o for o in desk.results.outcomes if o.hardware == fleet.hardware and o.class_id in fleet.served]
        points = [(_month(horizon.start, m), _systems(desk, served, growth[m])) for m in quarters]
        series.append((desk.name(fleet.hardware), desk.dot(fleet.hardware), points))
    ends = [f"{name} from {whole(p[0][1])} to {whole(p[-1][1])}" for name, _, p in series]
    return Chart(
        "growth",
        f"Demand grows to {number(horizon.growth_at_end)} times today's in {count(horizon.months, 'month')}",
        "Owned systems for the classes each can serve, by quarter; same operating points throughout",
        capacity_steps(series, axis="systems"),
        f"Stepped lines of systems by quarter: {'; '.join(ends)}.",
    )


def _systems(desk: Desk, served: list[Outcome], growth: float) -> float:
    systems = desk.system(served[0].hardware).systems
    chips = dict.fromkeys((system.id for system in systems), 0)
    for o in served:
        wanted = desk.results.wanted(o.class_id)
        assert o.deployment is not None
        per_replica = o["tok_s_replica"].value / wanted.shape.output_mean
        peak = o["requests_s"].value * wanted.demand.peak_factor * growth
        replicas = max(math.ceil(peak / per_replica - 1e-9), 1)
        for name in chips:
            chips[name] += replicas * o.deployment.chips_of(name)
    return float(sum(math.ceil(chips[system.id] / system.profile.chips) for system in systems))


def _month(start: str, later: int) -> str:
    year, month = (int(part) for part in start.split("-"))
    index = year * 12 + month - 1 + later
    return f"{index // 12}-{index % 12 + 1:02d}"
