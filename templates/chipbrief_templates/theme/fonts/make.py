"""Make the bundled fonts: static TTF subsets of Inter and Newsreader, both under the OFL.

Usage, from anywhere (needs Python 3.11, ``npm`` on the path and ``fonttools``, last run with 4.68.0)::

    python make.py [OUTPUT_FOLDER]

The output folder is this one unless told otherwise. The script fetches the two packages with ``npm pack``
(pinned by version and SHA-256), keeps the characters of ``WANTED`` and writes one TTF a style and one licence
text a family. It prints each file's size and the wanted characters its package does not hold. The same
fontTools version always writes the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fontTools.misc.timeTools import timestampFromString
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph


@dataclass(frozen=True)
class Family:
    """One family: its pinned package and the styles to make."""

    name: str
    package: str
    version: str
    sha256: str
    styles: tuple[tuple[int, bool], ...]  # (weight, italic)


FAMILIES = (
    Family(
        "Inter",
        "@expo-google-fonts/inter",
        "0.4.2",
        "b5c1e5878c07a5637169da9f7b1f370c69709f1f8de55998e2522f7aa9dfe2a9",
        ((400, False), (600, False), (700, False), (400, True)),
    ),
    Family(
        "Newsreader",
        "@expo-google-fonts/newsreader",
        "0.4.1",
        "d9cf9cb1fb3e081e4294f8da05a07b3a09be8159f9956f82b7b57b8322f15605",
        ((400, False), (600, False), (400, True)),
    ),
)
STYLE_NAMES = {400: "Regular", 600: "SemiBold", 700: "Bold"}

PUNCTUATION = "\u2009\u202f\u2010\u2011–—‘’‚“”„†‡•…‰′″‹›⁄"
SIGNS = "€™←↑→↓−≈≠≤≥∞ΔΩαβλμπστ⁰⁴⁵⁶⁷⁸⁹⁺⁻●○▲▼■✓✕"
WANTED = frozenset(
    {*range(0x20, 0x7F), *range(0xA0, 0x180), *map(ord, PUNCTUATION + SIGNS)} - {0x149}  # ŉ is deprecated
)
NARROW_SPACES = (0x2009, 0x202F)  # thin space, narrow no-break space
SAME_GLYPH = {0xAD: 0x2010, 0x2011: 0x2010, 0x3BC: 0xB5}  # a missing key shows the value's glyph
FEATURES = [  # leaves out the alternates (aalt, cv01, ss01 ...), which would keep many more glyphs
    *("calt", "case", "kern", "liga", "locl", "rvrn", "zero"),
    *("pnum", "tnum", "frac", "numr", "dnom", "sups", "subs", "ordn"),  # figures
]

TIMESTAMP = timestampFromString("Thu Jan  1 00:00:00 2026")
LICENCE = "This Font Software is licensed under the SIL Open Font License, Version 1.1."


def fetch(family: Family) -> dict[str, bytes]:
    """Download the family's package with npm and return its files by path; refuse any other bytes."""
    spec = f"{family.package}@{family.version}"
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", spec, "--silent", "--pack-destination", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - every word is pinned above
        (tarball,) = Path(folder).glob("*.tgz")
        data = tarball.read_bytes()
    if hashlib.sha256(data).hexdigest() != family.sha256:
        raise SystemExit(f"{spec}: the package is not the pinned one")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = [(member.name, archive.extractfile(member)) for member in archive if member.isfile()]
        return {name.removeprefix("package/"): file.read() for name, file in members if file}


def subset(font: TTFont) -> None:
    """Keep only the wanted characters, with the listed layout features, unhinted and without glyph names."""
    options = Options(layout_features=FEATURES, hinting=False, notdef_outline=True)
    options.drop_tables += ["STAT", "gasp"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=WANTED)
    subsetter.subset(font)


def encode(font: TTFont, codepoint: int, glyph: str) -> None:
    """Let the codepoint show the glyph, in every Unicode character map of the font."""
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[codepoint] = glyph


def fill(font: TTFont) -> None:
    """Add the spaces, hyphens and the mu the package leaves out."""
    known = font.getBestCmap()
    for codepoint, model in SAME_GLYPH.items():
        if codepoint not in known:
            encode(font, codepoint, known[model])
    for codepoint in NARROW_SPACES:
        if codepoint not in known:
            name = f"uni{codepoint:04X}"
            font["glyf"][name] = Glyph()
            font["hmtx"][name] = (round(font["head"].unitsPerEm / 5), 0)
            encode(font, codepoint, name)


def label(font: TTFont, family: Family, weight: int, italic: bool) -> None:
    """Write the name table, the style bits and fixed timestamps: one family, several weights."""
    style = " ".join(word for word in (STYLE_NAMES[weight], "Italic" if italic else "") if word)
    style = "Italic" if style == "Regular Italic" else style
    basic = style in {"Regular", "Bold", "Italic", "Bold Italic"}
    postscript = f"{family.name}-{style.replace(' ', '')}"
    names = {
        0: font["name"].getDebugName(0),
        1: family.name if basic else f"{family.name} {STYLE_NAMES[weight]}",
        2: style if basic else ("Italic" if italic else "Regular"),
        3: f"{family.package} {family.version} {postscript} subset",
        4: f"{family.name} {style}",
        5: font["name"].getDebugName(5),
        6: postscript,
        13: LICENCE,
        14: "https://openfontlicense.org",
    }
    if not basic:
        names |= {16: family.name, 17: style}
    font["name"].names = []
    for identifier, text in names.items():
        font["name"].setName(text, identifier, 3, 1, 0x409)

    bold, regular = weight == 700, weight == 400 and not italic
    os2, head = font["OS/2"], font["head"]
    os2.usWeightClass, os2.usWidthClass = weight, 5
    style_bits = (0x01 if italic else 0) | (0x20 if bold else 0) | (0x40 if regular else 0)
    os2.fsSelection = (os2.fsSelection & 0x80) | style_bits  # bit 7: use the typographic metrics
    head.macStyle = (0x01 if bold else 0) | (0x02 if italic else 0)
    head.created = head.modified = TIMESTAMP


def make(family: Family, files: dict[str, bytes], output: Path) -> None:
    """Write every style of the family and its licence, and report what was left out."""
    (output / f"{family.name}-OFL.txt").write_bytes(files["LICENSE_FONT"])
    for weight, italic in family.styles:
        stem = f"{weight}{STYLE_NAMES[weight]}{'_Italic' if italic else ''}"
        font = TTFont(io.BytesIO(files[f"{stem}/{family.name}_{stem}.ttf"]), recalcTimestamp=False)
        subset(font)
        fill(font)
        label(font, family, weight, italic)
        path = output / f"{family.name}-{weight}{'-italic' if italic else ''}.ttf"
        font.save(path)
        absent = "".join(map(chr, sorted(WANTED - set(font.getBestCmap()))))
        sys.stdout.write(f"{path.name}: {path.stat().st_size} bytes, missing: {absent or 'nothing'}\n")


def main() -> None:
    """Make all families into the folder given, or beside this script."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    output.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        make(family, fetch(family), output)


if __name__ == "__main__":
    main()
