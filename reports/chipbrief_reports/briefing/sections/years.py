"""Cash and P&L of the plan by year."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chipbrief.finance import Year, summed
from chipbrief.fleet import Plan, plan_years
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import Cell, Column, Row, Table, text
from chipbrief_reports.wording import number, percent

__all__ = ["years_table"]

SIZES = ((1e9, "$ billion"), (1e6, "$ million"), (1e3, "$ thousand"), (1.0, "$"))
PLACES = 2
_Amount = Callable[[Year], float]

_CASH: tuple[tuple[str, _Amount], ...] = (
    ("Systems, network and storage", lambda y: y.capex_usd + y.deposit_usd),
    ("Running them", lambda y: sum(y.operating_usd.values())),
    ("Rent", lambda y: y.rent_usd),
    ("Tokens", lambda y: y.api_usd),
    ("Book value at the horizon, residuals", lambda y: -y.residual_usd),
    ("Cash paid", lambda y: -y.cash_flow_usd),
)
_PROFIT: tuple[tuple[str, _Amount], ...] = (
    ("Depreciation, straight-line", lambda y: y.depreciation_usd + y.provision_usd),
    ("Running, rent and tokens", lambda y: sum(y.operating_usd.values()) + y.rent_usd + y.api_usd),
    ("Cost in the P&L", lambda y: y.cost_usd),
    ("Rent still owed at the year's end", lambda y: y.commitment_usd),
)
_LAST = ("Cash paid", "Cost in the P&L")


def years_table(desk: Desk, plan: Plan) -> Table:
    """What the plan pays and what it costs, year by year; rows that are nothing throughout are left out."""
    years = plan_years(desk.results, plan)
    total = summed(years)
    shown = [*years, total]
    size, unit = next(pair for pair in SIZES if max(abs(y.cost_usd) for y in shown) >= pair[0] or pair[0] == 1.0)
    columns = (
        Column("", "", "left", 2.6),
        *(Column(f"Year {y.year}", unit) for y in years),
        Column("All", unit),
    )
    rows = [*_rows("Cash", _CASH, shown, size), *_rows("P&L", _PROFIT, shown, size), _price(shown)]
    rate = percent(float(desk.results.terms.cost_of_capital.value))
    present = sum(y.discounted_usd for y in years) / size
    return Table(
        "years",
        _finding(total, plan, size, unit),
        f"Cash as it is paid, P&L with straight-line depreciation; present value of the cash at {rate}: "
        f"${number(-present, 3)} {unit.removeprefix('$ ')}".rstrip(" $"),
        columns,
        tuple(rows),
        text(
            "What has a life left at the horizon is sold there at book value, so both views add up to the same"
            if total.capex_usd > 0
            else "Cash is discounted at the cost of capital",
            desk.notes.cite("C1", ["finance:economic_life", "finance:residual", "finance:cost_of_capital"]),
            ".",
        ),
        dense=True,
    )


def _finding(total: Year, plan: Plan, size: float, unit: str) -> str:
    if total.capex_usd <= 0:
        return "Cash and P&L are the same: nothing is bought"
    first = f"${number(total.capex_usd / size)} {unit.removeprefix('$ ')}".rstrip(" $")
    return f"{first} of purchases over {len(plan.months)} months, of which the P&L bears what wears out"


def _rows(heading: str, lines: Sequence[tuple[str, _Amount]], years: Sequence[Year], size: float) -> list[Row]:
    """The lines of a view that are anything, the first of them under its heading."""
    kept = [(name, amount) for name, amount in lines if any(abs(amount(year)) > 0.5 for year in years)]
    return [
        Row(
            (
                Cell(text(name if i else f"{heading}: {name[:1].lower()}{name[1:]}"), best=name in _LAST),
                *(_amount(amount(year) / size, best=name in _LAST) for year in years),
            ),
            group=i == 0,
        )
        for i, (name, amount) in enumerate(kept)
    ]


def _amount(value: float, *, best: bool) -> Cell:
    if abs(value) <= 5e-7:
        return absent("")
    told = f"{abs(value):.{PLACES}f}"  # as many places in every cell, so that a column adds up
    sign = "\u2212" if value < 0 else ""
    return cell(f"{sign}{told}" if float(told) else f"<{10.0**-PLACES:g}", best=best)


def _price(years: Sequence[Year]) -> Row:
    prices = [year.usd_mtok for year in years]
    return Row(
        (
            Cell(text("P&L cost, $/Mtok")),
            *(cell(number(usd)) if usd is not None else absent("") for usd in prices),
        ),
        group=True,
    )
