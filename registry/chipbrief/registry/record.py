"""What a run knows of its plugins: what became of each, and the hardware that they gave."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

from chipbrief.catalogue import Names
from chipbrief.errors import ChipbriefError, did_you_mean
from chipbrief.hardware import Hardware

__all__ = ["PluginRecord", "Registry", "one_line"]


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """What became of one plugin.

    Attributes:
        name: of its entry point, or of its file.
        distribution: that brought it; `file` for a single file.
        version: of the distribution; the beginning of the file's SHA-256 for a single file.
        hardware: ids of its systems; where its models failed, those that are missing for it.
        error: why it is missing, in one line.
    """

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
        where, systems = f"{self.name} ({self.distribution} {self.version})", ", ".join(self.hardware)
        if self.loaded:
            return f"{where}: {systems}"
        return f"{where}{f': {systems}' if systems else ''} failed: {self.error}"


@dataclass(frozen=True)
class Registry:
    """Hardware by id, sorted; `names` maps every accepted name, in any case, to its id; `plugins` is what was found.

    Where it is `strict`, a plugin whose models fail as they are asked is fatal too.
    """

    hardware: Mapping[str, Hardware]
    names: Mapping[str, str]
    plugins: tuple[PluginRecord, ...]
    strict: bool = False

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

    def plugin_of(self, hardware: str) -> PluginRecord:
        """The plugin that gave a system, by the system's id."""
        given = (plugin for plugin in self.plugins if plugin.loaded and hardware in plugin.hardware)
        return next(given, PluginRecord("unknown", "unknown", "unknown", (hardware,)))

    def without(self, hardware: Collection[str]) -> Self:
        """The same registry, some systems left out by id, such as those whose models failed."""
        kept = {name: one for name, one in self.hardware.items() if name not in hardware}
        return replace(self, hardware=kept, names=Names({n: id_ for n, id_ in self.names.items() if id_ in kept}))


def one_line(error: BaseException) -> str:
    """An error's type and text on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
