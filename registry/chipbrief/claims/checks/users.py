"""Per-user speed against aggregate throughput."""

from __future__ import annotations

from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import Span, number
from chipbrief.claims.rulings import Context, Ruling, reason_of, weighed

__all__ = ["aggregate", "load"]

BETWEEN = "between one user's speed and all users at that speed"


def aggregate(claim: Claim, context: Context) -> Ruling | None:
    """The throughput of n users together is at least the speed of one alone, and at most n times that.

    Batching never lowers the total of a machine: a total below one user's speed is a per-user number, or wrong. All
    in output tok/s, rounding allowed for.
    """
    total, one = claim.quantity, context.quantity(claim.speed) if claim.speed else None
    if claim.metric != "throughput" or total is None or one is None or not claim.users or claim.users < 2:
        return None
    each = number(total.value / claim.users, 3)
    possible = Span(one.span.low, claim.users * one.span.high)
    line = (
        f"{total.text} / {claim.users} users = {each} tok/s each; one user alone {one.text}, so "
        f"{total.between(possible, 4)} together"
    )
    cited = (context.own(str(claim.speed)),)
    if total.span.high < one.span.low:
        who = f"{context.subject(claim)}: {total.text} for {claim.users} users"
        told = f"{who} is below one user's {one.text}"
        return Ruling("differs", line, "the total is below the speed of one user alone", cited, (told,))
    if total.span.low > claim.users * one.span.high:
        return Ruling("differs", line, "each user would be faster than one alone", cited)
    outcome = weighed(total, Span(one.value, claim.users * one.value), possible, (one,))
    return Ruling(outcome, line, reason_of(outcome, total, BETWEEN, BETWEEN), cited)


def load(claim: Claim, context: Context) -> Ruling | None:
    """A volume that one system is said to serve must be within the speed claimed of it.

    tokens a day / 86,400 s against the stated tok/s, on average over the day; only for `per: system`, since more
    systems can serve any volume.
    """
    volume, speed = claim.quantity, context.quantity(claim.speed) if claim.speed else None
    if claim.metric != "tokens_per_day" or volume is None or speed is None or claim.per != "system":
        return None
    line = f"{volume.text} / 86,400 s = {number(volume.value, 3)} tok/s on average, stated speed {speed.text}"
    cited = (context.own(str(claim.speed)),)
    if volume.span.low > speed.span.high:
        return Ruling("differs", line, "more than the system is said to do", cited)
    if volume.bound or speed.bound:
        served = volume.span.high <= speed.span.low and speed.bound != "at most"
        above = volume.bound == "at most" and volume.value >= speed.span.high  # less than what it could not do anyway
        if not (served or above):
            return Ruling("undecided", line, "a bound, which leaves it open", cited)
    return Ruling("agrees", line, "the system can serve that", cited)
