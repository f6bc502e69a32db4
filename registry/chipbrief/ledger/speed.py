"""How fast and how many: the lines of one class on one system, from its arrivals to its systems and watts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chipbrief.evaluate import Footprint, Outcome, OutcomeMetric
from chipbrief.finance import FinanceTerms
from chipbrief.hardware import Hardware, Trail
from chipbrief.ledger.entry import Entry
from chipbrief.ledger.equations import RULES
from chipbrief.ledger.given import given_id
from chipbrief.workload import WorkloadClass

__all__ = ["speed"]

_LENGTHS = ("input_mean", "input_p95", "cached_fraction", "output_mean", "output_p95")

# label, unit, and which models give it, for what no single line of arithmetic does
_MODELLED: Mapping[OutcomeMetric, tuple[str, str, str]] = {
    "batch": ("running batch at the peak", "", "both"),
    "batch_at_capacity": ("running batch at the most load that keeps the levels", "", "both"),
    "ttft_p50_s": ("TTFT, median", "s", "prefill"),
    "ttft_p95_s": ("TTFT, 95th percentile", "s", "prefill"),
    "tpot_s": ("time per output token, mean", "s", "decode"),
    "tpot_p95_s": ("time per output token, 95th percentile", "s", "decode"),
    "e2e_p50_s": ("whole request, median", "s", "both"),
    "e2e_p95_s": ("whole request, 95th percentile", "s", "both"),
    "tok_s_user_at_capacity": ("speed of a user at the most load", "tok/s", "decode"),
    "tok_s_replica": ("output of a replica within the levels", "tok/s", "both"),
    "usd_mtok_capacity": ("owned price at capacity, at the assumed use", "USD/Mtok", "price"),
    "joules_per_token": ("IT energy of an output token at full load", "J", "energy"),
}


def speed(outcome: Outcome, hardware: Hardware, wanted: WorkloadClass) -> Iterator[Entry]:
    """The lines of an outcome that has an operating point, money apart."""
    lines = _Lines(outcome, hardware, wanted)
    yield from lines.modelled()
    yield from lines.speeds()
    yield from lines.sizes()


class _Lines:
    """The lines of one outcome; ids are `class.system.metric`."""

    def __init__(self, outcome: Outcome, hardware: Hardware, wanted: WorkloadClass) -> None:
        assert outcome.deployment is not None
        self.outcome, self.hardware, self.wanted = outcome, hardware, wanted
        self.deployment = outcome.deployment
        self.where = f"of {wanted.id} on {hardware.id}"

    def id(self, name: str) -> str:
        return f"{self.outcome.class_id}.{self.outcome.hardware}.{name}"

    def of_mix(self, name: str) -> str:
        return given_id(self.wanted.id, name)

    def entry(
        self,
        name: OutcomeMetric,
        label: str,
        unit: str,
        equations: tuple[str, ...] = (),
        formula: str = "",
        inputs: tuple[str, ...] = (),
        figures: tuple[str, ...] = (),
    ) -> Entry:
        value = self.outcome[name]
        return Entry(
            id=self.id(name),
            label=f"{label} {self.where}",
            value=value.value,
            unit=unit,
            span=value,
            equations=tuple(sorted(equations, key=list(RULES).index)),
            formula=formula,
            inputs=inputs,
            figures=figures,
        )

    def modelled(self) -> Iterator[Entry]:
        """What the physics gives."""
        for name, (label, unit, part) in _MODELLED.items():
            trail = _trail(self.outcome, self.hardware, part)
            inputs = (*map(self.of_mix, _LENGTHS), f"model:{self.outcome.model}.active_parameters")
            if name != "batch_at_capacity":
                inputs = (*inputs, self.id("batch_at_capacity"))
            yield self.entry(name, label, unit, trail.equations, inputs=inputs, figures=trail.figures)

    def speeds(self) -> Iterator[Entry]:
        """What follows from a replica's speed."""
        chips = self.deployment.chips
        yield self.entry("tok_s_user", "speed of a user", "tok/s", ("E5",), "1 / {0}", (self.id("tpot_s"),))
        replica = (self.id("tok_s_replica"),)
        yield self.entry("tok_s_chip", "output of a chip", "tok/s", (), f"{{0}} / {chips}", replica)
        share = Footprint.of(self.hardware, self.deployment).parts[-1].systems
        yield self.entry("tok_s_system", "output of a system", "tok/s", (), f"{{0}} / {share!r}", replica)

    def sizes(self) -> Iterator[Entry]:
        """Arrivals, replicas, chips, systems, use and watts (C3, E9)."""
        yield from self._arrivals()
        rate = f"({{2}} / {self.wanted.shape.output_mean!r})"
        use = f"min({{0}} / ({{1}} * {rate}), 1)"
        replicas, arrivals, output = self.id("replicas"), self.id("requests_s"), self.id("tok_s_replica")
        yield self.entry("utilisation", "mean use", "", ("C3",), use, (arrivals, replicas, output))
        per_replica = f"{{0}} * {self.deployment.chips}"
        yield self.entry("chips", "chips of all replicas", "", ("C3",), per_replica, (replicas,))
        yield self.entry("systems", "whole systems", "", ("C3",), self._whole_systems(), (replicas,))
        power = tuple(
            name
            for system in self.hardware.systems
            for name in system.profile.figures
            if system.profile.figures[name][0][0] == "power"
        )
        yield self.entry(
            "power_w", "IT power at the mean load", "W", ("E9",), "", (replicas, self.id("utilisation")), power
        )

    def _arrivals(self) -> Iterator[Entry]:
        factor, output = self.of_mix("peak_factor"), self.id("tok_s_replica")
        if self.wanted.demand.mean_requests_s is not None:
            told = self.of_mix("requests_s")
            yield self.entry("requests_s", "mean arrivals", "1/s", (), "{0}", (told,))
            most = f"units({{0}} * {{1}} / ({{2}} / {self.wanted.shape.output_mean!r}))"
            yield self.entry("replicas", "replicas for the peak", "", ("C3",), most, (told, factor, output))
            return
        users, think, e2e = self.of_mix("in_flight"), self.of_mix("think_time_s"), self.id("e2e_p50_s")
        yield self.entry("requests_s", "mean arrivals", "1/s", (), "{0} / ({1} + {2})", (users, e2e, think))
        inputs = (users, factor, self.id("batch_at_capacity"))
        yield self.entry("replicas", "replicas for the users at the peak", "", ("C3", "E8"), "", inputs)

    def _whole_systems(self) -> str:
        parts = []
        for part in Footprint.of(self.hardware, self.deployment).parts:
            chips = part.hardware.profile.chips
            small = part.chips <= chips
            parts.append(f"ceil({{0}} / {chips // part.chips})" if small else f"ceil({{0}} * {part.chips} / {chips})")
        return " + ".join(parts)


def _trail(outcome: Outcome, hardware: Hardware, part: str) -> Trail:
    """Equations and Figures of the models that give a metric."""
    if part == "energy":
        trail = outcome.trail | Trail(("E9",))
        return Trail(trail.equations, (*trail.figures, *_power(hardware)))
    if part == "both":
        return outcome.trail
    if part == "price":
        terms = tuple(f"finance:{name}" for name in FinanceTerms.names())
        return outcome.trail | hardware.trail("cost", "lines") | Trail(("C2",), terms)
    methods = {
        "decode": ("decode_step_s", "prefill_blocking_s"),
        "prefill": ("prefill_s", "prefill_blocking_s", "decode_step_s"),
    }
    trail = Trail()
    for method in methods[part]:
        trail |= hardware.trail("throughput", method)
    return trail | Trail(("E5", "E8"))


def _power(hardware: Hardware) -> tuple[str, ...]:
    return tuple(
        name for system in hardware.systems for name, (path, _) in system.profile.figures.items() if path[0] == "power"
    )
