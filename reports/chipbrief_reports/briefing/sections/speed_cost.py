"""How speed and cost trade off on each system for the leading class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chipbrief.evaluate import Footprint, Outcome
from chipbrief.finance import Finance, usd_per_mtok
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import Block, Cell, Chart, Column, Row, Section, Table, text
from chipbrief_reports.briefing.sections.live_costs import live_price
from chipbrief_reports.briefing.sections.roofs import roofs
from chipbrief_reports.charts import FrontierLine, frontier_chart
from chipbrief_reports.wording import joined, midsentence, number, percent, whole

__all__ = ["speed_cost"]

SPEEDS = (25.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


@dataclass(frozen=True, slots=True)
class _Point:
    speed: float
    usd_mtok: float
    live: Mapping[str, Any]


def speed_cost(desk: Desk) -> Section:
    """The frontier, and its price at fixed speeds."""
    wanted = desk.results.wanted(desk.leading)
    frontiers = {h.id: _frontier(desk, h.id) for h in desk.results.systems}
    blocks: list[Block] = []
    if any(frontiers.values()):
        blocks.append(_chart(desk, frontiers))
    blocks += [_table(desk, frontiers), *roofs(desk)]
    return Section(
        "speed-cost",
        "Speed against cost",
        f"What a faster answer costs: {midsentence(wanted.label)} on {desk.results.catalogue[wanted.model].name}",
        tuple(blocks),
    )


def _frontier(desk: Desk, hardware: str) -> list[_Point]:
    """Points that nothing beats in both speed and cost, slowest first."""
    results, shape = desk.results, desk.results.wanted(desk.leading).shape
    finance, system = Finance.from_terms(results.terms), results.system(hardware)
    found: list[_Point] = []
    for candidate in results.frontiers.get((desk.leading, hardware), ()):
        op = candidate.operation
        footprint = Footprint.of(system, candidate.deployment)
        hourly = footprint.usd_h("own", finance, finance.utilisation)
        rate = op.requests_s * (shape.input_mean + shape.output_mean)
        usd = np.ravel(usd_per_mtok(hourly, rate, finance.utilisation))
        found += [
            _Point(float(speed), float(cost), live_price(footprint, float(tokens)))
            for speed, cost, tokens in zip(np.ravel(op.tok_s_user), usd, np.ravel(rate), strict=True)
        ]
    best: list[_Point] = []
    for point in sorted(found, key=lambda p: (-p.speed, p.usd_mtok)):
        if not best or point.usd_mtok < best[-1].usd_mtok:
            best.append(point)
    return best[::-1]


def _chart(desk: Desk, frontiers: dict[str, list[_Point]]) -> Chart:
    slo = desk.results.wanted(desk.leading).slo.tpot_p95
    lines = [
        FrontierLine(
            desk.name(name),
            desk.dot(name),
            tuple((p.speed, p.usd_mtok) for p in points),
            _chosen(desk.results.outcome(desk.leading, name)),
            tuple(p.live for p in points),
            _chosen_live(desk, desk.results.outcome(desk.leading, name)),
        )
        for name, points in frontiers.items()
        if points
    ]
    return Chart(
        "frontier",
        _finding(desk, frontiers),
        "$/Mtok of input and output at capacity, against tok/s for one user; lines are modelled, the mark is the most load within the level",
        frontier_chart(lines, x="tok/s/user", y="$/Mtok", limit=1.0 / slo if slo else None),
        "Lines of cost against speed. "
        + " ".join(
            f"{desk.name(n)}: {number(p[0].usd_mtok)} to {number(p[-1].usd_mtok)} dollars a million tokens at "
            f"{number(p[0].speed)} to {number(p[-1].speed)} tokens a second."
            for n, p in frontiers.items()
            if p
        ),
    )


def _chosen(outcome: Outcome) -> tuple[float, float] | None:
    return (outcome["tok_s_user_at_capacity"].value, outcome["usd_mtok_capacity"].value) if outcome.metrics else None


def _chosen_live(desk: Desk, outcome: Outcome) -> Mapping[str, Any]:
    if not outcome.metrics or outcome.deployment is None:
        return {}
    shape = desk.results.wanted(outcome.class_id).shape
    rate = outcome["tok_s_replica"].value / shape.output_mean * (shape.input_mean + shape.output_mean)
    return live_price(Footprint.of(desk.system(outcome.hardware), outcome.deployment), rate)


def _finding(desk: Desk, frontiers: dict[str, list[_Point]]) -> str:
    ranked = desk.ranked(name for name, points in frontiers.items() if points)
    reach = {name: frontiers[name][-1].speed for name in ranked}
    fastest = max(reach, key=lambda name: reach[name])
    cheapest = min(ranked, key=lambda name: frontiers[name][0].usd_mtok)
    if fastest == cheapest:
        return f"{desk.name(fastest)} is both the fastest for one user and the cheapest at its slowest"
    return f"{desk.name(cheapest)} is cheapest; {desk.name(fastest)} reaches {number(reach[fastest])} tok/s for a user alone"


def _table(desk: Desk, frontiers: dict[str, list[_Point]]) -> Table:
    columns = (Column("System", "", "left", 1.6), *(Column(whole(s), "tok/s/user") for s in SPEEDS))
    cheapest = [min((c for p in frontiers.values() if (c := _at(p, s)) is not None), default=None) for s in SPEEDS]
    rows = []
    for name, points in frontiers.items():
        outcome = desk.results.outcome(desk.leading, name)
        refs = (desk.speed_note(name),) if points else ()
        cells = [
            _cell(points, s, best, outcome.reason if s == SPEEDS[0] else "")
            for s, best in zip(SPEEDS, cheapest, strict=True)
        ]
        rows.append(Row((Cell(text(desk.name(name), *refs), dot=desk.dot(name)), *cells)))
    winners = joined([desk.name(n) for n, p in frontiers.items() if _at(p, SPEEDS[-1]) is not None])
    title = (
        f"At {number(SPEEDS[-1])} tok/s for one user only {winners} remains"
        if winners and " and " not in winners
        else "The price of speed"
    )
    return Table(
        "fixed-speeds",
        title,
        "$/Mtok of input and output at capacity, at least this fast for every user",
        columns,
        tuple(rows),
        text(
            "Cost at capacity, C2: the owned system-hour over all input and output tokens at "
            f"{percent(desk.results.terms.utilisation.value)} utilisation",
            desk.notes.cite("C2", ["finance:utilisation"]),
            ". The plan itself does not assume a utilisation: there it is what the peak leaves.",
        ),
    )


def _at(points: list[_Point], speed: float) -> float | None:
    """Cheapest point that is at least this fast."""
    return next((p.usd_mtok for p in points if p.speed >= speed), None)


def _cell(points: list[_Point], speed: float, best: float | None, reason: str) -> Cell:
    usd = _at(points, speed)
    if usd is None:
        return absent(f"at most {number(points[-1].speed)} tok/s" if points else reason)
    return cell(number(usd), best=usd == best)
