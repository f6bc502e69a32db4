"""Claims of a machine against the Figures of its profile: size of numbers, chip and system, peaks, formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chipbrief.claims.document import Claim
from chipbrief.claims.quantity import Quantity, Span, number
from chipbrief.claims.rulings import Context, Outcome, Ruling, reason_of, weighed
from chipbrief.figures import Figure, Number
from chipbrief.hardware import HardwareProfile

__all__ = ["chip_or_system", "number_format", "profile", "sparse_or_dense"]

TOLERANCE = 0.10
SLIP = 2.0  # a figure a thousand times off counts as a slip of the prefix where it would then be within this factor


@dataclass(frozen=True, slots=True)
class _Held:
    """Figures of one kind, of which the claim must meet the span; `chips` is how many of them the claim counts."""

    figures: tuple[Figure, ...]
    chips: int = 1

    @property
    def span(self) -> Span:
        low = min(figure.lowest for figure in self.figures)
        return Span(low * self.chips, max(figure.highest for figure in self.figures) * self.chips)

    def scaled(self, factor: float) -> Span:
        """The span in other units."""
        return Span(self.span.low * factor, self.span.high * factor)

    @property
    def text(self) -> str:
        """The first Figure, counted up."""
        first = self.figures[0]
        if self.span.high > 1.02 * self.span.low and len(self.figures) > 1:
            return f"{_text(first, self.span.low)} to {_text(first, self.span.high)}"
        whole = _text(first, first.value * self.chips)
        return f"{self.chips} x {first.text()} = {whole}" if self.chips > 1 else whole


def _text(figure: Figure, value: float) -> str:
    """As the Figure prints itself; counts of billions in words."""
    for name, size in (("trillion", 1e12), ("billion", 1e9)):
        if isinstance(figure, Number) and value >= size:
            return f"{number(value / size, 3)} {name}"
    return figure.text(value)


def _held(claim: Claim, profile: HardwareProfile, level: str | None) -> _Held | None:
    """The Figures that a claim of this metric and level is held against; None where the profile has none."""
    many = profile.chips if level == "system" else 1
    if level not in ("chip", "system"):
        return _without_level(claim, profile)
    memory, reference = profile.memory, profile.reference
    of_chips = tuple(figure for name, figure in reference.money.items() if name.partition("_")[0] == "chip")
    found: Mapping[str, tuple[tuple[Figure | None, ...], int]] = {
        "memory_bandwidth": ((memory.bandwidth,), many),
        "memory_capacity": ((memory.capacity, memory.capacity_marketed), many),
        "transistors": ((reference.count.get("transistors"),), many),
        "cores": ((reference.count.get("cores"),), many),
        "power": ((profile.power.system if level == "system" else profile.power.chip,), 1),
        "price": ((profile.price.system,) if level == "system" else of_chips, 1),
        "rent": ((*_rents(profile),), many),
    }
    figures, chips = found.get(claim.metric, ((), 1))
    kept = tuple(figure for figure in figures if figure is not None)
    return _Held(kept, chips) if kept else None


def _rents(profile: HardwareProfile) -> tuple[Figure | None, ...]:
    rent = profile.price.rent
    return rent.on_demand, rent.one_year, rent.three_years


def _without_level(claim: Claim, profile: HardwareProfile) -> _Held | None:
    listed = [profile.api[model] for model in claim.models if model in profile.api]
    if not listed or claim.metric not in ("list_price_input", "list_price_output"):
        return None
    return _Held(tuple(one.input if claim.metric == "list_price_input" else one.output for one in listed))


def _factor(claim: Claim) -> float:
    """From coherent units to those of Figures: USD/h, USD/Mtok."""
    return {"rent": 3600.0, "list_price_input": 1e6, "list_price_output": 1e6}.get(claim.metric, 1.0)


def profile(claim: Claim, context: Context) -> Ruling | None:
    """A number of a chip or a system must be that of the registry's profile, within the Figure's range and 10 %.

    Memory bandwidth and size, power, price, rent, list price of tokens, transistors, cores; a system counts its
    chips. Where it is not, the arithmetic gives the factor, and whether a thousandfold slip of the unit or another
    Figure of the profile explains it.
    """
    stated, found = claim.quantity, context.profile(claim)
    held = _held(claim, found, claim.per) if found else None
    if stated is None or found is None or held is None:
        return None
    scale = _factor(claim)
    cited = tuple(dict.fromkeys(context.figure(found, figure) for figure in held.figures))
    outcome = weighed(stated, held.scaled(1 / scale), held.scaled(1 / scale).widened(TOLERANCE))
    if outcome != "differs":
        line, reason = f"{held.text} in the profile, stated {stated.text}", "as the profile has it"
        if outcome == "undecided" or not stated.span.meets(held.scaled(1 / scale)):
            wide, first = held.span.widened(TOLERANCE), held.figures[0]
            line += f"; 10 % allowed: {_text(first, wide.low)} to {_text(first, wide.high)}"
            reason = "within 10 % of what the profile has"
        return Ruling(outcome, line, reason_of(outcome, stated, reason, ""), cited)
    hint = _slip(stated, held) or _other_count(claim, stated, found)
    times = _times(stated.value * scale, held)
    line = f"{stated.text} is {times} {held.text}{hint}"
    owner = found.system.name if claim.per == "system" else found.chip
    headline = f"{stated.text} of {claim.metric.replace('_', ' ')} is {times} the {held.text} of a {owner}{hint}"
    return Ruling("differs", line, "not what the profile has", cited, (headline,))


def _times(value: float, held: _Held) -> str:
    ratio = value / (held.figures[0].value * held.chips)
    return f"{number(ratio, 3)} times" if ratio >= 1 or not ratio else f"{number(1 / ratio, 3)} times below"


def _slip(stated: Quantity, held: _Held) -> str:
    """Whether a prefix a thousand times smaller or larger would do."""
    near = Span(held.span.low / SLIP, held.span.high * SLIP)
    for factor, figure in ((1e-3, held.figures[0]), (1e3, held.figures[0])):
        if near.meets(Span(stated.value * factor, stated.value * factor)):
            return f"; {figure.text(stated.value * factor)} would be near, a slip of the unit"
    return ""


def _other_count(claim: Claim, stated: Quantity, found: HardwareProfile) -> str:
    """Whether the digits are those of another count of the profile, thousands apart."""
    for name, figure in found.reference.count.items():
        if name == claim.metric or not figure.value:
            continue
        if any(abs(stated.value / figure.value / 1e3**power - 1) < 0.01 for power in (-2, -1, 0, 1, 2)):
            return f"; {_text(figure, figure.value)} is its count of {name.replace('_', ' ')}"
    return ""


def chip_or_system(claim: Claim, context: Context) -> Ruling | None:
    """A number of a chip must not be that of the system, nor the other way round; chips in a system must be counted.

    `chips` against the profile's own count; any other Figure against the same Figure of the other level, where a
    system has more than one chip and the stated level does not fit. Of a bound that does not fit, the number itself
    must be that of the other level.
    """
    stated, found = claim.quantity, context.profile(claim)
    if stated is None or found is None:
        return None
    if claim.metric == "chips":
        figure = found.system.chips
        outcome = weighed(stated, Span(figure.lowest, figure.highest))
        line = f"a {found.system.name} has {figure.text()} {found.chip}, stated {stated.text}"
        headlines = (f"chip and system are mixed: {line}",) if outcome == "differs" else ()
        told = "a system is counted in chips"
        reason = reason_of(outcome, stated, told, told)
        return Ruling(outcome, line, reason, (context.figure(found, figure),), headlines)
    other = {"chip": "system", "system": "chip"}.get(claim.per or "")
    own, there = _held(claim, found, claim.per), _held(claim, found, other)
    if found.chips < 2 or own is None or there is None:
        return None
    scale = 1 / _factor(claim)
    if stated.span.meets(own.scaled(scale).widened(TOLERANCE)):
        return None
    if not _named(stated).meets(there.scaled(scale).widened(TOLERANCE)):
        return None
    line = f"{there.text} is what a {other} has, stated {stated.text} of a {claim.per}"
    cited = tuple(context.figure(found, figure) for figure in there.figures)
    return Ruling("differs", line, "chip and system are mixed", cited, (f"chip and system are mixed: {line}",))


def _named(stated: Quantity) -> Span:
    """The number that is written: of a bound the bound itself, which is open and would meet anything."""
    return Span(stated.value, stated.value) if stated.bound else stated.span


def sparse_or_dense(claim: Claim, context: Context) -> Ruling | None:
    """A peak of arithmetic that is not called sparse must be the dense one, within the Figure's range and 10 %.

    For the claim's `format`, counted up to the system where it is of one; a peak called sparse against the sparse
    Figure.
    """
    stated, found = claim.quantity, context.profile(claim)
    if claim.metric != "compute" or stated is None or found is None or claim.format is None:
        return None
    chips = found.chips if claim.per == "system" else 1
    peaks = {"dense": found.compute.dense.get(claim.format), "sparse": found.compute.sparse.get(claim.format)}
    wanted = claim.sparsity or "dense"
    held = {name: _Held((figure,), chips) for name, figure in peaks.items() if figure is not None}
    if wanted not in held:
        return None
    outcome = weighed(stated, held[wanted].span, held[wanted].span.widened(TOLERANCE))
    met = [name for name, one in held.items() if _named(stated).meets(one.span.widened(TOLERANCE))]
    told = ", ".join(f"{name} {one.text}" for name, one in held.items())
    line = f"{told}; stated {stated.text}{'' if claim.sparsity else ', sparsity not said'}"
    cited = tuple(context.figure(found, one.figures[0]) for one in held.values())
    if outcome != "differs":
        return Ruling(outcome, line, reason_of(outcome, stated, f"the {wanted} peak", ""), cited)
    if met:
        who = found.system.name if claim.per == "system" else found.chip
        headline = f"{who}: {stated.text} of {claim.format} is the {met[0]} peak"
        return Ruling("differs", line, f"the {met[0]} peak", cited, (headline,))
    return Ruling("differs", line, "neither the dense nor the sparse peak", cited)


def number_format(claim: Claim, context: Context) -> Ruling | None:
    """A machine's number format must be one that it computes in at full rate: a dense peak of that many bits.

    Bits against the formats with a dense peak in the profile, 4 for fp4, 8 for fp8 and int8, 16 for bf16 and fp16.
    """
    stated, found = claim.quantity, context.profile(claim)
    if claim.metric != "precision" or stated is None or found is None:
        return None
    bits = {name: int("".join(filter(str.isdigit, name))) for name in found.compute.dense}
    kept = stated.span if stated.bound else Span(round(stated.value), round(stated.value))
    has = [name for name, wide in bits.items() if kept.low <= wide <= kept.high]
    outcome: Outcome = "agrees" if has else "differs"
    line = f"dense peaks in {', '.join(bits)}; stated {stated.text}"
    cited = tuple(dict.fromkeys(context.figure(found, figure) for figure in found.compute.dense.values()))
    return Ruling(outcome, line, "a format of the machine" if has else "no format of the machine", cited)
