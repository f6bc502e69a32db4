"""What a run knows of its plugins: what became of each, and the hardware that they gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
        where = f"{self.name} ({self.distribution} {self.version})"
        if self.loaded:
            return f"{where}: {', '.join(self.hardware)}"
        return f"{where}{f': {", ".join(self.hardware)}' if self.hardware else ''} failed: {self.error}"


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

    def plugin_of(self, hardware: str) -> PluginRecord:
        """The plugin that gave a system, by the system's id."""
        given = (plugin for plugin in self.plugins if plugin.loaded and hardware in plugin.hardware)
        return next(given, PluginRecord("unknown", "unknown", "unknown", (hardware,)))


def one_line(error: BaseException) -> str:
    """An error's type and text on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
