"""The rules by id, and what all of them find in a profile."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from chipbrief.hardware.lint import dates, evidence, links, memory, money, peaks
from chipbrief.hardware.lint.rule import SEVERITIES, Finding, Rule, Terms

if TYPE_CHECKING:
    from chipbrief.hardware.profile import HardwareProfile

__all__ = ["RULES", "lint"]

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.id: rule
        for rule in (
            Rule("dense-sparse", "error", peaks.dense_sparse),
            Rule("sparse-ratio", "warning", peaks.sparse_ratio),
            Rule("peak-ladder", "warning", peaks.peak_ladder),
            Rule("above-peak", "error", peaks.above_peak),
            Rule("below-peak", "warning", peaks.below_peak),
            Rule("link-both-ways", "error", links.link_both_ways),
            Rule("link-direction", "warning", links.link_direction),
            Rule("gb-gib", "error", memory.gb_gib),
            Rule("driver-memory", "warning", memory.driver_memory),
            Rule("marketed-memory", "error", memory.marketed_memory),
            Rule("memory-note", "warning", memory.memory_note),
            Rule("stream-time", "error", memory.stream_time),
            Rule("sram-sum", "warning", memory.sram_sum),
            Rule("system-sum", "warning", memory.system_sum),
            Rule("power-chips", "error", money.power_chips),
            Rule("power-host", "warning", money.power_host),
            Rule("price-parts", "warning", money.price_parts),
            Rule("price-currency", "warning", money.price_currency),
            Rule("price-date", "warning", dates.price_date),
            Rule("rent-per-chip", "warning", money.rent_per_chip),
            Rule("rent-order", "warning", money.rent_order),
            Rule("token-prices", "warning", money.token_prices),
            Rule("stale-price", "warning", dates.stale_price),
            Rule("stale-figure", "note", dates.stale_figure),
            Rule("future-date", "warning", dates.future_date),
            Rule("claim-computed", "warning", evidence.claim_computed),
            Rule("claim-fitted", "warning", evidence.claim_fitted),
            Rule("third-party", "warning", evidence.third_party),
            Rule("assumed-note", "warning", evidence.assumed_note),
            Rule("derived-note", "warning", evidence.derived_note),
            Rule("range-note", "note", evidence.range_note),
        )
    }
)


def lint(profile: HardwareProfile, terms: Terms) -> tuple[Finding, ...]:
    """What every rule finds in a profile, the worst first; those that a note answers are among them, as accepted."""
    found = [finding for rule in RULES.values() for finding in rule.findings(profile, terms)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))
