"""One page a system in focus: its figures, strengths and limits, what it does in this mix, its place in the field."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chipbrief.evaluate import Outcome
from chipbrief.figures import Figure
from chipbrief.hardware import Hardware, HardwareProfile
from chipbrief_reports.briefing.desk import Desk, absent, cell
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
    text,
)
from chipbrief_reports.briefing.sections.model_error import standing
from chipbrief_reports.charts import FieldMark, FieldRow, field_chart
from chipbrief_reports.wording import count, joined, midsentence, number, price, printed, seconds, whole

__all__ = ["systems"]

_ROWS: tuple[tuple[str, Callable[[HardwareProfile], Figure | None]], ...] = (
    ("Chips in a system", lambda p: p.system.chips),
    ("Memory of a chip", lambda p: p.memory.capacity),
    ("Its bandwidth", lambda p: p.memory.bandwidth),
    ("Dense FP4 of a chip", lambda p: p.compute.dense.get("fp4")),
    ("Dense FP8", lambda p: p.compute.dense.get("fp8")),
    ("Dense INT8", lambda p: p.compute.dense.get("int8")),
    ("Dense 16-bit", lambda p: p.compute.dense.get("bf16") or p.compute.dense.get("fp16")),
    ("Latency a layer", lambda p: p.latency.layer),
    ("Link of a chip or stage", lambda p: p.interconnect.chip or p.interconnect.stage),
    ("Power of a system", lambda p: p.power.system),
    ("Price of a system", lambda p: p.price.system),
)


def systems(desk: Desk) -> tuple[Section, ...]:
    """A page for each system in focus."""
    return tuple(_page(desk, desk.system(name)) for name in desk.focus)


def _page(desk: Desk, hardware: Hardware) -> Section:
    profile = hardware.profile
    right: list[Block] = [
        Bullets("Strengths", tuple(text(s) for s in profile.strengths)),
        Bullets("Limits", tuple(text(s) for s in profile.limitations)),
        Paragraph(text(_verdict(desk, hardware)), heading="In this mix"),
    ]
    blocks: list[Block] = [
        Paragraph(text(f"{profile.summary} ", standing(desk, hardware)), tone="lede"),
        Columns((_profile(desk, hardware),), tuple(right)),
    ]
    if any(o.hardware == hardware.id for o in desk.results.outcomes):
        blocks.append(_classes(desk, hardware))
    blocks += _field(desk, hardware)
    return Section(f"system-{re.sub('[^A-Za-z0-9_-]', '-', hardware.id)}", profile.name, profile.name, tuple(blocks))


def _profile(desk: Desk, hardware: Hardware) -> Table:
    profile = hardware.profile
    names = {id(figure): name for name, (_, figure) in profile.figures.items()}
    found = [(label, figure) for label, pick in _ROWS if (figure := pick(profile))]
    note = desk.notes.cite("", [names[id(figure)] for _, figure in found])
    return Table(
        f"profile-{re.sub('[^A-Za-z0-9_-]', '-', hardware.id)}",
        "Published figures, dense peaks only",
        "Ranges below" if profile.memory.machine == "hbm" else "SRAM bandwidth is a sum of local ports, not HBM's",
        (Column("", "", "left", 1.3), Column("", "", width=1.2)),
        tuple(Row((Cell(text(label)), _figure(figure))) for label, figure in found),
        text("Sources", note, "."),
        dense=True,
    )


def _figure(figure: Figure) -> Cell:
    span = f"{figure.text(figure.lowest)} – {figure.text(figure.highest)}" if figure.ranged else ""
    return Cell(text(printed(figure.text())), printed(span))


# -- in this mix ----------------------------------------------------------------------------------------------


def _verdict(desk: Desk, hardware: Hardware) -> str:
    """What it is chosen for, where it is fastest, and what it does not carry."""
    cheapest, fastest, missed = [], [], []
    for wanted in desk.mix.classes:
        label, offers = midsentence(wanted.label), desk.results.offers(wanted.id)
        served = [o for o in desk.outcomes(wanted.id) if o.metrics and o.status == "meets"]
        mine = desk.results.outcome(wanted.id, hardware.id)
        if offers and offers[0][0].hardware == hardware.id:
            cheapest.append(label)
        if served and max(served, key=lambda o: o["tok_s_user"].value).hardware == hardware.id:
            fastest.append(label)
        if mine.status != "meets":
            missed.append(label)
    parts = [
        f"Cheapest offer for {joined(cheapest)}" if cheapest else "Cheapest offer for no class",
        f"fastest for one user of {joined(fastest)}" if fastest else "fastest for none",
    ]
    if missed:
        parts.append(f"does not carry {joined(missed)}")
    return f"{'; '.join(parts)}."


def _classes(desk: Desk, hardware: Hardware) -> Table:
    columns = (
        Column("Class", "", "left", 1.8),
        Column("Replica", "", "left", 2.2),
        Column("One user", "tok/s", width=0.9),
        Column("First token", "p95", width=1.0),
        Column("System", "tok/s out", width=1.0),
        Column("Energy", "J/token", width=0.9),
        Column("Cheapest", "$/Mtok", width=1.0),
        Column("Rank", "by price", width=0.8),
    )
    rows = tuple(_class(desk, desk.results.outcome(w.id, hardware.id)) for w in desk.mix.classes)
    carried = sum(desk.results.outcome(w.id, hardware.id).status == "meets" for w in desk.mix.classes)
    return Table(
        f"classes-{re.sub('[^A-Za-z0-9_-]', '-', hardware.id)}",
        f"{desk.name(hardware.id)} carries {carried} of {count(len(desk.mix.classes), 'class', 'classes')} at the levels asked for",
        "At the peak, cheapest deployment; rank of its cheapest lane, by the median of the draws",
        columns,
        rows,
        dense=True,
    )


def _class(desk: Desk, o: Outcome) -> Row:
    label = Cell(text(desk.label(o.class_id)))
    if not o.metrics:
        return Row((label, Cell(text("refused"), o.reason, absent=True), *(absent("") for _ in range(6))))
    ranked = list(dict.fromkeys(outcome.hardware for outcome, _ in desk.results.offers(o.class_id)))
    mine = [cost for outcome, cost in desk.results.offers(o.class_id) if outcome is o]
    rank = f"{ranked.index(o.hardware) + 1} of {len(ranked)}" if o.hardware in ranked else ""
    return Row(
        (
            label,
            Cell(text(str(o.deployment)), "" if o.status == "meets" else f"misses: {o.reason}"),
            cell(number(o["tok_s_user"].value)),
            cell(seconds(o["ttft_p95_s"].value)),
            cell(number(o["tok_s_system"].value)),
            cell(number(o["joules_per_token"].value)),
            cell(price(mine[0].usd_mtok.value)) if mine else absent(""),
            cell(rank) if rank else absent(""),
        )
    )


# -- among the field ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Metric:
    """A figure of a whole system, the path of what it stands on, and whether more of it is better."""

    name: str
    path: str
    of: Callable[[HardwareProfile], float | None]
    say: Callable[[float], str]
    more: bool = True


def _peak(profile: HardwareProfile) -> float | None:
    figure = profile.compute.dense.get("bf16") or profile.compute.dense.get("fp16")
    return figure.value * profile.chips if figure else None


_METRICS = (
    _Metric(
        "Memory of a system, GB",
        "memory.capacity",
        lambda p: p.memory.capacity.value * p.chips,
        lambda v: number(v / 1e9, 3),
    ),
    _Metric("16-bit peak of a system, PFLOPS", "compute.dense.bf16", _peak, lambda v: number(v / 1e15, 3)),
    _Metric(
        "Latency a layer, µs",
        "latency.layer",
        lambda p: p.latency.layer.value,
        lambda v: number(v * 1e6, 2),
        more=False,
    ),
    _Metric(
        "Power of a system, kW",
        "power.system",
        lambda p: p.power.system.value,
        lambda v: number(v / 1e3, 3),
        more=False,
    ),
    _Metric(
        "Price of a system, $ thousand",
        "price.system",
        lambda p: p.price.system.value if p.price.sold else None,
        lambda v: number(v / 1e3, 3),
        more=False,
    ),
)


def _field(desk: Desk, hardware: Hardware) -> list[Chart]:
    rows = [row for metric in _METRICS if (row := _place(hardware, desk.field, metric))]
    if not rows:
        return []
    return [
        Chart(
            f"field-{re.sub('[^A-Za-z0-9_-]', '-', hardware.id)}",
            f"{desk.name(hardware.id)} among {whole(len(desk.field))} systems of the registry",
            "Published figures of a whole system, logarithmic, least to most; grey: the others; rank 1 is best",
            field_chart(rows, system=desk.dot(hardware.id), row_height=26),
            "Lines of figures. " + " ".join(f"{row.name}: {row.mine.words}, {row.rank}." for row in rows),
        )
    ]


def _place(hardware: Hardware, field: Sequence[Hardware], metric: _Metric) -> FieldRow | None:
    mine = _mark(hardware, metric)
    if not mine:
        return None
    others = tuple(mark for other in field if other.id != hardware.id and (mark := _mark(other, metric)))
    better = sum((mark.value > mine.value) if metric.more else (mark.value < mine.value) for mark in others)
    return FieldRow(metric.name, mine, others, f"{better + 1} of {len(others) + 1}")


def _mark(hardware: Hardware, metric: _Metric) -> FieldMark | None:
    """A system's own figure with range, source and date; the 16-bit peak under either of its names."""
    profile, value = hardware.profile, metric.of(hardware.profile)
    if not value:
        return None
    names = [profile.figure_id(path) for path in (metric.path, metric.path.replace("bf16", "fp16"))]
    name = next(name for name in names if name in profile.figures)
    figure = profile.figures[name][1]
    times = value / figure.value
    span = f"{metric.say(figure.lowest * times)}–{metric.say(figure.highest * times)}" if figure.ranged else ""
    source = f"{profile.source_of(name).title}, {figure.date}"
    return FieldMark(profile.name, value, metric.say(value), span, source)
