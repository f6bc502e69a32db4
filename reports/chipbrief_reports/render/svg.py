"""A Vega-Lite specification to an SVG that can stand inside a document: same input, same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from chipbrief.config import UNSEEN
from chipbrief.errors import ChipbriefError
from chipbrief_reports.render.theme import FONTS

__all__ = ["chart_svg", "chart_svgs"]

TAG = re.compile(r"<[^<>]*>")
ROOT = re.compile(r"<svg\b[^<>]*>")
SIZE = re.compile(r'\b(width|height)="(\d+(?:\.\d+)?)"')
DECLARED_ID = re.compile(r'(?<=\sid=")[^"]+(?=")')
USED_ID = re.compile(r"""(?P<before>\bhref="#|\burl\(['"]?#)(?P<id>[^"')]+)""")
LONG_NUMBER = re.compile(r"-?\d+\.\d{4,}(?:e[-+]?\d+)?|-?\d+(?:\.\d+)?e-\d+")
NEEDLESS = re.compile(r'\s(?:aria-[a-z]+|role|class|pointer-events|xmlns:xlink|version)="[^"]*"')
EXTERNAL = re.compile(r"<(?:image|script|foreignObject|use|a)\b|href=\"(?!#)|url\((?!['\"]?#)|\son[a-z]+=", re.I)


def chart_svg(spec: Mapping[str, Any], chart_id: str, alternative: str) -> str:
    """Draw a chart with the bundled fonts.

    Args:
        spec: Vega-Lite; its data must be inside it.
        chart_id: unique in the document; all ids inside the SVG begin with it.
        alternative: what a reader is told who cannot see the chart; becomes the SVG's first child, `<title>`.

    Raises:
        ChipbriefError: where Vega-Lite cannot draw the specification, or it refers to anything outside itself.
    """
    if any(external(spec)):
        raise ChipbriefError(f"chart {chart_id}: names data or an image by address; put the values into it")
    svg = drawn(spec, chart_id)
    ids = {old: f"{chart_id}-{n}" for n, old in enumerate(declared_ids(svg), start=1)}
    body = TAG.sub(lambda found: cleaned(found[0], ids), svg)
    if any(EXTERNAL.search(tag) for tag in TAG.findall(body)):
        raise ChipbriefError(f"chart {chart_id}: its drawing refers to something outside itself")
    return ROOT.sub(lambda _: opened(svg, chart_id, alternative), body, count=1)


def chart_svgs(charts: Sequence[tuple[Mapping[str, Any], str, str]]) -> dict[str, str]:
    """Draw several charts, each given by its specification, id and alternative; the drawings by id."""
    return {chart_id: chart_svg(spec, chart_id, alternative) for spec, chart_id, alternative in charts}


def external(part: object) -> Iterator[str]:
    """Addresses in a specification; rows of data may say what they like, nothing fetches them."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key in ("url", "href"):
                yield str(value)
            elif key not in ("values", "datasets"):
                yield from external(value)
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for value in part:
            yield from external(value)


def drawn(spec: Mapping[str, Any], chart_id: str) -> str:
    """The SVG as Vega writes it."""
    converter = vega()
    try:
        svg: str = converter.vegalite_to_svg(seen(spec), allowed_base_urls=[])
    except ValueError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[1] if len(lines) > 1 else str(error)
        raise ChipbriefError(f"chart {chart_id}: Vega-Lite cannot draw it ({reason})") from error
    return svg


def seen(part: Any) -> Any:
    """A specification whose every string can be drawn: a control character in one ends the process within Vega."""
    if isinstance(part, str):
        return UNSEEN.sub("\ufffd", part)
    if isinstance(part, Mapping):
        return {seen(key): seen(value) for key, value in part.items()}
    return [seen(value) for value in part] if isinstance(part, Sequence) else part


@cache
def vega() -> Any:
    """The converter, with the bundled fonts registered; without them it measures text wrongly."""
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
    return vl_convert


def declared_ids(svg: str) -> list[str]:
    """Ids in the order in which they are declared; Vega numbers them through a whole process."""
    return list(dict.fromkeys(found for tag in TAG.findall(svg) for found in DECLARED_ID.findall(tag)))


def cleaned(tag: str, ids: Mapping[str, str]) -> str:
    """A tag with the chart's own ids, short numbers, and no word for the screen reader, who hears the title."""
    tag = DECLARED_ID.sub(lambda found: ids[found[0]], tag)
    tag = USED_ID.sub(lambda found: found["before"] + ids.get(found["id"], found["id"]), tag)
    tag = NEEDLESS.sub("", tag)
    return LONG_NUMBER.sub(lambda found: f"{float(found[0]):.3f}".rstrip("0").rstrip("."), tag)


def opened(svg: str, chart_id: str, alternative: str) -> str:
    """The root tag and the title."""
    root = ROOT.search(svg)
    size = dict(SIZE.findall(root[0])) if root else {}
    if set(size) != {"width", "height"}:
        raise ChipbriefError(f"chart {chart_id}: its drawing has no width and height")
    width, height, told = size["width"], size["height"], escape(seen(alternative))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-labelledby="{chart_id}-title"><title id="{chart_id}-title">{told}</title>'
    )
