"""What commands start from: the registry, the catalogue, a mix and a date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chipbrief.errors import ChipbriefError, InputError, PluginError, Problem
from chipbrief_reports.cli.output import Say, complain, progress

if TYPE_CHECKING:
    from chipbrief.catalogue import Catalogue
    from chipbrief.evaluate import Results
    from chipbrief.registry import Registry
    from chipbrief.workload import WorkloadMix

__all__ = [
    "Run",
    "as_of_date",
    "catalogue",
    "complete_claims",
    "complete_hardware",
    "complete_models",
    "hardware_ids",
    "hardware_option",
    "mix",
    "registry",
    "run",
]


def registry(*, strict: bool = False) -> Registry:
    """Load every vendor; those that fail are warned of, one line each.

    Raises:
        PluginError: with `strict`, naming all that failed.
    """
    from chipbrief.registry import load_registry

    found = load_registry()
    if strict and found.failed:
        raise PluginError("\n".join(f"plugin {record}" for record in found.failed))
    for record in found.failed:
        complain(f"warning: plugin {record}")
    return replace(found, strict=strict)


def catalogue() -> Catalogue:
    """The architectures that ship with chipbrief."""
    from chipbrief.catalogue import load_catalogue

    return load_catalogue()


def mix(path: Path | None, registry: Registry, catalogue: Catalogue, hardware: Sequence[str] = ()) -> WorkloadMix:
    """Read a mix, an example by its name, or the default example; raises InputError with every problem.

    Args:
        path: a file, an example's name, or None for the default example.
        registry: the hardware.
        catalogue: the architectures.
        hardware: names of systems instead of the mix's own, where there are any.
    """
    from chipbrief.workload import load_mix
    from chipbrief_reports.request import mix_file

    found = load_mix(mix_file(path), models=catalogue.names, hardware=registry.names)
    return found.model_copy(update={"hardware": hardware_ids(hardware, registry)}) if hardware else found


@dataclass(frozen=True, slots=True)
class Run:
    """What a command that evaluates a mix starts from."""

    registry: Registry
    catalogue: Catalogue
    mix: WorkloadMix
    as_of: str

    @property
    def steps(self) -> int:
        """Classes times systems, each of which is told as it is evaluated."""
        return len(self.mix.classes) * len(self.mix.hardware or self.registry)

    def evaluated(self, say: Say, samples: int | None = None, seed: int | None = None) -> Results:
        """The results of the mix; draws and seed are the usual ones where none are given.

        Systems whose models failed are warned of, and are not in them.
        """
        from chipbrief.evaluate import SAMPLES, SEED, evaluate

        found = evaluate(
            self.mix,
            self.registry,
            self.catalogue,
            as_of=self.as_of,
            samples=SAMPLES if samples is None else samples,
            seed=SEED if seed is None else seed,
            progress=say,
        )
        for record in found.dropped:
            complain(f"warning: plugin {record}")
        return found

    def results(self, samples: int | None = None, seed: int | None = None) -> Results:
        """The same, with progress on standard error."""
        with progress(self.steps) as say:
            return self.evaluated(say, samples, seed)


def run(path: Path | None, hardware: Sequence[str], as_of: str | None, *, strict: bool) -> Run:
    """Read what a command was given; raises InputError with every problem of the mix or the date."""
    date = as_of_date(as_of)
    found, models = registry(strict=strict), catalogue()
    return Run(found, models, mix(path, found, models, hardware), date)


def hardware_ids(names: Sequence[str], registry: Registry, option: str = "--hardware") -> tuple[str, ...]:
    """Ids of the systems named on the command line; raises InputError naming every one that is not known."""
    ids: list[str] = []
    problems: list[Problem] = []
    for name in names:
        try:
            ids.append(registry[name].id)
        except ChipbriefError as error:
            problems.append(Problem(str(error), field=option))
    if problems:
        raise InputError(problems)
    return tuple(dict.fromkeys(ids))


# -- dates ----------------------------------------------------------------------------------------------------


def as_of_date(option: str | None) -> str:
    """The date of the run: the option, else SOURCE_DATE_EPOCH, else today.

    Raises:
        InputError: neither a date such as 2026-11-23, nor seconds since 1970.
    """
    from chipbrief_reports.clock import today

    return today() if option is None else _checked_date(option)


def _checked_date(text: str) -> str:
    from datetime import date

    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise InputError([Problem(f"expected a date such as 2026-11-23, got {text!r}", field="--as-of")])


# -- completion -----------------------------------------------------------------------------------------------


def complete_hardware(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Ids of systems, for the shell."""
    from chipbrief.registry import load_registry

    return [name for name in load_registry().hardware if name.startswith(incomplete)]


def complete_claims(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Names of the claims files that ship, for the shell."""
    from chipbrief_templates import example_claims

    return [name for name in example_claims() if name.startswith(incomplete)]


def complete_models(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Ids of models, for the shell."""
    return [name for name in catalogue().models if name.startswith(incomplete)]


hardware_option = click.option(
    "--hardware",
    metavar="ID",
    multiple=True,
    shell_complete=complete_hardware,
    help="A system to consider instead of the mix's own; may be repeated.",
)
