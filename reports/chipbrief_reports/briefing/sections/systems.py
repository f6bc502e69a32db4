"""The systems side by side, and each one's strengths and limits."""

from __future__ import annotations

from collections.abc import Callable

from chipbrief.figures import Figure
from chipbrief.hardware import HardwareProfile
from chipbrief_reports.briefing.desk import Desk, absent
from chipbrief_reports.briefing.document import Block, Bullets, Cell, Column, Paragraph, Ref, Row, Section, Table, text
from chipbrief_reports.briefing.sections.model_error import standing

__all__ = ["systems"]

_ROWS: tuple[tuple[str, Callable[[HardwareProfile], Figure | None]], ...] = (
    ("Chips that work in a system", lambda p: p.system.chips),
    ("Memory of a chip", lambda p: p.memory.capacity),
    ("Its bandwidth", lambda p: p.memory.bandwidth),
    ("Dense FP4 of a chip", lambda p: p.compute.dense.get("fp4")),
    ("Dense FP8", lambda p: p.compute.dense.get("fp8")),
    ("Dense INT8", lambda p: p.compute.dense.get("int8")),
    ("Dense 16-bit", lambda p: p.compute.dense.get("bf16") or p.compute.dense.get("fp16")),
    ("Latency a layer, one chip", lambda p: p.latency.layer),
    ("Link of a chip or stage", lambda p: p.interconnect.chip or p.interconnect.stage),
    ("Power of a system", lambda p: p.power.system),
    ("Price of a system", lambda p: p.price.system),
)


def systems(desk: Desk) -> Section:
    """Profiles from the registry."""
    found = [desk.system(name) for name in desk.focus]
    columns = (Column("", "", "left", 1.5), *(Column(h.profile.name, "", "left", 1.4) for h in found))
    sources = Row((Cell(text("Sources")), *[Cell(text("note", _sources(desk, h.profile))) for h in found]), group=True)
    rows = tuple(
        Row((Cell(text(label)), *[_cell(h.profile, pick) for h in found]))
        for label, pick in _ROWS
        if any(pick(h.profile) for h in found)
    )
    table = Table(
        "profiles",
        "Published figures, dense peaks only",
        "Bandwidth of SRAM is a sum of local ports: it does not compare with HBM's as a speed-up",
        columns,
        (*rows, sources),
    )
    blocks: list[Block] = [table]
    for hardware in found:
        p = hardware.profile
        blocks.append(Paragraph(text(f"{p.summary} ", standing(desk, hardware)), heading=p.name))
        blocks.append(Bullets("Strengths", tuple(text(s) for s in p.strengths)))
        blocks.append(Bullets("Limits", tuple(text(s) for s in p.limitations)))
    return Section("systems", "Systems", "The machines compared", tuple(blocks))


def _sources(desk: Desk, profile: HardwareProfile) -> Ref:
    """One note for all Figures of a column."""
    names = {id(figure): name for name, (_, figure) in profile.figures.items()}
    return desk.notes.cite("", [names[id(figure)] for _, pick in _ROWS if (figure := pick(profile))])


def _cell(profile: HardwareProfile, pick: Callable[[HardwareProfile], Figure | None]) -> Cell:
    figure = pick(profile)
    if figure is None:
        return absent("")
    span = f"{figure.text(figure.lowest)} – {figure.text(figure.highest)}" if figure.ranged else ""
    return Cell(text(figure.text()), span)
