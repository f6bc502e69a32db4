"""What people read and may override: briefing templates, theme, example mixes and sweeps, as files."""

from pathlib import Path

__all__ = ["BRIEFING", "DEFAULT_MIX", "EXAMPLE_SWEEP", "MIXES", "THEME"]

_HERE = Path(__file__).parent
BRIEFING = _HERE / "briefing"
THEME = _HERE / "theme"
MIXES = _HERE / "mixes"
DEFAULT_MIX = MIXES / "five-workloads.yaml"
EXAMPLE_SWEEP = _HERE / "sweeps" / "cheapest-tokens.yaml"
