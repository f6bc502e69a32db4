"""`chipbrief plugin new`: a package for a vendor, written whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from chipbrief.errors import InputError, Problem
from chipbrief_templates import PLUGIN, SCHEMAS

__all__ = ["KINDS", "Kind", "scaffold"]

Kind = Literal["hbm", "sram", "custom"]
KINDS: tuple[Kind, ...] = ("hbm", "sram", "custom")
LONGEST = 40
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SCHEMAS = {"profile.schema.json": "profile.json", "cases.schema.json": "cases.json"}  # by their names in the package


def scaffold(name: str, kind: Kind, folder: Path, today: str) -> list[Path]:
    """Write `chipbrief-NAME` into a folder.

    Args:
        name: of the plugin.
        kind: of its first system.
        folder: to write into; made if it is not there.
        today: the date of what is assumed.

    Returns:
        The files that were written.

    Raises:
        InputError: the name cannot be one, or is taken, or the folder cannot be written.
    """
    place = folder / f"chipbrief-{name}"
    problem = _problem(name) or (f"{place} exists already; give another name, or -o" if place.exists() else None)
    if problem:
        raise InputError([Problem(problem, field="NAME")])
    files = dict(_files(name, kind, today))
    try:
        _put(place, files)
    except OSError as error:
        raise InputError([Problem(f"cannot be written: {place}: {error.strerror}", field="--output")]) from None
    return [place / path for path in files]


def _problem(name: str) -> str | None:
    """Why a plugin cannot have that name."""
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        bare = re.sub(r"[^a-z0-9]+", "-", name.lower().removeprefix("chipbrief")).strip("-")
        hint = f"; did you mean {bare!r}?" if bare != name and len(bare) <= LONGEST and _NAME.fullmatch(bare) else ""
        return f"expected letters a to z, digits and single '-', {LONGEST} at most, such as acme, got {name!r}{hint}"
    if name == "chipbrief" or name.startswith("chipbrief-"):
        bare = name.removeprefix("chipbrief").lstrip("-")
        return f"leave chipbrief- out, it is put before{f'; did you mean {bare!r}?' if bare else ''}"
    from chipbrief.registry import candidates

    taken = next((found for found in candidates() if found.name == name), None)
    if taken:
        return f"{name} is a plugin of {taken.distribution} {taken.version} already"
    if find_spec(_package(name)) is not None:
        return f"the package {_package(name)} exists already"
    return None


def _package(name: str) -> str:
    return f"chipbrief_{name.replace('-', '_')}"


def _files(name: str, kind: Kind, today: str) -> Iterator[tuple[Path, str]]:
    """Every file by its path in the new folder."""
    from importlib.metadata import version

    words = name.split("-")
    values: Mapping[str, Any] = {
        "name": name,
        "kind": kind,
        "package": _package(name),
        "distribution": f"chipbrief-{name}",
        "vendor": " ".join(word.title() for word in words),
        "class_name": "".join(word.title() for word in words),
        "today": today,
        "version": version("chipbrief"),
    }
    for path in sorted(PLUGIN.rglob("*.j2")):
        inner = path.relative_to(PLUGIN).with_suffix("")
        if inner.name == "model.py" and kind != "custom":
            continue
        parts = (_package(name) if part == "package" else part for part in inner.parts)
        yield Path(*parts), _rendered(path, values)
    yield Path(_package(name), "py.typed"), ""
    for inner_name, shipped in _SCHEMAS.items():
        yield Path(inner_name), (SCHEMAS / shipped).read_text(encoding="utf-8")


def _rendered(path: Path, values: Mapping[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined

    text = path.read_text(encoding="utf-8")
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - Python and YAML, no HTML
    return environment.from_string(text).render(values)


def _put(place: Path, files: Mapping[Path, str]) -> None:
    """Write all of it beside its place, then rename it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=place.parent, prefix=".chipbrief-"))
    try:
        for path, text in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text, encoding="utf-8", newline="\n")
        work.chmod(0o755)  # as any new folder
        work.rename(place)
    except OSError:
        shutil.rmtree(work, ignore_errors=True)
        raise
