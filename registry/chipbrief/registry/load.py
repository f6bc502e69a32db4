"""Loading: plugins are admitted one at a time, and what one of them does wrong stays with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

from chipbrief.catalogue import Names
from chipbrief.errors import PluginError
from chipbrief.hardware import Hardware
from chipbrief.registry.found import Candidate, candidates
from chipbrief.registry.record import PluginRecord, Registry, one_line

__all__ = ["load_candidate", "load_registry"]


def load_registry(
    found: Iterable[EntryPoint] | None = None, *, files: Iterable[Path] | None = None, strict: bool = False
) -> Registry:
    """Load every plugin of the entry-point group and every file, each in its own isolation.

    Args:
        found: entry points to load instead of the installed ones.
        files: profiles to load instead of those that CHIPBRIEF_PLUGINS names; those count where `found` is not given.
        strict: make a failing plugin fatal, now and where its models are asked.

    Raises:
        PluginError: with `strict`, the first plugin that failed.
    """
    registry = _loaded(candidates(found, files))
    if strict and registry.failed:
        raise PluginError(f"plugin {registry.failed[0]}")
    return replace(registry, strict=strict)


def load_candidate(candidate: Candidate) -> Registry:
    """A registry of one plugin, or of its failure alone."""
    return _loaded([candidate])


def _loaded(found: Iterable[Candidate]) -> Registry:
    host = _Host()
    records = tuple(host.admit(candidate) for candidate in found)
    hardware = {name: host.hardware[name] for name in sorted(host.hardware)}
    names = Names({name: host.names[name][0] for name in sorted(host.names)})
    return Registry(hardware, names, records)


class _Host:
    """What has been admitted so far."""

    def __init__(self) -> None:
        self.hardware: dict[str, Hardware] = {}
        self.names: dict[str, tuple[str, str]] = {}

    def admit(self, candidate: Candidate) -> PluginRecord:
        name, distribution, version = candidate.name, candidate.distribution, candidate.version
        try:
            systems = candidate.systems()
            self._enter(systems, distribution)
        except (Exception, SystemExit) as error:  # whatever a plugin raises is its record, not our end
            return PluginRecord(name, distribution, version, error=one_line(error))
        return PluginRecord(name, distribution, version, tuple(sorted(s.id for s in systems)))

    def _enter(self, systems: list[Hardware], distribution: str) -> None:
        entered: dict[str, tuple[str, str]] = {}
        for system in systems:
            by_fold = {name.casefold(): name for name in (*system.profile.aliases, system.id)}
            for folded, name in by_fold.items():
                owner = next((o for n, o in (self.names | entered).items() if n.casefold() == folded), None)
                if owner:
                    raise PluginError(
                        f"the hardware name {name!r} of {system.id} ({distribution}) belongs to {owner[0]} ({owner[1]})"
                    )
                entered[name] = (system.id, distribution)
        self.names |= entered
        self.hardware |= {system.id: system for system in systems}
