"""The whole run: every class on every system of the mix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chipbrief.architecture import Architecture
from chipbrief.catalogue import Catalogue
from chipbrief.conformance import BadAnswer
from chipbrief.errors import PluginError, Refusal
from chipbrief.evaluate.case import Case, Setting
from chipbrief.evaluate.outcome import Outcome
from chipbrief.evaluate.residual import Residual
from chipbrief.evaluate.results import Results
from chipbrief.evaluate.search import Candidate
from chipbrief.evaluate.trust import check_answers, checked_outcome
from chipbrief.finance import FinanceTerms, load_finance_terms
from chipbrief.hardware import Hardware
from chipbrief.registry import PluginRecord, Registry, one_line
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

    A system whose models raise, or give what is no number, is left out and named in `Results.missing`.

    Args:
        mix: the load.
        registry: the hardware.
        catalogue: the architectures.
        as_of: date of the run, for what the mix itself sets.
        terms: finance terms instead of the shipped ones.
        samples: draws behind an 80 % interval.
        seed: seed of the draws.
        progress: told what is done next, a line at a time.

    Raises:
        PluginError: the models of every system failed, or those of one where the registry is strict.
    """
    terms = (terms or load_finance_terms()).override(mix.finance.changed, where=f"the mix {mix.name}", date=as_of)
    run = _Run(mix, {c.model: catalogue[c.model] for c in mix.classes}, terms, samples, seed, progress)
    tried = [
        run.isolated(registry[name], registry.plugin_of(registry[name].id))
        for name in mix.hardware or registry.hardware
    ]
    kept = [one for one in tried if isinstance(one, _OfSystem)]
    failed = [one for one in tried if isinstance(one, _Failed)]
    if failed and (registry.strict or not kept):
        raise PluginError("\n".join(f"plugin {one.plugin}" for one in failed)) from failed[0].error
    return Results(
        mix=mix,
        systems=tuple(one.hardware for one in kept),
        outcomes=tuple(outcome for one in kept for outcome in one.outcomes),
        frontiers={pair: found for one in kept for pair, found in one.frontiers.items()},
        terms=terms,
        catalogue=catalogue,
        missing=(*registry.failed, *(one.plugin for one in failed)),
        as_of=as_of,
        samples=samples,
        seed=seed,
    )


@dataclass(frozen=True, slots=True)
class _OfSystem:
    """What one system made of all classes."""

    hardware: Hardware
    outcomes: tuple[Outcome, ...]
    frontiers: Mapping[tuple[str, str], Sequence[Candidate]]


@dataclass(frozen=True, slots=True)
class _Failed:
    """The plugin of a system that is left out, and what its models raised."""

    plugin: PluginRecord
    error: BaseException


@dataclass(frozen=True, slots=True)
class _Run:
    """What every system is asked the same."""

    mix: WorkloadMix
    models: Mapping[str, Architecture]
    terms: FinanceTerms
    samples: int
    seed: int
    progress: Callable[[str], None]

    def isolated(self, hardware: Hardware, plugin: PluginRecord) -> _OfSystem | _Failed:
        """Every class on a system; where its models fail, its plugin with what it raised."""
        try:
            return self.of(hardware)
        except MemoryError:  # which is nobody's fault, and would be everyone's
            raise
        except (Exception, SystemExit) as error:
            told = str(error) if isinstance(error, BadAnswer) else one_line(error)
            return _Failed(replace(plugin, hardware=(hardware.id,), error=told), error)

    def of(self, hardware: Hardware) -> _OfSystem:
        """Every class on a system; raises whatever its models raise, and BadAnswer where they give no numbers."""
        plain = Setting.plain(hardware, self.terms)
        sampled = Setting.sampled(hardware, self.terms, self.samples, self.seed)
        outcomes: list[Outcome] = []
        frontiers: dict[tuple[str, str], Sequence[Candidate]] = {}
        for wanted in self.mix.classes:
            self.progress(f"{wanted.id} on {hardware.id}")
            architecture = self.models[wanted.model]
            residual = Residual.drawn(hardware, architecture, self.samples, self.seed)
            case = Case(wanted, architecture, plain, sampled, residual, self.mix.finance.lane)
            try:
                candidates = case.candidates()
            except Refusal as reason:
                outcomes.append(case.refused(reason))
                continue
            check_answers(plain, architecture, wanted, candidates)
            frontiers[wanted.id, hardware.id] = candidates
            outcomes.append(checked_outcome(case.solve(candidates)))
        return _OfSystem(hardware, tuple(outcomes), frontiers)
