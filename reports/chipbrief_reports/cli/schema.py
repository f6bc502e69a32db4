"""`chipbrief schema`: JSON Schema of the files that people write, for editors and for checks outside chipbrief."""

from __future__ import annotations

import click

from chipbrief.errors import ChipbriefError, did_you_mean
from chipbrief_reports.cli.command import Document, Reply, ReportCommand
from chipbrief_reports.cli.output import table, to_json

__all__ = ["command"]


@click.command(
    "schema",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief schema                                 the kinds of file
  chipbrief schema profile > profile.schema.json
  # yaml-language-server: $schema=profile.schema.json      as the first line of x1.yaml""",
)
@click.argument("name", required=False, metavar="[NAME]")
def command(name: str | None) -> Reply:
    """Print the JSON Schema of a kind of file.

    Editors with the YAML language server complete and check a file by it. What it accepts may still be refused when
    it is read: names of models and hardware, sums and orders are checked there alone.
    """
    from chipbrief_reports.cli.schema_of import SCHEMAS, json_schema

    if name is None:
        listed = [{"name": kind, "title": title} for kind, (title, _) in SCHEMAS.items()]
        return Reply({"schemas": listed}, _list_text)
    if name not in SCHEMAS:
        raise ChipbriefError(f"unknown schema {name!r}" + (did_you_mean(name, SCHEMAS) or f"; there is {_known()}"))
    return Reply(json_schema(name), to_json)


def _known() -> str:
    from chipbrief_reports.cli.schema_of import SCHEMAS

    return ", ".join(SCHEMAS)


def _list_text(document: Document) -> str:
    return table(("schema", "of"), [(found["name"], found["title"]) for found in document["schemas"]])
