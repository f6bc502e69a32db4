"""Claims that follow from other claims: ratios, reductions, products and differences."""

from __future__ import annotations

import math

from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import Quantity, Span, number
from chipbrief.claims.rulings import Context, Outcome, Ruling, first_of, reason_of, weighed

__all__ = ["product", "ratio", "speed_limit"]

LIMIT_TOLERANCE = 0.25


def ratio(claim: Claim, context: Context) -> Ruling | None:
    """A ratio, or a reduction, must follow from the two claims it compares, rounding of all three allowed for.

    ratio = a / b, reduction = (a - b) / a, for every pair of `of`; the span that the roundings of a and b leave must
    meet that of the stated value.
    """
    stated = claim.quantity
    pairs = [(context.quantity(a), context.quantity(b)) for a, b in claim.of]
    if stated is None or not pairs or claim.metric not in ("ratio", "reduction"):
        return None
    lines: list[str] = []
    said: list[Outcome] = []
    for a, b in pairs:
        if a is None or b is None or not a.value or not b.value:
            return None
        value, span, sum_ = _compared(a, b, reduction=claim.metric == "reduction")
        said.append(weighed(stated, Span(value, value), span, (a, b)))
        lines.append(f"{sum_} = {stated.like(value)}")
    names = [name for pair in claim.of for name in pair]
    outcome = first_of(said, "differs", "undecided", "agrees")
    reason = reason_of(outcome, stated, "follows from its parts", "does not follow from its parts")
    return Ruling(outcome, f"{', '.join(lines)}; stated {stated.text}", reason, (context.own(*names),))


def _compared(a: Quantity, b: Quantity, *, reduction: bool) -> tuple[float, Span, str]:
    if not reduction:
        return a.value / b.value, a.span / b.span, f"{a.text} / {b.text}"
    share = b.span / a.span
    return 1 - b.value / a.value, Span(1 - share.high, 1 - share.low), f"({a.text} - {b.text}) / {a.text}"


def speed_limit(claim: Claim, context: Context) -> Ruling | None:
    """A ratio of latencies must come near the ratio of the stated speeds, to which it tends as answers grow.

    (TTFT_b + n/s_b) / (TTFT_a + n/s_a) -> s_a / s_b for n tokens [1]; differs where it is off by more than 25 % from
    every pair of `speeds`.
    """
    stated = claim.quantity
    pairs = [(context.quantity(a), context.quantity(b)) for a, b in claim.speeds]
    if stated is None or not pairs or claim.metric != "ratio":
        return None
    lines: list[str] = []
    said: list[Outcome] = []
    for a, b in pairs:
        if a is None or b is None or not b.value:
            return None
        limit = a.value / b.value
        said.append(weighed(stated, Span(limit, limit), (a.span / b.span).widened(LIMIT_TOLERANCE), (a, b)))
        lines.append(f"{a.text} / {b.text} = {number(a.value / b.value, 3)}")
    names = [name for pair in claim.speeds for name in pair]
    outcome = first_of(said, "agrees", "undecided", "differs")
    reason = reason_of(outcome, stated, "the speeds give the same ratio", "the stated speeds give another ratio")
    headline = f"{stated.text} in latency, but speeds whose ratio is {lines[0].split(' = ')[1]} x"
    line = f"{', '.join(lines)}, 25 % allowed; stated {stated.text}"
    return Ruling(outcome, line, reason, (context.own(*names),), (headline,) if outcome == "differs" else ())


def product(claim: Claim, context: Context) -> Ruling | None:
    """A number must follow from the claims it is made of, as their product or difference.

    The product of all of `times` and of the first of `difference` less the second, in coherent units, so that tokens
    a day times USD/Mtok is USD/day; the span that the roundings of the parts leave must meet that of the stated value.
    """
    stated = claim.quantity
    factors = [context.quantity(name) for name in claim.times]
    parts = [context.quantity(name) for name in claim.difference or ()]
    if stated is None or not (factors or parts) or None in factors or None in parts:
        return None
    texts = [factor.text for factor in factors if factor]
    values = [factor.value for factor in factors if factor]
    spans = [factor.span for factor in factors if factor]
    if len(parts) == 2 and parts[0] and parts[1]:
        texts.append(f"({parts[0].text} - {parts[1].text})")
        values.append(parts[0].value - parts[1].value)
        spans.append(parts[0].span - parts[1].span)
    span = Span(1.0, 1.0)
    for each in spans:
        span = span * each
    return _product(claim, context, stated, " x ".join(texts), math.prod(values), span)


def _product(claim: Claim, context: Context, stated: Quantity, sum_: str, value: float, span: Span) -> Ruling:
    names = [*claim.times, *(claim.difference or ())]
    parts = [context.quantity(name) for name in names]
    outcome = weighed(stated, Span(value, value), span, parts)
    ranged = any(part.ranged for part in parts if part)
    result = f"{stated.bare(span.low)} to {stated.like(span.high)}" if ranged else stated.like(value, 4)
    reason = reason_of(outcome, stated, "follows from its parts", "does not follow from its parts")
    if outcome == "agrees" and ranged and not stated.span.holds(span):
        reason = "follows from a part of the stated range only"
    return Ruling(outcome, f"{sum_} = {result}, stated {stated.text}", reason, (context.own(*names),))
