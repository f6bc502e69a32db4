"""The lanes as text: a row a system and lane, what is left out and why, then cash and P&L by year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chipbrief_reports.cli.command import Document
from chipbrief_reports.cli.compare_text import MARK
from chipbrief_reports.cli.output import table
from chipbrief_reports.cli.years_text import before, scale, years_table
from chipbrief_reports.wording import THIN, joined, number

__all__ = ["text"]

LANES = {
    "own": "own",
    "rent": "rent",
    "rent_three_years": "rent 3 y",
    "rent_one_year": "rent 1 y",
    "rent_on_demand": "on demand",
    "api": "API",
}
LANE = (
    "system",
    "lane",
    "carries",
    ">systems",
    ">capex",
    ">net cash",
    ">owed",
    ">P&L",
    ">PV",
    ">C1",
    ">P&L/Mtok",
    ">C1/Mtok",
)


def text(document: Document) -> str:
    """All of it, with a heading each."""
    parts = [f"{document['title']}\n{_given(document)}"]
    if not document["lanes"]:
        parts.append("No system carries any class within its service levels.")
    else:
        parts.append(_lanes(document))
    parts += [*_left_out(document), *_by_year(document)]
    if document["unmeasured"]:
        parts.append(f"{MARK} no measured point behind it")
    return "\n\n".join(parts).replace(THIN, ",")


def _given(document: Document) -> str:
    horizon, sold = document["horizon"], document["sold_at_usd_mtok"]
    said = [
        f"{horizon['months']} months from {horizon['start']}",
        f"demand x {number(horizon['growth_by_month'][-1], 3)} in the last",
        f"as of {document['as_of']}",
        f"{document['rates']} rates",
    ]
    return ", ".join([*said, *([f"tokens sold at {sold:.4g} USD/Mtok"] if sold else [])])


def _lanes(document: Document) -> str:
    totals = [lane["total"] for lane in document["lanes"] if lane["total"]]
    size, unit = scale(max(abs(total["levelised_cost_usd"]) for total in totals))
    rows = [_row(document, lane, size) for lane in document["lanes"]]
    rate = document["terms"]["cost_of_capital"]
    return (
        f"Each system alone over the horizon, {unit} and USD/Mtok; least levelised cost (C1) first\n"
        f"{table(LANE, rows)}\n"
        f"owed: rent of contracts beyond the horizon, in no other column; PV: net cash discounted at {rate} a year"
    )


def _row(document: Document, lane: dict[str, Any], size: float) -> tuple[str, ...]:
    own = next(other for other in document["lanes"] if other["system"] == lane["system"]) is lane
    name = _marked(lane["system"], document) if own else ""
    total = lane["total"]
    if total is None:
        return (name, LANES[lane["lane"]], lane["reason"], *("-",) * (len(LANE) - 3))
    amounts = (
        total["capex_usd"] + (total["deposit_usd"] if lane["lane"] == "own" else 0.0),
        lane["net_cash_usd"],
        total["commitment_usd"],
        lane["pl_cost_usd"],
        lane["present_value_usd"],
        lane["levelised_cost_usd"],
    )
    return (
        name,
        LANES[lane["lane"]],
        f"{len(lane['served'])} of {len(document['classes'])}",
        _systems(lane["systems_by_month"]),
        *(number(usd / size, 3) if usd else "-" for usd in amounts),
        number(lane["pl_usd_mtok"], 3),
        number(lane["levelised_usd_mtok"], 3),
    )


def _systems(by_month: dict[str, list[float]]) -> str:
    """Systems of all sorts in the first month and in the last, `22 to 63`; rented ones by their chips."""
    if not by_month:
        return "-"
    first, last = (sum(counts[t] for counts in by_month.values()) for t in (0, -1))
    said = [f"{count:,.0f}" if count == round(count) else f"{count:,.1f}" for count in (first, last)]
    return " to ".join(dict.fromkeys(said))


def _left_out(document: Document) -> Iterator[str]:
    lines = [
        line for name in dict.fromkeys(lane["system"] for lane in document["lanes"]) for line in _of(name, document)
    ]
    for system, reasons in document["carry_nothing"].items():
        lines += _said(system, {(name, reason): [] for name, reason in reasons.items()}, document)
    if lines:
        yield "Left out, and why\n" + "\n".join(f"  {line}" for line in lines)


def _of(system: str, document: Document) -> Iterator[str]:
    """What the lanes of a system leave out, without what the table says already."""
    lanes = [lane for lane in document["lanes"] if lane["system"] == system]
    where: dict[tuple[str, str], list[str]] = {}
    for lane in lanes:
        for name, reason in lane["left_out"].items():
            if not reason.startswith(lane["reason"] or "\n"):
                where.setdefault((name, reason), []).append(LANES[lane["lane"]])
    whole = {key: among if len(among) < len(lanes) else [] for key, among in where.items()}
    yield from _said(system, whole, document)


def _said(system: str, where: dict[tuple[str, str], list[str]], document: Document) -> Iterator[str]:
    """The same reason once: for which classes, and in which lanes where not in all."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (name, reason), lanes in where.items():
        alike.setdefault((reason, tuple(lanes)), []).append(name)
    for (reason, among), names in alike.items():
        of = f", {joined(among)}" if among else ""
        without = "" if names == document["classes"] else f", without {joined(names)}"
        yield f"{system}{of}{without}: {reason}"


def _by_year(document: Document) -> Iterator[str]:
    lanes = {(lane["system"], lane["lane"]): lane for lane in document["lanes"]}
    for chosen in document["by_year"]:
        lane = lanes[chosen["system"], chosen["lane"]]
        title = f"{_marked(lane['system'], document)}, {LANES[lane['lane']]}: cash and P&L by year"
        yield years_table(title, lane["years"], lane["total"])
    if any(chosen["lane"] == "own" for chosen in document["by_year"]) and document["horizon"]["before_months"]:
        yield before(document["horizon"]["before_months"])


def _marked(system: str, document: Document) -> str:
    return f"{system} {MARK}" if system in document["unmeasured"] else system
