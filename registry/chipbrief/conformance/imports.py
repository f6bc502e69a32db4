"""What loading a plugin brings into the process, and whether the checks come to their end."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from chipbrief.conformance.check import Hit, Subject

__all__ = ["HEAVY", "ends", "heavy_modules", "thin"]

HEAVY = ("altair", "highspy", "matplotlib", "pandas", "scipy", "torch", "vl_convert", "weasyprint")


def heavy_modules() -> tuple[str, ...]:
    """Those of the libraries of reports and numerics that this process has imported."""
    return tuple(name for name in HEAVY if name in sys.modules)


def thin(subject: Subject) -> Iterator[Hit]:
    """Loading the plugin imports no library that takes long: pandas, SciPy, Altair, WeasyPrint, PyTorch and such."""
    for name in subject.heavy:
        yield subject.plugin.name, f"imports {name} as it loads: import it in the function that needs it"


def ends(_: Subject) -> Iterator[Hit]:
    """The checks come to their end by themselves: no method takes for ever, and none ends the process."""
    return iter(())  # whoever watches the process adds what it sees
