"""Latencies against speeds: implied rate, implied time to first token, and a line through a set of rows."""

from __future__ import annotations

from dataclasses import dataclass

from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import Quantity, Span, number
from chipbrief.claims.rulings import Cited, Context, Outcome, Ruling, reason_of, weighed

__all__ = ["MAX_TTFT_S", "MIN_TTFT_S", "implied_rate", "implied_ttft", "linear_fit"]

MAX_TTFT_S = 2.0  # MLPerf Inference lets a loaded server take 2 s to the first token of Llama-2-70B, 99th percentile
MIN_TTFT_S = 0.015  # 17 ms is the shortest of 571 measured times to the first token
RATE_TOLERANCE = 0.10


def _pair(claim: Claim, context: Context) -> tuple[Quantity, Quantity, int] | None:
    """Stated latency, the speed of one user that goes with it, and the tokens of the answer."""
    latency, tokens = claim.quantity, claim.output_tokens
    speed = context.quantity(claim.speed) if claim.speed else None
    if claim.metric not in ("e2e_latency", "decode_time") or latency is None or speed is None or not tokens:
        return None
    if not latency.value or not speed.value:
        return None
    return latency, speed, tokens


def implied_rate(claim: Claim, context: Context) -> Ruling | None:
    """Tokens over the stated latency may not exceed the stated speed, nor fall below what 2 s of waiting leave of it.

    Tokens in 1, latency in s, speed in tok/s; both ends of every rounding are tried, and a decode time has no
    waiting. The 2 s are what MLPerf Inference allows a loaded server for the first token (Llama-2-70B, 99th
    percentile).
    """
    found = _pair(claim, context)
    if found is None or found[0].bound:
        return None
    latency, speed, tokens = found
    rate = Span(tokens, tokens) / latency.span
    waiting = 0.0 if claim.metric == "decode_time" else MAX_TTFT_S
    slowest = tokens / (tokens / speed.span.low + waiting) if speed.span.low else 0.0
    value = tokens / latency.value
    sum_ = f"{tokens:,} / {latency.text} = {number(value, 3)} tok/s, stated {speed.text}"
    if rate.high < slowest:
        sum_ += f" ({speed.value / value:,.1f} times as much)"
    differs = rate.high < slowest or rate.low > speed.span.high
    outcome: Outcome = "differs" if differs else "undecided" if speed.bound else "agrees"
    reason = reason_of(
        outcome,
        latency,
        "the latency goes with the stated speed",
        "the latency is that of another speed than the stated one",
    )
    return Ruling(outcome, sum_, reason, (context.own(str(claim.speed)),))


def implied_ttft(claim: Claim, context: Context) -> Ruling | None:
    """What an end-to-end latency leaves before the first token must be more than nothing and at most 2 s.

    TTFT = latency - tokens / speed [s], both ends of every rounding tried. Less than 15 ms at the most: the latency is
    of decoding alone; more than 2 s at the least: the speed is wrong; zero or less that rounding may hide decides
    nothing. A decode time must leave nothing. An upper bound (`< 1 s`) must leave something; a lower one (`> 0.1 s`)
    is kept where decoding alone takes that long, and decides nothing elsewhere.
    """
    found = _pair(claim, context)
    if found is None:
        return None
    latency, speed, tokens = found
    decode = Span(tokens, tokens) / speed.span
    left, ends = latency.value - tokens / speed.value, latency.span - decode
    line = f"{latency.text.lstrip('<> ')} - {tokens:,} / {speed.text} = {latency.like(left)} left for the first token"
    cited = (context.own(str(claim.speed)),)
    if claim.metric == "decode_time":
        at_speed = tokens / speed.value
        outcome = weighed(latency, Span(at_speed, at_speed), decode, (speed,))
        told = "decoding takes the tokens over the speed"
        return Ruling(outcome, line, reason_of(outcome, latency, told, told), cited)
    if latency.bound:
        return _bounded(latency, speed, tokens, cited)
    if speed.bound and ends.high >= MIN_TTFT_S and ends.low <= MAX_TTFT_S:
        return Ruling("undecided", line, "the speed is a bound, which leaves it open", cited)
    return _judged(left, ends, line, cited)


def _bounded(latency: Quantity, speed: Quantity, tokens: int, cited: tuple[Cited, ...]) -> Ruling:
    """An upper bound needs time left; a lower one is kept where decoding alone takes that long."""
    decode, at_speed = Span(tokens, tokens) / speed.span, tokens / speed.value
    stated = latency.text.lstrip("<> ")
    if latency.bound == "at most":
        line = (
            f"{stated} - {tokens:,} / {speed.text} = {latency.like(latency.value - at_speed)} left for the first token"
        )
        if latency.value <= decode.low:
            return Ruling("differs", line, "the answer alone takes longer", cited)
        if at_speed < latency.value and speed.bound != "at most":
            return Ruling("agrees", line, "the bound leaves time", cited)
        return Ruling("undecided", line, "too close, or the speed too open, to tell", cited)
    line = f"{tokens:,} / {speed.text} = {latency.like(at_speed)} of decoding alone, stated {latency.text}"
    if latency.value <= at_speed and speed.bound != "at least":
        return Ruling("agrees", line, "decoding alone takes that long", cited)
    return Ruling("undecided", line, "the time to the first token decides, and it is not stated", cited)


def _judged(left: float, ends: Span, line: str, cited: tuple[Cited, ...]) -> Ruling:
    if ends.high < MIN_TTFT_S:
        return Ruling("differs", line, "no time is left for the first token: decoding alone", cited)
    if ends.low > MAX_TTFT_S:
        return Ruling("differs", line, "no first token takes that long: the speed is wrong", cited)
    if left <= 0:
        return Ruling("undecided", line, "none is left, but the rounding is too coarse to tell", cited)
    return Ruling("agrees", line, "a plausible time to the first token is left", cited)


# -- a set of rows --------------------------------------------------------------------------------------------


def linear_fit(claim: Claim, context: Context) -> Ruling | None:
    """A line through the rows of a set gives a speed and a time to first token: both must agree with what is stated.

    latency = TTFT + tokens / speed, least squares over two rows or more [s, tok/s]. The slope must lie within 10 %
    of the stated speed and its rounding; an end-to-end latency needs an intercept that may be 15 ms, all roundings
    allowed for.
    """
    of_set = (claim.rows, claim.subject, claim.metric)
    rows = [row for row in context.file.claims if (row.rows, row.subject, row.metric) == of_set and _exact(row)]
    if not claim.rows or len(rows) < 2 or not _exact(claim):
        return None
    rows.sort(key=lambda row: row.output_tokens or 0)
    points = [(float(row.output_tokens or 0), row.quantity) for row in rows if row.quantity]
    first, slope, rounding = _line(points)
    if slope <= 0:
        return Ruling("differs", "latency does not grow with the tokens", "longer answers take longer")
    return _fitted(claim, context, rows, _Line(first, 1 / slope, first + rounding < MIN_TTFT_S))


@dataclass(frozen=True, slots=True)
class _Line:
    """Time to the first token [s], speed [tok/s], and whether no rounding leaves any such time."""

    ttft: float
    speed: float
    none_left: bool


def _fitted(claim: Claim, context: Context, rows: list[Claim], line: _Line) -> Ruling:
    assert claim.quantity is not None
    tokens, rate = ", ".join(f"{row.output_tokens:,}" for row in rows), number(line.speed, 3)
    first = claim.quantity.like(line.ttft if abs(line.ttft) > 1e-9 else 0.0, 2)
    sum_ = f"line through {tokens} tokens: {rate} tok/s and {first} to the first token"
    cited = (context.own(*(row.id for row in rows)),)
    who = f"{context.subject(claim)}: {len(rows)} latencies are one constant {rate} tok/s"
    speed = context.quantity(claim.speed) if claim.speed else None
    near = Span(line.speed / (1 + RATE_TOLERANCE), line.speed / (1 - RATE_TOLERANCE))
    of_speed = weighed(speed, Span(line.speed, line.speed), near) if speed else "agrees"
    if speed is not None and of_speed == "differs":
        headline = f"{who}, not the stated {speed.text}"
        told = f"{sum_}; stated {speed.text}, {RATE_TOLERANCE:.0%} allowed".replace("%", " %")
        return Ruling("differs", told, "the rows have a speed of their own", cited, (headline,))
    if claim.metric == "e2e_latency" and line.none_left:
        headline = f"{who}: they leave no time to the first token, though they are stated end to end"
        return Ruling("differs", sum_, "the rows leave no time to the first token", cited, (headline,))
    if speed is None:
        return Ruling("agrees", sum_, "the rows lie on a line", cited)
    reason = reason_of(of_speed, speed, "the rows lie on a line of the stated speed", "")
    return Ruling(of_speed, f"{sum_}; stated {speed.text}", reason, cited)


def _exact(row: Claim) -> bool:
    return row.quantity is not None and not row.quantity.bound


def _line(points: list[tuple[float, Quantity]]) -> tuple[float, float, float]:
    """Intercept and slope by least squares, and how far the roundings may move the intercept."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y.value for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if spread == 0:
        return mean_y, 0.0, 0.0
    slope = sum((x - mean_x) * (y.value - mean_y) for x, y in points) / spread
    weights = [1 / len(points) - mean_x * (x - mean_x) / spread for x, _ in points]
    rounding = sum(abs(weight) * (y.span.high - y.span.low) / 2 for weight, (_, y) in zip(weights, points, strict=True))
    return mean_y - slope * mean_x, slope, rounding
