"""What people read and may override: briefing templates, theme and example mixes, as files."""

from pathlib import Path

__all__ = ["BRIEFING", "DEFAULT_MIX", "MIXES", "THEME"]

_HERE = Path(__file__).parent
BRIEFING = _HERE / "briefing"
THEME = _HERE / "theme"
MIXES = _HERE / "mixes"
DEFAULT_MIX = MIXES / "five-workloads.yaml"
