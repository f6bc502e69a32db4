"""`chipbrief explain`: where a number comes from, down to its inputs and their sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import (
    Document,
    Reply,
    ReportCommand,
    as_of_option,
    sampling_options,
    strict_option,
)
from chipbrief_reports.cli.explain_text import text

if TYPE_CHECKING:
    from chipbrief.figures import Figure, Source
    from chipbrief.ledger import Entry, Ledger

__all__ = ["command", "document"]


@click.command(
    "explain",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief explain                                  the results of the default example that may be asked for
  chipbrief explain mix.yaml                         those of a mix of one's own
  chipbrief explain route.usd_month                  what page 1 leads with
  chipbrief explain CLASS.SYSTEM.own.usd_mtok five-workloads
  chipbrief explain CLASS.SYSTEM.tpot_s mix.yaml --json | jq '.figures'""",
)
@click.argument("result", metavar="[RESULT]", required=False)
@click.argument("mix", metavar="[MIX.yaml]", required=False, type=click.Path(path_type=Path))
@loading.hardware_option
@as_of_option
@sampling_options
@strict_option
def command(
    result: str | None,
    mix: Path | None,
    hardware: tuple[str, ...],
    as_of: str | None,
    samples: int | None,
    seed: int | None,
    strict: bool,
) -> Reply:
    """Say where a number comes from.

    A result's id names the class, the system, the lane and the metric, as the notes of a briefing do. Printed are its
    value, the equation, the arithmetic and the results that went into it, each of them in the same way, then every
    input below with value, range, kind, source and date. Without a result, or with a mix alone: the ids that there are.
    """
    if mix is None and result is not None and _is_mix(result):
        mix, result = Path(result), None
    run = loading.run(mix, hardware, as_of, strict=strict)
    results = run.results(samples, seed)
    from chipbrief.ledger import ledger_of

    return Reply(document(ledger_of(results), result, run.mix.name), text)


def _is_mix(word: str) -> bool:
    """Whether the only word on the line is a mix, so that its results are to be listed."""
    from chipbrief_templates import example_mixes

    return word in example_mixes() or word.endswith((".yaml", ".yml"))


def document(ledger: Ledger, result: str | None, mix: str) -> Document:
    """A result's tree as data, or the ids that there are.

    Args:
        ledger: all results of a mix.
        result: the id that is asked for.
        mix: the name of the mix.

    Raises:
        ChipbriefError: there is no result of that id; names the nearest.
    """
    if result is None:
        return {"mix": mix, "results": [_short(entry) for entry in ledger.values()]}
    below = _below(ledger, result)
    return {
        "mix": mix,
        "result": result,
        "entries": [_entry(ledger, name) for name in below],
        "figures": [_figure(name, *ledger.figures[name]) for name in ledger.figures_below(result)],
    }


def _below(ledger: Ledger, result: str) -> list[str]:
    """A result and all that went into it, each before its own inputs, without repeats."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in found:
            found[name] = None
            for inner in ledger[name].inputs:
                visit(inner)

    visit(result)
    return list(found)


def _short(entry: Entry) -> dict[str, Any]:
    return {"id": entry.id, "label": entry.label, "value": entry.value, "unit": entry.unit}


def _entry(ledger: Ledger, name: str) -> dict[str, Any]:
    from chipbrief.ledger import RULES
    from chipbrief_reports.wording import exact, plain

    entry = ledger[name]
    span = entry.span
    return _short(entry) | {
        "range": {"low": span.low, "high": span.high} if span else None,
        "equations": {name: RULES[name] for name in entry.equations},
        "formula": entry.formula or None,
        "arithmetic": plain(ledger.arithmetic(name, exact)) or None,
        "inputs": list(entry.inputs),
        "figures": list(entry.figures),
        "source": entry.source or None,
    }


def _figure(name: str, figure: Figure, source: Source) -> dict[str, Any]:
    return {
        "id": name,
        "value": figure.text(),
        "range": {"low": figure.text(figure.lowest), "high": figure.text(figure.highest)} if figure.ranged else None,
        "value_si": figure.value,
        "unit_si": figure.dimension.si,
        "kind": figure.kind,
        "source": source.title,
        "locator": source.locator,
        "date": figure.date,
        "note": figure.note,
    }
