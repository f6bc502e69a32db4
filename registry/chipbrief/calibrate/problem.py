"""The fit as a problem of least squares: jobs, their measured values and weights, and the constants by family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chipbrief.calibrate.constants import CONSTANTS, Constant, of_memory
from chipbrief.catalogue import Catalogue
from chipbrief.errors import Refusal
from chipbrief.evidence import Point
from chipbrief.evidence.jobs import Job, resolve
from chipbrief.evidence.operating import Outlook, outlook
from chipbrief.evidence.predict import error_family, is_rate
from chipbrief.hardware import Hardware
from chipbrief.hardware.bands import is_rate_family
from chipbrief.physics import Array
from chipbrief.registry import Registry

__all__ = ["Family", "Problem", "Row", "family_key", "rows_of"]

TIE = 0.35  # pull of a family's constant towards the pooled one, of its logarithm
PRIOR = 0.30  # pull of a pooled constant towards its start, of its logarithm
BALANCE = 0.75  # 0 lets every point pull alike, 1 every source
STEP = 5e-3  # relative step of the derivatives; larger than what rounding does, smaller than a kink of the search
WEIGHTS: Mapping[str, float] = {
    "tpot": 1.0,
    "ttft_light": 1.5,
    "ttft_load": 0.25,
    "throughput_offline": 0.4,
    "throughput_slo": 0.4,
    "speed": 2.0,
}  # of a row's logarithmic error: how much its family is trusted to tell the constants apart


@dataclass(frozen=True, slots=True)
class Row:
    """A measured point that resolves to a job, with the family of errors it belongs to."""

    point: Point
    job: Job
    family: str

    @property
    def sweep(self) -> str:
        """Points that stand or fall together: one machine, model, precision, shape of requests and source."""
        p = self.point
        request = (self.job.request.new, self.job.request.output)
        return repr((self.job.hardware.id, self.job.architecture.id, self.job.precision.name, request, p.source_title))

    @property
    def operating_point(self) -> Hashable:
        """Points of one operating point are computed once, whatever metric of it they measure."""
        j = self.job
        asked = (j.mode, j.in_flight, j.waves, j.ttft_slo_s, j.tpot_slo_s, self.point.n_chips)
        return (j.hardware.id, j.architecture.id, j.precision, j.candidates, j.request, *asked)

    @property
    def fitted(self) -> bool:
        """Whether it tells the constants something.

        Not with a draft model, on memory that is full before the first request, or as a time at an operating point
        that the row does not state.
        """
        return self.judged and self.family in WEIGHTS

    @property
    def judged(self) -> bool:
        """Whether its error tells how far off points like it are."""
        return self.job.speculative == "no" and not self.job.tight

    @property
    def sign(self) -> float:
        """-1 where the point is a rate and its family's errors are of times, or the other way round."""
        return 1.0 if is_rate(self.point.metric) == is_rate_family(self.family) else -1.0

    @property
    def weight(self) -> float:
        """Of its logarithmic error; what only a vendor claims counts half."""
        return WEIGHTS[self.family] * (0.5 if self.point.kind == "vendor_claim" else 1.0)


def rows_of(points: Iterable[Point], registry: Registry, catalogue: Catalogue) -> list[Row]:
    """The scored points with a value that resolve; what is refused cannot be fitted."""
    rows = []
    for point in points:
        if not point.scored or point.value is None:
            continue
        try:
            job = resolve(point, registry, catalogue)
        except Refusal:
            continue
        if job.hardware.profile.calibration is not None:
            rows.append(Row(point, job, error_family(point.metric, job)))
    return rows


def family_key(hardware: Hardware) -> tuple[str, str]:
    """Vendor and family: what shares its constants."""
    assert hardware.profile.calibration is not None
    return hardware.profile.vendor, hardware.profile.calibration


@dataclass(frozen=True, slots=True)
class Family:
    """Chips that share their constants."""

    key: tuple[str, str]
    kind: str
    constants: Sequence[Constant]
    start: int

    @property
    def span(self) -> slice:
        """Where its constants stand in the vector of all."""
        return slice(self.start, self.start + len(self.constants))


class Problem:
    """Residuals and their derivatives for some rows; x holds logarithms, families first, then the pooled constants.

    Every family's constant is pulled towards the pooled one and the pooled one towards its start, so that a family
    with few points borrows from the others and one with many goes its own way.
    """

    def __init__(self, rows: Sequence[Row], kinds: Mapping[tuple[str, str], str]) -> None:
        """Set a problem up.

        Args:
            rows: measured points to fit.
            kinds: the families to fit and the kind of memory of each, in order.
        """
        self.rows = list(rows)
        self.families: list[Family] = []
        at = 0
        for key, kind in kinds.items():
            constants = of_memory(kind)
            self.families.append(Family(key, kind, constants, at))
            at += len(constants)
        self.pooled = at
        self.size = at + len(CONSTANTS)

    def without(self, kept: Sequence[Row]) -> Problem:
        """The same constants for some of the rows."""
        return Problem(kept, {family.key: family.kind for family in self.families})

    @cached_property
    def start(self) -> Array:
        """Where the fit starts."""
        start: Array = np.log(np.array([c.start for c in self._all]))
        return start

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """How far it may go."""
        return np.log(np.array([c.low for c in self._all])), np.log(np.array([c.high for c in self._all]))

    @property
    def _all(self) -> list[Constant]:
        return [c for family in self.families for c in family.constants] + list(CONSTANTS)

    def family_of(self, row: Row) -> Family:
        """The family whose constants a row depends on."""
        key = family_key(row.job.hardware)
        return next(family for family in self.families if family.key == key)

    def pool(self, x: Array, kind: str) -> Array:
        """The pooled constants of a kind of machine, as logarithms: what is taken for a family without points."""
        return np.array([x[self.pooled + CONSTANTS.index(constant)] for constant in of_memory(kind)])

    # -- evaluation ------------------------------------------------------------------------------------------

    def errors(self, x: Array, rows: Sequence[Row] | None = None) -> Array:
        """Logarithm of predicted over measured, a row; shape (rows,)."""
        rows = self.rows if rows is None else rows
        errors: Array = self._evaluate(rows, {f.key: x[f.span][np.newaxis] for f in self.families})[0]
        return errors

    def residuals(self, x: Array) -> Array:
        """Weighted errors, then what holds the constants together."""
        return np.concatenate([self.errors(x) * self._weights, self._prior @ x - self._prior_offset])

    def derivatives(self, x: Array) -> Array:
        """Jacobian of `residuals`: every constant of a family moved alone, all in one sampled evaluation."""
        moved = {}
        for family in self.families:
            one = np.repeat(x[family.span][np.newaxis], len(family.constants) + 1, axis=0)
            one[1:] += np.diag(self._steps(x, family))
            moved[family.key] = one
        values = self._evaluate(self.rows, moved)
        jacobian = np.zeros((len(self.rows), self.size))
        for i, row in enumerate(self.rows):
            family = self.family_of(row)
            n = len(family.constants)
            jacobian[i, family.span] = (values[1 : n + 1, i] - values[0, i]) / self._steps(x, family)
        return np.concatenate([jacobian * self._weights[:, np.newaxis], self._prior])

    def _steps(self, x: Array, family: Family) -> Array:
        """Steps of the derivatives, towards the inside of the bounds."""
        high = self.bounds[1][family.span]
        return np.where(x[family.span] + STEP <= high, STEP, -STEP)

    def _evaluate(self, rows: Sequence[Row], by_family: Mapping[tuple[str, str], Array]) -> Array:
        """Errors for several vectors of constants; shape (most samples, rows), NaN beyond a family's own."""
        most = max(len(samples) for samples in by_family.values())
        result = np.full((most, len(rows)), np.nan)
        machines: dict[str, Hardware] = {}
        seen: dict[Hashable, Outlook] = {}
        for i, row in enumerate(rows):
            family, job = self.family_of(row), row.job
            samples = by_family[family.key]
            machine = machines.setdefault(job.hardware.id, _moved(job.hardware, family, samples))
            found = seen.get(key := row.operating_point)
            if found is None:
                found = seen[key] = outlook(job, machine, row.point.n_chips, speculative=False)
            assert row.point.value is not None
            predicted = found.metric(row.point.metric, job.request)
            result[: len(samples), i] = np.log(predicted / row.point.value)
        return result

    # -- what holds the constants ----------------------------------------------------------------------------

    @cached_property
    def _weights(self) -> Array:
        """Of the rows, with their sources brought nearer to one another: a table of 200 points has one method."""
        groups = [(self.family_of(row).key, row.family) for row in self.rows]
        sources = [(group, row.point.source_title) for group, row in zip(groups, self.rows, strict=True)]
        many = Counter(sources)
        mean = {group: np.mean([n for (g, _), n in many.items() if g == group]) for group in set(groups)}
        balance = [mean[source[0]] / many[source] for source in sources]
        return np.array([row.weight for row in self.rows]) * np.array(balance) ** BALANCE

    @cached_property
    def _prior(self) -> Array:
        """Rows of the pull of families towards the pool, then of the pool towards the start."""
        matrix = np.zeros((self.size, self.size))
        pool = {(c.path, c.memory): self.pooled + i for i, c in enumerate(CONSTANTS)}
        for family in self.families:
            for i, constant in enumerate(family.constants):
                at = family.start + i
                matrix[at, at] = TIE
                matrix[at, pool[constant.path, constant.memory]] = -TIE
        for i in range(len(CONSTANTS)):
            matrix[self.pooled + i, self.pooled + i] = PRIOR
        return matrix

    @cached_property
    def _prior_offset(self) -> Array:
        offset = np.zeros(self.size)
        offset[self.pooled :] = PRIOR * self.start[self.pooled :]
        return offset


def _moved(hardware: Hardware, family: Family, samples: Array) -> Hardware:
    """The machine with its family's constants at some samples, shape (samples, constants) of logarithms."""
    ids = [hardware.profile.figure_id(c.path) for c in family.constants]
    return hardware.at({name: np.exp(samples[:, i]) for i, name in enumerate(ids)})
