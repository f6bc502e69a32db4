"""The load: classes, lengths, arrivals and service levels."""

from __future__ import annotations

from chipbrief.workload import ServiceLevels, WorkloadClass
from chipbrief_reports.briefing.desk import Desk, cell
from chipbrief_reports.briefing.document import Cell, Chart, Column, Ref, Row, Section, Table, Text, text
from chipbrief_reports.charts import DotRow, day_chart, dot_strip
from chipbrief_reports.wording import THIN, count, midsentence, number, percent, seconds, significant, tokens, whole

__all__ = ["mix"]

_COLUMNS = (
    Column("Class", "", "left", 2.0),
    Column("Model", "", "left", 1.4),
    Column("Input", "tokens, p50", width=1.2),
    Column("Cached", "", width=0.8),
    Column("Output", "tokens, p50", width=1.0),
    Column("Arrivals", "", width=1.2),
    Column("Peak", "× mean", width=0.8),
    Column("Service level", "", "left", 1.7),
)


def mix(desk: Desk) -> Section:
    """What is asked of the hardware."""
    classes = desk.mix.classes
    horizon = desk.mix.horizon
    plan = ""
    if horizon:
        plan = f" The plan begins in {horizon.start} and covers {count(horizon.months, 'month')}."
    return Section(
        "mix",
        "Workload mix",
        f"{count(len(classes), 'class', 'classes')} of work {'asks' if len(classes) == 1 else 'ask'} for {tokens(_total(desk))} tokens a day",
        (
            Table(
                "classes",
                "What arrives, and how fast it must be answered",
                "95th percentiles below the medians; the peak is the busiest hour times its bursts",
                _COLUMNS,
                tuple(_row(desk, wanted) for wanted in classes),
                text(
                    f"{_abbreviations(desk)}Reasoning counts as output.{plan}",
                    *_bases(desk),
                ),
            ),
            _tokens_chart(desk),
            *_day(desk),
        ),
    )


def _bases(desk: Desk) -> list[str | Ref]:
    """One note that says of every class where its numbers come from."""
    told = [f"{wanted.label}: {wanted.basis}." for wanted in desk.mix.classes if wanted.basis]
    short = "Where each class's lengths, volume, hours and levels come from, class by class"
    return [" Sources", desk.notes.say(" ".join(told), short=short), "."] if told else []


def _abbreviations(desk: Desk) -> str:
    """What the service levels' short names mean, those that are used here."""
    levels = [wanted.slo for wanted in desk.mix.classes]
    named = (
        ("TTFT", "time to the first token", any(slo.ttft_p95 is not None for slo in levels)),
        ("TPOT", "time of each further one", any(slo.tpot_p95 is not None for slo in levels)),
        ("E2E", "time to the whole answer", any(slo.e2e_p95 is not None for slo in levels)),
    )
    used = [f"{name}: {meaning}" for name, meaning, is_used in named if is_used]
    return f"{'; '.join(used)}. " if used else ""


def _total(desk: Desk) -> float:
    return sum(desk.tokens_per_day(c.id) for c in desk.mix.classes)


def _row(desk: Desk, wanted: WorkloadClass) -> Row:
    shape = wanted.shape
    cached = percent(shape.cached_fraction) if shape.cached_fraction else "none"
    return Row(
        (
            Cell(text(wanted.label)),
            Cell(text(desk.results.catalogue[wanted.model].name)),
            cell(whole(shape.input_p50), f"p95 {whole(significant(shape.input_p95, 3))}"),
            cell(cached),
            cell(whole(shape.output_p50), f"p95 {whole(significant(shape.output_p95, 3))}{_reasoning(wanted)}"),
            _arrivals(wanted),
            cell(number(wanted.demand.peak_factor, 3)),
            Cell(_levels(wanted.slo)),
        )
    )


def _reasoning(wanted: WorkloadClass) -> str:
    share = wanted.tokens.output.reasoning_share
    return f", {percent(share)} reasoning" if share else ""


def _arrivals(wanted: WorkloadClass) -> Cell:
    arrival = wanted.arrival
    if arrival.tokens_per_day is not None:
        return cell(tokens(arrival.tokens_per_day), "tokens a day")
    if arrival.requests_per_day is not None:
        return cell(tokens(arrival.requests_per_day), "requests a day")
    assert arrival.concurrent_users is not None
    return cell(whole(arrival.concurrent_users), "users at once")


def _levels(slo: ServiceLevels) -> Text:
    named = (("TTFT", slo.ttft_p95), ("TPOT", slo.tpot_p95), ("E2E", slo.e2e_p95), ("done in", slo.deadline))
    words = [f"{name}\u00a0{seconds(limit, 3).replace(' ', THIN)}" for name, limit in named if limit is not None]
    return text(", ".join(words) or "none")


def _day(desk: Desk) -> list[Chart]:
    """The leading class over the day beside what is provisioned for it; nothing where the mix does not tell its hours."""
    wanted = desk.results.wanted(desk.leading)
    hours, offers = wanted.arrival.hours, desk.results.offers(desk.leading)
    mean = wanted.demand.mean_requests_s
    if hours is None or mean is None or not offers:
        return []
    peak, (outcome, cost) = mean * wanted.demand.peak_factor, offers[0]
    levels = [("mean", mean), ("busiest minute", peak)]
    title = f"{wanted.label} is bought by the token: nothing stands idle at night"
    if cost.lane != "api":
        capacity = mean / outcome["utilisation"].value
        levels.append((f"provisioned, {desk.offer_name(outcome.hardware, cost)}", capacity))
        title = (
            f"What carries the peak of {midsentence(wanted.label)} is used to {percent(mean / capacity)} over the day"
        )
    return [
        Chart(
            "day",
            title,
            f"Requests a second of {midsentence(wanted.label)} by hour of the day, UTC",
            day_chart([mean * load for load in hours], levels, axis="requests/s", source=wanted.basis or ""),
            f"Requests a second by hour of the day, from {number(mean * min(hours))} to {number(mean * max(hours))}; "
            + ", ".join(f"{name} {number(value)}" for name, value in levels)
            + ".",
        )
    ]


def _tokens_chart(desk: Desk) -> Chart:
    rows = [row for wanted in desk.mix.classes for row in _token_dots(desk, wanted)]
    share = desk.tokens_per_day(desk.leading) / _total(desk)
    return Chart(
        "tokens-by-class",
        f"{desk.label(desk.leading)} is {percent(share)} of all tokens"
        if len(desk.mix.classes) > 1
        else f"{tokens(_total(desk))} tokens a day, by kind",
        "Tokens a day by class, logarithmic: new input (circle), cached input (square), output (triangle)",
        dot_strip(rows, axis="tokens a day", row_height=18),
        "Dot strip of tokens a day by class. "
        + " ".join(f"{c.label}: {tokens(desk.tokens_per_day(c.id))} in all." for c in desk.mix.classes),
    )


def _token_dots(desk: Desk, wanted: WorkloadClass) -> list[DotRow]:
    shape = wanted.shape
    requests = desk.tokens_per_day(wanted.id) / (shape.input_mean + shape.output_mean)
    cached = requests * shape.input_mean * shape.cached_fraction
    parts = {
        "new input": requests * shape.input_mean - cached,
        "cached input": cached,
        "output": requests * shape.output_mean,
    }
    return [
        DotRow(
            wanted.label,
            value,
            i,
            tokens(value),
            name=name,
            source=wanted.basis or "",
            words=f"{tokens(value)} tokens a day",
            lane=name,
        )
        for i, (name, value) in enumerate(parts.items())
        if value > 0
    ]
