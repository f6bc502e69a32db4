"""What all of it stands on: model against observation, method, limits, and every input with its source."""

from __future__ import annotations

from typing import Literal

import numpy as np

from chipbrief.errors import ChipbriefError
from chipbrief.figures import Figure, Source
from chipbrief.hardware import Hardware, Observation
from chipbrief.ledger import RULES
from chipbrief_reports.briefing.desk import Desk
from chipbrief_reports.briefing.document import (
    Block,
    Bullets,
    Cell,
    Chart,
    Column,
    Columns,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    text,
)
from chipbrief_reports.briefing.notes import KINDS
from chipbrief_reports.briefing.sections.claims import claims
from chipbrief_reports.briefing.sections.cost import anchors_table
from chipbrief_reports.briefing.sections.model_error import error_sentence, error_table
from chipbrief_reports.briefing.sections.replicas import fleets_table, replicas_table
from chipbrief_reports.charts import DotRow, dot_strip
from chipbrief_reports.wording import count, number, percent, printed

__all__ = ["evidence"]

LIMITS = (
    "The plan has no speculation (E7) and no disaggregation (E10) of one sort of chip; arrivals at the peak are random (E8).",
    "Speeds of SRAM machines are fitted to single streams; their throughput under load is a model without measurements behind it.",
    "Prefix caches are taken as resident: neither their memory nor their loading is charged.",
    "Deployments are searched in steps: at most eight scale-up domains, or 64 chips a layer; larger ones are refused.",
    "Prompt tokens are taken to stream through an SRAM pipeline one behind another, with all stages at work.",
    "Intervals of the plan draw the inputs' ranges and the model's own error on unseen points; no draw chooses the deployment again.",
)


def evidence(desk: Desk) -> tuple[Section, ...]:
    """For the sceptic; claims that were audited come first."""
    points = _points(desk)
    blocks: list[Block] = [Paragraph(error_sentence(desk))]
    if desk.error.points:
        blocks.append(error_table(desk))
    if points:
        blocks.append(_chart(desk, points))
    blocks += [
        replicas_table(desk),
        anchors_table(desk),
        *([fleets_table(desk)] if any(fleet.lane == "own" for fleet in desk.fleets) else []),
        Columns(
            (Bullets("How speed and power are computed", _rules("E")),),
            (
                Bullets("How cost is computed", _rules("C")),
                Bullets("Limitations", tuple(text(m) for m in LIMITS)),
            ),
        ),
        Paragraph(
            text(
                "The inputs and this document's data are written beside it, in data/: change a value in the mix or in a "
                f"profile, build again, and compare. Built by chipbrief as of {desk.results.as_of}, "
                f"{count(desk.results.samples, 'draw')}, seed {desk.results.seed}."
            ),
            heading="How to reproduce this document",
        ),
        _inputs(desk),
    ]
    return (*claims(desk.audits), Section("evidence", "Evidence", _title(desk), tuple(blocks)))


def _rules(letter: str) -> tuple[Text, ...]:
    """The equations whose number begins so, in words."""
    return tuple(text(f"{name}: {rule}.") for name, rule in RULES.items() if name.startswith(letter))


_Point = tuple[Hardware, Observation, float]


def _points(desk: Desk) -> list[_Point]:
    """Observed single-stream speeds with what the model says at the smallest deployment that serves alone."""
    found = []
    for hardware in desk.results.systems:
        for seen in hardware.profile.observed:
            speed = _modelled(desk, hardware, seen)
            if speed is not None:
                found.append((hardware, seen, speed))
    return found


def _modelled(desk: Desk, hardware: Hardware, seen: Observation) -> float | None:
    """Fastest single stream that the model finds for an architecture, at 1,024 tokens of context."""
    try:
        architecture = desk.results.catalogue[seen.model]
        precision = architecture.precision(hardware.profile.formats.serving)
        deployments = hardware.throughput.deployments(architecture, precision, 2048.0)
    except ChipbriefError:
        return None
    return max(
        float(1.0 / np.ravel(hardware.throughput.decode_step_s(architecture, d, 1.0, 1024.0))[0]) for d in deployments
    )


def _claimed(seen: Observation) -> bool:
    return seen.speed.kind not in ("third_party_measured", "vendor_measured")


def _title(desk: Desk) -> str:
    whole = desk.error.whole
    if whole.median is None:
        return "Every input, with its source"
    middle = "" if whole.covered == 1 else " in the median"
    points = count(whole.covered, "measured point")
    return f"The model is off by {percent(whole.median)}{middle} on {points} that it was not fitted to"


def _chart(desk: Desk, points: list[_Point]) -> Chart:
    rows: list[DotRow] = []
    words = []
    for hardware, seen, speed in points:
        line = f"{seen.model} on {hardware.profile.chip}"
        dot = desk.dot(hardware.id)
        if not any(r.line == line and r.fill == "hollow" for r in rows):
            model = f"modelled by {desk.model_words(hardware.id)}"
            rows.append(DotRow(line, speed, dot, "", fill="hollow", name="modelled", source=model))
        claimed = _claimed(seen)
        label = _label(seen, [other for system, other, _ in points if system is hardware])
        rows.append(_seen(hardware, seen, line, dot, label))
        words.append(
            f"{line}: {number(seen.speed.value, 3)} {'claimed' if claimed else 'measured'}"
            f"{' and fitted to' if seen.fitted else ''}, {number(speed)} modelled."
        )
    refs = [
        desk.notes.cite("", [f"{h.id}:observed.{i}.speed" for i in range(len(h.profile.observed))])
        for h in desk.results.systems
        if h.profile.observed
    ]
    return Chart(
        "observed",
        f"{sum(0.8 <= v / o.speed.value <= 1.25 for _, o, v in points)} of {len(points)} published speeds lie within a quarter of the model's",
        "tok/s of one user: measured solid, modelled hollow, claimed crossed; logarithmic",
        dot_strip(rows, axis="tok/s/user", row_height=22),
        "Dot strip of speeds. " + " ".join(words),
        text("Single streams that the profiles cite; fitted: went into the constants", *refs, "."),
    )


def _seen(hardware: Hardware, seen: Observation, line: str, dot: int, label: str) -> DotRow:
    """The mark of a published speed, with its source and date behind it."""
    figure, claimed = seen.speed, _claimed(seen)
    source = f"{hardware.profile.sources[figure.source].title}, {figure.date}"
    low, high = (figure.lowest, figure.highest) if figure.ranged else (None, None)
    fill: Literal["crossed", "solid"] = "crossed" if claimed else "solid"
    name = "claimed" if claimed else "measured, fitted to" if seen.fitted else "measured"
    return DotRow(
        line,
        figure.value,
        dot,
        label,
        low,
        high,
        fill,
        name,
        source,
        words=f"{number(figure.value, 3)} tok/s for one user",
    )


def _label(seen: Observation, beside: list[Observation]) -> str:
    """What stands at a mark; marks of a line that were fitted to are counted at the fastest of them."""
    if not seen.fitted:
        return "" if seen.speculative == "no" else f"speculation {seen.speculative}"
    fitted = [other.speed.value for other in beside if other.fitted and other.model == seen.model]
    if seen.speed.value < max(fitted):
        return ""
    return "fitted" if len(fitted) == 1 else f"{len(fitted)} fitted"


def _inputs(desk: Desk) -> Table:
    columns = (
        Column("Input", "", "left", 3.1),
        Column("Value", "", "right", 1.35),
        Column("Range", "", "right", 1.8),
        Column("Kind", "", "left", 1.5),
        Column("Source", "", "left", 3.1),
        Column("Date", "", "left", 1.3),
    )
    figures = desk.results.figures()
    return Table(
        "inputs",
        f"All {len(figures)} inputs",
        "The ids are those of the profiles; notes and addresses are in data/inputs.csv",
        columns,
        tuple(_input_row(name, figure, source) for name, (figure, source) in sorted(figures.items())),
        dense=True,
    )


def _input_row(name: str, figure: Figure, source: Source) -> Row:
    span = f"{figure.text(figure.lowest)} – {figure.text(figure.highest)}" if figure.ranged else ""
    return Row(
        (
            Cell(text(name)),
            Cell(text(printed(figure.text()))),
            Cell(text(printed(span))),
            Cell(text(KINDS[figure.kind])),
            Cell(text(source.title)),
            Cell(text(figure.date)),
        ),
        figure=name,
    )
