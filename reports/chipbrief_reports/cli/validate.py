"""`chipbrief validate`: predictions against measured points, and how far off they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chipbrief.errors import InputError, Problem, did_you_mean
from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, Reply, ReportCommand, strict_option
from chipbrief_reports.cli.output import table
from chipbrief_reports.cli.predict import points_of, predictions_of

if TYPE_CHECKING:
    from chipbrief.catalogue import Catalogue
    from chipbrief.evidence.points import Point, PointsFile, Prediction
    from chipbrief.evidence.scores import Score
    from chipbrief.registry import Registry

__all__ = ["command", "document", "text"]

ALL = "all"
NAMED = ("family", "hardware", "metric", "model", "kind")
HEADINGS = (">points", ">covered", ">median", ">p90", ">bias", ">inside 80 %")


def _names(option: str, what: str) -> Callable[[Any], Any]:
    help_text = f"Only points of {what}; several are separated by commas."
    return click.option(f"--{option}", metavar="LIST", multiple=True, help=help_text)


@click.command(
    "validate",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief validate                                   the points that ship with chipbrief
  chipbrief validate measured.csv --split all
  chipbrief validate measured.csv --metric ttft_ms --max-concurrency 8
  chipbrief validate measured.csv --json | jq .groups.family""",
)
@click.argument("measured", metavar="[MEASURED.csv]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--split",
    metavar="NAME",
    help="Rows to judge on: validate, calibrate or all.  [default: validate, or all in a file without that column]",
)
@_names("family", "these families, such as 'TPOT,throughput offline'")
@_names("hardware", "these systems, by id, alias or the file's own name")
@_names("metric", "these metrics")
@_names("model", "these models, by id, alias or the file's own name")
@_names("kind", "these kinds of evidence")
@click.option("--max-concurrency", metavar="N", type=click.IntRange(1), help="Only points of at most N in flight.")
@click.option("--stated", is_flag=True, help="Only points that state their chips and their concurrency.")
@click.option("--no-speculation", is_flag=True, help="Leave out speculation, stated or suspected.")
@strict_option
def command(measured: Path | None, split: str | None, strict: bool, **filters: Any) -> Reply:
    """Judge the models against measured points.

    Predicts every scored row (use is yes or empty) of MEASURED.csv that has a value, and prints by family, hardware,
    metric, model and kind of machine: points, the share that is covered, median and 90th percentile of the absolute
    error, bias (the median error, above zero where predictions are too high), and the share of measured values
    inside the 80 % interval. Then the reasons of the rows that are refused. With --json all of these are fractions:
    0.12 is 12 %.
    """
    from chipbrief.evidence import SHIPPED

    file = points_of(measured or SHIPPED)
    registry, catalogue = loading.registry(strict=strict), loading.catalogue()
    chosen = split or ("validate" if "split" in map(str.strip, file.header) else ALL)
    points = _selected(file, chosen, filters, registry, catalogue)
    predictions = predictions_of(points, registry, catalogue)
    return Reply(document(file.name, chosen, points, predictions, registry), text)


# -- selection ------------------------------------------------------------------------------------------------


def _selected(
    file: PointsFile, split: str, filters: Mapping[str, Any], registry: Registry, catalogue: Catalogue
) -> list[Point]:
    """The points to judge; raises InputError naming every filter that matches none of them."""
    from chipbrief.evidence.scores import Selection

    scored = Selection(split=None if split == ALL else split).of(file.points)
    if not scored:
        raise InputError([_no_point(file, split)])
    aliases = {"hardware": registry.names, "model": catalogue.names}
    problems: list[Problem] = []
    names = {
        name: _words(name, filters[name], {getattr(point, name) for point in scored}, aliases.get(name, {}), problems)
        for name in NAMED
        if filters[name]
    }
    if problems:
        raise InputError(problems)
    rest = {name: filters[name] for name in ("max_concurrency", "stated", "no_speculation")}
    points = Selection(names=names, **rest).of(scored)
    if not points:
        raise InputError([Problem("no point is left by these filters", file.name)])
    return points


def _no_point(file: PointsFile, split: str) -> Problem:
    from chipbrief.evidence.scores import Selection

    scored = Selection().of(file.points)
    if not scored:
        return Problem("holds no scored row with a value to judge on", file.name)
    splits = {point.split for point in scored if point.split} | {ALL}
    near = did_you_mean(split, splits) or f"; there are {', '.join(sorted(splits))}"
    return Problem(f"no scored row of split {split!r}{near}", file.name, field="--split")


def _words(
    name: str, asked: Sequence[str], known: Iterable[str], aliases: Mapping[str, str], problems: list[Problem]
) -> frozenset[str]:
    """The file's own words for what was asked by any of its names; notes what it has no word for."""

    def one(word: str) -> str:
        return aliases.get(word, word).casefold()

    by_name: dict[str, set[str]] = {}
    for word in known:
        by_name.setdefault(one(word), set()).add(word)
    found: set[str] = set()
    for word in (part.strip() for option in asked for part in option.split(",")):
        matches = by_name.get(one(word), set())
        if not matches:
            near = did_you_mean(word, sorted({w for words in by_name.values() for w in words}))
            problems.append(Problem(f"no point of {word!r}{near}", field=f"--{name}"))
        found |= matches
    return frozenset(found)


# -- as data --------------------------------------------------------------------------------------------------


def document(
    name: str, split: str, points: Sequence[Point], predictions: Sequence[Prediction], registry: Registry
) -> Document:
    """The scores as data; shares and errors are fractions, and null where no point is covered."""
    from chipbrief.evidence.scores import GROUPINGS, machine_of, refusals, score, score_table

    scores = score_table(points, predictions, {**GROUPINGS, "machine": machine_of(registry)})
    return {
        "file": name,
        "split": split,
        "points": len(points),
        "interval": "80 %",
        "all": _score(score(ALL, points, predictions)),
        "groups": {grouping: [_score(each) for each in found] for grouping, found in scores.items()},
        "refused": [{"reason": reason, "points": count} for reason, count in refusals(predictions)],
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "group": score.group,
        "points": score.points,
        "covered": score.covered,
        "coverage": score.coverage,
        "median_error": score.median,
        "p90_error": score.p90,
        "bias": score.bias,
        "inside_interval": score.inside,
    }


# -- as text --------------------------------------------------------------------------------------------------


def text(document: Document) -> str:
    """A table a grouping, then the refused rows by reason."""
    points = document["points"]
    counted = f"{points:,} {'point' if points == 1 else 'points'}"
    parts = [f"{counted} of {document['file']}, split {document['split']}"]
    whole = document["all"]
    for grouping, scores in document["groups"].items():
        parts.append(table((grouping, *HEADINGS), [_row(score) for score in [*scores, whole]]))
    if document["refused"]:
        rows = [(f"{refused['points']:,}", refused["reason"]) for refused in document["refused"]]
        parts.append(table((">refused", "reason"), rows))
    return "\n\n".join(parts)


def _row(score: dict[str, Any]) -> tuple[str, ...]:
    shares = (score[name] for name in ("coverage", "median_error", "p90_error"))
    bias = "-" if score["bias"] is None else f"{score['bias']:+.1%}"
    return score["group"], f"{score['points']:,}", *map(_percent, shares), bias, _percent(score["inside_interval"])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
