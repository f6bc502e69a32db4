"""The plan as text: what to do in one sentence, then tables by quarter, of routes and of what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chipbrief_reports.cli.command import Document
from chipbrief_reports.cli.output import table
from chipbrief_reports.cli.years_text import before, years_table
from chipbrief_reports.wording import THIN, count, joined, number, percent

__all__ = ["headline", "text"]

MARK = "(*)"
LANES = {"own": "own", "rent": "rent", "api": "by the token"}
QUARTER = (
    "months",
    ">USD",
    ">capex USD",
    "owned at the end",
    "rented chips",
    ">MW",
    ">racks",
    ">busy",
    ">idle chips",
    ">API USD",
)
ROUTE = ("class", "goes to", "lane", ">share", "reaches", "why")
BESIDE = ("fleet", ">USD", ">saving", ">capex USD", ">MW", "leaves out")
SHOWN_SHARE = 0.005


def text(document: Document) -> str:
    """All of it, with a heading each."""
    horizon, solver = document["horizon"], document["solver"]
    parts = [
        f"{document['title']}\n{horizon['months']} months from {horizon['start']}, as of {document['as_of']}, "
        f"gap {percent(solver['gap'])}, {document['samples']} samples, seed {solver['seed']}"
    ]
    parts.append(headline(document))
    parts += [
        *_quarters(document),
        *_years(document),
        *_routes(document),
        *_beside(document),
        *_cases(document),
        *_failed(document),
    ]
    if document["unmeasured"]:
        parts.append(f"{MARK} no measured point behind it")
    return _plain("\n\n".join(parts))


def headline(document: Document) -> str:
    """What to buy, rent and buy by the token, what that costs, and what it saves."""
    plan = document["plan"]
    if plan is None:
        return "No fleet carries this mix."
    last = document["months"][-1]
    deeds = [part for part in (_bought(document), _rented(last), _tokens(document)) if part]
    usd = plan["usd_range"]
    cost = f"{_usd(usd['value'])} over the horizon (80 % range {_usd(usd['low'])} to {_usd(usd['high'])})"
    sentence = f"{_capital('; '.join(deeds) or 'nothing to do')}: {cost}{_saving(document)}."
    if plan["carried_share"] < 0.9995:
        sentence += f" It carries {percent(plan['carried_share'])} of the tokens asked for; the caps leave the rest."
    if plan["gap"] > document["solver"]["gap"]:
        sentence += f" The search stopped before the gap: a plan may be up to {plan['gap']:.1%} cheaper."
    return sentence


def _bought(document: Document) -> str:
    total: dict[str, int] = {}
    for month in document["months"]:
        for fleet in month["fleets"]:
            total[fleet["system"]] = total.get(fleet["system"], 0) + fleet["bought"]
    named = [f"{units:,} {_marked(name, document)}" for name, units in total.items() if units]
    return f"buy {joined(named)}" if named else ""


def _rented(month: dict[str, Any]) -> str:
    named = [
        f"{_chips(sum(fleet['rented_chips'].values()))} of {fleet['system']}"
        for fleet in month["fleets"]
        if fleet["rented_chips"]
    ]
    return f"rent {joined(named)} by the end" if named else ""


def _tokens(document: Document) -> str:
    whole = [r["class"] for r in document["routes"] if r["lane"] == "api" and r["share"] > 0.5]
    some = any(r["lane"] == "api" and SHOWN_SHARE < r["share"] <= 0.5 for r in document["routes"])
    if whole and set(whole) == {r["class"] for r in document["routes"] if r["share"] > SHOWN_SHARE} and not some:
        return "buy tokens"
    if whole:
        return f"buy the tokens of {joined(whole)}"
    return "buy tokens at the margin" if some else ""


def _saving(document: Document) -> str:
    plan = document["plan"]
    name, saving = plan["best_single_vendor"], plan["saving_usd"]
    if name is None:
        return "; no single vendor carries all of it"
    if saving <= 0.0:
        return f"; {name} alone costs no more"
    return f", {_usd(saving)} ({percent(plan['saving_share'])}) less than {name} alone"


# -- tables ---------------------------------------------------------------------------------------------------


def _quarters(document: Document) -> Iterator[str]:
    months = document["months"]
    rows = [_quarter(months[first : first + 3]) for first in range(0, len(months), 3)]
    if rows:
        yield f"By quarter; capex is of what goes live (months with --json)\n{table(QUARTER, rows)}"


def _quarter(months: list[dict[str, Any]]) -> tuple[str, ...]:
    last = months[-1]
    name = last["month"] if len(months) == 1 else f"{months[0]['month']} to {last['month']}"
    owned = [f"{units:,} {system}" for system, units in last["owned"].items()]
    rented = [
        f"{_chips(sum(f['rented_chips'].values()), bare=True)} {f['system']}"
        for f in last["fleets"]
        if f["rented_chips"]
    ]
    busy = [_busy(fleet, named=len(last["fleets"]) > 1) for fleet in last["fleets"]]
    return (
        name,
        number(sum(m["usd"] for m in months), 3),
        number(sum(m["capex_usd"] for m in months), 3),
        ", ".join(owned) or "-",
        ", ".join(rented) or "-",
        f"{last['power_w'] / 1e6:,.2f}",
        f"{last['racks']:,}",
        ", ".join(busy) or "-",
        f"{sum(f['idle_chips'] for f in last['fleets']):,.0f}",
        number(sum(m["usd_by_line"]["api"] for m in months), 3),
    )


def _years(document: Document) -> Iterator[str]:
    if document["years"]:
        said = before(document["years_before_months"] if document["plan"]["capex_usd"] else 0)
        found = years_table("Cash and P&L by year", document["years"], document["years_total"])
        yield f"{found}\n{said}".rstrip()


def _busy(fleet: dict[str, Any], *, named: bool) -> str:
    """Mean load of a system's chips, owned ones where there are any, with its name beside others."""
    load = fleet["utilisation"] if fleet["live"] else fleet["rented_utilisation"]
    return f"{load:.0%} {fleet['system']}" if named else f"{load:.0%}"


def _routes(document: Document) -> Iterator[str]:
    rows = [
        (r["class"], _marked(r["system"], document), LANES[r["lane"]], percent(r["share"]), r["reaches"], r["why"])
        for r in document["routes"]
        if r["share"] > SHOWN_SHARE
    ]
    if rows:
        yield f"Routes over all months; prices with no chip idle\n{table(ROUTE, rows)}"


def _beside(document: Document) -> Iterator[str]:
    rows = []
    for other in document["alternatives"]:
        plan, saving = other["plan"], other["saving_usd"]
        rows.append(
            (
                other["name"],
                number(plan["usd"], 3) if plan else "-",
                number(saving, 3) if saving is not None else "-",
                number(plan["capex_usd"], 3) if plan else "-",
                f"{plan['power_w'] / 1e6:,.2f}" if plan else "-",
                ", ".join(other["unserved"]) or ("" if plan else "does not fit the caps"),
            )
        )
    if rows:
        yield f"Beside it\n{table(BESIDE, rows)}"


def _cases(document: Document) -> Iterator[str]:
    lines = []
    for key, name in (
        ("delay", "Tranches delayed"),
        ("tranches_low", "Tranches at their low end"),
        ("tranches_high", "Tranches at their high end"),
    ):
        if document[key]:
            lines.append(f"{name}, planned again: {_case(document[key])}")
    power = document["one_more_mw"]
    if power:
        worth = f"{_usd(power['saving_usd'])} over the horizon" if power["saving_usd"] else "nothing"
        lines.append(
            f"One more MW is worth {worth} (solved again; plans are known to within {_usd(power['within_gap_usd'])})"
        )
    if lines:
        yield "\n".join(lines)


def _case(case: dict[str, Any]) -> str:
    plan = case["plan"]
    said = "no fleet" if plan is None else _usd(plan["usd"])
    if plan and case["more_usd"] is not None:
        said += f", {_usd(case['more_usd'])} more"
    if plan and plan["carried_share"] < 0.9995:
        said += f" for {percent(plan['carried_share'])} of the tokens"
    if case["owned_at_end"]:
        said += f", {joined([f'{units:,} {name}' for name, units in case['owned_at_end'].items()])} at the end"
    return f"{said}; {'; '.join(case['missing'])}" if case["missing"] else said


def _failed(document: Document) -> Iterator[str]:
    lines = [*document["unserved"].values(), *document["missing"]]
    for name, reasons in document["reasons"].items():
        if name not in document["unserved"]:
            lines += [f"{name} not on {system}: {reason}" for system, reason in reasons.items()]
    if lines:
        yield "What fails, and why\n" + "\n".join(f"  {line}" for line in lines)


# -- words ----------------------------------------------------------------------------------------------------


def _usd(value: float) -> str:
    for size, name in ((1e9, " billion"), (1e6, " million")):
        if abs(value) >= size:
            return f"{number(value / size, 3)}{name} USD"
    return f"{number(value, 3)} USD"


def _chips(chips: float, *, bare: bool = False) -> str:
    return f"{round(chips):,}" if bare else count(round(chips), "chip")


def _marked(system: str, document: Document) -> str:
    return f"{system} {MARK}" if system in document["unmeasured"] else system


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _plain(text: str) -> str:
    """Commas for thin spaces: a terminal's columns are cut at spaces."""
    return text.replace(THIN, ",")
