"""What became of every point: told, outside the limits, or refused with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from chipbrief.sweep.shapes import Kind, Why

__all__ = ["KINDS", "Refused", "Tally"]

KINDS: Mapping[Kind, str] = {
    "format": "number format that the machine does not store",
    "fit": "does not fit",
    "context": "longer than the model's context",
    "memory": "batch beyond what memory holds",
    "repeat": "same as another precision of the sweep",
}

Key = tuple[str, str, str, str, Kind]


@dataclass(frozen=True, slots=True)
class Refused:
    """Points that one reason keeps out: the reason of the shortest of their contexts, and how far these go [tokens]."""

    hardware: str
    model: str
    precision: str
    chips: str
    kind: Kind
    reason: str
    context_from: int
    context_to: int
    points: int

    @property
    def key(self) -> Key:
        """What makes two of them one."""
        return self.hardware, self.model, self.precision, self.chips, self.kind

    def __add__(self, other: Refused) -> Refused:
        first = min(self, other, key=lambda r: (r.context_from, r.reason))
        return replace(first, context_to=max(self.context_to, other.context_to), points=self.points + other.points)


@dataclass
class Tally:
    """Counts that add up: rows told, points computed but outside the limits, and points refused."""

    rows: int = 0
    filtered: int = 0
    refused: dict[Key, Refused] = field(default_factory=dict)

    def refuse(self, unit: Sequence[object], why: Why, contexts: Iterable[float], points: int) -> None:
        """Count points of a unit (hardware, model, precision, chips) as refused."""
        if points:
            lengths = [int(c) for c in contexts]
            hardware, model, precision, chips = map(str, unit)
            self._add(
                Refused(hardware, model, precision, chips, why.kind, why.reason, min(lengths), max(lengths), points)
            )

    def _add(self, refused: Refused) -> None:
        known = self.refused.get(refused.key)
        self.refused[refused.key] = known + refused if known else refused

    def add(self, other: Tally) -> None:
        """Take in the counts of another part."""
        self.rows += other.rows
        self.filtered += other.filtered
        for refused in other.refused.values():
            self._add(refused)

    @property
    def computed(self) -> int:
        """Points that the physics was run for and that memory holds."""
        return self.rows + self.filtered

    @property
    def points(self) -> int:
        """All of them."""
        return self.computed + sum(refused.points for refused in self.refused.values())

    def by_kind(self) -> dict[Kind, int]:
        """Refused points by kind of reason, in the order of the kinds."""
        kinds = {kind: sum(r.points for r in self.refused.values() if r.kind == kind) for kind in KINDS}
        return {kind: points for kind, points in kinds.items() if points}

    def sorted(self) -> list[Refused]:
        """Every refusal, in one fixed order."""
        return [self.refused[key] for key in sorted(self.refused)]

    def as_data(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"rows": self.rows, "filtered": self.filtered, "refused": [asdict(r) for r in self.sorted()]}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The other way."""
        refused = [Refused(**entry) for entry in data["refused"]]
        return cls(data["rows"], data["filtered"], {r.key: r for r in refused})
