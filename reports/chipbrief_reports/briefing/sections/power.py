"""Output for power: tokens a second and megawatt, joules a token."""

from __future__ import annotations

from chipbrief.evaluate import Outcome
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import Cell, Chart, Column, Paragraph, Row, Section, Table, text
from chipbrief_reports.charts import DotRow, dot_strip
from chipbrief_reports.wording import joined, number

__all__ = ["power"]


def power(desk: Desk) -> Section:
    """At full load, from the systems' maximum power."""
    return Section(
        "power",
        "Power",
        _title(desk),
        (
            *([_chart(desk)] if any(_served(desk, c.id) for c in desk.mix.classes) else []),
            _table(desk),
            Paragraph(
                text(
                    "E9: IT power of a full system over its output tokens at capacity, times PUE where a megawatt is utility "
                    "power. These are provisioned figures: no measured energy a token is in the registry yet.",
                    desk.notes.cite("", ["finance:pue"]),
                ),
                tone="small",
            ),
        ),
    )


def _served(desk: Desk, class_id: str) -> list[Outcome]:
    return [o for o in desk.outcomes(class_id) if o.metrics]


def _title(desk: Desk) -> str:
    crowned = desk.ranked(o.hardware for w in desk.mix.classes for o in _served(desk, w.id))
    best = {
        w.id: min(found, key=lambda o: o["joules_per_token"].value).hardware
        for w in desk.mix.classes
        if (found := [o for o in _served(desk, w.id) if o.hardware in crowned])
    }
    wins = {name: sum(1 for h in best.values() if h == name) for name in dict.fromkeys(best.values())}
    ranked = sorted(wins, key=lambda name: -wins[name])
    if not ranked:
        return "No system serves this mix"
    if len(desk.mix.classes) == 1:
        return f"Least energy a token: {desk.name(ranked[0])}"
    if len(ranked) == 1 and wins[ranked[0]] == len(desk.mix.classes):
        return f"Least energy a token: {desk.name(ranked[0])} in every class"
    if len(ranked) > 2 and len(ranked) == len(desk.mix.classes):
        return "Least energy a token: another system in every class"
    words = [f"{desk.name(n)} in {wins[n]}" for n in ranked]
    return f"Least energy a token: {joined(words)} of {len(desk.mix.classes)} classes"


def _chart(desk: Desk) -> Chart:
    rows = [
        DotRow(
            w.label,
            v.value,
            desk.dot(o.hardware),
            f"{number(v.value)} {desk.name(o.hardware)}",
            v.low,
            v.high,
            "hollow",
            desk.name(o.hardware),
            f"E9: maximum power of a system, {_power_source(desk, o.hardware)}; speed by {desk.model_words(o.hardware)}",
            lane=o.hardware,
        )
        for w in desk.mix.classes
        for o in _served(desk, w.id)
        for v in [o["joules_per_token"]]
    ]
    return Chart(
        "joules",
        "Energy of an output token at the chosen operating points",
        "J of IT energy a token at full load, modelled, with 80 % intervals; logarithmic",
        dot_strip(rows, axis="J/token", row_height=34),
        "Dot strip of joules a token. " + " ".join(f"{r.line}: {r.label}." for r in rows),
    )


def _power_source(desk: Desk, hardware: str) -> str:
    """Title and date of what says how much a system draws."""
    profile = desk.system(hardware).profile
    figure = profile.power.system
    return f"{profile.source_of(profile.figure_id('power.system')).title}, {figure.date}"


def _table(desk: Desk) -> Table:
    pue = desk.results.terms.pue.value
    columns = (
        Column("Class", "", "left", 1.8),
        *(Column(desk.name(h.id), "tok/s/MW, output") for h in desk.results.systems),
    )
    rows = []
    for wanted in desk.mix.classes:
        values = {o.hardware: 1e6 / (o["joules_per_token"].value * pue) for o in _served(desk, wanted.id)}
        best = max(values.values(), default=0.0)
        cells = []
        for o in desk.outcomes(wanted.id):
            if o.hardware not in values:
                cells.append(absent(o.reason))
                continue
            value = values[o.hardware]
            refs = (desk.notes.cite("E9", [f"{o.hardware}:power.system"]),)
            cells.append(cell(number(value), "", *refs, best=value == best))
        rows.append(Row((Cell(text(wanted.label)), *cells)))
    return Table(
        "per-megawatt",
        "Output tokens a second for a megawatt of utility power",
        "At capacity, PUE included",
        columns,
        tuple(rows),
    )
