"""Claims against facts that the file states with their source, and the order of dates."""

from __future__ import annotations

from chipbrief.claims.dates import Period
from chipbrief.claims.document import Claim, Fact
from chipbrief.claims.quantity import Quantity, Span
from chipbrief.claims.rulings import Context, Outcome, Ruling, first_of, reason_of, weighed

__all__ = ["date_order", "fact", "latest"]

TOLERANCE = 0.05


def fact(claim: Claim, context: Context) -> Ruling | None:
    """A claim must agree with every fact that it is held `against`.

    Numbers within 5 % and their rounding, a bound on its side of the fact (less than 5 % off it decides nothing); dates
    must share a day, and two spans begin and end on common dates; words are not compared.
    """
    facts = {name: context.file.facts[name] for name in claim.against}
    if not facts or claim.metric == "statement":
        return None
    said = [_agree(claim.value, held) for held in facts.values()]
    line = f"{', '.join(_told(held) for held in facts.values())}; stated {claim.stated}"
    outcome = first_of(said, "differs", "undecided", "agrees")
    reason = _reason(outcome, claim, "as the source has it", "the source has something else")
    return Ruling(outcome, line, reason, tuple(context.fact(name) for name in facts))


def _reason(outcome: Outcome, claim: Claim, agrees: str, differs: str) -> str:
    if claim.quantity is None or outcome == "agrees":
        return agrees if outcome == "agrees" else differs
    return reason_of(outcome, claim.quantity, agrees, differs)


def latest(claim: Claim, context: Context) -> Ruling | None:
    """What is stated as the latest must agree with the last of the facts that are not dated after the text.

    A fact after the text is printed as a remark; numbers within 5 % and their rounding.
    """
    if not claim.latest_of:
        return None
    text = context.file.text.date
    facts = sorted(claim.latest_of, key=lambda name: context.file.facts[name].date.start)
    before = [name for name in facts if context.file.facts[name].date.start <= text.end]
    if not before:
        return None
    name, after = before[-1], [name for name in facts if name not in before]
    held = context.file.facts[name]
    outcome = _agree(claim.value, held)
    line = f"{_told(held)} on {held.date.written}, the last before {text.written}; stated {claim.stated}"
    later = [context.file.facts[next_] for next_ in after]
    line += "".join(f"; next {_told(each)} on {each.date.written}" for each in later)
    reason = _reason(outcome, claim, "the latest then", "not the latest then")
    return Ruling(outcome, line, reason, tuple(context.fact(each) for each in (name, *after)))


def date_order(claim: Claim, context: Context) -> Ruling | None:
    """Nothing is used before it ships, and no plan begins in a period that is over: dates must be in order.

    `not_before` fails where the first of the stated dates ended before the other began, `not_after` where the last
    began after the other ended; `text` is the day on which the text appeared.
    """
    period = claim.period
    if period is None or not (claim.not_before or claim.not_after):
        return None
    lines, wrong = [], False
    for name in claim.not_before:
        other = _period(name, context)
        wrong = wrong or period.first_end < other.start
        lines.append(
            f"{period.written} begins no earlier than {other.written}: {_yes(period.first_end >= other.start)}"
        )
    for name in claim.not_after:
        other = _period(name, context)
        wrong = wrong or period.end > other.end
        lines.append(f"{period.written} ends no later than {other.written}: {_yes(period.end <= other.end)}")
    names = [*claim.not_before, *claim.not_after]
    cited = tuple(context.own() if name == "text" else context.fact(name) for name in names)
    outcome: Outcome = "differs" if wrong else "agrees"
    return Ruling(outcome, "; ".join(lines), "the dates are out of order" if wrong else "the dates are in order", cited)


def _period(name: str, context: Context) -> Period:
    if name == "text":
        return context.file.text.date
    value = context.file.facts[name].value
    assert isinstance(value, Period)
    return value


def _agree(value: object, held: Fact) -> Outcome:
    if isinstance(value, Quantity) and isinstance(held.value, Quantity):
        cited = held.value
        return weighed(value, Span(cited.value, cited.value), cited.span.widened(TOLERANCE), (cited,))
    if isinstance(value, Period) and isinstance(held.value, Period) and value.meets(held.value):
        return "agrees"
    return "differs"


def _told(held: Fact) -> str:
    value = held.value if isinstance(held.value, str) else held.value.written
    return f"{value} ({held.note})" if held.note else value


def _yes(true: bool) -> str:
    return "yes" if true else "no"
