"""Cash and P&L by year, as data and as a table: a row a line, a column a year, and the whole horizon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chipbrief_reports.cli.output import table
from chipbrief_reports.wording import count, number

if TYPE_CHECKING:
    from chipbrief.finance import Year

__all__ = ["before", "scale", "years_document", "years_table"]

ACROSS = 6  # years beside one another
_SCALES = ((1e9, "billion USD"), (1e6, "million USD"), (1e3, "thousand USD"), (1.0, "USD"))
LEAST = 5e-4  # of the unit: less is printed as nothing
_Get = Callable[[Mapping[str, Any]], float] | None  # None where the row is a heading
_Row = tuple[str, _Get]


# -- as data --------------------------------------------------------------------------------------------------


def years_document(years: Sequence[Year], start: str, months: int) -> dict[str, Any]:
    """`years`, and `total` over all of them; None where there is none. Names carry the unit.

    Args:
        years: of a yearly view.
        start: first month of the horizon, such as 2026-12.
        months: of the horizon.
    """
    from chipbrief.finance import summed
    from chipbrief.fleet.problem import month_name

    def span(first: int, last: int) -> dict[str, str]:
        return {"first_month": month_name(start, first), "last_month": month_name(start, min(last, months) - 1)}

    return {
        "years": [{"year": y.year} | span(12 * y.year - 12, 12 * y.year) | _amounts(y) for y in years],
        "total": span(0, months) | _amounts(summed(years)) if years else None,
    }


def _amounts(year: Year) -> dict[str, Any]:
    return {
        "capex_usd": year.capex_usd,
        "deposit_usd": year.deposit_usd,
        "operating_usd_by_line": dict(year.operating_usd),
        "rent_usd": year.rent_usd,
        "api_usd": year.api_usd,
        "residual_usd": year.residual_usd,
        "decommissioning_usd": year.decommissioning_usd,
        "revenue_usd": year.revenue_usd,
        "tax_usd": year.tax_usd,
        "cash_flow_usd": year.cash_flow_usd,
        "discounted_cash_flow_usd": year.discounted_usd,
        "depreciation_usd": year.depreciation_usd,
        "provision_usd": year.provision_usd,
        "pl_cost_usd": year.cost_usd,
        "book_value_usd": year.book_value_usd,
        "capital_recovery_usd": year.levelised_usd,
        "levelised_cost_usd": year.levelised_cost_usd,
        "commitment_usd": year.commitment_usd,
        "mtok": year.mtok,
        "pl_usd_mtok": year.usd_mtok,
    }


# -- as text --------------------------------------------------------------------------------------------------


def scale(usd: float) -> tuple[float, str]:
    """What to divide by so that an amount has few digits, and the name of the unit."""
    return next(((size, name) for size, name in _SCALES if abs(usd) >= size), _SCALES[-1])


def before(months: int) -> str:
    """What the first year holds besides its twelve months, as a sentence; empty where that is nothing."""
    if not months:
        return ""
    return f"Year 1 holds the {count(months, 'month')} before it too, in which systems are delivered and not yet live."


def years_table(title: str, years: Sequence[Mapping[str, Any]], total: Mapping[str, Any]) -> str:
    """The years with a heading; what is paid is positive, what is received negative, rows of zeros are left out."""
    rows = [(row, _most(row, [*years, total])) for row in _rows(total)]
    size, unit = scale(max(usd for _, usd in rows))
    kept = [row for row, usd in rows if usd >= LEAST * size or row[1] is None]
    parts = [f"{title}, {unit}"]
    for first in range(0, len(years), ACROSS):
        some = list(years[first : first + ACROSS])
        columns = [*some, *([total] if first + ACROSS >= len(years) else [])]
        headings = [
            "",
            *(f">to {year['last_month']}" for year in some),
            *([">all"] if len(columns) > len(some) else []),
        ]
        parts.append(table(headings, [_cells(row, columns, size) for row in kept] + list(_tokens(columns))))
    return "\n".join(parts)


def _most(row: _Row, years: Sequence[Mapping[str, Any]]) -> float:
    """Size of the largest amount of a row; 0 for a heading."""
    get = row[1]
    return max(abs(get(year)) for year in years) if get else 0.0


def _cells(row: _Row, years: Sequence[Mapping[str, Any]], size: float) -> tuple[str, ...]:
    label, get = row
    return (label, *((_fixed(get(year) / size) if get else "") for year in years))


def _fixed(amount: float) -> str:
    """With so many places that a column can be added up."""
    return "-" if abs(amount) < LEAST else f"{amount:,.3f}".replace("-", "\u2212")


def _tokens(years: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    yield ("  Million tokens", *(number(year["mtok"], 3) for year in years))
    prices = [year["pl_usd_mtok"] for year in years]
    yield ("  P&L cost, USD/Mtok", *("-" if price is None else number(price, 3) for price in prices))


def _rows(total: Mapping[str, Any]) -> Iterator[_Row]:
    """Every line that there may be."""
    running = [_running(line) for line in total["operating_usd_by_line"]]
    bought = [_row("  Rent", "rent_usd"), _row("  Tokens bought", "api_usd")]
    yield "Cash", None
    yield _row("  Systems, network and storage", "capex_usd")
    yield _row("  Deposits", "deposit_usd")
    yield from (*running, *bought)
    yield _row("  Decommissioning", "decommissioning_usd")
    yield _row("  Tax", "tax_usd")
    yield _row("  Residual, book value at the end", "residual_usd", -1.0)
    yield _row("  Revenue", "revenue_usd", -1.0)
    yield _row("  Net cash paid", "cash_flow_usd", -1.0)
    yield _row("  Present value", "discounted_cash_flow_usd", -1.0)
    yield "P&L", None
    yield _row("  Depreciation", "depreciation_usd")
    yield _row("  Provision for decommissioning", "provision_usd")
    yield from (*running, *bought)
    yield _row("  Cost before tax", "pl_cost_usd")
    if total["revenue_usd"]:
        yield "  Profit after tax", lambda year: year["revenue_usd"] - year["pl_cost_usd"] - year["tax_usd"]
    yield "Also", None
    yield _row("  Levelised cost (C1), as it is due", "levelised_cost_usd")
    yield _row("  Book value", "book_value_usd")
    yield _row("  Rent still owed", "commitment_usd")


def _row(label: str, name: str, sign: float = 1.0) -> _Row:
    return label, lambda year: sign * year[name]


def _running(line: str) -> _Row:
    label = line.replace("_", " ")
    return f"  {label[:1].upper()}{label[1:]}", lambda year: year["operating_usd_by_line"].get(line, 0.0)
