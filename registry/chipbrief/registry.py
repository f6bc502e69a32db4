"""The registry: every vendor plugin found, loaded in isolation, and the hardware they add.

One failing plugin is named with its distribution, version and error; the rest work. The plugin manager is an
object that is passed in and out, never a module's global.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import pluggy

from chipbrief import hookspecs
from chipbrief.catalogue import Names
from chipbrief.errors import ChipbriefError, PluginError, did_you_mean
from chipbrief.hardware import Hardware

__all__ = ["ENTRY_POINT_GROUP", "PluginRecord", "Registry", "load_registry"]

ENTRY_POINT_GROUP = "chipbrief"
OWN_DISTRIBUTION = "chipbrief"


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """What became of one plugin."""

    name: str
    distribution: str
    version: str
    hardware: tuple[str, ...] = ()
    error: str | None = None

    @property
    def loaded(self) -> bool:
        """Whether its hardware is in the registry."""
        return self.error is None

    def __str__(self) -> str:
        """One line, for lists and for warnings."""
        where = f"{self.name} ({self.distribution} {self.version})"
        return f"{where}: {', '.join(self.hardware)}" if self.loaded else f"{where} failed: {self.error}"


@dataclass(frozen=True)
class Registry:
    """Hardware by id, sorted; `names` maps every accepted name, in any case, to its id; `plugins` is what was found."""

    hardware: Mapping[str, Hardware]
    names: Mapping[str, str]
    plugins: tuple[PluginRecord, ...]

    def __iter__(self) -> Iterator[Hardware]:
        """Every system, sorted by id."""
        return iter(self.hardware.values())

    def __len__(self) -> int:
        """How many systems there are."""
        return len(self.hardware)

    def __getitem__(self, name: str) -> Hardware:
        """The system of that id or alias, in any case; raises ChipbriefError with the nearest name."""
        if name not in self.names:
            raise ChipbriefError(f"unknown hardware {name!r}" + did_you_mean(name, self.names))
        return self.hardware[self.names[name]]

    @property
    def failed(self) -> tuple[PluginRecord, ...]:
        """The plugins that are missing, and why."""
        return tuple(plugin for plugin in self.plugins if not plugin.loaded)


def load_registry(found: Iterable[EntryPoint] | None = None, *, strict: bool = False) -> Registry:
    """Load every plugin of the entry-point group, each in its own isolation.

    Args:
        found: entry points to load instead of the installed ones.
        strict: make a failing plugin fatal.

    Raises:
        PluginError: with `strict`, the first plugin that failed.
    """
    points = sorted(entry_points(group=ENTRY_POINT_GROUP) if found is None else found, key=_order)
    host = _Host()
    records = tuple(host.admit(point) for point in points)
    failed = [record for record in records if not record.loaded]
    if strict and failed:
        raise PluginError(f"plugin {failed[0]}")
    hardware = {name: host.hardware[name] for name in sorted(host.hardware)}
    names = Names({name: host.names[name][0] for name in sorted(host.names)})
    return Registry(hardware, names, records)


def _order(point: EntryPoint) -> tuple[bool, str, str]:
    return _distribution(point)[0] != OWN_DISTRIBUTION, _distribution(point)[0], point.name


def _distribution(point: EntryPoint) -> tuple[str, str]:
    found = (point.dist.name, point.dist.version) if point.dist else (None, None)  # both None without METADATA
    return found[0] or "unknown", found[1] or "unknown"


class _Host:
    """Admits plugins one at a time; what one of them does wrong stays with it."""

    def __init__(self) -> None:
        self.hardware: dict[str, Hardware] = {}
        self.names: dict[str, tuple[str, str]] = {}

    def admit(self, point: EntryPoint) -> PluginRecord:
        distribution, version = _distribution(point)
        try:
            systems = self._ask(point)
            self._enter(systems, distribution)
        except (Exception, SystemExit) as error:  # whatever a plugin raises is its record, not our end
            return PluginRecord(point.name, distribution, version, error=_one_line(error))
        return PluginRecord(point.name, distribution, version, tuple(sorted(s.id for s in systems)))

    def _ask(self, point: EntryPoint) -> list[Hardware]:
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        manager.register(point.load(), name=point.name)
        manager.check_pending()
        hook = manager.hook.chipbrief_hardware
        if not hook.get_hookimpls():
            raise PluginError("implements no chipbrief_hardware hook")
        return [system for answer in hook() for system in _checked(answer)]

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


def _checked(answer: object) -> Iterator[Hardware]:
    if not isinstance(answer, Iterable) or isinstance(answer, (str, bytes)):
        raise PluginError(f"chipbrief_hardware returned {type(answer).__name__}, expected an iterable of Hardware")
    for item in answer:
        if not isinstance(item, Hardware):
            raise PluginError(f"chipbrief_hardware gave {type(item).__name__}, expected Hardware")
        yield item


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
