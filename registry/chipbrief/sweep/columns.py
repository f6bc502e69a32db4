"""The columns of a row: where it stands on every axis, its metrics, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chipbrief.sweep.axes import Axes
from chipbrief.sweep.bands import banded
from chipbrief.sweep.document import Sweep
from chipbrief.sweep.metrics import METRICS
from chipbrief.sweep.plan import MONEY_AXES

__all__ = ["AXIS_COLUMNS", "Column", "columns_of"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column, its unit (empty for text, 1 for a bare number) and what it holds."""

    name: str
    unit: str
    meaning: str


AXIS_COLUMNS: Mapping[str, Column] = {
    "hardware": Column("hardware", "", "id of the system"),
    "model": Column("model", "", "id of the model"),
    "precision": Column("precision", "", "number format of the weights; of routed experts where they have their own"),
    "chips": Column("chips", "1", "chips of one replica"),
    "deployment": Column("deployment", "", "shape of the replica"),
    "context": Column("context_tokens", "tok", "prompt and answer of a request"),
    "input": Column("input_tokens", "tok", "prompt of a request, cached tokens included"),
    "output": Column("output_tokens", "tok", "answer of a request"),
    "cached_fraction": Column("cached_fraction", "1", "share of the prompt found in the prefix cache"),
    "batch": Column("batch", "1", "running sequences of one replica"),
    "lane": Column("lane", "", "owned, or rented by commitment"),
    "system_price": Column("system_price_usd", "USD", "price of a system"),
    "system_price_factor": Column("system_price_factor", "1", "factor on the price of a system"),
    "system_power": Column("system_power_w", "W", "IT power of a system at full load"),
    "system_power_factor": Column("system_power_factor", "1", "factor on the power of a system"),
    "rent": Column("rent_usd_chip_h", "USD/h", "rent of a chip for an hour"),
    "rent_factor": Column("rent_factor", "1", "factor on the rent of a chip"),
    "economic_life": Column("economic_life_y", "y", "years that a system is paid back in"),
    "cost_of_capital": Column("cost_of_capital", "1/y", "interest"),
    "residual": Column("residual", "1", "share of the price that is left at the end of the life"),
    "pue": Column("pue", "1", "power at the meter over IT power"),
    "electricity": Column("electricity_usd_kwh", "USD/kWh", "price of electricity"),
    "colocation": Column("colocation_usd_kw_month", "USD/kW-month", "price of a kW of IT power"),
    "network_storage": Column("network_storage", "1", "network and storage over the price of the systems"),
    "support": Column("support", "1/y", "support a year over the price of the systems"),
    "software": Column("software_usd_chip_y", "USD/y", "software of a chip"),
    "staff": Column("staff_usd_system_y", "USD/y", "staff of a system"),
    "utilisation": Column("utilisation", "1", "delivered over capacity"),
}
_AMOUNT_OF = {"system_price_factor": "system_price", "system_power_factor": "system_power"}
_MEASURED = Column("measured", "", "whether a measured point of this system stands behind the model")
_OFFERED = Column("offered", "", "whether the replica can be bought or rented in this lane")
_ALWAYS = tuple(AXIS_COLUMNS)[: list(AXIS_COLUMNS).index("lane") + 1]


def money_columns(axes: Axes) -> tuple[str, ...]:
    """The money axes that have a column: those of the file, and the amounts that their factors come to."""
    given = [name for name in MONEY_AXES if axes.given(name)]
    return tuple(name for name in MONEY_AXES if name in given or name in [_AMOUNT_OF.get(g) for g in given])


def columns_of(sweep: Sweep) -> tuple[Column, ...]:
    """Every column of a row, in order."""
    axes = [AXIS_COLUMNS[name] for name in (*_ALWAYS, *money_columns(sweep.axes))]
    metrics = [column for name in sweep.told_metrics for column in _metric_columns(name, sweep.error_bands)]
    return (*axes, *metrics, _MEASURED, _OFFERED)


def _metric_columns(name: str, bands: bool) -> tuple[Column, ...]:
    metric = METRICS[name]
    value = Column(name, metric.unit, metric.meaning)
    if not (bands and banded((name,))):
        return (value,)
    ends = {"low": "10th", "high": "90th"}
    told = "percentile of what may be measured, by the model's cross-validation"
    return value, *(Column(f"{name}_{end}", metric.unit, f"{nth} {told}") for end, nth in ends.items())
