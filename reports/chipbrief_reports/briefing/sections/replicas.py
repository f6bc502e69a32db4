"""Replicas and whole systems: each class's deployment on each system, and owned fleets of one system."""

from __future__ import annotations

from chipbrief.evaluate import Outcome
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import Cell, Column, Row, Table, text
from chipbrief_reports.wording import number, percent, watts, whole

__all__ = ["fleets_table", "replicas_table"]


def replicas_table(desk: Desk) -> Table:
    """The deployment of each class on each system."""
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


def fleets_table(desk: Desk) -> Table:
    """Whole systems of one sort for all classes that it carries."""
    columns = (
        Column("System", "", "left", 1.6),
        Column("Classes", "carried"),
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
