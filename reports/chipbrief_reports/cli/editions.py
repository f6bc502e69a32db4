"""`chipbrief editions`: what has been printed, and what changed between two."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chipbrief.errors import ChipbriefError, InputError, Problem, did_you_mean
from chipbrief_reports.cli.command import Document, NamingGroup, Reply, ReportCommand
from chipbrief_reports.cli.output import table
from chipbrief_reports.cli.scheduled import editions_option, root_of

if TYPE_CHECKING:
    from chipbrief_reports.changes import Changes, Facts
    from chipbrief_reports.editions import Damaged, Manifest, Series

__all__ = ["command", "series_named"]

LATEST = "latest"


@click.group(
    "editions",
    cls=NamingGroup,
    epilog="""\b
Examples:
  chipbrief editions list
  chipbrief editions show agentic latest
  chipbrief editions diff agentic/2026-11-16T0600Z agentic/latest
  chipbrief editions diff last-week/ this-week/          two folders that chipbrief build wrote""",
)
def command() -> None:
    """List what schedules have printed, and what changed.

    Every command takes --json.
    """


def series_named(root: Path, name: str, *, begun: bool = False) -> Series:
    """A series of a folder of editions, `begun` or with an edition; raises InputError with the nearest name."""
    from chipbrief_reports.editions import series_of

    known = {series.name: series for series in series_of(root, begun=begun)}
    if name not in known:
        near = did_you_mean(name, known) or (f"; there are {', '.join(known)}" if known else "; there are none")
        raise InputError([Problem(f"no editions of {name!r} in {root}{near}")])
    return known[name]


# -- list -----------------------------------------------------------------------------------------------------


@command.command("list", cls=ReportCommand, epilog="\b\nExample:\n  chipbrief editions list agentic --json")
@click.argument("name", required=False)
@editions_option
def _list(name: str | None, editions: Path | None) -> Reply:
    """List editions, the newest first."""
    from chipbrief_reports.editions import series_of

    root = root_of(editions)
    chosen = [series_named(root, name)] if name is not None else list(series_of(root))
    found = [_line(series, told) for series in chosen for told in reversed(series.manifests())]
    return Reply({"editions": found}, _list_text)


def _line(series: Series, told: Manifest | Damaged) -> Document:
    from chipbrief_reports.editions import Damaged

    place: Document = {"name": series.name, "slot": told.slot, "folder": series.path(told.slot)}
    if isinstance(told, Damaged):
        return place | {"state": "damaged", "error": told.why}
    return place | {
        "state": told.state,
        "title": told.title,
        "as_of": told.as_of,
        "built_at": told.built_at,
        "pages": told.pages,
        "changes": dict(told.changes),
        "pruned": bool(told.pruned),
    }


def _list_text(document: Document) -> str:
    rows = [
        (
            one["name"],
            one["slot"],
            one["state"] + (", files gone" if one.get("pruned") else ""),
            one.get("as_of", ""),
            str(one.get("pages") or ""),
            str(sum(one.get("changes", {}).values()) or ""),
            one.get("title", one.get("error", "")),
        )
        for one in document["editions"]
    ]
    headings = ("briefing", "slot (UTC)", "state", "as of", ">pages", ">changes", "title")
    return table(headings, rows) if rows else "no edition yet"


# -- show -----------------------------------------------------------------------------------------------------


@command.command("show", cls=ReportCommand, epilog="\b\nExample:\n  chipbrief editions show agentic latest")
@click.argument("name")
@click.argument("slot", default=LATEST)
@editions_option
def _show(name: str, slot: str, editions: Path | None) -> Reply:
    """Show one edition: what it was made from, by what, its files, and whether they are as they were written."""
    from chipbrief_reports.editions import read_manifest

    series = series_named(root_of(editions), name)
    manifest = read_manifest(_folder(series, slot))
    broken = series.broken_files(manifest)
    document = asdict(manifest) | {"folder": series.path(manifest.slot), "broken": broken}
    return Reply(document, _show_text, 1 if broken else 0)


def _folder(series: Series, slot: str) -> Path:
    names = series.slots()
    if slot == LATEST:
        newest = series.latest()
        if newest is None:
            raise InputError([Problem(f"{series.name} has no printed edition yet")])
        return series.path(newest.slot)
    if slot not in names:
        near = did_you_mean(slot, names) or (f"; the newest is {names[-1]}" if names else "")
        raise InputError([Problem(f"no edition of {series.name} at {slot!r}{near}")])
    return series.path(slot)


def _show_text(document: Document) -> str:
    lines = [
        f"{document['title']}, as of {document['as_of']}",
        f"  slot      {document['slot']} ({document['state']}, {document['built_at']})",
        f"  folder    {document['folder']}",
    ]
    if document["same_as"]:
        lines.append(f"  same as   {document['same_as']}")
    lines += [f"  method    {key}: {text}" for key, text in document["method"].items()]
    lines += [f"  input     {name}  {digest}" for name, digest in document["inputs"].items()]
    lines += [
        f"  file      {name}  {entry['bytes']} bytes  {entry['sha256']}" for name, entry in document["files"].items()
    ]
    lines += [f"  gone      {name}" for name in document["pruned"]]
    lines += [f"  warning   {warning}" for warning in document["warnings"]]
    lines += [f"  changed   {count} {kind}" for kind, count in document["changes"].items()]
    lines += [f"  BROKEN    {name} is not as it was written" for name in document["broken"]]
    return "\n".join(lines)


# -- diff -----------------------------------------------------------------------------------------------------


@command.command(
    "diff",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief editions diff agentic/2026-11-16T0600Z agentic/latest
  chipbrief editions diff old/ new/ --threshold 5%      two folders that hold data/facts.json""",
)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--threshold", metavar="SHARE", default="2 %", show_default=True, help="Smallest change that is told.")
@editions_option
def _diff(before: str, after: str, threshold: str, editions: Path | None) -> Reply:
    """Show what is different between two editions: facts first, the method apart.

    A and B are NAME/SLOT, NAME/latest, or folders of editions.
    """
    from chipbrief_reports.changes import difference

    share = _share(threshold)
    first, last = _facts(before, editions), _facts(after, editions)
    found = difference(first, last, threshold=share, names=(before, after))
    return Reply(found.as_data(), lambda _: _diff_text(found))


def _share(text: str) -> float:
    from chipbrief.units import DIMENSIONS

    try:
        return DIMENSIONS["fraction"].parse(text)
    except ChipbriefError as error:
        raise InputError([Problem(str(error), field="--threshold")]) from None


def _facts(name: str, editions: Path | None) -> Facts:
    from chipbrief_reports.changes import FACTS, facts_from_json

    folder = Path(name)
    if not (folder / FACTS).is_file():
        series, _, slot = name.partition("/")
        if not slot or not (editions or Path("editions")).is_dir():
            told = "is neither NAME/SLOT nor a folder with data/facts.json, which editions have"
            raise InputError([Problem(f"{told}: {name!r}")])
        folder = _holding_facts(series_named(root_of(editions), series), slot)
    path = folder / FACTS
    try:
        return facts_from_json(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError([Problem(f"cannot be read: {path}: {error.strerror}")]) from None


def _holding_facts(series: Series, slot: str) -> Path:
    """The folder of a slot, or where it is unchanged, of the edition that still holds."""
    from chipbrief_reports.editions import read_manifest

    folder = _folder(series, slot.rstrip("/"))
    same_as = read_manifest(folder).same_as
    return series.path(same_as) if same_as else folder


def _diff_text(found: Changes) -> str:
    from chipbrief_reports.changes import HEADINGS, change_in_words
    from chipbrief_reports.wording import plain

    parts = []
    for kind, heading in HEADINGS.items():
        lines = [f"  {plain(change_in_words(change))}" for change in found.of(kind)]
        if lines:
            parts.append("\n".join([heading, *lines]))
    if found.small:
        verb = "value moved" if found.small == 1 else "values moved"
        parts.append(f"{found.small} {verb} by less than {found.threshold * 100:g} %")
    return "\n\n".join(parts) or f"nothing changed between {found.before} and {found.after}"
