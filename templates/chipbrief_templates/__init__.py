"""What people read and may override: briefing templates, theme, example mixes, sweeps and claims, as files."""

from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "BRIEFING",
    "CLAIMS",
    "DEFAULT_MIX",
    "EXAMPLE_SWEEP",
    "MIXES",
    "PLUGIN",
    "SCHEMAS",
    "SITE",
    "THEME",
    "example_claims",
    "example_mixes",
]

_HERE = Path(__file__).parent
BRIEFING = _HERE / "briefing"
SITE = _HERE / "site"
THEME = _HERE / "theme"
MIXES = _HERE / "mixes"
CLAIMS = _HERE / "claims"
PLUGIN = _HERE / "plugin"
SCHEMAS = _HERE / "schemas"
DEFAULT_MIX = MIXES / "five-workloads.yaml"
EXAMPLE_SWEEP = _HERE / "sweeps" / "cheapest-tokens.yaml"


def example_mixes() -> Mapping[str, Path]:
    """The example mixes by name."""
    return {path.stem: path for path in sorted(MIXES.glob("*.yaml"))}


def example_claims() -> Mapping[str, Path]:
    """The claims files that ship, by name."""
    return {path.stem: path for path in sorted(CLAIMS.glob("*.yaml"))}
