"""The results of a run, and their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chipbrief.catalogue import Catalogue
from chipbrief.evaluate.case import figures_of
from chipbrief.evaluate.outcome import LaneCost, Outcome
from chipbrief.evaluate.pareto import on_frontier, price_at_capacity
from chipbrief.evaluate.search import Candidate
from chipbrief.figures import Figure, Source
from chipbrief.finance import LANES, Finance, FinanceTerms
from chipbrief.hardware import Hardware
from chipbrief.registry import PluginRecord
from chipbrief.workload import WorkloadClass, WorkloadMix

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Results"]

EVERY = 4  # of the loads that are beaten, one in so many is listed


def _typical(outcome: Outcome, cost: LaneCost) -> float:
    """The median of the draws of an offer [USD/Mtok]; the list price itself for an API."""
    draws = outcome.draws.get(cost.lane)
    if draws is None:
        return cost.usd_mtok.value
    return cost.usd_mtok.value * float(np.median(draws)) / cost.usd_month.value


@dataclass(frozen=True)
class Results:
    """Every outcome of a mix, with what it came from."""

    mix: WorkloadMix
    systems: tuple[Hardware, ...]
    outcomes: tuple[Outcome, ...]
    frontiers: Mapping[tuple[str, str], Sequence[Candidate]]
    terms: FinanceTerms
    catalogue: Catalogue
    missing: tuple[PluginRecord, ...]
    as_of: str
    samples: int
    seed: int

    @property
    def dropped(self) -> tuple[PluginRecord, ...]:
        """Those of the missing whose models failed in the run, with the systems that are missing for it."""
        return tuple(record for record in self.missing if record.hardware)

    @property
    def left_out(self) -> frozenset[str]:
        """Ids of the systems whose models failed in the run."""
        return frozenset(name for record in self.dropped for name in record.hardware)

    def outcome(self, class_id: str, hardware: str) -> Outcome:
        """The outcome of a class on a system."""
        return next(o for o in self.outcomes if (o.class_id, o.hardware) == (class_id, hardware))

    def of_class(self, class_id: str) -> list[Outcome]:
        """The outcomes of a class, in the order of the systems."""
        return [o for o in self.outcomes if o.class_id == class_id]

    def system(self, hardware: str) -> Hardware:
        """A system of the run by id."""
        return next(h for h in self.systems if h.id == hardware)

    def wanted(self, class_id: str) -> WorkloadClass:
        """A class of the mix by id."""
        return next(c for c in self.mix.classes if c.id == class_id)

    def offers(self, class_id: str) -> list[tuple[Outcome, LaneCost]]:
        """Every way to serve a class within its service levels, on a system or from the API of its vendor.

        Cheapest first, by the median of the draws [USD/Mtok]: a plan is sized at the inputs' values, and most draws
        need as much or more. Users in flight become more tokens on a faster system, so dollars a month do not rank.
        """
        found = [
            (outcome, cost)
            for outcome in self.of_class(class_id)
            for cost in outcome.lanes
            if outcome.status == "meets"
        ]
        return sorted(found, key=lambda offer: (_typical(*offer), offer[0].hardware, offer[1].lane))

    # -- tables ----------------------------------------------------------------------------------------------

    def points_table(self) -> pd.DataFrame:
        """One row a class and system: status, deployment and every metric with its 80 % interval."""
        import pandas as pd

        rows = []
        for o in self.outcomes:
            row: dict[str, Any] = {
                "class": o.class_id,
                "hardware": o.hardware,
                "model": o.model,
                "status": o.status,
                "reason": o.reason,
                "deployment": str(o.deployment) if o.deployment else "",
                "precision": o.deployment.decode.precision.name if o.deployment else "",
                "chips_per_replica": o.deployment.chips if o.deployment else None,
            }
            for name, value in o.metrics.items():
                row |= {name: value.value, f"{name}_low": value.low, f"{name}_high": value.high}
            rows.append(row | {"equations": " ".join(o.trail.equations)})
        return pd.DataFrame(rows)

    def costs_table(self) -> pd.DataFrame:
        """One row a class, system and lane: dollars a month and by token class."""
        import pandas as pd

        rows = [
            {
                "class": o.class_id,
                "hardware": o.hardware,
                "lane": cost.lane,
                "provider": cost.note,
                "usd_month": cost.usd_month.value,
                "usd_month_low": cost.usd_month.low,
                "usd_month_high": cost.usd_month.high,
                "usd_mtok": cost.usd_mtok.value,
                "usd_mtok_low": cost.usd_mtok.low,
                "usd_mtok_high": cost.usd_mtok.high,
                "usd_mtok_input": cost.usd_mtok_input,
                "usd_mtok_cached": cost.usd_mtok_cached,
                "usd_mtok_output": cost.usd_mtok_output,
                "equations": " ".join(cost.trail.equations),
                "figures": " ".join(cost.trail.figures),
            }
            for o in self.outcomes
            for cost in o.lanes
        ]
        return pd.DataFrame(rows)

    def lines_table(self) -> pd.DataFrame:
        """One row a system, lane and cost line of a system-hour at full load, with its coefficient and drivers."""
        import pandas as pd

        finance = Finance.from_terms(self.terms)
        rows = [
            {
                "hardware": hardware.id,
                "lane": lane,
                "line": line.id,
                "usd_per_system_hour": float(line.usd_per_hour),
                "coefficient": float(line.coefficient),
                "drivers": " ".join(f"{d.name}={float(d.value):.6g}" for d in line.drivers),
                "equation": line.equation,
                "figures": " ".join(line.figures),
            }
            for hardware in self.systems
            for lane in LANES
            for line in hardware.cost.lines(lane, finance, 1.0)
        ]
        return pd.DataFrame(rows)

    def frontier_table(self) -> pd.DataFrame:
        """One row a class, system, deployment and load: speed, chips and price, before any service level.

        `pareto` marks what no other load of the class on the system beats in tok/s/user, tok/s/chip and USD/Mtok; of
        the loads that are beaten every fourth is listed.
        """
        import pandas as pd

        parts = []
        finance = Finance.from_terms(self.terms)
        for (class_id, name), candidates in self.frontiers.items():
            shape, hardware = self.wanted(class_id).shape, self.system(name)
            marks = on_frontier(hardware, candidates, shape, finance)
            for candidate, pareto in zip(candidates, marks, strict=True):
                op = candidate.operation
                chips = candidate.deployment.chips
                listed = np.isfinite(op.ttft_p95_s) & (pareto | (np.arange(len(pareto)) % EVERY == 0))
                parts.append(
                    pd.DataFrame(
                        {
                            "class": class_id,
                            "hardware": name,
                            "deployment": str(candidate.deployment),
                            "chips_per_replica": chips,
                            "batch": op.batch,
                            "ttft_p95_s": op.ttft_p95_s,
                            "tpot_s": op.tpot_s,
                            "tpot_p95_s": op.tpot_p95_s,
                            "e2e_p95_s": op.e2e_p95_s,
                            "tok_s_user": op.tok_s_user,
                            "tok_s_chip": op.requests_s * shape.output_mean / chips,
                            "chips": np.broadcast_to(candidate.economics.chips, np.shape(op.batch)),
                            "usd_mtok_capacity": price_at_capacity(hardware, candidate, shape, finance),
                            "pareto": pareto,
                        }
                    )[listed]
                )
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def figures(self) -> dict[str, tuple[Figure, Source]]:
        """Every Figure of the systems and the finance terms, by id, with its source."""
        found: dict[str, tuple[Figure, Source]] = {}
        for hardware in self.systems:
            for name, figure in figures_of(hardware, self.terms).items():
                own = name.startswith("finance:")
                found[name] = (figure, self.terms.sources[figure.source] if own else hardware.profile.source_of(name))
        return found

    def inputs_table(self) -> pd.DataFrame:
        """One row a Figure: value, range, kind, date and source."""
        import pandas as pd

        rows = [
            {
                "figure": name,
                "value": figure.text(),
                "low": figure.text(figure.lowest) if figure.ranged else "",
                "high": figure.text(figure.highest) if figure.ranged else "",
                "value_si": figure.value,
                "si_unit": figure.dimension.si,
                "kind": figure.kind,
                "date": figure.date,
                "source": source.title,
                "locator": source.locator,
                "note": figure.note or "",
            }
            for name, (figure, source) in self.figures().items()
        ]
        return pd.DataFrame(rows)
