"""A mix in YAML from what a log shows, each line with where its value comes from: measured, given or a default."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from chipbrief.config import Id
from chipbrief.errors import InputError, Problem, did_you_mean
from chipbrief.units import DIMENSIONS
from chipbrief.workload.demand import Arrival
from chipbrief.workload.from_trace.trace import BURST_NEEDS_S, PEAK_NEEDS_S, Lengths, Trace
from chipbrief.workload.mix import WorkloadClass

__all__ = ["DEFAULT_KIND", "DEFAULT_MODEL", "KINDS", "LEVELS", "Terms", "mix_text", "usual_levels"]

KINDS: Sequence[str] = get_args(WorkloadClass.model_fields["kind"].annotation)
LEVELS = ("ttft_p95", "tpot_p95", "e2e_p95", "deadline")
DEFAULT_MODEL = "gpt-oss-120b"
DEFAULT_KIND = "chat"
FEW_A_MINUTE = 20  # below it the busiest of many minutes stands out by chance alone

_MLPERF = "the levels of MLPerf Inference for gpt-oss-120b, server"
_AGENTS = "an agent's step: 10 s to the first token, then 20 tok/s"
_VOICE = "a spoken turn within 0.8 s leaves 0.2 to 0.5 s for the first token"
_LATER = "work that may wait a day"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a log does not say: model, kind, name and service levels; None where the default is to stand.

    Raises:
        InputError: everything that is wrong, by the option that sets it.
    """

    model: str | None = None
    kind: str | None = None
    name: str | None = None
    levels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check all but the model, which only a catalogue knows."""
        problems = []
        if self.kind is not None and self.kind not in KINDS:
            near = did_you_mean(self.kind, KINDS) or f"; expected one of {', '.join(KINDS)}"
            problems.append(Problem(f"unknown kind {self.kind!r}{near}", field="--kind"))
        checks: list[tuple[str, Any, str]] = [
            (f"--{name.replace('_', '-')}", _positive, text) for name, text in self.levels.items()
        ]
        if self.name is not None:
            checks.append(("--name", _check_id, self.name))
        for option, check, text in checks:
            try:
                check(text)
            except ValueError as error:
                problems.append(Problem(str(error), field=option))
        if problems:
            raise InputError(problems)


def _positive(text: str) -> None:
    if DIMENSIONS["time"].parse(text) == 0:
        raise ValueError("must be more than 0 s")


def _check_id(text: str) -> None:
    try:
        TypeAdapter(Id).validate_python(text)
    except ValidationError as error:
        raise error.errors()[0]["ctx"]["error"] from None


def usual_levels(kind: str) -> tuple[Mapping[str, str], str]:
    """Service levels that are usual for a kind of requests, and why."""
    if kind == "voice":
        return {"ttft_p95": "400 ms", "tpot_p95": "30 ms"}, _VOICE
    if kind in ("agentic_coding", "code_completion"):
        return {"ttft_p95": "10 s", "tpot_p95": "50 ms"}, _AGENTS
    if kind in ("batch", "classification"):
        return {"deadline": "24 h"}, _LATER
    return {"ttft_p95": "3 s", "tpot_p95": "80 ms"}, _MLPERF


# -- the document ---------------------------------------------------------------------------------------------


def mix_text(trace: Trace, terms: Terms) -> str:
    """A mix of one class. `# measured:` marks what the log shows, `# given:` an option, `# default:` all else."""
    kind = terms.kind or DEFAULT_KIND
    lines = [
        *_head(trace),
        "schema: workload-mix/1",
        _line(0, "name", *_or(terms.name, _name_of(trace.file), "from the file's name", "--name")),
        "classes:",
        _line(1, "- id", "requests", "default: all requests are one class"),
        _line(2, "kind", *_or(terms.kind, kind, "no --kind", "--kind")),
        _line(2, "model", *_or(terms.model, DEFAULT_MODEL, "no --model", "--model")),
        _line(2, "tokens"),
        _line(3, "input"),
        *_lengths(trace.input, trace.rows),
        _cached(trace),
        _line(3, "output"),
        *_lengths(trace.output, trace.rows),
        *_arrival(trace),
        *_levels(kind, terms.levels),
        f"    basis: {json.dumps(_basis(trace))}",
        "# default: no hardware is named, which means every system; hardware: [ID, ID] compares fewer",
    ]
    return "\n".join(lines) + "\n"


def _head(trace: Trace) -> list[str]:
    read = ", ".join(f"{role} from {_clean(name)}" for role, name in trace.columns.items())
    times = {"dates": "dates"}.get(trace.times, f"numbers in {trace.times}")
    how = "; as the size of the first number suggests, --time-unit says otherwise" if trace.times_guessed else ""
    lines = [
        f"# From {trace.rows:,} requests of {_clean(PurePath(trace.file).name)}, by chipbrief mix from-trace.",
        f"# Read: {read}.",
    ]
    lines.append(f"# Times: {times}{how}.")
    lines += [f"# Left out, {_clean(str(broken))}." for broken in trace.broken]
    if trace.without_cached:
        lines.append(f"# Cached tokens are missing in {trace.without_cached:,} rows and taken as 0.")
    return lines


def _lengths(lengths: Lengths, rows: int) -> list[str]:
    lines = []
    for name, tokens in lengths.quantiles.items():
        told = f"measured: over {rows:,} rows"
        lines.append(
            _line(
                4, name, _number(max(tokens, 1.0)), told if tokens >= 1 else f"{told}; {tokens:g}, and 1 is the least"
            )
        )
    lines.append(_line(4, "mean", _number(lengths.mean), f"measured: {lengths.total:,} tokens over {rows:,} rows"))
    return lines


def _cached(trace: Trace) -> str:
    share = trace.cached_fraction
    if share is None:
        return _line(3, "cached_fraction", "0", "default: the log has no column of cached tokens")
    told = f"measured: {trace.cached_total:,} cached over {trace.input.total:,} input tokens"
    return _line(3, "cached_fraction", _number(share, 6), told)


def _arrival(trace: Trace) -> list[str]:
    defaults = Arrival(requests_per_day=1.0)
    rate = f"measured: {trace.rows:,} requests in {_duration(trace.span_s)}{_extrapolated(trace.span_s)}"
    lines = [_line(2, "arrival"), _line(3, "requests_per_day", _number(trace.requests_per_day, 2), rate)]
    hour, minute = trace.hour, trace.minute
    if hour is None:
        told = (
            f"default: a log of {_duration(trace.span_s)} shows no busiest hour; that takes {_duration(PEAK_NEEDS_S)}"
        )
        lines.append(_line(3, "peak_to_mean", _number(defaults.peak_to_mean), told))
    else:
        told = f"measured: {hour.busiest:,} requests in the busiest hour, {hour.mean:,.4g} in the mean one"
        short = "; less than a day, so it may be higher" if trace.span_s < 86400.0 * 0.95 else ""
        lines.append(_line(3, "peak_to_mean", _number(hour.ratio), told + short))
    if trace.hourly is not None:
        told = "measured: requests an hour in each hour of the day, from midnight UTC"
        lines.append(_line(3, "hourly", f"[{', '.join(_number(rate, 1) for rate in trace.hourly)}]", told))
    if minute is None:
        told = f"default: a log of {_duration(trace.span_s)} shows no burst; that takes {_duration(BURST_NEEDS_S)}"
        lines.append(_line(3, "burst", _number(defaults.burst), told))
    else:
        told = f"measured: {minute.busiest:,} requests in the busiest minute, {minute.mean:,.4g} in its hour's mean one"
        few = "; so few that chance alone makes such a minute" if minute.mean < FEW_A_MINUTE else ""
        lines.append(_line(3, "burst", _number(minute.ratio), told + few))
    return lines


def _extrapolated(span_s: float) -> str:
    if span_s < 86400.0 * 0.95:
        return ", as if a whole day were like that; what other hours bring, the log does not tell"
    return "" if span_s >= 7 * 86400.0 * 0.95 else "; less than a week, so it may miss the busiest days"


def _levels(kind: str, given: Mapping[str, str]) -> list[str]:
    if given:
        told = {name: f"given: --{name.replace('_', '-')}" for name in given}
        levels = {name: " ".join(given[name].split()) for name in LEVELS if name in given}
    else:
        usual, why = usual_levels(kind)
        levels = dict(usual)
        told = dict.fromkeys(levels, f"default: {why}")
    return [_line(2, "slo"), *(_line(3, name, text, told[name]) for name, text in levels.items())]


def _basis(trace: Trace) -> str:
    broken = f", {trace.broken_rows:,} broken ones left out" if trace.broken else ""
    log = f"{_clean(PurePath(trace.file).name)} (sha256 {trace.sha256[:12]})"
    told = f"{trace.rows:,} rows over {_duration(trace.span_s)} of {log}{broken}"
    return f"lengths and arrivals measured: {told}; what is marked as a default is assumed"


# -- texts ----------------------------------------------------------------------------------------------------


def _or(given: str | None, default: str, why: str, option: str) -> tuple[str, str]:
    return (default, f"default: {why}") if given is None else (given, f"given: {option}")


def _line(depth: int, name: str, value: str = "", comment: str = "") -> str:
    quoted = json.dumps(value) if value.lower() in ("null", "true", "false") else value
    text = f"{'  ' * depth}{name}:{' ' if value else ''}{quoted}"
    return f"{text}  # {comment}" if comment else text


def _number(value: float, digits: int = 4) -> str:
    """A number without exponent or trailing zeros."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _duration(seconds: float) -> str:
    """`57 min 16 s`: the two largest units."""
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.3g} s"
    parts: list[tuple[int, str]] = []
    for unit, size in units:
        count, whole = divmod(whole, size)
        if count or parts:
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)


def _clean(text: str) -> str:
    """A text from outside that stays within a comment's line and a YAML scalar."""
    return "".join(c if c.isprintable() and not "\ud800" <= c <= "\udfff" else "?" for c in text)


def _name_of(file: str) -> str:
    """An id from a file's name: `requests` of logs/requests.csv.gz."""
    stem = PurePath(file).name.split(".")[0] if not file.startswith("<") else ""
    return re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-").lower() or "trace"
