"""The registry: every vendor plugin found, loaded in isolation, and the hardware they add.

One failing plugin is named with its distribution, version and error; the rest work. The plugin manager is an
object that is passed in and out, never a module's global.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pluggy

from chipbrief import hookspecs
from chipbrief.catalogue import Names
from chipbrief.engine import local_fingerprint
from chipbrief.errors import ChipbriefError, PluginError, did_you_mean
from chipbrief.hardware import Hardware

__all__ = ["ENTRY_POINT_GROUP", "PluginRecord", "Registry", "code_fingerprint", "load_registry", "registry_fingerprint"]

ENTRY_POINT_GROUP = "chipbrief"
OWN_DISTRIBUTION = "chipbrief"
_CODE = frozenset({".py"})  # of a plugin: its YAML counts as it was read
_DATA = _CODE | {".yaml", ".csv", ".json"}


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
    try:
        found = (point.dist.name, point.dist.version) if point.dist else (None, None)  # both None without METADATA,
    except FileNotFoundError:  # or this, from the importlib_metadata that dask brings for older Pythons
        found = (None, None)
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


# -- what results stand on ------------------------------------------------------------------------------------


def registry_fingerprint() -> dict[str, str]:
    """What two processes must have in common to give the same numbers, as text by name.

    Python's minor version, NumPy's version, chipbrief's version and contents, and for every plugin its version and a
    sha256 of its code and of the profiles it gave, whatever the folder and the order they were read in. So
    `plugin acme of chipbrief-acme` may be `1.2.3 sha256:0123456789abcdef`, or `1.2.3 failed`.
    """
    points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=_order)
    registry = load_registry(points)
    own = local_fingerprint()
    found = own | {
        "numpy": np.__version__,
        "chipbrief": f"{own['chipbrief']} {_sha256(_contents(OWN_DISTRIBUTION, _DATA))}",
    }
    for point, record in zip(points, registry.plugins, strict=True):
        systems = {name: _content(registry.hardware[name]) for name in record.hardware}
        state = _sha256({"systems": systems, "code": _contents(point.module, _CODE)}) if record.loaded else "failed"
        found[f"plugin {record.name} of {record.distribution}"] = f"{record.version} {state}"
    return found


def code_fingerprint() -> dict[str, str]:
    """Versions of Python, NumPy, chipbrief and every plugin, and a sha256 of their code, the profiles left out.

    A plugin whose package cannot be found has no sha256.
    """
    own = local_fingerprint()
    found = own | {"numpy": np.__version__, "chipbrief": f"{own['chipbrief']} {_sha256(_contents('chipbrief', _CODE))}"}
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=_order):
        distribution, version = _distribution(point)
        contents = _contents(point.module, _CODE)
        found[f"plugin {point.name} of {distribution}"] = f"{version} {_sha256(contents)}" if contents else version
    return found


def _content(system: Hardware) -> dict[str, object]:
    models = (system.bandwidth, system.throughput, system.cost)
    return {
        "profile": system.profile.model_dump(mode="json"),
        "models": [f"{type(model).__module__}.{type(model).__qualname__}" for model in models],
    }


def _contents(module: str, suffixes: frozenset[str]) -> dict[str, str]:
    """The files with these endings of the package that a module is in, by the path in it."""
    package = module.partition(".")[0]
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return {package: _file(Path(spec.origin))} if spec and spec.origin else {}
    return {
        path.relative_to(folder).as_posix(): _file(path)
        for folder in spec.submodule_search_locations
        for path in Path(folder).rglob("*")
        if path.suffix in suffixes
    }


def _file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sha256(content: Mapping[str, object]) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]}"
