"""What to print: a briefing file, or a bare mix with everything else at its default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator

from chipbrief.claims import CHECKS, ClaimsFile, claims_from_document
from chipbrief.config import Document, Strict, known, read_yaml, validate
from chipbrief.errors import InputError, Problem, did_you_mean
from chipbrief.workload import WorkloadMix, mix_from_document
from chipbrief_reports.render.logo import read_logo
from chipbrief_reports.render.templates import check_templates
from chipbrief_reports.timetable import Schedule
from chipbrief_templates import DEFAULT_MIX, example_claims, example_mixes

__all__ = ["FORMATS", "SECTION_NAMES", "BriefingFile", "Format", "Request", "claims_file", "mix_file", "read_request"]

Format = Literal["html", "pdf", "xlsx", "csv", "json", "md"]
FORMATS: tuple[Format, ...] = ("html", "pdf", "xlsx", "csv", "json", "md")
SECTION_NAMES = (
    "decision",
    "mix",
    "speed-cost",
    "latency",
    "capacity",
    "cost",
    "sensitivity",
    "systems",
    "power",
    "evidence",
)
_SCHEMAS = ("briefing/1", "workload-mix/1")


def _section(name: str) -> str:
    if name not in SECTION_NAMES:
        raise ValueError(f"unknown section {name!r}" + did_you_mean(name, SECTION_NAMES))
    return name


class Theme(Strict):
    """Paper, accent colour, logo and a folder of templates that take the place of the bundled ones."""

    paper: Literal["A4", "Letter"] = "A4"
    accent: str = "#B4441C"
    template_dir: str | None = None
    logo: str | None = None

    @field_validator("accent", mode="before")
    @classmethod
    def _quoted(cls, colour: object) -> object:
        if colour is None:
            raise ValueError("expected a colour in quotes, such as '#B4441C': without them # begins a comment")
        return colour

    @field_validator("accent")
    @classmethod
    def _colour(cls, colour: str) -> str:
        if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
            raise ValueError(f"expected a colour such as #B4441C, got {colour!r}")
        return colour


class BriefingFile(Strict):
    """The shape of a briefing file; its mix is checked by itself."""

    schema_: Annotated[Literal["briefing/1"], Field(alias="schema")]
    title: str | None = None
    organisation: str = ""
    as_of: str | None = None
    mix: Any
    focus: tuple[Annotated[str, known("hardware")], ...] = ()
    sections: Annotated[tuple[Annotated[str, AfterValidator(_section)], ...], Field(min_length=1)] = SECTION_NAMES
    theme: Theme = Theme()
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = FORMATS
    claims: tuple[str, ...] = ()
    schedule: Schedule | None = None

    @field_validator("sections")
    @classmethod
    def _each_once(cls, names: Sequence[str]) -> Sequence[str]:
        return tuple(dict.fromkeys(names))

    @field_validator("as_of")
    @classmethod
    def _day(cls, day: str | None) -> str | None:
        from datetime import date

        if day is None:
            return None
        try:
            if date.fromisoformat(day).isoformat() == day:
                return day
        except ValueError:
            pass
        raise ValueError(f"expected a date such as 2026-11-23, got {day!r}")


@dataclass(frozen=True, slots=True)
class Request:
    """A briefing to print; `as_of` is None where the file leaves it to the day of the run."""

    mix: WorkloadMix
    title: str
    organisation: str
    as_of: str | None
    focus: tuple[str, ...]
    sections: tuple[str, ...]
    theme: Mapping[str, str]
    template_folder: Path | None
    formats: tuple[Format, ...]
    claims: tuple[ClaimsFile, ...] = ()


def mix_file(given: Path | None, folder: Path = Path()) -> Path:
    """The file of a mix: the one given, else the example of that name; the default example for None.

    Args:
        given: a path, from `folder`, or the name of an example.
        folder: where a path that is not absolute begins.

    Raises:
        InputError: neither a file nor an example, though it looks like the name of one.
    """
    if given is None:
        return DEFAULT_MIX
    path, examples = folder / given, example_mixes()
    if path.exists() and not (path.is_dir() and str(given) in examples):
        return path
    if str(given) in examples:
        return examples[str(given)]
    near = did_you_mean(given.stem if given.suffix in (".yaml", ".yml") else given.name, examples)
    if given.name == str(given) and (near or not given.suffix):
        told = f"is neither a file nor an example mix{near or '; chipbrief mix list names them'}"
        raise InputError([Problem(told, str(path))])
    return path


def read_request(path: Path | None, *, models: Mapping[str, str], hardware: Mapping[str, str]) -> Request:
    """Read a briefing or a mix, which may be the name of an example; the default example for None.

    Raises:
        InputError: every problem of the file, and of the mix it names.
    """
    default, path = path is None, mix_file(path)
    document, folder = read_yaml(path), path.parent
    schema = document.data.get("schema") if isinstance(document.data, dict) else None
    if schema == "briefing/1":
        return _from_briefing(document, folder, models, hardware)
    if schema != "workload-mix/1":
        near = did_you_mean(str(schema), _SCHEMAS) if schema else ""
        got = f", got {schema!r}" if schema else ", and it is missing"
        raise InputError([document.problem(("schema",), f"expected 'workload-mix/1' or 'briefing/1'{got}{near}")])
    mix = mix_from_document(document, folder, models=models, hardware=hardware)
    theme = Theme()
    claims = _claims(tuple(example_claims()) if default else (), folder, models, hardware)
    return Request(mix, mix.label, "", None, (), SECTION_NAMES, _colours(theme), None, FORMATS, claims)


def claims_file(given: Path, folder: Path = Path()) -> Path:
    """The claims file given, or the one that ships under that name.

    Args:
        given: a path, from `folder`, or the name of a file that ships.
        folder: where a path that is not absolute begins.

    Raises:
        InputError: neither a file nor such a name, though it looks like one.
    """
    path, examples = folder / given, example_claims()
    if path.exists() and not (path.is_dir() and str(given) in examples):
        return path
    if str(given) in examples:
        return examples[str(given)]
    near = did_you_mean(given.stem if given.suffix in (".yaml", ".yml") else given.name, examples)
    if given.name == str(given) and (near or not given.suffix):
        hint = near or f"; these ship: {', '.join(examples)}"
        raise InputError([Problem(f"is neither a file nor a claims file that ships{hint}", str(path))])
    return path


def _claims(
    names: Sequence[str],
    folder: Path,
    models: Mapping[str, str],
    hardware: Mapping[str, str],
    document: Document | None = None,
) -> tuple[ClaimsFile, ...]:
    """Every claims file, checked; raises InputError with the problems of all of them."""
    problems: list[Problem] = []
    found: list[ClaimsFile] = []
    for index, name in enumerate(names):
        try:
            path = claims_file(Path(name), folder)
            found.append(claims_from_document(read_yaml(path), models=models, hardware=hardware, checks=CHECKS))
        except InputError as error:
            problems += _placed(error, document, ("claims", index))
    if problems:
        raise InputError(problems)
    return tuple(found)


def _placed(error: InputError, document: Document | None, at: tuple[str | int, ...]) -> Iterator[Problem]:
    """The problems of a file; those of the whole of it, with the place in the document that names the file."""
    for problem in error.problems:
        whole = document is not None and not problem.line
        yield document.problem(at, f"{problem.file} {problem.message}") if document and whole else problem


def _from_briefing(document: Document, folder: Path, models: Mapping[str, str], hardware: Mapping[str, str]) -> Request:
    problems: list[Problem] = []
    mix: WorkloadMix | None = None
    file: BriefingFile | None = None
    try:
        file = validate(document, BriefingFile, {"hardware": hardware})
    except InputError as error:
        problems += error.problems
    try:
        mix = _mix_of(document, folder, models, hardware)
    except InputError as error:
        problems += error.problems
    try:
        templates = _folder(document, folder, file.theme.template_dir if file else None)
    except InputError as error:
        problems += error.problems
    logo: dict[str, str] = {}
    try:
        logo = _logo(document, folder, file.theme.logo if file else None)
    except InputError as error:
        problems += error.problems
    claims: tuple[ClaimsFile, ...] = ()
    try:
        claims = _claims(file.claims if file else (), folder, models, hardware, document)
    except InputError as error:
        problems += error.problems
    if file and mix:
        problems += _out_of_mix(document, file.focus, mix)
    if problems or file is None or mix is None:
        raise InputError(problems)
    return Request(
        mix=mix,
        title=file.title or mix.label,
        organisation=file.organisation,
        as_of=file.as_of,
        focus=file.focus,
        sections=file.sections,
        theme=_colours(file.theme) | logo,
        template_folder=templates,
        formats=file.formats,
        claims=claims,
    )


def _mix_at(path: Path, models: Mapping[str, str], hardware: Mapping[str, str]) -> WorkloadMix:
    document = read_yaml(path)
    if isinstance(document.data, dict) and document.data.get("schema") == "briefing/1":
        raise InputError(
            [document.problem(("schema",), "is a briefing, and a briefing's mix cannot be another briefing")]
        )
    return mix_from_document(document, path.parent, models=models, hardware=hardware)


def _mix_of(
    document: Document, folder: Path, models: Mapping[str, str], hardware: Mapping[str, str]
) -> WorkloadMix | None:
    """The mix a briefing names or holds; None where the field is missing, which is a problem of the briefing."""
    given = document.data.get("mix")
    if isinstance(given, str):
        try:
            return _mix_at(mix_file(Path(given), folder), models, hardware)
        except InputError as error:
            raise InputError(_placed(error, document, ("mix",))) from None
    if isinstance(given, dict):
        marks = {path[1:]: mark for path, mark in document.marks.items() if path[:1] == ("mix",)}
        try:
            return mix_from_document(Document(document.name, given, marks), folder, models=models, hardware=hardware)
        except InputError as error:
            raise InputError(_within(problem, document.name) for problem in error.problems) from None
    if "mix" in document.data:
        raise InputError([document.problem(("mix",), "expected a file's name or a mapping")])
    return None


def _within(problem: Problem, name: str) -> Problem:
    """A problem of an inline mix, named as a part of the briefing."""
    return replace(problem, field=f"mix.{problem.field}".rstrip(".")) if problem.file == name else problem


def _out_of_mix(document: Document, focus: Sequence[str], mix: WorkloadMix) -> Iterator[Problem]:
    """Systems in focus that the mix does not consider, so that nothing would be said of them."""
    for index, name in enumerate(focus):
        if mix.hardware is not None and name not in mix.hardware:
            told = f"{name} is not among the mix's hardware: {', '.join(mix.hardware)}"
            yield document.problem(("focus", index), told)


def _colours(theme: Theme) -> dict[str, str]:
    return {"paper": theme.paper, "accent": theme.accent}


def _folder(document: Document, folder: Path, name: str | None) -> Path | None:
    if name is None:
        return None
    found = folder / name
    try:
        there = found.is_dir()
    except OSError:  # a name that no folder can have
        there = False
    if not there:
        raise InputError([document.problem(("theme", "template_dir"), f"is no folder: {found}")])
    wrong = check_templates(found)
    if wrong:
        raise InputError(wrong)
    return found


def _logo(document: Document, folder: Path, name: str | None) -> dict[str, str]:
    """The logo as a part of the theme; it must lie in the briefing's folder or below, links followed."""
    if name is None:
        return {}
    path, told = folder / name, ""
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            told = f"must lie in the briefing's folder or below it: {name!r}"
        elif not path.is_file():
            told = f"is no file: {path}"
    except (OSError, RuntimeError):  # a loop of links, or a name that no file can have
        told = f"is no file: {path}"
    if told:
        raise InputError([document.problem(("theme", "logo"), told)])
    try:
        return {"logo": read_logo(path)}
    except InputError as error:
        raise InputError(_placed(error, document, ("theme", "logo"))) from None
