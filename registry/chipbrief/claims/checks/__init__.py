"""The checks: one table, in the order in which their rulings are printed."""

from collections.abc import Mapping
from types import MappingProxyType

from chipbrief.claims.checks.arithmetic import product, ratio, speed_limit
from chipbrief.claims.checks.capacity import capacity
from chipbrief.claims.checks.cost import cost
from chipbrief.claims.checks.evidence import measured, model
from chipbrief.claims.checks.facts import date_order, fact, latest
from chipbrief.claims.checks.latency import implied_rate, implied_ttft, linear_fit
from chipbrief.claims.checks.machine import chip_or_system, number_format, profile, sparse_or_dense
from chipbrief.claims.checks.power import energy, operating_cost, site_power, site_value
from chipbrief.claims.checks.users import aggregate, load
from chipbrief.claims.rulings import Check

__all__ = ["CHECKS"]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        check.name: check
        for check in (
            Check("implied-rate", implied_rate),
            Check("implied-ttft", implied_ttft),
            Check("linear-fit", linear_fit),
            Check("ratio", ratio),
            Check("speed-limit", speed_limit),
            Check("product", product),
            Check("aggregate", aggregate),
            Check("load", load),
            Check("cost", cost),
            Check("operating-cost", operating_cost),
            Check("site-power", site_power),
            Check("site-value", site_value),
            Check("energy", energy),
            Check("capacity", capacity),
            Check("profile", profile),
            Check("chip-or-system", chip_or_system),
            Check("sparse-or-dense", sparse_or_dense),
            Check("number-format", number_format),
            Check("measured", measured),
            Check("model", model),
            Check("fact", fact),
            Check("latest", latest),
            Check("date-order", date_order),
        )
    }
)
