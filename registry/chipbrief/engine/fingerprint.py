"""What must be the same here and on a worker, so that a result does not depend on where it was made."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

__all__ = ["differences", "digest", "local_fingerprint"]


def local_fingerprint() -> dict[str, str]:
    """Python's minor version and chipbrief's version; callers that know of more to compare bring their own."""
    try:
        own = version("chipbrief")
    except PackageNotFoundError:
        own = "not installed"
    return {"python": f"{sys.version_info.major}.{sys.version_info.minor}", "chipbrief": own}


def digest(fingerprint: Mapping[str, str]) -> str:
    """A sha256 of a fingerprint, whatever its order."""
    return hashlib.sha256(json.dumps(dict(fingerprint), sort_keys=True).encode()).hexdigest()


def differences(there: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """What differs, each as `chipbrief 0.0.9, here 0.1.0`."""
    names = sorted(there.keys() | here.keys())
    return [
        f"{name} {there.get(name, 'missing')}, here {here.get(name, 'missing')}"
        for name in names
        if there.get(name) != here.get(name)
    ]
