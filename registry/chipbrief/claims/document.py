"""The schema `claims/1`: what somebody said, as data, with what each check needs.

A file says what was claimed, by whom and where, and may state facts with their source. It never states a verdict: a
field such as `verdict` or `expected` is refused like any other that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SkipValidation, ValidationInfo, field_validator, model_validator

from chipbrief.claims.dates import Period
from chipbrief.claims.metrics import METRICS
from chipbrief.claims.quantity import Quantity
from chipbrief.config import Document, Id, Strict, known, read_yaml, validate
from chipbrief.errors import did_you_mean

__all__ = [
    "Claim",
    "ClaimsDocument",
    "ClaimsFile",
    "Fact",
    "Level",
    "Subject",
    "Text",
    "claims_from_document",
    "load_claims",
]

Level = Literal["user", "replica", "chip", "system", "site"]
Value = SkipValidation[Quantity | Period | str]
_THE_TEXT = "text"


def _refers(*metrics: str) -> Any:
    """A validator of the id of another claim, of one of these metrics where any are named."""

    def check(name: str, info: ValidationInfo) -> str:
        stated: Mapping[str, str] = (info.context or {}).get("metric_of", {})
        if name not in stated:
            raise ValueError(f"unknown claim {name!r}" + did_you_mean(name, stated))
        if metrics and stated[name] in METRICS and stated[name] not in metrics:
            raise ValueError(f"claim {name!r} states {stated[name]}, expected {' or '.join(metrics)}")
        return name

    return AfterValidator(check)


def _same_dimension(pair: tuple[str, str], info: ValidationInfo) -> tuple[str, str]:
    stated: Mapping[str, str] = (info.context or {}).get("metric_of", {})
    kinds = [METRICS[stated[name]].dimension for name in pair if stated.get(name) in METRICS]
    if len(kinds) == 2 and (kinds[0] is None or kinds[0] is not kinds[1]):
        raise ValueError(f"claims {pair[0]!r} and {pair[1]!r} are not numbers of one kind")
    return pair


def _day(name: str, info: ValidationInfo) -> str:
    """The id of a dated fact, or `text` for the day on which the text appeared."""
    facts: Mapping[str, str] = (info.context or {}).get("fact_metric_of", {})
    if name == _THE_TEXT or facts.get(name) == "date":
        return name
    if name in facts:
        raise ValueError(f"fact {name!r} states {facts[name]}, expected date")
    raise ValueError(f"unknown fact {name!r}" + did_you_mean(name, [*facts, _THE_TEXT]))


def _metric(name: str) -> str:
    if name not in METRICS:
        raise ValueError(f"unknown metric {name!r}" + did_you_mean(name, METRICS))
    return name


def _parsed(text: Any, info: ValidationInfo) -> Any:
    """The value in the dimension of the metric that stands before it."""
    metric = METRICS.get(info.data.get("metric", ""))
    if metric is None or isinstance(text, (Quantity, Period)):
        return text
    if metric.sort == "date":
        return Period.parse(text)
    if metric.dimension is not None:
        return Quantity.parse(text, metric.dimension)
    if not isinstance(text, str):
        raise ValueError(f"expected words, got {text!r}")
    return text


ClaimId = Annotated[str, _refers()]
Pair = Annotated[tuple[ClaimId, ClaimId], AfterValidator(_same_dimension)]
SpeedId = Annotated[str, _refers("speed", "throughput")]
MetricName = Annotated[str, AfterValidator(_metric)]
FactId = Annotated[str, known("fact")]
Day = Annotated[str, AfterValidator(_day)]


class Text(Strict):
    """What is audited: a title that a reader knows, where it is, and when it appeared."""

    title: str
    locator: str
    date: SkipValidation[Period]

    @field_validator("date", mode="before")
    @classmethod
    def _date(cls, text: Any) -> Any:
        return text if isinstance(text, Period) else Period.parse(text)


class Reference(Strict):
    """A source of facts."""

    title: str
    locator: str


class Fact(Strict):
    """A fact that claims are held against, with its source and the day that it is of."""

    metric: MetricName
    value: Value
    date: SkipValidation[Period]
    source: Annotated[str, known("source")]
    note: str | None = None

    _value = field_validator("value", mode="before")(_parsed)

    @field_validator("date", mode="before")
    @classmethod
    def _date(cls, text: Any) -> Any:
        return text if isinstance(text, Period) else Period.parse(text)


class Subject(Strict):
    """Something that claims are about and the registry does not hold; `hardware` where it stands for a system."""

    name: str
    hardware: Annotated[str, known("hardware")] | None = None


class Claim(Strict):
    """One thing that was said, and what its checks need; docs/claims.md says which check needs what."""

    id: Id
    where: str = ""
    says: str
    by: str | None = None
    subject: Annotated[str, known("subject")]
    metric: MetricName
    value: Value
    conditions: str = ""
    per: Level | None = None
    models: tuple[Annotated[str, known("model")], ...] = ()
    format: Literal["fp4", "fp8", "int8", "bf16", "fp16"] | None = None
    sparsity: Literal["dense", "sparse"] | None = None
    users: int | None = None
    output_tokens: int | None = None
    rows: Id | None = None
    speed: SpeedId | None = None
    of: tuple[Pair, ...] = ()
    speeds: tuple[Pair, ...] = ()
    times: tuple[ClaimId, ...] = ()
    difference: Pair | None = None
    capex: Annotated[str, _refers("price")] | None = None
    opex: Annotated[str, _refers("operating_cost")] | None = None
    power: Annotated[str, _refers("power")] | None = None
    against: tuple[FactId, ...] = ()
    latest_of: tuple[FactId, ...] = ()
    not_before: tuple[Day, ...] = ()
    not_after: tuple[Day, ...] = ()
    checks: tuple[Annotated[str, known("check")], ...] | None = None

    _value = field_validator("value", mode="before")(_parsed)

    @field_validator("users", "output_tokens", mode="before")
    @classmethod
    def _whole(cls, text: Any) -> Any:
        quantity = None if text is None else Quantity.parse(text, METRICS["count"].dimension)  # type: ignore[arg-type]
        if quantity is not None and (quantity.value < 1 or quantity.value != int(quantity.value)):
            raise ValueError(f"expected a whole number of at least 1, got {text!r}")
        return None if quantity is None else int(quantity.value)

    @field_validator("id")
    @classmethod
    def _once(cls, name: str, info: ValidationInfo) -> str:
        seen: set[str] = (info.context or {}).get("seen", set())
        if name in seen:
            raise ValueError(f"the claim id {name!r} stands twice")
        seen.add(name)
        return name

    @model_validator(mode="after")
    def _has_its_parts(self) -> Claim:
        if self.rows and (self.output_tokens is None or self.metric not in ("e2e_latency", "decode_time")):
            raise ValueError("a row of a set is an e2e_latency or a decode_time, and needs output_tokens")
        if self.id in (*self.times, *(name for pair in (*self.of, *self.speeds) for name in pair), self.speed):
            raise ValueError("a claim cannot be held against itself")
        return self

    @property
    def quantity(self) -> Quantity | None:
        """The number, where the claim states one."""
        return self.value if isinstance(self.value, Quantity) else None

    @property
    def period(self) -> Period | None:
        """The date, where the claim states one."""
        return self.value if isinstance(self.value, Period) else None

    @property
    def stated(self) -> str:
        """The value as it was written."""
        return self.value if isinstance(self.value, str) else self.value.written


class ClaimsDocument(Strict):
    """The shape of a claims file."""

    schema_: Annotated[Literal["claims/1"], Field(alias="schema")]
    name: Id
    title: str
    text: Text
    subjects: dict[Id, Subject] = {}
    sources: dict[Id, Reference] = {}
    facts: dict[Id, Fact] = {}
    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]


@dataclass(frozen=True)
class ClaimsFile:
    """A checked file: its text, its claims in the order of the file, and what they are about and held against."""

    name: str
    title: str
    text: Text
    subjects: Mapping[str, Subject]
    sources: Mapping[str, Reference]
    facts: Mapping[str, Fact]
    claims: tuple[Claim, ...]


def load_claims(
    path: Path, *, models: Mapping[str, str], hardware: Mapping[str, str], checks: Mapping[str, Any]
) -> ClaimsFile:
    """Read a claims file; names that are not known are problems of the file like any other.

    Args:
        path: the file.
        models: accepted model names and their ids.
        hardware: accepted hardware names and their ids.
        checks: the checks that a claim may name, by name.

    Raises:
        InputError: every problem, with line and column.
    """
    return claims_from_document(read_yaml(path), models=models, hardware=hardware, checks=checks)


def claims_from_document(
    document: Document, *, models: Mapping[str, str], hardware: Mapping[str, str], checks: Mapping[str, Any]
) -> ClaimsFile:
    """Check a parsed claims file; raises InputError with every problem."""
    data = document.data if isinstance(document.data, dict) else {}
    subjects, facts = _keys(data, "subjects"), _keys(data, "facts")
    context = {
        "model": models,
        "hardware": hardware,
        "check": {name: name for name in checks},
        "subject": _Names(hardware, subjects),
        "source": _keys(data, "sources"),
        "fact": facts,
        "fact_metric_of": {name: _text_at(data["facts"][name], "metric") for name in facts},
        "metric_of": _metrics_of(data.get("claims")),
        "seen": set(),
    }
    found = validate(document, ClaimsDocument, context)
    return ClaimsFile(found.name, found.title, found.text, found.subjects, found.sources, found.facts, found.claims)


class _Names(dict[str, str]):
    """The file's own subjects, and hardware by every name it goes by, in any case."""

    def __init__(self, hardware: Mapping[str, str], own: Mapping[str, str]) -> None:
        super().__init__({**hardware, **own})
        self._hardware, self._own = hardware, own

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._hardware

    def __missing__(self, name: str) -> str:
        return self._hardware[name]


def _keys(data: Mapping[str, Any], field: str) -> dict[str, str]:
    part = data.get(field)
    return {name: name for name in part} if isinstance(part, dict) else {}


def _text_at(part: Any, field: str) -> str:
    found = part.get(field) if isinstance(part, dict) else None
    return found if isinstance(found, str) else ""


def _metrics_of(claims: Any) -> dict[str, str]:
    rows = claims if isinstance(claims, list) else []
    return {_text_at(row, "id"): _text_at(row, "metric") for row in reversed(rows) if _text_at(row, "id")}
