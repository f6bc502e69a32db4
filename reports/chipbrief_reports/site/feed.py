"""The Atom feed of all series (RFC 4287): an entry an edition, the newest fifty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from chipbrief_reports.site.shelves import Edition, Shelf

__all__ = ["ENTRIES", "feed"]

ENTRIES = 50
SENTENCES = 12
ATOM = "http://www.w3.org/2005/Atom"
HERE = "https://chipbrief.invalid/"  # in place of the site's address, for ids alone
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
TYPES = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".md": "text/markdown",
}


def feed(shelves: Sequence[Shelf], *, base_url: str, title: str) -> bytes:
    """The feed's file.

    Ids follow from the site's address and an edition's name and slot, so an edition keeps its id however often the
    feed is written.

    Args:
        shelves: every series.
        base_url: the site's address with a slash at its end; empty for links from where the feed lies.
        title: of the site.
    """
    printed = [(shelf, e) for shelf in shelves for e in shelf.editions if e.manifest and e.manifest.printed]
    newest = sorted(printed, key=lambda pair: (pair[1].slot, pair[1].series.name), reverse=True)[:ENTRIES]
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(root, "id", _id(base_url))
    _add(root, "title", title)
    _add(root, "updated", _instant(max((e.built_at for _, e in newest), default=datetime(1970, 1, 1, tzinfo=UTC))))
    _add(_add(root, "author"), "name", "chipbrief")
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{base_url}feed.xml")
    _add(root, "link", rel="alternate", type="text/html", href=f"{base_url}index.html")
    _add(root, "generator", "chipbrief", version=version("chipbrief"))
    for shelf, edition in newest:
        _entry(root, shelf, edition, base_url)
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode(
        "utf-8", "replace"
    )


def _entry(root: ET.Element, shelf: Shelf, edition: Edition, base_url: str) -> None:
    entry, manifest = _add(root, "entry"), edition.manifest
    assert manifest is not None
    _add(entry, "id", _id(base_url, f"{shelf.name}/{edition.slot}"))
    _add(entry, "title", f"{manifest.title}, {edition.when}")
    _add(entry, "updated", _instant(edition.built_at))
    _add(entry, "published", _instant(edition.at))
    _add(entry, "category", term=shelf.name)
    place = f"{base_url}{shelf.home}"
    page = next((link.address for link in edition.links if link.suffix == ".html"), "index.html")
    _add(entry, "link", rel="alternate", type="text/html", href=place + page)
    for link in edition.links:
        if link.suffix in TYPES and link.suffix != ".html":
            of = {"rel": "enclosure", "type": TYPES[link.suffix], "length": str(link.bytes)}
            _add(entry, "link", **of, href=place + link.address)
    _add(entry, "summary", _summary(edition), type="text")


def _summary(edition: Edition) -> str:
    if edition.changes is None:
        first = edition.manifest is not None and edition.manifest.previous is None
        return "The first edition." if first else "What changed is not kept."
    if not edition.changes:
        return "No figure changed by so much that it is told."
    return " ".join(f"{sentence}." for sentence in edition.main_changes(SENTENCES))


def _add(parent: ET.Element, tag: str, content: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, {name: _clean(value) for name, value in attributes.items()})
    element.text = _clean(content) or None
    return element


def _clean(text: str) -> str:
    """Text as XML can hold it."""
    return NOT_XML.sub("\ufffd", text)


def _id(base_url: str, place: str = "") -> str:
    return uuid5(NAMESPACE_URL, (base_url or HERE) + place).urn


def _instant(at: datetime) -> str:
    """RFC 3339."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
