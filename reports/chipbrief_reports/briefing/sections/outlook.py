"""What would change the answer, and what it does not cover."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from chipbrief.sensitivity import leading_tornado, ranking
from chipbrief_reports.briefing.desk import Desk
from chipbrief_reports.briefing.document import Text, text
from chipbrief_reports.spoken import spoken
from chipbrief_reports.wording import count, joined, midsentence, money, number

__all__ = ["changes", "uncovered"]


def changes(desk: Desk) -> tuple[Text, ...]:
    """Up to three things that would turn the answer, the most telling first."""
    return tuple(islice(filter(None, _found(desk)), 3))


def _found(desk: Desk) -> Iterator[Text | None]:
    """One after the other, so that what is not shown leaves no note."""
    yield _owner_turns(desk)
    yield from _volume_turns(desk)
    yield _growth(desk)
    yield _driver(desk)


def _owner_turns(desk: Desk) -> Text | None:
    """The price at which owning another system is as cheap for the leading class."""
    leg = desk.route.leg_of(desk.leading)
    if leg is None:
        return None
    met = [o for o in desk.outcomes(desk.leading) if o.hardware != leg.hardware and o.status == "meets"]
    others = [o for o in met if o.lane("own")]
    names = {o.hardware: f"{desk.leading}.{o.hardware}.own.turning_price_usd" for o in others}
    priced = [(o, desk.ledger[names[o.hardware]].value) for o in others if names[o.hardware] in desk.ledger]
    if not priced:
        systems = joined([desk.name(o.hardware) for o in others], "or")
        if not systems:
            return None
        return text(
            f"No purchase price makes {systems} the cheapest for {midsentence(desk.label(desk.leading))}: power and space alone cost more."
        )
    outcome, usd = max(priced, key=lambda pair: pair[1] / desk.system(pair[0].hardware).profile.price.system.value)
    listed = desk.system(outcome.hardware).profile.price.system
    return text(
        f"{desk.name(outcome.hardware)} would carry {midsentence(desk.label(desk.leading))} at the same cost if a system "
        f"cost {money(usd)}, not {money(listed.value)}",
        desk.notes.cite("", [f"{outcome.hardware}:price.system"], *desk.trail(names[outcome.hardware])),
        ".",
    )


def _volume_turns(desk: Desk) -> Iterator[Text]:
    """For classes bought by the token, the nearest first: the volume at which hardware is as cheap."""
    found: list[tuple[float, str, str]] = []
    for wanted in desk.mix.classes:
        offers = desk.results.offers(wanted.id)
        if not offers or offers[0][1].lane != "api":
            continue
        hardware = next(((o, c) for o, c in offers if c.lane != "api"), None)
        result = f"{wanted.id}.{hardware[0].hardware}.{hardware[1].lane}.turning_volume" if hardware else ""
        if hardware and result in desk.ledger:
            name, multiple = desk.offer_name(hardware[0].hardware, hardware[1]), desk.ledger[result].value
            words = f"{wanted.label}: from {number(multiple)} times today's volume, {name}, is cheaper than tokens"
            found.append((multiple, words, result))
    for _, words, result in sorted(found, key=lambda turn: turn[0]):
        yield text(words, desk.trail_note(result), ".")


def _driver(desk: Desk) -> Text | None:
    """The input that moves the price of the leading class most, of the offer that leads."""
    leader = ranking(desk.results, desk.leading).leader
    figures = desk.results.figures()
    bars = leading_tornado(desk.results, desk.leading, leader.offer) if leader else []
    known = [bar for bar in bars if bar.figure in figures and bar.swing > 0]
    if leader is None or not known:
        return None
    low, high = sorted((known[0].low, known[0].high))
    return text(
        f"Of the inputs of {desk.name(leader.offer.hardware)}, {spoken(known[0].figure)} moves the price of "
        f"{midsentence(desk.label(desk.leading))} most: ${number(low)} to ${number(high)} a million tokens",
        desk.notes.cite("", [known[0].figure]),
        ".",
    )


def _growth(desk: Desk) -> Text | None:
    horizon = desk.mix.horizon
    if horizon is None or horizon.growth_at_end == 1.0:
        return None
    return text(
        f"Demand at the end of the {count(horizon.months, 'month')} is planned at {number(horizon.growth_at_end)} times "
        "today's; Capacity shows the systems that takes."
    )


def uncovered(desk: Desk) -> tuple[Text, ...]:
    """What a reader must not take this briefing for; plugins that failed come first."""
    items = [
        text(
            "Arrivals that are burstier than chance within the peak; users in flight are a constant number, without a queue."
        ),
        text(
            "Speculative decoding, prefill and decode on separate pools of one sort of chip, and the memory and loading of cached prefixes."
        ),
        text("Debt and training; the options above are sized for today's load alone, Capacity plan for the months."),
    ]
    if desk.unmeasured:
        names = joined([desk.name(name) for name in desk.unmeasured])
        items.insert(
            0,
            text(
                f"No measured point stands behind {names}: their speeds are the model's alone, and their ranges wider."
            ),
        )
    if desk.results.missing:
        names = joined([f"{p.name} ({p.distribution} {p.version}: {p.error})" for p in desk.results.missing])
        items.insert(0, text(f"Missing from the registry: {names}."))
    return tuple(items)
