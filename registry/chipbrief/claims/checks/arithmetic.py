"""Claims that follow from other claims: ratios, reductions, products and differences."""

from __future__ import annotations

import math

from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import Quantity, Span, number
from chipbrief.claims.rulings import Context, Outcome, Ruling

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
    lines, met = [], True
    for a, b in pairs:
        if a is None or b is None or not a.value or not b.value:
            return None
        value, span, sum_ = _compared(a, b, reduction=claim.metric == "reduction")
        met = met and stated.span.meets(span)
        lines.append(f"{sum_} = {stated.like(value)}")
    names = [name for pair in claim.of for name in pair]
    outcome: Outcome = "agrees" if met else "differs"
    reason = "follows from its parts" if met else "does not follow from its parts"
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
    lines, met = [], False
    for a, b in pairs:
        if a is None or b is None or not b.value:
            return None
        met = met or (a.span / b.span).widened(LIMIT_TOLERANCE).meets(stated.span)
        lines.append(f"{a.text} / {b.text} = {number(a.value / b.value, 3)}")
    names = [name for pair in claim.speeds for name in pair]
    outcome: Outcome = "agrees" if met else "differs"
    reason = "the speeds give the same ratio" if met else "the stated speeds give another ratio"
    headline = f"{stated.text} in latency, but speeds whose ratio is {lines[0].split(' = ')[1]} x"
    return Ruling(
        outcome, f"{', '.join(lines)}; stated {stated.text}", reason, (context.own(*names),), () if met else (headline,)
    )


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
    met = stated.span.meets(span)
    whole = span.low >= stated.span.low and span.high <= stated.span.high
    ranged = any((q := context.quantity(name)) is not None and " to " in q.written for name in claim.times)
    result = f"{stated.bare(span.low)} to {stated.like(span.high)}" if ranged else stated.like(value, 4)
    reason = "follows from its parts" if met else "does not follow from its parts"
    if met and ranged and not whole:
        reason = "follows from a part of the stated range only"
    names = [*claim.times, *(claim.difference or ())]
    outcome: Outcome = "agrees" if met else "differs"
    return Ruling(outcome, f"{sum_} = {result}, stated {stated.text}", reason, (context.own(*names),))
