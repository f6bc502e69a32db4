"""Where plugins are looked for: entry points of installed distributions, and single files that a user names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pluggy

from chipbrief import hookspecs
from chipbrief.errors import PluginError
from chipbrief.hardware import Hardware

__all__ = ["ENTRY_POINT_GROUP", "FILES_VARIABLE", "OWN_DISTRIBUTION", "Candidate", "candidates", "plugin_files"]

ENTRY_POINT_GROUP = "chipbrief"
OWN_DISTRIBUTION = "chipbrief"
FILES_VARIABLE = "CHIPBRIEF_PLUGINS"  # in the environment, so that it reaches the processes of every engine
FILE = "file"  # what stands for the distribution of a plugin that is a file


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin before it is loaded: an entry point, or a file."""

    name: str
    distribution: str
    version: str
    point: EntryPoint | None = field(default=None, compare=False)
    path: Path | None = None

    @classmethod
    def installed(cls, point: EntryPoint) -> Candidate:
        """What an installed distribution announces; nothing of it is imported."""
        return cls(point.name, *_distribution(point), point=point)

    @classmethod
    def file(cls, path: Path) -> Candidate:
        """One profile without a package; its version is the beginning of the file's SHA-256."""
        try:
            version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        except OSError:  # which is said where it is read
            version = "unknown"
        return cls(path.stem, FILE, version, path=path)

    @property
    def module(self) -> str | None:
        """The module of an installed plugin."""
        return self.point.module if self.point else None

    @property
    def order(self) -> tuple[bool, bool, str, str]:
        """Chipbrief's own first, then other distributions by name, then files."""
        return bool(self.path), self.distribution != OWN_DISTRIBUTION, self.distribution, self.name

    def systems(self) -> list[Hardware]:
        """Import it, register it and ask for its hardware; raises whatever it raises."""
        if self.path:
            return [Hardware.from_yaml(self.path)]
        assert self.point is not None
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        manager.register(self.point.load(), name=self.name)
        manager.check_pending()
        hook = manager.hook.chipbrief_hardware
        if not hook.get_hookimpls():
            raise PluginError("implements no chipbrief_hardware hook")
        return [system for answer in hook() for system in _checked(answer)]


def candidates(found: Iterable[EntryPoint] | None = None, files: Iterable[Path] | None = None) -> list[Candidate]:
    """Every plugin, in the order in which they are admitted.

    Args:
        found: entry points instead of the installed ones.
        files: profiles instead of those of the environment, which count where `found` is not given.
    """
    points = entry_points(group=ENTRY_POINT_GROUP) if found is None else found
    if files is None:
        files = plugin_files() if found is None else ()
    return sorted(
        [*map(Candidate.installed, points), *map(Candidate.file, files)], key=lambda candidate: candidate.order
    )


def plugin_files() -> tuple[Path, ...]:
    """The files that CHIPBRIEF_PLUGINS names, each once."""
    named = os.environ.get(FILES_VARIABLE, "").split(os.pathsep)
    return tuple(dict.fromkeys(Path(name).absolute() for name in named if name))


def _distribution(point: EntryPoint) -> tuple[str, str]:
    try:
        found = (point.dist.name, point.dist.version) if point.dist else (None, None)  # both None without METADATA,
    except FileNotFoundError:  # or this, from the importlib_metadata that dask brings for older Pythons
        found = (None, None)
    return found[0] or "unknown", found[1] or "unknown"


def _checked(answer: object) -> Iterator[Hardware]:
    if not isinstance(answer, Iterable) or isinstance(answer, (str, bytes)):
        raise PluginError(f"chipbrief_hardware returned {type(answer).__name__}, expected an iterable of Hardware")
    for item in answer:
        if not isinstance(item, Hardware):
            raise PluginError(f"chipbrief_hardware gave {type(item).__name__}, expected Hardware")
        yield item
