"""JSON Schema (draft 2020-12) of the files that people write, from the models that read them.

Every scalar of a file is text to chipbrief, and its field decides what it is: so a name may look like a number, and a
quantity is a text with a unit, or a bare number where its dimension has none. References to models, hardware and
claims are left open: plugins add to them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from pydantic import BaseModel, create_model
from pydantic.json_schema import GenerateJsonSchema

from chipbrief.claims.document import ClaimsDocument
from chipbrief.conformance import CaseFile
from chipbrief.figures import Figure
from chipbrief.hardware import HardwareProfile
from chipbrief.precision import FORMATS
from chipbrief.sweep.axes import NATIVE, Axis
from chipbrief.sweep.document import Sweep
from chipbrief.units import DIMENSIONS, Dimension
from chipbrief.workload import WorkloadMix
from chipbrief.workload.tokens import TokenDistribution
from chipbrief_reports.request import SECTION_NAMES, BriefingFile

__all__ = ["SCHEMAS", "json_schema", "quantity"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Json = dict[str, Any]

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_DATE = r"^[1-9][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_CLOSED: Mapping[str, tuple[Collection[str], str]] = {
    "_section": (SECTION_NAMES, "a section of the briefing"),
    "_format": ((NATIVE, *FORMATS), "a number format"),
}


def quantity(dimension: Dimension) -> Json:
    """What a field of a dimension takes: text with a unit, and a bare number where it has none."""
    bare = "" in dimension.units
    found: Json = {
        "type": ["string", "number"] if bare else "string",
        "pattern": _pattern(dimension),
        "description": f"{dimension.article} such as {dimension.example}",
    }
    if bare:
        found["minimum"] = 0
        if dimension.maximum < float("inf"):
            found["maximum"] = dimension.maximum
    return found


def _pattern(dimension: Dimension) -> str:
    """The texts that a dimension reads, as a regular expression that JavaScript knows too."""
    units = sorted(dimension.units, key=len, reverse=True)
    written = [_spaced(unit) for unit in units if unit]
    forms = [f"{_NUMBER}\\s*(?:{'|'.join(written)}){'?' if '' in units else ''}"] if written else [_NUMBER]
    dollars = sorted({(unit[: unit.index("USD")], unit[unit.index("USD") + 3 :]) for unit in units if "USD" in unit})
    forms += [f"\\$\\s*{_NUMBER}\\s*{_spaced(scale)}{_spaced(rest)}" for scale, rest in dollars]
    return f"^\\s*\\+?\\s*(?:{'|'.join(forms)})\\s*$"


def _spaced(unit: str) -> str:
    """A unit, with spaces around its stroke if somebody likes them."""
    return r"\s*/\s*".join(unit.split("/"))


def _count(*, whole: bool) -> Json:
    return quantity(DIMENSIONS["count"]) | ({"type": ["string", "integer"]} if whole else {})


class _Generator(GenerateJsonSchema):
    """Pydantic's generator, told what the validators of chipbrief's fields accept."""

    def function_before_schema(self, schema: Any) -> Json:
        """What the validator takes, where it is one of ours; else what stands behind it."""
        told = self._told(schema["function"]["function"], schema["schema"])
        return super().function_before_schema(schema) if told is None else told

    def function_after_schema(self, schema: Any) -> Json:
        """The same of a validator that sees the value behind its type."""
        told = self._told(schema["function"]["function"], schema["schema"])
        return super().function_after_schema(schema) if told is None else told

    def str_schema(self, schema: Any) -> Json:
        """Any plain scalar is text, 405 too."""
        return {**super().str_schema(schema), "type": ["string", "number"]}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the name is pydantic's
        """A field's name is title enough."""
        return False

    def model_schema(self, schema: Any) -> Json:
        """A model, in its short forms too."""
        found, cls = super().model_schema(schema), schema["cls"]
        found.pop("title", None)
        if issubclass(cls, TokenDistribution):
            return {"anyOf": [_count(whole=False), {**found, "minProperties": 1}]}
        if issubclass(cls, Axis):
            values = found["properties"]["values"]["anyOf"][0]
            return {"anyOf": [values["items"], values, {**found, "minProperties": 1}]}
        return found

    def _told(self, function: Callable[..., Any], inner: Any) -> Json | None:
        if inner["type"] in ("model", "model-fields"):  # a model's own validator, which takes its mapping
            return None
        name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
        told = _of_owner(name, owner) or _of_name(name)
        if name == "_listed":
            many = self.generate_inner(inner)
            while "anyOf" in many:
                many = many["anyOf"][0]
            told = {"anyOf": [many["items"], many]}
        if told is not None and inner["type"] == "nullable":
            told = {"anyOf": [told, {"type": "null"}]}
        return told


def _of_owner(name: str, owner: object) -> Json | None:
    """What a method takes, by whose it is."""
    if isinstance(owner, Dimension):
        return quantity(owner)
    if isinstance(owner, type) and issubclass(owner, Figure):
        if name == "_quantity":
            return quantity(owner.dimension)
        if name == "_date":
            return {"type": ["string", "integer"], "pattern": _DATE, "description": "2026, 2026-11 or 2026-11-23"}
    return None


def _of_name(name: str) -> Json | None:
    """What a function takes, by its name."""
    if name in _CLOSED:
        names, description = _CLOSED[name]
        return {"enum": list(names), "description": description}
    of: dict[str, Json] = {
        "_id": {"type": ["string", "number"], "pattern": _ID},
        "_whole": _count(whole=True),
        "_chips": {"anyOf": [{"enum": ["smallest", "all"]}, _count(whole=True)]},
        "_parsed": {"type": ["string", "number"], "description": "a value in the unit of the metric, or a date"},
        "_date": {"type": ["string", "integer"], "description": "2026, 2026-11, 2026-Q1 or 2026 to 2027"},
    }
    return of.get(name)


# -- files ----------------------------------------------------------------------------------------------------


def _profile() -> Json:
    """A profile; what its calibration states it may leave out, and `partner` is the name of a file."""
    written = create_model("Profile", __base__=HardwareProfile, partner=(str | None, None))
    found = _generated(written)
    parts = found["$defs"]
    calibrated = ("EfficiencyPart", "LatencyPart")
    alone = {name: parts[name].pop("required") for name in calibrated}
    found["required"] = [name for name in found["required"] if name not in ("efficiency", "latency")]
    of_memory = {"latency": ["layer_spread", "sequence"], "efficiency": ["collectives"]}
    hbm = {"properties": {"memory": {"properties": {"kind": {"enum": ["hbm", "gddr", "lpddr"]}}}}}
    bare = {"not": {"required": ["calibration"]}}
    found["allOf"] = [
        {"if": bare, "then": _needs({"efficiency": alone["EfficiencyPart"], "latency": alone["LatencyPart"]})},
        {"if": {"allOf": [bare, hbm]}, "then": _needs(of_memory)},
        {"if": hbm, "then": _needs({"interconnect": ["chip"]})},
    ]
    return found


def _needs(parts: Mapping[str, list[str]]) -> Json:
    return {"required": list(parts), "properties": {name: {"required": needed} for name, needed in parts.items()}}


def _briefing() -> Json:
    """A briefing; its mix is a file, an example's name, or stands in it."""
    return _generated(create_model("Briefing", __base__=BriefingFile, mix=(str | WorkloadMix, ...)))


def _generated(model: type[BaseModel]) -> Json:
    return model.model_json_schema(schema_generator=_Generator, mode="validation")


SCHEMAS: Mapping[str, tuple[str, Callable[[], Json]]] = {
    "profile": ("a system of the registry, hardware/1", _profile),
    "cases": ("reference cases of a plugin, reference-cases/1", lambda: _generated(CaseFile)),
    "mix": ("a workload mix, workload-mix/1", lambda: _generated(WorkloadMix)),
    "briefing": ("a briefing, briefing/1", _briefing),
    "claims": ("claims to be audited, claims/1", lambda: _generated(ClaimsDocument)),
    "sweep": ("a sweep, sweep/1", lambda: _generated(Sweep)),
}


def json_schema(name: str) -> Json:
    """The schema of a kind of file, one of SCHEMAS."""
    title, make = SCHEMAS[name]
    found = make()
    found.pop("title", None)
    shared: Json = {}
    found = _with_shared(found, {_key(quantity(d)): d for d in DIMENSIONS.values()}, shared)
    found["$defs"] = {**found.get("$defs", {}), **dict(sorted(shared.items()))}
    return {"$schema": DIALECT, "title": f"chipbrief: {title}", **found}


def _key(part: Json) -> str:
    return f"{part['type']} {part.get('maximum')} {part['pattern']}"


def _with_shared(part: Any, dimensions: Mapping[str, Dimension], shared: Json) -> Any:
    """The same with each quantity written once, under the name of its dimension."""
    if isinstance(part, list):
        return [_with_shared(inner, dimensions, shared) for inner in part]
    if not isinstance(part, dict):
        return part
    if isinstance(part.get("pattern"), str) and _key(part) in dimensions:
        dimension = dimensions[_key(part)]
        shared[dimension.name] = quantity(dimension)
        return {"$ref": f"#/$defs/{dimension.name}", **({"default": part["default"]} if "default" in part else {})}
    found = {key: _with_shared(inner, dimensions, shared) for key, inner in part.items()}
    return found | ({"additionalProperties": False} if "patternProperties" in found else {})  # keys are ids
