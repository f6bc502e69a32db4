"""The whole run: every class on every system of the mix."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chipbrief.catalogue import Catalogue
from chipbrief.errors import Refusal
from chipbrief.evaluate.case import Case, Setting
from chipbrief.evaluate.outcome import Outcome
from chipbrief.evaluate.residual import Residual
from chipbrief.evaluate.results import Results
from chipbrief.evaluate.search import Candidate
from chipbrief.finance import FinanceTerms, load_finance_terms
from chipbrief.registry import Registry
from chipbrief.workload import WorkloadMix

__all__ = ["SAMPLES", "SEED", "evaluate"]

SAMPLES = 2000
SEED = 1


def evaluate(
    mix: WorkloadMix,
    registry: Registry,
    catalogue: Catalogue,
    *,
    as_of: str,
    terms: FinanceTerms | None = None,
    samples: int = SAMPLES,
    seed: int = SEED,
    progress: Callable[[str], None] = lambda _: None,
) -> Results:
    """Evaluate every class of a mix on every system it names (all, if it names none).

    Args:
        mix: the load.
        registry: the hardware.
        catalogue: the architectures.
        as_of: date of the run, for what the mix itself sets.
        terms: finance terms instead of the shipped ones.
        samples: draws behind an 80 % interval.
        seed: seed of the draws.
        progress: told what is done next, a line at a time.
    """
    terms = (terms or load_finance_terms()).override(mix.finance.changed, where=f"the mix {mix.name}", date=as_of)
    systems = tuple(registry[name] for name in mix.hardware or registry.hardware)
    outcomes: list[Outcome] = []
    frontiers: dict[tuple[str, str], Sequence[Candidate]] = {}
    for hardware in systems:
        plain, sampled = Setting.plain(hardware, terms), Setting.sampled(hardware, terms, samples, seed)
        for wanted in mix.classes:
            progress(f"{wanted.id} on {hardware.id}")
            architecture = catalogue[wanted.model]
            residual = Residual.drawn(hardware, architecture, samples, seed)
            case = Case(wanted, architecture, plain, sampled, residual, mix.finance.lane)
            try:
                candidates = case.candidates()
            except Refusal as reason:
                outcomes.append(case.refused(reason))
                continue
            frontiers[wanted.id, hardware.id] = candidates
            outcomes.append(case.solve(candidates))
    return Results(
        mix=mix,
        systems=systems,
        outcomes=tuple(outcomes),
        frontiers=frontiers,
        terms=terms,
        catalogue=catalogue,
        missing=registry.failed,
        as_of=as_of,
        samples=samples,
        seed=seed,
    )
