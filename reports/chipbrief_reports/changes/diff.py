"""What is different between two editions, changes of method apart from changes of fact."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes.facts import Facts, Given, Value

__all__ = ["Change", "Changes", "Kind", "changes_from_json", "difference"]

Kind = Literal["answer", "rank", "hardware", "service", "value", "input", "workload", "method"]
KINDS: tuple[Kind, ...] = ("answer", "rank", "hardware", "service", "value", "input", "workload", "method")
SCHEMA = "edition-changes/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is different.

    Attributes:
        kind: answer (what carries a class), rank, hardware (new or retired), service (whether a system serves a
            class), value, input (a figure, its range, date or source), workload, or method.
        id: of the result, Figure, class, system, field or part of the method.
        label: what it is, in words.
        before: what stood there; empty where nothing did.
        after: what stands there now; empty where it is gone.
        ratio: for numbers, after over before; None where there is no such.
        unit: of a value.
        system: whose value it is; empty for a whole mix.
        note: what else is to be said, such as the new source.
    """

    kind: Kind
    id: str
    label: str
    before: str
    after: str
    ratio: float | None = None
    unit: str = ""
    system: str = ""
    note: str = ""

    @property
    def size(self) -> float:
        """How much a number moved, up or down alike; 0 where it is no number."""
        return abs(math.log(self.ratio)) if self.ratio and self.ratio > 0 else (math.inf if self.ratio == 0 else 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All differences between two editions, told from a threshold on.

    Attributes:
        before: what the earlier one is called.
        after: what the later one is called.
        before_as_of: date of the earlier one.
        threshold: change of a value from which on it is told, as a share.
        found: the changes, by kind, the largest first.
        small: values that moved by less than the threshold.
    """

    before: str
    after: str
    before_as_of: str
    threshold: float
    found: tuple[Change, ...] = ()
    small: int = 0

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        """Those of some kinds."""
        return tuple(change for change in self.found if change.kind in kinds)

    def counts(self) -> dict[str, int]:
        """How many there are of each kind; kinds without any are left out."""
        return {kind: len(self.of(kind)) for kind in KINDS if self.of(kind)}

    def as_data(self) -> dict[str, Any]:
        """The changes as JSON-able data."""
        return {"schema": SCHEMA, **asdict(self)}

    def as_bytes(self) -> bytes:
        """The file's content."""
        return (json.dumps(self.as_data(), ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def changes_from_json(content: bytes, name: str) -> Changes:
    """The changes that a file holds; `name` stands for it in the message.

    Raises:
        ChipbriefError: it is no such file.
    """
    try:
        found: Any = json.loads(content)
        if found.pop("schema") != SCHEMA:
            raise ValueError("of another schema")
        found["found"] = tuple(Change(**change) for change in found["found"])
        return Changes(**found)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ChipbriefError(f"{name} does not hold the changes of an edition") from None


def difference(
    before: Facts, after: Facts, *, threshold: float, names: tuple[str, str] = ("before", "after")
) -> Changes:
    """Everything that is different.

    Args:
        before: the earlier edition.
        after: the later one.
        threshold: change of a value from which on it is told, as a share of the earlier value.
        names: what the two are called.
    """
    both = before.systems.keys() & after.systems.keys()
    values = [c for c in _values(before.values, after.values) if not c.system or c.system in both]
    told = [change for change in values if _worth(change, threshold)]
    found: list[Change] = [
        *_answers(before, after),
        *_ranks(before, after),
        *_hardware(before, after),
        *_service(before, after),
        *sorted(told, key=lambda change: -change.size),
        *sorted(_inputs(before, after), key=lambda change: -change.size),
        *_texts("workload", before.workload, after.workload),
        *_texts("method", before.method, after.method),
    ]
    return Changes(
        before=names[0],
        after=names[1],
        before_as_of=before.as_of,
        threshold=threshold,
        found=tuple(found),
        small=len(values) - len(told),
    )


def _worth(change: Change, threshold: float) -> bool:
    """Whether a number moved by so much; one that appears or goes away always did."""
    return change.ratio is None or abs(change.ratio - 1.0) >= threshold * (1.0 - 1e-9)


def _keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What either has, in the later one's order, what is gone at the end."""
    return [*after, *(key for key in before if key not in after)]


def _texts(kind: Kind, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for key in _keys(before, after):
        first, last = before.get(key, ""), after.get(key, "")
        if first != last:
            yield Change(kind=kind, id=key, label=key, before=first, after=last)


def _called(facts: Facts, name: str) -> str:
    return facts.names.get(name, name)


def _answers(before: Facts, after: Facts) -> Iterator[Change]:
    """Classes of both that another offer carries."""
    for name, last in after.answers.items():
        first = before.answers.get(name, last)
        if first != last:
            yield Change(
                kind="answer",
                id=name,
                label=_called(after, name),
                before=_called(before, first),
                after=_called(after, last),
            )


def _service(before: Facts, after: Facts) -> Iterator[Change]:
    """Whether a system serves a class, where both editions have both."""
    classes, systems = before.answers.keys() & after.answers.keys(), before.systems.keys() & after.systems.keys()
    both = {f"{name}.{system}" for name in classes for system in systems}
    for key in _keys(before.refused, after.refused):
        first, last = before.refused.get(key, ""), after.refused.get(key, "")
        if key in both and first != last:
            yield Change(kind="service", id=key, label=_called(after, key), before=first, after=last)


def _ranks(before: Facts, after: Facts) -> Iterator[Change]:
    """Classes whose offers have another order; offers that only one of the two has do not make an order different."""
    for name in after.rankings:
        shared = set(before.rankings.get(name, ())) & set(after.rankings[name])
        first = [offer for offer in before.rankings.get(name, ()) if offer in shared]
        last = [offer for offer in after.rankings[name] if offer in shared]
        for offer in last:
            was, now = first.index(offer) + 1, last.index(offer) + 1
            if now < was:
                passed = [_called(after, other) for other in first[: was - 1] if last.index(other) >= now]
                yield Change(
                    kind="rank",
                    id=f"{name}.{offer}",
                    label=f"{_called(after, offer)}, for {_called(after, name)}",
                    before=str(was),
                    after=str(now),
                    note=f"passes {' and '.join(passed)}",
                )


def _hardware(before: Facts, after: Facts) -> Iterator[Change]:
    for key in _keys(before.systems, after.systems):
        first, last = before.systems.get(key, ""), after.systems.get(key, "")
        if first != last:
            yield Change(kind="hardware", id=key, label=first or last, before=first, after=last)


def _values(before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[Change]:
    for key in _keys(before, after):
        first, last = before.get(key), after.get(key)
        if first == last:
            continue
        known = last or first
        assert known is not None
        ratio = last.value / first.value if first and last and first.value else None
        if first and last and first.value == last.value:
            continue  # its range alone moved, with a range of an input, which is told
        yield Change(
            kind="value",
            id=key,
            label=known.label,
            before=repr(first.value) if first else "",
            after=repr(last.value) if last else "",
            ratio=ratio,
            unit=known.unit,
            system=known.system,
        )


def _inputs(before: Facts, after: Facts) -> Iterator[Change]:
    """Figures that are different; those of a system that only one edition has come and go with it."""
    alone = before.systems.keys() ^ after.systems.keys()
    for key in _keys(before.inputs, after.inputs):
        first, last = before.inputs.get(key), after.inputs.get(key)
        if first != last and key.split(":", 1)[0] not in alone:
            yield _input(key, first, last)


def _input(key: str, first: Given | None, last: Given | None) -> Change:
    """An input's change: the value where it moved, else the range, else what it stands on."""
    notes: list[str] = []
    if first and last:
        if first.span != last.span:
            notes.append(f"range {first.span or 'none'}, now {last.span or 'none'}")
        if first.source != last.source:
            notes.append(f"source {first.source}, now {last.source}")
        elif first.locator != last.locator:
            notes.append(f"source at {first.locator}, now {last.locator}")
        if first.kind != last.kind:
            notes.append(f"kind {first.kind}, now {last.kind}")
        if first.date != last.date and first.date and last.date:
            notes.append(f"dated {first.date}, now {last.date}")
    ratio = last.value / first.value if first and last and first.value else None
    return Change(
        kind="input",
        id=key,
        label=key,
        before=first.text if first else "",
        after=last.text if last else "",
        ratio=ratio,
        note="; ".join(notes),
    )
