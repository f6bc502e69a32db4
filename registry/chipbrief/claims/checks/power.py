"""Power and energy: what power and facilities can cost, what a site's power buys, energy a token."""

from __future__ import annotations

from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import Span, number
from chipbrief.claims.rulings import Context, Ruling, reason_of, weighed
from chipbrief.finance import HOURS_PER_MONTH, SECONDS_PER_MONTH
from chipbrief.hardware import HardwareProfile

__all__ = ["energy", "operating_cost", "site_power", "site_value"]


def operating_cost(claim: Claim, context: Context) -> Ruling | None:
    """Power and facilities of a system cost at most its power at the highest colocation, PUE and electricity prices.

    USD/month = kW x (colocation + PUE x 730 h x USD/kWh), every term at the high end of its range; at the least the
    energy of an idle system at the low ends. A bound that cuts through these two decides nothing.
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
    idle = number(profile.power.idle.lowest * 100, 3)
    line = (
        f"{number(kw[1], 3)} kW x ({space.highest:,.0f} + {pue.highest:g} x 730 h x {price.highest:g}) = "
        f"{number(most, 4)} USD/month at the most, {number(kw[0], 3)} kW x {idle} % x "
        f"{pue.lowest:g} x 730 h x {price.lowest:g} = {number(least, 3)} of idle energy at the least, "
        f"stated {stated.text}"
    )
    cited = (context.figure(profile, power), *(context.term(term) for term in (space, pue, price)))
    outcome = weighed(stated, Span(least / SECONDS_PER_MONTH, most / SECONDS_PER_MONTH))
    if outcome == "differs" and stated.span.low * SECONDS_PER_MONTH > most:
        headline = f"{stated.text} is more than the {number(most, 4)} of the top of every published range"
        return Ruling("differs", line, "more than the top of every published range", cited, (headline,))
    reason = reason_of(
        outcome, stated, "within what power and facilities cost", "less than the energy of an idle system"
    )
    return Ruling(outcome, line, reason, cited)


def site_power(claim: Claim, context: Context) -> Ruling | None:
    """The power of a site is counted in systems of the subject: a remark, which decides nothing.

    systems = site power / IT power of a system [1], at both ends of a range that is stated; beside it the same where
    the site's power includes cooling, divided by the usual PUE.
    """
    stated, profile = claim.quantity, context.profile(claim)
    if claim.metric != "power" or stated is None or profile is None or claim.per != "site":
        return None
    each, pue = profile.power.system, context.terms.pue
    ends = (stated.span.low, stated.span.high) if stated.ranged else (stated.value,)
    at_it, with_pue = (" to ".join(f"{end / each.value / share:,.0f}" for end in ends) for share in (1.0, pue.value))
    line = (
        f"{stated.text} / {each.text()} = {at_it} {profile.system.name} at IT power; with PUE {pue.value:g} {with_pue}"
    )
    cited = (context.figure(profile, each), context.term(pue))
    return Ruling("undecided", line, "a count of systems, and nothing to hold it against", cited)


def site_value(claim: Claim, context: Context) -> Ruling | None:
    """An amount paid for a site's power must lie within what the systems on that power cost to buy.

    systems = site power / IT power of a system, without PUE; the amount against systems x the range of the profile's
    price [USD], rounding of the power allowed for. A floor (`> 10 BUSD`) above that range differs, one below it is
    true, one within it decides nothing; a ceiling the other way round. The amount by system with PUE is printed beside.
    """
    amount, power = claim.quantity, context.quantity(claim.power) if claim.power else None
    profile = context.profile(claim)
    if claim.metric != "amount" or amount is None or profile is None or power is None or not power.value:
        return None
    each, price, pue = profile.power.system, profile.price.system, context.terms.pue
    systems = power.value / each.value
    prices = Span(price.lowest, price.highest)
    span = prices * Span(systems, systems)
    allowed = prices * (power.span / Span(each.value, each.value))
    line = (
        f"{amount.text.lstrip('<> ')} / ({power.text} / {each.text()} of IT power) = "
        f"{number(amount.value / systems, 3)} USD a {profile.system.name} (with PUE {pue.value:g} "
        f"{number(amount.value / systems * pue.value, 3)}), priced at {price.text(price.lowest)} to "
        f"{price.text(price.highest)}, {amount.between(allowed)} in all"
    )
    outcome = weighed(amount, span, allowed, (power,))
    reason = reason_of(outcome, amount, "within what the systems cost", "not what the systems cost")
    if outcome == "agrees" and amount.bound == "at least":
        reason = "true as a floor, below the price of the systems"
    cited = (context.figure(profile, price), context.own(str(claim.power)), context.term(pue))
    return Ruling(outcome, line, reason, cited)


def energy(claim: Claim, context: Context) -> Ruling | None:
    """Energy a token is power over throughput: between idle and full power of a system at the stated throughput.

    J/token = W / (tok/s); a chip's share of the system's power where the claim and the speed are of a chip.
    """
    stated, speed = claim.quantity, context.quantity(claim.speed) if claim.speed else None
    profile = context.profile(claim)
    if claim.metric != "energy_per_token" or stated is None or profile is None or speed is None or not speed.value:
        return None
    watts = _watts(profile, claim)
    possible, power = watts / speed.span, profile.power.system
    line = (
        f"{power.text(watts.low)} idle to {power.text(watts.high)} / {speed.text} = "
        f"{stated.like(watts.low / speed.value)} idle to {stated.like(watts.high / speed.value)} at full power "
        f"({stated.between(possible)} with the rounding of the speed), stated {stated.text}"
    )
    outcome = weighed(stated, watts / Span(speed.value, speed.value), possible, (speed,))
    reason = reason_of(outcome, stated, "between idle and full power", "not what the power and the speed give")
    return Ruling(outcome, line, reason, (context.figure(profile, power), context.own(str(claim.speed))))


def _watts(profile: HardwareProfile, claim: Claim) -> Span:
    """From idle to full power of a system, or of a chip's share of it [W]."""
    power, chips = profile.power.system, profile.chips if claim.per == "chip" else 1
    return Span(power.lowest * profile.power.idle.lowest / chips, power.highest / chips)
