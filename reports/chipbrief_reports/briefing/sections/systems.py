"""The systems side by side, and each one's strengths and limits."""

from __future__ import annotations

from collections.abc import Callable

from chipbrief.figures import Figure
from chipbrief.hardware import HardwareProfile
from chipbrief_reports.briefing.desk import Desk, absent
from chipbrief_reports.briefing.document import Block, Bullets, Cell, Column, Paragraph, Row, Section, Table, text

__all__ = ["systems"]

_ROWS: tuple[tuple[str, Callable[[HardwareProfile], Figure | None], str], ...] = (
    ("Chips that work in a system", lambda p: p.system.chips, "system.chips"),
    ("Memory of a chip", lambda p: p.memory.capacity, "memory.capacity"),
    ("Its bandwidth", lambda p: p.memory.bandwidth, "memory.bandwidth"),
    ("Dense FP4 of a chip", lambda p: p.compute.dense.get("fp4"), "compute.dense.fp4"),
    ("Dense FP8", lambda p: p.compute.dense.get("fp8"), "compute.dense.fp8"),
    ("Dense INT8", lambda p: p.compute.dense.get("int8"), "compute.dense.int8"),
    ("Dense 16-bit", lambda p: p.compute.dense.get("bf16") or p.compute.dense.get("fp16"), "compute.dense.16"),
    ("Latency a layer, one chip", lambda p: p.latency.layer, "latency.layer"),
    ("Link of a chip or stage", lambda p: p.interconnect.chip or p.interconnect.stage, "interconnect"),
    ("Power of a system", lambda p: p.power.system, "power.system"),
    ("Price of a system", lambda p: p.price.system, "price.system"),
)


def systems(desk: Desk) -> Section:
    """Profiles from the registry."""
    found = [desk.system(name) for name in desk.focus]
    columns = (Column("", "", "left", 1.5), *(Column(h.profile.name, "", "left", 1.4) for h in found))
    rows = tuple(
        Row((Cell(text(label)), *[_cell(desk, h.profile, pick, path) for h in found]))
        for label, pick, path in _ROWS
        if any(pick(h.profile) for h in found)
    )
    table = Table(
        "profiles",
        "Published figures, dense peaks only",
        "Bandwidth of SRAM is a sum of local ports: it does not compare with HBM's as a speed-up",
        columns,
        rows,
    )
    blocks: list[Block] = [table]
    for hardware in found:
        p = hardware.profile
        blocks.append(Paragraph(text(p.summary), heading=p.name))
        blocks.append(Bullets("Strengths", tuple(text(s) for s in p.strengths)))
        blocks.append(Bullets("Limits", tuple(text(s) for s in p.limitations)))
    return Section("systems", "Systems", "The machines compared", tuple(blocks))


def _cell(desk: Desk, profile: HardwareProfile, pick: Callable[[HardwareProfile], Figure | None], path: str) -> Cell:
    figure = pick(profile)
    if figure is None:
        return absent("")
    if path == "compute.dense.16":
        path = "compute.dense.bf16" if "bf16" in profile.compute.dense else "compute.dense.fp16"
    if path == "interconnect":
        path = "interconnect.chip" if profile.interconnect.chip else "interconnect.stage"
    span = f"{figure.text(figure.lowest)} – {figure.text(figure.highest)}" if figure.ranged else ""
    return Cell(text(figure.text(), desk.notes.cite("", [f"{profile.id}:{path}"])), span)
