"""`chipbrief models`: the architectures, computed against published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand
from chipbrief_reports.cli.output import table

if TYPE_CHECKING:
    from chipbrief.architecture import Architecture
    from chipbrief.catalogue import Catalogue
    from chipbrief.figures import Figure

__all__ = ["command", "list_document", "list_text", "model_document", "model_text"]

CONTEXT = 1024


@click.command(
    "models",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief models
  chipbrief models llama-3.1-8b --json""",
)
@click.argument("model", metavar="[ID]", required=False, shell_complete=loading.complete_models)
def command(model: str | None) -> Reply:
    """List the models, or show one.

    ID is an id or an alias. Parameters are computed from the dimensions and stand beside the published counts. KV
    cache is in bytes a token, for a sequence of 1,024 tokens in the native precision.
    """
    catalogue = loading.catalogue()
    if model is None:
        return Reply(list_document(catalogue), list_text)
    return Reply(model_document(catalogue[model]), model_text)


def list_document(catalogue: Catalogue) -> Document:
    """One entry a model."""
    return {"models": [_summary(model) for model in catalogue]}


def _summary(model: Architecture) -> dict[str, Any]:
    native = model.native_precision()
    return {
        "id": model.id,
        "name": model.name,
        "family": model.family,
        "released": model.released,
        "parameters": _against(model.parameters, model.parameters_published),
        "active_parameters": _against(model.active_parameters, model.active_published),
        "layers": model.layers,
        "attention": list(dict.fromkeys(group.kind for group in model.attention)),
        "kv_bytes_per_token_at_1024_tokens": float(model.kv_bytes(float(CONTEXT), native)) / CONTEXT,
        "max_context_tokens": model.context_limit,
        "native_precision": native.name,
        "kv_precision": native.kv,
        "weight_bytes": model.weight_bytes(native).total,
        "source_title": model.sources[model.source].title,
        "locator": model.sources[model.source].locator,
    }


def _against(computed: int, published: Figure) -> dict[str, Any]:
    return {"computed": computed, "published": published.value, "deviation": computed / published.value - 1.0}


def _counts(pair: dict[str, Any]) -> tuple[str, str, str]:
    return _count(pair["computed"]), _count(pair["published"]), f"{pair['deviation']:+.1%}"


def _count(parameters: float) -> str:
    return f"{parameters / 1e9:.4g} B"


def list_text(document: Document) -> str:
    """One line a model."""
    headings = (
        "id",
        "name",
        ">total",
        ">published",
        ">off",
        ">active",
        ">published",
        ">off",
        ">layers",
        "attention",
        ">KV bytes/token",
        ">max context",
        "native",
        "source",
    )
    rows = [
        (
            m["id"],
            m["name"],
            *_counts(m["parameters"]),
            *_counts(m["active_parameters"]),
            str(m["layers"]),
            "+".join(m["attention"]),
            f"{m['kv_bytes_per_token_at_1024_tokens']:,.0f}",
            f"{m['max_context_tokens']:,}",
            m["native_precision"],
            m["source_title"],
        )
        for m in document["models"]
    ]
    return f"{table(headings, rows)}\n\n{ACTIVE}"


ACTIVE = "active: weights that one token multiplies with, without the input embedding; publishers count differently"


# -- one ------------------------------------------------------------------------------------------------------


def model_document(model: Architecture) -> Document:
    """A model with its layers, aliases and sources."""
    return {
        **_summary(model),
        "aliases": list(model.aliases),
        "hidden": model.hidden,
        "vocab": model.vocab,
        "attention_groups": [group.model_dump(exclude_defaults=True) for group in model.attention],
        "feed_forward_groups": [group.model_dump(exclude_defaults=True) for group in model.feed_forward],
        "note": model.note,
        "sources": {name: {"title": s.title, "locator": s.locator} for name, s in model.sources.items()},
    }


def model_text(document: Document) -> str:
    """One fact a line."""
    total, active = (_counts(document[key]) for key in ("parameters", "active_parameters"))
    facts = [
        ("parameters", f"{total[0]} computed, {total[1]} published ({total[2]})"),
        ("active parameters", f"{active[0]} computed, {active[1]} published ({active[2]})"),
        ("layers", f"{document['layers']}, hidden {document['hidden']:,}, vocabulary {document['vocab']:,}"),
        *(("attention", _group(group)) for group in document["attention_groups"]),
        *(("feed-forward", _group(group)) for group in document["feed_forward_groups"]),
        ("weights", f"{document['weight_bytes'] / 1e9:,.4g} GB in {document['native_precision']}"),
        ("KV cache", _kv(document)),
        ("max context", f"{document['max_context_tokens']:,} tokens"),
        ("released", document["released"]),
        ("aliases", ", ".join(document["aliases"]) or "-"),
        *((f"source {name}", f"{s['title']} <{s['locator']}>") for name, s in document["sources"].items()),
        *([("note", document["note"])] if document["note"] else []),
    ]
    title = f"{document['name']} ({document['id']}), {document['family']}"
    return f"{title}\n\n{table(('fact', 'value'), facts)}\n\n{ACTIVE}"


def _group(group: dict[str, Any]) -> str:
    rest = ", ".join(f"{name} {value:,}" for name, value in group.items() if name not in ("layers", "kind"))
    return f"{group['layers']} layers, {group['kind']}: {rest}"


def _kv(document: Document) -> str:
    held = f"{document['kv_bytes_per_token_at_1024_tokens']:,.0f} bytes a token"
    return f"{held} at 1,024 tokens, in {document['kv_precision']}"
