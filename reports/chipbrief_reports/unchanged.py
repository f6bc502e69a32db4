"""Whether a build would give again what already lies in the folder: a record of all that went in and came out.

Nothing heavy is imported here: to find that nothing has changed must not take the time of a build. All inputs are
compared as bytes, so that whatever a briefing reads, now or in a later version, is held against the record.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chipbrief.errors import InputError
from chipbrief_reports.clock import today
from chipbrief_templates import DEFAULT_MIX, example_mixes

__all__ = ["Basis", "BuildReport", "basis_of", "file_of", "fingerprint", "inputs_of", "kept", "record", "record_name"]

SCHEMA = "build-record/1"
DISTRIBUTION = ENTRY_POINT_GROUP = "chipbrief"
PLUGIN_FILES = "CHIPBRIEF_PLUGINS"  # as in chipbrief.registry
PACKAGES = ("chipbrief", "chipbrief_reports", "chipbrief_templates")
MAX_BYTES = 1_000_000  # larger files are not read as YAML, here as anywhere
FOLDER_KEY = "template_dir"  # the one field whose text names a folder that is read
SYSTEM_LIBRARIES = {  # what draws the PDF's text, and the functions that tell their versions
    "libpango-1.0.so.0": ("pango_version_string", ctypes.c_char_p),
    "libharfbuzz.so.0": ("hb_version_string", ctypes.c_char_p),
    "libfontconfig.so.1": ("FcGetVersion", ctypes.c_int),
}


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build left behind; `pdf_refused` says why there is no PDF, `unchanged` that all of it was there before."""

    written: tuple[Path, ...]
    pages: int | None
    warnings: tuple[str, ...]
    pdf_refused: str | None
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Basis:
    """All that a briefing is made from, as digests by kind.

    Attributes:
        digests: SHA-256 of the options, files, program and libraries.
        as_of: the date that the user gave, over the file's own.
        today: the date where neither the user nor the file gives one; None where the clock tells none.
        summary: whether the summary is made.
    """

    digests: Mapping[str, str]
    as_of: str | None
    today: str | None
    summary: bool

    def day(self, own: str | None) -> str | None:
        """The briefing's date, `own` being that of its file."""
        return self.as_of or own or self.today


# -- what goes in ---------------------------------------------------------------------------------------------


def basis_of(
    source: Path | None,
    *,
    as_of: str | None = None,
    formats: Sequence[str] | None = None,
    samples: int | None = None,
    seed: int | None = None,
    summary: bool = False,
) -> Basis | None:
    """What a build with these arguments, those of `press.build`, is made from; None where a file cannot be read."""
    file = file_of(source)
    if file is None:
        return None
    options = [None if formats is None else sorted(formats), samples, seed, source is None]
    try:
        digests = {
            "options": _digest(options),
            "files": _digest(_files(file)),
            "program": _digest(_program()),
            "libraries": _digest(_libraries()),
        }
    except OSError:
        return None
    return Basis(digests, as_of, _today(), summary)


def inputs_of(source: Path) -> dict[str, str]:
    """SHA-256 of a file and of all that it names, by name from its folder; those that cannot be read are left out."""
    try:
        return _files(source)
    except OSError:
        return {}


def file_of(source: Path | None) -> Path | None:
    """The file that a source means: itself, the example of that name, the default example for None, or no file."""
    if source is None:
        return DEFAULT_MIX
    return source if _is_file(source) else example_mixes().get(str(source))


def _today() -> str | None:
    try:
        return today()
    except InputError:  # the build says so, where it needs the day
        return None


def _files(source: Path) -> dict[str, str]:
    """The source and every file that it names, and these name in turn, by its name from the source's folder."""
    found: dict[Path, str] = {}
    waiting = [source]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = _sha256(path)
            waiting += _named(path)
    return {os.path.relpath(path, source.parent): digest for path, digest in found.items()}


def _named(path: Path) -> Iterator[Path]:
    """The files that any text of a YAML file names, and all in the folder of templates; other files name none."""
    before = ""
    for text in _scalars(path.read_bytes()) if path.stat().st_size <= MAX_BYTES else ():
        place = path.parent / text
        if before == FOLDER_KEY:
            yield from _below(place)
        elif text and _is_file(place):
            yield place
        before = text


def _scalars(content: bytes) -> Iterator[str]:
    """Every key and value, in order, up to where the file stops to be YAML."""
    import yaml

    with suppress(yaml.YAMLError, UnicodeDecodeError):
        for event in yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.ScalarEvent):
                yield event.value


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a text too long for a name
        return False


def _below(folder: Path) -> Iterator[Path]:
    """Every file in a folder, links followed, each folder once."""
    seen: set[str] = set()
    for at, folders, names in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(at))
        folders[:] = [name for name in folders if os.path.realpath(Path(at, name)) not in seen]
        yield from (path for name in names if _is_file(path := Path(at, name)))


# -- the program ----------------------------------------------------------------------------------------------


def _program() -> dict[str, Any]:
    """The files of chipbrief and of every plugin, and what plugins of others give, which may come from anywhere."""
    points = list(entry_points(group=ENTRY_POINT_GROUP))
    packages = {*PACKAGES, *(point.module.partition(".")[0] for point in points)}
    strangers = [point for point in points if not (point.dist and point.dist.name == DISTRIBUTION)]
    files = os.environ.get(PLUGIN_FILES, "")
    return {
        "packages": {name: _package(name) for name in packages},
        "plugins": sorted(f"{point.name} = {point.value}" for point in points),
        "strangers": _given(strangers) if strangers or files else {},
    }


def _package(name: str) -> dict[str, str]:
    """The files of an installed package or module, not imported, by their names in it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return {name: _sha256(Path(spec.origin))} if spec and spec.origin else {}
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for folder in map(Path, spec.submodule_search_locations)
        for path in _below(folder)
        if path.suffix != ".pyc"
    }


def _given(strangers: Iterable[EntryPoint]) -> dict[str, Any]:
    """The versions and profiles of these plugins and of those that are files, or why they fail."""
    from chipbrief.registry import load_registry, plugin_files

    found = load_registry(strangers, files=plugin_files())
    profiles = {system.id: system.profile.model_dump(mode="json") for system in found}
    return {"plugins": sorted(map(str, found.plugins)), "profiles": profiles}


def fingerprint() -> dict[str, str]:
    """What the processes that print some briefings must have in common, as text by name."""
    return {"program": _digest(_program()), **_libraries()}


def _libraries() -> dict[str, str]:
    """Versions of Python, of all that chipbrief requires, and of the system's libraries that draw text."""
    found = {"python": sys.version}
    waiting = [DISTRIBUTION]
    while waiting:
        name = waiting.pop()
        with suppress(PackageNotFoundError):
            one = distribution(name)
            found[name] = one.version
            waiting += [required for required in _required(one) if required not in found]
    return found | {name: _system_version(name) for name in SYSTEM_LIBRARIES}


def _required(one: Distribution) -> Iterator[str]:
    """The names of what a distribution requires, its extras left out."""
    for line in one.requires or ():
        if "extra ==" not in line and (name := re.match(r"[\w.-]+", line)):
            yield name[0].lower()


def _system_version(library: str) -> str:
    function, kind = SYSTEM_LIBRARIES[library]
    try:
        tell = getattr(ctypes.CDLL(library), function)
    except (OSError, AttributeError):
        return "missing"
    tell.restype = kind
    told = tell()
    return told.decode() if isinstance(told, bytes) else str(told)


# -- what came out --------------------------------------------------------------------------------------------


def record_name(*, summary: bool) -> Path:
    """The record's place in the output folder; that of a summary lies beside that of the whole briefing."""
    return Path(".chipbrief-summary.json" if summary else ".chipbrief.json")


def record(basis: Basis, own_day: str | None, files: Mapping[Path, bytes], report: BuildReport) -> bytes:
    """What is kept for the next run.

    Args:
        basis: what went in.
        own_day: the date in the briefing's file.
        files: what is written, by its name in the folder.
        report: what is told of it.
    """
    content = {
        "schema": SCHEMA,
        "made_from": dict(basis.digests),
        "own_as_of": own_day,
        "as_of": basis.day(own_day),
        "pages": report.pages,
        "warnings": list(report.warnings),
        "files": {name.as_posix(): hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return f"{json.dumps(content, indent=1)}\n".encode()


def kept(output: Path, basis: Basis | None) -> BuildReport | None:
    """What an earlier build from the same basis left, or nothing unless every file of it is still as it was."""
    if basis is None:
        return None
    try:
        found = json.loads((output / record_name(summary=basis.summary)).read_bytes())
        same = (
            found["schema"] == SCHEMA
            and found["made_from"] == basis.digests
            and found["as_of"] == basis.day(found["own_as_of"])
            and all(_sha256(output / name) == digest for name, digest in found["files"].items())
        )
        written = tuple(output / name for name in found["files"])
        report = BuildReport(written, found["pages"], tuple(found["warnings"]), None, unchanged=True)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # no record, or one that somebody else wrote
        return None
    return report if same and written else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
