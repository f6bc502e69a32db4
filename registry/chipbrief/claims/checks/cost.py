"""Cost of tokens from capital and operating cost at the stated speed, and the speed that a stated price needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import Quantity, Span, number
from chipbrief.claims.rulings import Context, Ruling, reason_of, weighed
from chipbrief.finance import SECONDS_PER_MONTH, SECONDS_PER_YEAR

__all__ = ["cost"]

NEAR = 0.03  # how near an explanation must come to the stated price
MTOK = 1e6
MONTHS = 12.0


def cost(claim: Claim, context: Context) -> Ruling | None:
    """A cost of tokens must be what the stated costs of a system come to at the stated speed, at full utilisation.

    USD/Mtok = (capex / life + operating cost) / tok/s, straight-line, for lives of 3 to 6 years (the range of
    `finance:economic_life`); chips are counted up to the system. Without stated costs the profile's estimate of an
    hour of owning takes their place. The arithmetic adds the speed that the stated price needs.
    """
    stated, speed = claim.quantity, context.quantity(claim.speed) if claim.speed else None
    if claim.metric != "cost_per_mtok" or stated is None or speed is None or not stated.value or not speed.value:
        return None
    if claim.capex is not None:
        return _from_capital(claim, context, stated, speed)
    return _from_the_hour(claim, context, stated, speed)


# -- from an estimate of the hour -----------------------------------------------------------------------------


def _from_the_hour(claim: Claim, context: Context, stated: Quantity, speed: Quantity) -> Ruling | None:
    profile = context.profile(claim)
    figure = profile.price.owned_hour_anchor if profile else None
    if profile is None or figure is None:
        return None
    chips, second = profile.chips, figure.value * profile.chips / 3600.0
    seconds = Span(figure.lowest * chips / 3600.0, figure.highest * chips / 3600.0)
    span = seconds / speed.span
    needed = second / stated.value
    count = f"{chips} x " if chips > 1 else ""
    line = f"{count}{figure.text()} / {speed.text} = {stated.like(second / speed.value)}, stated {stated.text}"
    line += f"; {stated.between(span)} over the range of the hour and the rounding of the speed"
    line += f"; {stated.text} needs {needed:,.0f} tok/s"
    cited = (context.figure(profile, figure), context.own(str(claim.speed)))
    outcome = weighed(stated, seconds / Span(speed.value, speed.value), span, (speed,))
    if outcome != "differs":
        told = "the cost of an hour and the speed give that price"
        return Ruling(outcome, line, reason_of(outcome, stated, told, ""), cited)
    copied = _inherited(claim, context)
    line += "".join(f"; {text}" for text in copied)
    headline = f"{stated.text} needs {needed:,.0f} tok/s of a {profile.system.name} at {count}{figure.text()}"
    return Ruling(
        "differs", line, "the stated speed gives another cost", cited, (f"{headline}; stated {speed.text}", *copied)
    )


def _inherited(claim: Claim, context: Context) -> tuple[str, ...]:
    """Whether the stated price is another one's explanation, less a reduction that the text also states."""
    stated = claim.quantity
    for other in context.file.claims:
        share = other.quantity
        if stated is None or stated.bound or share is None or other.metric != "reduction" or len(other.of) != 1:
            continue
        base, own = context.claims[other.of[0][0]], other.of[0][1]
        origin = _origin(base, context) if own == claim.id else None
        if origin and stated.span.meets(Span(*[origin.usd_mtok * (1 - share.value) / MTOK] * 2)):
            left = number(origin.usd_mtok * (1 - share.value), 2)
            sum_ = f"{origin.text} x {number(1 - share.value, 3)} = {left}"
            return (f"{stated.text} is {sum_}: {base.stated} explained as {origin.what}, less {share.text}",)
    return ()


# -- from capital and operating cost --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a cost is made of, for one system: USD, USD a month, and how the text had them."""

    capex: Quantity
    opex: Quantity | None
    chips_in_capex: int
    chips_in_opex: int

    def monthly(self, life_months: float) -> float:
        """USD a month."""
        opex = self.opex.value * self.chips_in_opex * SECONDS_PER_MONTH if self.opex else 0.0
        return self.capex.value * self.chips_in_capex / life_months + opex

    def rounded(self, short: float, long: float) -> Span:
        """The same over lives from short to long, rounding of both parts allowed for."""
        opex = self.opex.span if self.opex else Span(0.0, 0.0)
        month = self.chips_in_opex * SECONDS_PER_MONTH
        return Span(
            self.capex.span.low * self.chips_in_capex / long + opex.low * month,
            self.capex.span.high * self.chips_in_capex / short + opex.high * month,
        )

    def sum_(self, life_months: float) -> str:
        many = f"{self.chips_in_capex} x " if self.chips_in_capex > 1 else ""
        opex = ""
        if self.opex:
            opex = f" + {f'{self.chips_in_opex} x ' if self.chips_in_opex > 1 else ''}{self.opex.text}"
        return f"{many}{self.capex.text} / {life_months:.0f} months{opex}"


def _from_capital(claim: Claim, context: Context, stated: Quantity, speed: Quantity) -> Ruling | None:
    parts = _parts(claim, context)
    if parts is None:
        return None
    life = context.terms.economic_life
    short, long = (end / SECONDS_PER_YEAR * MONTHS for end in (life.lowest, life.highest))
    monthly = Span(parts.monthly(long), parts.monthly(short))
    month = Span(SECONDS_PER_MONTH, SECONDS_PER_MONTH)
    exact = monthly / month / Span(speed.value, speed.value)
    span = parts.rounded(short, long) / month / speed.span
    needed = [cost_ / SECONDS_PER_MONTH / stated.value for cost_ in (monthly.high, monthly.low)]
    line = (
        f"{parts.sum_(short)} = {monthly.high:,.0f} USD/month, {stated.like(exact.high)} at {speed.text}; over "
        f"{long:.0f} months {monthly.low:,.0f} USD/month, {stated.like(exact.low)}; {stated.between(span)} with "
        f"roundings, stated {stated.text}; {stated.text} needs {needed[0]:,.0f} tok/s ({needed[1]:,.0f} over "
        f"{long:.0f} months)"
    )
    names = [name for name in (claim.capex, claim.opex, claim.speed) if name]
    cited = (context.own(*names), context.term(life))
    outcome = weighed(stated, exact, span, (parts.capex, parts.opex, speed))
    if outcome != "differs":
        told = "the stated costs and speed give that price"
        return Ruling(outcome, line, reason_of(outcome, stated, told, ""), cited)
    origin, mixed = _origin(claim, context), _levels(claim, context)
    notes = [f"{stated.text} is near {origin.text} = {number(origin.usd_mtok, 3)}: {origin.what}"] if origin else []
    notes += [mixed] if mixed else []
    headline = f"{stated.text} needs {needed[0]:,.0f} tok/s over {short:.0f} months; stated {speed.text}"
    reason = "the stated speed gives another cost"
    return Ruling("differs", "; ".join([line, *notes]), reason, cited, (headline, *notes))


def _parts(claim: Claim, context: Context) -> _Parts | None:
    """The stated costs counted up to one system."""
    capex = context.quantity(claim.capex) if claim.capex else None
    opex = context.quantity(claim.opex) if claim.opex else None
    if capex is None:
        return None
    return _Parts(capex, opex, _chips(claim.capex, claim, context), _chips(claim.opex, claim, context))


def _chips(name: str | None, claim: Claim, context: Context) -> int:
    profile = context.profile(claim)
    per_chip = name is not None and context.claims[name].per == "chip"
    return profile.chips if profile and per_chip else 1


def _levels(claim: Claim, context: Context) -> str:
    """Which of the parts are of a chip and which of a system, where they are not of one level.

    A user's speed is that of a replica: the chips that hold one copy of the model.
    """
    parts = [context.claims[name] for name in (claim.capex, claim.opex, claim.speed) if name]
    levels = {part.id: {"user": "replica"}.get(part.per, part.per) for part in parts if part.per}
    distinct = list(dict.fromkeys(levels.values()))
    if len(distinct) < 2:
        return ""
    told = [f"{part.stated} is of a {levels[part.id]}" for part in parts if part.id in levels]
    return f"{', '.join(map(str, distinct[:-1]))} and {distinct[-1]} are mixed: {', '.join(told)}"


# -- what would explain a stated price ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Origin:
    """A sum that comes near a stated price."""

    usd_mtok: float
    text: str
    what: str


def _origin(claim: Claim, context: Context) -> _Origin | None:
    """The first sum within 3 % of the stated price: of one chip or the system, without or with operating cost."""
    stated, speed = claim.quantity, context.quantity(claim.speed) if claim.speed else None
    capex = context.quantity(claim.capex) if claim.capex else None
    if stated is None or speed is None or capex is None or not speed.value:
        return None
    for origin in _sums(claim, context, capex, speed):
        if abs(origin.usd_mtok / MTOK - stated.value) <= NEAR * stated.value:
            return origin
    return None


def _sums(claim: Claim, context: Context, capex: Quantity, speed: Quantity) -> Iterator[_Origin]:
    """One chip before the system, without operating cost before with it, the usual life before shorter and longer."""
    life = context.terms.economic_life
    usual, low, high = (round(end / SECONDS_PER_YEAR) for end in (life.value, life.lowest, life.highest))
    years = sorted(range(low, high + 1), key=lambda y: abs(y - usual))
    opex = context.quantity(claim.opex) if claim.opex else None
    for many in dict.fromkeys((1, _chips(claim.capex, claim, context))):
        for y in years:
            yield _sum(many, capex, None, speed, y)
        for y in years if opex else ():
            yield _sum(many, capex, opex, speed, y)


def _sum(many: int, capex: Quantity, opex: Quantity | None, speed: Quantity, years: int) -> _Origin:
    second = capex.value * many / (years * SECONDS_PER_YEAR) + (opex.value if opex else 0.0)
    count = f"{many} x " if many > 1 else ""
    text = f"{count}{capex.text} / ({years} y x {speed.text})"
    if opex:
        text = f"({count}{capex.text} / {years} y + {opex.text}) / {speed.text}"
    of = "one chip" if many == 1 else f"{many} chips"
    return _Origin(second / speed.value * MTOK, text, f"{of} {'with' if opex else 'without'} operating cost")
