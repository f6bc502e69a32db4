"""On which side of its ridge each system in focus works on the leading class, and how far below its roof."""

from __future__ import annotations

from collections.abc import Mapping

from chipbrief.evaluate import Roofline, roofline
from chipbrief_reports.briefing.desk import Desk
from chipbrief_reports.briefing.document import Chart, text
from chipbrief_reports.charts import RoofLine, RoofPoint, roofline_chart
from chipbrief_reports.spoken import spoken
from chipbrief_reports.wording import joined, midsentence, number, percent

__all__ = ["roofs"]

WAITS = {"memory": "memory", "compute": "arithmetic", "latency": "latency"}
TERA = 1e12
HEIGHT = 180  # pixels: the page holds the frontier and its table too
AXIS_X, AXIS_Y = "FLOP for each byte read", "TFLOP/s"


def roofs(desk: Desk) -> list[Chart]:
    """The roofline of the systems in focus; nothing where none of them serves the leading class on chips of its own."""
    found = {name: line for name in desk.focus if (line := _roofline(desk, name))}
    if not found:
        return []
    label = midsentence(desk.label(desk.leading))
    figures = [f"{name}:{path}" for name, line in found.items() for path in line.roof.figures]
    sram = [name for name in found if desk.system(name).profile.memory.machine == "sram"]
    local = "; bandwidth of SRAM is a sum of local ports" if sram else ""
    return [
        Chart(
            "roofline",
            _finding(desk, found),
            f"{AXIS_Y} of a system against FLOP a byte; lines: published bandwidth and dense peak; marks: {label}, modelled",
            roofline_chart([_line(desk, *pair) for pair in found.items()], x=AXIS_X, y=AXIS_Y, height=HEIGHT),
            f"Rooflines, and where {label} works below them. " + " ".join(_told(desk, *pair) for pair in found.items()),
            text(
                "E1 to E6, at the most load within the level; peaks in the formats in use",
                desk.notes.cite("", figures),
                f"{local}.",
            ),
        )
    ]


def _roofline(desk: Desk, hardware: str) -> Roofline | None:
    wanted, outcome = desk.results.wanted(desk.leading), desk.results.outcome(desk.leading, hardware)
    return roofline(desk.system(hardware), desk.results.catalogue[wanted.model], outcome, wanted.shape)


def _finding(desk: Desk, found: Mapping[str, Roofline]) -> str:
    """`Decode waits for memory on B and for latency on A and C, at 0.4 to 37 % of the roof`."""
    limits = dict.fromkeys(line.limit for line in found.values())
    parts = [
        f"for {WAITS[limit]} on {joined([desk.name(name) for name, line in found.items() if line.limit == limit])}"
        for limit in limits
    ]
    shares = sorted(line.reached(line.decode) for line in found.values())
    low, high = percent(shares[0]), percent(shares[-1])
    reached = f"{low} of its roof" if len(shares) == 1 else f"{low.removesuffix(' %')} to {high} of the roof"
    return f"Decode waits {joined(parts)}, at {reached}"


def _line(desk: Desk, hardware: str, line: Roofline) -> RoofLine:
    phases = [("decode", line.decode), *([("prefill", line.prefill)] if line.prefill else [])]
    source = f"modelled by {desk.model_words(hardware)}"
    points = tuple(RoofPoint(name, at.intensity, at.flop_s / TERA, source) for name, at in phases)
    figures = desk.results.figures()
    mine = [figures[f"{hardware}:{path}"] for path in line.roof.figures]
    spans = [
        f"{spoken(f'{hardware}:{path}')} {figure.text(figure.lowest)} to {figure.text(figure.highest)} a chip"
        for path, (figure, _) in zip(line.roof.figures, mine, strict=True)
        if figure.ranged
    ]
    return RoofLine(
        desk.name(hardware),
        desk.dot(hardware),
        line.roof.bandwidth_bytes_s / TERA,
        line.roof.peak_flop_s / TERA,
        points,
        "; ".join(spans),
        "; ".join(dict.fromkeys(f"{source.title}, {figure.date}" for figure, source in mine)),
    )


def _told(desk: Desk, hardware: str, line: Roofline) -> str:
    roof, name = line.roof, desk.name(hardware)
    prefill = ""
    if line.prefill:
        prefill = f", prefill {number(line.prefill.flop_s / TERA)} at {number(line.prefill.intensity)}"
    return (
        f"{name}: {number(roof.bandwidth_bytes_s / TERA)} TB/s, peak {number(roof.peak_flop_s / TERA)} TFLOP/s, ridge at "
        f"{number(roof.ridge)} FLOP a byte; decode {number(line.decode.flop_s / TERA)} TFLOP/s at "
        f"{number(line.decode.intensity)} FLOP a byte, {percent(line.reached(line.decode))} of its roof{prefill}."
    )
