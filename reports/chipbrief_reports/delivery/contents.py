"""What is in a parcel: its files, held against the manifest, and its words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from chipbrief.errors import ChipbriefError
from chipbrief_reports.delivery.masking import line_of_text
from chipbrief_reports.delivery.parcel import DeliveryError, Parcel
from chipbrief_reports.editions import FileEntry, Manifest, read_manifest
from chipbrief_reports.wording import count, joined

__all__ = ["attachments_of", "attachments_told", "body", "content_of", "damaged", "edition_of", "subject"]

MOST_CHANGES = 10


def edition_of(parcel: Parcel) -> tuple[Path, Manifest]:
    """The folder of a parcel and its manifest.

    Raises:
        DeliveryError: there is none.
    """
    if parcel.folder is None:
        raise DeliveryError(f"{parcel.id} has no folder")
    try:
        return parcel.folder, read_manifest(parcel.folder)
    except ChipbriefError as error:
        raise DeliveryError(str(error)) from None


def content_of(folder: Path, name: str, entry: FileEntry) -> bytes:
    """A file of an edition.

    Raises:
        DeliveryError: it cannot be read, or is not as the manifest says.
    """
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise DeliveryError(f"{folder / name} cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise damaged(folder / name)
    return content


def damaged(path: Path) -> DeliveryError:
    """The error for a file that has changed since it was printed."""
    return DeliveryError(f"{path} is not as its manifest says")


def attachments_of(parcel: Parcel, formats: Sequence[str]) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Files to attach with their contents, and the names of those that the edition does not have.

    Raises:
        DeliveryError: a file cannot be read, or is not as the manifest says.
    """
    if parcel.what == "failure":
        return {}, ()
    folder, manifest = edition_of(parcel)
    names = [f"briefing.{format_}" for format_ in dict.fromkeys(formats)]
    found = {name: content_of(folder, name, manifest.files[name]) for name in names if name in manifest.files}
    return found, tuple(name for name in names if name not in found)


def subject(parcel: Parcel) -> str:
    """`Our plan, as of 2026-11-23`."""
    title = line_of_text(parcel.title)
    if parcel.what == "failure":
        return f"{title}: no edition for {parcel.slot}"
    return f"{title}, as of {line_of_text(parcel.as_of)}"


def body(parcel: Parcel) -> str:
    """A parcel in a few lines of plain text."""
    if parcel.what == "failure":
        why = line_of_text(parcel.error) or "The reason is not known."
        return f"{line_of_text(parcel.title)}\n\nNo edition could be printed for {parcel.slot}.\n\n{why}\n"
    head = f"{line_of_text(parcel.title)}\nAs of {line_of_text(parcel.as_of)}\n"
    if not parcel.changes:
        return head
    told = [f"- {line_of_text(change)}" for change in parcel.changes[:MOST_CHANGES]]
    if more := len(parcel.changes) - len(told):
        told.append(f"- and {count(more, 'more change')}, in the briefing")
    return "\n".join([head, "What changed:", "", *told, ""])


def attachments_told(attached: Sequence[str], missing: Sequence[str]) -> str:
    """`Attached: briefing.pdf.`, and what is not there."""
    lines = [f"Attached: {joined(attached)}."] if attached else []
    if missing:
        lines.append(f"This edition has no {joined(missing, 'or')}.")
    return "".join(f"{line}\n" for line in lines)
