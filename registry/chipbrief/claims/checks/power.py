"""Power and energy: what power and facilities can cost, what a site's power buys, energy a token."""

from __future__ import annotations

from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import Span, number
from chipbrief.claims.rulings import Context, Outcome, Ruling
from chipbrief.finance import HOURS_PER_MONTH
from chipbrief.hardware import HardwareProfile

__all__ = ["energy", "operating_cost", "site_power", "site_value"]

MONTH_S = HOURS_PER_MONTH * 3600.0


def operating_cost(claim: Claim, context: Context) -> Ruling | None:
    """Power and facilities of a system cost at most its power at the highest colocation, PUE and electricity prices.

    USD/month = kW x (colocation + PUE x 730 h x USD/kWh), every term at the high end of its range; at the least the
    energy of an idle system at the low ends.
    """
    stated, profile = claim.quantity, context.profile(claim)
    if claim.metric != "operating_cost" or stated is None or profile is None or claim.per not in ("chip", "system"):
        return None
    share = 1.0 / profile.chips if claim.per == "chip" else 1.0
    terms, power = context.terms, profile.power.system
    kw = [end * share / 1e3 for end in (power.lowest, power.highest)]
    pue, price, space = terms.pue, terms.electricity, terms.colocation
    most = kw[1] * (space.highest + pue.highest * HOURS_PER_MONTH * price.highest)
    least = kw[0] * profile.power.idle.lowest * pue.lowest * HOURS_PER_MONTH * price.lowest
    line = (
        f"{number(kw[1], 3)} kW x ({space.highest:,.0f} + {pue.highest:g} x 730 h x {price.highest:g}) = "
        f"{number(most, 4)} USD/month at the most, stated {stated.text}"
    )
    cited = (context.figure(profile, power), *(context.term(term) for term in (space, pue, price)))
    if stated.span.low * MONTH_S > most:
        headline = f"{stated.text} is more than the {number(most, 4)} of the top of every published range"
        return Ruling("differs", line, "more than the top of every published range", cited, (headline,))
    if stated.span.high * MONTH_S < least:
        line = f"{number(least, 3)} USD/month of energy at the least, stated {stated.text}"
        return Ruling("differs", line, "less than the energy of an idle system", cited)
    return Ruling("agrees", line, "within what power and facilities cost", cited)


def site_power(claim: Claim, context: Context) -> Ruling | None:
    """The power of a site is counted in systems of the subject: a remark, which decides nothing.

    systems = site power / power of a system [1], at both ends of what is stated.
    """
    stated, profile = claim.quantity, context.profile(claim)
    if claim.metric != "power" or stated is None or profile is None or claim.per != "site":
        return None
    each = profile.power.system
    low, high = (end / each.value for end in (stated.span.low, stated.span.high))
    count = f"{low:,.0f} to {high:,.0f}" if " to " in stated.written else f"{stated.value / each.value:,.0f}"
    line = f"{stated.text} / {each.text()} = {count} {profile.system.name}"
    return Ruling(
        "undecided", line, "a count of systems, and nothing to hold it against", (context.figure(profile, each),)
    )


def site_value(claim: Claim, context: Context) -> Ruling | None:
    """An amount paid for a site's power must lie within what the systems on that power cost to buy.

    systems = site power / power of a system; amount / systems against the range of the profile's price [USD]. A
    floor (`> 10 BUSD`) must not lie above that range, a ceiling not below it.
    """
    amount, power = claim.quantity, context.quantity(claim.power) if claim.power else None
    profile = context.profile(claim)
    if claim.metric != "amount" or amount is None or profile is None or power is None or not power.value:
        return None
    systems = power.value / profile.power.system.value
    price = profile.price.system
    span = Span(price.lowest * systems, price.highest * systems)
    line = (
        f"{amount.text.lstrip('<> ')} / ({power.text} / {profile.power.system.text()}) = "
        f"{number(amount.value / systems, 3)} USD a {profile.system.name}, priced at {price.text(price.lowest)} to "
        f"{price.text(price.highest)}"
    )
    met = span.meets(amount.span)
    reason = "within what the systems cost" if met else "not what the systems cost"
    if met and amount.bound == "at least" and amount.value < span.low:
        reason = "true as a floor, below the price of the systems"
    outcome: Outcome = "agrees" if met else "differs"
    return Ruling(outcome, line, reason, (context.figure(profile, price), context.own(str(claim.power))))


def energy(claim: Claim, context: Context) -> Ruling | None:
    """Energy a token is power over throughput: between idle and full power of a system at the stated throughput.

    J/token = W / (tok/s); a chip's share of the system's power where the claim and the speed are of a chip.
    """
    stated, speed = claim.quantity, context.quantity(claim.speed) if claim.speed else None
    profile = context.profile(claim)
    if claim.metric != "energy_per_token" or stated is None or profile is None or speed is None or not speed.value:
        return None
    span, watts = _watts(profile, claim)
    possible = span / speed.span
    line = f"{watts} / {speed.text} = {stated.like(span.high / speed.value)} at full power, stated {stated.text}"
    met = possible.meets(stated.span)
    reason = "between idle and full power" if met else "not what the power and the speed give"
    cited = (context.figure(profile, profile.power.system), context.own(str(claim.speed)))
    outcome: Outcome = "agrees" if met else "differs"
    return Ruling(outcome, line, reason, cited)


def _watts(profile: HardwareProfile, claim: Claim) -> tuple[Span, str]:
    power, chips = profile.power.system, profile.chips if claim.per == "chip" else 1
    full = Span(power.lowest * profile.power.idle.lowest / chips, power.highest / chips)
    return full, power.text(power.highest / chips)
