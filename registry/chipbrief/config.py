"""YAML in, checked models out, every problem at once with its place in the file.

The only module of the registry that reads files. Numbers are built from the text of the node, never from YAML
1.1's own idea of `1e3`, `010`, `12:30` or `NO`: every plain scalar arrives as text, and the field that takes it
decides. Aliases may not blow a file up, keys may not repeat, tags may not construct objects.
"""

from __future__ import annotations

import csv
import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

from chipbrief.errors import InputError, Problem, did_you_mean
from chipbrief.units import DIMENSIONS

__all__ = [
    "UNSEEN",
    "Bytes",
    "Count",
    "Document",
    "Dollars",
    "Fraction",
    "Id",
    "Ratio",
    "Seconds",
    "Strict",
    "Watts",
    "Whole",
    "field_name",
    "known",
    "load",
    "parse_yaml",
    "read_columns",
    "read_yaml",
    "validate",
]

MAX_BYTES = 1_000_000
MAX_NODES = 100_000
MAX_DEPTH = 40

# Control characters, halves of pairs, what is no character, and the two that turn the text around.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")
_NOT_YAML = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_YAML_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(_YAML_TAG + t for t in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge"))
_COLLECTION_TAGS = frozenset(_YAML_TAG + t for t in ("map", "seq"))
_KEY_TAGS = frozenset(_YAML_TAG + t for t in ("str", "bool", "merge"))  # `on` and `no` are YAML 1.1's booleans


class Strict(BaseModel):
    """A frozen model that knows all of its fields and refuses every other."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data (text, bool, None, lists, mappings) and where each part stands."""

    name: str
    data: Any
    marks: Mapping[Path_, tuple[int, int]]

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        """A problem at `path`, or at the nearest part of the file above it."""
        at = tuple(path)
        while at and at not in self.marks:
            at = at[:-1]
        line, column = self.marks.get(at, (1, 1))
        return Problem(message, self.name, line, column, field_name(path))


def field_name(path: Sequence[str | int]) -> str:
    """`('classes', 0, 'slo')` as a reader writes it: `classes[0].slo`."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


# -- reading --------------------------------------------------------------------------------------------------


def read_yaml(path: Path) -> Document:
    """Read and parse a file.

    Raises:
        InputError: it is missing, unreadable, too large, not UTF-8 or not YAML.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError([Problem(f"cannot be read: {error.strerror or error}", str(path))]) from None
    if len(raw) > MAX_BYTES:
        raise InputError([Problem(f"is larger than {MAX_BYTES // 1000} kB", str(path))])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError([Problem(f"is not UTF-8 text (byte {error.start})", str(path))]) from None
    return parse_yaml(text, str(path))


def parse_yaml(text: str, name: str) -> Document:
    """Parse YAML text; `name` stands for the file in messages.

    Raises:
        InputError: broken syntax, repeated keys, tags, too many or too deeply nested nodes, unseen characters.
    """
    _check_characters(text, name)
    try:
        _check_depth(text, name)
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = " ".join(part for part in (error.problem, error.context) if part)
        told = f"is not valid YAML: {what}"
        if "nesting depth" in what:  # libyaml reads ahead, and since PyYAML 6.0.4 gives up by itself at 1,000
            told = f"is nested more than {MAX_DEPTH} deep"
        raise InputError([Problem(told, name, line, column)]) from None
    except yaml.YAMLError as error:
        raise InputError([Problem(f"is not valid YAML: {' '.join(str(error).split())}", name, 1, 1)]) from None
    builder = _Builder(name)
    data = None if node is None else builder.build(node, ())
    if builder.problems:
        raise InputError(builder.problems)
    return Document(name, data, builder.marks)


def read_columns(path: Path, names: Sequence[str]) -> dict[str, list[float]]:
    """Read numeric columns of a CSV file with a heading line, row by row.

    Raises:
        InputError: unreadable, no such column, or a value that is no finite, non-negative number (the first one).
    """
    columns: dict[str, list[float]] = {name: [] for name in names}
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            absent = [name for name in names if name not in (rows.fieldnames or ())]
            if absent:
                raise InputError([Problem(f"has no column {', '.join(absent)}", str(path), 1, 1)])
            for row in rows:
                for name, values in columns.items():
                    values.append(_number(row[name], str(path), rows.line_num, name))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError([Problem(f"cannot be read: {reason}", str(path))]) from None
    return columns


def _number(text: str | None, file: str, line: int, name: str) -> float:
    try:
        return DIMENSIONS["count"].parse(text)
    except ValueError as error:
        raise InputError([Problem(str(error), file, line, 1, name)]) from None


def _check_characters(text: str, name: str) -> None:
    """Refuse the first character that YAML does not allow as it is; its parser would not say where it stands."""
    found = _NOT_YAML.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        raise InputError([Problem(_unseen(found), name, line, column)])


def _unseen(found: re.Match[str]) -> str:
    return f"holds U+{ord(found[0]):04X}, which cannot be printed: leave it out"


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > MAX_DEPTH:
            line, column = (event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else (1, 1)
            raise InputError([Problem(f"is nested more than {MAX_DEPTH} deep", name, line, column)])


class _Builder:
    """Turns nodes into plain data, remembering where each part stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.marks: dict[Path_, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self.count = 0

    def build(self, node: Any, path: Path_) -> Any:
        self.count += 1
        if self.count > MAX_NODES or len(path) > MAX_DEPTH:
            excess = f"holds more than {MAX_NODES} values" if self.count > MAX_NODES else f"goes {MAX_DEPTH} deep"
            raise InputError([self._problem(node, path[:1], f"{excess} once its aliases are followed")])
        self.marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.CollectionNode) and node.tag not in _COLLECTION_TAGS:
            self._refuse_tag(node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, i)) for i, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: Any, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not (isinstance(key_node, yaml.ScalarNode) and key_node.tag in _KEY_TAGS):
                hint = "quote values that hold a comma" if node.flow_style else "write keys as text"
                shown = f" ({key})" if isinstance(key, str) else ""
                self.problems.append(self._problem(key_node, path, f"has a key that is not text{shown}: {hint}"))
                continue
            self._see(key_node, (*path, key))
            if key in result:
                self.problems.append(self._problem(key_node, (*path, key), "stands twice in the same mapping"))
                continue
            mark = value_node.start_mark if isinstance(value_node, yaml.ScalarNode) else key_node.start_mark
            self.marks[(*path, key)] = (mark.line + 1, mark.column + 1)
            result[key] = self.build(value_node, (*path, key))
        return result

    def _scalar(self, node: Any, path: Path_) -> str | bool | None:
        if node.tag not in _SCALAR_TAGS:
            self._refuse_tag(node, path)
        plain = not node.style  # None from PyYAML's own scanner, '' from libyaml's
        if plain and node.value in _NULLS:
            return None
        if plain and node.value in _BOOLS:
            return _BOOLS[node.value]
        self._see(node, path)
        return str(node.value)

    def _see(self, node: Any, path: Path_) -> None:
        """Refuse what cannot be printed, however it is written: Vega-Lite's converter ends the process at a NUL."""
        found = UNSEEN.search(node.value)
        if found:
            self.problems.append(self._problem(node, path, _unseen(found)))

    def _refuse_tag(self, node: Any, path: Path_) -> None:
        self.problems.append(self._problem(node, path, f"has the tag {node.tag}, and tags are not read"))

    def _problem(self, node: Any, path: Path_, message: str) -> Problem:
        field = UNSEEN.sub("\ufffd", field_name(path))
        return Problem(message, self.name, node.start_mark.line + 1, node.start_mark.column + 1, field)


# -- checking -------------------------------------------------------------------------------------------------


def load(path: Path, model: type[M], context: Mapping[str, Any] | None = None) -> M:
    """Read a file and check it against a model; raises InputError with every problem."""
    return validate(read_yaml(path), model, context)


def validate(document: Document, model: type[M], context: Mapping[str, Any] | None = None) -> M:
    """Check a document against a model.

    Raises:
        InputError: one Problem for everything that is wrong, each with its line and column.
    """
    if not isinstance(document.data, dict):
        raise InputError([document.problem((), "expected a mapping of fields, found none")])
    try:
        return model.model_validate(document.data, context=dict(context or {}))
    except ValidationError as error:
        problems = [_translate(document, model, e) for e in error.errors(include_url=False) if not _echo(e)]
        raise InputError(dict.fromkeys(problems)) from None


def _echo(error: Any) -> bool:
    """Whether a list only counts as too short because its items are wrong, which is said of each."""
    return bool(error["type"] == "too_short" and error["input"])


def _translate(document: Document, model: type[BaseModel], error: Any) -> Problem:
    path: Path_ = tuple(p for p in error["loc"] if p != "[key]")
    kind, ctx, given = error["type"], error.get("ctx", {}), error.get("input")
    if kind == "missing":
        return document.problem(path, "is missing")
    if kind == "extra_forbidden":
        near = did_you_mean(str(path[-1]), _fields_at(model, path[:-1]))
        hint = "; quote values that hold a comma" if given is None and not near else near
        return document.problem(path, f"is not a field here{hint}")
    if kind == "too_short":
        return document.problem(path, f"expected at least {ctx['min_length']}, got none")
    if kind == "value_error":
        return document.problem(path, str(ctx["error"]))
    if kind in ("literal_error", "enum"):
        return document.problem(
            path, f"expected {ctx['expected']}, got {given!r}" + _near_literal(given, ctx["expected"])
        )
    wanted = {
        "list_type": "a list",
        "tuple_type": "a list",
        "string_type": "text",
        "bool_parsing": "true or false",
    }
    if kind in wanted or kind.endswith(("model_type", "dict_type", "mapping_type", "dataclass_type")):
        return document.problem(path, f"expected {wanted.get(kind, 'a mapping')}, got {given!r}")
    return document.problem(path, error["msg"])


def _near_literal(given: object, expected: str) -> str:
    return did_you_mean(str(given), [word.strip(" '") for word in expected.replace(" or ", ",").split(",")])


def _fields_at(model: Any, path: Sequence[str | int]) -> Iterable[str]:
    """The field names that stand at a path, following lists, mappings and optional parts."""
    for part in path:  # a part that is no field is an index or a key: it stands in the list or mapping before it
        if isinstance(model, type) and issubclass(model, BaseModel) and str(part) in model.model_fields:
            model = _model_in(model.model_fields[str(part)].annotation)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return ()
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for m in map(_model_in, typing.get_args(annotation)) if m is not None), None)


# -- field types ----------------------------------------------------------------------------------------------


def known(kind: str) -> Any:
    """A validator that holds a name against `context[kind]` (a mapping of accepted names to ids), if that is given."""

    def check(name: str, info: ValidationInfo) -> str:
        names: Mapping[str, str] | None = (info.context or {}).get(kind)
        if names is None:
            return name
        if name not in names:
            raise ValueError(f"unknown {kind} {name!r}" + did_you_mean(name, names))
        return names[name]

    return AfterValidator(check)


def _whole(value: object) -> int:
    number = DIMENSIONS["count"].parse(value)
    if number != int(number):
        raise ValueError(f"expected a whole number, got {value!r}")
    return int(number)


def _id(value: object) -> str:
    if not isinstance(value, str) or not value or not all(c.isascii() and (c.isalnum() or c in "-._") for c in value):
        raise ValueError(f"expected an id of letters, digits, '-', '.' and '_', got {value!r}")
    if not value[0].isalnum():
        raise ValueError(f"expected an id that begins with a letter or digit, got {value!r}")
    return value


Seconds = Annotated[float, BeforeValidator(DIMENSIONS["time"].parse)]
Watts = Annotated[float, BeforeValidator(DIMENSIONS["power"].parse)]
Dollars = Annotated[float, BeforeValidator(DIMENSIONS["money"].parse)]
Bytes = Annotated[float, BeforeValidator(DIMENSIONS["capacity"].parse)]
Count = Annotated[float, BeforeValidator(DIMENSIONS["count"].parse)]
Whole = Annotated[int, BeforeValidator(_whole)]
Fraction = Annotated[float, BeforeValidator(DIMENSIONS["fraction"].parse)]
Ratio = Annotated[float, BeforeValidator(DIMENSIONS["ratio"].parse)]
Id = Annotated[str, BeforeValidator(_id)]
