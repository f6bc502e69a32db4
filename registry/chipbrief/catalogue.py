"""The catalogue: the architectures that ship with chipbrief, by id and by every name they go by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from chipbrief.architecture import Architecture
from chipbrief.config import Strict, load
from chipbrief.errors import ChipbriefError, did_you_mean

__all__ = ["Catalogue", "Names", "load_catalogue"]

SHIPPED = Path(__file__).parent / "data" / "architectures.yaml"


class _File(Strict):
    """The shape of an architectures file."""

    schema_: Annotated[Literal["architectures/1"], Field(alias="schema")]
    models: tuple[Architecture, ...]


class Names(Mapping[str, str]):
    """Accepted names and the ids they stand for; upper and lower case are one."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        self._ids = ids
        self._folded = {name.casefold(): id_ for name, id_ in ids.items()}

    def __getitem__(self, name: str) -> str:
        """The id that a name stands for; raises KeyError."""
        return self._folded[name.casefold()]

    def __iter__(self) -> Iterator[str]:
        """The names as they are written."""
        return iter(self._ids)

    def __len__(self) -> int:
        """How many names there are."""
        return len(self._ids)


@dataclass(frozen=True)
class Catalogue:
    """Architectures by id, sorted; `names` maps every accepted name, in any case, to its id."""

    models: Mapping[str, Architecture]
    names: Mapping[str, str]

    def __iter__(self) -> Iterator[Architecture]:
        """Every architecture, sorted by id."""
        return iter(self.models.values())

    def __getitem__(self, name: str) -> Architecture:
        """The architecture of that id or alias, in any case; raises ChipbriefError with the nearest name."""
        if name not in self.names:
            raise ChipbriefError(f"unknown model {name!r}" + did_you_mean(name, self.names))
        return self.models[self.names[name]]


def load_catalogue(path: Path = SHIPPED) -> Catalogue:
    """Read an architectures file.

    Raises:
        InputError: the file does not hold to the schema.
        ChipbriefError: two architectures share a name.
    """
    models = sorted(load(path, _File).models, key=lambda model: model.id)
    names: dict[str, str] = {}
    owners: dict[str, str] = {}
    for model in models:
        for name in (model.id, model.name, *model.aliases):
            owner = owners.setdefault(name.casefold(), model.id)
            if owner != model.id:
                raise ChipbriefError(f"{path}: the name {name!r} belongs to both {owner} and {model.id}")
            names[name] = model.id
    return Catalogue({model.id: model for model in models}, Names(names))
