"""Reference cases: published values at stated operating points, that a plugin's models must come near."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from chipbrief.architecture import Architecture
from chipbrief.catalogue import Catalogue
from chipbrief.config import Count, Fraction, Id, Strict, Whole, known, read_yaml, validate
from chipbrief.conformance.asking import guarded
from chipbrief.conformance.check import Hit, Subject
from chipbrief.errors import InputError, Refusal
from chipbrief.figures import Source
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Num
from chipbrief.units import DIMENSIONS

__all__ = ["CaseFile", "ReferenceCase", "predicted", "read_cases", "reference"]

Metric = Literal["speed", "throughput", "decode_step", "prefill", "batch_limit", "power"]
UNITS: dict[Metric, str] = {
    "speed": "speed",
    "throughput": "speed",
    "decode_step": "time",
    "prefill": "time",
    "batch_limit": "count",
    "power": "power",
}


class ReferenceCase(Strict):
    """A value that somebody published or measured, at an operating point, and how near the model must come.

    Attributes:
        system: id of the system.
        metric: `speed` (output tok/s of one user), `throughput` (of the replica), `decode_step`, `prefill`,
            `batch_limit` (sequences that may run together) or `power` (IT power of a system).
        model: id of a model; none for power.
        precision: a number format; the model's own for none.
        chips: of the replica; the smallest that holds the model for none.
        batch: sequences that run together.
        context: tokens of each so far.
        prompt: tokens of the prompt that prefill reads.
        cached: tokens of it that the cache holds.
        load: share of capacity in use, for power.
        expected: the value, with its unit.
        tolerance: how far off the model may be, as a share of the value.
        source: id of one of the file's sources.
        date: when it was published.
    """

    system: Id
    metric: Metric
    model: Annotated[str, known("model")] | None = None
    precision: str | None = None
    chips: Whole | None = None
    batch: Count = 1.0
    context: Count = 1024.0
    prompt: Count = 1024.0
    cached: Count = 0.0
    load: Fraction = 1.0
    expected: str
    tolerance: Fraction
    source: Id
    date: str
    note: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        DIMENSIONS[UNITS[self.metric]].parse(self.expected)
        if self.model is None and self.metric != "power":
            raise ValueError(f"{self.metric} is of a model: add model, such as llama-3.1-8b")
        return self

    @property
    def value(self) -> float:
        """What is expected, in SI units."""
        return DIMENSIONS[UNITS[self.metric]].parse(self.expected)

    def text(self, value: float) -> str:
        """A value of the metric with its unit."""
        return DIMENSIONS[UNITS[self.metric]].format(value)


class CaseFile(Strict):
    """The reference cases of a plugin, beside its profiles as `cases.yaml`."""

    schema_: Annotated[Literal["reference-cases/1"], Field(alias="schema")]
    cases: tuple[ReferenceCase, ...] = ()
    sources: dict[Id, Source] = {}

    @model_validator(mode="after")
    def _cited(self) -> Self:
        for i, case in enumerate(self.cases):
            if case.source not in self.sources:
                raise ValueError(f"cases[{i}].source: unknown source {case.source!r}; add it to sources")
        return self


def read_cases(path: Path, catalogue: Catalogue) -> CaseFile:
    """Read a file of reference cases; raises InputError with every problem."""
    return validate(read_yaml(path), CaseFile, {"model": catalogue.names})


def reference(subject: Subject) -> Iterator[Hit]:
    """Every reference case of `cases.yaml` names a system of the plugin, and its model comes within the tolerance."""
    if subject.cases is None:
        return
    try:
        found = read_cases(subject.cases, subject.catalogue)
    except InputError as error:
        yield from ((subject.cases.name, str(problem)) for problem in error.problems)
        return
    systems = {system.id: system for system in subject.hardware}
    for i, case in enumerate(found.cases):
        where = f"{subject.cases.name}: cases[{i}]"
        if case.system not in systems:
            if systems:
                yield where, f"is of {case.system}, which the plugin does not give: {', '.join(systems)}"
            continue
        hit = _off(systems[case.system], case, subject.catalogue)
        if hit:
            yield where, hit


def _off(system: Hardware, case: ReferenceCase, catalogue: Catalogue) -> str | None:
    try:
        value = predicted(system, case, catalogue)
    except Refusal as reason:
        return f"is refused: {reason}"
    off = value / case.value - 1.0 if case.value else np.inf
    if abs(off) <= case.tolerance:
        return None
    return (
        f"is off by {off:+.0%}, more than {case.tolerance:.0%}: {case.metric} of {case.model or case.system} is "
        f"{case.text(value)}, and {case.expected} by {case.source}; mend the profile or the model"
    )


def predicted(system: Hardware, case: ReferenceCase, catalogue: Catalogue) -> float:
    """What the models say of a case, in SI units; raises Refusal where it does not fit, BadAnswer where they fail."""
    with guarded(f"{case.metric} of the case", system.id):
        if case.model is None:
            return float(np.ravel(system.cost.power_w(case.load))[0])
        architecture = catalogue[case.model]
    deployment = _deployment(system, architecture, case)
    with guarded(f"throughput, for {case.metric},", f"{architecture.id} on {deployment}"):
        return float(np.ravel(_metric(system, architecture, deployment, case))[0])


def _deployment(system: Hardware, architecture: Architecture, case: ReferenceCase) -> Deployment:
    precision = architecture.precision(case.precision) if case.precision else architecture.native_precision()
    offered = system.throughput.deployments(architecture, precision, case.context)
    chosen = [one for one in offered if case.chips in (None, one.chips)]
    if not chosen:
        sizes = ", ".join(sorted({str(one.chips) for one in offered}, key=int))
        raise Refusal(f"no deployment of {case.chips} chips is offered: {sizes}")
    return chosen[0]


def _metric(system: Hardware, architecture: Architecture, deployment: Deployment, case: ReferenceCase) -> Num:
    model = system.throughput
    if case.metric == "prefill":
        return model.prefill_s(architecture, deployment, case.prompt, case.cached)
    if case.metric == "batch_limit":
        return model.running_batch_limit(architecture, deployment, case.context)
    step = model.decode_step_s(architecture, deployment, case.batch, case.context)
    per_second = {"speed": 1.0, "throughput": case.batch}.get(case.metric)
    return step if per_second is None else per_second / step
