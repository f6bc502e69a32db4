"""`chipbrief mix`: the example mixes, and a mix from a request log."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from chipbrief.errors import InputError, Problem, did_you_mean
from chipbrief_reports.cli import loading
from chipbrief_reports.cli.command import Document, NamingGroup, Reply, ReportCommand
from chipbrief_reports.cli.output import complain, table
from chipbrief_reports.cli.writing import check_place, put

if TYPE_CHECKING:
    from chipbrief.workload.from_trace import Terms, Trace

__all__ = ["command", "document"]

STDIN = "-"
UNITS = ("auto", "s", "ms", "us", "ns")


@click.group(
    "mix",
    cls=NamingGroup,
    epilog="""\b
Examples:
  chipbrief mix list --json                      the mixes that ship
  chipbrief mix show voice > mix.yaml            one of them, to start from
  chipbrief mix from-trace requests.csv -o mix.yaml""",
)
def command() -> None:
    """List the example mixes, or make one of a log.

    Wherever a command takes a mix, the name of an example does too: chipbrief compare voice.
    """


# -- the examples ---------------------------------------------------------------------------------------------


@command.command("list", cls=ReportCommand, epilog="\b\nExample:\n  chipbrief mix list --json | jq -r '.mixes[].name'")
def _list() -> Reply:
    """List the mixes that ship, each with its question."""
    return Reply({"mixes": [_entry(name, path) for name, path in _examples().items()]}, _list_text)


def _examples() -> Mapping[str, Path]:
    from chipbrief_templates import example_mixes

    return example_mixes()


def _entry(name: str, path: Path) -> dict[str, Any]:
    from chipbrief.config import read_yaml

    found = read_yaml(path).data
    classes = found["classes"]
    return {
        "name": name,
        "title": found.get("title"),
        "question": found.get("question"),
        "classes": [inner["id"] for inner in classes],
        "models": list(dict.fromkeys(inner["model"] for inner in classes)),
        "hardware": found.get("hardware"),
        "file": path,
    }


def _list_text(document: Document) -> str:
    rows = [(m["name"], f"{len(m['classes'])}", ", ".join(m["models"]), m["question"]) for m in document["mixes"]]
    return table(("mix", ">classes", "models", "question"), rows)


def _complete_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in _examples() if name.startswith(incomplete)]


@command.command(
    "show",
    cls=ReportCommand,
    epilog="\b\nExample:\n  chipbrief mix show voice > mix.yaml            change it, then: chipbrief compare mix.yaml",
)
@click.argument("name", metavar="NAME", shell_complete=_complete_names)
def _show(name: str) -> Reply:
    """Print one of the mixes that ship."""
    examples = _examples()
    if name not in examples:
        near = did_you_mean(name, examples) or f"; expected one of {', '.join(examples)}"
        raise InputError([Problem(f"unknown mix {name!r}{near}")])
    content = examples[name].read_text(encoding="utf-8")
    return Reply({"name": name, "text": content}, lambda document: str(document["text"]).rstrip("\n"))


# -- from a log -----------------------------------------------------------------------------------------------


@command.command(
    "from-trace",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief mix from-trace requests.csv -o mix.yaml
  chipbrief mix from-trace requests.csv.gz --model llama-3.1-8b --kind voice
  chipbrief mix from-trace log.jsonl --columns arrival=ts,input=in,output=out
  chipbrief mix from-trace - < requests.csv | chipbrief compare /dev/stdin""",
)
@click.argument("log", metavar="LOG", type=click.Path())
@click.option("--model", metavar="ID", shell_complete=loading.complete_models, help="Model of the requests.")
@click.option("--kind", metavar="KIND", help="Kind of the requests, such as chat, rag, agentic_coding, voice or batch.")
@click.option("--name", metavar="ID", help="Name of the mix.  [default: from the file's name]")
@click.option("--ttft-p95", metavar="TIME", help="Longest time to the first token, as 2 s.")
@click.option("--tpot-p95", metavar="TIME", help="Longest time per token after it, as 50 ms.")
@click.option("--e2e-p95", metavar="TIME", help="Longest time to the whole answer, as 30 s.")
@click.option("--deadline", metavar="TIME", help="For work that may wait, as 24 h.")
@click.option("--columns", metavar="PAIRS", help="Names of columns, as arrival=ts,input=in,output=out,cached=hit.")
@click.option(
    "--time-unit",
    type=click.Choice(UNITS),
    default="auto",
    help="Unit of numeric times.  [default: the ending of the column's name, else by size]",
)
@click.option("--max-broken", metavar="SHARE", default="1 %", show_default=True, help="Rows that may be broken.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="File to write to.")
def _from_trace(
    log: str,
    model: str | None,
    kind: str | None,
    name: str | None,
    columns: str | None,
    time_unit: str,
    max_broken: str,
    output: Path | None,
    **levels: str | None,
) -> Reply:
    """Make a mix from a request log.

    LOG (- for standard input) is a CSV file with a heading or JSON lines, plain or gzip, with one request a row:
    arrival (dates, or numbers in any unit), input tokens, output tokens and, where there are any, cached input tokens.
    The usual names of these columns are known. It is read once, in any order of rows and any length.

    The mix tells of each value whether it is measured, given or a default. A log of less than three hours shows no
    busiest hour, one of less than ten minutes no burst. Broken rows are counted by reason and told with the first
    line of each; with more of them than --max-broken there is no mix. Service levels that are given replace all
    defaults.
    """
    if output is not None:
        check_place(output)
    terms, options = _checked(
        model=model, kind=kind, name=name, levels=levels, columns=columns, time_unit=time_unit, max_broken=max_broken
    )
    from chipbrief.workload.from_trace import mix_text, read_trace

    with _opened(log) as (stream, file):
        trace = read_trace(stream, file, **options)
    _tell(trace)
    made = mix_text(trace, terms)
    _check_mix(made)
    if output is not None:
        put(output, made.encode())
    shown = made.rstrip("\n") if output is None else str(output)
    return Reply(document(trace, made, output), lambda _: shown)


def _checked(
    *,
    model: str | None,
    kind: str | None,
    name: str | None,
    levels: Mapping[str, str | None],
    columns: str | None,
    time_unit: str,
    max_broken: str,
) -> tuple[Terms, dict[str, Any]]:
    """The options as the reader wants them; raises InputError with everything that is wrong with any."""
    from chipbrief.units import DIMENSIONS
    from chipbrief.workload.from_trace import Terms, parse_columns

    problems: list[Problem] = []
    terms, chosen, share = None, {}, 0.0
    try:
        given = {level: text for level, text in levels.items() if text is not None}
        terms = Terms(model=_model_id(model, problems), kind=kind, name=name, levels=given)
    except InputError as error:
        problems += error.problems
    try:
        chosen = parse_columns(columns)
    except InputError as error:
        problems += error.problems
    try:
        share = DIMENSIONS["fraction"].parse(max_broken)
    except ValueError as error:
        problems.append(Problem(str(error), field="--max-broken"))
    if problems or terms is None:
        raise InputError(problems)
    return terms, {"columns": chosen, "time_unit": None if time_unit == "auto" else time_unit, "max_broken": share}


def _model_id(model: str | None, problems: list[Problem]) -> str | None:
    if model is None:
        return None
    names = loading.catalogue().names
    if model not in names:
        problems.append(Problem(f"unknown model {model!r}{did_you_mean(model, names)}", field="--model"))
    return names.get(model)


@contextmanager
def _opened(log: str) -> Iterator[tuple[BinaryIO, str]]:
    if log == STDIN:
        yield sys.stdin.buffer, "<stdin>"
        return
    try:
        stream = Path(log).open("rb")  # noqa: SIM115 - closed below; errors while reading are the reader's
    except OSError as error:
        raise InputError([Problem(f"cannot be read: {error.strerror or error}", log)]) from None
    with stream:
        yield stream, log


def _tell(trace: Trace) -> None:
    """What was read, and every reason for which rows were left out, on standard error."""
    guessed = f"; times taken as {trace.times}, --time-unit says otherwise" if trace.times_guessed else ""
    complain(f"{trace.rows:,} requests over {trace.span_s:,.6g} s{guessed}")
    for broken in trace.broken:
        complain(f"warning: {trace.file}:{broken.line}: {broken.reason}; rows left out: {broken.rows:,}")
    if trace.without_cached:
        complain(f"warning: {trace.file}: no cached tokens in {trace.without_cached:,} rows, taken as 0")


def _check_mix(made: str) -> None:
    """Hold the mix against the loader, without the systems: none is named."""
    from chipbrief.config import parse_yaml
    from chipbrief.workload import mix_from_document

    mix_from_document(parse_yaml(made, "<mix>"), Path(), models=loading.catalogue().names, hardware={})


def document(trace: Trace, made: str, output: Path | None) -> Document:
    """What the log shows, and the mix as text; names carry the unit."""
    sides = {"input_tokens": trace.input, "output_tokens": trace.output}
    windows = {"hour": trace.hour, "minute": trace.minute}
    return {
        "log": trace.file,
        "sha256": trace.sha256,
        "rows": trace.rows,
        "broken_rows": trace.broken_rows,
        "broken": [{"reason": b.reason, "first_line": b.line, "rows": b.rows} for b in trace.broken],
        "columns": dict(trace.columns),
        "times": trace.times,
        "span_s": trace.span_s,
        "requests_per_day": trace.requests_per_day,
        **{name: {**side.quantiles, "mean": side.mean, "total": side.total} for name, side in sides.items()},
        "cached_fraction": trace.cached_fraction,
        "rows_without_cached": trace.without_cached,
        **{
            name: {"busiest": window.busiest, "mean": window.mean, "ratio": window.ratio} if window else None
            for name, window in windows.items()
        },
        "mix": made,
        "written": output,
    }
