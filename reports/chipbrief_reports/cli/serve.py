"""`chipbrief serve`: the editions in a browser on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import click

from chipbrief.errors import ChipbriefError
from chipbrief_reports.cli.output import complain, write

__all__ = ["command"]

INDEX = "index.html"


@click.command(
    "serve",
    epilog="\b\nExamples:\n  chipbrief serve\n  chipbrief serve editions --port 0 --json | jq -r .url",
)
@click.argument("folder", metavar="[DIR]", default="editions", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=8000, metavar="N", help="Port; 0 takes a free one.")
@click.option("--json", "as_json", is_flag=True, help="Print the address as one JSON document.")
def command(folder: Path, port: int, as_json: bool) -> int:
    """Serve the site of the editions in DIR on 127.0.0.1.

    Prints the address and runs until Ctrl-C. Only this machine can reach it. A folder of editions without its site
    gets one first.  [default: editions]
    """
    from chipbrief_reports.site import serve

    _complete(folder)
    code = 0

    def ready(url: str) -> None:
        nonlocal code
        code = write(json.dumps({"url": url}) if as_json else url)

    serve(folder, port=port, ready=ready)
    return code


def _complete(folder: Path) -> None:
    """Write the site where editions have none yet; a folder that cannot be written to is served as it is."""
    from chipbrief_reports.editions import series_of
    from chipbrief_reports.site import write_site

    if not folder.is_dir() or (folder / INDEX).exists():
        return
    if next(series_of(folder), None) is None:
        raise ChipbriefError(f"{folder}: holds no editions; `chipbrief schedule tick` prints them")
    try:
        write_site(folder)
    except ChipbriefError as error:
        complain(str(error))
