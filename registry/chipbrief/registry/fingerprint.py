"""What results stand on: versions, code and profiles of chipbrief and of every plugin, as text by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from chipbrief.engine import local_fingerprint
from chipbrief.hardware import Hardware
from chipbrief.registry.found import OWN_DISTRIBUTION, Candidate, candidates
from chipbrief.registry.load import load_registry

__all__ = ["code_fingerprint", "registry_fingerprint"]

_CODE = frozenset({".py"})  # of a plugin: its YAML counts as it was read
_DATA = _CODE | {".yaml", ".csv", ".json"}


def registry_fingerprint() -> dict[str, str]:
    """What two processes must have in common to give the same numbers, as text by name.

    Python's minor version, NumPy's version, chipbrief's version and contents, and for every plugin its version and a
    sha256 of its code and of the profiles it gave, whatever the folder and the order they were read in. So
    `plugin acme of chipbrief-acme` may be `1.2.3 sha256:0123456789abcdef`, or `1.2.3 failed`.
    """
    registry = load_registry()
    own = local_fingerprint()
    found = own | {
        "numpy": np.__version__,
        "chipbrief": f"{own['chipbrief']} {_sha256(_contents(OWN_DISTRIBUTION, _DATA))}",
    }
    for candidate, record in zip(candidates(), registry.plugins, strict=True):
        systems = {name: _content(registry.hardware[name]) for name in record.hardware}
        state = _sha256({"systems": systems, "code": _code(candidate)}) if record.loaded else "failed"
        _add(found, candidate, state if candidate.path and record.loaded else f"{record.version} {state}")
    return found


def code_fingerprint() -> dict[str, str]:
    """Versions of Python, NumPy, chipbrief and every plugin, and a sha256 of their code, the profiles left out.

    A plugin whose package cannot be found has no sha256; one that is a file has no code, and is named all the same.
    """
    own = local_fingerprint()
    found = own | {"numpy": np.__version__, "chipbrief": f"{own['chipbrief']} {_sha256(_contents('chipbrief', _CODE))}"}
    for candidate in candidates():
        code = _code(candidate)
        version = "no code" if candidate.path else candidate.version
        _add(found, candidate, f"{version} {_sha256(code)}" if code else version)
    return found


def _add(found: dict[str, str], candidate: Candidate, state: str) -> None:
    """Enter a plugin; two files of one name in two folders stand together."""
    name = f"plugin {candidate.name} of {candidate.distribution}"
    found[name] = f"{found[name]}; {state}" if name in found else state


def _code(candidate: Candidate) -> dict[str, str]:
    return _contents(candidate.module, _CODE) if candidate.module else {}


def _content(system: Hardware) -> dict[str, object]:
    models = (system.bandwidth, system.throughput, system.cost)
    return {
        "profile": system.profile.model_dump(mode="json"),
        "models": [f"{type(model).__module__}.{type(model).__qualname__}" for model in models],
    }


def _contents(module: str, suffixes: frozenset[str]) -> dict[str, str]:
    """The files with these endings of the package that a module is in, by the path in it."""
    package = module.partition(".")[0]
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return {package: _file(Path(spec.origin))} if spec and spec.origin else {}
    return {
        path.relative_to(folder).as_posix(): _file(path)
        for folder in spec.submodule_search_locations
        for path in Path(folder).rglob("*")
        if path.suffix in suffixes
    }


def _file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sha256(content: Mapping[str, object]) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]}"
