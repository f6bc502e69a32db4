"""How long an answer takes, by class and by length."""

from __future__ import annotations

from chipbrief.evaluate import Outcome
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import Block, Cell, Chart, Column, Columns, Row, Section, Table, text
from chipbrief_reports.charts import HALF, DotRow, LengthLine, crossovers, dot_strip, leads, length_chart
from chipbrief_reports.wording import joined, midsentence, number, seconds, whole

__all__ = ["latency"]

LENGTHS = (500, 2000, 10000)
LINES_HEIGHT = 120  # pixels: the page holds the classes too


def latency(desk: Desk) -> Section:
    """Times at the chosen operating points, which carry the peak."""
    return Section(
        "latency",
        "Latency",
        _title(desk),
        (*([_chart(desk)] if _served(desk) else []), _table(desk), _by_length(desk)),
    )


def _served(desk: Desk) -> list[Outcome]:
    return [o for o in desk.results.outcomes if o.metrics]


def _title(desk: Desk) -> str:
    crowned = desk.ranked(o.hardware for o in _served(desk))
    fastest = {
        wanted.id: min(found, key=lambda o: o["e2e_p50_s"].value).hardware
        for wanted in desk.mix.classes
        if (found := [o for o in desk.outcomes(wanted.id) if o.metrics and o.hardware in crowned])
    }
    wins = {name: sum(1 for h in fastest.values() if h == name) for name in dict.fromkeys(fastest.values())}
    if not wins:
        return "No system serves this mix"
    best = max(wins, key=lambda name: wins[name])
    if wins[best] == len(desk.mix.classes):
        return f"{desk.name(best)} answers first" + (" in every class" if len(desk.mix.classes) > 1 else "")
    return f"{desk.name(best)} answers first in {wins[best]} of {len(desk.mix.classes)} classes"


def _chart(desk: Desk) -> Chart:
    rows = [
        DotRow(
            desk.label(o.class_id),
            o["e2e_p50_s"].value,
            desk.dot(o.hardware),
            f"{seconds(o['e2e_p50_s'].value)} {desk.name(o.hardware)}",
            o["e2e_p50_s"].low,
            o["e2e_p50_s"].high,
            "hollow",
            desk.name(o.hardware),
            f"modelled by {desk.model_words(o.hardware)}",
            words=seconds(o["e2e_p50_s"].value),
            lane=o.hardware,
        )
        for o in sorted(_served(desk), key=lambda o: [c.id for c in desk.mix.classes].index(o.class_id))
    ]
    widest, label = _widest(desk)
    return Chart(
        "e2e",
        f"The gap is widest for {midsentence(label)}: {number(widest)} times" if widest else "Time to the whole answer",
        "Seconds to the whole answer, median request, at peak load; modelled, with 80 % intervals; logarithmic",
        dot_strip(rows, axis="seconds", row_height=28),
        "Dot strip of seconds to a whole answer. " + " ".join(f"{r.line}: {r.label}." for r in rows),
    )


def _widest(desk: Desk) -> tuple[float, str]:
    ratios = []
    for wanted in desk.mix.classes:
        times = [o["e2e_p50_s"].value for o in desk.outcomes(wanted.id) if o.metrics]
        if len(times) > 1:
            ratios.append((max(times) / min(times), wanted.label))
    return max(ratios, default=(0.0, ""))


def _table(desk: Desk) -> Table:
    columns = (
        Column("Class", "", "left", 1.9),
        Column("System", "", "left", 1.4),
        Column("TTFT", "p95, s"),
        Column("TPOT", "ms"),
        Column("One user", "tok/s"),
        Column("Answer", "p50, s"),
        Column("Answer", "p95, s"),
        Column("Level kept", "", "left", 1.7),
    )
    rows = []
    for wanted in desk.mix.classes:
        for i, outcome in enumerate(desk.outcomes(wanted.id)):
            rows.append(_row(desk, outcome, first=i == 0))
    return Table(
        "latencies",
        "Times at the operating point that carries the peak",
        "TTFT: to the first token; TPOT: each further one; answer: their sum; arrivals are random, waits included (E8)",
        columns,
        tuple(rows),
        dense=True,
    )


def _row(desk: Desk, o: Outcome, *, first: bool) -> Row:
    head = Cell(text(desk.label(o.class_id) if first else ""))
    who = Cell(
        text(desk.name(o.hardware), *([desk.speed_note(o.hardware)] if o.metrics else [])), dot=desk.dot(o.hardware)
    )
    if not o.metrics:
        return Row((head, who, *[absent("") for _ in range(5)], Cell(text("refused"), o.reason)), group=first)
    verdict = Cell(text("yes")) if o.status == "meets" else Cell(text("no"), o.reason)
    return Row(
        (
            head,
            who,
            cell(number(o["ttft_p95_s"].value)),
            cell(number(o["tpot_s"].value * 1e3)),
            cell(number(o["tok_s_user"].value)),
            cell(number(o["e2e_p50_s"].value)),
            cell(number(o["e2e_p95_s"].value)),
            verdict,
        ),
        group=first,
    )


# -- by length ------------------------------------------------------------------------------------------------


def _by_length(desk: Desk) -> Block:
    """The lines of the systems in focus beside everybody's times at three lengths."""
    lines = [
        LengthLine(
            desk.name(o.hardware),
            desk.dot(o.hardware),
            o["ttft_p50_s"].value,
            o["tpot_s"].value,
            f"modelled by {desk.model_words(o.hardware)}",
        )
        for o in desk.outcomes(desk.leading)
        if o.metrics and o.hardware in desk.focus
    ]
    return Columns((_lines_chart(desk, lines),), (_lengths(desk),)) if lines else _lengths(desk)


def _lines_chart(desk: Desk, lines: list[LengthLine]) -> Chart:
    met = crossovers(lines, LENGTHS[-1])
    spec = length_chart(lines, longest=LENGTHS[-1], height=LINES_HEIGHT, width=HALF)
    return Chart(
        "answer-times",
        _leading(lines, all(o.hardware in desk.focus for o in desk.outcomes(desk.leading) if o.metrics)),
        f"Seconds against tokens of the answer; {midsentence(desk.label(desk.leading))}",
        spec,
        f"Lines of seconds against tokens of the answer, 1 to {whole(LENGTHS[-1])}. "
        + " ".join(
            f"{line.name}: {seconds(line.first_s)} to the first token, {seconds(line.each_s)} for each further one."
            for line in lines
        )
        + "".join(f" From {whole(c.first)} tokens on {c.ahead.name} is ahead of {c.behind.name}." for c in met),
    )


def _leading(lines: list[LengthLine], everybody: bool) -> str:
    """`DGX B200 is ahead up to 12 tokens, CS-3 from 13 on`; not every system has a line where there are many."""
    among = "" if everybody or len(lines) == 1 else "Of these, "
    (_, first), *later = leads(lines, LENGTHS[-1])
    if not later:
        return f"{among}{first.name} is ahead at every length" if len(lines) > 1 else f"{first.name} by length"
    until = later[0][0] - 1
    others = joined([f"{line.name} from {whole(start)} on" for start, line in later])
    return f"{among}{first.name} is ahead up to {whole(until)} {'token' if until == 1 else 'tokens'}, {others}"


def _lengths(desk: Desk) -> Table:
    """Time to answers of fixed length in the leading class, first token included."""
    columns = (Column("System", "", "left", 1.4), *(Column(whole(n), "tokens, s") for n in LENGTHS))
    rows, times = [], {}
    for o in desk.outcomes(desk.leading):
        who = Cell(text(desk.name(o.hardware)), dot=desk.dot(o.hardware))
        if not o.metrics:
            rows.append(Row((who, *[absent(o.reason if i == 0 else "") for i in range(len(LENGTHS))])))
            continue
        times[o.hardware] = [o["ttft_p50_s"].value + o["tpot_s"].value * (n - 1) for n in LENGTHS]
        rows.append(Row((who, *[cell(number(t)) for t in times[o.hardware]])))
    return Table(
        "lengths",
        _crossover(desk, times),
        f"Seconds, first token included; {midsentence(desk.label(desk.leading))}",
        columns,
        tuple(rows),
    )


def _crossover(desk: Desk, times: dict[str, list[float]]) -> str:
    winners = [min(times, key=lambda name: times[name][i]) for i in range(len(LENGTHS))] if times else []
    if not winners:
        return "No system serves the leading class"
    if len(set(winners)) == 1:
        return f"{desk.name(winners[0])} is first at all three lengths"
    return joined([f"{desk.name(w)} leads at {whole(n)}" for w, n in zip(winners, LENGTHS, strict=True)]) + " tokens"
