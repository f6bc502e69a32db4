"""A logo from outside: what it is by its bytes, whether it is whole, and as a `data:` address that asks for nothing.

A PNG or JPEG is decoded to its last pixel. An SVG is written anew from the shapes and the text in it: what an editor
notes for itself is left out, and what could run, repeat itself or refer to anything outside is refused.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from chipbrief.errors import InputError, Problem

__all__ = ["MAX_BYTES", "LogoError", "check_logo", "logo_address", "read_logo"]

Kind: TypeAlias = Literal["png", "jpeg", "svg+xml"]

MAX_BYTES = 1_000_000
MAX_PIXELS = 16_000_000  # 64 MB once decoded
MAX_ELEMENTS, MAX_DEPTH = 10_000, 40
EXPECTED = "expected a PNG, a JPEG or an SVG"
PNG, PNG_END, JPEG, JPEG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82", b"\xff\xd8\xff", b"\xff\xd9"
ADDRESS = re.compile(r"data:image/(png|jpeg|svg\+xml);base64,([A-Za-z0-9+/]+={0,2})")

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
SHAPES = frozenset(
    [
        *("svg", "g", "defs", "title", "desc", "style", "clipPath", "linearGradient", "radialGradient", "stop"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"),
    ]
)
NOTES = frozenset(["metadata"])  # left out, like every element and attribute of an editor's own namespace
FUNCTIONS = frozenset(["rgb", "rgba", "hsl", "hsla", "matrix", "translate", "scale", "rotate", "skewx", "skewy"])
CALL = re.compile(r"([\w-]*)\(")
INNER = re.compile(r"url\(\s*(['\"]?)#[\w.-]+\1\s*\)", re.IGNORECASE)


class LogoError(ValueError):
    """Why a logo is refused."""


def read_logo(path: Path) -> str:
    """The logo in a file as a `data:` address.

    Raises:
        InputError: it cannot be read, is larger than 1 MB, or is no whole and harmless PNG, JPEG or SVG.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        return logo_address(content)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except LogoError as error:
        reason = str(error)
    raise InputError([Problem(reason, str(path))])


def logo_address(content: bytes) -> str:
    """A logo as a `data:` address; raises LogoError with the reason why it is refused."""
    if len(content) > MAX_BYTES:
        raise LogoError(f"is larger than {MAX_BYTES // 1_000_000} MB")
    kind = kind_of(content)
    if kind == "svg+xml":
        content = _Drawing(content).written()
    else:
        check_pixels(content, kind)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def check_logo(address: str) -> None:
    """Hold an address against what `logo_address` gives; raises LogoError."""
    found = ADDRESS.fullmatch(address)
    try:
        content = base64.b64decode(found[2], validate=True) if found else b""
    except binascii.Error:
        content = b""
    if not content or logo_address(content) != address:
        raise LogoError("expected the data: address of a PNG, a JPEG or an SVG of shapes and text")


def kind_of(content: bytes) -> Kind:
    """What the bytes are, whatever the file is called."""
    if content.startswith(PNG):
        return "png"
    if content.startswith(JPEG):
        return "jpeg"
    if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return "svg+xml"
    raise LogoError(f"is empty: {EXPECTED}" if not content else f"is no image by its bytes: {EXPECTED}")


# -- pixels ---------------------------------------------------------------------------------------------------


def check_pixels(content: bytes, kind: Literal["png", "jpeg"]) -> None:
    """Refuse an image that is cut short, broken or larger than a page needs; Pillow comes with WeasyPrint."""
    from PIL import Image

    if not content.endswith(PNG_END if kind == "png" else JPEG_END):
        raise LogoError(f"is a {kind.upper()} that is cut short, or holds more behind its end")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=[kind.upper()]) as image:
                pixels = image.width * image.height
                if pixels <= MAX_PIXELS:
                    image.load()
    except Exception as error:  # a decoder can raise anything
        raise LogoError(f"is a broken {kind.upper()}: {' '.join(str(error).split())[:120]}") from error
    if pixels > MAX_PIXELS:
        raise LogoError(f"has {pixels:,} pixels: at most {MAX_PIXELS:,}")


# -- drawings -------------------------------------------------------------------------------------------------


class _Drawing:
    """Reads an SVG event by event and writes down what it may keep."""

    def __init__(self, content: bytes) -> None:
        self._parts: list[str] = []
        self._open: list[str] = []
        self._left_out = 0  # depth inside an element that is left out
        self._elements = 0
        self._styles: list[str] = []
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._words
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            if isinstance(error, LogoError):
                raise
            raise LogoError(f"is no SVG: {error}") from error

    def written(self) -> bytes:
        """The drawing without what an editor noted in it."""
        return "".join(self._parts).encode()

    def _doctype(self, *_: object) -> None:
        raise LogoError("is an SVG with a document type, which can declare entities: leave the <!DOCTYPE> out")

    def _instruction(self, target: str, _: str) -> None:
        raise LogoError(f"is an SVG with a processing instruction, <?{target[:40]}?>")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS or len(self._open) + self._left_out >= MAX_DEPTH:
            raise LogoError(f"is an SVG of more than {MAX_ELEMENTS} elements, or nested more than {MAX_DEPTH} deep")
        space, _, tag = name.rpartition(" ")
        if not self._open and (space, tag) != (SVG, "svg"):
            raise LogoError(f"is no SVG but <{tag[:40]}>: its root must be <svg xmlns={SVG!r}>")
        if self._left_out or space != SVG or tag in NOTES:
            self._left_out += 1
            return
        if tag not in SHAPES:
            raise LogoError(f"is an SVG with <{tag[:40]}>: only shapes and text may stand in a logo")
        self._open.append(tag)
        kept = "".join(f" {key}={quoteattr(value)}" for key, value in self._attributes(tag, attributes).items())
        self._parts.append(f"<{tag}{f' xmlns={chr(34)}{SVG}{chr(34)}' if len(self._open) == 1 else ''}{kept}>")

    def _attributes(self, tag: str, attributes: Mapping[str, str]) -> dict[str, str]:
        kept = {}
        for name, value in attributes.items():
            space, _, key = name.rpartition(" ")
            if key.lower().startswith("on") or (key.lower() in ("href", "src") and space in ("", XLINK)):
                raise LogoError(f"is an SVG with {key[:40]}= on <{tag}>: a logo may neither act nor refer to anything")
            if key == "clip-path" and "clipPath" in self._open:
                raise LogoError("is an SVG with a clip inside a clip")
            if not space and not key.startswith(("aria-", "data-", "role")):
                kept[key] = harmless(value, f"{key[:40]}=") if key not in ("id", "class") else value
        if len(self._open) == 1 and not ("viewBox" in kept or {"width", "height"} <= kept.keys()):
            raise LogoError("is an SVG without a size: give it a viewBox")
        return kept

    def _end(self, _: str) -> None:
        if self._left_out:
            self._left_out -= 1
            return
        if self._open[-1] == "style":
            harmless("".join(self._styles), "<style>")
            self._styles.clear()
        self._parts.append(f"</{self._open.pop()}>")

    def _words(self, words: str) -> None:
        if self._left_out:
            return
        if self._open[-1] == "style":
            self._styles.append(words)
        self._parts.append(escape(words, {"\r": "&#13;"}))


def harmless(value: str, where: str) -> str:
    """A value or a stylesheet as it is, if it refers to nothing outside the drawing.

    Raises:
        LogoError: it escapes characters, begins a rule with @, or calls what is not a colour, a move or `url(#id)`.
    """
    rest = INNER.sub("", value)
    calls = {name.lower() for name in CALL.findall(rest)}
    if "@" in rest or "\\" in rest or not calls <= FUNCTIONS:
        raise LogoError(f"is an SVG whose {where} refers to something outside itself, or could: {value.strip()[:60]!r}")
    return value
