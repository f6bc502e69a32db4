"""The theme: what a briefing may say about its looks, and the stylesheet that follows from it.

A briefing's theme is text from outside, so each key has a pattern, and only what matches gets into the CSS.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from chipbrief.errors import ChipbriefError, did_you_mean
from chipbrief_reports.render.logo import ADDRESS, LogoError, check_logo
from chipbrief_templates import THEME

__all__ = ["FONTS", "Medium", "Theme", "stylesheet", "theme_of"]

Medium: TypeAlias = Literal["screen", "print"]

FONTS = THEME / "fonts"
DEFAULTS = {"accent": "#C8501E", "paper": "A4"}
PATTERNS = {
    "accent": (re.compile(r"#[0-9A-Fa-f]{6}"), "a colour such as #C8501E"),
    "paper": (re.compile(r"A4|Letter"), "A4 or Letter"),
    "logo": (ADDRESS, "the data: address of a PNG, a JPEG or an SVG"),
}
FONT_FILE = re.compile(r"(?P<family>[A-Z][a-z]+)-(?P<weight>[1-9]00)(?P<italic>-italic)?")

WHITE, INK, NIGHT = (255, 255, 255), (14, 30, 44), (20, 25, 31)
READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3

Colour: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Theme:
    """A validated theme: the accent as `#RRGGBB`, the paper's name, and the logo as a `data:` address or nothing."""

    accent: str
    paper: str
    logo: str = ""


def theme_of(wanted: Mapping[str, str]) -> Theme:
    """Check a briefing's theme and fill in the defaults.

    Raises:
        ChipbriefError: for a key or a value the theme does not know.
    """
    for key, value in wanted.items():
        if key not in PATTERNS:
            raise ChipbriefError(f"theme.{key}: a theme has only {', '.join(PATTERNS)}{did_you_mean(key, PATTERNS)}")
        pattern, expected = PATTERNS[key]
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ChipbriefError(f"theme.{key}: expected {expected}, got {str(value)[:60]!r}")
    if "logo" in wanted:
        try:
            check_logo(wanted["logo"])
        except LogoError as error:
            raise ChipbriefError(f"theme.logo: {error}") from error
    return Theme(**(DEFAULTS | dict(wanted)))


def stylesheet(theme: Theme, medium: Medium) -> str:
    """All of the CSS of a document: fonts, the theme's values, the shared rules and the medium's own."""
    parts = [font_faces(medium), variables(theme)]
    parts += [(THEME / name).read_text("utf-8") for name in ("briefing.css", f"{medium}.css")]
    if medium == "print":
        parts.append((THEME / f"{theme.paper.lower()}.css").read_text("utf-8"))
    return "\n".join(parts)


@cache
def font_faces(medium: Medium) -> str:
    """The bundled fonts: by address below the theme's folder in print, inside the document on a screen."""
    return "\n".join(font_face(path, medium) for path in sorted(FONTS.glob("*.ttf")))


def font_face(path: Path, medium: Medium) -> str:
    """One `@font-face` rule; the file's name says what the font is."""
    found = FONT_FILE.fullmatch(path.stem)
    if found is None:
        raise ChipbriefError(f"{path}: the name of a font file must read Family-400.ttf or Family-400-italic.ttf")
    address = f"fonts/{path.name}"
    if medium == "screen":
        address = f"data:font/ttf;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
    return (
        f"@font-face {{ font-family: {found['family']}; font-weight: {found['weight']}; "
        f"font-style: {'italic' if found['italic'] else 'normal'}; src: url({address}) format('truetype') }}"
    )


def variables(theme: Theme) -> str:
    """The accent in its five uses, as CSS variables."""
    accent = (int(theme.accent[1:3], 16), int(theme.accent[3:5], 16), int(theme.accent[5:7], 16))
    values = {
        "accent": hexadecimal(accent),
        "accent-text": hexadecimal(readable(accent, on=WHITE, towards=INK)),
        "accent-band": hexadecimal(readable(accent, on=INK, towards=WHITE)),
        "accent-night": hexadecimal(readable(accent, on=NIGHT, towards=WHITE)),
        "accent-tint": hexadecimal(mixed(WHITE, accent, 0.11)),
    }
    return f":root {{ {' '.join(f'--{name}: {value};' for name, value in values.items())} }}"


def readable(colour: Colour, *, on: Colour, towards: Colour) -> Colour:
    """The colour, moved only so far that text of it can be read on a ground."""
    steps = (mixed(colour, towards, step / 20) for step in range(21))
    return next((step for step in steps if contrast(step, on) >= READABLE), towards)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """A colour between two, `share` of the way to the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def contrast(first: Colour, second: Colour) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Colour) -> float:
    """Relative luminance of a colour, 0 to 1 (WCAG 2.2, "relative luminance")."""
    linear = [c / 12.92 if (c := part / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def hexadecimal(colour: Colour) -> str:
    """A colour as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
