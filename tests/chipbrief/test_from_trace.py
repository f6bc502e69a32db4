"""A mix from a request log: exact counts by hand and against published statistics, broken rows, bounded memory."""

import csv
import gzip
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml
from chipbrief.errors import InputError
from chipbrief.workload import Arrival, WorkloadMix, mix_from_document
from chipbrief.workload.from_trace import KINDS, Terms, Trace, mix_text, parse_columns, read_trace, usual_levels
from chipbrief.workload.from_trace import rows as rows_module
from chipbrief.workload.from_trace.tally import MOST_TOKENS, Arrivals, Histogram

# The logs cannot be committed; the made-up ones here cover the same code.
TRACES = Path(os.environ.get("CHIPBRIEF_TRACES", Path(__file__).parents[3] / "shared" / "traces"))
published = pytest.mark.skipif(
    not TRACES.is_dir(), reason=f"no folder {TRACES} with published logs; CHIPBRIEF_TRACES names another"
)

HEAD = "arrival,input,output\n"
GOOD = HEAD + "".join(f"{minute * 60},{100 * minute},{10 * minute}\n" for minute in range(1, 11))


def read(text: str | bytes, **options: Any) -> Trace:
    return read_trace(io.BytesIO(text.encode() if isinstance(text, str) else text), "log.csv", **options)


def problems(text: str | bytes, **options: Any) -> list[str]:
    with pytest.raises(InputError) as refused:
        read(text, **options)
    return [str(problem) for problem in refused.value.problems]


def mix_of(trace: Trace, catalogue: Catalogue, **terms: Any) -> WorkloadMix:
    document = parse_yaml(mix_text(trace, Terms(**terms)), "made.yaml")
    return mix_from_document(document, Path(), models=catalogue.names, hardware={})


# -- counts ---------------------------------------------------------------------------------------------------


def test_quantiles_mean_and_cache_share_by_hand(data: Path) -> None:
    with (data / "requests.csv").open("rb") as stream:
        trace = read_trace(stream, "requests.csv")
    assert (trace.rows, trace.broken, trace.times) == (10, (), "dates")
    # 100, 200, ... 1000: the quantile q lies at the place 9 q between the sorted values, counted from 0
    assert trace.input.quantiles == pytest.approx(
        {"p10": 190, "p25": 325, "p50": 550, "p75": 775, "p90": 910, "p95": 955, "p99": 991}
    )
    assert (trace.input.mean, trace.input.total, trace.output.mean) == (550, 5500, 55)
    assert trace.cached_fraction == 2750 / 5500
    assert trace.span_s == 4 * 3600  # 07:59:30 to 11:59:30
    assert trace.requests_per_day == 60
    # from 07:59 on: 4 until 08:58, none, 4 until 10:58, 2 until 11:58; the hour to 11:59 has 2
    assert trace.hour is not None
    assert (trace.hour.busiest, trace.hour.mean, trace.hour.ratio) == (4, 2.5, 1.6)
    assert trace.minute is not None
    assert (trace.minute.busiest, trace.minute.mean) == (3, 4 / 60)  # 10:10, in an hour of four


def test_the_busiest_hour_and_minute_of_a_day_by_hand() -> None:
    minutes = [1] * 1440
    minutes[600:660] = [3] * 60  # the eleventh hour has three times as many
    minutes[630] = 12
    times = [60 * minute for minute, count in enumerate(minutes) for _ in range(count)]
    random.Random(1).shuffle(times)
    trace = read(HEAD + "".join(f"{t},10,10\n" for t in times))
    assert trace.rows == 23 * 60 + 59 * 3 + 12 == 1569
    assert trace.hour is not None
    assert trace.minute is not None
    assert trace.hour.ratio == pytest.approx(189 / (1569 / (86_340 / 3600)))  # the last arrives at 23:59
    assert trace.minute.ratio == pytest.approx(12 / (189 / 60))


def test_the_shape_of_a_day_by_hand(catalogue: Catalogue) -> None:
    midnight = 1_772_323_200  # 2026-03-01T00:00Z
    # from six in the morning for two days: one request a minute, in the hour from 14:00 on the second day four
    times = [midnight + 6 * 3600 + 60 * m for m in range(2 * 1440)]
    times += [midnight + 38 * 3600 + 60 * m for m in range(60) for _ in range(3)]
    trace = read(HEAD + "".join(f"{t},10,10\n" for t in times))
    assert trace.hourly == pytest.approx([60.0] * 14 + [150.0] + [60.0] * 9)  # (60 + 240) / 2 hours from 14:00
    demand = mix_of(trace, catalogue).classes[0].demand
    assert demand.hours is not None
    assert demand.hours.index(1.0) == 14


def test_a_log_that_does_not_tell_the_hour_shows_no_shape_of_a_day() -> None:
    from_zero = read(HEAD + "".join(f"{60 * m},10,10\n" for m in [*range(1440), 0, 0]))
    assert from_zero.hourly is None
    dated = read(HEAD + "".join(f"{1_772_323_200 + 60 * m},10,10\n" for m in [*range(1440), 0]))
    assert dated.hourly is not None
    half = read(HEAD + "".join(f"{1_772_323_200 + 60 * m},10,10\n" for m in [*range(720), 0]))
    assert half.hourly is None


def test_a_busy_end_counts_in_the_hour_that_ends_the_log() -> None:
    counted = Arrivals()
    counted.add(np.array([60.0 * m for m in range(240)] + [240 * 60.0 + s for s in range(50)]))  # four hours, a minute
    assert counted.hour().busiest == 59 + 50


def test_what_a_log_is_too_short_to_show_stays_at_the_default(catalogue: Catalogue) -> None:
    short = read(HEAD + "0,10,1\n599,10,1\n")
    assert (short.hour, short.minute) == (None, None)
    text = mix_text(short, Terms())
    assert "peak_to_mean: 1.5  # default: a log of 9 min 59 s shows no busiest hour; that takes 3 h" in text
    assert "burst: 2  # default: a log of 9 min 59 s shows no burst; that takes 10 min" in text
    defaults = Arrival(requests_per_day=1.0)
    arrival = mix_of(short, catalogue).classes[0].arrival
    assert (arrival.peak_to_mean, arrival.burst) == (defaults.peak_to_mean, defaults.burst)
    longer = read(HEAD + "0,10,1\n600,10,1\n")
    assert longer.hour is None
    assert longer.minute is not None
    assert read(HEAD + "0,10,1\n10800,10,1\n").hour is not None


@given(st.lists(st.integers(0, 300_000), min_size=2, max_size=60), st.integers(1, 7))
def test_quantiles_are_those_of_numpy(tokens: list[int], parts: int) -> None:
    counted = Histogram()
    for part in np.array_split(np.array(tokens), parts):
        counted.add(part)
    assert counted.mean == pytest.approx(np.mean(tokens))
    for name, value in counted.quantiles().items():
        assert value == pytest.approx(np.percentile(tokens, int(name[1:]))), name


@given(st.lists(st.floats(0, 30 * 86_400), min_size=2, max_size=40), st.integers(1, 5))
def test_arrivals_in_any_order_and_in_any_parts_are_the_same(times: list[float], parts: int) -> None:
    whole, split = Arrivals(), Arrivals()
    whole.add(np.array(times))
    for part in np.array_split(np.array(times[::-1]), parts):
        split.add(part)
    if whole.span_s >= 1:
        assert (whole.hour(), whole.minute(), whole.per_day) == (split.hour(), split.minute(), split.per_day)
        assert whole.hour().ratio >= 1
        assert whole.minute().busiest >= 1


# -- published statistics -------------------------------------------------------------------------------------


def published_trace(name: str) -> Trace:
    with (TRACES / name).open("rb") as stream:
        return read_trace(stream, name)


@published
def test_the_statistics_of_the_azure_code_trace() -> None:
    trace = published_trace("azure_llm_2023_code.csv")
    assert trace.rows == 8819
    for side, p50, p95, mean in ((trace.input, 1469, 7303, 2048), (trace.output, 13, 90, 28)):
        assert side.quantiles["p50"] == pytest.approx(p50, abs=0.5)
        assert side.quantiles["p95"] == pytest.approx(p95, abs=0.5)
        assert side.mean == pytest.approx(mean, abs=0.5)
    assert trace.cached_fraction is None
    assert trace.hour is None  # less than an hour
    assert trace.minute is not None
    assert trace.minute.ratio == pytest.approx(4.2, abs=0.11)  # 632 over 8,819 / 58 begun minutes, published as 4.2


@published
def test_the_statistics_of_a_mooncake_trace_against_pandas() -> None:
    import pandas as pd

    trace = published_trace("mooncake_synthetic.csv")
    table = pd.read_csv(TRACES / "mooncake_synthetic.csv")
    cached = "cached_prefix_tokens_infinite_cache"
    assert trace.rows == len(table) == 3993
    assert trace.columns["cached"] == cached
    assert trace.cached_fraction == pytest.approx(table[cached].sum() / table["input_tokens"].sum())
    assert trace.cached_fraction == pytest.approx(0.651, abs=5e-4)
    for side, column in ((trace.input, "input_tokens"), (trace.output, "output_tokens")):
        assert side.mean == pytest.approx(table[column].mean())
        for name, value in side.quantiles.items():
            assert value == pytest.approx(table[column].quantile(int(name[1:]) / 100)), (column, name)


# -- formats --------------------------------------------------------------------------------------------------


def same(one: Trace, other: Trace) -> bool:
    parts = ("rows", "span_s", "requests_per_day", "hour", "minute", "input", "output")
    return all(getattr(one, part) == getattr(other, part) for part in parts)


FORMS = {
    "quotes": GOOD.replace("60,100,10\n", '"60","100","10"\n'),
    "semicolons": GOOD.replace(",", ";"),
    "tabs": GOOD.replace(",", "\t"),
    "windows": "\ufeff" + GOOD.replace("\n", "\r\n"),
    "no last end": GOOD.removesuffix("\n"),
    "empty lines": GOOD.replace("\n", "\n\n"),
    "whole floats": GOOD.replace("100,10\n", "100.0,1e1\n"),
    "spaces": GOOD.replace(",", " , "),
    "milliseconds by name": "timestamp_ms,prompt_tokens,completion_tokens\n"
    + "".join(f"{m * 60_000},{100 * m},{10 * m}\n" for m in range(1, 11)),
    "upper case": GOOD.replace(HEAD, "Arrival Time,Context-Tokens,GENERATED_TOKENS\n"),
    "json": "".join(
        f'{{"ts": {m * 60}, "input_length": {100 * m}, "output_length": "{10 * m}"}}\n' for m in range(1, 11)
    ),
    "json, nested": "".join(
        json.dumps({"created": m * 60, "usage": {"prompt_tokens": 100 * m, "completion_tokens": 10 * m}}) + "\n\n"
        for m in range(1, 11)
    ),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_form_of_a_log_tells_the_same(name: str, packed: bool) -> None:
    raw = FORMS[name].encode()
    assert same(read(gzip.compress(raw) if packed else raw), read(GOOD))


EPOCH = 1_762_070_400  # 2025-11-02 08:00 UTC


@pytest.mark.parametrize(
    ("first", "second", "times"),
    [
        (str(EPOCH), str(EPOCH + 5400), "s"),
        (f"{EPOCH}000", f"{EPOCH + 5400}000", "ms"),
        (f"{EPOCH}000000", f"{EPOCH + 5400}000000", "us"),
        (f"{EPOCH}000000000", f"{EPOCH + 5400}000000000", "ns"),
        ("2025-11-02T08:00:00Z", "2025-11-02T10:30:00.0+01:00", "dates"),
        ("2025-11-02 08:00:00", "2025-11-02 09:30:00.000000+00:00", "dates"),
    ],
)
def test_times_since_1970_show_their_unit(first: str, second: str, times: str) -> None:
    trace = read(f"{HEAD}{first},10,1\n{second},10,1\n")
    assert trace.times == times
    assert trace.span_s == pytest.approx(5400)
    assert trace.times_guessed == (times != "dates")


def test_a_unit_that_is_given_counts_and_one_that_is_guessed_is_said() -> None:
    log = HEAD + "0,10,1\n5400000,10,1\n"
    assert read(log).span_s == 5_400_000
    assert "--time-unit says otherwise" in mix_text(read(log), Terms())
    known = read(log, time_unit="ms")
    assert known.span_s == 5400
    assert "--time-unit" not in mix_text(known, Terms())


def test_columns_by_other_names() -> None:
    log = GOOD.replace(HEAD, "when,in,out\n")
    chosen = parse_columns("arrival=when, input=in,output=out")
    assert same(read(log, columns=chosen), read(GOOD))
    assert problems(log)[0].startswith("log.csv:1:1: has no column of arrival, and when, in, out; name it with")
    assert problems(log, columns={**chosen, "input": "inn"}) == [
        "log.csv:1:1: --columns: has no column 'inn' for input; did you mean 'in'?"
    ]
    with pytest.raises(InputError) as refused:
        parse_columns("arival=ts,input,output=a,output=b")
    assert [str(p) for p in refused.value.problems] == [
        "--columns: unknown column 'arival'; did you mean 'arrival'?",
        "--columns: expected pairs such as arrival=ts, got 'input'",
        "--columns: names output twice",
    ]


def test_cached_tokens_that_are_missing_are_counted_and_taken_as_none() -> None:
    rows = [
        {"ts": 0, "usage": {"prompt_tokens": 100, "completion_tokens": 1}},
        {"ts": 60, "usage": {"prompt_tokens": 300, "completion_tokens": 1, "prompt_tokens_details": None}},
        {
            "ts": 90,
            "usage": {"prompt_tokens": 400, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 200}},
        },
    ]
    trace = read("\n".join(map(json.dumps, rows)))
    assert (trace.rows, trace.without_cached, trace.cached_fraction) == (3, 2, 0.25)
    assert "# Cached tokens are missing in 2 rows and taken as 0." in mix_text(trace, Terms())


# -- broken rows ----------------------------------------------------------------------------------------------

BROKEN = {
    "-1,10,1": "arrival is negative",
    "nan,10,1": "arrival is not finite",
    "1e400,10,1": "arrival is not finite",
    ",10,1": "arrival is missing",
    "soon,10,1": "arrival is no number",
    "2026-11-02,10,1": "arrival is no number",
    "1e12,10,1": "arrival is more than 100,000 hours from the first",
    "5,-10,1": "input is negative",
    "5,10.5,1": "input is no whole number",
    "5,nan,1": "input is no whole number",
    "5,1e400,1": f"input is more than {MOST_TOKENS:,}",
    f"5,{MOST_TOKENS + 1},1": f"input is more than {MOST_TOKENS:,}",
    "5,many,1": "input is no whole number",
    "5,,1": "input is missing",
    "5,10,": "output is missing",
    "5,10,-inf": "output is negative",
    "5,10": "the row has another number of fields than the heading",
    "5,10,1,7": "the row has another number of fields than the heading",
}


@pytest.mark.parametrize("row", BROKEN)
def test_a_broken_row_is_counted_and_named_with_its_line(row: str) -> None:
    log = GOOD + row + "\n" + "700,10,1\n" + row + "\n"
    trace = read(log, max_broken=1.0)
    (broken,) = trace.broken
    assert (broken.reason, broken.line, broken.rows) == (BROKEN[row], 12, 2)
    assert trace.rows == 11
    assert same(trace, read(GOOD + "700,10,1\n"))
    text = mix_text(trace, Terms())
    assert f"# Left out, 2 rows: {BROKEN[row]} (the first in line 12)." in text
    assert "2 broken ones left out" in text


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"ts": 5, "input": 10', "the row is no JSON object"),
        ("[5, 10, 1]", "the row is no JSON object"),
        ("[" * 5000, "the row is no JSON object"),
        ('{"ts": 5, "input": 10}', "output is missing"),
        ('{"ts": true, "input": 10, "output": 1}', "arrival is no number"),
        ('{"ts": 5, "input": true, "output": 1}', "input is no whole number"),
        ('{"ts": 5, "input": [10], "output": 1}', "input is no whole number"),
        ('{"ts": NaN, "input": 10, "output": 1}', "arrival is not finite"),
        (f'{{"ts": 5, "input": 1{"0" * 400}, "output": 1}}', f"input is more than {MOST_TOKENS:,}"),
    ],
)
def test_a_broken_object_is_counted_and_named_with_its_line(row: str, reason: str) -> None:
    good = "".join(f'{{"ts": {i}, "input": 10, "output": 1}}\n' for i in range(5))
    trace = read(good + row + "\n", max_broken=1.0)
    assert [(b.reason, b.line, b.rows) for b in trace.broken] == [(reason, 6, 1)]
    assert trace.rows == 5


def test_cached_tokens_cannot_be_more_than_the_input() -> None:
    head = "arrival,input,output,cached\n"
    trace = read(head + "0,10,1,10\n5,10,1,11\n9,10,1,-1\n9,10,1,x\n60,10,1,0\n", max_broken=1.0)
    assert [(b.reason, b.line) for b in trace.broken] == [
        ("cached is more than input", 3),
        ("cached is negative", 4),
        ("cached is no whole number", 5),
    ]


def test_a_date_among_dates_that_is_none() -> None:
    log = HEAD + "2026-11-02 08:00:00,10,1\n2026-11-02 09:00:00,10,1\n17,10,1\n2026-31-02,10,1\n1969-12-31,10,1\n"
    assert [(b.reason, b.line) for b in read(log, max_broken=1.0).broken] == [
        ("arrival is a number among dates", 4),
        ("arrival is no ISO 8601 date", 5),
        ("arrival is before 1970", 6),
    ]


def test_a_quote_that_is_never_closed_counts_every_line_that_it_swallows() -> None:
    rows = GOOD.splitlines()
    rows[3] = rows[3].removesuffix("30") + '"30'
    trace = read("\n".join(rows) + "\n", max_broken=1.0)
    (broken,) = trace.broken
    assert trace.rows == 2
    assert (broken.line, broken.rows) == (4, 8)  # the third of ten rows, and the seven after it
    assert "does not parse as CSV" in broken.reason


def test_too_many_broken_rows_are_refused_with_every_reason() -> None:
    rows = "".join(f"{i},10,1\n" for i in range(98))
    log = f"{HEAD}{rows}-1,10,1\n5,x,1\n"
    assert problems(log) == [
        "log.csv: 2 of 100 rows are broken, more than 1 % (--max-broken)",
        "log.csv:100:1: arrival is negative, in 1 of 100 rows",
        "log.csv:101:1: input is no whole number, in 1 of 100 rows",
    ]
    assert read(log, max_broken=0.02).broken_rows == 2
    assert len(problems(f"{HEAD}{rows}0,10,1\n-1,10,1\n", max_broken=0.0)) == 2


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("", "log.csv: is empty"),
        ("\n\n\n", "log.csv: is empty"),
        (HEAD, "log.csv: has no row below its heading"),
        ("a,b\n1,2\n", "log.csv:1:1: has no column of arrival, and a, b; name it with --columns arrival=NAME"),
        ("arrival,input,input,output\n", "log.csv: has columns of the same name: input"),
        ('[{"ts": 1}]', "is one JSON array"),
        ('{"ts": 1}\n', "has no column of input, and ts;"),
        (HEAD + "5,10,1\n", "spans less than 1 s, which tells no requests a day"),
        (HEAD + "5,10,1\n5,10,1\n", "spans less than 1 s, which tells no requests a day"),
        (HEAD + "5,10,0\n6,10,0\n", "has no output tokens in any row"),
        (GOOD.encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
        (gzip.compress(GOOD.encode())[:-9], "is a damaged gzip file"),
        (b"\x1f\x8bnothing", "is a damaged gzip file"),
        (b"\x00\xff" * 100, "has no column of arrival"),
        ('"arrival,input\n', "does not parse as CSV"),
    ],
)
def test_what_is_no_log_is_refused(log: str | bytes, reason: str) -> None:
    assert reason in "\n".join(problems(log))


CELLS = st.sampled_from(["plain", 'a ""quote"" and\nan end', "", "x,y"])
KINDS_OF_ROW = st.lists(st.tuples(st.sampled_from(["plain", "quoted", "empty", "short", "long"]), CELLS), max_size=40)


@given(KINDS_OF_ROW, st.integers(16, 200), st.integers(1, 9), st.sampled_from(["\n", "\r\n"]))
def test_rows_are_those_of_csv_wherever_blocks_end(
    kinds: list[tuple[str, str]], block: int, batch: int, end: str
) -> None:
    lines, broken = ["arrival,input,output,note"], 0
    for i, (kind, note) in enumerate(kinds):
        texts = {"plain": f"{i},{i},{i},n", "quoted": f'"{i}",{i},{i},"{note}"', "empty": "", "short": f"{i},7"}
        lines.append(texts.get(kind, f"{i},{i},{i},n,m"))
        broken += kind in ("short", "long")
    text = end.join(lines)
    wanted = [row[0] for row in csv.reader(io.StringIO(text, newline="")) if len(row) == 4][1:]
    lost: list[tuple[str, int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_module, "BLOCK", block)
        patch.setattr(rows_module, "BATCH_ROWS", batch)
        log = rows_module.Log(io.BytesIO(text.encode()), "log.csv", {})
        found = [pair for b in log.batches(lambda *why: lost.append(why)) for pair in zip(b.lines, b.arrival)]  # noqa: B905
    assert [arrival for _, arrival in found] == wanted
    assert sum(rows for _, _, rows in lost) == broken
    physical = text.replace("\r\n", "\n").split("\n")
    assert all(physical[line - 1].lstrip('"').startswith(arrival) for line, arrival in found)


# -- the mix --------------------------------------------------------------------------------------------------


def test_the_mix_has_the_counts_of_the_log(data: Path, catalogue: Catalogue) -> None:
    with (data / "requests.csv").open("rb") as stream:
        trace = read_trace(stream, "requests.csv")
    mix = mix_of(trace, catalogue)
    (only,) = mix.classes
    assert (mix.name, mix.hardware, only.model, only.kind) == ("requests", None, "gpt-oss-120b", "chat")
    assert only.shape.input_mean == 550
    assert only.shape.input_p95 == pytest.approx(955)
    assert only.shape.output_p50 == pytest.approx(55)
    assert only.shape.cached_fraction == 0.5
    assert only.demand.mean_requests_s == pytest.approx(60 / 86_400)
    assert only.demand.peak_factor == pytest.approx(1.6 * 45)
    assert only.basis is not None
    for part in ("10 rows", "4 h", "requests.csv", trace.sha256[:12]):
        assert part in only.basis


def test_the_hash_is_that_of_the_file() -> None:
    import hashlib

    for raw in (GOOD.encode(), gzip.compress(GOOD.encode()), gzip.compress(GOOD.encode()) + b"\0" * 100):
        assert read(raw).sha256 == hashlib.sha256(raw).hexdigest()


def test_every_value_says_where_it_comes_from() -> None:
    trace = read(GOOD)
    text = mix_text(trace, Terms(kind="voice", levels={"ttft_p95": "300 ms"}))
    lines = [line for line in text.splitlines() if not line.startswith(("#", "schema")) and not line.endswith(":")]
    assert [
        line
        for line in lines
        if "basis: " not in line and not any(mark in line for mark in ("# measured: ", "# given: ", "# default: "))
    ] == []
    assert "kind: voice  # given: --kind" in text
    assert "ttft_p95: 300 ms  # given: --ttft-p95" in text
    assert "tpot" not in text  # levels that are given replace all defaults
    assert "mean: 550  # measured: 5,500 tokens over 10 rows" in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_usual_levels_that_load(kind: str, catalogue: Catalogue) -> None:
    levels, why = usual_levels(kind)
    slo = mix_of(read(GOOD), catalogue, kind=kind).classes[0].slo
    assert {name for name, value in slo.model_dump().items() if value is not None} == {*levels, "attainment"}
    assert f"# default: {why}" in mix_text(read(GOOD), Terms(kind=kind))


def test_quantiles_below_one_token_are_written_as_one(catalogue: Catalogue) -> None:
    trace = read(HEAD + "0,10,0\n60,10,0\n90,10,3\n")
    assert "p50: 1  # measured: over 3 rows; 0, and 1 is the least" in mix_text(trace, Terms())
    assert mix_of(trace, catalogue).classes[0].shape.output_mean == 1


@pytest.mark.parametrize(
    "file", ["null.csv", "true.csv", "..csv", "\x1b[31m\nname: x.csv", "a b#c.jsonl.gz", "<stdin>"]
)
def test_the_name_of_a_file_stays_a_name(file: str, catalogue: Catalogue) -> None:
    trace = read_trace(io.BytesIO(GOOD.encode()), file)
    mix = mix_of(trace, catalogue)
    assert all(c.isalnum() or c == "-" for c in mix.name)
    assert "\x1b" not in mix_text(trace, Terms())


def test_names_of_columns_stay_within_their_comment(catalogue: Catalogue) -> None:
    log = '"a\nmodel: x",input,output\n' + "0,10,1\n60,10,1\n"
    mix = mix_of(read(log, columns={"arrival": "a\nmodel: x"}), catalogue)
    assert mix.classes[0].model == "gpt-oss-120b"


def test_terms_that_are_wrong_are_told_at_once() -> None:
    with pytest.raises(InputError) as refused:
        Terms(kind="chatt", name="a b", levels={"ttft_p95": "2", "e2e_p95": "0 s"})
    assert [str(p) for p in refused.value.problems] == [
        "--kind: unknown kind 'chatt'; did you mean 'chat'?",
        "--ttft-p95: expected a time such as 2 s, got '2'; did you mean '2 s'?",
        "--e2e-p95: must be more than 0 s",
        "--name: expected an id of letters, digits, '-', '.' and '_', got 'a b'",
    ]


# -- size -----------------------------------------------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from chipbrief.workload.from_trace import Terms, mix_text, read_trace
with open(sys.argv[1], "rb") as stream:
    trace = read_trace(stream, "log.csv")
mix_text(trace, Terms())
status = Path("/proc/self/status")
if status.exists():  # counted from the start of this program; ru_maxrss begins with that of its parent
    peak = next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
else:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(trace.rows, trace.broken_rows, peak)
"""


@pytest.mark.slow
def test_a_million_rows_stream_within_the_budget_of_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    path, count = tmp_path / "log.csv", 1_000_000
    times = rng.random(count) * 30 * 86_400
    into = np.maximum(rng.lognormal(7, 1.5, count), 1).astype(int)
    out = np.maximum(rng.lognormal(5, 1, count), 1).astype(int)
    into[7] = -1
    into[8], out[8] = MOST_TOKENS, MOST_TOKENS  # the histogram's whole width
    with path.open("w") as log:
        log.write(HEAD)
        log.writelines(
            f"{t:.3f},{i},{o}\n" for t, i, o in zip(times.tolist(), into.tolist(), out.tolist(), strict=True)
        )
    done = subprocess.run([sys.executable, "-c", CHILD, path], capture_output=True, text=True, check=True)
    rows, broken, peak = map(int, done.stdout.split())
    assert (rows, broken) == (count - 1, 1)
    assert peak < 400e6
